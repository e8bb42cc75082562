"""What can happen at the car while keys are enrolled, and a witness who knows the rules but not the table.

World passes on events as the vehicle does: it asks the registry who a card is at each tap, and hands the machine's
effects to the registry. Witness follows the same events by the rules alone. Whenever the list of keys grows, both must
agree on key and role; and what the rules allow must happen.
"""

from latchkey.core import codes
from latchkey.credentials import enrolment as machine
from latchkey.credentials.enrolment import Enrolment, step

# What happens. CARD and PHONE carry a key, CARD also whether the button is held.
CARD = 0
PHONE = 1
BUTTON_5S = 2
TIME_IS_UP = 3
CANCEL = 4
WRITTEN = 5
NOT_WRITTEN = 6
REVOKE = 7

# What the witness waits for
NOTHING = 0
CLAIM_KEY = 1
CLAIM_WRITE = 2
ANY_KEY = 3
OPENER = 4
KEY_WRITE = 5


def events(keys):
    """Every event that can happen to this many keys."""
    plain = [(kind, 0, 0) for kind in (BUTTON_5S, TIME_IS_UP, CANCEL, WRITTEN, NOT_WRITTEN)]
    cards = [(CARD, k, held) for k in range(keys) for held in (0, 1)]
    return plain + cards + [(kind, k, 0) for kind in (PHONE, REVOKE) for k in range(keys)]


def key_of(k):
    return bytes([k + 1]) * 64


class Book:
    """The registry in ten lines: entries[k] is 0, a role, or minus the role it had when it was revoked."""

    def __init__(self, entries):
        self.entries = list(entries)

    def role(self, k):
        """The role of an active key, else 0."""
        return max(self.entries[k], 0)

    def number(self, k):
        """The number under which an active key is known."""
        return k

    def is_blank(self):
        return not any(self.entries)

    def owners(self):
        return self.entries.count(codes.OWNER)

    def add(self, k, role):
        assert not self.role(k)
        self.entries[k] = role

    def revoke(self, k):
        if self.role(k) and not (self.role(k) == codes.OWNER and self.owners() == 1):
            self.entries[k] = -self.entries[k]


class Witness:
    """`waits` for one of the above; opener, key and role are what it has seen so far, -1 or 0 if nothing."""

    def __init__(self):
        self.waits, self.opener, self.key, self.role, self.second = NOTHING, -1, -1, 0, 0

    def _forget(self):
        self.waits, self.opener, self.key, self.role, self.second = NOTHING, -1, -1, 0, 0

    def see(self, event, book):
        """book: the list of keys before the event."""
        kind, k, held = event
        if kind in (TIME_IS_UP, CANCEL):
            if self.waits not in (CLAIM_WRITE, KEY_WRITE):
                self._forget()
        elif kind == BUTTON_5S:
            if self.waits == NOTHING and book.is_blank():
                self.waits = CLAIM_KEY
        elif kind in (CARD, PHONE) and not book.role(k):
            self._see_strange_key(k)
        elif kind == CARD and book.role(k) == codes.OWNER:
            self._see_owner(k, held)

    def _see_strange_key(self, k):
        if self.waits == CLAIM_KEY:
            self.waits, self.key, self.role = CLAIM_WRITE, k, codes.OWNER
        elif self.waits == ANY_KEY:
            self.waits, self.key = OPENER, k
        elif self.waits == OPENER and k != self.key:
            self._forget()

    def _see_owner(self, k, held):
        if self.waits == NOTHING and held:
            self.waits, self.opener = ANY_KEY, k
        elif self.waits == ANY_KEY and k == self.opener:
            self._forget()
        elif self.waits == OPENER and k == self.opener:
            self.waits, self.role = KEY_WRITE, codes.OWNER if held else codes.DRIVER

    def written(self, success):
        """The write that it waits for has ended; returns (key, role) that may be in the list now, or None."""
        may = (self.key, self.role) if success else None
        claiming = self.waits == CLAIM_WRITE
        again = claiming and (not self.second if success else self.second)
        self._forget()
        if again:
            self.waits, self.second = CLAIM_KEY, 1
        return may

    def fields(self):
        """All there is to it, as numbers from 0 to 7."""
        return [self.waits, self.opener + 1, self.key + 1, self.role, self.second]

    def restore(self, fields):
        self.waits, opener, key, self.role, self.second = fields
        self.opener, self.key = opener - 1, key - 1


