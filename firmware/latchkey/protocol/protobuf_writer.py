"""Protocol Buffers, as much as the vehicle-command protocol needs: writes messages into a buffer that is there already.

Facts: protobuf.dev "Encoding". Fields appear in the order in which they are written. Zeros are written as told, because
a member of a oneof must be there even when it is zero; what to leave out is the caller's knowledge.
"""

from micropython import const

from latchkey.protocol.protobuf import TOO_DEEP, TOO_LONG, ProtobufError

_VARINT = const(0)
_BYTES = const(2)
_FOUR = const(5)

_DEPTH = const(4)


class Writer:
    """Writes one message after the other into one buffer. `length`: where the next byte goes.

    raises: ProtobufError TOO_LONG, TOO_DEEP; what was begun then is of no use.
    """

    def __init__(self, buffer: bytearray) -> None:
        self.length = 0
        self._buffer = buffer
        self._starts = [0] * _DEPTH
        self._depth = 0

    def begin(self, at: int = 0) -> None:
        """Start a message at this offset of the buffer."""
        self.length = at
        self._depth = 0

    def number(self, field: int, value: int) -> None:
        """A varint field, value 0 to 2^32 - 1."""
        self._varint(field << 3 | _VARINT)
        self._varint(value)

    def fixed32(self, field: int, value: int) -> None:
        """A field of four bytes, value 0 to 2^32 - 1."""
        self._varint(field << 3 | _FOUR)
        for _ in range(4):
            self._byte(value & 0xFF)
            value >>= 8

    def raw(self, data: "bytes | bytearray | memoryview") -> None:
        """Fields that are encoded already."""
        end = self.length + len(data)
        if end > len(self._buffer):
            raise ProtobufError(TOO_LONG)
        self._buffer[self.length : end] = data
        self.length = end

    def bytes(self, field: int, data: "bytes | bytearray | memoryview") -> None:
        """A field with a length and these bytes."""
        self._varint(field << 3 | _BYTES)
        self._varint(len(data))
        self.raw(data)

    def enter(self, field: int) -> None:
        """Begin a message within the message; leave() ends it."""
        if self._depth == _DEPTH:
            raise ProtobufError(TOO_DEEP)
        self._varint(field << 3 | _BYTES)
        self._byte(0)  # its length, known at the end
        self._starts[self._depth] = self.length
        self._depth += 1

    def leave(self) -> None:
        """End the message that enter() began last."""
        self._depth -= 1
        start = self._starts[self._depth]
        size = self.length - start
        if size < 0x80:
            self._buffer[start - 1] = size
            return
        self._byte(0)  # a length of two bytes: move the message up by one
        for at in range(self.length - 1, start, -1):
            self._buffer[at] = self._buffer[at - 1]
        self._buffer[start - 1] = size & 0x7F | 0x80
        self._buffer[start] = size >> 7

    def _varint(self, value: int) -> None:
        while value > 0x7F:
            self._byte(value & 0x7F | 0x80)
            value >>= 7
        self._byte(value)

    def _byte(self, value: int) -> None:
        if self.length >= len(self._buffer):
            raise ProtobufError(TOO_LONG)
        self._buffer[self.length] = value
        self.length += 1
