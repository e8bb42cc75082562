"""The key card session against the vectors of its protocol, and against cards that answer everything else.

Origin of the vectors: computed with CPython's cryptography package from random keys, because none with known private
keys is published. Two have a shared X that begins with 00 or with a byte above 7f: there, implementations went wrong.
"""

from fakes.keycard_vectors import VECTORS
from latchkey.protocol import keycard
from latchkey.protocol.keycard import ANSWER, KEY, SEND, KeycardError, Session

_SELECT_FIRST = bytes.fromhex("00a404000af465736c614c6f676963")
_SELECT_SECOND = bytes.fromhex("00a404000a7465736c614c6f676963")
_GET_KEY = bytes.fromhex("8004000000")
_OK = b"\x90\x00"
_PLASTIC = VECTORS[0]


def _refusal(action, *arguments):
    try:
        action(*arguments)
    except KeycardError as error:
        return error.code
    return 0


def _selected():
    session = Session()
    assert len(session.public_key) == 64
    assert session.begin() == SEND
    assert bytes(session.apdu()) == _SELECT_FIRST
    assert session.feed(_OK) == SEND
    assert bytes(session.apdu()) == _GET_KEY
    return session


def _challenged(vector=_PLASTIC):
    session = _selected()
    assert session.feed(vector.card_public + _OK) == KEY
    assert session.challenge(vector.vehicle_public[1:], vector.challenge) == SEND
    return session


def _answered(response, vector=_PLASTIC):
    session = _challenged(vector)
    assert session.feed(response + _OK) == ANSWER
    return session


def test_all_vectors():
    assert len(VECTORS) == 4
    for vector in VECTORS:
        session = _challenged(vector)
        assert bytes(session.public_key) == vector.card_public[1:]
        assert bytes(session.apdu()) == vector.apdu
        assert session.feed(vector.rapdu) == ANSWER
        session.verify(vector.shared_x)


