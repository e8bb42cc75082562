"""A decision takes nothing from the heap, accepted or refused: vehicle.request() under micropython.heap_lock().

The path, from the moment a link has authenticated: vehicle.request → vehicle._recognise → registry.condition,
entry_generation, role → vehicle._decide → arbiter.ask → policy.permission, policy.interlock → lock.step, heat.operate →
vehicle._carry_out → actuator.LockMotor, DriveRelay → vehicle._start_timers, _remember_operation → actuator.Latch →
vehicle._note → journal.note → indicator.show. And what follows in time: vehicle.tick, with retry, jam, cooling, relock.

The key list is the real one, on files. The 64-bit port's small ints are wider than the ESP32's; ticks stay below 2^30
on both. Not measured here: the outputs of a chip, which are not ours to allocate for.
"""

import micropython
from fakes.authority import LATCHES, Authority, Keys
from fakes.marks import Marks
from fakes.scratch import fresh_folder, remove
from fakes.virtual_time import VirtualTime
from latchkey.core import codes
from latchkey.core.codes import AT_LOCKED, AT_UNLOCKED, BETWEEN, CABIN, CLOUD, KEYCARD, LOCK, PHONE, UNLOCK
from latchkey.core.facts import NO, YES
from latchkey.core.remote import FORBIDDEN, UNLOCK_ALLOWED
from latchkey.core.request import NOBODY
from latchkey.credentials import entries
from latchkey.credentials.registry import ACTIVE, READY, REVOKED, Registry
from latchkey.storage.records import Record


class _Coil:
    """A pulse output that only counts: it must not allocate either."""

    def __init__(self):
        self.begun = 0

    def pulse(self, ms):
        self.begun += 1

    def stop(self):
        pass


class _Contact:
    level = 0

    def value(self, level):
        self.level = level


class _Outputs:
    def __init__(self):
        self.clock = VirtualTime()
        self.lock = _Coil()
        self.unlock = _Coil()
        self.drive = _Contact()
        self.latches = {action: _Coil() for action in LATCHES}


_OWNER = 0
_DRIVER = 1
_REVOKED = 2
_FLEET = 3
_STRANGER = 99


def _keys_on_files(folder):
    """The real list of keys: the owner has a card, the driver a phone."""
    registry = Registry(Record(folder + "/keys"), Marks())
    registry.load()
    assert registry.add(b"\x01" * 64, codes.OWNER) == _OWNER
    assert registry.add_phone(b"\x02" * 64, codes.DRIVER, bytes(16)) == _DRIVER
    assert registry.add(b"\x03" * 64, codes.DRIVER) == _REVOKED and registry.revoke(_REVOKED) == 0
    assert registry.state == READY
    return registry


def _keys_in_ram():
    roles = (codes.OWNER, codes.DRIVER, codes.DRIVER, codes.FLEET_MANAGER)
    kinds = (entries.KEYCARD, entries.PHONE, entries.KEYCARD, entries.CLOUD_KEY)
    keys = Keys({number: [role, ACTIVE, 1, kinds[number]] for number, role in enumerate(roles)})
    keys.set(_REVOKED, REVOKED)
    return keys


class _Car:
    """A controller in a parked car, which recognises its keys by `registry`."""

    def __init__(self, registry, bolt=AT_LOCKED):
        self.outputs = _Outputs()
        self.authority = Authority(self.outputs, registry, relock=True, latches=LATCHES[1:])
        self.vehicle = self.authority.vehicle
        self.vehicle.remote.set(UNLOCK_ALLOWED, True)
        self.vehicle.sense_button(False)
        self.vehicle.sense_crash(False)
        self.vehicle.sense_bolt(bolt)
        self.vehicle.sense_door(NO)
        self.vehicle.sense_ignition(NO)
        self.vehicle.sense_speed(NO)

    def ask(self, source, credential, action, older=0):
        """One request with the heap locked; returns the verdict. older: how many changes ago the key proved itself."""
        generation = self.vehicle.registry.entry_generation(credential) - older
        micropython.heap_lock()
        try:
            return self.authority.ask(source, credential, action, generation)
        finally:
            micropython.heap_unlock()

    def pass_ms(self, ms):
        """Ticks of 5 ms with the heap locked."""
        micropython.heap_lock()
        try:
            self.authority.pass_ms(ms)
        finally:
            micropython.heap_unlock()

    def bolt(self, position):
        micropython.heap_lock()
        try:
            self.vehicle.sense_bolt(position)
        finally:
            micropython.heap_unlock()


