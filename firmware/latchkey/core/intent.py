"""What a keycard tap, or a press of the cabin button, means at this moment.

A card says only who it is. Where it was presented and what the vehicle looks like decide what its holder wants: at the
door the opposite of what the sensor shows; in the cabin, to drive as well. While the bolt moves, or when nobody knows
where it is, a tap asks to open: wrong that way round costs a second tap, wrong the other way round locks somebody out.
"""

from micropython import const

from latchkey.core import codes, lock
from latchkey.core.lock import Lock

# Places of a reader, as the board declares them.
DOOR = const(1)
CABIN = const(2)
BOTH = const(3)  # one reader for door and cabin


def toggle(machine: Lock) -> int:
    """LOCK where the vehicle stands open, UNLOCK everywhere else, as while a crash still tries to open it."""
    if machine.wants():
        return codes.UNLOCK
    if machine.state == lock.UNLOCKED or machine.state == lock.CRASH_OPEN:
        return codes.LOCK
    return codes.UNLOCK


def of_tap(machine: Lock, place: int) -> int:
    """The action on the lock that a tap asks for, or AUTHORISE_DRIVE where the reader moves no bolt (cabin)."""
    return codes.AUTHORISE_DRIVE if place == CABIN else toggle(machine)


def also_authorises_drive(place: int, action: int) -> bool:
    """At a reader for both, the tap that opens permits driving as well."""
    return place == BOTH and action == codes.UNLOCK
