"""What an outage looks like from the gateway: detectors, each small, pure and of its own opinion.

All have problem(now_s) -> what is wrong, "" for nothing. They say that something is wrong, not what to do: doors open
by card and phone meanwhile.

    Unreachable   the cars' broker cannot be reached
    Wills         many cars went away at once: their broker's last wills
    Silence       a car is said to be connected, and nothing is heard of it
    Traffic       far more comes in than ever before: somebody's verbosity went up
"""

from collections import deque

_UNREACHABLE_S = 60.0
_WITHIN_S = 120.0
_AT_LEAST = 2  # one car that goes away is a car that goes away
_MINUTE_S = 60.0
_MINUTES = 60
_TIMES = 8  # as much as in the hour before
_PER_CAR = 20  # a minute; a controller's own ceiling is 80 an hour


class Unreachable:
    """The connection to the cars' broker."""

    def __init__(self) -> None:
        self._since_s: float | None = None

    def note(self, up: bool, now_s: float) -> None:
        if up:
            self._since_s = None
        elif self._since_s is None:
            self._since_s = now_s

    def problem(self, now_s: float) -> str:
        if self._since_s is None or now_s - self._since_s < _UNREACHABLE_S:
            return ""
        return "the cars' broker cannot be reached"


class Wills:
    """Cars that leave together. Half of those that were there make an outage; it is over when half of them are back."""

    def __init__(self) -> None:
        self._there: set[str] = set()
        self._left: dict[str, float] = {}
        self._missing: set[str] = set()
        self._most = 0

    def note(self, vin: str, online: bool, now_s: float) -> None:
        if online:
            self._there.add(vin)
            self._left.pop(vin, None)
            self._missing.discard(vin)
        elif vin in self._there:
            self._there.discard(vin)
            self._left[vin] = now_s
            together = {who for who, when in self._left.items() if now_s - when <= _WITHIN_S}
            if len(together) >= max(_AT_LEAST, (len(self._there) + len(together) + 1) // 2):
                self._missing |= together
                self._most = len(self._missing)

    def problem(self, now_s: float) -> str:
        if 2 * len(self._missing) < self._most or not self._missing:
            self._missing.clear()
            return ""
        return f"{self._most} cars went away at once, {len(self._missing)} are not back"


class Silence:
    """limit_s: how long a connected car may say nothing; 0 for ever."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._heard_s: dict[str, float] = {}

    def note(self, vin: str, now_s: float) -> None:
        """Something came from the car."""
        self._heard_s[vin] = now_s

    def away(self, vin: str) -> None:
        """Of a car that is away nothing is expected."""
        self._heard_s.pop(vin, None)

    def problem(self, now_s: float) -> str:
        silent = sorted(vin for vin, when in self._heard_s.items() if 0 < self._limit_s < now_s - when)
        if not silent:
            return ""
        others = f" and {len(silent) - 1} more" if len(silent) > 1 else ""
        return f"nothing was heard of {silent[0]}{others} for {self._limit_s / 60:.0f} min, though connected"


class Traffic:
    """Messages a minute, beside those of the hour before. cars: how many there are."""

    def __init__(self, cars: int) -> None:
        self._floor = _PER_CAR * cars
        self._minute = 0
        self._count = 0
        self._before: deque[int] = deque(maxlen=_MINUTES)

    def note(self, now_s: float, count: int = 1) -> None:
        self._turn(now_s)
        self._count += count

    def problem(self, now_s: float) -> str:
        """Of the minute under way or the one before, so that it does not flicker."""
        self._turn(now_s)
        before = list(self._before)
        last, older = (before[-1], before[:-1]) if before else (0, [])
        usual = sum(older) / len(older) if older else 0.0
        most = max(self._count, last)
        return (
            "far more messages than usual come from the cars' side" if most > max(self._floor, _TIMES * usual) else ""
        )

    def _turn(self, now_s: float) -> None:
        minute = int(now_s // _MINUTE_S)
        for _ in range(min(minute - self._minute, _MINUTES)):
            self._before.append(self._count)
            self._count = 0
        self._minute = max(minute, self._minute)
