"""Damaged listings: a card that makes sense, an empty field, or the one declared error."""

import random

from fakes.mutation import growth, mutated
from fakes.scale import LONG
from latchkey.drivers.pn532_error import BAD_ANSWER, Pn532Error
from latchkey.drivers.pn532_listing import Card, parse

_ROUNDS = 1_000_000 if LONG else 20_000
_SEEDS = (
    bytes.fromhex("00"),
    bytes.fromhex("01010004200408d698330578807002"),
    bytes.fromhex("010103442007047368a2c72280067577810280"),
    bytes.fromhex("010100440007041122334455660000"),
    bytes.fromhex("02010044000704112233445566020004200408d698330578807002"),
    bytes.fromhex("010100042004112233440100"),
)
_card = Card()
_seen = [0, 0, 0]  # empty, card, error


def _one(number):
    answer = mutated(_SEEDS[number % len(_SEEDS)])
    try:
        found = parse(memoryview(answer), _card)
    except Pn532Error as error:
        assert error.code == BAD_ANSWER
        _seen[2] += 1
        return
    _seen[found] += 1
    if found:
        assert answer[0]
        assert _card.uid == answer[6 : 6 + len(_card.uid)]
        assert 1 <= len(_card.uid) <= 10
        assert not _card.ats or len(_card.ats) == _card.ats[0]
        assert _card.iso_dep or not _card.ats


def test_damaged_listings():
    random.seed(74)
    assert growth(_one, _ROUNDS) <= 512
    assert min(_seen) > _ROUNDS // 50  # all three ways were taken
