"""The whole authority drives the motor for as many steps as there is time: requests, sensors, crashes, resets, freezes.

The chip stands still for 80 ms at any reading of its clock, as while flash is erased. Each pulse is judged as it begins
and as it ends, and forgotten: never both directions, never longer than it was ordered (a pulse ends without the
processor), the dead time between two, ten in any 20 s unless there was a crash, and how much of a minute is driven.
"""

import random

from fakes.authority import BOOT_MS, Authority, Contact, Keys
from fakes.results import tell
from fakes.scale import LONG, SHORT
from fakes.virtual_time import VirtualTime
from latchkey.core import codes
from latchkey.core.codes import CABIN, CLOUD, KEYCARD, LOCK, PHONE, UNLOCK
from latchkey.core.facts import NO, YES
from latchkey.core.remote import UNLOCK_ALLOWED
from latchkey.core.request import NOBODY
from latchkey.credentials import entries
from latchkey.credentials.entries import ACTIVE

_STEPS = 1_000_000 if LONG else 2_000 if SHORT else 200_000
_CEILING_MS = 1_000
_FREEZE_MS = 80
_OWNER, _PHONE, _FLEET = 0, 1, 2
_WHO = ((KEYCARD, _OWNER), (PHONE, _PHONE), (CABIN, NOBODY), (CLOUD, _FLEET))
_POSITIONS = (codes.AT_LOCKED, codes.AT_UNLOCKED, codes.BETWEEN, codes.UNKNOWN)


class Freezing(VirtualTime):
    def ticks_ms(self):
        if not random.getrandbits(7):
            self.advance(_FREEZE_MS)
        return VirtualTime.ticks_ms(self)


class Judge:
    """Sees both coils. `longest_ms`: of any pulse; `most_ms`: driven in any minute."""

    def __init__(self, clock):
        self.pulses = self.longest_ms = self.most_ms = 0
        self.crashed = False  # since the last boot: a crash drives whatever the heat says
        self._clock = clock
        self._end = -1_000_000
        self._start = 0
        self._running = None
        self._starts = []
        self._minute = []  # (start, end) of those that ended less than a minute ago

    def begin(self, coil, ms):
        now = self._clock.elapsed_ms
        if self._running is not None and now >= self._due:
            self._finish(self._due)
        assert self._running is None, "a pulse inside a pulse"
        assert now >= self._end + 200, "dead time"
        assert 0 < ms <= _CEILING_MS
        self._starts = [start for start in self._starts if now - start < 20_000] + [now]
        assert len(self._starts) <= 10 or self.crashed, "eleven in 20 s"
        self._running, self._start, self._due = coil, now, now + ms
        self.pulses += 1

    def end(self, coil):
        if self._running is coil:
            self._finish(min(self._due, self._clock.elapsed_ms))

    def boot(self):
        """The heat of earlier boots is forgotten, and a crash too."""
        self._starts = []
        self.crashed = False

    def _finish(self, at):
        self.longest_ms = max(self.longest_ms, at - self._start)
        self._minute = [one for one in self._minute if at - one[1] < 60_000] + [(self._start, at)]
        self.most_ms = max(self.most_ms, sum([end - max(start, at - 60_000) for start, end in self._minute]))
        self._running, self._end = None, at


class Coil:
    def __init__(self, judge):
        self._judge = judge

    def pulse(self, ms):
        self._judge.begin(self, ms)

    def stop(self):
        self._judge.end(self)


class Outputs:
    def __init__(self):
        self.clock = Freezing()
        self.judge = Judge(self.clock)
        self.lock, self.unlock = Coil(self.judge), Coil(self.judge)
        self.drive = Contact()
        self.latches = {}


def _boot(outputs, bolt_fitted):
    outputs.lock.stop()
    outputs.unlock.stop()
    outputs.clock.advance(BOOT_MS)
    outputs.judge.boot()
    keys = Keys(
        {
            _OWNER: [codes.OWNER, ACTIVE, 1, entries.KEYCARD],
            _PHONE: [codes.DRIVER, ACTIVE, 1, entries.PHONE],
            _FLEET: [codes.FLEET_MANAGER, ACTIVE, 1, entries.CLOUD_KEY],
        }
    )
    car = Authority(outputs, keys, bolt_fitted, True, True)
    car.vehicle.remote.set(UNLOCK_ALLOWED, True)
    for sense in (car.vehicle.sense_door, car.vehicle.sense_ignition, car.vehicle.sense_speed):
        sense(NO)
    car.vehicle.sense_crash(False)
    return car


def _step(car, judge):
    """One thing happens; most of the time that a little of it goes by."""
    roll = random.getrandbits(8)
    vehicle = car.vehicle
    if roll < 70:
        source, credential = _WHO[random.getrandbits(2)]
        car.ask(source, credential, (LOCK, UNLOCK)[random.getrandbits(1)])
    elif roll < 100:
        vehicle.sense_bolt(_POSITIONS[random.getrandbits(2)])
    elif roll < 103:
        active = bool(random.getrandbits(1))
        judge.crashed = judge.crashed or active
        vehicle.sense_crash(active)
    elif roll < 106:
        vehicle.sense_supply(NO if random.getrandbits(2) else YES)
    elif roll < 108:
        vehicle.sense_door(NO if random.getrandbits(1) else YES)
    else:
        car.clock.advance((5, 7, 90, 195, 210, 480, 705, 1_505)[random.getrandbits(3)])
        vehicle.tick()
    assert car.motor.refused == 0, "the authority asked for what its own driver had to refuse"


def _walk(seed, steps, bolt_fitted):
    random.seed(seed)
    outputs = Outputs()
    car = _boot(outputs, bolt_fitted)
    boots = 1
    for _ in range(steps):
        if random.getrandbits(10):
            _step(car, outputs.judge)
        else:
            car = _boot(outputs, bolt_fitted)
            boots += 1
    return outputs.judge, boots


def test_no_sequence_of_commands_readings_and_resets_drives_the_motor_beyond_its_limits():
    pulses = boots = longest = most = 0
    for seed, bolt_fitted in ((19, True), (20, False)):
        judge, booted = _walk(seed, _STEPS // 2, bolt_fitted)
        pulses, boots = pulses + judge.pulses, boots + booted
        longest, most = max(longest, judge.longest_ms), max(most, judge.most_ms)
    tell(
        "F19",
        "%d steps, %d resets: %d pulses, longest %d ms, dead time kept, at most %.1f s of any minute driven"
        % (_STEPS, boots, pulses, longest, most / 1_000),
        longest <= _CEILING_MS + 10,
    )
    assert pulses > _STEPS // 50 and 0 < longest <= _CEILING_MS + 10


def test_a_pulse_too_soon_or_too_long_would_be_seen():
    for gap_ms, ms in ((100, 500), (300, 1_001)):
        outputs = Outputs()
        outputs.lock.pulse(500)
        outputs.clock.advance(500 + gap_ms)
        try:
            outputs.unlock.pulse(ms)
        except AssertionError:
            continue
        raise AssertionError("not noticed")
