"""AES cards for the simulator and for vpcd, on the AES of `cryptography`; and keys derived for cards made elsewhere.

    card = SoftwareAesCard(uid, name="Spare")              # an NTAG 424 DNA as sold; see models/plain_aes_card.py
    key = diversified(site_key, uid + aid + b"site")       # AN10922: a key for this card alone

Whoever makes cards for many vehicles keeps one site key in a safe place and derives each card's own from it. A site key
never goes to a controller: it gets the derived key of each of its cards.
"""

from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from latchkey_tools.models.plain_aes_card import AesCard
from latchkey_tools.models.pn532_model import Card

_LABEL = b"\x01"  # AES-128, AN10922 section 2.2
_BLOCKS = 32


class SoftwareAesCard(AesCard, Card):
    """An AES card with a name, on OpenSSL. Further arguments as AesCard."""

    def __init__(self, uid: bytes, *, name: str = "", kind: str = "", **given: object) -> None:
        self.name = name
        self.kind = kind
        self.changed: Callable[[], None] = lambda: None  # called when a key has been changed
        super().__init__(uid, **given)  # type: ignore[arg-type]

    def transceive(self, apdu: bytes) -> tuple[bytes, int]:
        """Answer an APDU; a key that it has changed is reported before the answer goes out."""
        before = list(self.keys)
        answer = super().transceive(apdu)
        if self.keys != before:
            self.changed()
        return answer

    def _encrypt(self, key: bytes, block: bytes) -> bytes:
        encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        return encryptor.update(block) + encryptor.finalize()

    def _decrypt(self, key: bytes, block: bytes) -> bytes:
        decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()
        return decryptor.update(block) + decryptor.finalize()

    def cmac(self, key: bytes, message: bytes) -> bytes:
        """AES-CMAC, 16 bytes."""
        code = CMAC(algorithms.AES(key))
        code.update(message)
        return code.finalize()


def diversified(site_key: bytes, what: bytes) -> bytes:
    """Derive the AES-128 key of one card (AN10922). what: 1 to 31 bytes, usually UID, AID and system. ValueError.

    Always over 32 bytes, also where a CMAC of 01 || what would take 16: that is where implementations go wrong.
    """
    if len(site_key) != 16 or not 1 <= len(what) < _BLOCKS:
        raise ValueError("a site key has 16 bytes, what it is diversified by 1 to 31")
    message = _LABEL + what
    subkey = _subkey(site_key, 1 if len(message) == _BLOCKS else 2)
    if len(message) < _BLOCKS:
        message = (message + b"\x80").ljust(_BLOCKS, b"\x00")
    last = bytes(a ^ b for a, b in zip(message[16:], subkey, strict=True))
    encryptor = Cipher(algorithms.AES(site_key), modes.CBC(bytes(16))).encryptor()
    return (encryptor.update(message[:16] + last) + encryptor.finalize())[16:]


def _subkey(key: bytes, doublings: int) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    value = int.from_bytes(encryptor.update(bytes(16)), "big")
    for _ in range(doublings):
        value <<= 1
        if value >> 128:
            value ^= (1 << 128) | 0x87
    return value.to_bytes(16, "big")
