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
from latchkey.core.deadlines import Deadlines, Operations
from latchkey.core.facts import NO
from latchkey.core.remote import DRIVE_REVOKED, GUESTS_SUSPENDED, Remote
from latchkey.core.request import NOBODY, Request
from latchkey.credentials import custody
from latchkey.credentials import key_list as keys
from latchkey.credentials.custody import Custody
from latchkey.credentials.gesture import of_button
from latchkey.credentials.recognition import WARRANT, recognise, warrant
from latchkey.credentials.registry import Registry
from latchkey.credentials.wall_clock import WallClock
from latchkey.storage.journal import Journal

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from typing import Protocol

    from latchkey.chip import Clock, Marks
    from latchkey.drivers.actuator import DriveRelay, Latch, LockMotor
    from latchkey.drivers.indicator import Indicator

    class Generator(Protocol):
        stuck: bool


_PRESS_MS = const(1_000)  # a shorter press of the cabin button locks or unlocks
_SECOND_MS = const(1_000)
_KEEP_AGAIN_S = const(60)
_SWITCHES = "switches"  # the mark that keeps them


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
        marks: "Marks | None" = None,
    ) -> None:
        """marks: where the owner's switches are kept; without, they last until the next reset."""
        self.arbiter = arbiter
        self.registry = registry
        self.custody = Custody(registry, clock)
        self.journal = Journal()
        self.refused = 0  # requests since boot, however many rows the journal holds
        self.refusal = 0  # the last one's verdict
        self.decided = Request(codes.CABIN)  # the last one on lock or drive that was accepted, and its verdict
        self.decided_verdict = 0
        self.revision = 0
        self.uptime_s = 0  # counted here, because ticks wrap after 12 days on the ESP32
        self.attends = 0  # one bit for each reader at which a card is being asked: nothing that can wait begins
        self._readers_at_fault = 0  # one bit for each
        self._radio_at_fault = False
        self._button_read = False
        self.generator: "Generator | None" = None  # of random numbers, handed over by main: shown when it is stuck
        self.button_held = False
        self._motor = motor
        self._relay = relay
        self._indicator = indicator
        self._clock = clock
        arbiter.facts.drive_fitted = relay is not None
        self.latches: "dict[int, Latch]" = {}  # by the action that opens them
        self._second_at = clock.ticks_ms()
        self.deadlines = Deadlines(clock)
        self._operations = Operations(clock)
        self._own = Request(codes.CABIN)  # for what no link asks: button, crash, timer
        self._button_since = 0
        self._button_used = True  # nobody has pressed it
        self._warrant = 0  # what the motor needs to open, while a movement is wanted for which somebody had it
        self.cloud = codes.NO_CLOUD
        self.cloud_since_s = 0  # uptime
        self.remote = Remote(arbiter.facts)
        self._marks = marks
        self._keep_at_s = 0  # not before
        self.wall = WallClock(marks)
        kept = marks.get(_SWITCHES) if marks is not None else None
        self._kept = kept or 0
        self.remote.restore(self._kept)
        arbiter.drive.revoked = self.remote.is_set(DRIVE_REVOKED)

    @property
    def jammed(self) -> bool:
        """The bolt did not move, and nobody tries any more."""
        return self.arbiter.lock.state == lock.JAMMED

    @property
    def now_min(self) -> int:
        """The time of day, as WallClock.now_min()."""
        return self.wall.now_min(self.uptime_s)

    def fit_latch(self, action: int, latch: "Latch") -> None:
        """The board has this latch. action: OPEN_TRUNK, OPEN_FRUNK, OPEN_CHARGE_PORT; raises ValueError for others."""
        if not codes.OPEN_TRUNK <= action <= codes.OPEN_CHARGE_PORT:
            raise ValueError("action %d opens no latch" % action)
        self.latches[action] = latch
        self.arbiter.facts.latches |= 1 << action

    # What links call

    def request(self, request: Request) -> int:
        """Decide one request, drive what it moves, note it; returns the verdict. Allocates nothing, never waits."""
        verdict = self.verdict_on(request) or self._decide(request, self.registry.role(request.credential))
        return self._note(request, verdict)

    def verdict_on(self, request: Request) -> int:
        """ACCEPTED where whoever asks counts for something now, or why not. Allocates nothing."""
        verdict = recognise(self.registry, request, self.now_min)
        if not verdict and self.registry.role(request.credential) == codes.GUEST:
            return codes.SUSPENDED if self.remote.is_set(GUESTS_SUSPENDED) else codes.ACCEPTED
        return verdict

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

    def show_key(self, request: Request, key64: bytearray, card_key: "bytearray | None" = None, pace: int = 0) -> int:
        """A card's unknown or revoked key of 64 bytes has proved itself during enrolment; copied if it counts.

        card_key: of an AES card; pace: see Custody.show_key().
        """
        request.action = codes.CONFIRM_KEY
        return self._note(request, self.custody.show_key(key64, card_key, pace))

    def set_pace(self, request: Request, number: int, pace: int) -> int:
        """Limit how long a card may take to answer, see Custody.set_pace(); the outcome is noted later."""
        request.action = codes.PACE_KEY
        return self._note(request, self.custody.set_pace(number, pace))

    def add_aes_card(self, request: Request, uid: bytes, key: bytes, role: int) -> int:
        """Add an AES card made elsewhere, see Custody.add_aes_card(); returns a verdict, the outcome is noted later."""
        request.action = codes.CONFIRM_KEY
        return self._note(request, self.custody.add_aes_card(uid, key, role))

    def show_phone(self, request: Request, key64: bytearray, role: int, form: int) -> int:
        """A phone's key of 64 bytes, a point of the curve, wants to be added during enrolment; copied if it counts.

        Returns a verdict. It is noted where something came of it; of refusals there may be more than anybody can read.
        """
        before = self.custody.enrolment.state
        request.action = codes.CONFIRM_KEY
        verdict = self.custody.show_phone(key64, role, form)
        return verdict if self.custody.enrolment.state == before else self._note(request, verdict)

    def reader_at_fault(self, number: int, at_fault: bool) -> None:
        """Reader `number` of this board has failed, or works again: shown by the light."""
        self._readers_at_fault = (self._readers_at_fault & ~(1 << number)) | ((1 if at_fault else 0) << number)
        self.revision += 1

    def radio_at_fault(self, at_fault: bool) -> None:
        """Phones cannot be served, or can again: shown by the light."""
        if at_fault != self._radio_at_fault:
            self._radio_at_fault = at_fault
            self.revision += 1

    def cloud_is(self, state: int) -> None:
        """NO_CLOUD, CLOUD_HERE or CLOUD_AWAY: shown by the light and to phones. Nothing else depends on it."""
        self.revision += 1
        if state != self.cloud:
            self.cloud = state
            self.cloud_since_s = self.uptime_s

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
        if happened:
            self._warrant = WARRANT + codes.UNLOCK
        self.arbiter.sense_crash(active)
        self._carry_out()
        if happened:
            self._note_own(codes.CRASH, codes.UNLOCK, codes.ACCEPTED)

    def sense_remote_switch(self, off: bool) -> None:
        """A switch in the car that cuts the cloud off."""
        self.remote.switch_at_the_car(off)
        self.revision += 1

    def sense_button(self, pressed: bool) -> None:
        """The cabin button: a short press locks or unlocks; what a longer one asks for says credentials/gesture."""
        first, self._button_read = not self._button_read, True
        if pressed == self.button_held:
            return  # the first reading after a reset shows a button at rest, which is not the end of a press
        now = self._clock.ticks_ms()
        self.revision += 1
        self.button_held = pressed
        if pressed:
            self._button_since = now
            self._button_used = first  # held through a reset: nobody has just pressed it
        elif not self._button_used and self._held(True):
            self._button_used = True  # it is over
            self._own.clear()
            self._own.source = codes.CABIN
            self._own.action = intent.toggle(self.arbiter.lock)
            self.request(self._own)

    def _held(self, released: bool) -> bool:
        """What the press of the button has come to mean so far; True when it was a short one, and is over."""
        held_ms = self._clock.ticks_diff(self._clock.ticks_ms(), self._button_since)
        verdict = of_button(self.custody, held_ms, released, self.arbiter.facts.moving())
        if verdict != custody.NOTHING:
            self._button_used = True
            self._note_own(codes.CABIN, self.custody.gesture, verdict)
        return released and held_ms < _PRESS_MS

    # Time

    def tick(self) -> None:
        """Let time pass: called every few milliseconds by main."""
        now = self._clock.ticks_ms()
        while self._clock.ticks_diff(now, self._second_at) >= _SECOND_MS:
            self._second_at = self._clock.ticks_add(self._second_at, _SECOND_MS)
            self.uptime_s += 1
        self._motor.tick(now)
        for action in self.latches:  # by its keys: a view of the values would come from the heap
            self.latches[action].tick(now)
        self._pass_timers(now)
        self._age_operations(now)
        if self.button_held and not self._button_used:
            self._held(False)
        outcome = self.custody.tick(self.arbiter.lock.motor == lock.STILL)
        if outcome != custody.NOTHING:
            self._note_own(codes.CABIN, self.custody.outcome_action, outcome, self.custody.outcome_credential)
        if self.arbiter.lock.motor == lock.STILL:
            self._keep_switches()
            if not self.attends:
                self.wall.keep(self.uptime_s)
        self._indicator.tick(now, self._standing())

    def seconds_left(self, timer: int) -> int:
        """Seconds until an arbiter's timer runs out, 0 when it does not run. For display."""
        return self.deadlines.seconds_left(timer, self._clock.ticks_ms())

    def _standing(self) -> int:
        """What the light says while there is nothing to tell."""
        if self.custody.wants_keys():
            return codes.ENROLMENT_OPEN
        registry_bad = self.registry.state == keys.OLDER or self.registry.state == keys.UNREADABLE
        stuck = self.generator is not None and self.generator.stuck
        if stuck or registry_bad or self._readers_at_fault or self._radio_at_fault:
            return codes.FAULT
        if self.jammed or self.arbiter.crash.stuck:
            return codes.FAULT
        return codes.AWAY if self.cloud == codes.CLOUD_AWAY else codes.ALL_WELL

    # Deciding

    def _decide(self, request: Request, role: int) -> int:
        action = request.action
        if request.source == codes.CLOUD:
            verdict = policy.permission(codes.CLOUD, role, action) or self.remote.verdict(action, self.uptime_s)
            if verdict:
                return verdict
        if action < codes.OPEN_ENROLMENT:
            given = warrant(self.registry, request, self.remote, self.now_min)
            if given == WARRANT + codes.UNLOCK:
                self._warrant = given
            verdict = self.arbiter.ask(request.source, role, action)
            if request.source == codes.CLOUD and (verdict == codes.ACCEPTED or verdict == codes.QUEUED):
                self.remote.moved(action, self.uptime_s)
            self._carry_out()
            if self.arbiter.open_effect and (given != WARRANT + action or not self.latches[action].open()):
                return codes.BUSY  # its coil rests
            return verdict
        verdict = policy.permission(request.source, role, action)
        if verdict:
            return verdict
        if action == codes.SET_CLOCK:
            trusted = request.source == codes.CABIN or role == codes.OWNER
            return self.wall.set(request.argument, self.uptime_s, trusted)
        if action == codes.REVOKE_KEY or action >= codes.SUSPEND_KEY:
            return self.custody.change(action, request.argument, request.window)
        if action >= codes.SUSPEND_GUESTS:
            verdict = self.remote.turn(action)
            if request.source == codes.CLOUD and verdict == codes.ACCEPTED:
                self.remote.moved(action, self.uptime_s)
            return verdict
        self._button_used = True  # its press was part of the gesture and shall not lock or unlock as well
        if action == codes.OPEN_ENROLMENT:
            self.custody.opener_id[:] = request.key_id
            return self.custody.open(request.credential)
        now = self._clock.ticks_ms()
        held_ms = self._clock.ticks_diff(now, self._button_since) if self.button_held else 0
        return self.custody.owner_tap(request.credential, self.button_held, held_ms)

    def _keep_switches(self) -> None:
        """Write the owner's switches down where they have changed. The motor is still."""
        remote = self.remote
        revoked = self.arbiter.drive.revoked
        if revoked != remote.is_set(DRIVE_REVOKED):
            remote.set(DRIVE_REVOKED, revoked)
        if remote.switches == self._kept or self._marks is None or self.uptime_s < self._keep_at_s:
            return
        try:
            self._marks.set(_SWITCHES, remote.switches)
            self._kept = remote.switches
        except OSError:
            self._keep_at_s = self.uptime_s + _KEEP_AGAIN_S
            self._note_own(codes.CABIN, codes.FORBID_REMOTE, codes.STORAGE_FAILED)

    # Carrying out

    def _carry_out(self) -> None:
        """Do what the arbiter has just decided: the motor first, then the relay, then the timers."""
        decided = self.arbiter
        effect = decided.motor_effect
        if effect == lock.PULSE_LOCK:
            self._motor.lock()
        elif effect == lock.PULSE_UNLOCK:
            if self._warrant == WARRANT + codes.UNLOCK:
                self._motor.unlock()
        elif effect == lock.HALT:
            self._motor.halt()
        now = self._clock.ticks_ms()  # after the motor has read its own: flash may have stopped the chip in between
        if effect == lock.PULSE_LOCK or effect == lock.PULSE_UNLOCK:
            self._operations.remember(policy.is_remote(decided.lock.source), now)
        if self._relay is not None:
            if decided.drive_effect == drive.ENABLE:
                self._relay.enable()
            elif decided.drive_effect == drive.DISABLE:
                self._relay.disable()
        self.deadlines.change(decided.stops, decided.starts, decided.durations_ms, now)
        if decided.lock.wants() != codes.UNLOCK:
            self._warrant = 0
        self.revision += 1

    def _pass_timers(self, now: int) -> None:
        for timer in range(timers.TIMERS):
            if self.deadlines.has_passed(timer, now):
                self.arbiter.passed(timer)
                verdict = self.arbiter.relock_verdict
                self._carry_out()
                if verdict >= 0:
                    self._note_own(codes.TIMER, codes.LOCK, verdict)

    def _age_operations(self, now: int) -> None:
        if self.arbiter.heat.operations == 0:
            self._operations.forget()
        while True:
            aged = self._operations.aged(now)
            if not aged:
                return
            if not self.arbiter.heat.pausing:
                self.arbiter.operation_aged(aged == 2)

    # Noting

    def _note(self, request: Request, verdict: int) -> int:
        setting_clock = request.action == codes.SET_CLOCK  # which phones do unasked, so it shows no light
        if setting_clock and (verdict == codes.ALREADY or verdict == codes.CLOCK_BACK):
            return verdict
        self.journal.note(self.uptime_s, request.source, request.credential, request.action, verdict, request.key_id)
        if not codes.is_accepted(verdict):
            self.refused += 1
            self.refusal = verdict
        elif 0 < request.action <= codes.REVOKE_DRIVE:
            self._remember(request, verdict)
        changing = request.action >= codes.CONFIRM_KEY and self.custody.is_writing()
        if not setting_clock and (verdict or not changing):
            self._indicator.show(verdict)  # of a change of the key list light and sound tell the outcome alone
        self.revision += 1
        return verdict

    def _remember(self, request: Request, verdict: int) -> None:
        decided = self.decided
        decided.source = request.source
        decided.action = request.action
        decided.credential = request.credential
        decided.key_id[:] = request.key_id
        self.decided_verdict = verdict

    def _note_own(self, source: int, action: int, verdict: int, credential: int = NOBODY) -> None:
        self._own.clear()
        self._own.source = source
        self._own.action = action
        self._own.credential = credential
        self._note(self._own, verdict)
