"""Damaged answers of a name server: an address that stands in them, none, or the declared error."""

import random

from fakes.mutation import below, growth, mutated
from fakes.scale import LONG
from latchkey.protocol import dns
from latchkey.protocol.dns import DnsError

_ROUNDS = 1_000_000 if LONG else 20_000
_HOST = "broker.example.com"
_ID = 0x1234
_QUESTION = b"\x06broker\x07example\x03com\x00\x00\x01\x00\x01"
_TTL = b"\x00\x00\x01\x2c"
_ADDRESS = b"\xc0\x0c\x00\x01\x00\x01" + _TTL + b"\x00\x04\xc0\x00\x02\x07"
_ALIAS = b"\xc0\x0c\x00\x05\x00\x01" + _TTL + b"\x00\x07\x04edge\xc0\x13"
_EDGE = b"\x04edge\xc0\x13\x00\x01\x00\x01" + _TTL + b"\x00\x04\xc6\x33\x64\x01"
_SIX = b"\xc0\x0c\x00\x1c\x00\x01" + _TTL + b"\x00\x10" + bytes(16)


def _header(code, answers):
    return b"\x12\x34\x81" + bytes((0x80 | code,)) + b"\x00\x01\x00" + bytes((answers,)) + b"\x00\x00\x00\x00"


_SEEDS = (
    _header(0, 1) + _QUESTION + _ADDRESS,
    _header(0, 2) + _QUESTION + _ALIAS + _EDGE,
    _header(0, 3) + _QUESTION + _SIX + _ADDRESS + _ADDRESS,
    _header(0, 9) + _QUESTION + _SIX + _SIX,
    _header(3, 0) + _QUESTION,
    _header(2, 0) + _QUESTION,
)
_CODES = (dns.MALFORMED, dns.NO_SUCH_NAME, dns.NO_ADDRESS, dns.FAILED)

_outcomes = [0] * 7  # by code; 0: an address, 6: not an answer to this query
_names = [0]
_buffer = bytearray(128)


def _one(number):
    if number & 1:
        start = len(_header(0, 0)) + len(_QUESTION)
        seed = _SEEDS[below(4)]
        message = seed[:start] + mutated(seed[start:])  # behind a question that is right
    else:
        message = mutated(_SEEDS[below(len(_SEEDS))])
    try:
        address = dns.answer(memoryview(message), _ID, _HOST)
    except DnsError as error:
        assert error.code in _CODES
        _outcomes[error.code] += 1
        return
    if address is None:
        _outcomes[6] += 1
        return
    assert len(address) == 4 and 0 < address[0] < 224
    assert bytes(message).find(b"\x00\x01\x00\x01") < bytes(message).rfind(address)
    _outcomes[0] += 1


def _query(number):
    """Names of any text: a query that is as long as the name makes it, or the declared error."""
    try:
        host = bytes(mutated(_HOST.encode())).decode()
    except UnicodeError:
        return
    try:
        length = dns.query(_buffer, host, number & 0xFFFF)
    except DnsError as error:
        assert error.code == dns.BAD_NAME
        return
    assert length == 18 + len(host) - host.endswith(".")
    _names[0] += 1


def test_damaged_answers():
    random.seed(53)
    assert growth(_one, _ROUNDS) <= 512
    for code in (0, dns.MALFORMED, dns.NO_SUCH_NAME, dns.NO_ADDRESS, dns.FAILED, 6):
        assert _outcomes[code] > _ROUNDS // 500, _outcomes


def test_damaged_names():
    random.seed(35)
    assert growth(_query, _ROUNDS) <= 512
    assert _names[0] > _ROUNDS // 10
