"""The hand that taps: lays a card on the reader, waits for the controller's answer as a person does, and takes it away.

A real tap has no fixed length: people take the card away when the light answers, or when nothing has for a while, and
need a moment to come back. A reader cannot tell a card that comes back at once from one whose contact was poor, so a
hand that is faster than any person would test that and not the tap; who wants to, uses put and take_away.
"""

import asyncio
import time
from collections.abc import Callable

from latchkey_tools.simulator.reader import Reader

_LEAST_S, _AFTER_S, _MOST_S = 0.5, 0.35, 3.0
_BETWEEN_S = 0.7


class Hand:
    """One hand: a new tap ends the one before it. `changed()` is called when a card has come or gone."""

    def __init__(self, reader: Reader, changed: Callable[[], None]) -> None:
        self._reader = reader
        self._changed = changed
        self._answered = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._away_since = 0.0

    def tap(self, name: str) -> None:
        """Begins a tap with a card of the wallet."""
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._tap(name))

    def answered(self) -> None:
        """The controller has given a verdict on what lies on the reader."""
        self._answered.set()

    async def _tap(self, name: str) -> None:
        await asyncio.sleep(self._away_since + _BETWEEN_S - time.monotonic())
        self._answered.clear()
        self._reader.put(name)
        self._changed()
        try:
            await asyncio.sleep(_LEAST_S)
            try:
                await asyncio.wait_for(self._answered.wait(), _MOST_S - _LEAST_S)
                await asyncio.sleep(_AFTER_S)
            except TimeoutError:
                pass
        finally:
            self._reader.take_away(name)
            self._away_since = time.monotonic()
            self._changed()
