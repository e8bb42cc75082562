"""AES on single blocks of 16 bytes (FIPS 197). Only this module and gcm, which wants several, import cryptolib.

Every mode above it (CMAC, counter mode, the key card's single block) is built from blocks, because stock ESP32 images
have no counter mode and because one block is what those protocols need.

Not protected against: cryptolib keeps its key schedule where nobody can wipe it. It goes when the object is collected.
"""

import cryptolib
from micropython import const

BLOCK = const(16)
_ECB = const(1)


class Block:
    """One AES key, for both directions: cryptolib's objects know one direction each, so here are two."""

    def __init__(self, key: "bytes | bytearray | memoryview") -> None:
        """key: 16 or 32 bytes, not kept. ValueError for any other length."""
        if len(key) not in (16, 32):
            raise ValueError("AES keys have 16 or 32 bytes")
        self._forward = cryptolib.aes(key, _ECB)
        self._backward = cryptolib.aes(key, _ECB)

    def encrypt(self, block: "bytes | bytearray | memoryview", out: "bytearray | memoryview") -> None:
        """Encrypt a block of 16 bytes into out, 16 bytes, possibly the same buffer. ValueError for other lengths."""
        _check(block, out)
        self._forward.encrypt(block, out)

    def decrypt(self, block: "bytes | bytearray | memoryview", out: "bytearray | memoryview") -> None:
        """Decrypt a block of 16 bytes into out, 16 bytes, possibly the same buffer. ValueError for other lengths."""
        _check(block, out)
        self._backward.decrypt(block, out)


def _check(block: "bytes | bytearray | memoryview", out: "bytearray | memoryview") -> None:
    if len(block) != BLOCK or len(out) != BLOCK:
        raise ValueError("AES blocks have 16 bytes")
