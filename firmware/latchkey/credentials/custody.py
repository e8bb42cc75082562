"""Custody of the key list: enrolment and revocation as they go on in time.

The enrolment machine says what a gesture or a key shown means, the registry writes; between them stand deadlines and a
write that goes on in small steps. One change at a time: while one is being written everything else is BUSY. What comes
of a write is told by tick(), because a verdict given at the tap is not yet an outcome.
"""

import time

from micropython import const

from latchkey.core import codes
from latchkey.credentials import enrolment as enrol
from latchkey.credentials import registry as keys
from latchkey.credentials.enrolment import Enrolment
from latchkey.credentials.registry import Registry

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Generator

    from latchkey.chip import Clock

NOTHING = -1

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
}


class Custody:
    """After tick() returned a verdict: `outcome_action` and `outcome_credential` say of what."""

    def __init__(self, registry: Registry, clock: "Clock" = time) -> None:
        self.registry = registry
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
        """An owner's card on the reader with the button held; returns a verdict."""
        if self._write is not None:
            return codes.BUSY
        if self.registry.state == keys.OLDER:
            return codes.OLD_REGISTRY  # nothing could be written at its end
        return self._entered(enrol.step(self.enrolment, enrol.OWNER_GESTURE, owner))

    def owner_tap(self, owner: int, button_held: bool) -> int:
        """The opener's card again: confirms what is pinned, or cancels; returns a verdict."""
        if self._write is not None:
            return codes.BUSY
        return self._entered(self.enrolment.owner_tap(owner, button_held))

    def show_key(self, key64: bytearray) -> int:
        """An unknown or revoked key of 64 bytes has proved itself; copied if it counts. Returns a verdict."""
        if self._write is not None:
            return codes.BUSY
        return self._entered(self.enrolment.key_shown(key64))

    def revoke(self, number: int) -> int:
        """Begin to revoke a key; returns a verdict, the outcome follows by tick()."""
        if self._write is not None:
            return codes.BUSY
        self.outcome_action = codes.REVOKE_KEY
        self.outcome_credential = number
        self._write = self.registry.revoke_steps(number)
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
            role = codes.OWNER if effect == enrol.WRITE_OWNER else codes.DRIVER
            self.outcome_action = codes.CONFIRM_KEY
            try:
                self._write = self.registry.add_steps(self.enrolment.pinned, role)
            except MemoryError:
                self._entered(enrol.step(self.enrolment, enrol.FAILED, 0))
                return codes.STORAGE_FAILED
        return _VERDICT_OF_EFFECT.get(effect, codes.ACCEPTED)

    def _write_on(self, write: "Generator[None, None, int]") -> int:
        """One small step of writing; at its end the outcome."""
        adding = self.outcome_action == codes.CONFIRM_KEY
        try:
            next(write)
            return NOTHING
        except StopIteration as end:
            result = end.value
        except MemoryError:
            result = -codes.STORAGE_FAILED if adding else codes.STORAGE_FAILED
        self._write = None
        if not adding:
            return result
        self.outcome_credential = result if result >= 0 else NOTHING
        verdict = self._entered(enrol.step(self.enrolment, enrol.ADDED if result >= 0 else enrol.FAILED, 0))
        return verdict if result >= 0 else -result
