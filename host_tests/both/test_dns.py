"""Queries and answers of RFC 1035, put together from its section 4.1 and not by the code that is tested."""

from latchkey.protocol import dns
from latchkey.protocol.dns import DnsError

_HOST = "broker.example.com"
_ID = 0x1234
_A = b"\x00\x01\x00\x01"
_CNAME = b"\x00\x05\x00\x01"
_AAAA = b"\x00\x1c\x00\x01"
_TTL = b"\x00\x00\x01\x2c"
_TO_QUESTION = b"\xc0\x0c"  # section 4.1.4: the name at offset 12, where the question's is
_ADDRESS = bytes((192, 0, 2, 7))  # RFC 5737: for documentation


def _wire(host):
    """Section 3.1: labels with their lengths, and the root."""
    return b"".join(bytes((len(label),)) + label.encode() for label in host.split(".")) + b"\x00"


def _header(flags=0x8180, answers=1, questions=1, number=_ID, authorities=0, additional=0):
    words = (number, flags, questions, answers, authorities, additional)
    return b"".join(bytes((word >> 8, word & 0xFF)) for word in words)


def _record(data=_ADDRESS, kind=_A, name=_TO_QUESTION, length=None):
    length = len(data) if length is None else length
    return name + kind + _TTL + bytes((length >> 8, length & 0xFF)) + data


def _message(*records, flags=0x8180, host=_HOST, **fields):
    if "answers" not in fields:
        fields["answers"] = len(records)
    return _header(flags, **fields) + _wire(host) + _A + b"".join(records)


def _code(function, *arguments):
    try:
        found = function(*arguments)
    except DnsError as error:
        return error.code
    raise AssertionError("accepted, %s" % found)


def _query(host, number=_ID):
    buffer = bytearray(b"\xa5" * 300)
    length = dns.query(buffer, host, number)
    assert buffer[length:] == b"\xa5" * (300 - length)
    return bytes(buffer[:length])


def test_a_query_as_sections_4_1_1_and_4_1_2_say():
    assert _query(_HOST).hex() == (
        "1234" + "0100" + "0001" + "0000" + "0000" + "0000" + "0662726f6b6572" + "076578616d706c65" + "03636f6d" + "00"
        "0001" + "0001"
    )
    assert _query("a", 0xFFFF) == _header(0x0100, 0, 1, 0xFFFF) + b"\x01a\x00" + _A
    assert _query("xn--tr-yka.my_host-1.X9") == _header(0x0100, 0) + _wire("xn--tr-yka.my_host-1.X9") + _A


def test_a_dot_at_the_end_changes_nothing():
    assert _query(_HOST + ".") == _query(_HOST)
    assert dns.answer(_message(_record()), _ID, _HOST + ".") == _ADDRESS


def test_names_that_no_host_can_have():
    """Section 2.3.4: labels of 1 to 63 bytes, 255 in all; RFC 1123 section 2.1."""
    buffer = bytearray(600)
    label = "a" * 63
    longest = ".".join((label, label, label, "b" * 61))
    assert len(longest) == 253
    assert dns.query(buffer, longest, 1) == 12 + 255 + 4
    for name in (
        "",
        ".",
        "..",
        ".a",
        "a..b",
        "a..",
        label + "a",
        longest + "c",
        "a b",
        "a\x00",
        "a/b",
        "tür",
        "a:1",
        "@",
    ):
        assert _code(dns.query, buffer, name, 1) == dns.BAD_NAME, name
    for byte in range(256):
        allowed = chr(byte).isalpha() or chr(byte).isdigit() or chr(byte) in "-_"
        if byte < 128 and byte != 0x2E and not allowed:
            assert _code(dns.query, buffer, "a" + chr(byte) + "b", 1) == dns.BAD_NAME, byte


def test_a_buffer_that_is_just_large_enough():
    packet = _query(_HOST)
    exact = bytearray(len(packet))
    assert dns.query(exact, _HOST, _ID) == len(packet)
    assert exact == packet
    small = bytearray(len(packet) - 1)
    assert _code(dns.query, small, _HOST, _ID) == dns.TOO_LONG
    assert len(small) == len(packet) - 1


def test_an_answer_with_one_address():
    message = _message(_record())
    assert dns.answer(message, _ID, _HOST) == _ADDRESS
    assert dns.answer(bytearray(message), _ID, _HOST) == _ADDRESS
    assert dns.answer(memoryview(b"xx" + message)[2:], _ID, _HOST) == _ADDRESS
    assert type(dns.answer(memoryview(message), _ID, _HOST)) is bytes


def test_the_first_of_several_addresses():
    other = bytes((198, 51, 100, 1))
    assert dns.answer(_message(_record(), _record(other)), _ID, _HOST) == _ADDRESS
    assert dns.answer(_message(_record(other), _record(), _record()), _ID, _HOST) == other


def test_an_address_behind_other_names():
    """Section 3.3.1; the aliases lie before the address, with names of any form."""
    alias = _wire("edge.example.net")
    records = (
        _record(alias, _CNAME),
        _record(b"\x04node\xc0\x31", _CNAME, b"\xc0\x30"),
        _record(bytes(16), _AAAA, b"\x04node\xc0\x31"),
        _record(_ADDRESS, _A, alias),
    )
    assert dns.answer(_message(*records), _ID, _HOST) == _ADDRESS


def test_authorities_and_additional_records_are_not_looked_at():
    tail = _record(bytes((198, 51, 100, 2)))
    assert (
        _code(dns.answer, _message(answers=0, authorities=1, additional=1) + tail + tail, _ID, _HOST) == dns.NO_ADDRESS
    )
    assert dns.answer(_message(_record(), additional=1) + tail, _ID, _HOST) == _ADDRESS


