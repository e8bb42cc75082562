"""The enrolment machine: how keys come into the list, and that nothing else brings them there.

`step(enrolment, event, argument)` over TABLE, in the form of the lock machine: effects are returned, the caller carries
them out, the outcome of a write returns as an event. A missing row refuses. DEADLINES_MS belong to the states: the
deadline starts when a state is entered, and a row that stays in its state does not start it anew.

Claim: on a blank list the button held for 5 s opens the claim; the first key shown is written at once as owner, and a
second is asked for, so that one lost card is not the end. Enrolment: an owner card on the reader while the button is
held opens it; the first unknown key that shows itself is pinned; the card of the owner who opened, once more, confirms
it. Another key showing itself ends everything with an alarm: two keys cannot be told apart by a display of one.

The table speaks of small integers only. Enrolment holds what they stand for, the pinned key and the number of the owner
card that opened, and asks the machine the right question. Whether a card is an active owner the caller reads from the
registry at each tap. Not protected against: an owner who confirms without looking at the short id.
"""

from micropython import const

# States
CLOSED = const(0)
CLAIM_FIRST = const(1)  # waits for the first owner card
CLAIM_SECOND = const(2)
OPEN = const(3)  # waits for a key to show itself
PINNED = const(4)  # waits for the opener's card
WRITING_FIRST = const(5)  # in the writing states only the outcome counts
WRITING_SECOND = const(6)
WRITING = const(7)

# Events
CLAIM_GESTURE = const(0)  # button held 5 s; argument 1: the list is blank
OWNER_GESTURE = const(1)  # an active owner's card lies on the reader, the button is held; argument: the card's number
KEY_SHOWN = const(2)  # a key proved itself that is not enrolled, or revoked; argument 1: it is the pinned one
OWNER_TAP = const(3)  # the opener's card came again; argument 1: the button is held
DEADLINE = const(4)
ADDED = const(5)
FAILED = const(6)
CANCEL = const(7)

# Guards
_ALWAYS = const(0)
_YES = const(1)  # argument 1
_NO = const(2)  # argument 0

# Effects
REFUSED = const(0)  # no row: nothing changed
CLAIM_OPENED = const(1)  # ask for the first owner card
WRITE_OWNER = const(2)  # enrol the pinned key as owner, then ADDED or FAILED
WRITE_DRIVER = const(3)
FIRST_ADDED = const(4)  # ask for the second card
CLAIM_DONE = const(5)
ONE_OWNER = const(6)  # the claim ended with a single owner: say so
OPENED = const(7)
PIN = const(8)  # show the short id of the pinned key
PIN_AGAIN = const(9)  # the same key once more; nothing new
ALARM = const(10)
KEY_ADDED = const(11)
WRITE_FAILED = const(12)
EXPIRED = const(13)
CANCELLED = const(14)

# By state. 60 s to fetch a card or to start pairing on a phone; 30 s to lift a card that is already in the hand.
DEADLINES_MS = (0, 60_000, 60_000, 60_000, 30_000, 0, 0, 0)

