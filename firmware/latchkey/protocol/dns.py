"""One DNS question for the IPv4 address of a host, and its answer, without I/O.

Facts: RFC 1035 section 4.1 (messages), 4.1.4 (compression), 3.1 and 2.3.4 (names are labels, 63 and 255 bytes), 2.3.3
(upper and lower case are one); RFC 1123 section 2.1 (letters, digits and hyphens; with the underscore that some use).

Taken is the first A record of the answer section, whatever name it has: behind a CNAME it has another than was asked
for, and the server that was asked has followed it. Names of records are passed over where they lie. A compression
pointer ends a name and is never followed, so there is no loop to get into; the question itself may have none.

Not protected against: a forged answer by someone who sees the query, or guesses 16 bits of id and the port. An address
is a place to try, and who is there is proved by TLS. Addresses that are no host's (0/8, and 224/4 upwards) are refused.
"""

from micropython import const

# DnsError codes
BAD_NAME = const(1)  # no host can have such a name
MALFORMED = const(2)
NO_SUCH_NAME = const(3)
NO_ADDRESS = const(4)  # the name has none, or the answer was cut off before one
FAILED = const(5)  # the server would not, or could not
TOO_LONG = const(6)  # the buffer is too small for the query

LONGEST = const(512)  # of a message over UDP, section 4.2.1

_HEADER = const(12)
_QUESTION_TAIL = b"\x00\x01\x00\x01"  # type A, class IN
_RECORD_HEAD = const(10)  # type, class, time to live, length
_LONGEST_NAME = const(253)  # as text; section 2.3.4 counts a byte before each label and one behind the last
_LONGEST_LABEL = const(63)
_POINTER = const(0xC0)
_RESPONSE = const(0x80)  # to a standard query: the operation code is 0
_TRUNCATED = const(2)
_NXDOMAIN = const(3)
_MULTICAST = const(224)


class DnsError(Exception):
    """There is no address; `code` says why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def query(buffer: bytearray, host: str, id16: int) -> int:
    """Write a query for the address of `host`, recursion desired; return its length, at most 271 bytes.

    in: host, with or without a dot at its end; id16 0 to 65,535, as hard to guess as the caller can make it.
    raises: DnsError(BAD_NAME, TOO_LONG); what is in the buffer then is of no use.
    """
    name = _name(host)
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise DnsError(BAD_NAME)
    if _HEADER + 2 + len(name) + len(_QUESTION_TAIL) > len(buffer):
        raise DnsError(TOO_LONG)
    buffer[0] = id16 >> 8 & 0xFF
    buffer[1] = id16 & 0xFF
    buffer[2:_HEADER] = b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"  # recursion desired; one question
    at = _HEADER
    for label in name.split(b"."):
        if not 1 <= len(label) <= _LONGEST_LABEL:
            raise DnsError(BAD_NAME)
        buffer[at] = len(label)
        for byte in label:
            if not _is_letter(byte) and not 0x30 <= byte <= 0x39 and byte != 0x2D and byte != 0x5F:
                raise DnsError(BAD_NAME)
            at += 1
            buffer[at] = byte
        at += 1
    buffer[at] = 0
    buffer[at + 1 : at + 5] = _QUESTION_TAIL
    return at + 5


def answer(data: "bytes | bytearray | memoryview", id16: int, host: str) -> "bytes | None":
    """The address, 4 bytes; None for a message that does not answer this query, after which to go on waiting.

    raises: DnsError(MALFORMED, NO_SUCH_NAME, NO_ADDRESS, FAILED) when it does answer and there is none.
    """
    end = len(data)
    if end < _HEADER or data[0] << 8 | data[1] != id16:
        return None
    if data[2] & 0xF8 != _RESPONSE or data[4] or data[5] != 1:
        return None
    at = _behind_question(data, host)
    if not at:
        return None
    code = data[3] & 15
    if code:
        raise DnsError(NO_SUCH_NAME if code == _NXDOMAIN else FAILED)
    for _ in range(data[6] << 8 | data[7]):
        at = _behind_name(data, at)
        start = at + _RECORD_HEAD
        following = start + (data[start - 2] << 8 | data[start - 1]) if start <= end else end + 1
        if following > end:
            raise DnsError(NO_ADDRESS if data[2] & _TRUNCATED else MALFORMED)
        if following - start == 4 and bytes(data[at : at + 4]) == _QUESTION_TAIL and 0 < data[start] < _MULTICAST:
            return bytes(data[start:following])
        at = following
    raise DnsError(NO_ADDRESS)


def _name(host: str) -> bytes:
    name = host.encode()
    return name[:-1] if name[-1:] == b"." else name


def _is_letter(byte: int) -> bool:
    return 0x61 <= byte | 0x20 <= 0x7A


def _behind_question(data: "bytes | bytearray | memoryview", host: str) -> int:
    """Where the answers begin; 0 when the question is not the one about `host`."""
    at = _HEADER
    end = len(data)
    for label in _name(host).split(b"."):
        if at + len(label) >= end or data[at] != len(label):
            return 0
        for byte in label:
            at += 1
            if data[at] != byte and (data[at] ^ byte != 0x20 or not _is_letter(byte)):
                return 0
        at += 1
    if at >= end or data[at] or bytes(data[at + 1 : at + 5]) != _QUESTION_TAIL:
        return 0
    return at + 5


def _behind_name(data: "bytes | bytearray | memoryview", at: int) -> int:
    """Where the type of a record stands; beyond the end of the message when its name has no end."""
    end = len(data)
    while at < end:
        length = data[at]
        if length >= _POINTER:
            return at + 2
        at += 1 + length
        if not length:
            return at
        if length > _LONGEST_LABEL:
            break
    return end
