"""Records that a power cut cannot tear: bytes with a generation, kept in two files. Knows no meaning.

A record at PATH is PATH.a and PATH.b, normally equal sealed files; PATH.new is a draft and never read. A change goes
draft, rename, draft, rename, so that at every instant one file holds the old or the new state whole.

Rests on LittleFS2: rename over an existing file is atomic, and programmed data is read back (lfs.c, lfs_bd_flush). FAT
promises neither. Not protected against: a writer with access to the flash.
"""

import os

from micropython import const

from latchkey.storage import sealed
from latchkey.storage.sealed import (  # noqa: F401
    BROKEN,
    IO_FAILED,
    MALFORMED,
    NO_MEMORY,
    NO_ROOM,
    RecordError,
)

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Generator
    from io import BufferedIOBase

    from latchkey.crypto.digest import Sha256

# What load() found
EMPTY = const(0)
INTACT = const(1)
DAMAGED = const(2)

_CHUNK_LEN = const(512)
_ENOENT = const(2)
_ENOSPC = const(28)

_MISSING = const(0)
_UNREADABLE = const(-1)

# Copies as they are before the first change, and, while none was reported done, after one that was cut off half-way.
_NEVER_MADE = ((_MISSING, _MISSING), (_MISSING, 1), (1, _MISSING))


class Record:
    """One record. `generation` is that of the state in force, 0 while there is none.

    `alone` is true while the second copy could not be written.
    """

    def __init__(self, path: str) -> None:
        self.generation = 0
        self.alone = False
        self._paths = (path + ".a", path + ".b")
        self._draft = path + ".new"
        self._kept = 0  # the copy that is read, and overwritten last
        self._view = memoryview(bytearray(_CHUNK_LEN))
        self._sums = [b"", b""]

    def load(self, expected: int) -> int:
        """Find the state in force and make both copies equal to it; returns EMPTY, INTACT or DAMAGED.

        expected: the generation last reported as done, 0 if unknown. That copy is taken, so a change that was cut off
        half-way never happened; else the newest readable one. Failing to write the other copy only sets `alone`.
        Unless the result is INTACT no copy is written and the fields stay as they were.
        raises: MemoryError, which must not pass for damage.
        """
        self._discard_draft()
        first, second = self._examine(0), self._examine(1)
        if (first, second) in _NEVER_MADE[: 1 if expected else 3]:
            return EMPTY
        if first <= 0 and second <= 0:
            return DAMAGED
        as_expected = expected > 0 and expected in (first, second)
        self._kept = int(first != expected if as_expected else second > first)
        self.generation = second if self._kept else first
        self.alone = self._sums[0] != self._sums[1]
        if self.alone:
            self._mend()
        return INTACT

    def body(self, buf: bytearray) -> "Generator[int, None, None]":
        """Yield n each time that n bytes of the body stand in buf; buf is full every time but the last.

        What was yielded is worth nothing before the end: only there does a wrong sum show.
        raises: RecordError.
        """
        try:
            with open(self._paths[self._kept], "rb") as file:
                _, length, digest = sealed.read_head(file)
                yield from sealed.read_body(file, length, digest, memoryview(buf))
        except OSError as error:
            raise RecordError(_code_of(error))

    def read(self, offset: int, buf: bytearray, twin: bool) -> bool:
        """Fill buf from the body, from offset on, out of the copy in force or its twin; False when that is impossible.

        The sum is not checked: that would mean reading everything. The caller knows what the bytes must be.
        """
        try:
            with open(self._paths[self._kept ^ twin], "rb") as file:
                file.seek(sealed.HEAD_LEN + offset)
                return file.readinto(buf) == len(buf)
        except OSError:
            return False

    def change_steps(self, offset: int, piece: "bytes | bytearray") -> "Generator[None, None, None]":
        """Lay piece over the body from offset (0 to length) on, in both copies; the generation grows by one.

        Yields after each chunk, so that others may work meanwhile; run it to its end, no other change may overlap.
        Whatever fails, flash is then settled as a boot would settle it, and `generation` tells which state is in force.
        raises: RecordError, MemoryError when the change did not happen.
        """
        following = self.generation + 1
        kept, other = self._kept, 1 - self._kept
        try:
            yield from self._write(other, kept if self.generation else -1, following, offset, piece)
            yield from self._write(kept, other, following, 0, b"")
        except (OSError, RecordError, MemoryError) as error:
            self._settle()
            if self.generation != following:
                raise error if isinstance(error, MemoryError) else RecordError(_code_of(error))
            return
        self.generation = following
        self.alone = False

    def _settle(self) -> None:
        try:
            self.load(self.generation)
        except MemoryError:
            pass

    def _discard_draft(self) -> None:
        try:
            os.remove(self._draft)  # on a full disk the copies need its room
        except OSError:
            pass

    def _mend(self) -> None:
        try:
            for _ in self._write(1 - self._kept, self._kept, self.generation, 0, b""):
                pass
            self.alone = False
        except (OSError, RecordError, MemoryError):
            pass

    def _examine(self, copy: int) -> int:
        """The generation of a copy whose sum is right, else _MISSING or _UNREADABLE."""
        self._sums[copy] = b""
        try:
            with open(self._paths[copy], "rb") as file:
                generation, length, digest = sealed.read_head(file)
                for _ in sealed.read_body(file, length, digest, self._view):
                    pass
                file.seek(sealed.HEAD_LEN + length)
                self._sums[copy] = file.read(sealed.SUM_LEN)
                return generation
        except OSError as error:
            return _MISSING if error.args[0] == _ENOENT else _UNREADABLE
        except RecordError:
            return _UNREADABLE

    def _write(
        self, target: int, source: int, generation: int, offset: int, piece: "bytes | bytearray"
    ) -> "Generator[None, None, None]":
        """Draft the body of copy `source` (-1: of none) with piece laid over it, and rename the draft to copy `target`.

        The source is verified as it is read: what has rotted since load() must not get a fresh sum.
        """
        with open(self._draft, "wb") as draft:
            if source < 0:
                digest = sealed.write_head(draft, generation, len(piece))
                sealed.write_piece(draft, digest, piece)
            else:
                with open(self._paths[source], "rb") as file:
                    digest = yield from self._copy(file, draft, generation, offset, piece)
            sealed.write_sum(draft, digest)
        os.rename(self._draft, self._paths[target])

    def _copy(
        self, file: "BufferedIOBase", draft: "BufferedIOBase", generation: int, offset: int, piece: "bytes | bytearray"
    ) -> "Generator[None, None, Sha256]":
        _, length, verified = sealed.read_head(file)
        end = max(length, offset + len(piece))
        digest = sealed.write_head(draft, generation, end)
        at = 0
        for count in sealed.read_body(file, length, verified, self._view):
            _overlay(self._view, at, count, offset, piece)
            sealed.write_piece(draft, digest, self._view[:count])
            at += count
            yield
        sealed.write_piece(draft, digest, piece[len(piece) - (end - length) :])
        return digest


def _overlay(view: memoryview, at: int, count: int, offset: int, piece: "bytes | bytearray") -> None:
    """Replace in view, which holds the body from at to at + count, what piece covers from offset on."""
    start = max(at, offset)
    end = min(at + count, offset + len(piece))
    if start < end:
        view[start - at : end - at] = piece[start - offset : end - offset]


def _code_of(error: Exception) -> int:
    if isinstance(error, RecordError):
        return error.code
    return NO_ROOM if error.args[0] == _ENOSPC else IO_FAILED