def test_upper_and_lower_case_are_one():
    """Section 2.3.3; and only letters have them."""
    assert dns.answer(_message(_record(), host="BroKer.eXample.COM"), _ID, _HOST) == _ADDRESS
    assert dns.answer(_message(_record()), _ID, "BROKER.example.Com") == _ADDRESS
    for byte, like in ((0x10, "0"), (0x0D, "-"), (0x7F, "_"), (0x40, "`"), (0x5B, "{")):
        message = bytearray(_message(_record(), host="a" + like))
        assert dns.answer(message, _ID, "a" + like) == _ADDRESS
        message[14] = byte
        assert dns.answer(message, _ID, "a" + like) is None


def test_what_does_not_answer_this_query_is_passed_over():
    record = _record()
    for message in (
        b"",
        _message(record)[:11],
        _message(record, number=_ID ^ 1),
        _message(record, number=_ID ^ 0x100),
        _message(record, flags=0x0180),  # a query
        _message(record, flags=0x8980),  # an answer to another operation
        _message(record, questions=0),
        _message(record, questions=2),
        _message(record, questions=257),
        _message(record, host="broker.example.org"),
        _message(record, host="broker.example.co"),
        _message(record, host="broker.example.com.au"),
        _message(record, host="xbroker.example.com"),
        _message(record, host="broker-example.com"),
        _header() + _wire(_HOST) + _AAAA + record,
        _header() + _wire(_HOST) + b"\x00\x01\x00\x03" + record,
        _header() + _wire(_HOST)[:-1] + b"\x01" + _A + b"\x00" + _A + record,  # a name with one more label
        _header() + b"\xc0\x0c" + _A + record,  # its name is a pointer to itself
        _header() + b"\x06broker\xc0\x0c" + _A + record,
    ):
        assert dns.answer(message, _ID, _HOST) is None
    whole = _message(record)
    for cut in range(len(_header()) + len(_wire(_HOST)) + 4):
        assert dns.answer(whole[:cut], _ID, _HOST) is None


def test_answers_without_an_address():
    assert _code(dns.answer, _message(), _ID, _HOST) == dns.NO_ADDRESS
    assert _code(dns.answer, _message(_record(bytes(16), _AAAA)), _ID, _HOST) == dns.NO_ADDRESS
    assert _code(dns.answer, _message(_record(b"\x01a\x00\x00", _CNAME)), _ID, _HOST) == dns.NO_ADDRESS
    assert _code(dns.answer, _message(_record(kind=b"\x00\x01\x00\x03")), _ID, _HOST) == dns.NO_ADDRESS
    for length in (0, 3, 5, 16):
        assert _code(dns.answer, _message(_record(b"\x0a" * length)), _ID, _HOST) == dns.NO_ADDRESS


def test_addresses_that_are_no_hosts():
    for first in (0, 224, 239, 240, 255):
        bad = _record(bytes((first, 1, 2, 3)))
        assert _code(dns.answer, _message(bad), _ID, _HOST) == dns.NO_ADDRESS
        assert dns.answer(_message(bad, _record()), _ID, _HOST) == _ADDRESS
    for first in (1, 10, 127, 223):
        assert dns.answer(_message(_record(bytes((first, 0, 0, 0)))), _ID, _HOST) == bytes((first, 0, 0, 0))


def test_response_codes():
    """Section 4.1.1; a code counts even where addresses follow."""
    for code in range(1, 16):
        message = _message(_record(), flags=0x8180 | code)
        assert _code(dns.answer, message, _ID, _HOST) == (dns.NO_SUCH_NAME if code == 3 else dns.FAILED)


def test_every_cut_of_an_answer_is_malformed_or_cut_off():
    whole = _message(_record(b"\x03www\xc0\x0c", _CNAME), _record(_ADDRESS, _A, b"\xc0\x30"))
    start = len(_header()) + len(_wire(_HOST)) + 4
    for cut in range(start, len(whole)):
        assert _code(dns.answer, whole[:cut], _ID, _HOST) == dns.MALFORMED, cut
        truncated = bytearray(whole[:cut])
        truncated[2] |= 2
        assert _code(dns.answer, truncated, _ID, _HOST) == dns.NO_ADDRESS, cut
    truncated = bytearray(whole)
    truncated[2] |= 2
    assert dns.answer(truncated, _ID, _HOST) == _ADDRESS, "what has come is as good as ever"


def test_names_of_records_lead_nowhere():
    """Section 4.1.4: pointers to themselves, to each other, forwards and beyond the end; labels of reserved kinds."""
    for name in (b"\xc0\x24", b"\xff\xff", b"\x01a\xc0\x24", b"\xc0\x00"):
        assert dns.answer(_message(_record(_ADDRESS, _A, name)), _ID, _HOST) == _ADDRESS
    for name in (b"\x40a\x00", b"\x80a\x00", b"\xbf\xff\x00", b"\x3fa\x00", b"\x40" + b"a" * 64 + b"\x00"):
        assert _code(dns.answer, _message(_record(_ADDRESS, _A, name)), _ID, _HOST) == dns.MALFORMED


def test_more_records_are_promised_than_there_are():
    assert _code(dns.answer, _message(_record(bytes(16), _AAAA), answers=65_535), _ID, _HOST) == dns.MALFORMED
    assert _code(dns.answer, _message(_record(bytes(16), _AAAA, length=65_535)), _ID, _HOST) == dns.MALFORMED
    assert dns.answer(_message(_record(), answers=65_535), _ID, _HOST) == _ADDRESS
