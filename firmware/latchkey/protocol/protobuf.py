"""Protocol Buffers, as much as the vehicle-command protocol needs: a bounded reader. protobuf_writer.py is its twin.

Facts: protobuf.dev "Encoding". A field is a varint of (number << 3 | wire type) and a value of that type: 0 varint, 1
eight bytes, 2 length and bytes, 5 four bytes little-endian. Fields come in any order, unknown ones are passed over by
their length alone, and of a field that occurs twice the last one counts (callers assign as they read). Groups (3, 4)
left the language long ago and are refused.

Bounds: 1,024 bytes, 32 fields in all, messages 4 deep below the outermost, varints of 10 bytes. Whatever breaks one, or
runs over the end of the message around it, raises ProtobufError; nothing else is ever raised for any input.

Reading builds no objects but the numbers themselves and the views that bytes() returns. Not protected
against: what the values mean. A field here says nothing until a tag over the bytes has been verified.
"""

from micropython import const

# ProtobufError codes
TOO_LONG = const(1)  # beyond 1,024 bytes, or the writer's buffer is full
TRUNCATED = const(2)  # runs over the end of the message around it
BAD_VARINT = const(3)  # longer than 10 bytes
BAD_FIELD = const(4)  # number 0 or beyond 2^29 - 1, or a wire type that does not exist
WRONG_TYPE = const(5)  # a known field in another wire type than its own
OUT_OF_RANGE = const(6)  # beyond 32 bits
TOO_MANY = const(7)  # more than 32 fields
TOO_DEEP = const(8)

_VARINT = const(0)
_EIGHT = const(1)
_BYTES = const(2)
_FOUR = const(5)

_LONGEST = const(1_024)
_FIELDS = const(32)
_DEPTH = const(4)
_VARINT_BITS = const(70)  # 10 bytes of 7


class ProtobufError(Exception):
    """The message is refused; `code` says why. It holds nothing of the message."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Reader:
    """Reads one message after the other, field by field.

        reader.begin(message)
        while reader.next():
            if reader.field == 3:
                count = reader.number()

    A message within the message: after next() has named it, enter(), then next() until it returns 0; after that next()
    goes on with the message around it. Everything raises ProtobufError.
    """

    def __init__(self) -> None:
        self.field = 0
        self._message = memoryview(b"")
        self._at = 0  # behind the field that next() has named
        self._type = 0
        self._value = 0
        self._start = 0  # of its bytes
        self._ends = [0] * (_DEPTH + 1)
        self._depth = 0
        self._left = 0

    def begin(self, message: "bytes | bytearray | memoryview") -> None:
        """Read this message from its start; it must not change while it is read."""
        if len(message) > _LONGEST:
            raise ProtobufError(TOO_LONG)
        self._message = memoryview(message)
        self._at = 0
        self._depth = 0
        self._ends[0] = len(message)
        self._left = _FIELDS
        self.field = 0

    def next(self) -> int:
        """Go to the next field; its number (also in `field`), 0 at the end of the message that is being read."""
        self.field = 0
        if self._at == self._ends[self._depth]:
            if self._depth:
                self._depth -= 1
            self._type = -1
            return 0
        if not self._left:
            raise ProtobufError(TOO_MANY)
        self._left -= 1
        key = self._varint()
        self._type = key & 7
        key >>= 3
        if not 0 < key < 1 << 29:
            raise ProtobufError(BAD_FIELD)
        self._take_value()
        self.field = key
        return key

    def number(self) -> int:
        """The value of a varint field, 0 to 2^32 - 1."""
        if self._type != _VARINT:
            raise ProtobufError(WRONG_TYPE)
        if self._value >> 32:
            raise ProtobufError(OUT_OF_RANGE)
        return self._value

    def fixed32(self) -> int:
        """The value of a field of four bytes, 0 to 2^32 - 1."""
        if self._type != _FOUR:
            raise ProtobufError(WRONG_TYPE)
        data, at = self._message, self._start
        return data[at] | data[at + 1] << 8 | data[at + 2] << 16 | data[at + 3] << 24

    def bytes(self) -> memoryview:
        """The bytes of a field with a length, where they lie in the message."""
        if self._type != _BYTES:
            raise ProtobufError(WRONG_TYPE)
        return self._message[self._start : self._at]

    def enter(self) -> None:
        """Read the field that next() has named as a message of its own."""
        if self._type != _BYTES:
            raise ProtobufError(WRONG_TYPE)
        if self._depth == _DEPTH:
            raise ProtobufError(TOO_DEEP)
        self._depth += 1
        self._ends[self._depth] = self._at
        self._at = self._start
        self._type = -1  # only what next() names from here on can be read

    def end(self) -> None:
        """Let go of the message."""
        self.begin(b"")
        self._type = -1

    def _take_value(self) -> None:
        """Pass over the value of a field and keep where it lies."""
        if self._type == _VARINT:
            self._value = self._varint()
            return
        if self._type == _BYTES:
            length = self._varint()
        elif self._type == _FOUR:
            length = 4
        elif self._type == _EIGHT:
            length = 8
        else:
            raise ProtobufError(BAD_FIELD)
        if length > self._ends[self._depth] - self._at:
            raise ProtobufError(TRUNCATED)
        self._start = self._at
        self._at += length

    def _varint(self) -> int:
        end = self._ends[self._depth]
        value = 0
        shift = 0
        while shift < _VARINT_BITS:
            if self._at == end:
                raise ProtobufError(TRUNCATED)
            byte = self._message[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
        raise ProtobufError(BAD_VARINT)
