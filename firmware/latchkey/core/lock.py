"""The lock machine: what the bolt is believed to do, and what the motor is told next.

`step(lock, event, argument)` looks up one row of TABLE, changes the machine and returns one effect for the actuator.
Whether a source may ask at all is decided before (policy, heat, crash); the table knows only motion. A missing row
means that the event changes nothing, and a request that finds none is refused (design §4).

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
ANY = const(7)  # in TABLE only

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
DRIVES_LOCK = const(1)
DRIVES_UNLOCK = const(2)
STOPPED = const(3)  # aborted; the dead time runs

# Guards
ALWAYS = const(0)
MOTOR_STILL = const(1)
MOTOR_OPENS = const(2)  # the unlock pulse or its dead time
QUEUED = const(3)  # a pulse waits for the dead time
ARRIVED = const(4)  # the sensor shows what the state wants, or there is no sensor
TRIES_LEFT = const(5)
SILENT = const(6)  # the sensor says nothing that makes sense
TRYING = const(7)  # a pulse was given and its result is not in
SHOWS_LOCKED = const(8)
SHOWS_UNLOCKED = const(9)
SHOWS_ELSE = const(10)
IDLE = const(11)  # nothing is being tried

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
    (ANY, CRASHED, MOTOR_OPENS, CRASH_OPEN, NOTHING),
    (ANY, CRASHED, MOTOR_STILL, CRASH_OPEN, PULSE_UNLOCK),
    (ANY, CRASHED, ALWAYS, CRASH_OPEN, HALT),
    (CRASH_OPEN, CRASH_STUCK, ARRIVED, UNLOCKED, NOTHING),
    (CRASH_OPEN, CRASH_STUCK, ALWAYS, UNKNOWN, NOTHING),
    # somebody asks to lock
    (LOCKING, ASK_LOCK, ALWAYS, LOCKING, NOTHING),
    (ANY, ASK_LOCK, MOTOR_STILL, LOCKING, PULSE_LOCK),
    (ANY, ASK_LOCK, ALWAYS, LOCKING, HALT),
    # somebody asks to unlock
    (UNLOCKING, ASK_UNLOCK, ALWAYS, UNLOCKING, NOTHING),
    (CRASH_OPEN, ASK_UNLOCK, TRYING, CRASH_OPEN, NOTHING),
    (CRASH_OPEN, ASK_UNLOCK, MOTOR_STILL, CRASH_OPEN, PULSE_UNLOCK),
    (ANY, ASK_UNLOCK, MOTOR_STILL, UNLOCKING, PULSE_UNLOCK),
    (ANY, ASK_UNLOCK, ALWAYS, UNLOCKING, HALT),
    # the sensor speaks while a movement is wanted
    (LOCKING, BOLT, QUEUED, LOCKING, NOTHING),
    (LOCKING, BOLT, ARRIVED, LOCKED, NOTHING),
    (LOCKING, BOLT, ALWAYS, LOCKING, NOTHING),
    (UNLOCKING, BOLT, QUEUED, UNLOCKING, NOTHING),
    (UNLOCKING, BOLT, ARRIVED, UNLOCKED, NOTHING),
    (UNLOCKING, BOLT, ALWAYS, UNLOCKING, NOTHING),
    (CRASH_OPEN, BOLT, TRYING, CRASH_OPEN, NOTHING),
    (CRASH_OPEN, BOLT, ARRIVED, CRASH_OPEN, NOTHING),
    # the sensor speaks and nobody asked: a hand on the bolt, or the first reading after boot
    (ANY, BOLT, SHOWS_LOCKED, LOCKED, NOTHING),
    (ANY, BOLT, SHOWS_UNLOCKED, UNLOCKED, NOTHING),
    (JAMMED, BOLT, SHOWS_ELSE, JAMMED, NOTHING),
    (ANY, BOLT, SHOWS_ELSE, UNKNOWN, NOTHING),
    # pulse and dead time are over
    (LOCKING, RESTED, QUEUED, LOCKING, PULSE_LOCK),
    (LOCKING, RESTED, ARRIVED, LOCKED, NOTHING),
    (UNLOCKING, RESTED, QUEUED, UNLOCKING, PULSE_UNLOCK),
    (UNLOCKING, RESTED, ARRIVED, UNLOCKED, NOTHING),
    (CRASH_OPEN, RESTED, QUEUED, CRASH_OPEN, PULSE_UNLOCK),
    (CRASH_OPEN, RESTED, ARRIVED, CRASH_OPEN, NOTHING),
    (ANY, RESTED, ALWAYS, ANY, NOTHING),
    # 1.5 s after the pulse began, and no arrival
    (ANY, MOVE_DEADLINE, IDLE, ANY, NOTHING),
    (LOCKING, MOVE_DEADLINE, ARRIVED, LOCKED, NOTHING),
    (LOCKING, MOVE_DEADLINE, SILENT, UNKNOWN, JAM),
    (LOCKING, MOVE_DEADLINE, TRIES_LEFT, LOCKING, PULSE_LOCK),
    (LOCKING, MOVE_DEADLINE, ALWAYS, JAMMED, JAM),
    (UNLOCKING, MOVE_DEADLINE, ARRIVED, UNLOCKED, NOTHING),
    (UNLOCKING, MOVE_DEADLINE, SILENT, UNKNOWN, JAM),
    (UNLOCKING, MOVE_DEADLINE, TRIES_LEFT, UNLOCKING, PULSE_UNLOCK),
    (UNLOCKING, MOVE_DEADLINE, ALWAYS, JAMMED, JAM),
    (CRASH_OPEN, MOVE_DEADLINE, TRIES_LEFT, CRASH_OPEN, PULSE_UNLOCK),
    (CRASH_OPEN, MOVE_DEADLINE, ARRIVED, CRASH_OPEN, NOTHING),
    (CRASH_OPEN, MOVE_DEADLINE, ALWAYS, JAMMED, JAM),
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
        if on == event and (state == lock.state or state == ANY) and _holds(lock, guard):
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
    if following != ANY:
        lock.state = following
    if effect == PULSE_LOCK or effect == PULSE_UNLOCK:
        lock.motor = DRIVES_LOCK if effect == PULSE_LOCK else DRIVES_UNLOCK
        lock.tries += 1
        lock.queued = False
    elif effect == HALT:
        lock.motor = STOPPED
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
    if guard == ALWAYS:
        return True
    if guard == MOTOR_STILL:
        return lock.motor == STILL
    if guard == MOTOR_OPENS:
        return lock.motor == DRIVES_UNLOCK
    if guard == QUEUED:
        return lock.queued
    if guard == ARRIVED:
        return lock.bolt == NOT_FITTED or lock.bolt == (AT_LOCKED if lock.state == LOCKING else AT_UNLOCKED)
    if guard == TRIES_LEFT:
        return _may_retry(lock)
    if guard == SILENT:
        return lock.bolt == codes.UNKNOWN
    if guard == TRYING:
        return lock.tries > 0 or lock.queued
    if guard == IDLE:
        return lock.tries == 0 and not lock.queued
    if guard == SHOWS_LOCKED:
        return lock.bolt == AT_LOCKED
    if guard == SHOWS_UNLOCKED:
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
