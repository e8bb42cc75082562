"""What the authority must do, written a second time from its rules alone: milliseconds that never wrap, and lists of
what happened when. No table, no counter, no timer to start or stop.

Its first version was written before the firmware's core was read. Where the two differed and the design left a choice,
the firmware's is *taken*, and the line says so; in everything else the design decided.
"""

from latchkey.core import codes
from latchkey.core.codes import AT_LOCKED, AT_UNLOCKED, CABIN, CLOUD, CRASH, LOCK, PHONE, TIMER, UNLOCK
from latchkey.core.facts import NO, UNKNOWN, YES
from reference_roles import BOLT, BOXES, EVERYTHING, GUESTS, may

PULSE, DEAD, MOVE = 500, 200, 1_500
HOLD, RELOCK, WINDOW, PAUSE = 30_000, 45_000, 20_000, 30_000
LATCH, LATCH_REST = 300, 1_000
MINUTE, TEN_MINUTES, CYCLE, DRIVE, CLAIM = 60_000, 600_000, 3_000, 120_000, 5_000
TARGET = {LOCK: AT_LOCKED, UNLOCK: AT_UNLOCKED}
OTHER = {LOCK: UNLOCK, UNLOCK: LOCK}


class Reference:
    """The authority of one boot. `pulses`: (time, action, source). `log`: (source, action, verdict) of decisions.

    `released`: (time, action) of pulses that open a box; `boxes`: the actions that the board has latches for.
    """

    def __init__(self, now, bolt_fitted, drive_fitted, relock, boxes, relay):
        self.fitted, self.drive_fitted, self.relock, self.boxes = bolt_fitted, drive_fitted, relock, boxes
        self.now, self.relay = now, relay
        self.position = codes.UNKNOWN if bolt_fitted else codes.NOT_FITTED
        self.commanded = None  # where a bolt without sensor was sent
        self.wish = self.wisher = None  # a movement in flight or waiting: its action, the highest source behind it
        self.tries, self.waiting, self.deadline = 0, False, 0
        self.free_at, self.halted = now, True  # motor: when pulse and dead time are over; the last pulse was cut short
        self.jammed = self.crash_open = False
        self.pulses, self.operations, self.log, self.released = [], [], [], []
        self.act, self.act_at = None, 0  # the last local act
        self.relock_at = None
        self.door = self.ignition = self.fast = UNKNOWN
        self.low, self.remote_on, self.blind = NO, True, False
        self.crash_at = self.line_since = self.off_since = None
        self.cycled = False
        self.authorised_until, self.driving, self.revoked, self.found_running = None, False, False, False
        self.pressed_at = None
        self.unlock_on = self.guests_out = False
        self.uptime_s, self.by_cloud = 0, {LOCK: [], UNLOCK: []}

    # What is the case

    def moving(self):
        return self.fast == YES or (self.fast == UNKNOWN and self.ignition == YES)

    def motion_unknowable(self):
        return self.fast == UNKNOWN and self.ignition == UNKNOWN

    def parked(self):
        return self.ignition == NO and self.fast != YES

    def lock_state(self):
        if self.crash_open:  # taken: from the crash until somebody locks
            return "crash-open"
        if self.wish:
            return "locking" if self.wish == LOCK else "unlocking"
        at = self.position if self.fitted else TARGET.get(self.commanded)
        return "jammed" if self.jammed else {AT_LOCKED: "locked", AT_UNLOCKED: "unlocked"}.get(at, "unknown")

    def drive_state(self):
        return "driving" if self.driving else "denied" if self.authorised_until is None else "authorised"

    # Requests

    def request(self, source, role, action):
        """Decide what a recognised credential (or, from the cabin, a hand) asks for, and log the verdict."""
        out = role == codes.GUEST and self.guests_out
        verdict = codes.SUSPENDED if out else self.ask(source, role, action)
        self.log.append((source, action, verdict))
        return verdict

    def ask(self, source, role, action):
        if action not in EVERYTHING:
            return codes.NO_RULE
        if not may(source, role, action):
            return codes.NOT_PERMITTED
        if source == CLOUD and self.refused_from_afar(action):
            return self.refused_from_afar(action)
        if action in BOLT:
            verdict = self.ask_bolt(source, action)
            if codes.is_accepted(verdict):
                self.remember(source, action)
            if source == CLOUD and verdict in (codes.ACCEPTED, codes.QUEUED):
                self.by_cloud[action].append(self.uptime_s)
            return verdict
        if action in (codes.AUTHORISE_DRIVE, codes.REVOKE_DRIVE):
            return self.ask_drive(source, role, action)
        if action in GUESTS:
            return self.ask_guests(action == codes.SUSPEND_GUESTS)
        return self.ask_box(action) if action in BOXES else codes.ACCEPTED

    def refused_from_afar(self, action):
        if not self.remote_on:
            return codes.REMOTE_OFF
        if action == UNLOCK and not self.unlock_on:
            return codes.REMOTE_UNLOCK_OFF
        often = [at for at in self.by_cloud.get(action, ()) if self.uptime_s - at < 3_600]
        return codes.TOO_OFTEN if len(often) >= 6 else 0

    def ask_guests(self, out):
        if self.guests_out == out:
            return codes.ALREADY
        self.guests_out = out
        return codes.ACCEPTED

    def ask_box(self, action):
        if action not in self.boxes:
            return codes.NOT_WIRED
        if self.moving():
            return codes.MOVING
        if any(what == action and self.now - at < LATCH + LATCH_REST for at, what in self.released):
            return codes.BUSY
        self.released.append((self.now, action))
        return codes.ACCEPTED

    def ask_bolt(self, source, action):
        if source <= CLOUD:
            if self.act == OTHER[action] and self.now - self.act_at < HOLD:
                return codes.HELD
            if action == UNLOCK and (self.moving() or (self.motion_unknowable() and not self.blind)):
                return codes.MOVING
            if action == LOCK and self.door == YES:
                return codes.DOOR_OPEN
            if action == LOCK and self.ignition == YES:
                return codes.IGNITION_ON
            if self.low == YES:
                return codes.LOW_SUPPLY
        if action == LOCK and self.crash_at is not None and (source <= PHONE or self.now - self.crash_at < MINUTE):
            return codes.CRASHED
        if not self.wish and self.position == TARGET[action] and not self.jammed:  # taken: a jam is never "already"
            return codes.ALREADY
        if self.wish == action:
            self.wisher = max(self.wisher, source)  # taken: whoever joins lends the movement his rank
            return codes.JOINED
        if self.wish and source <= self.wisher and not (action == UNLOCK and source >= PHONE):
            return codes.BUSY
        if action == LOCK and self.low == YES:
            return codes.LOW_SUPPLY
        return self.begin(source, action) if self.cool(source) else codes.HOT

    def cool(self, source):
        remote = sum(1 for _, by in self.operations if by <= CLOUD)
        room = len(self.operations) < (8 if source <= PHONE else 10)
        return source == CRASH or (room and (source > CLOUD or remote < 4))

    def begin(self, source, action):
        """A new movement: at once, or (taken) cutting short what the motor does and waiting for the dead time."""
        self.wish, self.wisher, self.tries, self.commanded = action, source, 0, action
        self.jammed, self.crash_open = False, self.crash_open and action == UNLOCK
        self.waiting = self.now < self.free_at
        if not self.waiting:
            self.pulse()
            return codes.ACCEPTED
        self.free_at, self.halted = self.now + DEAD, True
        return codes.QUEUED

    def pulse(self):
        self.pulses.append((self.now, self.wish, self.wisher))
        self.waiting, self.halted, self.tries = False, False, self.tries + 1
        self.free_at, self.deadline = self.now + PULSE + DEAD, self.now + MOVE
        if len(self.operations) < 10:
            self.operations.append((self.now, self.wisher))

    def remember(self, source, action):
        if source >= PHONE:
            self.act, self.act_at = action, self.now
        wanted = self.relock and action == UNLOCK and self.door == NO
        self.relock_at = self.now + RELOCK if wanted else None

    def ask_drive(self, source, role, action):
        if not self.drive_fitted:
            return codes.NOT_WIRED
        if action == codes.AUTHORISE_DRIVE:
            if self.revoked and role not in (codes.OWNER, codes.DRIVER):
                return codes.DRIVE_REVOKED
            already = self.drive_state() != "denied"
            self.revoked = self.found_running = False
            self.driving, self.authorised_until, self.relay = self.ignition == YES, self.now + DRIVE, 1
            return codes.ALREADY if already else codes.ACCEPTED
        if self.moving() or self.motion_unknowable():
            return codes.MOVING
        self.revoked = True
        self.look_at_parked_car()
        return codes.ACCEPTED

    def look_at_parked_car(self):
        """The one moment in which driving may be taken away, and (after a boot) must agree with what is said of it."""
        if self.parked() and (self.revoked or self.found_running or self.drive_state() == "denied"):
            self.driving, self.authorised_until, self.found_running, self.relay = False, None, False, 0

    # The car

    def bolt(self, position):
        if position == self.position or not self.fitted:
            return
        before, self.position = self.position, position
        if not self.wish:
            if position in (AT_LOCKED, AT_UNLOCKED):
                self.jammed = False
                if before != codes.UNKNOWN:  # taken: after a silence of the sensor nobody can say that it was a hand
                    self.act, self.act_at, self.relock_at = LOCK if position == AT_LOCKED else UNLOCK, self.now, None
            self.crash_open = self.crash_open and position == AT_UNLOCKED
        elif not self.waiting and position == TARGET[self.wish]:
            self.wish = None

    def door_is(self, value):
        self.door = value
        if value != NO:
            self.relock_at = None

    def speed(self, value):
        self.fast = value
        self.look_at_parked_car()

    def ignite(self, value):
        before, self.ignition = self.ignition, value
        if value == before:
            return
        self.off_since = self.now if before == YES and value == NO else None
        if value == YES:
            found = before == UNKNOWN and self.drive_state() == "denied"
            self.found_running = self.found_running or found
            self.driving = found or self.drive_state() != "denied"
        elif self.driving:
            self.driving, self.authorised_until = False, self.now + DRIVE
        self.look_at_parked_car()

    def crash(self, active):
        """A level of the crash line that is not the first since boot."""
        self.line_since = self.now if active else None
        if not active:
            return
        self.crash_at, self.cycled, self.off_since = self.now, False, None
        self.act, self.act_at, self.relock_at = UNLOCK, self.now, None
        opening = not self.halted and self.now < self.free_at and self.pulses[-1][1] == UNLOCK
        if opening:  # taken: the unlock pulse under way is the first of three
            self.wish, self.wisher, self.tries, self.deadline = UNLOCK, CRASH, 1, self.now + MOVE
        else:  # taken: driven even where the sensor shows unlocked
            self.begin(CRASH, UNLOCK)
        self.crash_open, self.jammed = True, False
        self.log.append((CRASH, UNLOCK, codes.ACCEPTED))

    def button(self, pressed):
        if pressed:
            self.pressed_at = self.now
        elif self.pressed_at is not None and self.now - self.pressed_at < 1_000:
            self.pressed_at = None
            stands_open = not self.wish and self.lock_state() in ("unlocked", "crash-open")
            self.request(CABIN, codes.NO_ROLE, LOCK if stands_open else UNLOCK)
        else:
            self.pressed_at = None

    # Time

    def moments(self):
        """When something may happen by itself."""
        after = [self.free_at, self.deadline if self.wish else None, self.relock_at]
        after += [self.operations[-1][0] + PAUSE if len(self.operations) == 10 else None]
        after += [at + WINDOW for at, _ in self.operations if len(self.operations) < 10]
        after += [since + ms for since, ms in ((self.line_since, MINUTE), (self.off_since, CYCLE)) if since is not None]
        if self.crash_at is not None:
            after += [self.crash_at + MINUTE, self.crash_at + TEN_MINUTES]
        after += [self.authorised_until, self.pressed_at + CLAIM if self.pressed_at is not None else None]
        return [at for at in after if at is not None and at > self.now]

    def pass_time(self, now):
        """It is now. To be called at each of the moments, in order."""
        self.now = now
        if self.wish and self.waiting:
            if now >= self.free_at:
                self.pulse()
        elif self.wish and now == self.free_at:
            self.arrive(self.fitted or not self.crash_open)
        if self.wish and not self.waiting and now >= self.deadline:
            self.overdue()
        if self.relock_at is not None and now >= self.relock_at:
            self.relock_at = None
            if self.fitted and self.lock_state() == "unlocked" and self.door == NO:
                self.request(TIMER, codes.NO_ROLE, LOCK)
        self.pass_time_since_crash(now)
        if self.authorised_until is not None and not self.driving and now >= self.authorised_until:
            self.authorised_until = None if self.parked() else now + DRIVE  # taken: never taken away while rolling
            self.look_at_parked_car()
        if len(self.operations) < 10:
            self.operations = [(at, by) for at, by in self.operations if now - at < WINDOW]
        elif now - self.operations[-1][0] >= PAUSE:
            self.operations = []
        if self.pressed_at is not None and now - self.pressed_at >= CLAIM:
            self.pressed_at = None  # held long: the claim gesture, which a controller with owners refuses
            self.log.append((CABIN, codes.OPEN_ENROLMENT, codes.ENROLMENT_CLOSED))

    def pass_time_since_crash(self, now):
        self.cycled = self.cycled or (self.off_since is not None and now - self.off_since >= CYCLE)
        if self.crash_at is None:
            return
        over = now - self.crash_at >= TEN_MINUTES and (self.cycled or self.ignition == UNKNOWN)
        if self.line_since is not None and now - self.line_since >= MINUTE:
            over = True
            if self.crash_open:
                self.crash_open, self.wish = False, None
        if over:
            self.crash_at = None

    def arrive(self, unsensed_counts):
        """The bolt is where it was sent, or nobody can say that it is not."""
        if self.position == TARGET[self.wish] or (self.position == codes.NOT_FITTED and unsensed_counts):
            self.wish = None

    def overdue(self):
        """1.5 s after the pulse began: arrived, once more, or jammed."""
        crash = self.wisher == CRASH and self.tries < 3
        self.arrive(not crash)
        if not self.wish:
            return
        seen = self.position in (AT_LOCKED, AT_UNLOCKED, codes.BETWEEN)
        if crash or (self.wisher != CRASH and seen and self.tries < 2 and self.low != YES and self.cool(self.wisher)):
            self.pulse()
        else:
            self.jammed = seen or self.crash_open  # a sensor gone silent leaves the state unknown
            self.wish, self.crash_open = None, False
