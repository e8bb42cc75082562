"""The list of keys as RAM holds it: kind, role, condition, generation and hash prefix of each entry, in growing arrays;
and which phone or cloud key has which of the 32 slots that the phone's protocol counts. A revoked one has none.

This is what a decision reads, so the questions allocate nothing. Neither do the changes: they follow a write that
already stands in flash, and must not fail half-way. Room is therefore made by reserve(), before anything is written.
"""

from array import array

from micropython import const

from latchkey.core.codes import NO_ROLE, OWNER
from latchkey.credentials.entries import ABSENT, ACTIVE, ID_LEN, PLAIN, REVOKED, SLOTS, is_card
from latchkey.credentials.index import ROOM_STEP, Index

NO_SLOT = const(-1)
_NOBODY = const(-1)
_KIND = const(15)
_VERSION_AT = const(4)  # above the kind, in the same byte


class Roll:
    """Entries 0 to count - 1; `owners` of them are active owners, `owner_cards` of those are cards.

    28 bytes of RAM per place, 64 places at a time.
    """

    def __init__(self, capacity: int) -> None:
        self.count = 0
        self.owners = 0
        self.owner_cards = 0
        self.index = Index()
        self._capacity = capacity
        self._kinds = bytearray()
        self._roles = bytearray()
        self._conditions = bytearray()
        self._paces = bytearray()
        self._generations = array("I")
        self._slots = array("h", [_NOBODY] * SLOTS)  # slot -> number
        self._ids = bytearray(ID_LEN * SLOTS)

    def reserve(self, number: int) -> None:
        """Make room for the entry of this number. raises: MemoryError, and all is as it was."""
        while number >= self.index.room:
            places = self.index.room + ROOM_STEP
            if len(self._kinds) < places:
                self._kinds.extend(bytes(ROOM_STEP))
            if len(self._roles) < places:  # else a try that failed half-way came as far as this
                self._roles.extend(bytes(ROOM_STEP))
            if len(self._conditions) < places:
                self._conditions.extend(bytes(ROOM_STEP))
            if len(self._paces) < places:
                self._paces.extend(bytes(ROOM_STEP))
            if len(self._generations) < places:
                self._generations.extend(array("I", bytes(4 * ROOM_STEP)))
            self.index.grow()

    def clear(self) -> None:
        """Forget everything."""
        self.count = self.owners = self.owner_cards = 0
        self.index.clear()
        for number in range(len(self._conditions)):
            self._conditions[number] = ABSENT
        for slot in range(SLOTS):
            self._slots[slot] = _NOBODY

    def kind(self, number: int) -> int:
        """KEYCARD, PHONE, CLOUD_KEY or AES_CARD; 0 where there is no entry."""
        return self._kinds[number] & _KIND if self.condition(number) != ABSENT else 0

    def version(self, number: int) -> int:
        """Of the entry: PLAIN, or the restriction that it is written with; 0 where there is none."""
        return self._kinds[number] >> _VERSION_AT if self.condition(number) != ABSENT else 0

    def pace(self, number: int) -> int:
        """Of a card, as the list holds it; 0 for none."""
        return self._paces[number] if self.condition(number) != ABSENT else 0

    def set_pace(self, number: int, pace: int) -> None:
        """The pace of an assigned number from now on."""
        self._paces[number] = pace

    def role(self, number: int) -> int:
        """Role of an entry, NO_ROLE where there is none."""
        return self._roles[number] if self.condition(number) != ABSENT else NO_ROLE

    def condition(self, number: int) -> int:
        """ABSENT, ACTIVE, SUSPENDED or REVOKED."""
        return self._conditions[number] if 0 <= number < self.count else ABSENT

    def generation(self, number: int) -> int:
        """The generation of the list in which an entry last changed, 0 where there is none."""
        return self._generations[number] if self.condition(number) != ABSENT else 0

    def is_owner(self, number: int) -> bool:
        """True for an active owner."""
        return self.role(number) == OWNER and self.condition(number) == ACTIVE

    def number_in(self, slot: int) -> int:
        """Who has this slot, -1 for nobody."""
        return self._slots[slot] if 0 <= slot < SLOTS else _NOBODY

    def id_in(self, slot: int) -> bytes:
        """The short id of the key in this slot, which is one that somebody has."""
        return bytes(self._ids[ID_LEN * slot : ID_LEN * (slot + 1)])

    def slot_of(self, number: int) -> int:
        """Slot of a phone or cloud key that is not revoked, else NO_SLOT."""
        for slot in range(SLOTS):
            if self._slots[slot] == number and number != _NOBODY:
                return slot
        return NO_SLOT

    def free_slot(self) -> int:
        """The lowest slot that nobody has, or NO_SLOT."""
        for slot in range(SLOTS):
            if self._slots[slot] == _NOBODY:
                return slot
        return NO_SLOT

    def free_number(self) -> int:
        """The number for one more key: the next one, or that of the entry revoked longest ago, or -1."""
        if self.count < self._capacity:
            return self.count
        oldest = -1
        for number in range(self.count):
            revoked = self._conditions[number] == REVOKED
            if revoked and (oldest < 0 or self._generations[number] < self._generations[oldest]):
                oldest = number
        return oldest

    def assign(self, number: int, prefix: bytes) -> None:
        """Give a number, from free_number() and reserved, to the key with this 16-byte hash prefix."""
        if number < self.count:
            self.index.remove(number)
        else:
            self.count += 1
        self.index.insert(number, prefix)

    def vacate(self, number: int) -> None:
        """A number that was reserved stands for no key from now on, whatever stood there."""
        if number == self.count:
            self.count += 1
            return
        if self.condition(number) != ABSENT:
            self.index.remove(number)
            self.set(number, 0, NO_ROLE, ABSENT, 0)

    def set(self, number: int, kind: int, role: int, condition: int, generation: int, version: int = PLAIN) -> None:
        """What an assigned number stands for from now on. It gives up its slot."""
        self._count_owner(number, -1)
        before = self.slot_of(number)
        if before != NO_SLOT:
            self._slots[before] = _NOBODY
        self._kinds[number] = kind | version << _VERSION_AT
        self._roles[number] = role
        self._conditions[number] = condition
        self._generations[number] = generation
        self._count_owner(number, 1)

    def place(self, number: int, slot: int, key_id: bytes) -> None:
        """Give a slot that is free to a number that has none. key_id: 4 bytes."""
        self._slots[slot] = number
        for at in range(ID_LEN):
            self._ids[ID_LEN * slot + at] = key_id[at]

    def _count_owner(self, number: int, change: int) -> None:
        if self.is_owner(number):
            self.owners += change
            if is_card(self.kind(number)):
                self.owner_cards += change
