"""What the journal costs the flash: erases in a normal year and on a day under attack, and how evenly they fall.

Budget: 20,000 erases in a year of 40 operations a day, 300 on a day on which strangers never stop. The file system has
64 blocks of 4 KB, where a board has 240 or more: on fewer blocks the same erases fall more often on each.
"""

import vfs
from fakes.flash import Flash, Power
from fakes.marks import Marks
from fakes.results import tell
from fakes.scale import LONG, SHORT
from fakes.virtual_time import VirtualTime
from latchkey.core import codes, lock
from latchkey.core.facts import Facts
from latchkey.crypto.digest import sha256
from latchkey.links.recorder import Recorder
from latchkey.storage.chain import Chain, next_key
from latchkey.storage.journal import Journal

_BLOCKS = 64
_BLOCK = 4096
_DAY_S = 86_400
_YEAR_BUDGET = 20_000
_DAY_BUDGET = 300
_OPERATIONS = 40  # a day
_mounted = []


class CountedFlash(Flash):
    """erased: how often each block was."""

    def __init__(self, data):
        super().__init__(Power(), data, _BLOCK)
        self.erased = [0] * _BLOCKS

    def ioctl(self, operation, argument):
        if operation == 6:
            self.erased[argument] += 1
        return super().ioctl(operation, argument)


class _Machine:
    motor = lock.STILL


class _Arbiter:
    def __init__(self):
        self.lock = _Machine()
        self.facts = Facts()


class Vehicle:
    """As much of it as the recorder looks at."""

    def __init__(self):
        self.journal = Journal()
        self.arbiter = _Arbiter()
        self.attends = 0
        self.uptime_s = 0


class Car:
    def __init__(self):
        data = bytearray(b"\xff" * (_BLOCKS * _BLOCK))
        self.flash = CountedFlash(data)
        vfs.VfsLfs2.mkfs(self.flash)
        if _mounted:
            vfs.umount("/wear")
            _mounted.clear()
        vfs.mount(vfs.VfsLfs2(self.flash), "/wear")
        _mounted.append(self.flash)
        self.marks = Marks()
        self.time = VirtualTime()
        self.boot()

    def boot(self):
        self.vehicle = Vehicle()
        self.chain = Chain("/wear/journal", self.marks, bytes)
        self.recorder = Recorder(self.vehicle, self.chain, self.time)
        self.pass_s(3)

    def pass_s(self, seconds):
        """The recorder looks every second, and as often as it has something to write."""
        for _ in range(seconds):
            self.time.advance(1_000)
            self.vehicle.uptime_s += 1
            self.recorder.step()
            while self.recorder._write is not None and self.recorder._may_write():
                self.recorder.step()

    def leap_s(self, seconds):
        """Nothing happens for so long."""
        self.time.advance(seconds * 1_000)
        self.vehicle.uptime_s += seconds
        self.recorder.step()

    def note(self, source, action, verdict):
        self.vehicle.journal.note(self.vehicle.uptime_s, source, 1, action, verdict, b"abcd")
        self.recorder.step()

    def operate(self):
        """A tap that opens and permits driving, or locks."""
        self.note(codes.KEYCARD, codes.UNLOCK, codes.ACCEPTED)
        self.note(codes.KEYCARD, codes.AUTHORISE_DRIVE, codes.ACCEPTED)
        self.pass_s(4)


def _normal_day(car):
    apart_s = _DAY_S // _OPERATIONS
    for number in range(_OPERATIONS):
        car.operate()
        if number % 10 == 0:  # a stranger's card, a bank card, a tap too many
            car.note(codes.KEYCARD, 0, codes.NOT_A_KEY)
            car.pass_s(2)
        for _ in range(4):
            car.leap_s(apart_s // 4 - 2)
            car.pass_s(1)


def _attack_day(car, a_second):
    """Strangers on the radio and at the reader, without a pause; the owner comes and goes as on any day."""
    for second in range(_DAY_S):
        for number in range(a_second):
            car.note(codes.PHONE if number % 3 else codes.KEYCARD, 0, codes.UNKNOWN_KEY + number % 3)
        if second % (_DAY_S // _OPERATIONS) == 0:
            car.note(codes.KEYCARD, codes.UNLOCK, codes.ACCEPTED)
        car.pass_s(1)


def test_a_normal_year():
    days = 365 if LONG else 20 if SHORT else 90
    car = Car()
    before = car.flash.erases
    rows = car.chain.number
    for day in range(days):
        _normal_day(car)
        if day % 30 == 0:
            car.boot()
    erases = car.flash.erases - before
    year = erases * 365 // days
    most, mean = max(car.flash.erased), sum(car.flash.erased) / _BLOCKS
    words = "journal, %d days of %d operations: %d erases a year, %d allowed; most in one block %.1f x the mean"
    tell("F9", words % (days, _OPERATIONS, year, _YEAR_BUDGET, most / mean), year <= _YEAR_BUDGET and most <= 4 * mean)
    assert car.chain.number - rows > days * 2 * _OPERATIONS
    assert year <= _YEAR_BUDGET
    assert most <= 4 * mean


def test_a_day_under_attack():
    car = Car()
    _normal_day(car)
    before, writes = car.flash.erases, car.flash.writes
    _attack_day(car, 20 if LONG else 1)
    erases = car.flash.erases - before
    words = "journal, a day under attack: %d erases, %d allowed; %d writes"
    tell("F9", words % (erases, _DAY_BUDGET, car.flash.writes - writes), erases <= _DAY_BUDGET)
    assert erases <= _DAY_BUDGET
    decisions = [row for row in _rows(car) if row[16] == 3]
    assert len(decisions) >= 3 * _OPERATIONS  # those of both days are still there


def _rows(car):
    for name in car.chain.files():
        with open(car.chain.folder + "/" + name, "rb") as file:
            data = file.read()
        for at in range(0, len(data), 40):
            yield data[at : at + 40]


def test_how_far_back_earlier_keys_lie_in_old_blocks():
    """LittleFS erases a block when it needs it: what the state was before can be read from the chip until then."""
    car = Car()
    keys = [sha256(bytes(32))]
    furthest = 0
    for flush in range(400):
        car.note(codes.KEYCARD, codes.LOCK, codes.ACCEPTED)
        car.pass_s(3)
        car.leap_s(_DAY_S // _OPERATIONS)
        while len(keys) <= car.chain.number:
            keys.append(next_key(keys[-1]))
        if flush % 10 == 9:
            oldest = 0 if flush == 399 else max(0, len(keys) - 80)
            while not _lies_in(keys[oldest], car.flash.data):
                oldest += 1
            furthest = max(furthest, car.chain.number - oldest)
    print("keys of up to %d earlier writes are still in old blocks of the flash" % furthest)
    assert furthest <= 64


def _lies_in(key, data):
    return data.find(key) >= 0
