"""APDUs: the four short cases, and the two detours 61xx and 6Cxx (ISO 7816-4 §5)."""

from latchkey.protocol import iso7816
from latchkey.protocol.iso7816 import ANY_LE, Exchange, Iso7816Error


def _apdu(*arguments):
    exchange = Exchange(16)
    exchange.begin(*arguments)
    return bytes(exchange.apdu())


def _refusal(action, *arguments):
    try:
        action(*arguments)
    except Iso7816Error as error:
        return error.code
    return 0


def _begun(longest=300):
    exchange = Exchange(longest)
    exchange.begin(b"\x80\x04\x00\x00", b"", ANY_LE)
    return exchange


def test_the_four_cases():
    header = b"\x00\xa4\x04\x00"
    assert _apdu(header) == header
    assert _apdu(header, b"", ANY_LE) == header + b"\x00"
    assert _apdu(header, b"", 16) == header + b"\x10"
    assert _apdu(header, b"ab") == header + b"\x02ab"
    assert _apdu(header, b"ab", 255) == header + b"\x02ab\xff"


def test_the_longest_command_fits():
    assert len(_apdu(b"\x80\x11\x00\x00", bytes(255), ANY_LE)) == 261


def test_lengths_out_of_range_are_refused():
    exchange = Exchange(16)
    assert _refusal(exchange.begin, b"\x00\xa4\x04") == iso7816.BAD_LENGTH
    assert _refusal(exchange.begin, b"\x00\xa4\x04\x00", bytes(256)) == iso7816.BAD_LENGTH
    assert _refusal(exchange.begin, b"\x00\xa4\x04\x00", b"", 257) == iso7816.BAD_LENGTH
    assert _refusal(exchange.begin, b"\x00\xa4\x04\x00", b"", -1) == iso7816.BAD_LENGTH


def test_an_answer_is_split_into_data_and_status():
    exchange = _begun()
    assert exchange.feed(b"data\x90\x00")
    assert (exchange.status, bytes(exchange.answer())) == (0x9000, b"data")
    exchange = _begun()
    assert exchange.feed(b"\x6a\x82")
    assert (exchange.status, bytes(exchange.answer())) == (0x6A82, b"")


def test_an_answer_without_status_is_refused():
    for part in (b"", b"\x90"):
        assert _refusal(_begun().feed, part) == iso7816.NO_STATUS


def test_get_response_collects_all_parts():
    exchange = _begun()
    assert not exchange.feed(b"one\x61\x03")
    assert bytes(exchange.apdu()) == b"\x00\xc0\x00\x00\x03"
    assert not exchange.feed(b"two\x61\x00")
    assert bytes(exchange.apdu()) == b"\x00\xc0\x00\x00\x00"
    assert exchange.feed(b"three\x90\x00")
    assert (exchange.status, bytes(exchange.answer())) == (0x9000, b"onetwothree")


def test_a_wrong_le_is_corrected():
    exchange = _begun()
    assert not exchange.feed(b"\x6c\x41")
    assert bytes(exchange.apdu()) == b"\x80\x04\x00\x00\x41"
    assert exchange.feed(bytes(65) + b"\x90\x00")
    assert len(exchange.answer()) == 65


def test_a_wrong_le_is_corrected_behind_data():
    exchange = Exchange(16)
    exchange.begin(b"\x80\x11\x00\x00", b"abc", ANY_LE)
    assert not exchange.feed(b"\x6c\x10")
    assert bytes(exchange.apdu()) == b"\x80\x11\x00\x00\x03abc\x10"


def test_a_wrong_le_of_a_command_without_one_is_an_answer():
    for data in (b"", b"abc"):
        exchange = Exchange(16)
        exchange.begin(b"\x00\xa4\x04\x00", data)
        assert exchange.feed(b"\x6c\x10")
        assert exchange.status == 0x6C10


def test_detours_end():
    exchange = _begun()
    for _ in range(8):
        assert not exchange.feed(b"\x61\x10")
    assert _refusal(exchange.feed, b"\x61\x10") == iso7816.TOO_OFTEN
    exchange = _begun()
    for _ in range(8):
        assert not exchange.feed(b"\x6c\x10")
    assert _refusal(exchange.feed, b"\x6c\x10") == iso7816.TOO_OFTEN


def test_more_data_than_there_is_room_for_is_refused():
    exchange = _begun(longest=16)
    assert exchange.feed(bytes(16) + b"\x90\x00")
    assert _refusal(_begun(longest=16).feed, bytes(17) + b"\x90\x00") == iso7816.TOO_LONG
    exchange = _begun(longest=16)
    assert not exchange.feed(bytes(10) + b"\x61\x07")
    assert _refusal(exchange.feed, bytes(7) + b"\x90\x00") == iso7816.TOO_LONG


def test_a_new_command_forgets_the_old_answer():
    exchange = _begun()
    assert not exchange.feed(b"old\x61\x03")
    exchange.begin(b"\x80\x04\x00\x00", b"", ANY_LE)
    assert exchange.feed(b"new\x90\x00")
    assert bytes(exchange.answer()) == b"new"
    exchange.wipe()
    assert bytes(exchange.answer()) == bytes(3)
