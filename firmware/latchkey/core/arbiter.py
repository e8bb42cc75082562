"""Both machines with everything that decides between them: one place where a wish becomes a movement or a refusal.

Pure: no I/O, no clock, no await. The vehicle feeds it requests, sensor readings and deadlines that have passed, and
afterwards carries out what it finds in `motor_effect`, `drive_effect`, `open_effect` (the accepted action, or 0),
`starts` and `stops` (bit masks over the timers below). Every call begins by clearing those five. Tests visit all its
reachable states. Latches have none: what is open is closed by hand, and nobody senses it.
"""

from micropython import const

from latchkey.core import codes, drive, lock, policy
from latchkey.core.codes import ACCEPTED, LOCK, NOT_FITTED, UNLOCK
from latchkey.core.crash import IGNITION_CYCLE_MS, MINUTE_MS, STUCK_MS, TEN_MINUTES_MS, Crash
from latchkey.core.drive import Drive
from latchkey.core.facts import NO, UNKNOWN, YES, Facts
from latchkey.core.heat import PAUSE_MS, Heat
from latchkey.core.lock import Lock

# Timers. Whoever owns the clock starts and stops them as told, and reports each that runs out to passed().
AFTER_PULSE = const(0)  # pulse and dead time are over
AFTER_HALT = const(1)  # the dead time after an aborted pulse is over
MOVE = const(2)
HOLD = const(3)
RELOCK = const(4)
COOL = const(5)
CRASH_MINUTE = const(6)
CRASH_TEN = const(7)
CRASH_LINE = const(8)
IGNITION_CYCLE = const(9)
DRIVE = const(10)
TIMERS = const(11)


