"""What was accepted and refused, newest last: a ring in RAM that a power cut empties.

Rows have a fixed size, so writing one allocates nothing and the ring never grows. Numbers only; names are made where
somebody reads them. Not protected against: loss of power. What outlives that is chain.py, and links/recorder fills it
from here.
"""

import struct

from micropython import const

# number, uptime in s, source, credential, action, verdict, key id
_ROW = "<IIBhBB4s"
_ROW_LEN = const(17)
_ROWS = const(64)


class Journal:
    """The last 64 rows. `count` is the number of rows ever written, and so the number of the next.

    head_number, head: of the newest row in flash, and of its code 8 bytes; -1 and none where nothing is kept there.
    """

    def __init__(self) -> None:
        self.count = 0
        self.head_number = -1
        self.head = b""
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

    def told(self) -> str:
        """What people keep to find out later whether rows were cut off: NUMBER:HEAD of the newest row in flash."""
        return "%d:%s" % (self.head_number, self.head.hex()) if self.head else ""

    def row(self, number: int) -> "tuple[int, int, int, int, int, int, bytes] | None":
        """Row `number` as (number, uptime_s, source, credential, action, verdict, key_id), None when it is gone."""
        if number < 0 or number >= self.count or number < self.count - _ROWS:
            return None
        return struct.unpack_from(_ROW, self._rows, (number % _ROWS) * _ROW_LEN)
