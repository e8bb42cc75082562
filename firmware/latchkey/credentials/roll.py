"""The list of keys as RAM holds it: role, condition, generation and hash prefix of each entry, in arrays that grow.

This is what a decision reads, so the questions allocate nothing. Neither do the changes: they follow a write that
already stands in flash, and must not fail half-way. Room is therefore made by reserve(), before anything is written.
"""

from array import array

from latchkey.core.codes import NO_ROLE, OWNER
from latchkey.credentials.entries import ABSENT, ACTIVE, REVOKED
from latchkey.credentials.index import ROOM_STEP, Index


class Roll:
    """Entries 0 to count - 1; `owners` of them are active owners. 26 bytes of RAM per place, 64 places at a time."""

    def __init__(self, capacity: int) -> None:
        self.count = 0
        self.owners = 0
        self.index = Index()
        self._capacity = capacity
        self._roles = bytearray()
        self._conditions = bytearray()
        self._generations = array("I")

    def reserve(self, number: int) -> None:
        """Make room for the entry of this number. raises: MemoryError, and all is as it was."""
        while number >= self.index.room:
            places = self.index.room + ROOM_STEP
            if len(self._roles) < places:  # else a try that failed half-way came as far as this
                self._roles.extend(bytes(ROOM_STEP))
            if len(self._conditions) < places:
                self._conditions.extend(bytes(ROOM_STEP))
            if len(self._generations) < places:
                self._generations.extend(array("I", bytes(4 * ROOM_STEP)))
            self.index.grow()

    def clear(self) -> None:
        """Forget everything."""
        self.count = self.owners = 0
        self.index.clear()
        for number in range(len(self._conditions)):
            self._conditions[number] = ABSENT

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

    def skip(self) -> None:
        """Count an entry that stays ABSENT, at a number that was reserved."""
        self.count += 1

    def assign(self, number: int, prefix: bytes) -> None:
        """Give a number, from free_number() and reserved, to the key with this 16-byte hash prefix."""
        if number < self.count:
            self.index.remove(number)
        else:
            self.count += 1
        self.index.insert(number, prefix)

    def set(self, number: int, role: int, condition: int, generation: int) -> None:
        """What an assigned number stands for from now on."""
        self.owners -= 1 if self.is_owner(number) else 0
        self._roles[number] = role
        self._conditions[number] = condition
        self._generations[number] = generation
        self.owners += 1 if self.is_owner(number) else 0
