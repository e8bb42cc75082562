"""What was accepted and refused, newest last: a ring in RAM that a power cut empties.

Rows have a fixed size, so writing one allocates nothing and the ring never grows. Numbers only; names are made where
somebody reads them. Not protected against: loss of power. (A journal that outlives it is a different thing, and is not
built on this one.)
"""

import struct

from micropython import const

# number, uptime in s, source, credential, action, verdict, key id
_ROW = "<IIBhBB4s"
_ROW_LEN = const(17)
_ROWS = const(64)


class Journal:
    """The last 64 rows. `count` is the number of rows ever written, and so the number of the next."""

    def __init__(self) -> None:
        self.count = 0
        self._rows = bytearray(_ROW_LEN * _ROWS)

    def note(self, uptime_s: int, source: int, credential: int, action: int, verdict: int, key_id: bytearray) -> None:
        """Write one row over the oldest. Ranges: uptime < 2^32, credential -1 to 32,767, the rest below 256."""
        at = (self.count % _ROWS) * _ROW_LEN
        struct.pack_into(_ROW, self._rows, at, self.count, uptime_s, source, credential, action, verdict, key_id)
        self.count += 1

    @property
    def first(self) -> int:
        """The number of the oldest row that is still there."""
        return max(0, self.count - _ROWS)

    def row(self, number: int) -> "tuple[int, int, int, int, int, int, bytes] | None":
        """Row `number` as (number, uptime_s, source, credential, action, verdict, key_id), None when it is gone."""
        if number < 0 or number >= self.count or number < self.count - _ROWS:
            return None
        return struct.unpack_from(_ROW, self._rows, (number % _ROWS) * _ROW_LEN)
