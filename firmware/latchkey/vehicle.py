"""The authority: the one place where a wish becomes a movement, a change of the key list, or a refusal with a reason.

Links authenticate and ask; `request()` recognises the credential by the registry as it stands at that moment, lets the
arbiter decide, drives the outputs and only then writes the journal. It is synchronous, bounded, touches no flash and
allocates nothing. `tick()` gives the arbiter its time, and lets changes of the key list go on while the motor is still.

What this module does not know: that a network exists, what a card or a phone is, how a pin is driven.
"""

import time

from micropython import const

from latchkey.core import arbiter as timers
from latchkey.core import codes, drive, intent, lock, policy
from latchkey.core.arbiter import Arbiter
from latchkey.core.facts import NO
from latchkey.core.heat import LIMIT, WINDOW_MS
from latchkey.core.request import NOBODY, Request
from latchkey.credentials import custody, entries
from latchkey.credentials import registry as keys
from latchkey.credentials.custody import Custody
from latchkey.credentials.registry import Registry
from latchkey.storage.journal import Journal

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from typing import Protocol

    from latchkey.chip import Clock
    from latchkey.drivers.actuator import DriveRelay, LockMotor
    from latchkey.drivers.indicator import Indicator

    class Generator(Protocol):
        stuck: bool


_PRESS_MS = const(1_000)  # a shorter press of the cabin button locks or unlocks
_CLAIM_MS = const(5_000)
_SECOND_MS = const(1_000)


