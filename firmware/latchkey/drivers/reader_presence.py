"""Who is in the field, and since when: turns repeated sweeps of the field into "new" and "gone". No I/O, no clock.

A sweep lists one card after the other, each halted before the next, from the moment the field comes on. A card met for
the first time is new; the same card in later sweeps is not, until it has been missing from several in a row. So a card
that lies on the reader is one tap, a bad contact is no second one, and a sticker glued beneath the reader does not hide
the key that comes after it.

A random UID changes whenever the field comes on. Cards with one are told apart by counting them only: if one of them
leaves in the very moment when another comes, nothing new is seen.
"""

from micropython import const

from latchkey.drivers.pn532_listing import Card

# What meet() says.
NEW = const(1)
KNOWN = const(2)
AGAIN = const(3)  # met before in this very sweep: it does not halt, and whatever lies behind it cannot be seen

# More than fit into a field at once; where strangers fill it, the longest unseen is forgotten first.
_CAPACITY = const(8)

# Cards in one sweep. A card that shows another UID at each listing would never end.
_SWEEP = const(16)


class Presence:
    """Cards known to be in the field. `misses`: how many sweeps in a row a card must be missing to be gone."""

    def __init__(self, misses: int) -> None:
        self._misses = misses
        self._known: "list[list]" = []  # [name, sweeps missed in a row]
        self._met: "list[bytes]" = []  # UIDs of this sweep
        self._random = 0  # how many of them are random

    def is_empty(self) -> bool:
        """True when every card that was ever kept is gone."""
        return not self._known

    def begin(self) -> None:
        """A new sweep starts: the field was off and has come on."""
        self._met = []
        self._random = 0

    def meet(self, card: Card) -> int:
        """The sweep has listed `card`: NEW, KNOWN or AGAIN."""
        if card.uid in self._met or len(self._met) == _SWEEP:
            return AGAIN
        self._met.append(card.uid)
        self._random += card.has_random_uid
        entry = self._find(self.name(card))
        if entry is None:
            return NEW
        entry[1] = 0
        return KNOWN

    def name(self, card: Card) -> bytes:
        """What the card just met is known by: its UID, or which one of the random ones it is."""
        return bytes((8, self._random)) if card.has_random_uid else card.uid

    def keep(self, card: Card) -> bytes:
        """The new card just met has been given out; from now on it is known. Returns its name."""
        if len(self._known) == _CAPACITY:
            self._known.remove(max(self._known, key=_missed))
        name = self.name(card)
        self._known.append([name, 0])
        return name

    def forget(self, name: bytes) -> None:
        """The card with this name is new again, even if it has never left."""
        self._known = [entry for entry in self._known if entry[0] != name]

    def end(self) -> None:
        """The sweep has come to its end, nothing new was met: known cards that were not met have missed it."""
        names = [uid for uid in self._met if not _is_random(uid)]
        names += [bytes((8, n + 1)) for n in range(self._random)]
        for entry in self._known:
            if entry[0] not in names:
                entry[1] += 1
        self._known = [entry for entry in self._known if entry[1] < self._misses]

    def _find(self, name: bytes) -> "list | None":
        for entry in self._known:
            if entry[0] == name:
                return entry
        return None


def _missed(entry: list) -> int:
    return entry[1]


def _is_random(uid: bytes) -> bool:
    return len(uid) == 4 and uid[0] == 8
