"""SHA-1 and SHA-256 (FIPS 180-4): the only importer of hashlib.

SHA-1 serves the key card's key derivation and the short display id of a key, both given by existing cards; nothing new
is built on it.
"""

import hashlib


def sha1(*parts: "bytes | bytearray | memoryview") -> bytes:
    """SHA-1 over the parts in order, 20 bytes."""
    state = hashlib.sha1()
    for part in parts:
        state.update(part)
    return state.digest()


def sha256(*parts: "bytes | bytearray | memoryview") -> bytes:
    """SHA-256 over the parts in order, 32 bytes."""
    state = hashlib.sha256()
    for part in parts:
        state.update(part)
    return state.digest()


class Sha256:
    """SHA-256 of data that comes in pieces. digest() ends it: MicroPython cannot go on after that, so nobody does."""

    def __init__(self) -> None:
        self._state: "hashlib.sha256 | None" = hashlib.sha256()

    def update(self, data: "bytes | bytearray | memoryview") -> None:
        """Add the next piece. ValueError after digest()."""
        if self._state is None:
            raise ValueError("hash is final")
        self._state.update(data)

    def digest(self) -> bytes:
        """The 32 bytes, once. ValueError the second time."""
        if self._state is None:
            raise ValueError("hash is final")
        result = self._state.digest()
        self._state = None
        return result
