"""Frames of the PN532: exact bytes out, and everything that a serial line can do to them on the way in."""

from latchkey.drivers.pn532_error import TOO_LONG, Pn532Error
from latchkey.drivers.pn532_frame import ACK, DATA, ERROR, HEAD, NACK, NONE, TAIL, Decoder, seal

_ACK = bytes.fromhex("0000ff00ff00")
_NACK = bytes.fromhex("0000ffff0000")
_ERROR = bytes.fromhex("0000ff01ff7f8100")
_FIRMWARE = bytes.fromhex("0000ff06fad50332010607e800")  # GetFirmwareVersion of a PN532 V1.6 (UM0701-02 §7.2.2)
_IPHONE = bytes.fromhex("4b0101000420" + "0408d69833" + "0578807002")  # listing seen by HAP-ESPHome, issue 57


def _framed(payload, tfi=0xD5):
    """A frame of the chip around an answer, put together from the standard's text and not by seal()."""
    body = bytes([tfi]) + payload
    size = len(body)
    if size > 255:
        head = bytes([0xFF, 0xFF, size >> 8, size & 0xFF, -(size >> 8) - size & 0xFF])
    else:
        head = bytes([size, -size & 0xFF])
    return b"\x00\x00\xff" + head + body + bytes([-sum(body) & 0xFF, 0])


def _sealed(payload):
    buffer = bytearray(HEAD + len(payload) + TAIL)
    buffer[HEAD : HEAD + len(payload)] = payload
    return bytes(buffer[seal(buffer, len(payload)) :])


def _all(decoder):
    """What next() finds until nothing is left: the kinds, with the data in place of DATA."""
    found = []
    while True:
        kind = decoder.next()
        if kind == NONE:
            return found
        found.append(bytes(decoder.view[decoder.offset : decoder.offset + decoder.length]) if kind == DATA else kind)


def _found(stream, piece=1000):
    """What a fresh decoder finds in a stream that arrives in pieces."""
    decoder = Decoder()
    found = []
    for at in range(0, len(stream), piece):
        rest = stream[at : at + piece]
        while rest:
            rest = rest[decoder.feed(rest) :]
            found += _all(decoder)
    return found


def test_commands_as_in_the_manual():
    assert _sealed(b"\xd4\x02").hex() == "0000ff02fed4022a00"
    assert _sealed(b"\xd4\x14\x01\x14\x01").hex() == "0000ff05fbd4140114010200"
    assert _sealed(b"\xd4\x4a\x01\x00").hex() == "0000ff04fcd44a0100e100"


def test_long_commands_become_extended_frames():
    assert _sealed(b"\xd4" + bytes(254))[:5].hex() == "0000ffff01"
    assert _sealed(b"\xd4" + bytes(255))[:8].hex() == "0000ffffff0100ff"
    assert _sealed(b"\xd4" + bytes(264))[:8].hex() == "0000ffffff0109f6"
    for size in range(1, 266):
        payload = bytes([0xD4]) + bytes([at & 0xFF for at in range(size - 1)])
        assert _sealed(payload) == _framed(payload[1:], 0xD4)


def test_lengths_that_fit_no_frame_are_refused():
    for buffer, length in ((bytearray(300), 0), (bytearray(300), 266), (bytearray(19), 10), (bytearray(300), -1)):
        try:
            seal(buffer, length)
        except Pn532Error as error:
            assert error.code == TOO_LONG
            continue
        raise AssertionError("sealed %d bytes" % length)


def test_each_kind_of_frame():
    assert _found(_ACK) == [ACK]
    assert _found(_NACK) == [NACK]
    assert _found(_ERROR) == [ERROR]
    assert _found(_FIRMWARE) == [b"\x03\x32\x01\x06\x07"]
    assert _found(_framed(_IPHONE)) == [_IPHONE]


def test_answers_of_every_length():
    for size in range(1, 265):
        payload = bytes([at * 7 & 0xFF for at in range(size)])
        assert _found(_framed(payload)) == [payload]


def test_ack_and_answer_however_they_are_cut():
    stream = _ACK + _framed(_IPHONE) + _ACK + _framed(bytes(range(254))) + _ERROR
    expected = [ACK, _IPHONE, ACK, bytes(range(254)), ERROR]
    for piece in (1, 2, 3, 5, 7, 11, 64, 1000):
        assert _found(stream, piece) == expected


