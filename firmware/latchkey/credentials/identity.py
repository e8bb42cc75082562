"""Who this vehicle is to phones: a name of 17 characters and a P-256 key pair, both made here and kept for good.

The name takes the place of a vehicle identification number, which the phone's protocol wants (17 ASCII characters); it
is LATCHKEY and nine characters drawn from the hash of the public key, in the alphabet of ISO 3779, which has no I, O
and Q. Every enrolled phone holds the public key and shares a secret with the private one, so neither is ever made anew
by itself: a mark outside the file system tells a lost identity from one that never was.

It stands in one storage record: layout 1 | name, 17 | private key, 32 | public key, 64. Not protected against: whoever
reads the flash.
"""

from micropython import const

from latchkey.credentials.entries import K_LEN, short_id
from latchkey.crypto import p256
from latchkey.crypto.digest import sha1, sha256
from latchkey.crypto.entropy import EntropyError
from latchkey.crypto.mac import hkdf
from latchkey.crypto.secret import wipe
from latchkey.storage import records
from latchkey.storage.records import Record, RecordError

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable, Generator

    from latchkey.credentials.key_list import Marks

# What load() found, and `state` afterwards
ABSENT = const(0)  # never made
READY = const(1)
UNREADABLE = const(2)  # made once, and no copy can be read: phones cannot be served

# Codes of IdentityError
NO_ENTROPY = const(1)
NO_STORAGE = const(2)

VIN_LEN = const(17)
LOCATOR_LEN = const(17)

_LAYOUT = const(1)
_PRIVATE_AT = const(18)
_PUBLIC_AT = const(50)
_BODY_LEN = const(114)
_MADE = "identity"  # the mark
_LEAD = b"LATCHKEY"
_ALPHABET = b"ABCDEFGHJKLMNPRSTUVWXYZ123456789"  # of ISO 3779 without 0: 32 of them


class IdentityError(Exception):
    """The vehicle's key could not be made. `code`: NO_ENTROPY or NO_STORAGE."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Identity:
    """`vin`: 17 bytes, and `public_key`: 64 bytes, both empty or zero until state is READY."""

    def __init__(self, record: Record, marks: "Marks") -> None:
        """marks: as the registry's. One identity for one record."""
        self.state = UNREADABLE
        self.vin = b""
        self.public_key = bytearray(64)
        self._private = bytearray(32)
        self._record = record
        self._marks = marks

    def load(self) -> int:
        """Read it at boot; returns `state`. Never raises."""
        try:
            self.state = self._read()
        except (RecordError, OSError, MemoryError):
            self.state = UNREADABLE
        return self.state

    def make_steps(self, fill: "Callable[[bytearray | memoryview], None]") -> "Generator[None, None, None]":
        """Make it, where it is ABSENT: run to the end between other work. fill(buf): fresh random bytes.

        Whatever fails before it is written leaves it ABSENT, to be tried again. raises: IdentityError, MemoryError.
        """
        if self.state != ABSENT:
            return
        private = bytearray(32)
        body = bytearray(_BODY_LEN)
        try:
            fill(private)  # for nothing: a generator that repeats itself shows it at the second draw
            p256.new_private(fill, private)
            public = memoryview(body)[_PUBLIC_AT:]
            yield from p256.public_steps(private, public)
            body[0] = _LAYOUT
            body[1:_PRIVATE_AT] = name_of(public)
            body[_PRIVATE_AT:_PUBLIC_AT] = private
            yield from self._record.change_steps(0, body)
            self._take(body)
            self._mark()
        except (EntropyError, p256.P256Error):
            raise IdentityError(NO_ENTROPY)
        except (RecordError, OSError):
            raise IdentityError(NO_STORAGE)
        finally:
            wipe(private)
            wipe(body)

    def rename_steps(self, name: bytes) -> "Generator[None, None, None]":
        """Keep another name, 17 bytes, which is in force from the next boot on: run to the end between other work.

        Whoever knows the vehicle by its old name does not find it any more. raises: IdentityError.
        """
        try:
            yield from self._record.change_steps(1, name)
        except (RecordError, OSError):
            raise IdentityError(NO_STORAGE)

    def short_id(self) -> str:
        """Short id of the vehicle's key in hexadecimal, for people to compare; empty until READY."""
        return short_id(self.public_key).hex() if self.vin else ""

    def card_locator(self, out17: bytearray) -> bool:
        """Fill out17 with the key by which this vehicle tells its own among cards that hide their UID, 16 bytes, and
        with that key's version, 1 to 255. False, and nothing is filled in, unless READY.
        """
        if self.state != READY:
            return False
        hkdf(self._private, b"", b"latchkey card locator", out17)
        out17[-1] = 1 + out17[-1] % 255
        return True

    def k_steps(self, key64: "bytes | bytearray", out16: "bytearray | memoryview") -> "Generator[None, None, None]":
        """Put K, which this vehicle and a 64-byte key share, into out16, giving way after each slice.

        The identity must be READY. raises: p256.P256Error, MemoryError.
        """
        shared = bytearray(32)
        try:
            yield from p256.shared_steps(self._private, key64, shared)
            shared_key(shared, out16)
        finally:
            wipe(shared)

    def _read(self) -> int:
        made = self._marks.get(_MADE)
        found = self._record.load(1 if made else 0)
        if found == records.EMPTY:
            return UNREADABLE if made else ABSENT
        if found != records.INTACT:
            return UNREADABLE
        body = bytearray(_BODY_LEN)
        chunk = bytearray(_BODY_LEN + 1)
        filled = 0
        steps = self._record.body(chunk)
        try:
            for count in steps:
                filled += count
                body[:] = memoryview(chunk)[:_BODY_LEN]
        finally:
            steps.close()  # MicroPython would leave its file open
            wipe(chunk)
        if filled != _BODY_LEN or body[0] != _LAYOUT:
            return UNREADABLE
        self._take(body)
        wipe(body)
        if not made:
            self._mark()  # a cut came between the two
        return READY

    def _mark(self) -> None:
        """Remember that it was made; where that fails it is tried again at the next boot."""
        try:
            self._marks.set(_MADE, 1)
        except OSError:
            pass

    def _take(self, body: bytearray) -> None:
        self.vin = bytes(body[1:_PRIVATE_AT])
        self._private[:] = memoryview(body)[_PRIVATE_AT:_PUBLIC_AT]
        self.public_key[:] = memoryview(body)[_PUBLIC_AT:]
        self.state = READY


def name_of(public: "bytes | bytearray | memoryview") -> bytes:
    """The 17 characters that a vehicle with this public key calls itself."""
    digest = sha256(public)
    return _LEAD + bytes([_ALPHABET[digest[at] & 31] for at in range(VIN_LEN - len(_LEAD))])


def shared_key(shared_x: "bytes | bytearray", out16: "bytearray | memoryview") -> None:
    """Fill out16 with K, from the X that two keys share: 32 bytes, zeros in front included (protocol.md)."""
    out16[:] = sha1(shared_x)[:K_LEN]
