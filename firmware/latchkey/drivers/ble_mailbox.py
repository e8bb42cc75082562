"""What a phone has written and nobody has read yet: chunks in a ring, each in one piece, as it was written.

One producer, the handler of Bluetooth events, calls put(); one consumer, the application, calls take(). On the ESP32
the handler runs in a task of its own, between any two steps of the application, so each number here is written by one
of the two alone, and `_written` last: a chunk that is counted is there. A chunk that is being read counts as room in
use until the next take().

A chunk is never cut. Where it does not fit behind the newest one it begins at the start of the ring, and `_first` notes
which chunk that is: the consumer needs no mark in the ring to follow.
"""

from micropython import const

_HEADER = const(4)  # length and pause, 2 bytes each
_PAUSE_MOST_MS = const(0xFFFF)  # what fits into the header; more than a second says as much
_COUNT = const(0xFFFF)  # chunks are counted in a circle far larger than what lies in a ring


class Mailbox:
    """Room for `size` bytes, 4 of them for each chunk. idle_ms: pause before the chunk that take() has given."""

    def __init__(self, size: int) -> None:
        self.idle_ms = 0
        self._bytes = bytearray(size)
        self._view = memoryview(self._bytes)
        # the producer's
        self._written = 0  # chunks
        self._first = 0  # the latest chunk that lies at the start of the ring
        self._end = 0  # of the newest chunk
        # the consumer's
        self._read = 0  # chunks
        self._start = 0  # of the oldest chunk, unless it is `_first`
        self._reading = False  # the oldest chunk is being read

    def put(self, chunk: bytes, idle_ms: int) -> bool:
        """For the handler: keep a chunk that came idle_ms after the last one. False where there is no room."""
        length = len(chunk)
        at = self._room(_HEADER + length)
        if at < 0:
            return False
        if idle_ms < 0 or idle_ms > _PAUSE_MOST_MS:
            idle_ms = _PAUSE_MOST_MS
        ring = self._bytes
        ring[at] = length >> 8
        ring[at + 1] = length & 0xFF
        ring[at + 2] = idle_ms >> 8
        ring[at + 3] = idle_ms & 0xFF
        end = at + _HEADER + length
        ring[at + _HEADER : end] = chunk
        if at == 0:
            self._first = self._written
        self._end = end
        self._written = (self._written + 1) & _COUNT
        return True

    def take(self) -> "memoryview | None":
        """The next chunk, None when there is none. The view holds until the following take() or clear()."""
        if self._reading:
            self._reading = False
            end = self._start + _HEADER + self._number(self._start)
            self._read = (self._read + 1) & _COUNT  # before `_start`: until then its chunk counts as there, no more
            self._start = end
        if self._read == self._written:
            return None
        at = self._oldest()
        self._start = at
        self._reading = True
        self.idle_ms = self._number(at + 2)
        return self._view[at + _HEADER : at + _HEADER + self._number(at)]

    def clear(self) -> None:
        """Throw everything away. Only while nobody can call put()."""
        self._read = self._written
        self._reading = False
        self.idle_ms = 0

    def _room(self, needed: int) -> int:
        """Where so many bytes may be put, -1 where there is no room in one piece."""
        size = len(self._bytes)
        if self._read == self._written:
            return 0 if needed <= size else -1
        oldest = self._oldest()
        end = self._end
        if end > oldest:
            if needed <= size - end:
                return end
            return 0 if needed <= oldest else -1
        return end if needed <= oldest - end else -1

    def _oldest(self) -> int:
        return 0 if self._read == self._first else self._start

    def _number(self, at: int) -> int:
        return self._bytes[at] << 8 | self._bytes[at + 1]
