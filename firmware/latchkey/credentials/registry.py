"""The list of keys: who may ask, in which role, since which change. Read by the vehicle at the moment of decision.

It stands in one storage record (two copies, one generation) and, for decisions, in RAM (roll.py): role, condition and
entry generation are answered without touching flash or heap. A key is found by the prefix of its hash and then compared
in full with what flash holds; a prefix alone never identifies.

A number is the place of an entry. Another key takes it over only when the list is full and the entry revoked. Every
change of an entry raises its entry generation, which requests carry, so an old request never acts for a new key.

Two marks outside the file system say that this controller was claimed, and which generation was last reported done:
a lost list therefore reads UNREADABLE, never BLANK, and an older one put back reads OLDER. Not protected against:
whoever writes flash and marks both.
"""

from micropython import const

from latchkey.core import codes
from latchkey.credentials import entries
from latchkey.credentials.entries import ABSENT, ACTIVE, BLOCK_LEN, KEY_LEN, LEAD_LEN, REVOKED, SUSPENDED  # noqa: F401
from latchkey.credentials.index import PREFIX_LEN
from latchkey.credentials.roll import Roll
from latchkey.crypto.digest import sha256
from latchkey.storage import records
from latchkey.storage.records import Record, RecordError

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Generator
    from typing import Protocol

    class Marks(Protocol):
        def get(self, name: str) -> "int | None": ...
        def set(self, name: str, value: int) -> None: ...


# What load() found, and `state` afterwards
BLANK = const(0)  # never claimed
READY = const(1)
OLDER = const(2)  # older than the generation mark: owner cards alone open, nothing can be changed
UNREADABLE = const(3)  # claimed, and no copy can be read: nobody is recognised, nobody can claim

_CLAIMED = "claimed"
_GENERATION = "generation"


