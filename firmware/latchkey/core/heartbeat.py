"""Whether the tasks that let people in show life. As long as one of them does not, nobody may feed the watchdog.

Each such task counts what it does in `turns`. The network is not among them: dead, slow or hostile, it must never be
the reason for a reset. A task that only fails and starts again counts nothing, so it ends in a reset as well.

Not protected against: a task that turns and does not serve.
"""

from micropython import const

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from typing import Protocol

    from latchkey.chip import Clock

    class Task(Protocol):
        @property
        def turns(self) -> int: ...


# With the watchdog's own 5 s this makes less than 10 s. The longest pause of a task that works is one second.
_SILENT_MS = const(4_000)
_FIRST_MS = const(60_000)  # until the first turn: keys are made, native code is loaded


class Heartbeat:
    """tasks: of which each must turn."""

    def __init__(self, tasks: "list[Task]", clock: "Clock") -> None:
        self._tasks = tasks
        self._clock = clock
        self._seen = [task.turns for task in tasks]
        self._at = [clock.ticks_ms()] * len(tasks)
        self._patience_ms = [_FIRST_MS] * len(tasks)

    def beats(self, now: int) -> bool:
        """Look at all of them; called every few ms. now: ticks in ms. Allocates nothing."""
        alive = True
        for n in range(len(self._tasks)):
            turns = self._tasks[n].turns
            if turns != self._seen[n]:
                self._seen[n] = turns
                self._at[n] = now
                self._patience_ms[n] = _SILENT_MS
            elif self._clock.ticks_diff(now, self._at[n]) >= self._patience_ms[n]:
                alive = False
        return alive
