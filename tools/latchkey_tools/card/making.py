"""A blank card gets its key. Whatever was begun before, by this program and with this site key, is carried on.

NTAG 424 DNA: its one application is selected. DESFire: the application with the DF name F0 `latchkey` is made where it
is missing, with two AES keys, of which the first may change both. Then key 0, as sold 16 zeros of version 0, is changed
to the card's own, version 1. The card says by the version which of both it has, so a card that was pulled away is
laid down again, and that is all. A card with any other version has somebody else's key, and is left alone.
"""

from dataclasses import dataclass

from latchkey_tools.card import site
from latchkey_tools.card.host import Listed
from latchkey_tools.card.session import NO_SUCH_APPLICATION, WRONG_KEY, Card, CardSession, Refused
from latchkey_tools.phone.problem import Problem

_NTAG_424 = bytes.fromhex("d2760000850101")
_OURS = b"\xf0latchkey"
_AID = bytes.fromhex("f04b4c")
_FILE_ID = bytes.fromhex("4be1")  # E14B; no two applications of a card may share one
_SETTINGS = bytes((0x0B, 0xA2))  # key 0 changes keys, itself among them, and settings; two AES keys, DF name
_CARD_ITSELF = bytes(3)
_FACTORY_KEY = bytes(16)
_FACTORY_VERSION = 0
_OWN_VERSION = 1
_FILE_NOT_FOUND = 0x6A82
_DUPLICATE = 0x91DE


@dataclass(frozen=True)
class Made:
    """kind: NTAG 424 DNA or DESFire. new: it got its key just now."""

    uid: bytes
    kind: str
    new: bool


def make(card: Card, listed: Listed, site_key: bytes) -> Made:
    """Give the active card its key. Raises Problem; lay it down again then, nothing is lost."""
    if not listed.iso_dep:
        raise Problem("not a card", "That is a plain tag: a number that anybody can copy. It cannot be a key.")
    if listed.hides_uid:
        raise Problem(
            "hidden", "This card hides its UID: enrol it at the car, where it gets its key and is found again by it."
        )
    if len(listed.uid) != site.UID_LEN:
        raise Problem("not a card", "NTAG 424 DNA and DESFire cards have a UID of 7 bytes; this is another card.")
    session = CardSession(card)
    try:
        kind = _select(session)
        return Made(listed.uid, kind, _change(session, site.card_key(site_key, listed.uid)))
    except Refused as refused:
        raise Problem(
            "refused", f"The card refuses ({refused}): it was set up by somebody else, or is no card of this kind."
        ) from None


def _select(session: CardSession) -> str:
    """Select the application that holds our key, and make it where it can be made; returns the kind of the card."""
    if _is_there(session, _NTAG_424):
        return "NTAG 424 DNA"
    if not _is_there(session, _OURS):
        session.select_native(_CARD_ITSELF)
        try:
            session.create_application(_AID, _SETTINGS, _FILE_ID, _OURS)
        except Refused as refused:
            if refused.status != _DUPLICATE:
                raise
            raise Problem(
                "occupied", "Another application of this card has the number that ours would get: take another card."
            ) from None
        session.select(_OURS)
    return "DESFire"


def _is_there(session: CardSession, name: bytes) -> bool:
    try:
        session.select(name)
        return True
    except Refused as refused:
        if refused.status not in (_FILE_NOT_FOUND, NO_SUCH_APPLICATION):
            raise
        return False


def _change(session: CardSession, key: bytes) -> bool:
    """True where the key was put in now; it has proved itself in any case."""
    version = session.key_version(0)
    if version == _FACTORY_VERSION:
        session.authenticate(0, _FACTORY_KEY)
        session.change_key(0, key, _OWN_VERSION)
    try:
        session.authenticate(0, key)
    except Refused as refused:
        if refused.status != WRONG_KEY:
            raise
        raise Problem(
            "other key", "This card has a key already, and not from this site key: it may belong to a car or a site."
        ) from None
    return version == _FACTORY_VERSION