def test_the_heap_lock_tells():
    """Under it, what allocates fails: or every other test here would pass for nothing."""
    micropython.heap_lock()
    try:
        made = bytearray(64)
    except MemoryError:
        made = None
    finally:
        micropython.heap_unlock()
    assert made is None


def _lock_and_unlock(car, source, credential):
    """Every way of being accepted: at once, joined, already so."""
    car.pass_ms(31_000)  # beyond the hold
    assert car.ask(source, credential, UNLOCK) == codes.ACCEPTED
    assert car.ask(source, credential, UNLOCK) == codes.JOINED
    car.bolt(BETWEEN)
    car.bolt(AT_UNLOCKED)
    assert car.ask(source, credential, UNLOCK) == codes.ALREADY
    car.pass_ms(1_000)
    assert car.ask(source, credential, LOCK) == codes.ACCEPTED
    car.bolt(AT_LOCKED)
    car.pass_ms(1_000)


def test_lock_and_unlock_by_every_source():
    folder = fresh_folder()
    for registry in (_keys_on_files(folder), _keys_in_ram()):
        car = _Car(registry)
        for source, credential in ((KEYCARD, _OWNER), (PHONE, _DRIVER), (CABIN, NOBODY)):
            _lock_and_unlock(car, source, credential)
        assert (car.outputs.lock.begun, car.outputs.unlock.begun) == (3, 3)
    _lock_and_unlock(car, CLOUD, _FLEET)
    remove(folder)


def test_strangers_revoked_and_stale_keys_by_the_real_list():
    folder = fresh_folder()
    car = _Car(_keys_on_files(folder))
    assert car.ask(KEYCARD, _STRANGER, UNLOCK) == codes.UNKNOWN_KEY
    assert car.ask(KEYCARD, _REVOKED, UNLOCK) == codes.REVOKED
    assert car.ask(PHONE, _DRIVER, UNLOCK, 1) == codes.STALE
    assert car.ask(PHONE, _DRIVER, codes.REVOKE_DRIVE) == codes.NOT_PERMITTED
    assert car.outputs.unlock.begun == 0
    remove(folder)


def test_a_reversal_and_what_waits_for_the_dead_time():
    car = _Car(_keys_in_ram(), AT_UNLOCKED)
    assert car.ask(PHONE, _DRIVER, LOCK) == codes.ACCEPTED
    assert car.ask(PHONE, _DRIVER, UNLOCK) == codes.QUEUED
    assert car.ask(PHONE, _DRIVER, LOCK) == codes.BUSY
    assert car.ask(KEYCARD, _OWNER, LOCK) == codes.QUEUED
    car.pass_ms(200)
    assert (car.outputs.lock.begun, car.outputs.unlock.begun) == (2, 0)


