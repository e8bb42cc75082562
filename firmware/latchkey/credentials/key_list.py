"""The list of keys as it is read: who may ask, in which role, since which change. Changing it is registry.py's.

It stands in one storage record (two copies, one generation) and, for decisions, in RAM (roll.py): kind, role, condition
and entry generation are answered without touching flash or heap. A key is found by the prefix of its hash and then
compared in full with what flash holds; a prefix alone never identifies.

A number is the place of an entry. Another key takes it over only when the list is full and the entry revoked. Every
change of an entry raises its entry generation, which requests carry, so an old request never acts for a new key.

Two marks outside the file system say that this controller was claimed, and which generation was last reported done:
a lost list therefore reads UNREADABLE, never BLANK, and an older one put back reads OLDER. Not protected against:
whoever writes flash and marks both.
"""

from micropython import const

from latchkey.core import codes
from latchkey.credentials import entries
from latchkey.credentials.entries import ABSENT, BLOCK_LEN, KEY_LEN, LEAD_LEN, REVOKED, TAIL_LEN
from latchkey.credentials.index import PREFIX_LEN
from latchkey.credentials.roll import NO_SLOT, Roll
from latchkey.crypto.digest import sha256
from latchkey.crypto.secret import wipe
from latchkey.storage import records
from latchkey.storage.records import Record, RecordError

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from typing import Protocol

    from latchkey.credentials.windows import Windows

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


