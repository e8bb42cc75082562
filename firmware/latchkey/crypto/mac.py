"""Message authentication and key derivation: HMAC-SHA256 (RFC 2104), HKDF (RFC 5869), AES-CMAC (RFC 4493).

hashlib under MicroPython can neither copy a state nor go on after digest(), so an HMAC hashes its two pad blocks anew
each time; Hmac keeps those blocks, which is what makes a second message under one key cheap.
Compare a received code with secret.equal(), never with ==.
"""

from micropython import const

from latchkey.crypto.aes import BLOCK, Block
from latchkey.crypto.digest import sha256
from latchkey.crypto.secret import wipe

_HASH = const(32)  # bytes of a SHA-256 digest
_PAD = const(64)  # bytes of a SHA-256 input block


class Hmac:
    """HMAC-SHA256 under one key, for any number of messages."""

    def __init__(self, key: "bytes | bytearray | memoryview") -> None:
        """key: any length, not kept; only the two padded forms of it are, until wipe()."""
        if len(key) > _PAD:
            key = sha256(key)
        self._inner = bytearray(b"\x36" * _PAD)
        self._outer = bytearray(b"\x5c" * _PAD)
        for index in range(len(key)):
            self._inner[index] ^= key[index]
            self._outer[index] ^= key[index]

    def mac(self, *parts: "bytes | bytearray | memoryview") -> bytes:
        """The code over the parts in order, 32 bytes."""
        return sha256(self._outer, sha256(self._inner, *parts))

    def wipe(self) -> None:
        """Forget the key. Codes made after this are worthless."""
        wipe(self._inner)
        wipe(self._outer)


def hmac_sha256(key: "bytes | bytearray | memoryview", *parts: "bytes | bytearray | memoryview") -> bytes:
    """HMAC-SHA256 over the parts in order, 32 bytes, for a key that is used once."""
    keyed = Hmac(key)
    code = keyed.mac(*parts)
    keyed.wipe()
    return code


def hkdf(
    secret: "bytes | bytearray | memoryview",
    salt: "bytes | bytearray | memoryview",
    info: "bytes | bytearray | memoryview",
    out: "bytearray | memoryview",
) -> None:
    """HKDF-SHA256: fill out, 1 to 8160 bytes, from secret (the input keying material), salt and info.

    An empty salt counts as 32 zero bytes (RFC 5869 section 2.2). ValueError when out is too long.
    """
    length = len(out)
    if length > 255 * _HASH:
        raise ValueError("HKDF-SHA256 gives at most 8160 bytes")
    keyed = Hmac(hmac_sha256(salt, secret))  # a short key is padded with zeros: the empty salt needs no case of its own
    block = b""
    for start in range(0, length, _HASH):
        block = keyed.mac(block, info, bytes((start // _HASH + 1,)))
        end = min(start + _HASH, length)
        out[start:end] = memoryview(block)[: end - start]
    keyed.wipe()


def cmac(key: "bytes | bytearray | memoryview", data: "bytes | bytearray | memoryview") -> bytearray:
    """AES-CMAC of data, any length, under a key of 16 bytes: 16 bytes."""
    cipher = Block(key)
    code = bytearray(BLOCK)
    length = len(data)
    last = (length - 1) // BLOCK * BLOCK if length else 0  # where the last block begins, whole or not
    for start in range(0, last, BLOCK):
        for index in range(BLOCK):
            code[index] ^= data[start + index]
        cipher.encrypt(code, code)
    subkey = _subkey(cipher, 1 if length - last == BLOCK else 2)
    for index in range(length - last):
        code[index] ^= data[last + index]
    if length - last < BLOCK:
        code[length - last] ^= 0x80
    for index in range(BLOCK):
        code[index] ^= subkey[index]
    wipe(subkey)
    cipher.encrypt(code, code)
    return code


def _subkey(cipher: Block, doublings: int) -> bytearray:
    """K1 or K2 of RFC 4493 section 2.3: E(0) doubled once or twice in GF(2^128), without a branch on its bits."""
    subkey = bytearray(BLOCK)
    cipher.encrypt(subkey, subkey)
    for _ in range(doublings):
        carry = 0
        for index in range(BLOCK - 1, -1, -1):
            doubled = subkey[index] << 1 | carry
            carry = doubled >> 8
            subkey[index] = doubled & 0xFF
        subkey[BLOCK - 1] ^= 0x87 & -carry
    return subkey
