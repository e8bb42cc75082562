"""The power fails at every write and every erase, in four torn ways each, while the list of keys is changed.

After the next boot the list shows the old or the new state; the new one if the change had been reported as done.
"""

import os

from fakes.flash import VARIANTS
from fakes.registry_on_flash import (
    ADD,
    ADD_PHONE,
    ADMIT,
    LIMIT,
    REVOKE,
    SUSPEND,
    Car,
    blank_image,
    models,
    unmount,
)
from fakes.results import tell
from fakes.scale import LONG, SHORT
from latchkey.core.codes import DRIVER, GUEST, OWNER

# The claim, then a list that grows beyond one flash block of 512 bytes, loses keys and gets one back.
_STEPS = (
    (ADD, 0, OWNER),
    (ADD, 1, OWNER),
    (ADD, 2, DRIVER),
    (REVOKE, 2),
    (ADD, 3, DRIVER),
    (ADD, 4, GUEST),
    (ADD, 5, DRIVER),
    (REVOKE, 0),
    (ADD, 2, DRIVER),
    (ADD, 6, OWNER),
    (REVOKE, 1),
    (REVOKE, 4),
    (ADD_PHONE, 7, DRIVER),
    (ADD_PHONE, 8, OWNER),
    (REVOKE, 7),
    (ADD_PHONE, 4, GUEST),
    (ADD_PHONE, 7, DRIVER),
    (SUSPEND, 7),
    (ADMIT, 7),
    (LIMIT, 4, 14_148_000),
    (LIMIT, 4, 14_149_000),
    (LIMIT, 4, 0),
    (SUSPEND, 3),
)
_BLOCKS = ((512, 64),) if SHORT else ((512, 64), (4096, 16))


class Drill:
    """Cuts one change at every operation; counts what came of it."""

    def __init__(self, block_size, old, new):
        self.block_size = block_size
        self.old = old
        self.new = new
        self.cuts = self.olds = self.news = 0

    def car(self, snapshot):
        return Car(bytearray(snapshot[0]), dict(snapshot[1]), self.block_size)

    def judge(self, car, done):
        """Boot without a cut: the state must be one of the two, and the same at the next boot.

        Once with the marks lost: MicroPython erases all of NVS when it finds it unusable.
        """
        self.boot_and_look(Car(bytearray(car.flash.data), {}, self.block_size), done)
        car = car.reboot()
        shown = self.boot_and_look(car, done)
        assert self.boot_and_look(car.reboot(), done) == shown
        self.cuts += 1
        self.news += shown == self.new
        self.olds += shown == self.old

    def boot_and_look(self, car, done):
        car.registry.load()
        shown = car.shown()
        assert shown == self.new or (shown == self.old and not done)
        assert car.marks.values.get("generation", 0) == car.registry.generation
        assert "keys.new" not in os.listdir("/flash"), "an abandoned draft takes the room of a copy"
        return shown

    def cut(self, snapshot, step, after, variant):
        """Change with a cut; returns (car without power, whether the change was reported done), or None: no cut."""
        car = self.car(snapshot)
        car.registry.load()
        car.power.cut(after, variant)
        done = car.perform(step)
        return (car, done) if car.power.gone else None

    def try_again(self, car, step):
        """Whatever was left behind, the change can now be made."""
        car.registry.load()
        assert car.shown() == self.new or car.perform(step)
        assert car.shown() == self.new

    def every_cut(self, snapshot, step):
        for variant in VARIANTS:
            after = 1
            while True:
                struck = self.cut(snapshot, step, after, variant)
                if not struck:
                    break
                self.judge(*struck)
                self.try_again(struck[0].reboot(), step)
                after += 1

    def every_cut_and_cut_again(self, snapshot, step, again_variants):
        for variant in VARIANTS:
            after = 1
            while True:
                struck = self.cut(snapshot, step, after, variant)
                if not struck:
                    break
                self.cut_recovery(struck[0].snapshot(), struck[1], again_variants)
                after += 1

    def cut_recovery(self, snapshot, done, variants):
        for variant in variants:
            after = 1
            while True:
                car = self.car(snapshot)
                car.power.cut(after, variant)
                car.registry.load()
                if not car.power.gone:
                    break
                self.judge(car, done)
                after += 1


def _snapshots(block_size, block_count, steps):
    car = Car(blank_image(block_size, block_count), {}, block_size)
    car.registry.load()
    result = [car.snapshot()]
    for step in steps:
        assert car.perform(step)
        result.append(car.snapshot())
    print(
        "%d-byte blocks: %d changes took %d writes and %d erases"
        % (block_size, len(steps), car.flash.writes, car.flash.erases)
    )
    return result


def test_cut_at_every_write_and_erase():
    for block_size, block_count in _BLOCKS:
        snapshots = _snapshots(block_size, block_count, _STEPS)
        states = models(_STEPS)
        cuts = olds = news = 0
        for n, step in enumerate(_STEPS):
            drill = Drill(block_size, states[n], states[n + 1])
            drill.every_cut(snapshots[n], step)
            assert drill.olds and drill.news, "a change has a before and an after"
            cuts, olds, news = cuts + drill.cuts, olds + drill.olds, news + drill.news
        tell("F1", "keys, %d-byte blocks: %d cuts, %d old, %d new" % (block_size, cuts, olds, news))
    unmount()


def test_cut_again_during_the_recovery():
    steps = _STEPS[:4]
    again = VARIANTS if LONG else VARIANTS[1:3]
    for block_size, block_count in _BLOCKS if LONG else _BLOCKS[:1]:
        snapshots = _snapshots(block_size, block_count, steps)
        states = models(steps)
        cuts = 0
        for n in range(4) if LONG else (3,) if SHORT else (0, 3):  # the claim, a revocation
            drill = Drill(block_size, states[n], states[n + 1])
            drill.every_cut_and_cut_again(snapshots[n], steps[n], again)
            assert drill.cuts
            cuts += drill.cuts
        tell("F1", "keys, %d-byte blocks: %d pairs of cuts" % (block_size, cuts))
    unmount()
