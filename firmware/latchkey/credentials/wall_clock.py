"""What time it is, for guests' windows and for nothing else. In RAM; a mark keeps the earliest that it can be.

A controller has no clock that outlives a loss of power, and nobody on the air or in the network is asked for the time:
it is told by people who may move the car anyway, by an owner's or a driver's signed order, or on the console. Before
that the time is not known, only that it is later than the day this was written and than the mark, which is written once
a day at most, and not within a minute after the clock was set.

The clock goes forward. What a driver says may set it back by five minutes behind the latest that was told, not more,
however often; an owner and the console set it as they like. Not protected against: a driver who lies about the time
holds until one of them tells it, and guests' windows with it.

Counted in minutes since 2000-01-01 UTC: seconds would outgrow the ESP32's small integers in 2034.
"""

from micropython import const

from latchkey.core import codes

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.credentials.key_list import Marks

_WRITTEN_MIN = const(14_140_800)  # 2026-11-20: moves on with releases
_CORRECTION_MIN = const(5)
_KEEP_EVERY_MIN = const(1_440)
_KEEP_AFTER_S = const(60)  # whoever tells the time is about to lay a card down, and a lie may be set right
_DAY_S = const(86_400)
_LAST_MIN = const(71_582_787)  # the last whole one within 32 bits of seconds
_MARK = "minute"


class WallClock:
    """`known`: somebody has told it. marks: as the list of keys has, or None."""

    def __init__(self, marks: "Marks | None") -> None:
        self.known = False
        self._marks = marks
        self._kept_min = (marks.get(_MARK) or 0) if marks is not None else 0
        self._latest_min = max(_WRITTEN_MIN, self._kept_min)  # that was told
        self._zero_min = 0  # the time when uptime was 0, together with:
        self._zero_s = 0
        self._keep_at_s = 0  # not before

    def now_min(self, uptime_s: int) -> int:
        """Minutes since 2000; while they are not known, -1 minus the earliest they can be. Allocates nothing."""
        if not self.known:
            return -1 - self._latest_min
        return self._zero_min + (self._zero_s + uptime_s) // 60

    def set(self, seconds: int, uptime_s: int, trusted: bool) -> int:
        """It is so many seconds after 2000 now: ACCEPTED, ALREADY where the clock was right, CLOCK_BACK.

        trusted: on the console, or by an owner, who may set it back.
        """
        told_min, now_min = seconds // 60, self.now_min(uptime_s)
        latest_min = max(self._latest_min, now_min)
        if not (_WRITTEN_MIN if trusted else latest_min - _CORRECTION_MIN) <= told_min <= _LAST_MIN:
            return codes.CLOCK_BACK
        was_right = self.known and abs(told_min - now_min) <= 1
        if not trusted or told_min >= latest_min - _CORRECTION_MIN:
            self._latest_min = max(told_min, latest_min)
        else:
            self._latest_min = told_min
            if self._kept_min > told_min:  # else it still holds, and phones that disagree wear nothing
                self._kept_min = self._keep_at_s = 0
        if not was_right:
            self._keep_at_s = max(self._keep_at_s, uptime_s + _KEEP_AFTER_S)
        if not was_right or trusted:
            self.known = True
            zero_s = seconds - uptime_s
            self._zero_min, self._zero_s = zero_s // 60, zero_s % 60
        return codes.ALREADY if was_right else codes.ACCEPTED

    def keep(self, uptime_s: int) -> bool:
        """Write the mark, once a day at most; False where that failed, and it is tried again a day later."""
        if not self.known or uptime_s < self._keep_at_s or self._marks is None:
            return True
        now_min = self.now_min(uptime_s)
        if now_min - self._kept_min < _KEEP_EVERY_MIN:
            return True
        self._keep_at_s = uptime_s + _DAY_S
        try:
            self._marks.set(_MARK, now_min)
            self._kept_min = now_min
            return True
        except OSError:
            return False
