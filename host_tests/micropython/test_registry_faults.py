"""Flash that refuses, a full disk and an exhausted heap: a change happens or does not, in RAM and flash alike."""

import gc
import os

from fakes.registry_on_flash import ADD, REVOKE, Car, blank_image, models, unmount
from fakes.scale import LONG
from latchkey.core.codes import DRIVER, OWNER
from latchkey.credentials.registry import READY, UNREADABLE
from latchkey.storage import records

_BLOCK = 512
_BLOCKS = 64

# Changes of a list that holds what _BEFORE makes; the claim stands for itself.
_BEFORE = ((ADD, 0, OWNER), (ADD, 1, OWNER), (ADD, 2, DRIVER), (ADD, 3, DRIVER), (REVOKE, 3))
_CHANGES = ((ADD, 4, DRIVER), (REVOKE, 2), (ADD, 3, DRIVER), (REVOKE, 0))


def _prepared(steps):
    car = Car(blank_image(_BLOCK, _BLOCKS), {}, _BLOCK)
    car.registry.load()
    for step in steps:
        assert car.perform(step)
    return car.snapshot()


def _cases():
    """(snapshot, change, state before, state after) of every kind of change."""
    yield _prepared(()), (ADD, 0, OWNER), [], models(((ADD, 0, OWNER),))[1]
    snapshot = _prepared(_BEFORE)
    for change in _CHANGES:
        before, after = models(_BEFORE + (change,))[-2:]
        yield snapshot, change, before, after


def _car(snapshot):
    car = Car(bytearray(snapshot[0]), dict(snapshot[1]), _BLOCK)
    car.registry.load()
    return car


def _check_agreement(car, done, before, after):
    """RAM shows what was reported, and the next boot shows what RAM shows."""
    shown = car.shown()
    assert shown == (after if done else before)
    car = car.reboot()
    car.registry.load()
    assert car.shown() == shown


def test_each_flash_operation_fails_once():
    runs = done_anyway = 0
    for snapshot, change, before, after in _cases():
        operation = 1
        while True:
            car = _car(snapshot)
            car.flash.fail_at = car.flash.operations + operation
            done = car.perform(change)
            if car.flash.operations < car.flash.fail_at:
                break
            if not done:
                assert car.registry.fault in (records.IO_FAILED, records.BROKEN)
            _check_agreement(car, done, before, after)
            runs += 1
            done_anyway += done
            operation += 1
        assert done and operation > 10
    print("%d single failures, the change was made in spite of %d" % (runs, done_anyway))
    unmount()


def test_flash_dies_at_each_operation():
    """Nothing can be settled any more, so the report may be "failed" for a change that the next boot finds made."""
    runs = 0
    for snapshot, change, before, after in _cases():
        operation = 1
        while True:
            car = _car(snapshot)
            car.flash.fail_at = car.flash.operations + operation
            car.flash.fail_on = True
            done = car.perform(change)
            if car.flash.operations < car.flash.fail_at:
                break
            car.flash.fail_at = -1
            car = car.reboot()
            car.registry.load()
            assert car.shown() == after or (car.shown() == before and not done)
            runs += 1
            operation += 1
        assert done
    print("flash died at %d points" % runs)
    unmount()


def test_a_failing_mark_never_undoes_a_change():
    for snapshot, change, before, after in _cases():
        for limit in range(4):
            car = _car(snapshot)
            car.marks.limit = limit
            _check_agreement(car, car.perform(change), before, after)
    unmount()


def _fill_disk(spare):
    """Leave `spare` bytes and the rounding of littlefs."""
    ballast = bytes(64)
    with open("/flash/reserve", "wb") as reserve:
        reserve.write(bytes(spare))
    written = 0
    try:
        with open("/flash/ballast", "wb") as file:
            while True:
                file.write(ballast)
                file.flush()
                written += 1
    except OSError as error:
        assert error.args[0] == 28  # ENOSPC
    os.remove("/flash/reserve")
    return written


def test_a_full_disk_changes_nothing_and_room_heals_it():
    refused = made = 0
    for snapshot, change, before, after in _cases():
        for spare in range(0, 6 * _BLOCK, _BLOCK):
            car = _car(snapshot)
            assert _fill_disk(spare)
            done = car.perform(change)
            _check_agreement(car, done, before, after)
            if done:
                made += 1
                continue
            assert car.registry.fault == records.NO_ROOM
            refused += 1
            car = car.reboot()
            car.registry.load()
            os.remove("/flash/ballast")
            assert car.perform(change)
            _check_agreement(car, True, before, after)
    print("%d changes refused on a full disk, %d fitted in" % (refused, made))
    assert refused and made
    unmount()


class _Hog:
    """Takes the heap but for one hole, without needing any of it to remember what it holds."""

    def __init__(self):
        self._held = [None] * 8192  # a fragmented heap has many small gaps

    def leave(self, free):
        """Occupy everything and then free one stretch of that many bytes."""
        gc.collect()
        hole = bytearray(free) if free else None
        at = 0
        size = 1 << 20
        while size >= 32:  # the allocator's block on 64 bits
            try:
                self._held[at] = bytearray(size)
                at += 1
            except MemoryError:
                size //= 2
        del hole
        gc.collect()

    def release(self):
        for at in range(len(self._held)):
            self._held[at] = None
        gc.collect()


def _perform_in(hog, car, change, free):
    """Perform the change with so much heap; returns whether it was reported done, or -1 for a MemoryError."""
    try:
        hog.leave(free)
        return 1 if car.perform(change) else 0
    except MemoryError:
        return -1
    finally:
        hog.release()


def test_every_size_of_the_heap():
    hog = _Hog()
    step = 16 if LONG else 48
    counts = [0, 0, 0]  # refused, done, MemoryError
    for snapshot, change, before, after in _cases():
        free = 0
        spared = 0
        while spared < 3:  # until it works three times running
            car = _car(snapshot)
            outcome = _perform_in(hog, car, change, free)
            counts[outcome] += 1
            spared = spared + 1 if outcome == 1 else 0
            _check_agreement(car, outcome == 1, before, after)
            assert car.shown() == after or car.perform(change)
            free += step
    print("heap in steps of %d bytes: %d refused, %d done, %d MemoryErrors" % (step, counts[0], counts[1], counts[2]))
    assert counts[0] and counts[2]
    unmount()


def test_an_exhausted_heap_at_boot_is_never_blank():
    hog = _Hog()
    snapshot = _prepared(_BEFORE)
    counts = {}
    for free in range(0, 4096, 64):
        car = Car(bytearray(snapshot[0]), dict(snapshot[1]), _BLOCK)
        hog.leave(free)
        try:
            state = car.registry.load()
        except MemoryError:
            state = UNREADABLE  # no room even for the call
        hog.release()
        counts[state] = counts.get(state, 0) + 1
        car.registry.load()
        assert car.shown() == models(_BEFORE)[-1]
    print("boot with little heap: %d times unreadable, %d times ready" % (counts[UNREADABLE], counts[READY]))
    assert len(counts) == 2
    unmount()
