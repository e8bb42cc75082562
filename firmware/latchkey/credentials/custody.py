"""Custody of the list of keys: enrolment and revocation as they go on in time.

The enrolment machine says what a gesture or a key shown means, the registry writes; between them stand deadlines and a
write that goes on in small steps. One change at a time: while one is being written everything else is BUSY. What comes
of a write is told by tick(), because a verdict given at the tap is not yet an outcome.

A phone asks for a role; what it gets is what it asks for, but never more than the owner's gesture grants: driver, or
owner where the button is held as well. Its K is computed while its entry is being written.
"""

import time

from micropython import const

from latchkey.core import codes
from latchkey.credentials import enrolment as enrol
from latchkey.credentials import entries
from latchkey.credentials import key_list as keys
from latchkey.credentials.enrolment import Enrolment
from latchkey.credentials.registry import Registry
from latchkey.crypto.p256_error import P256Error
from latchkey.crypto.secret import wipe

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Generator

    from latchkey.chip import Clock
    from latchkey.credentials.identity import Identity

NOTHING = -1
BY_HAND = const(-2)  # instead of a card's number: the button opened, on a board without a reader

_VERDICT_OF_EFFECT = {
    enrol.REFUSED: codes.ENROLMENT_CLOSED,
    enrol.PIN: codes.KEY_PINNED,
    enrol.PIN_AGAIN: codes.KEY_PINNED,
    enrol.ALARM: codes.KEY_CONFLICT,
    enrol.FIRST_ADDED: codes.OWNER_ADDED,
    enrol.CLAIM_DONE: codes.CLAIMED,
    enrol.KEY_ADDED: codes.ENROLLED,
    enrol.EXPIRED: codes.ENROLMENT_CLOSED,
    enrol.ONE_OWNER: codes.ENROLMENT_CLOSED,
    enrol.WRITE_FAILED: codes.STORAGE_FAILED,
}

# Writes aside from the enrolment machine
_SETTLING = const(1)  # that an AES card has proved its key
_ADDING = const(2)  # an AES card made elsewhere

# As long as a tap takes: whoever has laid the card down to end an enrolment, or pressed the button for that, must not
# confirm what somebody on the radio has shown in the meantime.
_SETTLED_MS = const(300)


