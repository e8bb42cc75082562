"""The real authority (vehicle, arbiter, motor, relay) on recorded outputs and a clock that only tests advance.

`Outputs` is the car's wiring and outlives a reset of the controller; `Authority` is one boot. Nothing here decides
anything, and whatever the firmware calls that is not below raises.
"""

from latchkey.core import codes, words
from latchkey.core.arbiter import Arbiter
from latchkey.core.codes import FLEET_MANAGER, NO_ROLE
from latchkey.core.request import Request
from latchkey.core.words import word
from latchkey.credentials import entries
from latchkey.credentials import key_list as keys
from latchkey.drivers.actuator import DriveRelay, Latch, LockMotor
from latchkey.drivers.indicator import Indicator
from latchkey.vehicle import Vehicle

from fakes.virtual_time import VirtualTime

LATCHES = (codes.OPEN_TRUNK, codes.OPEN_FRUNK, codes.OPEN_CHARGE_PORT)
LATCH_MS = 300  # how long each of them is pulsed
BOOT_MS = 300  # a controller is not back sooner; until then its outputs are off


class Coil:
    """One direction of the lock motor, or a latch. `driven`: [start, end] of each pulse, in ms that never wrap."""

    def __init__(self, clock):
        self.driven = []
        self.stops = 0
        self._clock = clock

    def pulse(self, ms):
        now = self._clock.elapsed_ms
        self.driven.append([now, now + ms])

    def stop(self):
        self.stops += 1
        if self.driven and self.driven[-1][1] > self._clock.elapsed_ms:
            self.driven[-1][1] = self._clock.elapsed_ms


class Contact:
    """The latching relay: it keeps its level whatever becomes of the controller."""

    def __init__(self):
        self.level = 0

    def value(self, level):
        self.level = level


class Outputs:
    def __init__(self, clock=None):
        self.clock = clock or VirtualTime()
        self.lock = Coil(self.clock)
        self.unlock = Coil(self.clock)
        self.drive = Contact()
        self.latches = {action: Coil(self.clock) for action in LATCHES}

    def reset(self):
        """The controller has gone: pulses end."""
        for coil in [self.lock, self.unlock] + list(self.latches.values()):
            coil.stop()

    def released(self):
        """All pulses of latches in order: (start, end, action)."""
        return sorted((s, e, action) for action, coil in self.latches.items() for s, e in coil.driven)

    def pulses(self):
        """All pulses in order: (start, end, "lock" or "unlock")."""
        named = [(s, e, "lock") for s, e in self.lock.driven] + [(s, e, "unlock") for s, e in self.unlock.driven]
        return sorted(named)


class Keys:
    """A key list in RAM: `entries` is number -> [role, condition, generation], and outlives a reset.

    Keys are cards, those of fleet managers cloud keys, and those whose entry has a fourth item are of that kind.
    """

    owner_kind = entries.KEYCARD

    def __init__(self, entries_of, state=keys.READY):
        self.state = state
        self.entries = entries_of

    def counts_as_owner(self, kind):
        return kind in (self.owner_kind, entries.AES_CARD)

    def role(self, number):
        return self.entries[number][0] if number in self.entries else NO_ROLE

    def kind(self, number):
        if number not in self.entries:
            return 0
        entry = self.entries[number]
        if len(entry) > 3:
            return entry[3]
        return entries.CLOUD_KEY if entry[0] == FLEET_MANAGER else entries.KEYCARD

    def condition(self, number):
        return self.entries[number][1] if number in self.entries else entries.ABSENT

    def entry_generation(self, number):
        return self.entries[number][2] if number in self.entries else 0

    def is_windowed(self, number):
        return False

    def revoke_steps(self, number):
        """As the registry's: a write that goes on for a while."""
        yield
        self.set(number, entries.REVOKED)
        return 0

    def suspend_steps(self, number, suspended):
        yield
        self.set(number, entries.SUSPENDED if suspended else entries.ACTIVE)
        return 0

    def set(self, number, condition):
        """Change an entry at once; its generation moves on, as with every change."""
        self.entries[number][1] = condition
        self.entries[number][2] += 1


class Authority:
    """One boot of the controller on `outputs`, with the key list `registry`. latches: those of the board.

    marks: where the owner's switches are kept, None for nowhere.
    """

    def __init__(self, outputs, registry, bolt_fitted=True, drive_fitted=True, relock=False, latches=(), marks=None):
        clock = outputs.clock
        self.outputs = outputs
        self.clock = clock
        self.motor = LockMotor(outputs.lock, outputs.unlock, 500, clock)
        relay = DriveRelay(outputs.drive) if drive_fitted else None
        indicator = Indicator(None, None, None, None, clock)
        arbiter = Arbiter(bolt_fitted, 500, relock)
        self.vehicle = Vehicle(arbiter, registry, self.motor, relay, indicator, clock, marks)
        for action in latches:
            self.vehicle.fit_latch(action, Latch(outputs.latches[action], LATCH_MS, clock))
        self.vehicle.sense_button(False)  # the first reading: at rest
        self.asking = Request(0)

    def ask(self, source, credential, action, generation=None):
        """One request, as a link makes it; returns the verdict."""
        asking = self.asking
        asking.source, asking.credential, asking.action = source, credential, action
        if generation is None:
            generation = self.vehicle.registry.entry_generation(credential)
        asking.generation = generation
        return self.vehicle.request(asking)

    def pass_ms(self, ms, tick_ms=5):
        """Let time go by in ticks, as main does."""
        end = self.clock.elapsed_ms + ms
        while self.clock.elapsed_ms < end:
            self.clock.advance(min(tick_ms, end - self.clock.elapsed_ms))
            self.vehicle.tick()

    def lock_state(self):
        return word(words.LOCKS, self.vehicle.arbiter.lock.state)

    def drive_state(self):
        return word(words.DRIVES, self.vehicle.arbiter.drive.state)

    def log(self, first):
        """Journal rows from number `first` on, as (source, credential, action, verdict)."""
        journal = self.vehicle.journal
        return [tuple(journal.row(n)[2:6]) for n in range(first, journal.count)]
