"""A file that proves its own integrity: head, body, SHA-256 over both. Written once from start to end, never patched.

Integers are big-endian:

    offset  bytes
    0       4    magic "LKR1"
    4       4    generation, 1 to 2^30 - 1 (a small int on the ESP32); flash wears out long before
    8       4    length of the body, n
    12      n    body
    12 + n  32   SHA-256 of everything before it, and then the file ends

The sum finds damage. It is no protection against a writer with access to the flash, who can compute it too.
"""

from struct import pack, unpack

from micropython import const

from latchkey.crypto.digest import Sha256

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Generator
    from io import BufferedIOBase

# Codes of RecordError
NO_ROOM = const(1)
IO_FAILED = const(2)
NO_MEMORY = const(3)
BROKEN = const(4)  # a copy fails its sum, or is no record at all
MALFORMED = const(5)  # the sum holds and the contents make no sense

HEAD_LEN = const(12)
SUM_LEN = const(32)

_MAGIC = b"LKR1"
_GENERATION_END = const(0x40000000)


class RecordError(Exception):
    """`code` says why a record could not be read or written."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def read_head(file: "BufferedIOBase") -> "tuple[int, int, Sha256]":
    """Read the head at the file's start; returns generation, length of the body, and the sum so far.

    raises: RecordError.
    """
    head = file.read(HEAD_LEN)
    if len(head) != HEAD_LEN or head[:4] != _MAGIC:
        raise RecordError(BROKEN)
    generation, length = unpack(">II", head[4:])
    if not 0 < generation < _GENERATION_END:
        raise RecordError(BROKEN)
    digest = Sha256()
    digest.update(head)
    return generation, length, digest


def read_body(file: "BufferedIOBase", length: int, digest: Sha256, view: memoryview) -> "Generator[int, None, None]":
    """Fill view with the body, again and again; yields how many bytes stand in it.

    length, digest: from read_head(). What was yielded is worth nothing before the end: only there a wrong sum shows.
    raises: RecordError.
    """
    while length:
        count = min(length, len(view))
        piece = view[:count]
        if file.readinto(piece) != count:
            raise RecordError(BROKEN)
        digest.update(piece)
        yield count
        length -= count
    if file.read(SUM_LEN + 1) != digest.digest():
        raise RecordError(BROKEN)


def write_head(file: "BufferedIOBase", generation: int, length: int) -> Sha256:
    """Begin a file with a body of this length; returns the sum so far."""
    digest = Sha256()
    write_piece(file, digest, _MAGIC + pack(">II", generation, length))
    return digest


def write_piece(file: "BufferedIOBase", digest: Sha256, piece: "bytes | bytearray | memoryview") -> None:
    """Add to the body. raises: RecordError, OSError."""
    digest.update(piece)
    if file.write(piece) != len(piece):
        raise RecordError(NO_ROOM)


def write_sum(file: "BufferedIOBase", digest: Sha256) -> None:
    """End the file. raises: RecordError, OSError."""
    if file.write(digest.digest()) != SUM_LEN:
        raise RecordError(NO_ROOM)
