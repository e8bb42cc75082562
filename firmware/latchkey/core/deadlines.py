"""The arbiter's timers as they run, and the age of what the motor has done: time that has come from outside.

Nobody here reads a clock. Ticks are given, and a Clock only to add and compare them, because they wrap.
"""

from micropython import const

from latchkey.core.arbiter import TIMERS
from latchkey.core.heat import LIMIT, WINDOW_MS

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Clock


class Deadlines:
    """One bit for each timer in `running`; `due` in ticks, meaningless for one that does not run. Allocates nothing."""

    def __init__(self, clock: "Clock") -> None:
        self.running = 0
        self.due = [0] * TIMERS
        self._clock = clock

    def change(self, stops: int, starts: int, durations_ms: "tuple[int, ...]", now: int) -> None:
        """Stop and then start timers, as bit masks; one that is started runs for its duration from now on."""
        self.running = (self.running & ~stops) | starts
        if starts:
            for timer in range(TIMERS):
                if (starts >> timer) & 1:
                    self.due[timer] = self._clock.ticks_add(now, durations_ms[timer])

    def has_passed(self, timer: int, now: int) -> bool:
        """True, once, when a running timer has run out."""
        if not (self.running >> timer) & 1 or self._clock.ticks_diff(now, self.due[timer]) < 0:
            return False
        self.running &= ~(1 << timer)
        return True

    def seconds_left(self, timer: int, now: int) -> int:
        """Until a timer runs out, 0 when it does not run."""
        if not (self.running >> timer) & 1:
            return 0
        return max(0, self._clock.ticks_diff(self.due[timer], now) // 1000)


class Operations:
    """When the motor's operations of the last 20 s grow old, as a ring. Allocates nothing."""

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._due = [0] * LIMIT
        self._remote = bytearray(LIMIT)
        self._first = 0
        self._count = 0

    def remember(self, remote: bool, now: int) -> None:
        """The motor was operated. Beyond LIMIT only a crash does that; those are not counted and need no ageing."""
        if self._count == LIMIT:
            return
        at = (self._first + self._count) % LIMIT
        self._due[at] = self._clock.ticks_add(now, WINDOW_MS)
        self._remote[at] = 1 if remote else 0
        self._count += 1

    def forget(self) -> None:
        """A pause has wiped them all."""
        self._count = 0

    def aged(self, now: int) -> int:
        """Take out one operation that is 20 s old: 1 local, 2 remote, 0 when there is none."""
        if not self._count or self._clock.ticks_diff(now, self._due[self._first]) < 0:
            return 0
        remote = self._remote[self._first]
        self._first = (self._first + 1) % LIMIT
        self._count -= 1
        return 1 + remote
