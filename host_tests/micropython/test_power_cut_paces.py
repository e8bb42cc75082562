"""The power fails at every write and every erase while a card's pace is changed: it has the old one or the new one."""

from fakes.flash import VARIANTS
from fakes.registry_on_flash import BLOCK, Car, blank_image, key, unmount
from latchkey.core.codes import ACCEPTED, DRIVER, OWNER
from latchkey.credentials import entries

_BLOCKS = 24
_UID = b"\x04\x11\x22\x33\x44\x55\x66"
_KEY = bytes(range(16))
_CHANGES = ((0, 50), (0, 0), (1, 60), (1, 0))  # (number, pace), each from what the one before has left


def _run(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def _changed(car, number, pace):
    """True where the change was reported done."""
    try:
        return _run(car.registry.pace_steps(number, pace)) == ACCEPTED
    except OSError:
        return False


def _boot(snapshot):
    car = Car(bytearray(snapshot[0]), dict(snapshot[1]), BLOCK)
    car.registry.load()
    return car


def _looked_at(car, number):
    """The pace after the next boot; both cards are what they were."""
    found = bytearray(17)
    car = car.reboot()
    car.registry.load()
    assert car.registry.find(key(0)) == 0 and car.registry.card_key(1, found) and found[:16] == _KEY
    assert [car.registry.condition(n) for n in (0, 1)] == [entries.ACTIVE] * 2
    return car.registry.pace(number)


def test_a_pace_is_the_old_or_the_new_one_wherever_the_power_fails():
    car = Car(blank_image(BLOCK, _BLOCKS), {}, BLOCK)
    car.registry.load()
    assert car.registry.add(key(0), OWNER) == 0
    assert car.registry.add_aes_card(_UID, DRIVER, _KEY) == 1
    snapshot = car.snapshot()
    cuts = 0
    for number, pace in _CHANGES:
        seen = set()
        before = _boot(snapshot).registry.pace(number)
        for variant in VARIANTS:
            after = 1
            while True:
                car = _boot(snapshot)
                car.power.cut(after, variant)
                done = _changed(car, number, pace)
                if not car.power.gone:
                    break
                shown = _looked_at(car, number)
                assert shown == pace or (shown == before and not done), (number, pace, after, variant, shown)
                seen.add(shown)
                cuts += 1
                after += 1
        assert seen == {before, pace}
        snapshot = car.snapshot()
    print("%d cuts" % cuts)
    unmount()
