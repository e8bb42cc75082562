"""Wires from the vehicle: levels that bounce come in, readings that hold still go to the vehicle.

A level counts when it has been the same for _DEBOUNCE_MS. Two switches make one bolt position: both or neither of them
can be active only while the bolt travels or when a wire is off, and is reported as such. Inputs that a board does not
have are simply not listed.
"""

import time

from micropython import const

from latchkey.core import codes
from latchkey.core.facts import LOW_SUPPLY_MV, MOVING_KMH, NO, YES

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable

    from latchkey.chip import Clock, Wire
    from latchkey.vehicle import Vehicle


_DEBOUNCE_MS = const(30)  # switches bounce for 1 to 10 ms; a crash line must not be a spark

# A supply that sags while the motor runs comes back; one that stays low for this long is low.
_SUPPLY_MS = const(1_000)
_SUPPLY_BACK_MV = const(300)  # hysteresis

_UNREAD = const(-1)


class Settled:
    """One wire after debouncing. `value` is -1 until it was read for long enough."""

    def __init__(self, wire: "Wire", clock: "Clock", hold_ms: int = _DEBOUNCE_MS) -> None:
        self.value = _UNREAD
        self._wire = wire
        self._clock = clock
        self._hold_ms = hold_ms
        self._candidate = _UNREAD
        self._since = 0

    def poll(self, now: int) -> bool:
        """Read the wire once; True when `value` has just changed."""
        return self.offer(self._wire.value(), now)

    def offer(self, reading: int, now: int) -> bool:
        if reading != self._candidate:
            self._candidate = reading
            self._since = now
        if reading == self.value or self._clock.ticks_diff(now, self._since) < self._hold_ms:
            return False
        self.value = reading
        return True


class Switch:
    """A wire with two levels. `report(active)` is called at each change."""

    def __init__(self, wire: "Wire", clock: "Clock", report: "Callable[[bool], None]") -> None:
        self._settled = Settled(wire, clock)
        self._report = report

    def poll(self, now: int) -> None:
        if self._settled.poll(now):
            self._report(self._settled.value == 1)


class Bolt:
    """Two switches, one position."""

    def __init__(self, at_locked: "Wire", at_unlocked: "Wire", clock: "Clock", report: "Callable[[int], None]") -> None:
        self._locked = Settled(at_locked, clock)
        self._unlocked = Settled(at_unlocked, clock)
        self._report = report

    def poll(self, now: int) -> None:
        changed = self._locked.poll(now)
        changed = self._unlocked.poll(now) or changed
        if changed and self._locked.value != _UNREAD and self._unlocked.value != _UNREAD:
            self._report(_position(self._locked.value, self._unlocked.value))


class Threshold:
    """A measured value that counts as low below a limit, and as high again `hysteresis` above it.

    limit, hysteresis: in the unit of the wire. settled: a Settled over the same wire, for the time it must hold.
    """

    def __init__(
        self, wire: "Wire", limit: int, hysteresis: int, settled: Settled, report: "Callable[[bool], None]"
    ) -> None:
        self.measured = _UNREAD
        self._wire = wire
        self._limit = limit
        self._hysteresis = hysteresis
        self._low = settled
        self._report = report

    def poll(self, now: int) -> None:
        self.measured = self._wire.value()
        limit = self._limit + (self._hysteresis if self._low.value == 1 else 0)
        if self._low.offer(1 if self.measured < limit else 0, now):
            self._report(self._low.value == 1)


class Inputs:
    """All wires of one board. `wires`: name -> object with value(); names as in boards/*/board.py."""

    def __init__(self, wires: "dict[str, Wire]", vehicle: "Vehicle", clock: "Clock" = time) -> None:
        self._vehicle = vehicle
        self._parts: "list[Switch | Bolt | Threshold]" = []
        self._supply: "Threshold | None" = None
        for name, report in (
            ("door", self._door),
            ("ignition", self._ignition),
            ("crash", vehicle.sense_crash),
            ("button", vehicle.sense_button),
            ("remote_off", vehicle.sense_remote_switch),
        ):
            if name in wires:
                self._parts.append(Switch(wires[name], clock, report))
        if "bolt_locked" in wires:
            self._parts.append(Bolt(wires["bolt_locked"], wires["bolt_unlocked"], clock, vehicle.sense_bolt))
        if "speed" in wires:
            speed = wires["speed"]
            self._parts.append(Threshold(speed, MOVING_KMH + 1, 0, Settled(speed, clock), self._slow))
        if "supply" in wires:
            settled = Settled(wires["supply"], clock, _SUPPLY_MS)
            self._supply = Threshold(wires["supply"], LOW_SUPPLY_MV, _SUPPLY_BACK_MV, settled, self._low)
            self._parts.append(self._supply)

    @property
    def supply_mv(self) -> int:
        """Supply in mV, -1 where it is not measured."""
        return _UNREAD if self._supply is None else self._supply.measured

    def poll(self, now: int) -> None:
        """Read every wire once and report what has changed. now: ticks in ms."""
        for part in self._parts:
            part.poll(now)

    def _door(self, active: bool) -> None:
        self._vehicle.sense_door(YES if active else NO)

    def _ignition(self, active: bool) -> None:
        self._vehicle.sense_ignition(YES if active else NO)

    def _slow(self, slow: bool) -> None:
        self._vehicle.sense_speed(NO if slow else YES)

    def _low(self, low: bool) -> None:
        self._vehicle.sense_supply(YES if low else NO)


def _position(at_locked: int, at_unlocked: int) -> int:
    """Bolt position of the two switches; both at once is a fault of the wiring."""
    if at_locked and at_unlocked:
        return codes.UNKNOWN
    if at_locked:
        return codes.AT_LOCKED
    return codes.AT_UNLOCKED if at_unlocked else codes.BETWEEN
