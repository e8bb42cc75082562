"""The lock machine: what the bolt is believed to do, and what the motor is told next.

`step(lock, event, argument)` looks up one row of TABLE, changes the machine and returns one effect for the actuator.
Whether a source may ask at all is decided before (policy, heat, crash); the table knows only motion. A missing row
means that the event changes nothing, and a request that finds none is refused.

Three things are kept apart: `state`, what we say of the lock; `bolt`, what the sensor says; `motor`, what the output
does. A pulse is followed by a dead time, and both together end with the event RESTED. MOVE_DEADLINE comes 1.5 s after
a pulse began. The order of the rows matters: the first whose guard holds is taken.

On a board without a bolt sensor (`bolt` NOT_FITTED) the end of the pulse counts as arrival, and `confirmed()` is false.

Not protected against: a bolt sensor that lies. It is believed.
"""

from micropython import const

from latchkey.core import codes
from latchkey.core.codes import AT_LOCKED, AT_UNLOCKED, BETWEEN, NOT_FITTED
from latchkey.core.facts import YES, Facts
from latchkey.core.heat import Heat

# States
UNKNOWN = const(0)
LOCKED = const(1)
LOCKING = const(2)
UNLOCKED = const(3)
UNLOCKING = const(4)
JAMMED = const(5)
CRASH_OPEN = const(6)
_ANY = const(7)  # in TABLE only

# Events
ASK_LOCK = const(0)  # argument: source
ASK_UNLOCK = const(1)  # argument: source
CRASHED = const(2)
CRASH_STUCK = const(3)
BOLT = const(4)  # argument: bolt position
RESTED = const(5)
MOVE_DEADLINE = const(6)

# Motor
STILL = const(0)
_DRIVES_LOCK = const(1)
_DRIVES_UNLOCK = const(2)
_STOPPED = const(3)  # aborted; the dead time runs

# Guards
_ALWAYS = const(0)
_MOTOR_STILL = const(1)
_MOTOR_OPENS = const(2)  # the unlock pulse or its dead time
_QUEUED = const(3)  # a pulse waits for the dead time
_ARRIVED = const(4)  # the sensor shows what the state wants, or there is no sensor
_TRIES_LEFT = const(5)
_SILENT = const(6)  # the sensor says nothing that makes sense
_TRYING = const(7)  # a pulse was given and its result is not in
_SHOWS_LOCKED = const(8)
_SHOWS_UNLOCKED = const(9)
_SHOWS_ELSE = const(10)
_IDLE = const(11)  # nothing is being tried

# Effects
REFUSED = const(0)  # no row: nothing changed
NOTHING = const(1)
PULSE_LOCK = const(2)
PULSE_UNLOCK = const(3)
HALT = const(4)  # end the pulse now; the opposite one follows after the dead time
JAM = const(5)  # tell everyone

PULSE_MS = const(500)
PULSE_CEILING_MS = const(1000)
DEAD_MS = const(200)  # coils and relays release in well under 100 ms; twice that with margin
MOVE_MS = const(1500)  # a healthy motor needs 300 to 800 ms

_TRIES = const(2)  # one retry
_CRASH_TRIES = const(3)

