"""Guests' windows: from when until when a guest may come, and what holds while the vehicle does not know the time.

A window is a block of the list of keys that is no key; integers big-endian, times in seconds since 2000-01-01 UTC:

    version 1 | type 5 | 6 zero | number of the guest, 2 | first 16 bytes of SHA-256 of his key | not before, 4 |
    not after, 4 | flags | 61 zero

It counts for the one entry of version 3 that has this number and this key; a block that fits none is free and may be
written over. Whoever is windowed and has no block that fits is outside his window at any time. Of several that fit all
must allow it.

A decision looks at whole minutes, because seconds of this century do not fit the ESP32's small integers: a window that
begins or ends within a minute is that much shorter. Loaded where there is a window.
"""

from array import array
from struct import pack, unpack_from

from micropython import const

from latchkey.core import codes
from latchkey.credentials import entries

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.credentials.roll import Roll

MOST = const(32)
WHILE_UNSET = const(1)  # flag: the guest may come as well while the time is not known

_AT = const(8)  # in the block
_LAYOUT = ">H16sIIB"
_MINUTE_S = const(60)
_LAST_S = const(0xFFFFFFFF)
_NOBODY = const(-1)


def is_sensible(from_s: int, until_s: int) -> bool:
    """True for a window that holds at least a whole minute."""
    return from_s >= 0 and until_s <= _LAST_S and first_min(from_s) < until_s // _MINUTE_S


class Windows:
    """One row for each block, MOST at most; what the list holds beyond that counts for nothing."""

    def __init__(self, roll: "Roll") -> None:
        self._roll = roll
        self._blocks = array("h")  # numbers of the blocks themselves
        self._guests = array("h")
        self._prefixes: "list[bytes]" = []
        self._from_min = array("I")
        self._until_min = array("I")
        self._flags = bytearray()

    def take(self, number: int, block: "bytes | bytearray") -> None:
        """Note the block that stands at this number in the list. raises: MemoryError."""
        row = self._new_row()
        guest, prefix, from_s, until_s, flags = unpack_from(_LAYOUT, block, _AT)
        if row >= 0 and guest < 1 << 15:
            self.put(row, number, guest, prefix, first_min(from_s), until_s // _MINUTE_S, flags)

    def row_for(self, guest: int) -> int:
        """Where to keep this guest's window: in his own row, else in one that is free, else in a new one; -1: full.

        raises: MemoryError.
        """
        free = _NOBODY
        for row in range(len(self._blocks)):
            if self._fits(row, guest):
                return row
            other = self._guests[row]
            if self._roll.version(other) != entries.WINDOWED or not self._fits(row, other):
                free = row
        return free if free >= 0 else self._new_row()

    def number_of(self, row: int) -> int:
        """At which number in the list the block of a row stands, -1 where it has none yet."""
        return self._blocks[row]

    def put(self, row: int, number: int, guest: int, prefix: bytes, from_min: int, until_min: int, flags: int) -> None:
        """The block of a row stands in the list at this number, and says this. Allocates nothing."""
        self._blocks[row] = number
        self._guests[row] = guest
        self._prefixes[row] = prefix
        self._from_min[row] = from_min
        self._until_min[row] = until_min
        self._flags[row] = flags

    def window_of(self, number: int) -> "tuple[int, int, int] | None":
        """(first minute, minute behind the last, flags) of a windowed guest, None where none fits. For display."""
        for row in range(len(self._blocks)):
            if self._fits(row, number):
                return self._from_min[row], self._until_min[row], self._flags[row]
        return None

    def verdict(self, number: int, now_min: int) -> int:
        """ACCEPTED, OUTSIDE_WINDOW or CLOCK_UNSET for a windowed guest. Allocates nothing.

        now_min: as WallClock.now_min().
        """
        verdict = codes.OUTSIDE_WINDOW
        for row in range(len(self._blocks)):
            if self._fits(row, number):
                verdict = self._verdict(row, now_min)
                if verdict:
                    return verdict
        return verdict

    def _new_row(self) -> int:
        if len(self._blocks) == MOST:
            return _NOBODY
        for times in (self._from_min, self._until_min):
            times.append(0)
        self._prefixes.append(b"")
        self._flags.append(0)
        self._guests.append(_NOBODY)
        self._blocks.append(_NOBODY)
        return len(self._blocks) - 1

    def _verdict(self, row: int, now_min: int) -> int:
        if now_min >= 0:
            inside = self._from_min[row] <= now_min < self._until_min[row]
            return codes.ACCEPTED if inside else codes.OUTSIDE_WINDOW
        if -1 - now_min >= self._until_min[row]:
            return codes.OUTSIDE_WINDOW  # whatever the time is, it is later than that
        return codes.ACCEPTED if self._flags[row] & WHILE_UNSET else codes.CLOCK_UNSET

    def _fits(self, row: int, number: int) -> bool:
        """This row was made for this number and the key that stands there."""
        return self._guests[row] == number and self._roll.index.matches(number, self._prefixes[row])


def block_of(number: int, prefix: bytes, from_s: int, until_s: int, flags: int) -> bytes:
    """The block that limits a guest. prefix: 16 bytes, as the index has it."""
    lead = bytes((entries.PLAIN, entries.WINDOW)) + bytes(_AT - 2)
    body = lead + pack(_LAYOUT, number, prefix, from_s, until_s, flags)
    return body + bytes(entries.BLOCK_LEN - len(body))


def first_min(from_s: int) -> int:
    """The first whole minute that is not before from_s."""
    return (from_s + _MINUTE_S - 1) // _MINUTE_S