class Registry:
    """Entries 0 to count - 1. `fault` is the code (storage.records) of the last storage error, 0 for none."""

    def __init__(self, record: Record, marks: "Marks", capacity: int = 1024) -> None:
        """marks keep small integers, never torn, though a cut may leave the old one; set() raises OSError."""
        self.state = UNREADABLE
        self.fault = 0
        self._record = record
        self._marks = marks
        self._roll = Roll(capacity)
        self._capacity = capacity
        self._changing = False
        self._key = bytearray(KEY_LEN)

    @property
    def generation(self) -> int:
        """The number that every change increases; 0 while blank."""
        return self._record.generation

    @property
    def count(self) -> int:
        """Numbers run from 0 to count - 1, revoked ones among them."""
        return self._roll.count

    def load(self) -> int:
        """Read the list at boot; returns `state`. Mends a damaged copy and marks that lag behind.

        Whatever goes wrong on the way is UNREADABLE, and may be tried again.
        """
        self._forget()
        try:
            self.state = self._read()
        except (RecordError, OSError, MemoryError) as error:
            self._note(error)
            self._forget()
        return self.state

    def find(self, key64: "bytes | bytearray") -> int:
        """The number of this 64-byte key, whatever its condition, or -1. Reads the full key from flash to compare."""
        number = self._roll.index.find(_prefix(key64))
        if number >= 0 and self.key(number, self._key) and self._key == key64:
            return number
        return -1

    def key(self, number: int, out64: bytearray) -> bool:
        """Fill out64 with the key of an entry; False where there is none, or neither copy yields it undamaged."""
        if self.condition(number) == ABSENT:
            return False
        for twin in (False, True):
            found = self._record.read(entries.offset_of(number) + LEAD_LEN, out64, twin)
            if found and self._roll.index.matches(number, _prefix(out64)):
                return True
        self.fault = records.BROKEN
        return False

    def role(self, number: int) -> int:
        """Role of an entry, NO_ROLE where there is none. Allocates nothing."""
        return self._roll.role(number)

    def condition(self, number: int) -> int:
        """ABSENT, ACTIVE, SUSPENDED or REVOKED. Allocates nothing."""
        return self._roll.condition(number)

    def entry_generation(self, number: int) -> int:
        """The generation in which an entry last changed, 0 where there is none. Allocates nothing."""
        return self._roll.generation(number)

    def owners(self) -> int:
        """How many active owners there are."""
        return self._roll.owners

    def add(self, key64: "bytes | bytearray", role: int) -> int:
        """Enrol a key in one go; returns its number, or minus the verdict that refuses it. See add_steps()."""
        return _run(self.add_steps(key64, role))

    def revoke(self, number: int) -> int:
        """Revoke a key in one go; returns a verdict. See revoke_steps()."""
        return _run(self.revoke_steps(number))

    def add_steps(self, key64: "bytes | bytearray", role: int) -> "Generator[None, None, int]":
        """Enrol a key of 64 bytes, copied at once; ends with its number, or minus the verdict that refuses it.

        Yields between flash blocks; run it to its end or close() it. The first key of a blank list must be an owner and
        makes the controller claimed. A revoked key returns under its old number. Refused with BUSY, NO_REGISTRY,
        OLD_REGISTRY, NOT_PERMITTED, ALREADY_ENROLLED, REGISTRY_FULL, or STORAGE_FAILED: then all is as it was.
        raises: MemoryError before anything has begun.
        """
        refusal = self._cannot_add(role)
        if refusal:
            return -refusal
        prefix = _prefix(key64)
        known = self._roll.index.find(prefix)
        if known >= 0 and self.condition(known) != REVOKED:
            return -codes.ALREADY_ENROLLED
        number = known if known >= 0 else self._roll.free_number()
        if number < 0:
            return -codes.REGISTRY_FULL
        self._roll.reserve(number)
        offset = entries.offset_of(number)
        piece = entries.entry(role, self.generation + 1, key64)
        if self.state == BLANK:
            offset, piece = 0, entries.header() + piece
        if not (yield from self._change_steps(offset, piece)):
            return -codes.STORAGE_FAILED
        if known < 0:
            self._roll.assign(number, prefix)
        self._roll.set(number, role, ACTIVE, self.generation)
        self.state = READY
        self._mark()
        return number

    def revoke_steps(self, number: int) -> "Generator[None, None, int]":
        """Revoke a key; ends with a verdict, ALREADY for one that is revoked. Yields as add_steps() does.

        Refused with BUSY, NO_REGISTRY, OLD_REGISTRY, NO_SUCH_KEY, LAST_OWNER, or STORAGE_FAILED: then all is as it was.
        raises: MemoryError before anything has begun.
        """
        verdict = self._cannot_revoke(number)
        if verdict:
            return verdict
        role = self.role(number)
        lead = entries.lead(role, REVOKED, self.generation + 1)
        if not (yield from self._change_steps(entries.offset_of(number), lead)):
            return codes.STORAGE_FAILED
        self._roll.set(number, role, REVOKED, self.generation)
        self._mark()
        return codes.ACCEPTED

    def _cannot_change(self) -> int:
        if self._changing:
            return codes.BUSY
        if self.state == UNREADABLE:
            return codes.NO_REGISTRY
        return codes.OLD_REGISTRY if self.state == OLDER else 0

    def _cannot_add(self, role: int) -> int:
        if not entries.may_hold(role) or (self.state == BLANK and role != codes.OWNER):
            return codes.NOT_PERMITTED
        return self._cannot_change()

    def _cannot_revoke(self, number: int) -> int:
        refusal = self._cannot_change()
        if refusal:
            return refusal
        condition = self.condition(number)
        if condition == ABSENT:
            return codes.NO_SUCH_KEY
        if condition == REVOKED:
            return codes.ALREADY
        return codes.LAST_OWNER if self._roll.is_owner(number) and self.owners() == 1 else 0

    def _change_steps(self, offset: int, piece: bytes) -> "Generator[None, None, bool]":
        """Write a change to flash; ends with True where it stands in force there, whatever went wrong on the way.

        The marks are brought up to date first: by them a boot tells what was reported done from what was cut off.
        """
        before = self.generation
        self._changing = True
        try:
            if self.state == READY and not self._mark():
                return False
            yield from self._record.change_steps(offset, piece)
        except (RecordError, MemoryError) as error:
            self._note(error)
        finally:
            self._changing = False
        return self.generation != before

    def _mark(self) -> bool:
        """Bring both marks up to date; False, and try again at the next change or boot, where they cannot be set."""
        try:
            if self._marks.get(_CLAIMED) != 1:
                self._marks.set(_CLAIMED, 1)
            if self._marks.get(_GENERATION) != self.generation:
                self._marks.set(_GENERATION, self.generation)
            return True
        except (OSError, MemoryError) as error:
            self._note(error)
            return False

    def _note(self, error: Exception) -> None:
        if isinstance(error, RecordError):
            self.fault = error.code
        else:
            self.fault = records.NO_MEMORY if isinstance(error, MemoryError) else records.IO_FAILED

    def _forget(self) -> None:
        self.state = UNREADABLE
        self._roll.clear()

    def _read(self) -> int:
        marked = self._marks.get(_GENERATION) or 0
        found = self._record.load(marked)
        if found == records.EMPTY and not marked and not self._marks.get(_CLAIMED):
            return BLANK
        if found != records.INTACT:
            raise RecordError(records.BROKEN)
        self._read_blocks()
        if self.generation < marked:
            return OLDER
        self._mark()
        return READY

    def _read_blocks(self) -> None:
        block = bytearray(BLOCK_LEN)
        number = -1  # of the header, so to say
        body = self._record.body(block)
        try:
            for filled in body:
                if filled != BLOCK_LEN or number == self._capacity:
                    raise RecordError(records.MALFORMED)
                self._take(number, block)
                number += 1
        finally:
            body.close()  # MicroPython would leave its file open
        if number < 1:
            raise RecordError(records.MALFORMED)

    def _take(self, number: int, block: bytearray) -> None:
        if number < 0:
            entries.check_header(block)
            return
        self._roll.reserve(number)
        if not entries.is_keycard(block):
            self._roll.skip()
        else:
            role, condition, generation = entries.fields(block, self.generation)
            prefix = _prefix(block[LEAD_LEN : LEAD_LEN + KEY_LEN])
            if self._roll.index.find(prefix) >= 0:
                raise RecordError(records.MALFORMED)
            self._roll.assign(number, prefix)
            self._roll.set(number, role, condition, generation)


def _prefix(key64: "bytes | bytearray") -> bytes:
    return sha256(key64)[:PREFIX_LEN]


def _run(steps: "Generator[None, None, int]") -> int:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
