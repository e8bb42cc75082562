"""Sixty changes of every kind, one after the other: power fails, or the flash refuses, at each write of each of them.

Cards and phones come and go, settings and the owner's switches change, the seed is renewed, all on one small flash.
What is found after each fault is what was before or what should be after, in every store, and what was told as done
stays; the same change then comes through.

Not here: a read that fails once. LittleFS may take a directory that it could not read for one without files, and write
that down.
"""

import os
import random

from fakes.flash import VARIANTS, Flash
from fakes.registry_on_flash import ADD, ADD_PHONE, BLOCK, REVOKE, Car, blank_image, unmount
from fakes.results import tell
from fakes.scale import LONG, SHORT
from latchkey.core.codes import DRIVER, GUEST, OWNER
from latchkey.storage import seed
from latchkey.storage.records import Record
from latchkey.storage.settings import Settings, SettingsError

SET, SWITCH, SEED = 10, 11, 12

_BLOCKS = 64
_OPERATIONS = 10 if SHORT else 60
_NAMES = ("user", "password", "dns", "broker")
_ROLES = (OWNER, DRIVER, GUEST)


class Refusing(Flash):
    """refuse_at: the number of the write or erase that fails and changes nothing, counted from 1; 0: none."""

    changes = refuse_at = 0

    def writeblocks(self, block, buf, offset=0):
        return -5 if self._refuses() else super().writeblocks(block, buf, offset)

    def ioctl(self, operation, argument):
        return -5 if operation == 6 and self._refuses() else super().ioctl(operation, argument)

    def _refuses(self):
        self.changes += 1
        return self.changes == self.refuse_at


class Stores(Car):
    """One boot of everything that is kept."""

    def mount(self):
        self.flash = Refusing(self.power, self.flash.data, BLOCK)
        super().mount()

    def load(self):
        self.registry.load()
        self.settings = Settings(Record("/flash/settings"))
        return self

    def change(self, operation):
        """Carry out one; True when it was told as done."""
        kind = operation[0]
        if kind == SET:
            try:
                for _ in self.settings.change_steps(operation[1], operation[2]):
                    pass
            except SettingsError:
                return False
            return True
        if kind == SWITCH:
            try:
                self.marks.set("switches", operation[1])
            except OSError:
                return False
            return True
        if kind == SEED:
            seed.renewed("/flash/seed", lambda count: bytes((operation[1],)) * count, self.marks)
            return False  # nobody is told; either of both will do
        return self.perform(operation)

    def found(self):
        """All that is kept but the seed, which is one of two whatever happens."""
        assert "keys.new" not in os.listdir("/flash")
        if "seed" in os.listdir("/flash"):
            with open("/flash/seed", "rb") as file:
                assert len(file.read()) == 32, "a seed that is torn"
        return self.shown(), sorted(self.settings.read().items()), self.marks.values.get("switches", 0)


def _boot(snapshot):
    return Stores(bytearray(snapshot[0]), dict(snapshot[1]), BLOCK).load()


def _again(car):
    """The next boot, with the power back and the flash sound.

    On a copy: a file that the last boot left open is closed when it is swept up, and writes into the flash of then.
    """
    return _boot(car.snapshot())


def _operations():
    """The first owner, and then anything that may be done."""
    random.seed(60)
    made = [(ADD, 0, OWNER), (ADD, 1, OWNER)]
    active = {0, 1}
    while len(made) < _OPERATIONS:
        roll = random.getrandbits(4)
        key = 1 + random.getrandbits(8) % 9
        if roll < 9:
            if key in active and key > 1:
                made.append((REVOKE, key))
                active.remove(key)
            elif key not in active:
                made.append((ADD_PHONE if key > 5 else ADD, key, _ROLES[random.getrandbits(8) % 3]))
                active.add(key)
        elif roll < 12:
            made.append((SET, _NAMES[random.getrandbits(2)], "x" * (random.getrandbits(7) + 1)))
        elif roll < 14:
            made.append((SWITCH, random.getrandbits(4)))
        else:
            made.append((SEED, random.getrandbits(8)))
    return made


def _each():
    """(snapshot before, operation, found before, found after) of every operation, as it goes without a fault."""
    car = Stores(blank_image(BLOCK, _BLOCKS), {}, BLOCK).load()
    before = car.found()
    for operation in _operations():
        snapshot = car.snapshot()
        car = _boot(snapshot)  # who was given the last one has mounted others
        car.change(operation)
        car = _again(car)
        after = car.found()
        yield snapshot, operation, before, after
        before = after


def _judge(car, operation, done, before, after):
    """Boot soundly: old or new, new where it was told as done, and now the same change comes through."""
    car = _again(car)
    found = car.found()
    assert found in (before, after), operation
    assert found == after or not done, operation
    if found != after:
        car.change(operation)
    assert _again(car).found() == after, operation


def test_the_power_fails_at_every_write_of_sixty_changes():
    cuts = 0
    for snapshot, operation, before, after in _each():
        for variant in VARIANTS if LONG else (VARIANTS[cuts % 4],):
            at = 1
            while True:
                car = _boot(snapshot)
                car.power.cut(at, variant)
                done = car.change(operation)
                if not car.power.gone:
                    break
                _judge(car, operation, done, before, after)
                cuts += 1
                at += 1
    tell("F1", "%d changes of all kinds: %d cuts, nothing lost, torn or back again" % (_OPERATIONS, cuts))
    assert cuts > 5 * _OPERATIONS
    unmount()


def test_the_flash_refuses_once_at_every_write_of_sixty_changes():
    refusals = 0
    stride = 1 if LONG else 3
    for snapshot, operation, before, after in _each():
        at = 1 + refusals % stride
        while True:
            car = _boot(snapshot)
            car.flash.refuse_at = car.flash.changes + at
            done = car.change(operation)
            if car.flash.changes < car.flash.refuse_at:
                break
            _judge(car, operation, done, before, after)
            refusals += 1
            at += stride
    tell("F2", "%d changes: the flash refused one of %d writes and erases, old state or new" % (_OPERATIONS, refusals))
    assert refusals > _OPERATIONS
    unmount()
