"""Software cards against vectors and against the plain card, and the wallet that keeps them.

The vectors are those of both/test_plain_card.py; here the two cards also meet each other, with fresh keys.
"""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fakes.keycard_vectors import VECTORS
from latchkey.protocol.aes_card import DONE, NTAG_424, PROVED, SELECTED, SEND, AesSession
from latchkey_tools.aes_cards import SoftwareAesCard
from latchkey_tools.cards import GAUSS, HIDDEN, MADE, PLASTIC, BankCard, SoftwareKeyCard, Wallet, WalletError
from latchkey_tools.models.plain_card import KeyCard

SALTS = (b"", b"\xde\xad\xbe\xef", b"\xa5\xa5\xa5\xa5", b"\x01\x02\x03\x04")  # what the vectors' cards have drawn
VEHICLE = VECTORS[0].vehicle_public.hex()
SELECT_PLASTIC = "00a404000a7465736c614c6f676963"
SELECT_GAUSS = "00a404000af465736c614c6f676963"
UID = bytes.fromhex("04112233445566")
CHALLENGE = bytes(range(16))


def _answer(card: KeyCard, command: str) -> bytes:
    card.activated()
    card.transceive(bytes.fromhex(SELECT_GAUSS if card.gauss else SELECT_PLASTIC))
    return card.transceive(bytes.fromhex(command))[0]


def _reader() -> tuple[ec.EllipticCurvePrivateKey, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()


def _proves(card: KeyCard, public: bytes) -> bool:
    """Do as a reader does that has `public` on its list: decrypt, compare all but the salt."""
    key, named = _reader()
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public))
    said = _answer(card, "8011000051" + named + CHALLENGE.hex() + "00")
    assert len(said) == 18 and said[16:] == b"\x90\x00"
    decryptor = Cipher(algorithms.AES(hashlib.sha1(shared).digest()[:16]), modes.ECB()).decryptor()
    return decryptor.update(said[:16])[4:] == CHALLENGE[4:]


def test_software_cards_answer_the_vectors() -> None:
    for vector, salt in zip(VECTORS, SALTS, strict=True):

        def draw(salt: bytes = salt) -> bytes:
            return salt

        card = SoftwareKeyCard(vector.card_private, UID, kind=GAUSS if salt else PLASTIC, salt=draw)
        assert card.public == vector.card_public
        assert _answer(card, vector.apdu.hex()) == vector.rapdu


def test_plain_and_software_card_are_the_same_card() -> None:
    for _ in range(20):
        private = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32, "big")
        plain, software = KeyCard(private), SoftwareKeyCard(private, UID)
        command = "8011000051" + _reader()[1] + os.urandom(16).hex() + "00"
        assert plain.public == software.public and plain.short_id == software.short_id
        assert _answer(plain, command) == _answer(software, command)


def test_a_point_off_the_curve_is_refused() -> None:
    card = SoftwareKeyCard(b"\x01" * 32, UID)
    for point in (VEHICLE[:-2] + "41", "02" + VEHICLE[2:], "04" + "ff" * 64, "00" * 65):
        assert _answer(card, "8011000051" + point + CHALLENGE.hex()) == b"\x6f\x00"


def test_only_the_holder_of_the_key_proves_itself(tmp_path: Path) -> None:
    wallet = Wallet.open(tmp_path / "wallet.json")
    owner, clone = wallet["Owner 1"], wallet["Clone of Owner 1"]
    assert isinstance(owner, SoftwareKeyCard) and isinstance(clone, SoftwareKeyCard)
    for name in ("Owner 1", "Owner 2", "Family", "Stranger", "Slow card"):
        card = wallet[name]
        assert isinstance(card, SoftwareKeyCard)
        assert _proves(card, card.public)
        assert _proves(card, owner.public) == (name == "Owner 1")
    assert clone.public == owner.public and clone.short_id == owner.short_id
    assert _answer(clone, "8004000000") == owner.public + b"\x90\x00"
    assert not _proves(clone, owner.public)


def test_a_slow_card_is_slow_only_where_it_computes() -> None:
    slow = SoftwareKeyCard(b"\x02" * 32, UID, kind="slow")
    swift = SoftwareKeyCard(b"\x02" * 32, UID)
    slow.activated()
    swift.activated()
    authenticate = bytes.fromhex("8011000051" + VEHICLE + CHALLENGE.hex())
    assert slow.transceive(authenticate)[1] >= swift.transceive(authenticate)[1] + 500
    assert slow.transceive(b"\x80\x04\x00\x00\x00") == swift.transceive(b"\x80\x04\x00\x00\x00")


def _tlv(data: bytes) -> list[tuple[bytes, bytes]]:
    out, place = [], 0
    while place < len(data):
        width = 2 if data[place] & 0x1F == 0x1F else 1
        size = data[place + width]
        start = place + width + 1
        assert start + size <= len(data)
        out.append((data[place : place + width], data[start : start + size]))
        place = start + size
    return out


