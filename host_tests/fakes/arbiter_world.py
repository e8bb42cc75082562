"""An arbiter in a small world: which timers run, what may happen next, and what must always be true of it.

Used for two things: to visit every reachable state (a state can be saved to a tuple and restored from it), and to walk
at random for a million steps. Events are (kind, argument, argument) tuples of ints and short words.
"""

from latchkey.core import arbiter, codes, crash, drive, lock
from latchkey.core.arbiter import Arbiter
from latchkey.core.facts import NO, UNKNOWN, YES

ASK = "ask"
BOLT = "bolt"
DOOR = "door"
IGNITION = "ignition"
SPEED = "speed"
SUPPLY = "supply"
CRASH = "crash"
TIMER = "timer"
AGED = "aged"

ROLES = {codes.CLOUD: codes.FLEET_MANAGER, codes.PHONE: codes.OWNER, codes.KEYCARD: codes.OWNER, codes.CABIN: 0}
PULSES = (lock.PULSE_LOCK, lock.PULSE_UNLOCK)
LATCHES = (codes.OPEN_TRUNK, codes.OPEN_CHARGE_PORT)  # of a world in which somebody asks for one: no frunk


class World:
    """`readings`: which of BOLT, DOOR, IGNITION, SPEED, SUPPLY, CRASH are wired. `limits`: of the heat counter.

    `drive_asks`, `latch_asks`: (source, action), asked beside locking and unlocking by `sources`.
    """

    def __init__(self, sources, readings, limits=None, drive_asks=(), relock=False, silent_bolt=False, latch_asks=()):
        self.sources = sources
        self.readings = readings
        self.drive_asks = drive_asks
        self.latch_asks = latch_asks
        self.latch_verdicts = set()  # ghost: what such a request has met so far
        self.positions = (codes.AT_LOCKED, codes.AT_UNLOCKED, codes.BETWEEN) + ((codes.UNKNOWN,) if silent_bolt else ())
        self.arbiter = Arbiter(BOLT in readings, relock=relock)
        if limits:
            self.arbiter.heat.limit, self.arbiter.heat.limit_phone, self.arbiter.heat.limit_remote = limits
        self.arbiter.facts.drive_fitted = bool(drive_asks)
        if latch_asks:
            self.arbiter.facts.latches = sum(1 << action for action in LATCHES)
        if DOOR in readings:
            self.arbiter.facts.door_open = NO
        if CRASH in readings:
            self.arbiter.crash.line = NO
        self.running = 0  # bit mask of timers
        self.door_opened = False  # ghost: since the last accepted unlock

    # Saving and restoring

    def save(self):
        a = self.arbiter
        lo, h, c, d, f = a.lock, a.heat, a.crash, a.drive, a.facts
        return (
            (lo.state, lo.bolt, lo.motor, lo.queued, lo.source, lo.tries),
            (h.operations, h.remote, h.pausing),
            (c.phase, c.cycled, c.stuck, c.line),
            (d.state, d.revoked, d.found_running),
            (f.door_open, f.ignition_on, f.fast, f.supply_low),
            (a.hold, a.relock_pending, self.running, self.door_opened),
        )

    def restore(self, saved):
        a = self.arbiter
        lo, h, c, d, f = a.lock, a.heat, a.crash, a.drive, a.facts
        lo.state, lo.bolt, lo.motor, lo.queued, lo.source, lo.tries = saved[0]
        h.operations, h.remote, h.pausing = saved[1]
        c.phase, c.cycled, c.stuck, c.line = saved[2]
        d.state, d.revoked, d.found_running = saved[3]
        f.door_open, f.ignition_on, f.fast, f.supply_low = saved[4]
        a.hold, a.relock_pending, self.running, self.door_opened = saved[5]

    # What may happen

    def events(self):
        a = self.arbiter
        found = []
        for source in self.sources:
            found.append((ASK, source, codes.LOCK))
            found.append((ASK, source, codes.UNLOCK))
        found.extend((ASK, source, action) for source, action in self.drive_asks)
        found.extend((ASK, source, action) for source, action in self.latch_asks)
        if BOLT in self.readings:
            found.extend((BOLT, p, 0) for p in self.positions if p != a.lock.bolt)
        for kind, value in (
            (DOOR, a.facts.door_open),
            (IGNITION, a.facts.ignition_on),
            (SPEED, a.facts.fast),
            (SUPPLY, a.facts.supply_low),
        ):
            if kind in self.readings:
                found.append((kind, NO if value == YES else YES, 0))
                if value == UNKNOWN:
                    found.append((kind, NO, 0))
        if CRASH in self.readings:
            found.append((CRASH, a.crash.line != YES, 0))
        found.extend((TIMER, t, 0) for t in range(arbiter.TIMERS) if self._may_pass(t))
        if a.heat.operations > a.heat.remote:
            found.append((AGED, False, 0))
        if a.heat.remote:
            found.append((AGED, True, 0))
        return found

    def _may_pass(self, timer):
        """A running timer may run out at any time, but never before a shorter one that was started with it."""
        if not (self.running >> timer) & 1:
            return False
        if timer == arbiter.MOVE or timer == arbiter.CRASH_LINE:
            return not self.running & ((1 << arbiter.AFTER_PULSE) | (1 << arbiter.AFTER_HALT))
        if timer == arbiter.CRASH_TEN:
            return not (self.running >> arbiter.CRASH_MINUTE) & 1
        return True

    def do(self, event):
        """Let one event happen, look after the timers, check all invariants; returns the verdict of an ASK, else -1."""
        a = self.arbiter
        kind, first, second = event
        before = self.save()
        verdict = -1
        if kind == ASK:
            verdict = a.ask(first, ROLES[first], second)
        elif kind == BOLT:
            a.sense_bolt(first)
        elif kind == DOOR:
            a.sense_door(first)
            self.door_opened = self.door_opened or first == YES
        elif kind == IGNITION:
            a.sense_ignition(first)
        elif kind == SPEED:
            a.sense_speed(first)
        elif kind == SUPPLY:
            a.sense_supply(first)
        elif kind == CRASH:
            a.sense_crash(first)
        elif kind == TIMER:
            self.running &= ~(1 << first)
            a.passed(first)
        else:
            a.operation_aged(first)
        if a.starts & a.stops:
            raise AssertionError("a timer is both started and stopped by %r" % (event,))
        self.running = (self.running & ~a.stops) | a.starts
        if kind == ASK and second == codes.UNLOCK and codes.is_accepted(verdict):
            self.door_opened = a.facts.door_open == YES
        self._check(event, verdict, before)
        return verdict

    # What must be true

    def _check(self, event, verdict, before):
        try:
            self._check_motor(event, before)
            self._check_state()
            self._check_timers()
            self._check_drive(event, before)
            self._check_latch(event, verdict, before)
            if event[0] == ASK and event[2] in (codes.LOCK, codes.UNLOCK):
                self._check_verdict(event[1], event[2], verdict, before)
        except AssertionError:
            print("before", before)
            print("event ", event, "verdict", verdict)
            print("after ", self.save())
            raise

    def _check_motor(self, event, before):
        a = self.arbiter
        effect = a.motor_effect
        if effect in PULSES:
            resting = before[5][2] & ((1 << arbiter.AFTER_PULSE) | (1 << arbiter.AFTER_HALT))
            if event[0] == TIMER and event[1] in (arbiter.AFTER_PULSE, arbiter.AFTER_HALT):
                resting &= ~(1 << event[1])
            assert not resting, "a pulse inside another pulse or its dead time"
            assert a.lock.tries <= (3 if a.lock.source == codes.CRASH else 2), "more than one retry"
            assert not before[1][2] or a.lock.source == codes.CRASH or event == (TIMER, arbiter.COOL, 0), (
                "a pulse in the pause"
            )
        if effect == lock.PULSE_LOCK:
            assert a.lock.state == lock.LOCKING and a.crash.phase != crash.FRESH
            assert a.crash.phase == crash.CLEAR or a.lock.source >= codes.KEYCARD, "remote or phone locks after a crash"
            if a.lock.source == codes.TIMER and event == (TIMER, arbiter.RELOCK, 0):
                assert before[0][:2] == (lock.UNLOCKED, codes.AT_UNLOCKED) and not self.door_opened
        if effect in PULSES or effect == lock.HALT:
            causes = (arbiter.AFTER_PULSE, arbiter.AFTER_HALT, arbiter.MOVE, arbiter.RELOCK)
            caused = event[0] in (ASK, CRASH) or (event[0] == TIMER and event[1] in causes)
            assert caused, "something moves that nobody asked for"
        assert a.heat.operations <= a.heat.limit and a.heat.remote <= a.heat.limit_remote

    def _check_state(self):
        machine = self.arbiter.lock
        if machine.confirmed():
            if machine.state == lock.LOCKED:
                assert machine.bolt == codes.AT_LOCKED, "said to be locked before the bolt moved"
            if machine.state == lock.UNLOCKED:
                assert machine.bolt == codes.AT_UNLOCKED, "said to be unlocked before the bolt moved"
        if machine.state == lock.LOCKING or machine.state == lock.UNLOCKING:
            assert machine.tries or machine.queued
            assert machine.source

    def _check_timers(self):
        """Whatever waits has a timer that will end the wait."""
        a = self.arbiter
        running = self.running

        def runs(timer):
            return bool((running >> timer) & 1)

        if a.lock.motor != lock.STILL:
            assert runs(arbiter.AFTER_PULSE) != runs(arbiter.AFTER_HALT)
        if a.lock.queued:
            assert runs(arbiter.AFTER_HALT)
        if a.lock.tries:
            assert runs(arbiter.MOVE)
        assert runs(arbiter.HOLD) == bool(a.hold)
        assert runs(arbiter.COOL) == a.heat.pausing
        assert runs(arbiter.RELOCK) == a.relock_pending
        if a.crash.phase == crash.FRESH:
            assert runs(arbiter.CRASH_MINUTE)
        if a.crash.phase in (crash.FRESH, crash.RECENT):
            assert runs(arbiter.CRASH_TEN)
        assert runs(arbiter.DRIVE) == (a.drive.state == drive.AUTHORISED)

    def _check_drive(self, event, before):
        a = self.arbiter
        if a.drive_effect == drive.DISABLE:
            assert a.facts.parked(), "driving taken away from a vehicle that may be moving"
        if a.drive.state == drive.DENIED and before[3][0] != drive.DENIED:
            assert a.drive_effect == drive.DISABLE
        if a.drive_effect == drive.ENABLE:
            assert event[0] == ASK and event[2] == codes.AUTHORISE_DRIVE

    def _check_latch(self, event, verdict, before):
        """A latch is pulsed by the request for it, when that is accepted, and by nothing else; never while moving."""
        a = self.arbiter
        asked = event[2] if event[0] == ASK and codes.OPEN_TRUNK <= event[2] <= codes.OPEN_CHARGE_PORT else 0
        assert a.open_effect == (asked if verdict == codes.ACCEPTED else 0), "a latch that nobody asked for"
        if a.open_effect:
            assert event[1] == codes.PHONE, "opened from afar"
            assert (a.facts.latches >> asked) & 1
            assert a.facts.fast != YES, "opened at speed"
            assert a.facts.fast == NO or a.facts.ignition_on != YES, "opened while it may be moving"
        if not asked:
            return
        assert a.motor_effect == lock.NOTHING and a.drive_effect == drive.NOTHING and not a.starts and not a.stops
        assert self.save() == before, "a latch changed more than itself"
        self.latch_verdicts.add(verdict)
        if event[1] != codes.PHONE:
            assert verdict == codes.NOT_PERMITTED
        elif not (a.facts.latches >> asked) & 1:
            assert verdict == codes.NOT_WIRED
        else:  # neither crash nor a low supply nor the lock's own troubles forbid it
            assert verdict == (codes.MOVING if a.facts.moving() else codes.ACCEPTED)

    def _check_verdict(self, source, action, verdict, before):
        a = self.arbiter
        accepted = codes.is_accepted(verdict)
        local = source >= codes.PHONE
        phase = before[2][0]
        hold = before[5][0]
        machine = before[0]
        if local:
            assert verdict not in (codes.HELD, codes.REMOTE_OFF, codes.MOVING, codes.DOOR_OPEN, codes.IGNITION_ON)
            if action == codes.UNLOCK:
                assert accepted or verdict == codes.HOT, "a local unlock is refused for heat only"
            local_operations = before[1][0] - before[1][1]
            if verdict == codes.HOT and not before[1][2]:
                room = a.heat.limit if source >= codes.KEYCARD else a.heat.limit_phone
                assert local_operations >= room - a.heat.limit_remote, "remote requests used up a local one's share"
        elif accepted:
            assert not (hold and hold != action), "a local act did not outweigh a remote request"
            assert a.facts.supply_low != YES
            if action == codes.UNLOCK:
                assert not a.facts.moving()
                assert not a.facts.motion_unknowable() or a.facts.blind_remote_unlock
            else:
                assert a.facts.door_open != YES and a.facts.ignition_on != YES
        if action == codes.LOCK and accepted:
            assert phase == crash.CLEAR or (phase != crash.FRESH and source >= codes.KEYCARD)
        if verdict == codes.BUSY:
            assert source <= machine[4], "a higher rank must win"
            assert not (local and action == codes.UNLOCK), "a local unlock is never busy"
        if verdict == codes.ALREADY:
            assert a.motor_effect == lock.NOTHING
            assert machine[1] == (codes.AT_LOCKED if action == codes.LOCK else codes.AT_UNLOCKED)
        if accepted:
            wanted = lock.LOCKING if action == codes.LOCK else lock.UNLOCKING
            assert verdict == codes.ALREADY or a.lock.state in (wanted, lock.CRASH_OPEN)
        else:
            assert a.motor_effect == lock.NOTHING and self.save()[:5] == before[:5], "a refusal changed something"