def test_every_reason_to_refuse():
    car = _Car(_keys_in_ram(), AT_UNLOCKED)
    seen = set()

    def refused(source, credential, action, verdict, older=0):
        got = car.ask(source, credential, action, older)
        assert got == verdict, (got, verdict)
        seen.add(verdict)

    refused(KEYCARD, NOBODY, UNLOCK, codes.UNKNOWN_KEY)
    refused(KEYCARD, _STRANGER, UNLOCK, codes.UNKNOWN_KEY)
    refused(KEYCARD, _REVOKED, UNLOCK, codes.REVOKED)
    refused(KEYCARD, _OWNER, UNLOCK, codes.STALE, 1)
    refused(CLOUD, _OWNER, UNLOCK, codes.NOT_PERMITTED)
    refused(KEYCARD, _OWNER, 99, codes.NO_RULE)
    refused(PHONE, _DRIVER, codes.OPEN_TRUNK, codes.NOT_WIRED)
    car.vehicle.sense_speed(YES)
    refused(CLOUD, _FLEET, UNLOCK, codes.MOVING)
    refused(CLOUD, _FLEET, codes.REVOKE_DRIVE, codes.MOVING)
    car.vehicle.sense_speed(NO)
    car.vehicle.sense_door(YES)
    refused(CLOUD, _FLEET, LOCK, codes.DOOR_OPEN)
    car.vehicle.sense_door(NO)
    car.vehicle.sense_ignition(YES)
    refused(CLOUD, _FLEET, LOCK, codes.IGNITION_ON)
    car.vehicle.sense_ignition(NO)
    car.vehicle.sense_supply(YES)
    refused(CLOUD, _FLEET, LOCK, codes.LOW_SUPPLY)
    refused(KEYCARD, _OWNER, LOCK, codes.LOW_SUPPLY)
    car.vehicle.sense_supply(NO)
    assert car.ask(KEYCARD, _OWNER, UNLOCK) == codes.ALREADY
    refused(CLOUD, _FLEET, LOCK, codes.HELD)
    car.vehicle.remote.set(FORBIDDEN, True)
    refused(CLOUD, _FLEET, LOCK, codes.REMOTE_OFF)
    car.vehicle.sense_crash(True)
    refused(KEYCARD, _OWNER, LOCK, codes.CRASHED)
    assert len(seen) == 13 and car.outputs.lock.begun == 0


def test_a_latch_and_its_rest():
    car = _Car(_keys_in_ram())
    for _ in range(3):
        assert car.ask(PHONE, _DRIVER, codes.OPEN_FRUNK) == codes.ACCEPTED
        assert car.ask(PHONE, _DRIVER, codes.OPEN_FRUNK) == codes.BUSY
        car.pass_ms(1_300)
    car.vehicle.sense_speed(YES)
    assert car.ask(PHONE, _DRIVER, codes.OPEN_FRUNK) == codes.MOVING
    assert car.outputs.latches[codes.OPEN_FRUNK].begun == 3


def test_permission_to_drive():
    car = _Car(_keys_in_ram())
    got = car.ask(PHONE, _DRIVER, codes.AUTHORISE_DRIVE)
    assert got == codes.ACCEPTED and car.outputs.drive.level == 1, (got, car.outputs.drive.level)
    assert car.ask(CLOUD, _FLEET, codes.REVOKE_DRIVE) == codes.ACCEPTED and car.outputs.drive.level == 0
    assert car.ask(KEYCARD, _OWNER, codes.AUTHORISE_DRIVE) == codes.ACCEPTED and car.outputs.drive.level == 1
    car.pass_ms(120_000)
    assert car.outputs.drive.level == 0


def test_retry_jam_heat_and_cooling():
    car = _Car(_keys_in_ram())
    verdicts = set()
    for _ in range(7):
        verdicts.add(car.ask(KEYCARD, _OWNER, UNLOCK))
        car.pass_ms(3_100)  # the pulse, one retry, jammed
    assert verdicts == {codes.ACCEPTED, codes.HOT} and car.outputs.unlock.begun == 10
    car.pass_ms(30_000)
    assert car.ask(KEYCARD, _OWNER, UNLOCK) == codes.ACCEPTED


def test_the_relock_timer():
    car = _Car(_keys_in_ram())
    assert car.ask(KEYCARD, _OWNER, UNLOCK) == codes.ACCEPTED
    car.bolt(AT_UNLOCKED)
    car.pass_ms(45_000)
    assert car.outputs.lock.begun == 1