class Arbiter:
    """Decides. `bolt_fitted`: the board has a bolt sensor. `pulse_ms`: 1 to 1,000. `relock`: lock again by itself."""

    def __init__(self, bolt_fitted: bool, pulse_ms: int = lock.PULSE_MS, relock: bool = False) -> None:
        self.facts = Facts()
        self.heat = Heat()
        self.crash = Crash()
        self.lock = Lock(self.facts, self.heat, codes.UNKNOWN if bolt_fitted else NOT_FITTED)
        self.drive = Drive(self.facts)
        self.relock = relock
        self.relock_pending = False
        self.hold = 0  # LOCK or UNLOCK: what somebody at the car did last, while it weighs
        self.durations_ms = (
            pulse_ms + lock.DEAD_MS,
            lock.DEAD_MS,
            lock.MOVE_MS,
            policy.HOLD_MS,
            policy.RELOCK_MS,
            PAUSE_MS,
            MINUTE_MS,
            TEN_MINUTES_MS,
            STUCK_MS,
            IGNITION_CYCLE_MS,
            drive.TIME_MS,
        )
        self.motor_effect = lock.NOTHING
        self.drive_effect = drive.NOTHING
        self.open_effect = 0
        self.starts = 0
        self.stops = 0
        self.relock_verdict = -1  # set where the relock timer asked by itself

    # Requests

    def ask(self, source: int, role: int, action: int) -> int:
        """Decide one wish to move something; returns the verdict. Allocates nothing."""
        self._begin()
        verdict = policy.permission(source, role, action)
        if verdict:
            return verdict
        if action == LOCK or action == UNLOCK:
            return self._ask_bolt(source, action)
        if action == codes.AUTHORISE_DRIVE or action == codes.REVOKE_DRIVE:
            return self._ask_drive(source, role, action)
        return ACCEPTED if action == codes.WAKE else self._ask_latch(action)

    def _ask_bolt(self, source: int, action: int) -> int:
        reason = policy.interlock(self.facts, self.crash, self.hold, source, action)
        if reason:
            return reason
        if self.lock.satisfies(action):
            self._remember(source, action)
            return codes.ALREADY
        reason = self._contest(source, action)
        if reason != ACCEPTED and reason != codes.JOINED:
            return reason
        event = lock.ASK_LOCK if action == LOCK else lock.ASK_UNLOCK
        self._move(event, source)
        self._remember(source, action)
        if reason == codes.JOINED:
            return codes.JOINED
        if self.motor_effect == lock.REFUSED:
            return codes.NO_RULE
        return codes.QUEUED if self.motor_effect == lock.HALT else ACCEPTED

    def _contest(self, source: int, action: int) -> int:
        """Against supply, heat and the movement in flight: ACCEPTED, JOINED or the reason for a refusal."""
        wanted = self.lock.wants()
        if wanted == action:
            return codes.JOINED
        if wanted and source <= self.lock.source and (action == LOCK or policy.is_remote(source)):
            return codes.BUSY
        if self.facts.supply_low == YES and action == LOCK:
            return codes.LOW_SUPPLY
        return ACCEPTED if self.heat.allows(source) else codes.HOT

    def _remember(self, source: int, action: int) -> None:
        """After an accepted wish: the hold of local acts, and the relock timer."""
        if not policy.is_remote(source):
            self.hold = action
            self.starts |= 1 << HOLD
        self.relock_pending = False
        self.stops |= 1 << RELOCK
        if self.relock and action == UNLOCK and source != codes.CRASH and self.facts.door_open == NO:
            self.relock_pending = True
            self.stops &= ~(1 << RELOCK)
            self.starts |= 1 << RELOCK

    def _ask_drive(self, source: int, role: int, action: int) -> int:
        reason = policy.drive_interlock(self.facts, self.drive.revoked, source, role, action)
        if reason:
            return reason
        before = self.drive.state
        self._steer(drive.ASK_AUTHORISE if action == codes.AUTHORISE_DRIVE else drive.ASK_REVOKE)
        if action == codes.AUTHORISE_DRIVE and before != drive.DENIED:
            return codes.ALREADY
        return ACCEPTED

    def _ask_latch(self, action: int) -> int:
        """A low supply is no reason to refuse: a coil too weak to pull is tried once, as a local unlock is."""
        verdict = policy.latch_interlock(self.facts, action)
        if verdict == ACCEPTED:
            self.open_effect = action
        return verdict

    # Readings

    def sense_bolt(self, position: int) -> None:
        """A debounced reading of the bolt sensor (AT_LOCKED, AT_UNLOCKED, BETWEEN or UNKNOWN)."""
        self._begin()
        if self.lock.bolt == NOT_FITTED or position == self.lock.bolt:
            return
        by_hand = not self.lock.wants() and self.lock.bolt != codes.UNKNOWN
        self._move(lock.BOLT, position)
        if by_hand and (position == codes.AT_LOCKED or position == codes.AT_UNLOCKED):
            self.hold = LOCK if position == codes.AT_LOCKED else UNLOCK
            self.starts |= 1 << HOLD
            self._cancel_relock()

    def sense_door(self, door_open: int) -> None:
        self._begin()
        self.facts.door_open = door_open
        if door_open != NO:
            self._cancel_relock()

    def sense_speed(self, fast: int) -> None:
        self._begin()
        self.facts.fast = fast
        self._steer(drive.SPEED)

    def sense_supply(self, low: int) -> None:
        self._begin()
        self.facts.supply_low = low

    def sense_ignition(self, ignition_on: int) -> None:
        """A debounced reading of the ignition wire. The first one after boot may find an engine running."""
        self._begin()
        before = self.facts.ignition_on
        if ignition_on == before:
            return
        self.facts.ignition_on = ignition_on
        if before == UNKNOWN and ignition_on == YES and self.drive.state == drive.DENIED:
            self._steer(drive.FOUND_RUNNING)
        else:
            self._steer(drive.IGNITION_ON if ignition_on == YES else drive.IGNITION_OFF)
        if before == YES and ignition_on == NO:
            self.starts |= 1 << IGNITION_CYCLE
        else:
            self.stops |= 1 << IGNITION_CYCLE

    def sense_crash(self, active: bool) -> None:
        """A debounced edge of the crash line: active opens the vehicle, the other edge ends the stuck-line timer.

        A line found active after boot is a level and no edge: it moves nothing, but may turn out to be stuck.
        """
        self._begin()
        found = self.crash.line == UNKNOWN
        self.crash.line = YES if active else NO
        if not active:
            self.stops |= 1 << CRASH_LINE
            self.crash.line_released()
            return
        self.starts |= 1 << CRASH_LINE
        if found:
            return
        self.stops |= 1 << IGNITION_CYCLE  # a cycle that began before the crash does not end it
        self.crash.happen()
        self._cancel_relock()
        self._move(lock.CRASHED, codes.CRASH)
        self.hold = UNLOCK
        self.starts |= (1 << HOLD) | (1 << CRASH_MINUTE) | (1 << CRASH_TEN) | (1 << MOVE)
        self.stops &= ~(1 << MOVE)

    # Time

    def passed(self, timer: int) -> None:
        """A timer that was started has run out."""
        self._begin()
        if timer == AFTER_PULSE or timer == AFTER_HALT:
            self._move(lock.RESTED, 0)
        elif timer == MOVE:
            self._move(lock.MOVE_DEADLINE, 0)
        elif timer == HOLD:
            self.hold = 0
        elif timer == RELOCK:
            self._relock()
        elif timer == COOL:
            self.heat.cool()
        elif timer == CRASH_MINUTE:
            self.crash.minute_passed()
        elif timer == CRASH_TEN:
            self.crash.ten_minutes_passed(self.facts.ignition_on != UNKNOWN)
        elif timer == CRASH_LINE:
            self.crash.line_stuck()
            self._move(lock.CRASH_STUCK, 0)
            self.stops |= (1 << CRASH_MINUTE) | (1 << CRASH_TEN)
        elif timer == IGNITION_CYCLE:
            self.crash.ignition_cycled()
        elif timer == DRIVE:
            self._steer(drive.DEADLINE)

    def operation_aged(self, remote: bool) -> None:
        """A motor operation is 20 s old."""
        self._begin()
        self.heat.age(remote)

    def _relock(self) -> None:
        """Nobody opened a door since the unlock: lock again, as the lowest of all sources."""
        pending = self.relock_pending
        self.relock_pending = False
        sensed = self.lock.state == lock.UNLOCKED and self.lock.confirmed()
        if pending and sensed and self.facts.door_open == NO and not policy.permission(codes.TIMER, 0, LOCK):
            self.relock_verdict = self._ask_bolt(codes.TIMER, LOCK)

    def _cancel_relock(self) -> None:
        self.relock_pending = False
        self.stops |= 1 << RELOCK

    # Effects

    def _begin(self) -> None:
        self.motor_effect = lock.NOTHING
        self.drive_effect = drive.NOTHING
        self.open_effect = 0
        self.starts = 0
        self.stops = 0
        self.relock_verdict = -1

    def _move(self, event: int, argument: int) -> None:
        machine = self.lock
        effect = lock.step(machine, event, argument)
        self.motor_effect = effect
        if effect == lock.PULSE_LOCK or effect == lock.PULSE_UNLOCK:
            self.starts |= (1 << AFTER_PULSE) | (1 << MOVE)
            if self.heat.operate(machine.source):
                self.starts |= 1 << COOL
        elif effect == lock.HALT:
            self.starts |= 1 << AFTER_HALT
            self.stops |= (1 << AFTER_PULSE) | (1 << MOVE)
        elif not machine.tries and not machine.queued:
            self.stops |= 1 << MOVE

    def _steer(self, event: int) -> None:
        effect = drive.step(self.drive, event)
        self.drive_effect = effect
        if effect == drive.REFUSED or effect == drive.NOTHING:
            return
        if self.drive.state == drive.AUTHORISED:
            self.starts |= 1 << DRIVE
        else:
            self.stops |= 1 << DRIVE
