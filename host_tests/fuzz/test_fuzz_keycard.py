"""Cards that answer damaged things at every step of a session: it ends soon, with a proof or with a declared error."""

import random

from fakes.mutation import below, growth, mutated
from fakes.scale import LONG
from latchkey.crypto.aes import Block
from latchkey.crypto.digest import sha1
from latchkey.protocol import keycard
from latchkey.protocol.keycard import ANSWER, KEY, SEND, KeycardError, Session

_ROUNDS = 1_000_000 if LONG else 20_000
_OK = b"\x90\x00"
_SELECT_ANSWERS = (_OK, b"\x6f\x0a\x84\x08teslaLog" + _OK, b"\x6a\x82", b"\x61\x12", b"\x6c\x10")
_PART_ANSWERS = (b"\x61\x10", b"\x6c\x41", bytes(200) + b"\x61\x00", b"\x9f\x04")
_MOST_TURNS = 4 * 9 + 1  # two selections, key, proof; each with its eight detours

_KEY = bytes(range(64))
_CHALLENGE = bytes(range(16))
_SHARED_X = b"\x00" + bytes(range(31))
_PROOF = bytearray(16)
Block(sha1(_SHARED_X)[:16]).encrypt(_CHALLENGE, _PROOF)

_session = Session()
_outcomes = [0] * 5


def _card_says(apdu, how):
    """The answer of a card that is right, except in one step out of three or so, or in every one."""
    ins = apdu[1]
    if ins == 0xA4:
        answer = _SELECT_ANSWERS[below(len(_SELECT_ANSWERS))] if how else _OK
    elif ins == 0x04:
        answer = b"\x04" + _KEY + _OK
    elif ins == 0x11:
        answer = bytes(_PROOF) + _OK
    else:
        answer = _PART_ANSWERS[below(len(_PART_ANSWERS))]
    return mutated(answer) if how and below(3) == 0 else answer


def _converse(how):
    """One session. Returns 0 for a proof, else the error's code."""
    step = _session.begin()
    for _ in range(_MOST_TURNS):
        if step == KEY:
            step = _session.challenge(_KEY, _CHALLENGE)
        elif step == ANSWER:
            proof = bytes(_session._answer)
            _session.verify(_SHARED_X)
            assert proof == _PROOF
            return 0
        else:
            assert step == SEND
            step = _session.feed(memoryview(_card_says(_session.apdu(), how)))
    raise AssertionError("a session without end")


def _one_session(number):
    try:
        code = _converse(number % 8)
    except KeycardError as error:
        code = error.code
        assert code in (keycard.NOT_A_KEY, keycard.CARD_ERROR, keycard.WRONG_ANSWER)
    assert code == 0 or number % 8
    _outcomes[code] += 1


def test_damaged_sessions():
    random.seed(7816)
    assert growth(_one_session, _ROUNDS) <= 512
    assert min(_outcomes[:4]) > _ROUNDS // 200  # proofs and all three errors were reached
