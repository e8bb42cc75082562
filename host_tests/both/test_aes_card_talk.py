"""The firmware's session and the plain AES card, which share no code, say all to each other that there is to say."""

import os

from latchkey.protocol import aes_card_error
from latchkey.protocol.aes_card import DONE, NTAG_424, PROVED, SELECTED, SEND, AesSession
from latchkey.protocol.aes_card_error import AesCardError
from plain_aes_card import FACTORY_KEY, AesCard

_OLD = bytes(range(16, 32))
_NEW = bytes(range(32, 48))


class Lost(Exception):
    """The card has said nothing more."""


def _talk(session, card, step):
    while step == SEND:
        answer = card.transceive(bytes(session.apdu()))[0]
        if not answer:
            raise Lost
        step = session.feed(answer)
    return step


def _selected(card, name=NTAG_424):
    session = AesSession()
    card.activated()
    assert _talk(session, card, session.begin(name)) == SELECTED
    return session


def _proves(card, number, key):
    session = _selected(card)
    try:
        return _talk(session, card, session.authenticate(number, key, os.urandom(16))) == PROVED
    except AesCardError as error:
        assert error.code == aes_card_error.WRONG_KEY
        return False


def test_every_key_proves_itself_and_no_other():
    card = AesCard()
    for number in range(5):
        card.keys[number] = bytes((number,)) * 16
    for number in range(5):
        for other in range(5):
            assert _proves(card, number, bytes((other,)) * 16) == (number == other)


def test_a_whole_session():
    card = AesCard(key=_OLD, hidden=True)
    session = _selected(card)
    assert _talk(session, card, session.get_key_version(0)) == DONE
    assert session.key_version == 0
    assert _talk(session, card, session.authenticate(0, _OLD, os.urandom(16))) == PROVED
    for _ in range(3):
        assert _talk(session, card, session.get_card_uid()) == DONE
        assert session.uid == card.own_uid
    for number in range(1, 5):
        assert _talk(session, card, session.change_key(number, _NEW, number, FACTORY_KEY)) == DONE
        assert _talk(session, card, session.get_key_version(number)) == DONE
        assert session.key_version == number
        assert card.keys[number] == _NEW
    assert _talk(session, card, session.change_key(0, _NEW, 9)) == SELECTED
    assert card.keys[0] == _NEW and card.versions[0] == 9
    assert _talk(session, card, session.authenticate(0, _NEW, os.urandom(16))) == PROVED
    assert _talk(session, card, session.get_card_uid()) == DONE
    assert card.wrong_in_all == 0


def test_a_desfire_card_by_df_name_and_by_aid():
    name, aid = b"\xf0garage", b"\x01\x02\xf3"
    card = AesCard(key=_OLD, names=(name, aid), desfire=True)
    for found in (name, aid):
        session = _selected(card, found)
        assert _talk(session, card, session.authenticate(0, _OLD, os.urandom(16))) == PROVED
    for unknown in (NTAG_424, b"\x01\x02\xf4"):
        session = AesSession()
        card.activated()
        try:
            _talk(session, card, session.begin(unknown))
            raise AssertionError(unknown)
        except AesCardError as error:
            assert error.code == aes_card_error.NOT_A_KEY


def test_lrp_is_refused_before_a_key_is_used():
    card = AesCard(lrp=True)
    session = _selected(card)
    try:
        _talk(session, card, session.authenticate(0, FACTORY_KEY, os.urandom(16)))
        raise AssertionError("a card in LRP mode was talked to")
    except AesCardError as error:
        assert error.code == aes_card_error.LRP
    assert card.wrong_in_all == 0


def test_a_wrong_old_value_of_another_key_changes_nothing():
    card = AesCard()
    session = _selected(card)
    _talk(session, card, session.authenticate(0, FACTORY_KEY, os.urandom(16)))
    try:
        _talk(session, card, session.change_key(1, _NEW, 1, _OLD))
        raise AssertionError("changed")
    except AesCardError as error:
        assert error.code == aes_card_error.INTEGRITY
    assert card.keys[1] == FACTORY_KEY


def test_wherever_the_field_is_lost_exactly_one_of_both_keys_proves_itself():
    cuts = 0
    for moment in range(1, 30):
        card = AesCard(key=_OLD)
        session = AesSession()
        card.tear_at = moment
        try:
            _talk(session, card, session.begin(NTAG_424))
            _talk(session, card, session.authenticate(0, _OLD, os.urandom(16)))
            _talk(session, card, session.change_key(0, _NEW, 1))
            if not card.tear_at:
                raise AssertionError("torn unnoticed")
            break
        except Lost:
            cuts += 1
        card.tear_at = 0
        assert _proves(card, 0, _OLD) + _proves(card, 0, _NEW) == 1
    assert cuts == 10  # four commands, and the write between two moments