class KeyList:
    """Entries 0 to count - 1. `fault` is the code (storage.records) of the last storage error, 0 for none.

    `owner_kind`: of what owners must have one. Cards; on a board without a reader main makes it PHONE. `pending_cards`:
    how many AES cards were enrolled and never used, or more.
    """

    def __init__(self, record: Record, marks: "Marks", capacity: int = 1_088) -> None:
        """marks keep small integers, never torn, though a cut may leave the old one; set() raises OSError."""
        self.state = UNREADABLE
        self.fault = 0
        self.owner_kind = entries.KEYCARD
        self.pending_cards = 0
        self.windows: "Windows | None" = None
        self._displaced: "list[int]" = []
        self._record = record
        self._marks = marks
        self._roll = Roll(capacity)
        self._capacity = capacity
        self._key = bytearray(KEY_LEN)
        self._behind = bytearray(TAIL_LEN)

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

        What older firmware has enrolled again without seeing it is erased. Whatever goes wrong on the way is
        UNREADABLE, and may be tried again.
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
        number = self._roll.index.find(prefix_of(key64))
        if number >= 0 and self.key(number, self._key) and self._key == key64:
            return number
        return -1

    def key(self, number: int, out64: bytearray) -> bool:
        """Fill out64 with the key of an entry; False where there is none, or neither copy yields it undamaged."""
        if self.condition(number) == ABSENT:
            return False
        for twin in (False, True):
            found = self._record.read(entries.offset_of(number) + LEAD_LEN, out64, twin)
            if found and self._roll.index.matches(number, prefix_of(out64)):
                return True
        self.fault = records.BROKEN
        return False

    def secret(self, number: int, out16: bytearray) -> bool:
        """Fill out16 with K of a phone or cloud key; False where there is none, or neither copy yields it undamaged."""
        return self.slot_of(number) != NO_SLOT and self._take_secret(number, out16)

    def card_key(self, number: int, out17: bytearray) -> bool:
        """Fill out17 with the key of an AES card, revoked or not, and SETTLED or PENDING behind its 16 bytes.

        False where there is none, or neither copy yields it undamaged.
        """
        return self.kind(number) == entries.AES_CARD and self._take_secret(number, out17)

    def form(self, number: int) -> int:
        """What kind of device a phone or cloud key says it is, 0 for unknown. Reads flash."""
        form = entries.form_in(self._behind) if self.slot_of(number) != NO_SLOT and self._read_tail(number) else 0
        wipe(self._behind)
        return form

    def kind(self, number: int) -> int:
        """KEYCARD, PHONE, CLOUD_KEY or AES_CARD; 0 where there is no entry. Allocates nothing."""
        return self._roll.kind(number)

    def slot_of(self, number: int) -> int:
        """Slot 0 to 31 of a phone or cloud key that is not revoked, else -1. Allocates nothing."""
        return self._roll.slot_of(number)

    def id_in(self, slot: int) -> bytes:
        """The short id, 4 bytes, of the key in a slot that somebody has."""
        return self._roll.id_in(slot)

    def number_in(self, slot: int) -> int:
        """Who has this slot, -1 for nobody. Allocates nothing."""
        return self._roll.number_in(slot)

    def counts_as_owner(self, kind: int) -> bool:
        """Whether the first owner may be, and the last one must be, of this kind. Allocates nothing."""
        return kind == self.owner_kind or (kind == entries.AES_CARD and self.owner_kind == entries.KEYCARD)

    def find_aes_card(self, uid: bytes) -> int:
        """The number of the AES card that shows this UID, whatever its condition, or -1."""
        number = self.find(entries.card_name(uid)) if len(uid) == entries.UID_LEN else -1
        return number if self.kind(number) == entries.AES_CARD else -1

    def has_aes_cards(self) -> bool:
        """True where there is one, whatever its condition."""
        return any(self.kind(number) == entries.AES_CARD for number in range(self.count))

    def role(self, number: int) -> int:
        """Role of an entry, NO_ROLE where there is none. Allocates nothing."""
        return self._roll.role(number)

    def condition(self, number: int) -> int:
        """ABSENT, ACTIVE, SUSPENDED or REVOKED. Allocates nothing."""
        return self._roll.condition(number)

    def entry_generation(self, number: int) -> int:
        """The generation in which an entry last changed, 0 where there is none. Allocates nothing."""
        return self._roll.generation(number)

    def pace(self, number: int) -> int:
        """How soon a card must answer, in steps of entries.PACE_MS, 0 for no limit. Allocates nothing."""
        return self._roll.pace(number)

    def is_windowed(self, number: int) -> bool:
        """True for a guest who may come only at an agreed time. Allocates nothing."""
        return self._roll.version(number) == entries.WINDOWED

    def window_verdict(self, number: int, now_min: int) -> int:
        """Whether this is the time of a guest with a window: ACCEPTED, OUTSIDE_WINDOW or CLOCK_UNSET.

        now_min: as WallClock.now_min(). A guest whose window is missing is always outside it. Allocates nothing.
        """
        if self.windows is None:
            return codes.OUTSIDE_WINDOW
        return self.windows.verdict(number, now_min)

    def window_of(self, number: int) -> "tuple[int, int, int] | None":
        """(first minute, minute behind the last, flags) of a guest with a window, as Windows.window_of(); else None.

        (0, 0, 0) for one whose window is missing.
        """
        if not self.is_windowed(number):
            return None
        return (self.windows.window_of(number) if self.windows is not None else None) or (0, 0, 0)

    def hold_windows(self) -> "Windows":
        """The guests' windows, from now on: most vehicles have none, and do without the module."""
        if self.windows is None:
            from latchkey.credentials.windows import Windows

            self.windows = Windows(self._roll)
        return self.windows

    def owners(self) -> int:
        """How many active owners there are, of all kinds."""
        return self._roll.owners

    def owner_cards(self) -> int:
        """How many of them are cards."""
        return self._roll.owner_cards

    def _take_secret(self, number: int, out: bytearray) -> bool:
        found = self._read_tail(number)
        if found:
            out[:] = memoryview(self._behind)[: len(out)]
            wipe(self._behind)
        return found

    def _read_tail(self, number: int) -> bool:
        """Fill self._behind with what stands behind the key of a phone, cloud key or AES card."""
        if not self.key(number, self._key):
            return False
        for twin in (False, True):
            found = self._record.read(entries.offset_of(number) + LEAD_LEN + KEY_LEN, self._behind, twin)
            if found and entries.tail_fits(self._key, self._behind):
                return True
        wipe(self._behind)
        self.fault = records.BROKEN
        return False

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
        self.pending_cards = 0
        self.windows = None
        self._displaced = []

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
        if self._mark():
            self._erase_displaced()
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
        kind = entries.kind_of(block)
        if not kind:
            self._roll.vacate(number)
            if entries.is_window(block):
                self.hold_windows().take(number, block)
            return
        role, condition, generation = entries.fields(block, self.generation)
        version = entries.version_of(block)
        key = block[LEAD_LEN : LEAD_LEN + KEY_LEN]
        prefix = prefix_of(key)
        slot = NO_SLOT
        if not entries.is_card(kind) and condition != REVOKED:
            slot = entries.slot_in(memoryview(block)[LEAD_LEN + KEY_LEN :])
            if slot >= entries.SLOTS:
                raise RecordError(records.MALFORMED)
        rank = (version == entries.PLAIN, generation)
        if self._gives_way(number, rank, self._roll.index.find(prefix)):
            return
        if self._gives_way(number, rank, self._roll.number_in(slot)):
            return
        self._roll.assign(number, prefix)
        self._roll.set(number, kind, role, condition, generation, version)
        self._roll.set_pace(number, entries.pace_in(block))
        if kind == entries.AES_CARD and condition != REVOKED:
            self.pending_cards += entries.slot_in(memoryview(block)[LEAD_LEN + KEY_LEN :]) == entries.PENDING
        if slot != NO_SLOT:
            self._roll.place(number, slot, entries.short_id(key))

    def _gives_way(self, number: int, rank: "tuple[bool, int]", other: int) -> bool:
        """Of two that claim the same key or slot one is vacated; True where it is `number`. rank: (PLAIN, generation).

        Older firmware, which did not see a restricted entry, has given its key or slot away: that entry gives way, also
        after the other has been restricted since; then the later change tells which is which.
        """
        if other < 0:
            return False
        others = (self._roll.version(other) == entries.PLAIN, self._roll.generation(other))
        if rank[0] and others[0]:
            raise RecordError(records.MALFORMED)
        loser = other if rank > others else number
        self._roll.vacate(loser)
        self._displaced.append(loser)
        return loser == number

    def _erase_displaced(self) -> None:
        """What gave way must not count again once the key that displaced it has gone. Else tried at the next boot."""
        try:
            for number in self._displaced:
                for _ in self._record.change_steps(entries.offset_of(number), bytes(BLOCK_LEN)):
                    pass
                self._mark()
        except (RecordError, MemoryError) as error:
            self._note(error)


def prefix_of(key64: "bytes | bytearray") -> bytes:
    """What the index knows of a key."""
    return sha256(key64)[:PREFIX_LEN]
