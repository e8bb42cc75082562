"""Who has no key that counts opens nothing, whatever he asks for and whatever the sensors show meanwhile.

Three scenes, each a list of steps on a fresh car. Beside being tests themselves they are what every single branch of
the decision is turned round under (mutation/glitch): there the steps go on, whatever becomes of one of them.
"""

from fakes.authority import LATCHES, Authority, Keys, Outputs
from latchkey.core import codes
from latchkey.core.codes import (
    AT_LOCKED,
    AT_UNLOCKED,
    BETWEEN,
    CABIN,
    CLOUD,
    CRASH,
    KEYCARD,
    LOCK,
    PHONE,
    TIMER,
    UNLOCK,
)
from latchkey.core.facts import NO, YES
from latchkey.core.request import NOBODY
from latchkey.credentials import entries
from latchkey.credentials import key_list as keys
from latchkey.credentials.entries import ACTIVE, REVOKED, SUSPENDED

_OWNER, _REVOKED, _SUSPENDED, _PHONE, _LOST_PHONE, _MONITOR, _CHARGING, _FLEET = range(8)
_UNKNOWN = 99
_SOURCES = (TIMER, CLOUD, PHONE, KEYCARD, CABIN, CRASH)
_OPENING = (UNLOCK,) + LATCHES


class Scene:
    """A parked car with keys of every condition. `car`: its Authority; `steps`: functions that take nothing."""

    def __init__(self, relock=False):
        card, phone = entries.KEYCARD, entries.PHONE
        self.keys = Keys(
            {
                _OWNER: [codes.OWNER, ACTIVE, 3, card],
                _REVOKED: [codes.OWNER, REVOKED, 3, card],
                _SUSPENDED: [codes.OWNER, SUSPENDED, 3, card],
                _PHONE: [codes.OWNER, ACTIVE, 3, phone],
                _LOST_PHONE: [codes.OWNER, REVOKED, 3, phone],
                _MONITOR: [codes.VEHICLE_MONITOR, ACTIVE, 3, phone],
                _CHARGING: [codes.CHARGING_MANAGER, ACTIVE, 3, phone],
                _FLEET: [codes.FLEET_MANAGER, ACTIVE, 3, entries.CLOUD_KEY],
            }
        )
        self.outputs = Outputs()
        self.car = Authority(self.outputs, self.keys, relock=relock, latches=LATCHES)
        self.vehicle = self.car.vehicle
        self.verdicts = []
        self.steps = []
        self.boot()

    def boot(self):
        """All wires read once, as at every start: a car that is locked, shut, still and sound."""
        vehicle = self.vehicle
        self.add(vehicle.sense_button, False)
        self.add(vehicle.sense_crash, False)
        self.add(vehicle.sense_bolt, AT_LOCKED)
        for sense in (vehicle.sense_door, vehicle.sense_ignition, vehicle.sense_speed, vehicle.sense_supply):
            self.add(sense, NO)
        self.add(self.car.pass_ms, 20)

    def add(self, call, *arguments):
        self.steps.append(lambda: call(*arguments))

    def ask(self, source, credential, action, generation=None):
        self.add(self._ask, source, credential, action, generation)

    def _ask(self, source, credential, action, generation):
        self.verdicts.append((action, self.car.ask(source, credential, action, generation)))

    def noise(self):
        """Every sensor shows something else and comes back, but for crash line and button."""
        vehicle = self.vehicle
        for position in (BETWEEN, AT_UNLOCKED, BETWEEN, codes.UNKNOWN, AT_LOCKED):
            self.add(vehicle.sense_bolt, position)
            self.add(self.car.pass_ms, 5)
        for sense in (vehicle.sense_door, vehicle.sense_supply, vehicle.sense_ignition, vehicle.sense_speed):
            for value in (YES, NO):
                self.add(sense, value)
                self.add(self.car.pass_ms, 5)
        self.add(vehicle.sense_crash, False)
        self.add(vehicle.sense_button, False)
        self.add(self.car.pass_ms, 5)

    def wait(self, ms, tick_ms=500):
        self.add(self.car.pass_ms, ms, tick_ms)

    def run(self):
        for step in self.steps:
            step()
        return self

    def opened(self):
        """How often the motor was driven towards open, or a lid's latch."""
        return len(self.outputs.unlock.driven) + len(self.outputs.released())


def strangers():
    """Everybody who has no right to it asks to open, over every link, while the car is and is not at rest."""
    scene = Scene()
    for source in _SOURCES:
        for credential in (NOBODY, _UNKNOWN, _REVOKED, _SUSPENDED, _LOST_PHONE):
            if (source, credential) != (CABIN, NOBODY):
                for action in _OPENING + (LOCK, codes.WAKE):
                    scene.ask(source, credential, action)
                scene.add(scene.car.pass_ms, 5)
    for source, credential in ((PHONE, _OWNER), (CLOUD, _PHONE), (KEYCARD, _FLEET), (CLOUD, _OWNER), (CABIN, _OWNER)):
        scene.ask(source, credential, UNLOCK)  # by a link that it does not belong to
    for source, credential in ((KEYCARD, _OWNER), (PHONE, _PHONE)):
        scene.ask(source, credential, UNLOCK, 2)  # proved before the entry was changed
    scene.noise()
    return scene


