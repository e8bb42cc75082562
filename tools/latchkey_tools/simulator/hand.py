"""The hand that taps: lays a card on the reader, waits for the controller's answer as a person does, and takes it away.

A real tap has no fixed length. People take the card away when the light answers, or when nothing has for a while.
"""

import asyncio
from collections.abc import Callable

from latchkey_tools.simulator.reader import Reader

_LEAST_S, _AFTER_S, _MOST_S = 0.5, 0.35, 3.0


class Hand:
    """One hand: a new tap ends the one before it. `changed()` is called when a card has come or gone."""

    def __init__(self, reader: Reader, changed: Callable[[], None]) -> None:
        self._reader = reader
        self._changed = changed
        self._answered = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def tap(self, name: str) -> None:
        self.drop()
        self._reader.put(name)
        self._changed()
        self._task = asyncio.create_task(self._hold(name))

    def answered(self) -> None:
        """The controller has given a verdict on what lies on the reader."""
        self._answered.set()

    def drop(self) -> None:
        """Takes away what is being tapped, at once."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _hold(self, name: str) -> None:
        self._answered.clear()
        try:
            await asyncio.sleep(_LEAST_S)
            try:
                await asyncio.wait_for(self._answered.wait(), _MOST_S - _LEAST_S)
                await asyncio.sleep(_AFTER_S)
            except TimeoutError:
                pass
        finally:
            self._reader.take_away(name)
            self._changed()