TABLE = (
    # state, event, guard, next, effect
    (_ANY, CRASHED, _MOTOR_OPENS, CRASH_OPEN, NOTHING),
    (_ANY, CRASHED, _MOTOR_STILL, CRASH_OPEN, PULSE_UNLOCK),
    (_ANY, CRASHED, _ALWAYS, CRASH_OPEN, HALT),
    (CRASH_OPEN, CRASH_STUCK, _ARRIVED, UNLOCKED, NOTHING),
    (CRASH_OPEN, CRASH_STUCK, _ALWAYS, UNKNOWN, NOTHING),
    # somebody asks to lock
    (LOCKING, ASK_LOCK, _ALWAYS, LOCKING, NOTHING),
    (_ANY, ASK_LOCK, _MOTOR_STILL, LOCKING, PULSE_LOCK),
    (_ANY, ASK_LOCK, _ALWAYS, LOCKING, HALT),
    # somebody asks to unlock
    (UNLOCKING, ASK_UNLOCK, _ALWAYS, UNLOCKING, NOTHING),
    (CRASH_OPEN, ASK_UNLOCK, _TRYING, CRASH_OPEN, NOTHING),
    (CRASH_OPEN, ASK_UNLOCK, _MOTOR_STILL, CRASH_OPEN, PULSE_UNLOCK),
    (_ANY, ASK_UNLOCK, _MOTOR_STILL, UNLOCKING, PULSE_UNLOCK),
    (_ANY, ASK_UNLOCK, _ALWAYS, UNLOCKING, HALT),
    # the sensor speaks while a movement is wanted
    (LOCKING, BOLT, _QUEUED, LOCKING, NOTHING),
    (LOCKING, BOLT, _ARRIVED, LOCKED, NOTHING),
    (LOCKING, BOLT, _ALWAYS, LOCKING, NOTHING),
    (UNLOCKING, BOLT, _QUEUED, UNLOCKING, NOTHING),
    (UNLOCKING, BOLT, _ARRIVED, UNLOCKED, NOTHING),
    (UNLOCKING, BOLT, _ALWAYS, UNLOCKING, NOTHING),
    (CRASH_OPEN, BOLT, _TRYING, CRASH_OPEN, NOTHING),
    (CRASH_OPEN, BOLT, _ARRIVED, CRASH_OPEN, NOTHING),
    # the sensor speaks and nobody asked: a hand on the bolt, or the first reading after boot
    (_ANY, BOLT, _SHOWS_LOCKED, LOCKED, NOTHING),
    (_ANY, BOLT, _SHOWS_UNLOCKED, UNLOCKED, NOTHING),
    (JAMMED, BOLT, _SHOWS_ELSE, JAMMED, NOTHING),
    (_ANY, BOLT, _SHOWS_ELSE, UNKNOWN, NOTHING),
    # pulse and dead time are over
    (LOCKING, RESTED, _QUEUED, LOCKING, PULSE_LOCK),
    (LOCKING, RESTED, _ARRIVED, LOCKED, NOTHING),
    (UNLOCKING, RESTED, _QUEUED, UNLOCKING, PULSE_UNLOCK),
    (UNLOCKING, RESTED, _ARRIVED, UNLOCKED, NOTHING),
    (CRASH_OPEN, RESTED, _QUEUED, CRASH_OPEN, PULSE_UNLOCK),
    (CRASH_OPEN, RESTED, _ARRIVED, CRASH_OPEN, NOTHING),
    (_ANY, RESTED, _ALWAYS, _ANY, NOTHING),
    # 1.5 s after the pulse began, and no arrival
    (_ANY, MOVE_DEADLINE, _IDLE, _ANY, NOTHING),
    (LOCKING, MOVE_DEADLINE, _ARRIVED, LOCKED, NOTHING),
    (LOCKING, MOVE_DEADLINE, _SILENT, UNKNOWN, JAM),
    (LOCKING, MOVE_DEADLINE, _TRIES_LEFT, LOCKING, PULSE_LOCK),
    (LOCKING, MOVE_DEADLINE, _ALWAYS, JAMMED, JAM),
    (UNLOCKING, MOVE_DEADLINE, _ARRIVED, UNLOCKED, NOTHING),
    (UNLOCKING, MOVE_DEADLINE, _SILENT, UNKNOWN, JAM),
    (UNLOCKING, MOVE_DEADLINE, _TRIES_LEFT, UNLOCKING, PULSE_UNLOCK),
    (UNLOCKING, MOVE_DEADLINE, _ALWAYS, JAMMED, JAM),
    (CRASH_OPEN, MOVE_DEADLINE, _TRIES_LEFT, CRASH_OPEN, PULSE_UNLOCK),
    (CRASH_OPEN, MOVE_DEADLINE, _ARRIVED, CRASH_OPEN, NOTHING),
    (CRASH_OPEN, MOVE_DEADLINE, _ALWAYS, JAMMED, JAM),
)


