"""Refusals of strangers reach light and journal at a bounded rate, or anybody on the radio could fill both."""

import time

from micropython import const

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Clock
    from latchkey.core.request import Request
    from latchkey.vehicle import Vehicle

_AT_ONCE = const(3)
_APART_MS = const(10_000)  # and then one more each


class Notes:
    """`unnoted` counts the refusals that were not told."""

    def __init__(self, vehicle: "Vehicle", clock: "Clock" = time) -> None:
        self.unnoted = 0
        self._vehicle = vehicle
        self._clock = clock
        self._left = _AT_ONCE
        self._refilled_at = clock.ticks_ms()

    def refuse(self, request: "Request", verdict: int) -> None:
        """Tell a refusal at the car, if there is room for one."""
        now = self._clock.ticks_ms()
        passed_ms = self._clock.ticks_diff(now, self._refilled_at)
        if passed_ms < 0 or passed_ms >= _APART_MS:
            self._refilled_at = now
            more = passed_ms // _APART_MS if passed_ms > 0 else _AT_ONCE
            self._left = min(_AT_ONCE, self._left + more)
        if self._left:
            self._left -= 1
            self._vehicle.refuse(request, verdict)
        else:
            self.unnoted += 1