def without_the_right():
    """Keys that are real ask for what they may not, or only lock; nobody asks to open who may."""
    scene = Scene(relock=True)
    for action in _OPENING:
        scene.ask(PHONE, _MONITOR, action)
        scene.ask(CLOUD, _FLEET, action)  # switched off on a new controller
    scene.ask(PHONE, _CHARGING, UNLOCK)
    scene.ask(PHONE, _MONITOR, codes.WAKE)
    scene.add(scene.vehicle.sense_bolt, AT_UNLOCKED)  # by hand
    scene.ask(CLOUD, _FLEET, LOCK)
    scene.wait(31_000)
    for source, credential in ((KEYCARD, _OWNER), (PHONE, _PHONE), (CLOUD, _FLEET)):
        scene.add(scene.vehicle.sense_bolt, AT_UNLOCKED)
        scene.wait(31_000)
        scene.ask(source, credential, LOCK)
        scene.ask(PHONE, _MONITOR, UNLOCK)
        scene.wait(300, 25)
        scene.add(scene.vehicle.sense_bolt, BETWEEN)
        scene.wait(3_600, 25)  # the retry as well
        scene.add(scene.vehicle.sense_bolt, AT_LOCKED)
        scene.add(scene.car.pass_ms, 20)
    scene.ask(KEYCARD, _OWNER, codes.AUTHORISE_DRIVE)
    scene.ask(CLOUD, _FLEET, codes.REVOKE_DRIVE)
    scene.wait(60_000)
    scene.noise()
    for state in (keys.OLDER, keys.UNREADABLE):
        scene.add(_set_state, scene.keys, state)
        scene.ask(PHONE, _MONITOR, UNLOCK)
        scene.ask(KEYCARD, _REVOKED, UNLOCK)
    return scene


def _set_state(registry, state):
    registry.state = state


def everybody_moves_it():
    """Those who may, all at once and one against the other, with a press, a crash and a jam: for the motor's limits."""
    scene = Scene(relock=True)
    for first, second in ((UNLOCK, LOCK), (LOCK, UNLOCK)):
        for source, credential in ((PHONE, _PHONE), (KEYCARD, _OWNER), (CABIN, NOBODY)):
            scene.ask(source, credential, first)
            scene.wait(120, 25)
            scene.ask(KEYCARD, _OWNER, second)  # in the middle of it
            scene.wait(205, 25)
            scene.add(scene.vehicle.sense_bolt, BETWEEN)
            scene.wait(1_600, 25)
            scene.add(scene.vehicle.sense_bolt, AT_LOCKED if second == LOCK else AT_UNLOCKED)
            scene.wait(31_000)
    scene.add(scene.vehicle.sense_button, True)
    scene.wait(200, 25)
    scene.add(scene.vehicle.sense_button, False)
    scene.wait(100, 25)
    scene.add(scene.vehicle.sense_crash, True)
    scene.wait(5_000, 25)
    scene.add(scene.vehicle.sense_crash, False)
    for action in LATCHES:
        scene.ask(PHONE, _PHONE, action)
        scene.ask(PHONE, _PHONE, action)
    scene.wait(120_000)
    return scene


def electrically_sound(outputs):
    """Never both directions at once, no pulse beyond a second, no latch's either."""
    pulses = outputs.pulses()
    for start, end, name in pulses + outputs.released():
        if end - start > 1_000:
            return False
        for other_start, other_end, other in pulses:
            if {name, other} == {"lock", "unlock"} and start < other_end and other_start < end:
                return False
    return True


def test_whoever_has_no_key_that_counts_opens_nothing():
    scene = strangers().run()
    assert scene.opened() == 0 and not scene.outputs.lock.driven
    assert not [verdict for _, verdict in scene.verdicts if codes.is_accepted(verdict)]


def test_a_right_to_something_else_opens_nothing():
    scene = without_the_right().run()
    assert scene.opened() == 0
    assert len(scene.outputs.lock.driven) >= 4, "it locks all the same"
    accepted = {action for action, verdict in scene.verdicts if codes.is_accepted(verdict)}
    assert accepted == {LOCK, codes.WAKE, codes.AUTHORISE_DRIVE, codes.REVOKE_DRIVE}


def test_those_who_may_move_it_within_its_limits():
    scene = everybody_moves_it().run()
    assert len(scene.outputs.unlock.driven) > 6 and len(scene.outputs.lock.driven) > 3
    assert len(scene.outputs.released()) == len(LATCHES)
    assert electrically_sound(scene.outputs)


def test_a_motor_driven_both_ways_at_once_would_be_seen():
    outputs = Outputs()
    outputs.lock.pulse(500)
    assert electrically_sound(outputs)
    outputs.unlock.pulse(500)
    assert not electrically_sound(outputs)
    outputs.unlock.driven.clear()
    outputs.lock.pulse(1_001)
    assert not electrically_sound(outputs)
