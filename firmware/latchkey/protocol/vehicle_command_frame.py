"""Frames of the vehicle-command protocol over a byte pipe: two bytes of length, big-endian, then one message.

Facts: protocol.md; Tesla's connector/ble. Chunks are cut anywhere and several frames may follow one another in one. A
frame that stands still for more than a second is dropped; a declared length of 0 or beyond 1,024 is nonsense, and what
comes with it in the same chunk is thrown away, so that the next chunk can begin anew. A frame that is longer than this
buffer, though allowed, is passed over by its length.

Each connection has one Frame of its own. Not protected against: a peer that spoils its own frames.
"""

from micropython import const

HEADER_LEN = const(2)

_LONGEST = const(1_024)
_SILENCE_MS = const(1_000)


class Frame:
    """Puts chunks together: begin(chunk), then next() while it is True; `message` is the whole one.

    The view stays valid until the following next(). Nothing that a peer sends raises or grows.
    """

    def __init__(self, limit: int = 512) -> None:
        """limit: length of the longest message that is taken, in bytes."""
        self.message = memoryview(b"")
        self._view = memoryview(bytearray(limit))
        self._chunk = memoryview(b"")
        self._at = 0  # in the chunk
        self._header = 0  # bytes of the length that are there
        self._wanted = 0
        self._filled = 0
        self._passing = False

    def begin(self, chunk: "bytes | bytearray | memoryview", idle_ms: int) -> None:
        """A chunk has come, idle_ms after the one before. It must stay as it is until next() has returned False."""
        if idle_ms > _SILENCE_MS:
            self.reset()
        self._chunk = memoryview(chunk)
        self._at = 0

    def next(self) -> bool:
        """True when another whole message lies in `message`; False when the chunk is used up."""
        end = len(self._chunk)
        while self._at < end:
            if self._header < HEADER_LEN:
                self._take_length(self._chunk[self._at])
            elif self._take_bytes(min(self._wanted - self._filled, end - self._at)):
                return True
        self._chunk = memoryview(b"")
        return False

    @property
    def begun(self) -> bool:
        """Part of a frame has come, and more is awaited."""
        return self._header > 0

    def reset(self) -> None:
        """Forget a frame that has begun: the connection is new, or was silent."""
        self._header = 0
        self._wanted = 0

    def _take_length(self, byte: int) -> None:
        self._at += 1
        self._header += 1
        self._wanted = self._wanted << 8 | byte
        if self._header < HEADER_LEN:
            return
        self._filled = 0
        self._passing = self._wanted > len(self._view)
        if self._wanted > _LONGEST or not self._wanted:
            self._at = len(self._chunk)
            self.reset()

    def _take_bytes(self, count: int) -> bool:
        start = self._filled
        self._filled += count
        if not self._passing:
            self._view[start : self._filled] = self._chunk[self._at : self._at + count]
        self._at += count
        if self._filled < self._wanted:
            return False
        self.message = self._view[: self._filled]
        self.reset()
        return not self._passing
