"""The session with an AES card against published conversations, and against cards that answer everything else."""

from fakes.aes_card_vectors import AUTHENTICATIONS, COMMANDS, GET_CARD_UID, ZERO_KEY
from latchkey.protocol import aes_card, aes_card_error
from latchkey.protocol.aes_card import DONE, NTAG_424, PROVED, SELECTED, SEND, AesSession
from latchkey.protocol.aes_card_error import AesCardError

_OK = b"\x91\x00"
_MORE = b"\x91\xaf"
_FIRST = AUTHENTICATIONS[0]
_SELECT_NTAG = bytes.fromhex("00a4040c07d276000085010100")


def _refusal(action, *arguments):
    try:
        action(*arguments)
    except AesCardError as error:
        return error.code
    return 0


def _selected(name=NTAG_424):
    session = AesSession()
    assert session.begin(name) == SEND
    assert session.feed(b"\x90\x00") == SELECTED
    return session


def _asked(vector=_FIRST):
    session = _selected()
    assert session.authenticate(vector.number, vector.key, vector.rnd_a) == SEND
    return session


def _challenged(vector=_FIRST):
    session = _asked(vector)
    assert session.feed(vector.first + _MORE) == SEND
    return session


def _proved(vector=_FIRST):
    session = _challenged(vector)
    assert session.feed(vector.third + _OK) == PROVED
    return session


def _in_session(command):
    """Proved, under the session keys of a published command."""
    session = _proved()
    channel = session._secured()
    channel._enc_key[:] = command.enc_key
    channel._mac_key[:] = command.mac_key
    channel._ti[:] = command.ti
    channel._count = command.count
    return session


def test_published_authentications():
    for vector in AUTHENTICATIONS:
        session = _asked(vector)
        assert bytes(session.apdu()) == b"\x90\x71\x00\x00\x02" + bytes((vector.number,)) + b"\x00\x00"
        assert session.feed(vector.first + _MORE) == SEND
        assert session._rnd_b == vector.rnd_b
        assert bytes(session.apdu()) == b"\x90\xaf\x00\x00\x20" + vector.second + b"\x00"
        assert session.feed(vector.third + _OK) == PROVED
        channel = session._secured()
        assert channel._ti == vector.ti
        assert channel._enc_key == vector.enc_key
        assert channel._mac_key == vector.mac_key


def test_selection():
    session = AesSession()
    assert session.begin(NTAG_424) == SEND
    assert bytes(session.apdu()) == _SELECT_NTAG
    assert session.feed(bytes(40) + b"\x90\x00") == SELECTED  # whatever it says of itself
    session.begin(b"\x01\x02\x03")
    assert bytes(session.apdu()) == b"\x90\x5a\x00\x00\x03\x01\x02\x03\x00"
    assert session.feed(_OK) == SELECTED
    for refusal in (b"\x6a\x82", b"\x6d\x00", b"\x6e\x00", b"\x69\x99", b"\x91\xa0", b"\x91\x1c", b"\x67\x00"):
        session.begin(NTAG_424)
        assert _refusal(session.feed, refusal) == aes_card_error.NOT_A_KEY
    for name in (b"", b"\x01\x02", b"\x01\x02\x03\x04", bytes(17)):
        assert _refusal(session.begin, name) == aes_card_error.OUT_OF_TURN