def test_a_bank_card_knows_its_own_directory_and_nothing_else() -> None:
    card = BankCard(b"\x08\x01\x02\x03")
    answer, _ = card.transceive(b"\x00\xa4\x04\x00\x0e2PAY.SYS.DDF01\x00")
    assert answer[-2:] == b"\x90\x00"
    ((tag, fci),) = _tlv(answer[:-2])
    assert tag == b"\x6f" and [tag for tag, _ in _tlv(fci)] == [b"\x84", b"\xa5"]
    assert _tlv(_tlv(fci)[1][1])[0][0] == b"\xbf\x0c"
    for select in (SELECT_PLASTIC, SELECT_GAUSS, "00a4040007d276000085010100"):
        assert card.transceive(bytes.fromhex(select))[0] == b"\x6a\x82"
    assert card.transceive(b"\x80\x04\x00\x00\x00")[0] == b"\x6d\x00"
    assert card.ats[0] == len(card.ats)


def test_the_wallet_keeps_its_keys_and_says_that_it_is_a_toy(tmp_path: Path) -> None:
    path = tmp_path / "state" / "wallet.json"
    first, second = Wallet.open(path), Wallet.open(path)
    assert {"Owner 1", "Owner 2", "Family", "Stranger", "Bank card", "Transit tag", "Clone of Owner 1"} <= set(
        first.names
    )
    assert [first[name].short_id for name in first.names] == [second[name].short_id for name in second.names]
    assert [first[name].uid for name in first.names] == [second[name].uid for name in second.names]
    assert first["Owner 1"] is first["Owner 1"]
    assert path.stat().st_mode & 0o077 == 0
    assert "Never" in json.loads(path.read_text())["warning"]
    keys = [card.short_id for card in (first[name] for name in first.names) if card.short_id]
    assert len(set(keys)) == len(keys) - 1  # the clone, and nobody else, shares one
    assert first["Transit tag"].sak == 0 and first["Transit tag"].short_id == ""


def test_the_key_that_a_controller_gives_an_aes_card_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    for name in ("AES card", "DESFire card"):
        card = Wallet.open(path)[name]
        assert isinstance(card, SoftwareAesCard)
        assert card.keys[0] == bytes(16) and card.versions[0] == 0
        session = AesSession()
        card.activated()
        said = (NTAG_424, b"\xf0latchkey")[name == "DESFire card"]
        assert _talk(session, card, session.begin(said)) == SELECTED
        assert _talk(session, card, session.authenticate(0, bytes(16), CHALLENGE)) == PROVED
        assert _talk(session, card, session.change_key(0, CHALLENGE, 1)) == SELECTED
        again = Wallet.open(path)[name]
        assert isinstance(again, SoftwareAesCard)
        assert again.keys[0] == CHALLENGE and again.versions[0] == 1 and again.short_id == card.short_id
    assert path.stat().st_mode & 0o077 == 0


def test_cards_are_made_and_keep_both_keys_that_a_controller_gives_them(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    wallet = Wallet.open(path)
    made = [wallet.make(kind) for kind in (*MADE, HIDDEN)]
    assert made[-3:] == ["LRP card", "Foreign AES card", "Hidden card 2"] and "Key card" in made
    assert set(made) <= set(Wallet.open(path).names)
    hidden, foreign = wallet["Hidden card"], wallet["Foreign AES card"]
    assert isinstance(hidden, SoftwareAesCard) and isinstance(foreign, SoftwareAesCard)
    assert any(foreign.keys[0]) and foreign.versions[0]
    session = AesSession()
    hidden.activated()
    assert len(hidden.uid) == 4 and hidden.uid[0] == 8
    assert _talk(session, hidden, session.begin(NTAG_424)) == SELECTED
    assert _talk(session, hidden, session.authenticate(0, bytes(16), CHALLENGE)) == PROVED
    assert _talk(session, hidden, session.change_key(1, CHALLENGE, 77, bytes(16))) == DONE
    assert _talk(session, hidden, session.change_key(0, CHALLENGE, 1)) == SELECTED
    again = Wallet.open(path)["Hidden card"]
    assert isinstance(again, SoftwareAesCard)
    assert again.keys[:2] == [CHALLENGE, CHALLENGE] and again.versions[:2] == [1, 77]
    with pytest.raises(WalletError, match="full"):
        for _ in range(40):
            wallet.make(HIDDEN)


def _talk(session: AesSession, card: SoftwareAesCard, step: int) -> int:
    while step == SEND:
        step = session.feed(card.transceive(bytes(session.apdu()))[0])
    return step


def test_a_spoilt_wallet_is_named_and_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    Wallet.open(path)
    good = json.loads(path.read_text())

    def without(change: Callable[[dict[str, list[dict[str, str]]]], object]) -> str:
        content = json.loads(json.dumps(good))
        change(content)
        return json.dumps(content)

    for text in (
        "",
        "[]",
        "{}",
        '{"cards": 3}',
        without(lambda content: content["cards"][0].pop("private")),
        without(lambda content: content["cards"][0].update(private="xyz")),
        without(lambda content: content["cards"][0].update(private="00" * 32)),
        without(lambda content: content["cards"][0].update(kind="metal")),
        without(lambda content: content["cards"][0].update(uid="0102")),
        without(lambda content: content["cards"][-1].update(claims="Nobody")),
        without(lambda content: content["cards"][5].update(private="00" * 16)),
        without(lambda content: content["cards"][5].update(uid="01020304")),
    ):
        path.write_text(text)
        try:
            Wallet.open(path)
        except WalletError as error:
            assert str(path) in str(error)
        else:
            raise AssertionError(text)
        assert path.read_text() == text