class Lock:
    """One lock: state, sensor and motor. Born UNKNOWN: after a reset nothing is assumed and nothing moves."""

    def __init__(self, facts: Facts, heat: Heat, bolt: int = codes.UNKNOWN) -> None:
        self.facts = facts
        self.heat = heat
        self.state = UNKNOWN
        self.bolt = bolt
        self.motor = STILL
        self.queued = False  # the state's pulse waits for RESTED
        self.source = 0  # the highest rank behind the movement in flight
        self.tries = 0  # pulses given for it; 0 when nothing is being tried

    def confirmed(self) -> bool:
        """The state rests on what a sensor says, not on what was commanded."""
        return self.bolt != NOT_FITTED and self.state != UNKNOWN

    def in_flight(self) -> bool:
        return self.state == LOCKING or self.state == UNLOCKING

    def wants(self) -> int:
        """LOCK or UNLOCK while a movement is in flight or queued, else 0."""
        if self.state == LOCKING:
            return codes.LOCK
        if self.state == UNLOCKING or (self.state == CRASH_OPEN and (self.tries or self.queued)):
            return codes.UNLOCK
        return 0

    def satisfies(self, action: int) -> bool:
        """The sensor shows that `action` (LOCK or UNLOCK) has been fulfilled. Never true without a sensor."""
        if self.wants():
            return False
        return self.bolt == (AT_LOCKED if action == codes.LOCK else AT_UNLOCKED) and self.state != JAMMED


def step(lock: Lock, event: int, argument: int = 0) -> int:
    """Feed one event to the machine; returns the effect to carry out. Allocates nothing.

    lock: changed in place. event, argument: see "Events"; a position for BOLT, a source for ASK_….
    returns: REFUSED when no row matches (nothing changed but the sensor reading), else the row's effect.
    """
    if event == BOLT:
        lock.bolt = argument
    elif event == RESTED:
        lock.motor = STILL
    for state, on, guard, following, effect in TABLE:
        if on == event and (state == lock.state or state == _ANY) and _holds(lock, guard):
            _enter(lock, event, argument, following, effect)
            return effect
    return REFUSED


def _enter(lock: Lock, event: int, argument: int, following: int, effect: int) -> None:
    if event == CRASHED:
        lock.source = codes.CRASH
        lock.tries = 1 if effect == NOTHING else 0  # an unlock pulse under way counts as the first try
        lock.queued = False
    elif event <= ASK_UNLOCK and effect != NOTHING:
        lock.source = argument
        lock.tries = 0
        lock.queued = False
    elif event <= ASK_UNLOCK and argument > lock.source:
        lock.source = argument
    if following != _ANY:
        lock.state = following
    if effect == PULSE_LOCK or effect == PULSE_UNLOCK:
        lock.motor = _DRIVES_LOCK if effect == PULSE_LOCK else _DRIVES_UNLOCK
        lock.tries += 1
        lock.queued = False
    elif effect == HALT:
        lock.motor = _STOPPED
        lock.queued = True
    elif not lock.in_flight() and (lock.state != CRASH_OPEN or _at_rest(lock, event)):
        lock.tries = 0
        lock.source = 0
        lock.queued = False


def _at_rest(lock: Lock, event: int) -> bool:
    """In crash-open the trying ends when the bolt is sensed open, or no sensor can tell and the tries are used up."""
    if event == CRASHED or event == ASK_UNLOCK or lock.queued:
        return False
    if lock.bolt == NOT_FITTED:
        return event == MOVE_DEADLINE
    return lock.bolt == AT_UNLOCKED


def _holds(lock: Lock, guard: int) -> bool:
    if guard == _ALWAYS:
        return True
    if guard == _MOTOR_STILL:
        return lock.motor == STILL
    if guard == _MOTOR_OPENS:
        return lock.motor == _DRIVES_UNLOCK
    if guard == _QUEUED:
        return lock.queued
    if guard == _ARRIVED:
        return lock.bolt == NOT_FITTED or lock.bolt == (AT_LOCKED if lock.state == LOCKING else AT_UNLOCKED)
    if guard == _TRIES_LEFT:
        return _may_retry(lock)
    if guard == _SILENT:
        return lock.bolt == codes.UNKNOWN
    if guard == _TRYING:
        return lock.tries > 0 or lock.queued
    if guard == _IDLE:
        return lock.tries == 0 and not lock.queued
    if guard == _SHOWS_LOCKED:
        return lock.bolt == AT_LOCKED
    if guard == _SHOWS_UNLOCKED:
        return lock.bolt == AT_UNLOCKED
    return lock.bolt == BETWEEN or lock.bolt == codes.UNKNOWN


def _may_retry(lock: Lock) -> bool:
    if lock.motor != STILL:
        return False
    if lock.source == codes.CRASH:
        return lock.tries < _CRASH_TRIES and lock.bolt != AT_UNLOCKED
    if lock.bolt == NOT_FITTED:
        return False  # commanded, unconfirmed: nothing says that it failed
    return lock.tries < _TRIES and lock.facts.supply_low != YES and lock.heat.allows(lock.source)
