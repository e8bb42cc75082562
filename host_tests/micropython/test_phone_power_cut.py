"""The power fails at the writes and erases of a pairing and of a removal over the air, under the whole application.

Whatever was torn, the next boot has the phone as a key with a secret that works, or does not know it at all; what the
phone was told as done stays; the vehicle's own key and the owner's card come through.
"""

from fakes.bench import Bench, codes
from fakes.bench_cards import key_card
from fakes.bench_disk import new_disk
from fakes.bench_pairing import enrol_phone, pair
from fakes.bench_phone import UNLOCK, BenchPhone, remove_key
from fakes.flash import VARIANTS
from fakes.marks import Marks
from fakes.scale import LONG, SHORT
from latchkey.protocol import vehicle_command_numbers as numbers

_ROUNDS = VARIANTS if LONG else VARIANTS[1:3]
_STEP = 1 if LONG else 17 if SHORT else 5
_DONE = ("keys", numbers.KEY_LIST_CHANGED)


def _car():
    """A car with an owner's card, an owner's phone, a driver's phone, and one that is to be paired."""
    bench = Bench(disk=new_disk(512, 32), air=True)
    owner = bench.enrol(key_card(1), codes.OWNER)
    phones = [enrol_phone(bench, number, role) for number, role in ((1, codes.OWNER), (2, codes.DRIVER))]
    bench.marks = Marks(bench.marks.values, bench.disk.power)
    return bench, owner, phones + [BenchPhone(bench, 3)]


async def _pair(bench, owner, phones, where):
    await phones[2].connect()
    bench.disk.power.cut(*where)
    return await pair(bench, owner, phones[2])


async def _remove(bench, owner, phones, where):
    await phones[0].connect()
    await phones[0].handshake()
    bench.disk.power.cut(*where)
    return await phones[0].command(remove_key(phones[1].key), 1_500)


async def _look(bench, owner, phones):
    """Which of the phones open the car now."""
    assert bench.status()["registry"] == "ready", bench.status()
    opens = []
    for phone in phones:
        await phone.connect()
        known = await phone.handshake()
        opened = await phone.command(UNLOCK)
        assert (known, opened) in ((0, "done"), (1, ("fault", numbers.UNKNOWN_KEY_ID))), (known, opened)
        opens.append(known == 0)
        phone.line.disconnect()
        await bench.pass_ms(4_000)
    assert codes.ACCEPTED in await bench.tap(owner)
    return opens


def _try(change, before, after):
    """Cut at one operation of the change after the other, until it comes through; how many operations it has."""
    number = 1
    outcomes = set()
    while True:
        for variant in _ROUNDS:
            bench, owner, phones = _car()
            power = bench.disk.power
            vin = bytes(phones[0].vin)
            told = bench.run(change(bench, owner, phones, (number, variant)))
            bench.marks = Marks(bench.marks.values)
            opens = bench.run(_look(bench, owner, phones))
            assert opens in (before, after), (number, variant, opens)
            assert opens == after or told != _DONE, (number, variant)
            assert bench.vehicle.custody.identity.vin == vin
            outcomes.add(opens == after)
        if power.count < power.cut_at:
            assert outcomes == {True, False}
            return number
        number += _STEP


def test_a_pairing_is_done_or_never_happened_wherever_the_power_fails():
    assert _try(_pair, [True, True, False], [True, True, True]) > 10


def test_a_removal_is_done_or_never_happened_wherever_the_power_fails():
    assert _try(_remove, [True, True, False], [True, False, False]) > 10