def test_any_flipped_bit_of_a_proof_is_found():
    for vector in AUTHENTICATIONS:
        for bit in range(8 * 32):
            third = bytearray(vector.third)
            third[bit // 8] ^= 1 << bit % 8
            assert _refusal(_challenged(vector).feed, third + _OK) == aes_card_error.WRONG_ANSWER


def test_each_byte_of_the_echo_counts():
    for at in range(16):
        session = _challenged()
        session._echo[at] ^= 1
        assert _refusal(session.feed, _FIRST.third + _OK) == aes_card_error.WRONG_ANSWER


def test_another_challenge_is_not_proved_by_the_same_answers():
    for at in range(16):
        session = _selected()
        rnd_a = bytearray(_FIRST.rnd_a)
        rnd_a[at] ^= 0x80
        session.authenticate(0, ZERO_KEY, rnd_a)
        session.feed(_FIRST.first + _MORE)
        assert _refusal(session.feed, _FIRST.third + _OK) == aes_card_error.WRONG_ANSWER


def test_another_key_is_not_proved():
    session = _selected()
    session.authenticate(0, b"\x01" + bytes(15), _FIRST.rnd_a)
    assert session.feed(_FIRST.first + _MORE) == SEND
    assert bytes(session.apdu()[5:37]) != _FIRST.second
    assert _refusal(session.feed, _FIRST.third + _OK) == aes_card_error.WRONG_ANSWER


def test_a_card_in_lrp_mode_is_refused_by_name():
    assert _refusal(_asked().feed, b"\x01" + bytes(16) + _MORE) == aes_card_error.LRP


def test_what_the_card_says_about_a_proof():
    for status, code in (
        (b"\x91\xae", aes_card_error.WRONG_KEY),
        (b"\x91\xad", aes_card_error.DELAYED),
        (b"\x91\x40", aes_card_error.NO_KEY),
        (b"\x91\x9e", aes_card_error.NO_KEY),
        (b"\x91\x9d", aes_card_error.REFUSED),
        (b"\x91\x1e", aes_card_error.INTEGRITY),
        (b"\x91\xee", aes_card_error.NOT_WRITTEN),
        (b"\x91\xca", aes_card_error.NOT_WRITTEN),
        (b"\x91\x0e", aes_card_error.NOT_WRITTEN),
        (b"\x91\x1c", aes_card_error.NOT_A_KEY),
        (b"\x6d\x00", aes_card_error.NOT_A_KEY),
        (b"\x90\x00", aes_card_error.CARD_ERROR),
        (b"\x91\x7e", aes_card_error.CARD_ERROR),
        (b"\x91", aes_card_error.CARD_ERROR),
        (b"", aes_card_error.CARD_ERROR),
    ):
        assert _refusal(_asked().feed, status) == code
        assert _refusal(_challenged().feed, status) == code


def test_nonsense_instead_of_a_proof():
    for answer in (_FIRST.first[:15], _FIRST.first + bytes(2), b"", bytes(97)):
        assert _refusal(_asked().feed, answer + _MORE) == aes_card_error.CARD_ERROR
    assert _refusal(_asked().feed, _FIRST.first + _OK) == aes_card_error.CARD_ERROR
    for answer in (_FIRST.third[:16], _FIRST.third + b"\x00", b""):
        assert _refusal(_challenged().feed, answer + _OK) == aes_card_error.CARD_ERROR
    assert _refusal(_challenged().feed, _FIRST.third + _MORE) == aes_card_error.CARD_ERROR


def test_from_the_last_answer_to_the_proof_two_blocks_are_computed():
    plain = aes_card.Block
    counted = [0]

    class Counting(plain):
        def encrypt(self, block, out):
            counted[0] += 1
            super().encrypt(block, out)

        def decrypt(self, block, out):
            counted[0] += 1
            super().decrypt(block, out)

    aes_card.Block = Counting
    try:
        session = _challenged()
        counted[0] = 0
        assert session.feed(_FIRST.third + _OK) == PROVED
        assert counted[0] == 2
    finally:
        aes_card.Block = plain


def test_the_key_version_is_asked_without_a_proof_and_after_one():
    session = _selected()
    assert session.get_key_version(2) == SEND
    assert bytes(session.apdu()) == b"\x90\x64\x00\x00\x01\x02\x00"
    assert session.feed(b"\x07" + _OK) == DONE
    assert session.key_version == 7
    assert session.authenticate(0, ZERO_KEY, _FIRST.rnd_a) == SEND
    for nonsense in (b"", b"\x01\x02"):
        session = _selected()
        session.get_key_version(0)
        assert _refusal(session.feed, nonsense + _OK) == aes_card_error.CARD_ERROR
    session = _proved()
    session.get_key_version(0)
    assert len(session.apdu()) == 5 + 1 + 8 + 1
    assert _refusal(session.feed, b"\x07" + bytes(8) + _OK) == aes_card_error.WRONG_ANSWER


def test_the_published_uid():
    command = COMMANDS[GET_CARD_UID]
    session = _in_session(command)
    assert session.get_card_uid() == SEND
    assert bytes(session.apdu()) == command.apdu
    assert session.feed(command.answer + _OK) == DONE
    assert session.uid == command.plain
    assert session.get_card_uid() == SEND  # the session goes on


def test_the_published_key_changes():
    other, own = COMMANDS[3], COMMANDS[4]
    session = _in_session(other)
    assert session.change_key(2, other.data[:16], 1, ZERO_KEY) == SEND
    assert bytes(session.apdu()) == other.apdu
    assert session.feed(other.answer + _OK) == DONE
    assert session.change_key(0, own.data[:16], 1) == SEND
    assert bytes(session.apdu()) == own.apdu
    assert session.feed(_OK) == SELECTED
    assert _refusal(session.get_card_uid) == aes_card_error.OUT_OF_TURN  # the new key has to be proved


def test_the_old_value_of_another_key_is_taken_into_account():
    """Old 5a..5a, new what the published one becomes by it: the same data up to the checksum."""
    other = COMMANDS[3]
    new = bytes(byte ^ 0x5A for byte in other.data[:16])
    session = _in_session(other)
    session.change_key(2, new, 1, b"\x5a" * 16)
    assert bytes(session.apdu()[:22]) == other.apdu[:22]
    assert bytes(session.apdu()[22:38]) != other.apdu[22:38]


def test_a_key_change_that_was_not_confirmed():
    other = COMMANDS[3]
    session = _in_session(other)
    session.change_key(2, other.data[:16], 1, ZERO_KEY)
    assert _refusal(session.feed, b"\x91\x1e") == aes_card_error.INTEGRITY
    session = _in_session(other)
    session.change_key(2, other.data[:16], 1, ZERO_KEY)
    assert _refusal(session.feed, bytes(8) + _OK) == aes_card_error.WRONG_ANSWER
    session = _in_session(other)
    session.change_key(2, other.data[:16], 1, ZERO_KEY)
    assert _refusal(session.feed, _OK) == aes_card_error.CARD_ERROR
    session = _in_session(COMMANDS[4])
    session.change_key(0, other.data[:16], 1)
    assert _refusal(session.feed, bytes(8) + _OK) == aes_card_error.CARD_ERROR


def test_steps_out_of_turn():
    session = AesSession()
    assert _refusal(session.feed, _OK) == aes_card_error.OUT_OF_TURN
    assert _refusal(session.authenticate, 0, ZERO_KEY, bytes(16)) == aes_card_error.OUT_OF_TURN
    assert _refusal(session.get_key_version, 0) == aes_card_error.OUT_OF_TURN
    session = _selected()
    assert _refusal(session.feed, _OK) == aes_card_error.OUT_OF_TURN
    assert _refusal(session.get_card_uid) == aes_card_error.OUT_OF_TURN
    assert _refusal(session.change_key, 0, bytes(16), 1) == aes_card_error.OUT_OF_TURN
    for number, key, rnd_a in ((14, 16, 16), (-1, 16, 16), (0, 15, 16), (0, 32, 16), (0, 16, 15)):
        assert _refusal(session.authenticate, number, bytes(key), bytes(rnd_a)) == aes_card_error.OUT_OF_TURN
    session = _proved()
    assert _refusal(session.feed, _OK) == aes_card_error.OUT_OF_TURN
    for number, new, old in ((0, 15, 0), (0, 16, 16), (1, 16, 0), (1, 16, 15)):
        assert _refusal(session.change_key, number, bytes(new), 1, bytes(old)) == aes_card_error.OUT_OF_TURN


def test_a_failed_session_is_over_and_forgets_its_keys():
    session = _challenged()
    assert _refusal(session.feed, b"\x91\xae") == aes_card_error.WRONG_KEY
    for secret in (session._key, session._rnd_a, session._rnd_b, session._pair, session._echo, session.uid):
        assert secret == bytes(len(secret))
    assert _refusal(session.feed, _FIRST.third + _OK) == aes_card_error.OUT_OF_TURN
    assert session.begin(NTAG_424) == SEND


def test_a_second_authentication_begins_a_new_session():
    session = _proved()
    assert session.get_card_uid() == SEND
    assert _refusal(session.feed, b"\x91\x9d") == aes_card_error.REFUSED
    session = _proved()
    session._secured()
    assert session.authenticate(_FIRST.number, _FIRST.key, _FIRST.rnd_a) == SEND
    assert not session._channel.is_open
    assert session.feed(_FIRST.first + _MORE) == SEND
    assert session.feed(_FIRST.third + _OK) == PROVED


def test_errors_hold_nothing_but_their_code():
    assert AesCardError(aes_card_error.WRONG_KEY).args == (aes_card_error.WRONG_KEY,)


def test_an_answer_in_parts_is_one_answer():
    session = _asked()
    assert session.feed(_FIRST.first[:5] + b"\x61\x0b") == SEND
    assert bytes(session.apdu()) == b"\x00\xc0\x00\x00\x0b"
    assert session.feed(_FIRST.first[5:] + _MORE) == SEND
    assert session.feed(_FIRST.third + _OK) == PROVED
