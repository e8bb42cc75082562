"""The protobuf reader and writer: each wire type, each bound on both of its sides, and messages within messages.

Encodings are those of protobuf.dev "Encoding" (150 is its example) and of the vehicle-command protocol's messages.
"""

from latchkey.protocol import protobuf
from latchkey.protocol.protobuf import ProtobufError, Reader
from latchkey.protocol.protobuf_writer import Writer

_reader = Reader()


def _code(action, *arguments):
    try:
        action(*arguments)
    except ProtobufError as error:
        assert error.args == (error.code,)
        return error.code
    return 0


def _read_all(message):
    """Walk over a message; returns how many fields it has."""
    _reader.begin(message)
    count = 0
    while _reader.next():
        count += 1
    return count


def _first(message):
    _reader.begin(message)
    _reader.next()
    return _reader


def test_the_example_of_the_specification():
    reader = _first(b"\x08\x96\x01")
    assert reader.field == 1 and reader.number() == 150
    assert reader.next() == 0 and reader.field == 0


def test_every_wire_type():
    message = b"\x08\x05\x11" + bytes(8) + b"\x1a\x02ab\x25\x78\x56\x34\xf2\xa0\x03\x02"
    _reader.begin(message)
    assert _reader.next() == 1 and _reader.number() == 5
    assert _reader.next() == 2
    assert _reader.next() == 3 and bytes(_reader.bytes()) == b"ab"
    assert _reader.next() == 4 and _reader.fixed32() == 0xF2345678
    assert _reader.next() == 52 and _reader.number() == 2
    assert _reader.next() == 0
    assert _reader.next() == 0


def test_a_value_is_read_as_what_it_is_or_not_at_all():
    wrong = protobuf.WRONG_TYPE
    for message, good in ((b"\x08\x05", "number"), (b"\x0a\x01a", "bytes"), (b"\x0d\x01\x02\x03\x04", "fixed32")):
        for name in ("number", "bytes", "fixed32"):
            assert _code(getattr(_first(message), name)) == (0 if name == good else wrong)
        assert _code(_first(message).enter) == (0 if good == "bytes" else wrong)
    eight = _first(b"\x09" + bytes(8))
    assert [_code(getattr(eight, name)) for name in ("number", "bytes", "fixed32", "enter")] == [wrong] * 4
    ended = _first(b"")
    assert [_code(getattr(ended, name)) for name in ("number", "bytes", "fixed32", "enter")] == [wrong] * 4
    entered = _first(b"\x0a\x02\x08\x01")
    entered.enter()
    assert [_code(getattr(entered, name)) for name in ("number", "bytes", "fixed32", "enter")] == [wrong] * 4


def test_messages_within_messages():
    message = b"\x0a\x06\x12\x04\x1a\x02\x08\x07\x10\x09"
    _reader.begin(message)
    for field in (1, 2, 3):
        assert _reader.next() == field
        _reader.enter()
    assert _reader.next() == 1 and _reader.number() == 7
    assert [_reader.next() for _ in range(4)] == [0, 0, 0, 2]
    assert _reader.number() == 9
    assert _reader.next() == 0


def test_a_message_that_is_left_unread_is_passed_over():
    _reader.begin(b"\x0a\x03\xff\xff\xff\x10\x09")
    assert _reader.next() == 1
    assert _reader.next() == 2 and _reader.number() == 9


def test_an_empty_message_within_a_message():
    _reader.begin(b"\x0a\x00\x10\x09")
    _reader.next()
    _reader.enter()
    assert _reader.next() == 0
    assert _reader.next() == 2


def test_the_last_of_several_counts_as_read():
    _reader.begin(b"\x08\x01\x08\x02\x08\x03")
    last = 0
    while _reader.next():
        last = _reader.number()
    assert last == 3


def test_depth_is_bounded():
    message = b"\x0a\x08\x0a\x06\x0a\x04\x0a\x02\x0a\x00"
    _reader.begin(message)
    for _ in range(4):
        assert _reader.next() == 1
        _reader.enter()
    assert _reader.next() == 1
    assert _code(_reader.enter) == protobuf.TOO_DEEP


def test_the_number_of_fields_is_bounded_over_all_depths():
    assert _read_all(b"\x08\x01" * 32) == 32
    assert _code(_read_all, b"\x08\x01" * 33) == protobuf.TOO_MANY
    inner = b"\x08\x01" * 16
    _reader.begin(b"\x0a\x20" + inner + b"\x0a\x20" + inner)
    _reader.next()
    _reader.enter()
    while _reader.next():
        pass
    _reader.next()
    _reader.enter()
    for _ in range(14):
        assert _reader.next() == 1
    assert _code(_reader.next) == protobuf.TOO_MANY


def test_length_is_bounded():
    whole = b"\x0a\xfd\x07" + bytes(1021)
    assert len(whole) == 1024 and _read_all(whole) == 1
    assert _code(_read_all, whole + b"\x08\x01") == protobuf.TOO_LONG


def test_varints_of_ten_bytes_and_no_more():
    assert _read_all(b"\x08" + b"\xff" * 9 + b"\x01") == 1
    assert _code(_read_all, b"\x08" + b"\xff" * 10 + b"\x01") == protobuf.BAD_VARINT
    assert _code(_read_all, b"\x88" * 10 + b"\x01\x01") == protobuf.BAD_VARINT
    assert _first(b"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00").number() == 0


def test_numbers_of_32_bits_and_no_more():
    assert _first(b"\x08\xff\xff\xff\xff\x0f").number() == 0xFFFFFFFF
    assert _code(_first(b"\x08\x80\x80\x80\x80\x10").number) == protobuf.OUT_OF_RANGE
    assert _code(_first(b"\x08" + b"\xff" * 9 + b"\x01").number) == protobuf.OUT_OF_RANGE  # -1 as an int32 is sent


