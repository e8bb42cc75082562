"""Software AES cards against the plain one, behind the firmware's session; and keys derived as AN10922 says."""

import os

import pytest
from fakes.aes_card_vectors import AUTHENTICATIONS
from latchkey.protocol.aes_card import NTAG_424, PROVED, SELECTED, SEND, AesSession
from latchkey_tools.aes_cards import SoftwareAesCard, _subkey, diversified
from latchkey_tools.models.plain_aes_card import AesCard

MASTER = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
UID = bytes.fromhex("04112233445566")


def test_keys_derived_as_published() -> None:
    """AN10922 section 2.2.1 is the first; the others are fixtures that several open implementations share."""
    assert _subkey(MASTER, 1).hex() == "fbc9f75c9413c041dfee452d3f0706d1"
    assert _subkey(MASTER, 2).hex() == "f793eeb928278083bfdc8a5a7e0e0d25"
    for what, key in (
        ("04782E21801D803042F54E585020416275", "a8dd63a3b89d54b37ca802473fda9175"),
        ("00", "281049d52ecbc8f60961993d34de3d54"),
        (bytes(range(7)).hex(), "e8b7f67c78c34af1446e331ef7e6d3ff"),
        (bytes(range(15)).hex(), "5a3c7f6f0687f24f82dee7eda0970d08"),
        (bytes(range(16)).hex(), "feed9fbd36cdb16819a72d30bcf9240b"),
        (bytes(range(31)).hex(), "21c28cd89bb3147f66c7dbd4851cab20"),
    ):
        assert diversified(MASTER, bytes.fromhex(what)).hex() == key


def test_a_short_input_is_not_taken_for_an_ordinary_cmac() -> None:
    """Which would take one block for a UID of 7 bytes; the derivation always takes two."""
    plain = SoftwareAesCard(UID).cmac(MASTER, b"\x01" + bytes(range(7)))
    assert plain.hex()[:8] == "7590ddb2" and diversified(MASTER, bytes(range(7))) != plain


def test_what_cannot_be_derived() -> None:
    for key, what in ((MASTER, b""), (MASTER, bytes(32)), (MASTER[:15], b"1"), (MASTER * 2, b"1")):
        with pytest.raises(ValueError, match="1 to 31"):
            diversified(key, what)


def test_the_plain_card_computes_what_openssl_does() -> None:
    plain, software = AesCard(UID), SoftwareAesCard(UID)
    for length in (0, 1, 15, 16, 17, 32, 33, 64):
        key, message = os.urandom(16), os.urandom(length)
        assert plain.cmac(key, message) == software.cmac(key, message)
        block = os.urandom(16)
        assert plain._encrypt(key, block) == software._encrypt(key, block)
        assert plain._decrypt(key, block) == software._decrypt(key, block)
    assert plain.short_id == software.short_id


def _talk(session: AesSession, card: AesCard, step: int) -> int:
    while step == SEND:
        step = session.feed(card.transceive(bytes(session.apdu()))[0])
    return step


def test_the_firmware_changes_the_key_of_a_software_card() -> None:
    for _ in range(20):
        card, session, key = SoftwareAesCard(UID), AesSession(), os.urandom(16)
        assert _talk(session, card, session.begin(NTAG_424)) == SELECTED
        assert _talk(session, card, session.authenticate(0, bytes(16), os.urandom(16))) == PROVED
        assert _talk(session, card, session.change_key(0, key, 1)) == SELECTED
        assert card.keys[0] == key
        assert _talk(session, card, session.authenticate(0, key, os.urandom(16))) == PROVED


def test_published_authentication() -> None:
    vector = AUTHENTICATIONS[0]
    drawn = [vector.rnd_b, vector.ti]
    card = SoftwareAesCard(UID, draw=lambda length: drawn.pop(0))
    card.transceive(bytes.fromhex("00a4040c07d276000085010100"))
    card.transceive(bytes.fromhex("9071000002000000"))
    answer = card.transceive(b"\x90\xaf\x00\x00\x20" + vector.second + b"\x00")[0]
    assert answer == vector.third + b"\x91\x00"
