"""How often the lock motor may run: 10 operations in any 20 s, then a pause of 30 s.

Production cars do the same (8 to 9 operations in 20 s, then about 30 s of rest). Remote requests have 4 of the ten,
a phone has 8, and the last two belong to the cabin and the keycard, so that nobody far away can tire out the motor in
front of its owner. A crash always drives.

The machine counts and knows no time: its owner says when an operation is 20 s old and when the pause is over.
"""

from micropython import const

from latchkey.core import codes

WINDOW_MS = const(20_000)
PAUSE_MS = const(30_000)

LIMIT = const(10)
_LIMIT_PHONE = const(8)
_LIMIT_REMOTE = const(4)


class Heat:
    """Operations of the last 20 s, and whether the motor rests."""

    def __init__(self, limit: int = LIMIT, limit_phone: int = _LIMIT_PHONE, limit_remote: int = _LIMIT_REMOTE) -> None:
        self.limit = limit
        self.limit_phone = limit_phone
        self.limit_remote = limit_remote
        self.operations = 0
        self.remote = 0  # how many of them a remote source asked for
        self.pausing = False

    def allows(self, source: int) -> bool:
        """May `source` run the motor once more?"""
        if source == codes.CRASH:
            return True
        if self.pausing:
            return False
        if source >= codes.KEYCARD:
            return self.operations < self.limit
        if source == codes.PHONE:
            return self.operations < self.limit_phone
        return self.operations < self.limit_phone and self.remote < self.limit_remote

    def operate(self, source: int) -> bool:
        """Count one operation; True when the pause of PAUSE_MS begins with it. Saturates at the limit."""
        if self.operations < self.limit:
            self.operations += 1
            if source < codes.PHONE:
                self.remote += 1
        if self.operations < self.limit or self.pausing:
            return False
        self.pausing = True
        return True

    def age(self, remote: bool) -> None:
        """The oldest operation is 20 s old and counts no more."""
        if self.operations:
            self.operations -= 1
        if remote and self.remote:
            self.remote -= 1

    def cool(self) -> None:
        """The pause is over; everything counted before it is older than the window."""
        self.operations = 0
        self.remote = 0
        self.pausing = False
