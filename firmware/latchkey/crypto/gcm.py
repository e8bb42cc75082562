"""AES-GCM (NIST SP 800-38D) with nonces of 12 bytes and whole tags of 16, in place, for messages that fit in RAM.

cryptolib on stock images knows no counter mode, so counter blocks are encrypted as ECB, some at a time. One object per
key, made once: the table of GHASH (256 bytes) and the AES key schedule are what a message would else wait for. After
that neither seal() nor open() allocates.

A nonce must never be used twice with seal() under one key; the caller draws it at random, and 2^32 messages are far
away. open() touches the text only when the tag is right.

Not protected against: somebody who watches the memory bus or a data cache while GHASH reads its table (an ESP32 reads
internal RAM without one; keep the heap out of external RAM). cryptolib's key schedule cannot be wiped, see aes.py.
"""

from array import array

import cryptolib
from micropython import const

from latchkey.crypto.secret import equal, wipe

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # mypy does not know that viper's pointers take any buffer
    from latchkey.crypto.gcm_plain import absorb, count, mix, prepare
else:
    try:
        from latchkey.crypto.gcm_native import absorb, count, mix, prepare
    except (ImportError, SyntaxError, ValueError, MemoryError):  # no native code, another chip's, no room for it
        from latchkey.crypto.gcm_plain import absorb, count, mix, prepare

NONCE = const(12)
TAG = const(16)

_ECB = const(1)
_BLOCK = const(16)
_STREAM = const(64)  # key stream made at a time: 200 bytes take four calls of cryptolib


class Gcm:
    """One AES key, until wipe()."""

    def __init__(self, key: "bytes | bytearray | memoryview") -> None:
        """key: 16 or 32 bytes, not kept. ValueError for any other length."""
        if len(key) not in (16, 32):
            raise ValueError("AES keys have 16 or 32 bytes")
        self._cipher: "cryptolib.aes | None" = cryptolib.aes(key, _ECB)
        self._table = array("I", bytes(256))
        self._stream = bytearray(_STREAM)
        self._counter = bytearray(_BLOCK)
        self._state = bytearray(_BLOCK)
        self._mask = bytearray(_BLOCK)  # the first key stream block, which hides the tag
        self._lengths = bytearray(_BLOCK)
        self._cipher.encrypt(self._state, self._state)  # H is the encryption of zeros
        prepare(self._table, self._state)

    def seal(
        self,
        nonce: "bytes | bytearray | memoryview",
        aad: "bytes | bytearray | memoryview",
        text: "bytearray | memoryview",
        tag: "bytearray | memoryview",
    ) -> None:
        """Encrypt text where it stands and fill tag, 16 bytes. nonce: 12 bytes. Does not allocate.

        raises: ValueError for another length of nonce or tag, or after wipe().
        """
        cipher = self._begin(nonce, tag)
        self._crypt(cipher, text)
        self._authenticate(aad, text)
        tag[:] = self._state
        self._forget()

    def open(
        self,
        nonce: "bytes | bytearray | memoryview",
        aad: "bytes | bytearray | memoryview",
        text: "bytearray | memoryview",
        tag: "bytes | bytearray | memoryview",
    ) -> bool:
        """Check tag, 16 bytes, and if it is right decrypt text where it stands; False and text untouched if not.

        The time does not depend on where a wrong tag differs. Does not allocate. raises: ValueError as seal() does.
        """
        cipher = self._begin(nonce, tag)
        self._authenticate(aad, text)
        genuine = equal(self._state, tag)
        if genuine:
            self._crypt(cipher, text)
        self._forget()
        return genuine

    def wipe(self) -> None:
        """Forget the key; the object is of no use after this."""
        self._forget()
        prepare(self._table, self._state)
        self._cipher = None

    def _begin(self, nonce: "bytes | bytearray | memoryview", tag: "bytes | bytearray | memoryview") -> "cryptolib.aes":
        cipher = self._cipher
        if len(nonce) != NONCE or len(tag) != TAG or cipher is None:
            raise ValueError("GCM wants nonces of 12 bytes, tags of 16 and a key")
        wipe(self._counter)
        for index in range(NONCE):
            self._counter[index] = nonce[index]
        count(self._mask, self._counter, 1)
        cipher.encrypt(self._mask, self._mask)
        return cipher

    def _crypt(self, cipher: "cryptolib.aes", text: "bytearray | memoryview") -> None:
        length = len(text)
        start = 0
        while start < length:
            piece = min(length - start, _STREAM)
            count(self._stream, self._counter, (piece + _BLOCK - 1) // _BLOCK)
            cipher.encrypt(self._stream, self._stream)
            mix(text, start, self._stream, piece)
            start += piece

    def _authenticate(self, aad: "bytes | bytearray | memoryview", text: "bytearray | memoryview") -> None:
        """Put the tag into the state."""
        wipe(self._state)
        absorb(self._state, self._table, aad, len(aad))
        absorb(self._state, self._table, text, len(text))
        _put_bits(self._lengths, 7, len(aad))
        _put_bits(self._lengths, 15, len(text))
        absorb(self._state, self._table, self._lengths, _BLOCK)
        mix(self._state, 0, self._mask, _BLOCK)

    def _forget(self) -> None:
        wipe(self._state)
        wipe(self._mask)
        wipe(self._stream)


def _put_bits(lengths: bytearray, last: int, size: int) -> None:
    """Write 8 x size as an integer of 32 bits that ends at index last."""
    size <<= 3
    for index in range(last, last - 4, -1):
        lengths[index] = size & 0xFF
        size >>= 8
