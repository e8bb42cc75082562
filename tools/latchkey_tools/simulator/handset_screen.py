"""What a phone of the page has under way, as sentences for its screen instead of lines for a terminal."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from latchkey_tools.phone.progress import Progress
from latchkey_tools.simulator import handset_words as told


class Screen(Progress):
    """Shows what is under way: of several things the one for which a person is waited, else the innermost."""

    def __init__(self, show: Callable[[told.Said], None]) -> None:
        self._show = show
        self._all: list[told.Said] = []

    def say(self, text: str) -> None:
        """Nothing: there is a state for whatever the client says."""

    @contextlib.asynccontextmanager
    async def during(self, text: str, limit_s: float) -> AsyncIterator[None]:
        task = asyncio.current_task()
        if task is not None and task.cancelling():  # Bumble uses wait_for() too: what it swallowed is caught here
            raise asyncio.CancelledError
        this = told.UNDER_WAY.get(text, (told.WORKING, f"{text}…"))
        self._all.append(this)
        self._tell()
        try:
            yield
        finally:
            self._all.remove(this)
            self._tell()

    def _tell(self) -> None:
        if self._all:
            self._show(max(reversed(self._all), key=lambda said: told.WEIGHTS.get(said[0], 0)))
