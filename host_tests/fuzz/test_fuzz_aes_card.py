"""AES cards that answer damaged things at every step: the talk ends soon, with a proof or with a declared error.

The honest answers are the published ones of AN12196 table 14, and for what follows it those of the plain AES card.
"""

import random

from fakes.mutation import below, growth, mutated
from fakes.scale import LONG
from latchkey.protocol import aes_card_error
from latchkey.protocol.aes_card import DONE, NTAG_424, PROVED, SELECTED, SEND, AesSession
from latchkey.protocol.aes_card_error import AesCardError

_ROUNDS = 1_000_000 if LONG else 10_000
_KEY = bytes(16)
_RND_A = bytes.fromhex("13c5db8a5930439fc3def9a4c675360f")
_UID = bytes.fromhex("04958caa5c5e80")
_PROOF = bytes.fromhex("3fa64db5446d1f34cd6ea311167f5e4985b89690c04a05f17fa7ab2f081206639100")
_HONEST = {
    0xA4: b"\x90\x00",
    0x64: b"\x00\x91\x00",
    0x71: bytes.fromhex("a04c124213c186f22399d33ac2a3021591af"),
    0xAF: _PROOF,
    0x51: bytes.fromhex("3ee97405f34e1c91a588bb7b21e0b999edb57e3f6dc7060a9100"),
    0xC4: b"\x91\x00",
    0xC0: b"\x61\x10",  # GET RESPONSE, which only a damaged answer can lead to
}
_PARTS = (b"\x61\x10", b"\x6c\x10", b"\x91\xaf", b"\x91\x00", b"\x90\x00", b"", b"\x91\xae", b"\x91\x1e", bytes(98))
_MOST_TURNS = 2 * 9 + 1  # the two parts of a proof, each with its eight detours

_session = AesSession()
_damaged = {}  # INS of the commands whose answers were changed in this talk; 6Cxx only makes the reader ask again
_pieces = [False]
_outcomes = [0] * (aes_card_error.OUT_OF_TURN + 1)


def _card_says(how):
    ins = _session.apdu()[1]
    answer = _HONEST[ins]
    if ins == 0xC0:
        _damaged.clear()  # 61xx and GET RESPONSE: the pieces may make up the honest answer again
        _pieces[0] = True
    if not how or below(8):
        return answer
    damaged = _PARTS[below(len(_PARTS))] if below(3) == 0 else mutated(answer)
    if damaged != answer and not (len(damaged) == 2 and damaged[0] == 0x6C):
        _damaged[ins] = not _pieces[0]
    return damaged


def _talk(step, how):
    for _ in range(_MOST_TURNS):
        if step != SEND:
            return step
        step = _session.feed(memoryview(_card_says(how)))
    raise AssertionError("a talk without end")


def _one_talk(number):
    """All that is ever said to a card; every eighth time without damage."""
    how = number % 8
    _damaged.clear()
    _pieces[0] = False
    try:
        assert _talk(_session.begin(NTAG_424), how) == SELECTED
        assert _talk(_session.get_key_version(0), how) == DONE
        assert _talk(_session.authenticate(0, _KEY, _RND_A), how) == PROVED
        assert not _damaged.get(0xAF)
        assert _talk(_session.get_card_uid(), how) == DONE
        assert not _damaged.get(0x71) and not _damaged.get(0x51) and _session.uid == _UID
        assert _talk(_session.change_key(0, bytes(range(16)), 1), how) == SELECTED
        code = 0
    except AesCardError as error:
        code = error.code
        assert code != aes_card_error.OUT_OF_TURN and how
    _outcomes[code] += 1


def test_damaged_talks():
    random.seed(12196)
    assert growth(_one_talk, _ROUNDS) <= 512
    for code in (0, aes_card_error.NOT_A_KEY, aes_card_error.WRONG_ANSWER, aes_card_error.CARD_ERROR):
        assert _outcomes[code] > _ROUNDS // 200