def test_every_cut_of_a_frame_waits_for_the_rest():
    frame = _framed(_IPHONE)
    for cut in range(len(frame) - 1):  # the postamble is not waited for
        decoder = Decoder()
        decoder.feed(frame[:cut])
        assert _all(decoder) == []
        decoder.feed(frame[cut:])
        assert _all(decoder) == [_IPHONE]


def test_garbage_before_between_and_after():
    for garbage in (
        b"\x55",
        b"\x00",
        b"\xff",
        b"\x00" * 40,
        b"\xff" * 7,
        b"\x80\x55\x00\xff\x13",
        b"U\x00\xff\x00\xaa",
    ):
        stream = garbage + _ACK + garbage + _framed(_IPHONE) + garbage + _ERROR + garbage
        for piece in (1, 3, 1000):
            found = _found(stream + bytes(300), piece)
            assert [kind for kind in found if kind != NACK] == [ACK, _IPHONE, ERROR]


def test_more_garbage_than_the_buffer_holds():
    for garbage in (b"\xaa" * 1000, b"\x00" * 1000, b"\x00\xff" * 500, b"\x00\xff\x05" * 300):
        assert _found(garbage + _framed(_IPHONE), 90)[-1] == _IPHONE


def test_a_long_preamble_and_no_postamble():
    assert _found(bytes(100) + _ACK[1:-1] + _framed(_IPHONE)[1:-1] + _ACK) == [ACK, _IPHONE, ACK]


def test_every_damaged_byte_is_found():
    frame = _framed(_IPHONE)
    for at in range(2, len(frame) - 1):
        for flip in (0x01, 0x10, 0x80, 0xFF):
            damaged = bytearray(frame)
            damaged[at] ^= flip
            assert _IPHONE not in _found(bytes(damaged) + bytes(300))
            assert _IPHONE in _found(bytes(damaged) + bytes(300) + frame)


def test_damage_is_counted_where_the_header_was_sound():
    decoder = Decoder()
    decoder.feed(_framed(_IPHONE)[:-2] + b"\x77\x00")
    assert _all(decoder) == []
    assert decoder.damaged == 1
    decoder.clear()
    assert decoder.damaged == 0


def test_a_header_that_promises_too_much_hides_nothing():
    decoder = Decoder()
    decoder.feed(b"\x00\xff\xc8\x38" + _ACK + _framed(_IPHONE))  # a sound header for 200 bytes that never come
    assert _all(decoder) == []
    assert decoder.partial
    decoder.give_up()
    assert _all(decoder) == [ACK, _IPHONE]
    assert decoder.damaged == 1


def test_impossible_lengths_are_no_headers():
    for header in ("00ff0000", "00ffffff0000" + "00", "00ffffff010af5", "00ffffffffff02"):
        decoder = Decoder()
        decoder.feed(bytes.fromhex(header))
        assert _all(decoder) == []
        assert not decoder.partial
        decoder.feed(_ACK)
        assert _all(decoder) == [ACK]


def test_our_own_echo_is_no_answer():
    assert _found(_framed(b"\x02", 0xD4) + _ACK + _FIRMWARE) == [ACK, b"\x03\x32\x01\x06\x07"]
    assert _found(_framed(b"", 0xD5)) == []
    assert _found(_framed(b"\x01", 0x7F)) == []


def test_the_buffer_never_overflows():
    decoder = Decoder()
    assert decoder.feed(bytes(1000)) == len(decoder.buffer)
    assert decoder.feed(b"\x00") == 0
    assert _all(decoder) == []
    assert decoder.feed(_framed(_IPHONE)) == len(_framed(_IPHONE))
    assert _all(decoder) == [_IPHONE]
    decoder.filled(5000)
    assert _all(decoder) == []


def test_clear_forgets_half_a_frame():
    decoder = Decoder()
    decoder.feed(_framed(_IPHONE)[:10])
    assert _all(decoder) == []
    decoder.clear()
    decoder.feed(_framed(_IPHONE)[10:])
    assert _all(decoder) == []