class World:
    """One controller and its keys. `taken` collects (state, event, next, effect) of every row that was used."""

    def __init__(self, book):
        self.book = book
        self.enrolment = Enrolment()
        self.witness = Witness()
        self.pending = 0  # the role that is being written
        self.taken = set()

    def do(self, event):
        """Let one event happen and hold both accounts against each other."""
        kind, k, held = event
        owners = self.book.owners()
        if kind in (WRITTEN, NOT_WRITTEN):
            if self.pending:
                self._write_ends(kind == WRITTEN)
        elif kind == REVOKE:
            if not self.pending:  # else the registry answers BUSY
                self.book.revoke(k)
        else:
            self.witness.see(event, self.book)
            self._pass_on(kind, k, held)
        assert self.book.owners() or not owners, "the last owner is gone"
        assert bool(self.pending) == (self.witness.waits in (CLAIM_WRITE, KEY_WRITE)) == self.enrolment.is_writing()

    def _pass_on(self, kind, k, held):
        if kind == BUTTON_5S:
            self._took(machine.CLAIM_GESTURE, lambda: self._step(machine.CLAIM_GESTURE, int(self.book.is_blank())))
        elif kind == TIME_IS_UP:
            self._took(machine.DEADLINE, lambda: self._step(machine.DEADLINE, 0))
        elif kind == CANCEL:
            self._took(machine.CANCEL, lambda: self._step(machine.CANCEL, 0))
        elif not self.book.role(k):
            self._took(machine.KEY_SHOWN, lambda: self.enrolment.key_shown(key_of(k)))
        elif kind == CARD and self.book.role(k) == codes.OWNER:
            number = self.book.number(k)
            effect = self._took(machine.OWNER_TAP, lambda: self.enrolment.owner_tap(number, held))
            if held and effect == machine.REFUSED:
                self._took(machine.OWNER_GESTURE, lambda: self._step(machine.OWNER_GESTURE, number))

    def _took(self, event, feed):
        """Feed the machine and note the row that it took."""
        before = self.enrolment.state
        effect = feed()
        if effect == machine.REFUSED:
            assert self.enrolment.state == before
        else:
            self.taken.add((before, event, self.enrolment.state, effect))
        if effect in (machine.WRITE_OWNER, machine.WRITE_DRIVER):
            self.pending = codes.OWNER if effect == machine.WRITE_OWNER else codes.DRIVER
        return effect

    def _write_ends(self, success):
        k = self.enrolment.pinned[0] - 1
        assert self.enrolment.pinned == key_of(k)
        may = self.witness.written(success)
        if success:
            assert may == (k, self.pending), "a key came in that the rules do not know"
            self.book.add(k, self.pending)
        self.pending = 0
        outcome = machine.ADDED if success else machine.FAILED
        self._took(outcome, lambda: self._step(outcome, 0))

    def _step(self, event, argument):
        return step(self.enrolment, event, argument)

    def freeze(self):
        """The whole state as one small integer: tens of thousands of them must fit in MicroPython's heap."""
        e = self.enrolment
        fields = [e.state, e.opener + 1, e.pinned[0], self.pending] + self.witness.fields()
        number = 0
        for field in fields + [entry + 3 for entry in self.book.entries]:
            assert 0 <= field < 8
            number = number * 8 + field
        return number

    def thaw(self, number):
        fields = []
        for _ in range(9 + len(self.book.entries)):
            fields.insert(0, number % 8)
            number //= 8
        e = self.enrolment
        e.state, opener, first, self.pending = fields[:4]
        e.opener = opener - 1
        e.pinned[:] = bytes([first]) * 64
        self.witness.restore(fields[4:9])
        self.book.entries = [field - 3 for field in fields[9:]]
