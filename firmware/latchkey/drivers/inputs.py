"""Wires from the vehicle: levels that bounce come in, readings that hold still go to the vehicle.

A level counts when it has been the same for DEBOUNCE_MS. Two switches make one bolt position: both or neither of them
can be active only while the bolt travels or when a wire is off, and is reported as such. Inputs that a board does not
have are simply not listed.
"""

import time

from micropython import const

from latchkey.core import codes
from latchkey.core.facts import LOW_SUPPLY_MV, MOVING_KMH, NO, YES

TYPE_CHECKING = False
if TYPE_CHECKING:  # read by mypy, never run
    from typing import Protocol

    from latchkey.vehicle import Vehicle

    class Wire(Protocol):
        def value(self) -> int: ...


DEBOUNCE_MS = const(30)  # switches bounce for 1 to 10 ms; a crash line must not be a spark

# A supply that sags while the motor runs comes back; one that stays low for this long is low.
_SUPPLY_MS = const(1_000)
_SUPPLY_BACK_MV = const(300)  # hysteresis

_UNREAD = const(-1)


class Settled:
    """One wire after debouncing. `value` is -1 until it was read for long enough."""

    def __init__(self, wire: "Wire", hold_ms: int = DEBOUNCE_MS) -> None:
        self.value = _UNREAD
        self._wire = wire
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
        if reading == self.value or time.ticks_diff(now, self._since) < self._hold_ms:
            return False
        self.value = reading
        return True


class Inputs:
    """All wires of one board. `wires`: name -> object with value(); names as in boards/*/board.py."""

    def __init__(self, wires: "dict[str, Wire]", vehicle: "Vehicle") -> None:
        self._vehicle = vehicle
        self._levels = tuple(
            (name, Settled(wires[name])) for name in ("door", "ignition", "crash", "button") if name in wires
        )
        self._bolt = (
            (Settled(wires["bolt_locked"]), Settled(wires["bolt_unlocked"])) if "bolt_locked" in wires else None
        )
        self._speed = wires.get("speed")
        self._fast = Settled(self._speed) if self._speed else None
        self._supply = wires.get("supply")
        self._low = Settled(self._supply, _SUPPLY_MS) if self._supply else None
        self.supply_mv = _UNREAD

    def poll(self, now: int) -> None:
        """Read every wire once and report what has changed. now: ticks in ms. Allocates nothing."""
        for name, level in self._levels:
            if level.poll(now):
                self._report(name, level.value)
        if self._bolt is not None:
            self._poll_bolt(now)
        if self._fast is not None and self._fast.offer(1 if self._speed.value() > MOVING_KMH else 0, now):
            self._vehicle.sense_speed(YES if self._fast.value else NO)
        if self._low is not None:
            self._poll_supply(now)

    def _report(self, name: str, level: int) -> None:
        if name == "door":
            self._vehicle.sense_door(YES if level else NO)
        elif name == "ignition":
            self._vehicle.sense_ignition(YES if level else NO)
        elif name == "crash":
            self._vehicle.sense_crash(level == 1)
        else:
            self._vehicle.sense_button(level == 1)

    def _poll_bolt(self, now: int) -> None:
        locked, unlocked = self._bolt
        changed = locked.poll(now)
        changed = unlocked.poll(now) or changed
        if changed and locked.value != _UNREAD and unlocked.value != _UNREAD:
            self._vehicle.sense_bolt(_position(locked.value, unlocked.value))

    def _poll_supply(self, now: int) -> None:
        self.supply_mv = self._supply.value()
        limit = LOW_SUPPLY_MV + (_SUPPLY_BACK_MV if self._low.value == 1 else 0)
        if self._low.offer(1 if self.supply_mv < limit else 0, now):
            self._vehicle.sense_supply(YES if self._low.value else NO)


def _position(at_locked: int, at_unlocked: int) -> int:
    """Bolt position of the two switches; both at once is a fault of the wiring."""
    if at_locked and at_unlocked:
        return codes.UNKNOWN
    if at_locked:
        return codes.AT_LOCKED
    return codes.AT_UNLOCKED if at_unlocked else codes.BETWEEN
