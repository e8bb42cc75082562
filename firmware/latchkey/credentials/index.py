"""Finds an enrolled key by the first 16 bytes of its SHA-256, in the same time for one card and for a thousand.

Open addressing with linear probing over arrays made once; the table has at least twice as many places as keys. Finding
and inserting allocate nothing. A prefix is only where to look: whoever finds one compares the full key.
"""

from array import array

from micropython import const

PREFIX_LEN = const(16)


class Index:
    """Maps prefixes to numbers from 0 to capacity - 1."""

    def __init__(self, capacity: int) -> None:
        places = 2
        while places < 2 * capacity:
            places *= 2
        self._mask = places - 1
        self._table = array("H", bytes(2 * places))  # number + 1, or 0 for a free place
        self._prefixes = bytearray(PREFIX_LEN * capacity)

    def clear(self) -> None:
        """Forget everything."""
        for place in range(self._mask + 1):
            self._table[place] = 0

    def find(self, prefix: bytes) -> int:
        """The number under which this 16-byte prefix was inserted, or -1."""
        place = self._place(prefix)
        return self._table[place] - 1

    def insert(self, number: int, prefix: bytes) -> None:
        """Enter a number that has no prefix yet; prefix: 16 bytes that find() does not know."""
        self._table[self._place(prefix)] = number + 1
        base = number * PREFIX_LEN
        for at in range(PREFIX_LEN):
            self._prefixes[base + at] = prefix[at]

    def matches(self, number: int, prefix: bytes) -> bool:
        """True where the number was inserted with this prefix."""
        base = number * PREFIX_LEN
        at = 0
        while at < PREFIX_LEN and self._prefixes[base + at] == prefix[at]:
            at += 1
        return at == PREFIX_LEN

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

    def _home(self, number: int) -> int:
        base = number * PREFIX_LEN
        return (self._prefixes[base] << 8 | self._prefixes[base + 1]) & self._mask

    def _place(self, prefix: bytes) -> int:
        """The place where this prefix stands, or the free one where it would be put."""
        place = (prefix[0] << 8 | prefix[1]) & self._mask
        while self._table[place] and not self.matches(self._table[place] - 1, prefix):
            place = (place + 1) & self._mask
        return place
