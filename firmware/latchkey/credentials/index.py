"""Finds an enrolled key by the first 16 bytes of its SHA-256, in the same time for one card and for a thousand.

Open addressing with linear probing; the table has at least twice as many places as there is room for keys. Room is made
ahead, in blocks small enough for a heap in crumbs; finding, inserting and removing allocate nothing. A prefix is only
where to look: whoever finds one compares the full key.
"""

from array import array

from micropython import const

PREFIX_LEN = const(16)
ROOM_STEP = const(64)


class Index:
    """Maps prefixes to numbers from 0 to room - 1. Born with no room at all."""

    def __init__(self) -> None:
        self.room = 0
        self._blocks: "list[bytearray]" = []  # prefixes, ROOM_STEP in each
        self._table = array("H", bytes(4))  # number + 1, or 0 for a free place
        self._mask = 1

    def grow(self) -> None:
        """Make room for ROOM_STEP more. raises: MemoryError, and all is as it was."""
        block = bytearray(PREFIX_LEN * ROOM_STEP)
        known = self._table
        places = len(known)
        while places < 2 * (self.room + ROOM_STEP):
            places *= 2
        table = array("H", bytes(2 * places)) if places > len(known) else known
        self._blocks.append(block)
        self.room += ROOM_STEP
        if table is not known:
            self._table = table
            self._mask = places - 1
            for place in range(len(known)):
                if known[place]:
                    self._enter(known[place] - 1)

    def clear(self) -> None:
        """Forget everything; the room stays."""
        for place in range(self._mask + 1):
            self._table[place] = 0

    def find(self, prefix: bytes) -> int:
        """The number under which this 16-byte prefix was inserted, or -1."""
        place = (prefix[0] << 8 | prefix[1]) & self._mask
        while self._table[place] and not self.matches(self._table[place] - 1, prefix):
            place = (place + 1) & self._mask
        return self._table[place] - 1

    def insert(self, number: int, prefix: bytes) -> None:
        """Enter a number that has no prefix yet; prefix: 16 bytes that find() does not know."""
        block = self._blocks[number // ROOM_STEP]
        base = number % ROOM_STEP * PREFIX_LEN
        for at in range(PREFIX_LEN):
            block[base + at] = prefix[at]
        self._enter(number)

    def matches(self, number: int, prefix: bytes) -> bool:
        """True where the number was inserted with this prefix."""
        block = self._blocks[number // ROOM_STEP]
        base = number % ROOM_STEP * PREFIX_LEN
        at = 0
        while at < PREFIX_LEN and block[base + at] == prefix[at]:
            at += 1
        return at == PREFIX_LEN

    def prefix(self, number: int) -> bytes:
        """With which a number was inserted."""
        base = number % ROOM_STEP * PREFIX_LEN
        return bytes(self._blocks[number // ROOM_STEP][base : base + PREFIX_LEN])

    def remove(self, number: int) -> None:
        """Take a number out. Moves back those that had to step aside for it, so that no search stops early."""
        hole = self._home(number)
        while self._table[hole] != number + 1:
            hole = (hole + 1) & self._mask
        place = hole
        while True:
            place = (place + 1) & self._mask
            if not self._table[place]:
                break
            home = self._home(self._table[place] - 1)
            if (place - home) & self._mask >= (place - hole) & self._mask:
                self._table[hole] = self._table[place]
                hole = place
        self._table[hole] = 0

    def _enter(self, number: int) -> None:
        place = self._home(number)
        while self._table[place]:
            place = (place + 1) & self._mask
        self._table[place] = number + 1

    def _home(self, number: int) -> int:
        block = self._blocks[number // ROOM_STEP]
        base = number % ROOM_STEP * PREFIX_LEN
        return (block[base] << 8 | block[base + 1]) & self._mask
