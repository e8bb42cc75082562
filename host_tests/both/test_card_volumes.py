"""Answers of cards, recorded, forged and hurt, by the thousand: none proves anything, the honest card always does.

At the level of the protocols, where nothing of a card is modelled but its key: a key card answers with one block, an
AES card with two steps of AuthenticateEV2First (NT4H2421Gx section 9.1.5). The stories do it with whole cards.
"""

import random

from fakes.results import tell
from fakes.scale import LONG, SHORT
from latchkey.crypto.aes import Block
from latchkey.crypto.digest import sha1
from latchkey.protocol import aes_card, keycard
from latchkey.protocol.aes_card_error import AesCardError
from latchkey.protocol.keycard import KeycardError

_SESSIONS = 1_000 if LONG else 20 if SHORT else 200
_RANDOM = 100_000 if LONG else 200 if SHORT else 4_000
_LATER = 50 if LONG else 5  # sessions into which each recorded answer is played again
_HURT = 100 if LONG else 2 if SHORT else 10  # answers of which every bit is turned

_POINT = b"\x04" + bytes(range(64))


def _bytes(count):
    return bytes([random.getrandbits(8) for _ in range(count)])


class KeyCard:
    """One enrolled key card, by its shared secret."""

    answer_len = 16

    def __init__(self):
        self._shared = _bytes(32)
        self._session = keycard.Session()
        self._challenge = b""

    def answer(self):
        """A fresh session, as far as the answer that the card gives."""
        session = self._session
        session.begin()
        session.feed(b"\x90\x00")
        assert session.feed(_POINT + b"\x90\x00") == keycard.KEY
        self._challenge = _bytes(16)
        session.challenge(_POINT[1:], self._challenge)
        out = bytearray(16)
        Block(bytearray(sha1(self._shared)[:16])).encrypt(self._challenge, out)
        return bytes(out)

    def proves(self, answer):
        try:
            self._session.feed(answer + b"\x90\x00")
            self._session.verify(self._shared)
        except KeycardError as error:
            assert error.code == keycard.WRONG_ANSWER
            return False
        return True


class AesCard:
    """One enrolled AES card, by its key."""

    answer_len = 32

    def __init__(self):
        self._key = _bytes(16)
        self._session = aes_card.AesSession()

    def answer(self):
        session = self._session
        session.begin(b"\xf0latchkey")
        assert session.feed(b"\x90\x00") == aes_card.SELECTED
        rnd_a, rnd_b = _bytes(16), _bytes(16)
        session.authenticate(0, self._key, rnd_a)
        session.feed(self._cbc(rnd_b) + b"\x91\xaf")
        return self._cbc(_bytes(4) + rnd_a[1:] + rnd_a[:1] + bytes(12))

    def proves(self, answer):
        try:
            return self._session.feed(answer + b"\x91\x00") == aes_card.PROVED
        except AesCardError as error:
            assert error.code == aes_card.WRONG_ANSWER
            return False

    def _cbc(self, plain):
        cipher, chain, out = Block(self._key), bytearray(16), b""
        for start in range(0, len(plain), 16):
            for at in range(16):
                chain[at] ^= plain[start + at]
            cipher.encrypt(chain, chain)
            out += bytes(chain)
        return out


def _honest(card):
    assert card.proves(card.answer()), "the honest card"


def _replays(card):
    recorded = []
    for _ in range(_SESSIONS):
        answer = card.answer()
        assert card.proves(answer)
        recorded.append(answer)
    for number, answer in enumerate(recorded):
        for _ in range(_LATER):
            card.answer()
            assert not card.proves(answer)
        if number % 10 == 0:
            _honest(card)
    return len(recorded) * _LATER


def _random_answers(card):
    for number in range(_RANDOM):
        card.answer()
        assert not card.proves(_bytes(card.answer_len))
        if number % 100 == 0:
            _honest(card)
    return _RANDOM


def _hurt(card):
    tries = 0
    for _ in range(_HURT):
        for bit in range(8 * card.answer_len):
            hurt = bytearray(card.answer())
            hurt[bit >> 3] ^= 1 << (bit & 7)
            assert not card.proves(bytes(hurt))
            tries += 1
        _honest(card)
    return tries


def _volumes(name, card):
    words = "%s: %d replays, %d random answers, %d with one bit turned: 0 accepted, the honest card always"
    tell("F7", words % (name, _replays(card), _random_answers(card), _hurt(card)))


def test_key_cards():
    random.seed(7)
    _volumes("key card", KeyCard())


def test_aes_cards():
    random.seed(77)
    _volumes("AES card", AesCard())