class Vehicle:
    """Built by main from ready-made parts. `relay` is None on a board that cannot permit driving.

    `revision` changes whenever there is something new to show.
    """

    def __init__(
        self,
        arbiter: Arbiter,
        registry: Registry,
        motor: "LockMotor",
        relay: "DriveRelay | None",
        indicator: "Indicator",
        clock: "Clock" = time,
    ) -> None:
        self.arbiter = arbiter
        self.registry = registry
        self.custody = Custody(registry, clock)
        self.journal = Journal()
        self.revision = 0
        self.uptime_s = 0  # counted here, because ticks wrap after 12 days on the ESP32
        self._readers_at_fault = 0  # one bit for each
        self._button_read = False
        self.generator: "Generator | None" = None  # of random numbers, handed over by main: shown when it is stuck
        self.button_held = False
        self._motor = motor
        self._relay = relay
        self._indicator = indicator
        self._clock = clock
        arbiter.facts.drive_fitted = relay is not None
        self._second_at = clock.ticks_ms()
        self._running = 0
        self._due = [0] * timers.TIMERS
        self._aging = [0] * LIMIT  # when the operations of the last 20 s grow old, as a ring
        self._aging_remote = bytearray(LIMIT)
        self._aging_first = 0
        self._aging_count = 0
        self._role = codes.NO_ROLE
        self._own = Request(codes.CABIN)  # for what no link asks: button, crash, timer
        self._button_since = 0
        self._button_used = False

    @property
    def jammed(self) -> bool:
        """The bolt did not move, and nobody tries any more."""
        return self.arbiter.lock.state == lock.JAMMED

    # What links call

    def request(self, request: Request) -> int:
        """Decide one request, drive what it moves, note it; returns the verdict. Allocates nothing, never waits."""
        verdict = self._recognise(request)
        if not verdict:
            verdict = self._decide(request)
        return self._note(request, verdict)

    def refuse(self, request: Request, verdict: int) -> int:
        """A link refuses by itself, before anything could be asked (no key, wrong answer): show it and note it."""
        return self._note(request, verdict)

    def meaning_of_tap(self, number: int, place: int, enrols: bool) -> int:
        """The action that card `number` asks for now. enrols: keys may be changed at the reader that it lies on."""
        meaning = self.custody.meaning_of_tap(number, self.button_held) if enrols else 0
        return meaning or intent.of_tap(self.arbiter.lock, place)

    def may_drive(self, number: int) -> bool:
        """Where one tap asks for two things, the second is only asked if it has a chance."""
        role = self.registry.role(number)
        return self._relay is not None and not policy.permission(codes.KEYCARD, role, codes.AUTHORISE_DRIVE)

    def verdict_on_strangers(self) -> int:
        """Why a key that the registry does not know is refused."""
        return codes.NO_REGISTRY if self.registry.state == keys.UNREADABLE else codes.UNKNOWN_KEY

    def show_key(self, request: Request, key64: bytearray) -> int:
        """An unknown or revoked key of 64 bytes has proved itself during enrolment; copied if it counts."""
        request.action = codes.CONFIRM_KEY
        return self._note(request, self.custody.show_key(key64))

    def reader_at_fault(self, number: int, at_fault: bool) -> None:
        """Reader `number` of this board has failed, or works again: shown by the light."""
        self._readers_at_fault = (self._readers_at_fault & ~(1 << number)) | ((1 if at_fault else 0) << number)
        self.revision += 1

    # What drivers/inputs calls

    def sense_bolt(self, position: int) -> None:
        self.arbiter.sense_bolt(position)
        self._carry_out()

    def sense_door(self, door_open: int) -> None:
        self.arbiter.sense_door(door_open)
        self._carry_out()

    def sense_ignition(self, ignition_on: int) -> None:
        self.arbiter.sense_ignition(ignition_on)
        self._carry_out()

    def sense_speed(self, fast: int) -> None:
        self.arbiter.sense_speed(fast)
        self._carry_out()

    def sense_supply(self, low: int) -> None:
        self.arbiter.sense_supply(low)
        self._carry_out()

    def sense_crash(self, active: bool) -> None:
        """A level: true edges are crashes, a line that is active at the first reading after boot is not."""
        happened = active and self.arbiter.crash.line == NO
        self.arbiter.sense_crash(active)
        self._carry_out()
        if happened:
            self._note_own(codes.CRASH, codes.UNLOCK, codes.ACCEPTED)

    def sense_button(self, pressed: bool) -> None:
        """The cabin button: a short press locks or unlocks, a long one claims a blank controller."""
        first, self._button_read = not self._button_read, True
        if pressed == self.button_held:
            return  # the first reading after a reset shows a button at rest, which is not the end of a press
        now = self._clock.ticks_ms()
        self.revision += 1
        self.button_held = pressed
        if pressed:
            self._button_since = now
            self._button_used = first  # held through a reset: nobody has just pressed it
        elif not self._button_used and self._clock.ticks_diff(now, self._button_since) < _PRESS_MS:
            self._own.clear()
            self._own.source = codes.CABIN
            self._own.action = intent.toggle(self.arbiter.lock)
            self.request(self._own)

    # Time

    def tick(self) -> None:
        """Let time pass: called every few milliseconds by main."""
        now = self._clock.ticks_ms()
        while self._clock.ticks_diff(now, self._second_at) >= _SECOND_MS:
            self._second_at = self._clock.ticks_add(self._second_at, _SECOND_MS)
            self.uptime_s += 1
        self._motor.tick(now)
        self._pass_timers(now)
        self._age_operations(now)
        if self.button_held and not self._button_used and self._clock.ticks_diff(now, self._button_since) >= _CLAIM_MS:
            self._button_used = True
            self._note_own(codes.CABIN, codes.OPEN_ENROLMENT, self.custody.claim())
        outcome = self.custody.tick(self.arbiter.lock.motor == lock.STILL)
        if outcome != custody.NOTHING:
            self._note_own(codes.CABIN, self.custody.outcome_action, outcome, self.custody.outcome_credential)
        self._indicator.tick(now, self._standing())

    def seconds_left(self, timer: int) -> int:
        """Seconds until an arbiter's timer runs out, 0 when it does not run. For display."""
        if not (self._running >> timer) & 1:
            return 0
        return max(0, self._clock.ticks_diff(self._due[timer], self._clock.ticks_ms()) // 1000)

    def _standing(self) -> int:
        """What the light says while there is nothing to tell."""
        if self.custody.wants_keys():
            return codes.ENROLMENT_OPEN
        registry_bad = self.registry.state == keys.OLDER or self.registry.state == keys.UNREADABLE
        stuck = self.generator is not None and self.generator.stuck
        if stuck or self._readers_at_fault or self.jammed or self.arbiter.crash.stuck or registry_bad:
            return codes.FAULT
        return codes.ALL_WELL

    # Deciding

    def _recognise(self, request: Request) -> int:
        """ACCEPTED and the role in self._role, or why this credential counts for nothing now."""
        self._role = codes.NO_ROLE
        number = request.credential
        registry = self.registry
        if number == NOBODY:
            return codes.ACCEPTED if request.source == codes.CABIN else codes.UNKNOWN_KEY
        if registry.state == keys.UNREADABLE:
            return codes.NO_REGISTRY
        condition = registry.condition(number)
        if condition != entries.ACTIVE:
            return _refusal_of(condition)
        if request.generation != registry.entry_generation(number):
            return codes.STALE
        role = registry.role(number)
        if registry.state == keys.OLDER and not _counts_in_an_older_list(request, role):
            return codes.OLD_REGISTRY
        self._role = role
        return codes.ACCEPTED

    def _decide(self, request: Request) -> int:
        action = request.action
        if action < codes.OPEN_ENROLMENT:
            verdict = self.arbiter.ask(request.source, self._role, action)
            self._carry_out()
            return verdict
        verdict = policy.permission(request.source, self._role, action)
        if verdict:
            return verdict
        if action == codes.REVOKE_KEY:
            return self.custody.revoke(request.argument)
        self._button_used = True  # its press was part of the gesture and shall not lock or unlock as well
        if action == codes.OPEN_ENROLMENT:
            return self.custody.open(request.credential)
        return self.custody.owner_tap(request.credential, self.button_held)

    # Carrying out

    def _carry_out(self) -> None:
        """Do what the arbiter has just decided: the motor first, then the relay, then the timers."""
        decided = self.arbiter
        effect = decided.motor_effect
        if effect == lock.PULSE_LOCK:
            self._motor.lock()
        elif effect == lock.PULSE_UNLOCK:
            self._motor.unlock()
        elif effect == lock.HALT:
            self._motor.halt()
        now = self._clock.ticks_ms()  # after the motor has read its own: flash may have stopped the chip in between
        if effect == lock.PULSE_LOCK or effect == lock.PULSE_UNLOCK:
            self._remember_operation(now)
        if self._relay is not None:
            if decided.drive_effect == drive.ENABLE:
                self._relay.enable()
            elif decided.drive_effect == drive.DISABLE:
                self._relay.disable()
        self._running &= ~decided.stops
        if decided.starts:
            self._start_timers(now)
        self.revision += 1

    def _start_timers(self, now: int) -> None:
        decided = self.arbiter
        self._running |= decided.starts
        for timer in range(timers.TIMERS):
            if (decided.starts >> timer) & 1:
                self._due[timer] = self._clock.ticks_add(now, decided.durations_ms[timer])

    def _pass_timers(self, now: int) -> None:
        for timer in range(timers.TIMERS):
            if (self._running >> timer) & 1 and self._clock.ticks_diff(now, self._due[timer]) >= 0:
                self._running &= ~(1 << timer)
                self.arbiter.passed(timer)
                verdict = self.arbiter.relock_verdict
                self._carry_out()
                if verdict >= 0:
                    self._note_own(codes.TIMER, codes.LOCK, verdict)

    def _remember_operation(self, now: int) -> None:
        """Beyond LIMIT only a crash operates the motor; those are not counted and need no ageing."""
        if self._aging_count == LIMIT:
            return
        at = (self._aging_first + self._aging_count) % LIMIT
        self._aging[at] = self._clock.ticks_add(now, WINDOW_MS)
        self._aging_remote[at] = 1 if policy.is_remote(self.arbiter.lock.source) else 0
        self._aging_count += 1

    def _age_operations(self, now: int) -> None:
        if self.arbiter.heat.operations == 0:
            self._aging_count = 0  # the pause has wiped them all
        while self._aging_count and self._clock.ticks_diff(now, self._aging[self._aging_first]) >= 0:
            remote = self._aging_remote[self._aging_first] == 1
            self._aging_first = (self._aging_first + 1) % LIMIT
            self._aging_count -= 1
            if not self.arbiter.heat.pausing:
                self.arbiter.operation_aged(remote)

    # Noting

    def _note(self, request: Request, verdict: int) -> int:
        self.journal.note(self.uptime_s, request.source, request.credential, request.action, verdict, request.key_id)
        if verdict or request.action < codes.CONFIRM_KEY or not self.custody.is_writing():
            self._indicator.show(verdict)  # of a change of the key list light and sound tell the outcome alone
        self.revision += 1
        return verdict

    def _note_own(self, source: int, action: int, verdict: int, credential: int = NOBODY) -> None:
        self._own.clear()
        self._own.source = source
        self._own.action = action
        self._own.credential = credential
        self._note(self._own, verdict)


def _counts_in_an_older_list(request: Request, role: int) -> bool:
    """Where only an older list of keys could be read, an owner's card moves the bolt, and that is all."""
    moves_bolt = request.action == codes.LOCK or request.action == codes.UNLOCK
    return moves_bolt and role == codes.OWNER and request.source == codes.KEYCARD


def _refusal_of(condition: int) -> int:
    if condition == entries.REVOKED:
        return codes.REVOKED
    return codes.SUSPENDED if condition == entries.SUSPENDED else codes.UNKNOWN_KEY