class Custody:
    """After tick() returned a verdict: `outcome_action` and `outcome_credential` say of what.

    `endings` counts the enrolments that ended after a key had been pinned, `ending` says how the last one did:
    ENROLLED, KEY_CONFLICT, ENROLMENT_CLOSED where its time ran out, or why it could not be written. `removal`: how the
    last change of an enrolled key ended. `opener_id`: the short id of the owner card that opened enrolment, 4 bytes,
    or zeros. `gesture`: see gesture.py. From main: `identity`, where phones can come, and `by_hand`, where no card can.
    """

    def __init__(self, registry: Registry, clock: "Clock" = time) -> None:
        self.registry = registry
        self.identity: "Identity | None" = None
        self.by_hand = False
        self.gesture = 0
        self.endings = 0
        self.ending = 0
        self.removal = 0
        self.opener_id = bytearray(4)
        self._pinned = False
        self._pinned_at = 0
        self._kind = entries.KEYCARD  # of what is pinned
        self._asked = 0
        self._form = 0  # of a phone; of a card its pace
        self._card_key = bytearray(entries.K_LEN + 1)  # of a pinned AES card
        self._aside = 0  # what is being written, where it is no step of the enrolment machine
        self.enrolment = Enrolment()
        self.outcome_action = 0
        self.outcome_credential = NOTHING
        self._clock = clock
        self._waiting = False  # a deadline runs
        self._due = 0
        self._write: "Generator[None, None, int] | None" = None

    # Asked by the vehicle, which has checked role and place

    def wants_keys(self) -> bool:
        """Enrolment or claim is open: an unknown key shall prove itself and be shown."""
        return enrol.CLAIM_FIRST <= self.enrolment.state <= enrol.PINNED

    def is_writing(self) -> bool:
        """A change of the list has begun and its outcome is not known yet."""
        return self._write is not None

    def claims(self) -> bool:
        return self.enrolment.state in (enrol.CLAIM_FIRST, enrol.CLAIM_SECOND)

    def meaning_of_tap(self, number: int, button_held: bool) -> int:
        """The action on the key list that a tap of card `number` asks for, or 0 where it means something else."""
        if self.enrolment.opener == number and self.enrolment.state == enrol.PINNED:
            return codes.CONFIRM_KEY
        if self.enrolment.opener == number and self.enrolment.state == enrol.OPEN:
            return codes.CANCEL_ENROLMENT
        if button_held and self.registry.role(number) == codes.OWNER and self.enrolment.state == enrol.CLOSED:
            return codes.OPEN_ENROLMENT
        return 0

    def claim(self) -> int:
        """The button was held on a controller that may be blank; returns a verdict."""
        if self._write is not None:
            return codes.BUSY
        blank = 1 if self.registry.state == keys.BLANK else 0
        return self._entered(enrol.step(self.enrolment, enrol.CLAIM_GESTURE, blank))

    def open(self, owner: int) -> int:
        """An owner's card on the reader with the button held, or BY_HAND; returns a verdict."""
        if self._write is not None:
            return codes.BUSY
        if owner == BY_HAND:
            self.opener_id[:] = bytes(4)
        if self.registry.state == keys.OLDER:
            return codes.OLD_REGISTRY  # nothing could be written at its end
        if self.registry.state == keys.UNREADABLE:
            return codes.NO_REGISTRY
        return self._entered(enrol.step(self.enrolment, enrol.OWNER_GESTURE, owner))

    def owner_tap(self, owner: int, button_held: bool, held_ms: int = 0) -> int:
        """The opener's card again, or BY_HAND: confirms what is pinned, or cancels; returns a verdict.

        held_ms: since when the button is held. BUSY where a key was pinned only since then, or within this very tap: an
        owner's card that slips while it opens, the button still held, comes back and confirms nothing.
        """
        if self._write is not None:
            return codes.BUSY
        pinned_ms = self._clock.ticks_diff(self._clock.ticks_ms(), self._pinned_at)
        if self.enrolment.state == enrol.PINNED and pinned_ms < max(held_ms, _SETTLED_MS):
            return codes.BUSY
        return self._entered(self.enrolment.owner_tap(owner, button_held))

    def show_key(self, key64: bytearray, card_key: "bytearray | None" = None, pace: int = 0) -> int:
        """A card's unknown or revoked key of 64 bytes has proved itself; copied if it counts. Returns a verdict.

        pace: as entries.pace_of(). Of an AES card key64 is its name (entries.card_name), and card_key its key as it
        shall be, 16 bytes, copied as well, and SETTLED or PENDING.
        """
        kind = entries.KEYCARD if card_key is None else entries.AES_CARD
        return self._show(key64, kind, 0, pace, card_key)

    def settle_card(self, number: int) -> None:
        """An AES card has proved a key that was PENDING: have that written. Not while something else is; then later."""
        if self._write is None:
            self._aside = _SETTLING
            self._write = self.registry.settle_steps(number)

    def show_phone(self, key64: bytearray, role: int, form: int) -> int:
        """A phone's key of 64 bytes, a point of the curve, wants to be added in a role; copied if it counts.

        Returns a verdict. A blank controller is claimed by cards alone; there, and while nothing is open, every such
        wish is ENROLMENT_CLOSED. form: what it says it is, any number; one that the list has no room for is 0, unknown.
        """
        if self.claims() or not self.wants_keys():
            return codes.BUSY if self.enrolment.is_writing() else codes.ENROLMENT_CLOSED
        kind = entries.kind_for(role)
        if not entries.may_hold(kind, role) or role == codes.SERVICE:
            return codes.NOT_PERMITTED
        known = self.registry.find(key64)
        if known >= 0 and self.registry.condition(known) != entries.REVOKED:
            return codes.ALREADY_ENROLLED
        return self._show(key64, kind, role, form if form <= entries.FORM_MOST else 0)

    def add_aes_card(self, uid: bytes, key: bytes, role: int) -> int:
        """Begin to add an AES card made elsewhere: UID, 7 bytes, and its own key, 16. Returns a verdict.

        The outcome, as of Registry.add_steps(), follows by tick().
        """
        if self._write is not None:
            return codes.BUSY
        self._aside = _ADDING
        self.outcome_action = codes.CONFIRM_KEY
        name = entries.card_name(uid)
        self._write = self.registry.add_steps(name, role, entries.AES_CARD, key, entries.SETTLED)
        return codes.ACCEPTED

    def _show(self, key64: bytearray, kind: int, role: int, form: int, card_key: "bytearray | None" = None) -> int:
        if self._write is not None:
            return codes.BUSY
        effect = self.enrolment.key_shown(key64)
        if effect == enrol.PIN or effect == enrol.WRITE_OWNER:
            self._pinned = True
            self._pinned_at = self._clock.ticks_ms()
            self._kind = kind
            self._asked = role
            self._form = form
            if card_key is not None:
                self._card_key[:] = card_key
        return self._entered(effect)

    def change(self, action: int, number: int, window: "tuple[int, int, int] | None") -> int:
        """Begin to revoke, suspend, admit or limit a key; returns a verdict, the outcome follows by tick()."""
        if self._write is not None:
            return codes.BUSY
        self.outcome_action = action
        self.outcome_credential = number
        if action == codes.REVOKE_KEY:
            self._write = self.registry.revoke_steps(number)
        elif action == codes.LIMIT_KEY:
            self._write = self.registry.limit_steps(number, window)
        else:
            self._write = self.registry.suspend_steps(number, action == codes.SUSPEND_KEY)
        return codes.ACCEPTED

    def set_pace(self, number: int, pace: int) -> int:
        """Begin to limit how long a card may take to answer; returns a verdict, the outcome follows by tick()."""
        if self._write is not None:
            return codes.BUSY
        self.outcome_action = codes.PACE_KEY
        self.outcome_credential = number
        self._write = self.registry.pace_steps(number, pace)
        return codes.ACCEPTED

    # Time

    def tick(self, may_write: bool) -> int:
        """Let time pass; returns the verdict of an outcome, NOTHING most of the time. may_write: the motor is still."""
        if self._waiting and self._write is None and self._clock.ticks_diff(self._clock.ticks_ms(), self._due) >= 0:
            self.outcome_action = codes.CANCEL_ENROLMENT
            self.outcome_credential = NOTHING
            return self._entered(enrol.step(self.enrolment, enrol.DEADLINE, 0))
        if self._write is not None and may_write:
            return self._write_on(self._write)
        return NOTHING

    def seconds_left(self) -> int:
        """Until the present state of the enrolment expires, 0 when it does not. For display."""
        return max(0, self._clock.ticks_diff(self._due, self._clock.ticks_ms()) // 1000) if self._waiting else 0

    def _entered(self, effect: int) -> int:
        """The enrolment machine has moved (or refused): deadline and write follow its new state."""
        if effect != enrol.REFUSED and effect != enrol.PIN_AGAIN:
            limit_ms = self.enrolment.deadline_ms()
            self._waiting = limit_ms > 0
            self._due = self._clock.ticks_add(self._clock.ticks_ms(), limit_ms)
        if effect == enrol.WRITE_OWNER or effect == enrol.WRITE_DRIVER:
            self.outcome_action = codes.CONFIRM_KEY
            owner = effect == enrol.WRITE_OWNER or self.registry.state == keys.BLANK
            try:
                self._write = self._add_steps(codes.OWNER if owner else codes.DRIVER)
            except MemoryError:
                self._entered(enrol.step(self.enrolment, enrol.FAILED, 0))
                return codes.STORAGE_FAILED
        return self._ended(_VERDICT_OF_EFFECT.get(effect, codes.ACCEPTED))

    def _ended(self, verdict: int) -> int:
        """Note how an enrolment ended in which a key was pinned; returns the verdict."""
        if self.enrolment.state == enrol.CLOSED:
            wipe(self._card_key)
        if self._pinned and self.enrolment.state == enrol.CLOSED:
            self._pinned = False
            self.endings += 1
            self.ending = verdict
        return verdict

    def _add_steps(self, granted: int) -> "Generator[None, None, int]":
        """Write the pinned key; granted: what the owner's gesture allows. Ends as Registry.add_steps()."""
        pinned = self.enrolment.pinned
        if self._kind == entries.KEYCARD:
            return (yield from self.registry.add_steps(pinned, granted, self._kind, b"", 0, self._form))
        if self._kind == entries.AES_CARD:
            key = memoryview(self._card_key)
            given = (key[: entries.K_LEN], key[-1], self._form)
            return (yield from self.registry.add_steps(pinned, granted, self._kind, *given))
        if self.identity is None:
            return -codes.NO_RULE
        role = granted if self._asked == codes.OWNER or self._asked == codes.DRIVER else self._asked
        k = bytearray(entries.K_LEN)
        try:
            yield from self.identity.k_steps(pinned, k)
            return (yield from self.registry.add_steps(pinned, role, self._kind, k, self._form))
        except P256Error:
            return -codes.BAD_POINT
        finally:
            wipe(k)

    def _write_on(self, write: "Generator[None, None, int]") -> int:
        """One small step of writing; at its end the outcome."""
        adding = self.outcome_action == codes.CONFIRM_KEY and not self._aside
        try:
            next(write)
            return NOTHING
        except StopIteration as end:
            result = end.value
        except MemoryError:
            result = -codes.STORAGE_FAILED if adding or self._aside else codes.STORAGE_FAILED
        self._write = None
        aside, self._aside = self._aside, 0
        if aside == _SETTLING:
            return NOTHING  # nobody has asked for it; where it failed the card does it again at its next tap
        if aside == _ADDING:
            self.outcome_credential = result if result >= 0 else NOTHING
            return codes.ENROLLED if result >= 0 else -result
        if not adding:
            self.removal = result
            return result
        if result < 0:
            self.outcome_credential = NOTHING
            self._entered(enrol.step(self.enrolment, enrol.FAILED, 0))
            self.ending = -result
            return -result
        self.outcome_credential = result
        return self._entered(enrol.step(self.enrolment, enrol.ADDED, 0))
