"""Software cards for the simulator, and a wallet that keeps them between two runs.

    wallet = Wallet.open(path)                  # made with the cards below when there is none yet
    wallet.names                                # "Owner 1", "Owner 2", "Family", "Stranger", ...
    card = wallet["Owner 1"]                    # the same object each time: put it on pn532_server.ReaderField
    card.name, card.kind, card.short_id         # short_id: "" for what has no key

This is a toy wallet: the private keys of test cards, in a file that anyone with access to it can read. A key that opens
a real car belongs in a card. The cards answer as models/plain_card.py and models/plain_aes_card.py do, on the curve and
AES of `cryptography`. AES cards come as they are sold; the key that a controller gives one is kept in the file.
"""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from latchkey_tools.aes_cards import SoftwareAesCard
from latchkey_tools.models.plain_card import KeyCard
from latchkey_tools.models.pn532_model import Card, Tag

PLASTIC = "plastic"  # as sold by the car maker
GAUSS = "gauss"  # the open applet; also how phones, fobs and watches answer
SLOW = "slow"  # plastic, but its key agreement takes a second
CLONE = "clone"  # names another card's public key without having the private one
BANK = "bank"  # a payment card that lies beside the key
AES = "aes"  # an NTAG 424 DNA
DESFIRE = "desfire"  # a DESFire EV3 with an application made for this controller
HIDDEN = "hidden"  # an NTAG 424 DNA that shows another UID each time
LRP = "lrp"  # one that was switched to LRP mode
FOREIGN = "foreign"  # one that has somebody else's key
TAG = "tag"  # a transit ticket or sticker: a UID and nothing else

_CARDS = (
    ("Owner 1", PLASTIC, ""),
    ("Owner 2", PLASTIC, ""),
    ("Family", GAUSS, ""),
    ("Stranger", PLASTIC, ""),
    ("Slow card", SLOW, ""),
    ("AES card", AES, ""),
    ("DESFire card", DESFIRE, ""),
    ("Bank card", BANK, ""),
    ("Transit tag", TAG, ""),
    ("Clone of Owner 1", CLONE, "Owner 1"),
)
MADE = {
    # what can be made besides: kind, its name
    PLASTIC: "Key card",
    GAUSS: "Watch",
    AES: "AES card",
    DESFIRE: "DESFire card",
    HIDDEN: "Hidden card",
    LRP: "LRP card",
    FOREIGN: "Foreign AES card",
}
_AES_KINDS = (AES, DESFIRE, HIDDEN, LRP, FOREIGN)
_MOST = 40
_SLOW_MS = 900
_KEPT = 17  # bytes of a key and its version
_APPLICATION = b"\xf0latchkey"  # DF name on DESFire cards
_WARNING = "Private keys of software test cards. Never enrol these on a real vehicle."


class WalletError(Exception):
    """The wallet's file cannot be used; the message says why."""


class SoftwareKeyCard(KeyCard, Card):
    """A key card on OpenSSL: plastic or, with gauss, salted. public: what it claims to be, if not its own key."""

    def __init__(
        self,
        private: bytes,
        uid: bytes,
        *,
        name: str = "",
        kind: str = PLASTIC,
        public: bytes = b"",
        salt: Callable[[], bytes] | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        super().__init__(private, uid, kind == GAUSS, _SLOW_MS if kind == SLOW else 0, salt)
        self.public = public or self.public

    def _set_key(self, private: bytes) -> None:
        self._key = ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())
        self.public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def _shared(self, public: bytes) -> bytes | None:
        if public[:1] != b"\x04":
            return None
        try:
            theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        except ValueError:
            return None
        return self._key.exchange(ec.ECDH(), theirs)

    def _encrypt(self, key: bytes, block: bytes) -> bytes:
        encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        return encryptor.update(block) + encryptor.finalize()


class BankCard(Card):
    """A payment card: it knows the payment directory and refuses everything else (EMV Book 1, section 12)."""

    kind = BANK
    short_id = ""
    ats = bytes.fromhex("0a788082022063cba3a0")
    _directory = b"2PAY.SYS.DDF01"
    _fci = bytes.fromhex("6f23 840e325041592e5359532e4444463031 a511 bf0c0e 610c 4f07a0000000041010 870101")

    def __init__(self, uid: bytes, name: str = "") -> None:
        self.uid = uid
        self.name = name

    def transceive(self, apdu: bytes) -> tuple[bytes, int]:
        """Answer SELECT of the directory with its FCI, of anything else with 6A82."""
        if apdu[:4] != b"\x00\xa4\x04\x00":
            return b"\x6d\x00", 5
        if apdu[5 : 5 + len(self._directory)] == self._directory:
            return self._fci + b"\x90\x00", 20
        return b"\x6a\x82", 32


class PlainTag(Tag):
    """A UID in the wallet."""

    kind = TAG
    short_id = ""

    def __init__(self, uid: bytes, name: str = "") -> None:
        super().__init__(uid)
        self.name = name


WalletCard = SoftwareKeyCard | SoftwareAesCard | BankCard | PlainTag


