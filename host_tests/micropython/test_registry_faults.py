"""Flash that refuses and a full disk: a change happens or does not, in RAM and flash alike."""

import os

from fakes.registry_on_flash import BLOCK, boot, cases, check_agreement, unmount
from fakes.results import tell
from fakes.scale import SHORT
from latchkey.storage import records

_STRIDE = 7 if SHORT else 1


def test_each_flash_operation_fails_once():
    runs = done_anyway = 0
    for snapshot, change, before, after in cases():
        operation = 1
        while True:
            car = boot(snapshot)
            car.flash.fail_at = car.flash.operations + operation
            done = car.perform(change)
            if car.flash.operations < car.flash.fail_at:
                break
            if not done:
                assert car.registry.fault in (records.IO_FAILED, records.BROKEN)
            check_agreement(car, done, before, after)
            runs += 1
            done_anyway += done
            operation += _STRIDE
        assert done and operation > 10
    tell("F2", "keys: %d single failures, the change was made in spite of %d" % (runs, done_anyway))
    unmount()


def test_flash_dies_at_each_operation():
    """Nothing can be settled any more, so the report may be "failed" for a change that the next boot finds made."""
    runs = 0
    for snapshot, change, before, after in cases():
        operation = 1
        while True:
            car = boot(snapshot)
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
            operation += _STRIDE
        assert done
    tell("F2", "keys: flash died at %d points" % runs)
    unmount()


def test_a_failing_mark_never_undoes_a_change():
    for snapshot, change, before, after in cases():
        for limit in range(4):
            car = boot(snapshot)
            car.marks.limit = limit
            check_agreement(car, car.perform(change), before, after)
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
    for snapshot, change, before, after in cases():
        for spare in range(0, 6 * BLOCK, BLOCK):
            car = boot(snapshot)
            assert _fill_disk(spare)
            done = car.perform(change)
            check_agreement(car, done, before, after)
            if done:
                made += 1
                continue
            assert car.registry.fault == records.NO_ROOM
            refused += 1
            car = car.reboot()
            car.registry.load()
            os.remove("/flash/ballast")
            assert car.perform(change)
            check_agreement(car, True, before, after)
    tell("F2", "full disk: %d changes refused, %d fitted in" % (refused, made))
    assert refused and made
    unmount()