def test_every_shortened_message_is_refused_or_ends_between_two_fields():
    message = b"\x08\x96\x01\x12\x03abc\x1d\x01\x02\x03\x04\x21" + bytes(8) + b"\xa2\x06\x01x"
    ends = (0, 3, 8, 13, 22, 26)
    for length in range(len(message) + 1):
        expected = 0 if length in ends else protobuf.TRUNCATED
        assert _code(_read_all, message[:length]) == expected, length


def test_a_field_does_not_run_over_the_end_of_its_message():
    for inner in (b"\x08", b"\x08\x80", b"\x12\x01", b"\x15\x00\x00", b"\x11\x00"):
        _reader.begin(b"\x0a" + bytes((len(inner),)) + inner + bytes(12))
        _reader.next()
        _reader.enter()
        assert _code(_reader.next) == protobuf.TRUNCATED


def test_lengths_that_would_wrap_are_refused():
    for length in (b"\xff\xff\xff\xff\x0f", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x80\x80\x80\x80\x08"):
        assert _code(_read_all, b"\x0a" + length + bytes(20)) == protobuf.TRUNCATED


def test_field_numbers_and_wire_types():
    assert _code(_read_all, b"\x00\x01") == protobuf.BAD_FIELD
    assert _code(_read_all, b"\x02\x00") == protobuf.BAD_FIELD
    assert _first(b"\xf8\xff\xff\xff\x0f\x01").field == (1 << 29) - 1
    assert _code(_read_all, b"\x80\x80\x80\x80\x10\x01") == protobuf.BAD_FIELD
    for kind in (3, 4, 6, 7):
        assert _code(_read_all, bytes((8 | kind, 0))) == protobuf.BAD_FIELD


def test_the_reader_lets_go():
    reader = _first(b"\x0a\x01a")
    reader.end()
    assert _code(reader.bytes) == protobuf.WRONG_TYPE
    assert reader.next() == 0


def test_views_lie_in_the_message():
    buffer = bytearray(b"..\x0a\x03abc..")
    view = memoryview(buffer)[2:7]
    data = _first(view).bytes()
    buffer[4] = 0x41
    assert bytes(data) == b"Abc"


def _written(*steps):
    buffer = bytearray(400)
    writer = Writer(buffer)
    writer.begin()
    for step in steps:
        getattr(writer, step[0])(*step[1:])
    return bytes(buffer[: writer.length])


def test_writing_each_kind():
    assert _written(("number", 1, 150)) == b"\x08\x96\x01"
    assert _written(("number", 2, 0)) == b"\x10\x00"
    assert _written(("number", 52, 0xFFFFFFFF)) == b"\xa0\x03\xff\xff\xff\xff\x0f"
    assert _written(("bytes", 10, b"")) == b"\x52\x00"
    assert _written(("bytes", 50, b"ab")) == b"\x92\x03\x02ab"
    assert _written(("fixed32", 4, 0xF2345678)) == b"\x25\x78\x56\x34\xf2"


def test_writing_messages_within_messages():
    assert _written(
        ("enter", 6), ("enter", 2), ("number", 1, 2), ("leave",), ("number", 3, 1), ("leave",), ("number", 7, 1)
    ) == bytes.fromhex("32061202080218013801")
    assert _written(("enter", 1), ("leave",)) == b"\x0a\x00"


def test_writing_long_messages_within_messages():
    for size in (124, 125, 126, 127, 128, 300):
        written = _written(
            ("enter", 1), ("enter", 2), ("bytes", 3, bytes(size)), ("leave",), ("leave",), ("number", 4, 1)
        )
        _reader.begin(written)
        _reader.next()
        _reader.enter()
        _reader.next()
        _reader.enter()
        assert _reader.next() == 3 and bytes(_reader.bytes()) == bytes(size)
        assert [_reader.next() for _ in range(4)] == [0, 0, 4, 0]


def test_moving_up_keeps_every_byte():
    data = bytes(range(200))
    assert _written(("enter", 1), ("bytes", 2, data), ("leave",)) == b"\x0a\xcb\x01\x12\xc8\x01" + data


def test_a_full_buffer_refuses():
    whole = _written(("enter", 1), ("fixed32", 2, 1), ("bytes", 3, b"abc"), ("number", 4, 300), ("leave",))

    def write(size):
        writer = Writer(bytearray(size))
        writer.enter(1)
        writer.fixed32(2, 1)
        writer.bytes(3, b"abc")
        writer.number(4, 300)
        writer.leave()

    for size in range(len(whole)):
        assert _code(write, size) == protobuf.TOO_LONG
    assert _code(write, len(whole)) == 0


def test_moving_up_needs_room_too():
    for size, code in ((131, 0), (130, protobuf.TOO_LONG)):
        writer = Writer(bytearray(size))
        writer.enter(1)
        writer.bytes(2, bytes(126))
        assert writer.length == 130
        assert _code(writer.leave) == code


def test_writing_too_deep_refuses():
    writer = Writer(bytearray(50))
    for _ in range(4):
        writer.enter(1)
    assert _code(writer.enter, 1) == protobuf.TOO_DEEP
    writer.begin()
    writer.enter(1)
    assert writer.length == 2


def test_a_message_can_begin_behind_something():
    buffer = bytearray(b"ab......")
    writer = Writer(buffer)
    writer.begin(2)
    writer.number(1, 3)
    assert buffer == b"ab\x08\x03...." and writer.length == 4