def test_any_flipped_bit_of_the_answer_is_found():
    for vector in VECTORS:
        for bit in range(128):
            response = bytearray(vector.response)
            response[bit // 8] ^= 1 << bit % 8
            assert _refusal(_answered(response, vector).verify, vector.shared_x) == keycard.WRONG_ANSWER


def test_a_shared_x_without_its_leading_zero_is_refused():
    vector = VECTORS[3]
    assert vector.shared_x[0] == 0
    assert _refusal(_answered(vector.response, vector).verify, vector.shared_x[1:]) == keycard.OUT_OF_TURN
    assert _refusal(_answered(vector.response, vector).verify, vector.shared_x[1:] + b"\x00") == keycard.WRONG_ANSWER


def test_another_challenge_is_not_proved_by_the_same_answer():
    session = _selected()
    session.feed(_PLASTIC.card_public + _OK)
    session.challenge(_PLASTIC.vehicle_public[1:], bytes(16))
    session.feed(_PLASTIC.response + _OK)
    assert _refusal(session.verify, _PLASTIC.shared_x) == keycard.WRONG_ANSWER


def test_the_four_salted_bytes_do_not_matter_and_the_others_do():
    salted = VECTORS[1]
    assert salted.challenge == _PLASTIC.challenge
    for first in range(16):
        session = _selected()
        session.feed(salted.card_public + _OK)
        challenge = bytearray(salted.challenge)
        challenge[first] ^= 0x80
        session.challenge(salted.vehicle_public[1:], challenge)
        session.feed(salted.rapdu)
        assert _refusal(session.verify, salted.shared_x) == (0 if first < 4 else keycard.WRONG_ANSWER)


def test_a_card_knows_only_the_second_name():
    for refusal in (b"\x6a\x82", b"\x69\x99", b"\x6e\x00", b"\x67\x00"):
        session = Session()
        session.begin()
        assert session.feed(refusal) == SEND
        assert bytes(session.apdu()) == _SELECT_SECOND
        assert session.feed(_OK) == SEND
        assert bytes(session.apdu()) == _GET_KEY


def test_whatever_an_application_says_of_itself_is_accepted():
    for information in (b"", b"\x6f\x00", bytes(254)):
        session = Session()
        session.begin()
        assert session.feed(information + _OK) == SEND
        assert bytes(session.apdu()) == _GET_KEY


def test_other_cards_are_not_keys():
    session = Session()
    session.begin()
    session.feed(b"\x6a\x82")
    assert _refusal(session.feed, b"\x6a\x82") == keycard.NOT_A_KEY
    for unknown in (b"\x6d\x00", b"\x6e\x00"):
        session = _selected()
        assert session.feed(unknown) == SEND
        assert bytes(session.apdu()) == _SELECT_SECOND
        assert session.feed(_OK) == SEND
        assert _refusal(session.feed, unknown) == keycard.NOT_A_KEY


def test_nonsense_instead_of_a_public_key():
    public = _PLASTIC.card_public
    for nonsense in (
        public,  # without status
        public[:-1] + _OK,
        public + b"\x00" + _OK,
        b"\x02" + public[1:] + _OK,
        public[:33] + _OK,
        _OK,
        public + b"\x6f\x00",
        b"\x69\x85",
        b"",
        b"\x90",
        bytes(257) + _OK,
    ):
        assert _refusal(_selected().feed, nonsense) == keycard.CARD_ERROR


def test_nonsense_instead_of_an_answer():
    response = _PLASTIC.response
    for nonsense in (response[:-1] + _OK, response + b"\x00" + _OK, _OK, response + b"\x6f\x00", b"\x6f\x00", b"\x00"):
        assert _refusal(_challenged().feed, nonsense) == keycard.CARD_ERROR


def test_an_answer_in_parts():
    session = _selected()
    assert session.feed(_PLASTIC.card_public[:60] + b"\x61\x05") == SEND
    assert bytes(session.apdu()) == b"\x00\xc0\x00\x00\x05"
    assert session.feed(_PLASTIC.card_public[60:] + _OK) == KEY
    session.challenge(_PLASTIC.vehicle_public[1:], _PLASTIC.challenge)
    assert session.feed(b"\x6c\x10") == SEND
    assert bytes(session.apdu()) == _PLASTIC.apdu[:-1] + b"\x10"
    assert session.feed(_PLASTIC.rapdu) == ANSWER
    session.verify(_PLASTIC.shared_x)


def test_endless_parts_are_an_error():
    session = _selected()
    for _ in range(8):
        assert session.feed(b"\x61\x10") == SEND
    assert _refusal(session.feed, b"\x61\x10") == keycard.CARD_ERROR


def test_steps_out_of_turn():
    session = Session()
    assert _refusal(session.feed, _OK) == keycard.OUT_OF_TURN
    assert _refusal(session.challenge, bytes(64), bytes(16)) == keycard.OUT_OF_TURN
    assert _refusal(session.verify, bytes(32)) == keycard.OUT_OF_TURN
    session = _selected()
    session.feed(_PLASTIC.card_public + _OK)
    assert _refusal(session.feed, _OK) == keycard.OUT_OF_TURN
    assert _refusal(session.challenge, bytes(65), bytes(16)) == keycard.OUT_OF_TURN
    assert _refusal(session.challenge, bytes(64), bytes(15)) == keycard.OUT_OF_TURN
    session = _answered(_PLASTIC.response)
    assert _refusal(session.feed, _OK) == keycard.OUT_OF_TURN


def test_an_answer_proves_once():
    session = _answered(_PLASTIC.response)
    session.verify(_PLASTIC.shared_x)
    assert _refusal(session.verify, _PLASTIC.shared_x) == keycard.OUT_OF_TURN


def test_a_card_that_has_proved_itself_may_be_challenged_again_and_one_that_has_not_may_not():
    session = _answered(_PLASTIC.response)
    session.verify(_PLASTIC.shared_x)
    assert session.challenge(_PLASTIC.vehicle_public[1:], _PLASTIC.challenge) == SEND
    assert session.feed(_PLASTIC.response + _OK) == ANSWER
    assert _refusal(session.verify, bytes(32)) == keycard.WRONG_ANSWER
    assert _refusal(session.challenge, _PLASTIC.vehicle_public[1:], _PLASTIC.challenge) == keycard.OUT_OF_TURN


def test_neither_challenge_nor_answer_is_left_behind():
    for shared_x in (_PLASTIC.shared_x, bytes(32)):
        session = _answered(_PLASTIC.response)
        _refusal(session.verify, shared_x)
        assert not any(session._answer) and not any(session._data)


def test_a_failed_session_is_over_until_begun_again():
    session = _selected()
    assert _refusal(session.feed, b"") == keycard.CARD_ERROR
    assert _refusal(session.feed, _OK) == keycard.OUT_OF_TURN
    assert session.begin() == SEND
    assert bytes(session.apdu()) == _SELECT_FIRST
    assert session.feed(_OK) == SEND


def test_errors_hold_nothing_but_their_code():
    for error in (KeycardError(keycard.WRONG_ANSWER), KeycardError(keycard.CARD_ERROR)):
        assert error.args == (error.code,)
