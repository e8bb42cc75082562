"""What a year does to the flash, as far as keys, settings and seed go: every write is made, and the erases counted.

A busy year of one car: a change of the list of keys each week, settings once a month, a start each day (which renews
the seed), the guests suspended and admitted each week. Switches and clock are marks, which the ESP32 keeps in NVS:
counted as writes, because NVS has its own pages. Decisions write nothing here; what the journal writes, its own test
counts. Budget of everything together: 20,000 erases a year (flash of 100,000 cycles and 256 blocks lasts for
centuries then; the chip's data sheet has the last word).
"""

from fakes.flash import Flash
from fakes.marks import Marks
from fakes.registry_on_flash import Car, blank_image, key, unmount
from fakes.results import tell
from fakes.scale import SHORT
from latchkey.core import codes
from latchkey.credentials import entries
from latchkey.credentials.registry import READY
from latchkey.credentials.wall_clock import WallClock
from latchkey.storage import seed
from latchkey.storage.records import Record
from latchkey.storage.settings import Settings

_BLOCK, _BLOCKS = 4_096, 256
_WEEKS, _DAYS, _MONTHS = (5, 35, 1) if SHORT else (52, 364, 12)
_FROM = 848_880_000
_DAY_S = 86_400
_BUDGET = 20_000


class _Worn(Flash):
    """Counts the erases of each block as well."""

    def ioctl(self, operation, argument):
        if operation == 6:
            self.worn[argument] += 1
        return super().ioctl(operation, argument)


class _Counting(Marks):
    sets = 0

    def set(self, name, value):
        self.sets += 1
        super().set(name, value)


def _car(keys):
    """A car with so many keys, whose flash counts what each block suffers."""
    car = Car(blank_image(_BLOCK, _BLOCKS), {}, _BLOCK, 1_088)
    unmount()
    car.flash = _Worn(car.power, car.flash.data, _BLOCK)
    car.flash.worn = [0] * _BLOCKS
    car.mount()
    body = bytearray(entries.header())
    for n in range(keys):
        role = codes.OWNER if n < 2 else codes.GUEST if n == 2 else codes.DRIVER
        body.extend(entries.entry(role, 1, key(n)))
    for _ in Record("/flash/keys").change_steps(0, body):
        pass
    car.marks = car.registry._marks = _Counting(car.marks.values)
    assert car.registry.load() == READY
    return car


def _random(count):
    return bytes(count)


def _change_of_week(registry, week):
    """One of what an owner does in turn; True when it was done."""
    kind = week % 6
    if kind == 0:
        return registry.limit(2, (_FROM + week * 7 * _DAY_S, _FROM + (week + 1) * 7 * _DAY_S, 0)) == codes.ACCEPTED
    if kind == 1:
        return registry.suspend(3, True) == codes.ACCEPTED
    if kind == 2:
        return registry.suspend(3, False) == codes.ACCEPTED
    if kind == 3:
        return registry.add_phone(b"\xfe" * 64, codes.DRIVER, bytes(16)) >= 0
    if kind == 4:
        return registry.revoke(registry.find(b"\xfe" * 64)) == codes.ACCEPTED
    return registry.limit(2, None) == codes.ACCEPTED


def _a_year(keys):
    car = _car(keys)
    settings = Settings(Record("/flash/settings"))
    before = car.flash.erases
    clock = WallClock(car.marks)
    for day in range(_DAYS):
        seed.renewed("/flash/seed", _random, car.marks)
        clock = WallClock(car.marks)
        clock.set(_FROM + day * _DAY_S, 10, False)
        for second in range(10, _DAY_S, 7_200):
            clock.keep(second)
        if day % 7 == 0:
            assert _change_of_week(car.registry, day // 7)
            car.marks.set("switches", 4)  # guests suspended, and admitted again
            car.marks.set("switches", 0)
        if day % 30 == 0:
            for _ in settings.change_steps("broker", "mqtts://192.0.2.%d" % (day % 250)):
                pass
    erases, worn = car.flash.erases - before, car.flash.worn
    words = "%d keys, a year of keys, settings and seed: %d erases, most in one block %d; %d marks"
    tell("F9", words % (keys, erases, max(worn), car.marks.sets), erases <= _BUDGET)
    unmount()
    return erases, car.marks.sets


def test_a_year_of_a_family_s_car():
    erases, marks = _a_year(12)
    assert erases <= _BUDGET // 20
    assert marks <= _DAYS + 5 * _WEEKS  # one a day for the clock; two for each change of keys, two for the guests


def test_a_year_of_a_car_with_a_thousand_cards():
    erases, _ = _a_year(1_000)
    assert erases <= 3_500  # what the journal leaves of the budget
