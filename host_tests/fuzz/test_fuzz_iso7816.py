"""Damaged answers to APDUs, 61xx and 6Cxx among them: each exchange ends soon, whole or with the declared error."""

import random

from fakes.mutation import below, growth, mutated
from fakes.scale import LONG
from latchkey.protocol import iso7816
from latchkey.protocol.iso7816 import Exchange, Iso7816Error

_ROUNDS = 1_000_000 if LONG else 20_000
_OK = b"\x90\x00"
_PARTS = (_OK, b"data\x61\x05", b"\x6c\x08", bytes(60) + _OK)
_ERRORS = (iso7816.NO_STATUS, iso7816.TOO_LONG, iso7816.TOO_OFTEN)

_exchange = Exchange(64)
_outcomes = [0] * 5


def _outcome(number):
    """0 for a whole answer, else the error's code."""
    header = bytes(random.getrandbits(8) for _ in range(4))
    _exchange.begin(header, header[: below(5)], below(257))
    for _ in range(9):
        part = mutated(_PARTS[below(len(_PARTS))])
        try:
            if _exchange.feed(memoryview(part)):
                assert len(_exchange.answer()) <= 64
                assert _exchange.status == part[-2] << 8 | part[-1]
                return 0
        except Iso7816Error as error:
            assert error.code in _ERRORS
            return error.code
        assert 5 <= len(_exchange.apdu()) <= 10
    raise AssertionError("an exchange without end")


def _one(number):
    _outcomes[_outcome(number)] += 1


def test_damaged_answers():
    random.seed(7816)
    assert growth(_one, _ROUNDS) <= 512
    assert min(_outcomes[code] for code in (0, iso7816.NO_STATUS, iso7816.TOO_LONG)) > _ROUNDS // 200
