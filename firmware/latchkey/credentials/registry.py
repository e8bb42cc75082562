"""The list of keys and its changes: enrolling, revoking. What it answers, and what it rests on, says key_list.py.

A change is written to both copies before it is reported done; whatever fails, either all of it is in force or nothing.
Writing goes on in small steps, because flash is slow and the motor comes first.
"""

from micropython import const

from latchkey.core import codes
from latchkey.credentials import entries
from latchkey.credentials.entries import (  # noqa: F401
    ABSENT,
    ACTIVE,
    BLOCK_LEN,
    KEY_LEN,
    KEYCARD,
    LEAD_LEN,
    REVOKED,
    SUSPENDED,
    TAIL_LEN,
)
from latchkey.credentials.key_list import BLANK, OLDER, READY, UNREADABLE, KeyList, prefix_of
from latchkey.credentials.roll import NO_SLOT
from latchkey.crypto.secret import wipe
from latchkey.storage.records import Record, RecordError

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Generator

    from latchkey.credentials.key_list import Marks

_NO_K = b""


class Registry(KeyList):
    """One change at a time; a second one is BUSY."""

    def __init__(self, record: Record, marks: "Marks", capacity: int = 1_088) -> None:
        super().__init__(record, marks, capacity)
        self._changing = False

    def add(self, key64: "bytes | bytearray", role: int) -> int:
        """Enrol a keycard in one go; returns its number, or minus the verdict that refuses it. See add_steps()."""
        return _run(self.add_steps(key64, role))

    def add_aes_card(self, uid: "bytes | bytearray", role: int, key: "bytes | bytearray") -> int:
        """Enrol an AES card with UID, 7 bytes, and key, 16, that is in it already, in one go. See add_steps()."""
        return _run(self.add_steps(entries.card_name(uid), role, entries.AES_CARD, key, entries.SETTLED))

    def add_phone(self, key64: "bytes | bytearray", role: int, k: "bytes | bytearray", form: int = 0) -> int:
        """Enrol a phone, or with role FLEET_MANAGER a cloud key, in one go. See add_steps()."""
        return _run(self.add_steps(key64, role, entries.kind_for(role), k, form))

    def revoke(self, number: int) -> int:
        """Revoke a key in one go; returns a verdict. See revoke_steps()."""
        return _run(self.revoke_steps(number))

    def suspend(self, number: int, suspended: bool) -> int:
        """Suspend or readmit a key in one go; returns a verdict. See suspend_steps()."""
        return _run(self.suspend_steps(number, suspended))

    def limit(self, number: int, window: "tuple[int, int, int] | None") -> int:
        """Give a guest a window, or take it from him, in one go; returns a verdict. See limit_steps()."""
        return _run(self.limit_steps(number, window))

    def add_steps(
        self,
        key64: "bytes | bytearray",
        role: int,
        kind: int = KEYCARD,
        k: "bytes | bytearray | memoryview" = _NO_K,
        form: int = 0,
        pace: int = 0,
    ) -> "Generator[None, None, int]":
        """Enrol a key of 64 bytes; ends with its number, or minus the verdict that refuses it.

        kind: entries.KEYCARD, PHONE, CLOUD_KEY or AES_CARD. Phones and cloud keys come with K, 16 bytes, and what they
        say they are; they get the lowest free slot. An AES card comes with its AES key as K; form is SETTLED, or
        PENDING where the card has yet to get it. pace: of a card, as entries.pace_of(). Key and K are copied in the
        first step. Yields between flash blocks; run it to its end or close() it. The first key of a blank list must be
        an owner's, of owner_kind, and makes it claimed. A revoked key returns under its old number. Refused with BUSY,
        NO_REGISTRY, OLD_REGISTRY, NOT_PERMITTED, ALREADY_ENROLLED, REGISTRY_FULL, or STORAGE_FAILED: then all is as it
        was.
        raises: MemoryError before anything has begun.
        """
        refusal = self._cannot_add(kind, role)
        if refusal:
            return -refusal
        prefix = prefix_of(key64)
        known = self._roll.index.find(prefix)
        if known >= 0 and self.condition(known) != REVOKED:
            return -codes.ALREADY_ENROLLED
        number = known if known >= 0 else self._roll.free_number()
        is_card = entries.is_card(kind)
        slot = NO_SLOT if is_card else self._roll.free_slot()
        if number < 0 or (not is_card and slot == NO_SLOT):
            return -codes.REGISTRY_FULL
        self._roll.reserve(number)
        offset = entries.offset_of(number)
        version = _version_of(pace)
        tail = _card_tail(kind, key64, k, form, pace) if is_card else entries.tail(key64, k, slot, form)
        key_id = entries.short_id(key64)
        piece = entries.entry(role, self.generation + 1, key64, kind, tail, version)
        if self.state == BLANK:
            offset, piece = 0, entries.header() + piece
        if not (yield from self._change_steps(offset, piece)):
            return -codes.STORAGE_FAILED
        if known < 0:
            self._roll.assign(number, prefix)
        self._roll.set(number, kind, role, ACTIVE, self.generation, version)
        self._roll.set_pace(number, pace)
        if kind == entries.AES_CARD and form == entries.PENDING:
            self.pending_cards += 1
        if slot != NO_SLOT:
            self._roll.place(number, slot, key_id)
        self.state = READY
        self._mark()
        return number

    def revoke_steps(self, number: int) -> "Generator[None, None, int]":
        """Revoke a key, and forget a phone's K; ends with a verdict, ALREADY for a revoked one. Yields as add_steps().

        Refused with BUSY, NO_REGISTRY, OLD_REGISTRY, NO_SUCH_KEY, LAST_OWNER, or STORAGE_FAILED: then all is as it was.
        raises: MemoryError before anything has begun.
        """
        verdict = self._cannot_change_key(number) or self._cannot_lose(number)
        if verdict:
            return verdict
        kind, role = self.kind(number), self.role(number)
        piece = entries.lead(role, REVOKED, self.generation + 1, kind)
        if not entries.is_card(kind) and self.key(
            number, self._key
        ):  # revoked in any case, also where the key cannot be read
            piece += self._key + bytes(TAIL_LEN)
        if not (yield from self._change_steps(entries.offset_of(number), piece)):
            return codes.STORAGE_FAILED
        self._roll.set(number, kind, role, REVOKED, self.generation)
        self._mark()
        return codes.ACCEPTED

    def settle_steps(self, number: int) -> "Generator[None, None, int]":
        """An AES card has proved the key that was PENDING; ends with a verdict. Yields as add_steps().

        Refused with BUSY, NO_REGISTRY, OLD_REGISTRY, NO_SUCH_KEY or STORAGE_FAILED: then all is as it was.
        raises: MemoryError before anything has begun.
        """
        refusal = self._cannot_change()
        if refusal:
            return refusal
        k = bytearray(entries.K_LEN + 1)
        if self.condition(number) != ACTIVE or not self.card_key(number, k):
            return codes.NO_SUCH_KEY
        tail = _card_tail(
            entries.AES_CARD, self._key, memoryview(k)[: entries.K_LEN], entries.SETTLED, self.pace(number)
        )
        waited = k[entries.K_LEN] == entries.PENDING
        wipe(k)
        verdict = yield from self._rewrite_steps(number, ACTIVE, self._roll.version(number), self._key + tail)
        if waited and not verdict:
            self.pending_cards -= 1
        return verdict

    def pace_steps(self, number: int, pace: int) -> "Generator[None, None, int]":
        """Limit how long a card may take to answer, or with 0 no longer; ends with a verdict. Yields as add_steps().

        pace: as entries.pace_of(). Refused with BUSY, NO_REGISTRY, OLD_REGISTRY, NO_SUCH_KEY, REVOKED, NOT_PERMITTED
        for what is no card, or STORAGE_FAILED: then all is as it was. raises: MemoryError before anything has begun.
        """
        verdict = self._cannot_change_key(number)
        if verdict:
            return codes.REVOKED if verdict == codes.ALREADY else verdict
        kind = self.kind(number)
        if not entries.is_card(kind):
            return codes.NOT_PERMITTED
        k = bytearray(entries.K_LEN + 1)
        if not (self.card_key(number, k) if kind == entries.AES_CARD else self.key(number, self._key)):
            return codes.STORAGE_FAILED
        tail = _card_tail(kind, self._key, memoryview(k)[: entries.K_LEN], k[entries.K_LEN], pace)
        wipe(k)
        version = entries.WINDOWED if self.is_windowed(number) else _version_of(pace)
        verdict = yield from self._rewrite_steps(number, self.condition(number), version, self._key + tail)
        if not verdict:
            self._roll.set_pace(number, pace)
        return verdict

    def suspend_steps(self, number: int, suspended: bool) -> "Generator[None, None, int]":
        """Suspend a key, or readmit one; ends with a verdict, ALREADY where it is so. Yields as add_steps().

        Refused with BUSY, NO_REGISTRY, OLD_REGISTRY, NO_SUCH_KEY, REVOKED, LAST_OWNER, or STORAGE_FAILED: then all is
        as it was. raises: MemoryError before anything has begun.
        """
        wanted = SUSPENDED if suspended else ACTIVE
        verdict = self._cannot_change_key(number)
        if verdict:
            return codes.REVOKED if verdict == codes.ALREADY else verdict
        if self.condition(number) == wanted:
            return codes.ALREADY
        verdict = self._cannot_lose(number)
        if verdict:
            return verdict
        return (yield from self._rewrite_steps(number, wanted, self._roll.version(number)))

    def limit_steps(self, number: int, window: "tuple[int, int, int] | None") -> "Generator[None, None, int]":
        """Give a guest a window, or with None take it from him; ends with a verdict. Yields as add_steps().

        A driver becomes a guest by it. window: (not before, not after, flags), see windows.py. The window is written
        first, where it means nothing yet; then the entry is made to need it. So whatever cuts this off, the guest is as
        he was or as he shall be.
        Refused with BUSY, NO_REGISTRY, OLD_REGISTRY, NO_SUCH_KEY, REVOKED, NOT_PERMITTED for every other role and for a
        window without a whole minute, REGISTRY_FULL, or STORAGE_FAILED. raises: MemoryError before anything has begun.
        """
        verdict = self._cannot_change_key(number)
        if verdict:
            return codes.REVOKED if verdict == codes.ALREADY else verdict
        role = self.role(number)
        if role != codes.GUEST and role != codes.DRIVER:
            return codes.NOT_PERMITTED
        version = entries.WINDOWED
        if window is not None:
            verdict = yield from self._write_window(number, window)
            if verdict or self.is_windowed(number):
                return verdict
        elif role == codes.GUEST and not self.is_windowed(number):
            return codes.ALREADY
        else:
            version = _version_of(self.pace(number))
        return (yield from self._rewrite_steps(number, self.condition(number), version, b"", codes.GUEST))

    def _write_window(self, number: int, window: "tuple[int, int, int]") -> "Generator[None, None, int]":
        from latchkey.credentials.windows import block_of, first_min, is_sensible

        from_s, until_s, flags = window
        if not is_sensible(from_s, until_s):
            return codes.NOT_PERMITTED
        windows = self.hold_windows()
        row = windows.row_for(number)
        if row < 0:
            return codes.REGISTRY_FULL
        place = windows.number_of(row)
        if place < 0:
            place = self._roll.free_number()
            if place < 0:
                return codes.REGISTRY_FULL
            self._roll.reserve(place)
        prefix = self._roll.index.prefix(number)
        from_min, until_min = first_min(from_s), until_s // 60
        block = block_of(number, prefix, from_s, until_s, flags)
        if not (yield from self._change_steps(entries.offset_of(place), block)):
            return codes.STORAGE_FAILED
        self._roll.vacate(place)
        windows.put(row, place, number, prefix, from_min, until_min, flags)
        self._mark()
        return codes.ACCEPTED

    def _rewrite_steps(
        self, number: int, condition: int, version: int, rest: "bytes | bytearray" = b"", role: int = codes.NO_ROLE
    ) -> "Generator[None, None, int]":
        """Write what stands before the key anew, and key and tail where `rest` has them; ends with ACCEPTED or
        STORAGE_FAILED. role: NO_ROLE for the one that it has.
        """
        kind, role = self.kind(number), role or self.role(number)
        slot, key_id = self.slot_of(number), b""
        if slot != NO_SLOT:
            key_id = self.id_in(slot)
        piece = entries.lead(role, condition, self.generation + 1, kind, version) + rest
        if not (yield from self._change_steps(entries.offset_of(number), piece)):
            return codes.STORAGE_FAILED
        self._roll.set(number, kind, role, condition, self.generation, version)
        if slot != NO_SLOT:
            self._roll.place(number, slot, key_id)
        self._mark()
        return codes.ACCEPTED

    def _cannot_change(self) -> int:
        if self._changing:
            return codes.BUSY
        if self.state == UNREADABLE:
            return codes.NO_REGISTRY
        return codes.OLD_REGISTRY if self.state == OLDER else 0

    def _cannot_add(self, kind: int, role: int) -> int:
        if not entries.may_hold(kind, role):
            return codes.NOT_PERMITTED
        if self.state == BLANK and (not self.counts_as_owner(kind) or role != codes.OWNER):
            return codes.NOT_PERMITTED
        return self._cannot_change()

    def _cannot_change_key(self, number: int) -> int:
        """0, or why this key cannot be changed: ALREADY for a revoked one."""
        refusal = self._cannot_change()
        if refusal:
            return refusal
        condition = self.condition(number)
        if condition == ABSENT:
            return codes.NO_SUCH_KEY
        return codes.ALREADY if condition == REVOKED else 0

    def _cannot_lose(self, number: int) -> int:
        return codes.LAST_OWNER if self._is_last_owner(number) else 0

    def _is_last_owner(self, number: int) -> bool:
        """The last owner stays, and beside a reader the last one with a card: a phone cannot open enrolment there."""
        if not self._roll.is_owner(number):
            return False
        if self.owner_kind == KEYCARD and entries.is_card(self.kind(number)) and self.owner_cards() == 1:
            return True
        return self.owners() == 1

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


def _version_of(pace: int) -> int:
    return entries.PACED if pace else entries.PLAIN


def _card_tail(
    kind: int, key64: "bytes | bytearray", k: "bytes | bytearray | memoryview", slot: int, pace: int
) -> bytes:
    """The 24 bytes behind a card's key. A key card without a pace has none, as before there were any."""
    if kind == KEYCARD:
        return entries.tail(key64, bytes(entries.K_LEN), 0, pace) if pace else bytes(TAIL_LEN)
    return entries.tail(key64, k, slot, pace)


def _run(steps: "Generator[None, None, int]") -> int:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