class Wallet:
    """Cards by name, as they stand in a JSON file: {"warning": ..., "cards": [{name, kind, uid, private, claims}]}.

    private: 32 bytes as hex, "" for what has no key; of an AES card key 0, 16 bytes, and its version, 1, and the same
    of key 1 where that was changed. claims: the card whose public key a clone names. path: where a changed key is
    written to.
    """

    def __init__(self, entries: list[dict[str, str]], path: Path | None = None) -> None:
        self._entries = entries
        self._path = path
        self._cards: dict[str, WalletCard] = {}
        for entry in entries:
            self._cards[entry["name"]] = self._card(entry)

    @classmethod
    def open(cls, path: Path) -> "Wallet":
        """Read the wallet, or make one with new keys where there is none. Raises WalletError."""
        try:
            if not path.exists():
                _save(path, new_entries())
            content = json.loads(path.read_text())
            return cls(content["cards"], path)
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise WalletError(f"{path}: this is no wallet ({reason}); delete it to get a new one") from None

    @property
    def names(self) -> list[str]:
        """Names of the cards in the file's order."""
        return list(self._cards)

    def __getitem__(self, name: str) -> WalletCard:
        """Give a card. Raises KeyError."""
        return self._cards[name]

    def make(self, kind: str) -> str:
        """One more card of a kind in MADE; gives its name. Raises WalletError."""
        if len(self._entries) >= _MOST:
            raise WalletError(f"The wallet is full: it holds {_MOST} cards.")
        numbers = range(1, _MOST + 1)
        names = (MADE[kind] if number == 1 else f"{MADE[kind]} {number}" for number in numbers)
        entry = _new_entry(next(name for name in names if name not in self._cards), kind, "")
        self._entries.append(entry)
        self._cards[entry["name"]] = self._card(entry)
        if self._path is not None:
            _save(self._path, self._entries)
        return entry["name"]

    def _card(self, entry: dict[str, str]) -> WalletCard:
        name, kind, uid = entry["name"], entry["kind"], bytes.fromhex(entry["uid"])
        if len(uid) not in (4, 7):
            raise ValueError(f"{name}: a UID has 4 or 7 bytes")
        if kind == BANK:
            return BankCard(uid, name)
        if kind == TAG:
            return PlainTag(uid, name)
        if kind in _AES_KINDS:
            return self._aes_card(entry, uid)
        if kind not in (PLASTIC, GAUSS, SLOW, CLONE):
            raise ValueError(f"{name}: unknown kind {kind}")
        claims = entry["claims"]
        public = self._cards[claims].public if kind == CLONE else b""  # type: ignore[union-attr]
        return SoftwareKeyCard(bytes.fromhex(entry["private"]), uid, name=name, kind=kind, public=public)

    def _aes_card(self, entry: dict[str, str], uid: bytes) -> SoftwareAesCard:
        name, kind, key = entry["name"], entry["kind"], bytes.fromhex(entry["private"])
        if len(uid) != 7 or len(key) not in (_KEPT, 2 * _KEPT):
            raise ValueError(f"{name}: an AES card has a UID of 7 bytes, a key of 16 and its version")
        if kind == DESFIRE:
            card = SoftwareAesCard(uid, name=name, kind=kind, key=key[:16], names=(_APPLICATION,), desfire=True)
        else:
            card = SoftwareAesCard(uid, name=name, kind=kind, key=key[:16], hidden=kind == HIDDEN, lrp=kind == LRP)
        for number in range(len(key) // _KEPT):
            kept = key[_KEPT * number : _KEPT * (number + 1)]
            card.keys[number], card.versions[number] = kept[:16], kept[16]
        card.changed = lambda: self._keep(entry, card)
        return card

    def _keep(self, entry: dict[str, str], card: SoftwareAesCard) -> None:
        changed = 2 if any(card.keys[1]) else 1
        entry["private"] = "".join(
            card.keys[number].hex() + f"{card.versions[number]:02x}" for number in range(changed)
        )
        if self._path is not None:
            _save(self._path, self._entries)


def new_entries() -> list[dict[str, str]]:
    """Make the cards of a new wallet, each with a key and a UID of its own."""
    return [_new_entry(*card) for card in _CARDS]


def _new_entry(name: str, kind: str, claims: str) -> dict[str, str]:
    # Phones and payment cards show a random UID: 08 and three bytes. The others have seven bytes from NXP (04).
    uid = b"\x08" + secrets.token_bytes(3) if kind in (GAUSS, BANK) else b"\x04" + secrets.token_bytes(6)
    private = ""
    if kind == FOREIGN:
        private = secrets.token_hex(16) + "09"
    elif kind in _AES_KINDS:
        private = "00" * _KEPT
    elif kind not in (BANK, TAG):
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_numbers().private_value.to_bytes(32, "big").hex()
    return {"name": name, "kind": kind, "uid": uid.hex(), "private": private, "claims": claims}


def _save(path: Path, entries: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({"warning": _WARNING, "cards": entries}, file, indent=1)
    os.replace(fresh, path)