TABLE = (
    # state, event, guard, next, effect
    (CLOSED, CLAIM_GESTURE, _YES, CLAIM_FIRST, CLAIM_OPENED),
    (CLAIM_FIRST, KEY_SHOWN, _ALWAYS, WRITING_FIRST, WRITE_OWNER),
    (CLAIM_FIRST, DEADLINE, _ALWAYS, CLOSED, EXPIRED),
    (CLAIM_FIRST, CANCEL, _ALWAYS, CLOSED, CANCELLED),
    (WRITING_FIRST, ADDED, _ALWAYS, CLAIM_SECOND, FIRST_ADDED),
    (WRITING_FIRST, FAILED, _ALWAYS, CLOSED, WRITE_FAILED),
    (CLAIM_SECOND, KEY_SHOWN, _ALWAYS, WRITING_SECOND, WRITE_OWNER),
    (CLAIM_SECOND, DEADLINE, _ALWAYS, CLOSED, ONE_OWNER),
    (CLAIM_SECOND, CANCEL, _ALWAYS, CLOSED, ONE_OWNER),
    (WRITING_SECOND, ADDED, _ALWAYS, CLOSED, CLAIM_DONE),
    (WRITING_SECOND, FAILED, _ALWAYS, CLAIM_SECOND, WRITE_FAILED),
    # a claimed controller
    (CLOSED, OWNER_GESTURE, _ALWAYS, OPEN, OPENED),
    (OPEN, KEY_SHOWN, _ALWAYS, PINNED, PIN),
    (OPEN, OWNER_TAP, _ALWAYS, CLOSED, CANCELLED),
    (OPEN, DEADLINE, _ALWAYS, CLOSED, EXPIRED),
    (OPEN, CANCEL, _ALWAYS, CLOSED, CANCELLED),
    (PINNED, KEY_SHOWN, _YES, PINNED, PIN_AGAIN),
    (PINNED, KEY_SHOWN, _NO, CLOSED, ALARM),
    (PINNED, OWNER_TAP, _YES, WRITING, WRITE_OWNER),
    (PINNED, OWNER_TAP, _NO, WRITING, WRITE_DRIVER),
    (PINNED, DEADLINE, _ALWAYS, CLOSED, EXPIRED),
    (PINNED, CANCEL, _ALWAYS, CLOSED, CANCELLED),
    (WRITING, ADDED, _ALWAYS, CLOSED, KEY_ADDED),
    (WRITING, FAILED, _ALWAYS, CLOSED, WRITE_FAILED),
)

_NOBODY = const(-1)
_KEY_LEN = const(64)


class Enrolment:
    """Born CLOSED. `opener` is the number of the owner card that opened, -1 otherwise; `pinned` the key at issue."""

    def __init__(self) -> None:
        self.state = CLOSED
        self.opener = _NOBODY
        self.pinned = bytearray(_KEY_LEN)  # all zero while nothing is pinned

    def deadline_ms(self) -> int:
        """How long the present state may last, counted from when it was entered; 0: for ever."""
        return DEADLINES_MS[self.state]

    def is_writing(self) -> bool:
        """True between WRITE_OWNER or WRITE_DRIVER and its outcome."""
        return self.state >= WRITING_FIRST

    def owner_tap(self, owner: int, button_held: bool) -> int:
        """An active owner's card came; returns the effect, REFUSED where it is not the card that opened."""
        if owner != self.opener:
            return REFUSED
        return step(self, OWNER_TAP, 1 if button_held else 0)

    def key_shown(self, key64: "bytes | bytearray") -> int:
        """A key of 64 bytes proved itself that is not enrolled, or revoked; copied if it counts. Returns the effect."""
        if len(key64) != _KEY_LEN:
            return REFUSED
        effect = step(self, KEY_SHOWN, 1 if self.state == PINNED and self.pinned == key64 else 0)
        if effect in (PIN, WRITE_OWNER):
            self.pinned[:] = key64
        return effect


def step(enrolment: Enrolment, event: int, argument: int) -> int:
    """Feed one event to the machine; returns the effect to carry out, REFUSED if no row matches. Allocates nothing."""
    for state, on, guard, following, effect in TABLE:
        if state == enrolment.state and on == event and _holds(guard, argument):
            _enter(enrolment, following)
            if effect == OPENED:
                enrolment.opener = argument
            return effect
    return REFUSED


def _holds(guard: int, argument: int) -> bool:
    return guard == _ALWAYS or (guard == _YES) == (argument == 1)


def _enter(enrolment: Enrolment, state: int) -> None:
    enrolment.state = state
    if state in (CLOSED, CLAIM_SECOND):
        enrolment.opener = _NOBODY
        for at in range(_KEY_LEN):
            enrolment.pinned[at] = 0
