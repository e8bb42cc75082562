"""Everyone who has the page open, and what is on its way to each: bounded, so that a sleeping tab costs no memory.

State is sent whole and only the newest counts; signals (light, buzzer) and log lines are each sent, and dropped, oldest
first, for a viewer that has not read 500 of them. Signals go out one by one because a beep of 50 ms would fall between
two states.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

_BACKLOG = 500
_MOST = 32
_PACE_S = 0.04  # at most 25 states a second
_HEARTBEAT_S = 10.0

Event = tuple[str, object]


class Viewers:
    """`snapshot()` gives the state as plain JSON types."""

    def __init__(self, snapshot: Callable[[], object]) -> None:
        self._snapshot = snapshot
        self._all: set[_Viewer] = set()
        self._closed = False

    @property
    def full(self) -> bool:
        return len(self._all) >= _MOST

    def changed(self) -> None:
        """The state is not what it was."""
        for viewer in self._all:
            viewer.stale = True
            viewer.wake.set()

    def tell(self, kind: str, data: object) -> None:
        """Sends one event to all."""
        for viewer in self._all:
            viewer.events.append((kind, data))
            viewer.wake.set()

    def close(self) -> None:
        """Ends every stream."""
        self._closed = True
        for viewer in self._all:
            viewer.wake.set()

    async def watch(self) -> AsyncIterator[Event]:
        """What one viewer gets: first the state, then whatever happens; ("", None) as a sign of life."""
        viewer = _Viewer()
        self._all.add(viewer)
        try:
            while not self._closed:
                viewer.wake.clear()
                while viewer.events:
                    yield viewer.events.popleft()
                if viewer.stale:
                    viewer.stale = False
                    yield "state", self._snapshot()
                    await asyncio.sleep(_PACE_S)
                try:
                    await asyncio.wait_for(viewer.wake.wait(), _HEARTBEAT_S)
                except TimeoutError:
                    yield "", None
        finally:
            self._all.discard(viewer)


class _Viewer:
    def __init__(self) -> None:
        self.wake = asyncio.Event()
        self.events: deque[Event] = deque(maxlen=_BACKLOG)
        self.stale = True
