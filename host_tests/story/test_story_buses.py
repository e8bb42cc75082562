"""The whole application with its readers on SPI and I2C: two of them side by side, taps counted, faults outlived.

Time on the bus is part of the virtual time here: what is clocked holds up the others for as long as it takes.
"""

from fakes.bench import Bench, SlowArithmetic, codes
from fakes.bench_cards import Acting, key_card
from fakes.bench_counters import PROOF, CountedBlocks, Counters
from fakes.buses import KINDS
from fakes.scale import LONG

_NOTHING_BUT_ONE_BLOCK = (0, 1, 0, 0, 0, 0)
_PATIENCE_MS = 3_000
_LONGEST_TURN_MS = 20
_DOOR = 0
_CABIN = 1


async def _rows(bench, reader, card, stay_ms=900):
    """What a tap at one of the readers brings, as (action, whether accepted)."""
    bench.forget()
    bench.models[reader].put(card)
    await bench.pass_ms(stay_ms)
    bench.models[reader].take_away(card)
    await bench.pass_ms(900)
    return [(row["action"], row["accepted"]) for row in bench.rows()]


def test_a_reader_at_the_door_on_spi_and_one_in_the_cabin_on_i2c():
    bench = Bench(places=(1, 2), buses=("spi", "i2c irq"))
    owner = bench.enrol(key_card(1), codes.OWNER)

    async def story():
        await bench.pass_ms(1_000)
        for _ in range(3):
            assert await _rows(bench, _DOOR, owner) == [("unlock", True)]
            assert await _rows(bench, _CABIN, owner) == [("authorise drive", True)]
            assert await _rows(bench, _DOOR, owner) == [("lock", True)]
            await bench.pass_ms(5_000)  # the motor may run ten times in 20 s
        assert bench.status()["reader"] == "ready"
        assert bench.chip.longest_turn_ms <= _LONGEST_TURN_MS

    with SlowArithmetic(bench.time, 1):
        bench.run(story())
    for model in bench.models:
        assert model.commands[0x4A] > 100  # both were looked at all the time


def test_two_cards_at_two_readers_at_the_same_moment():
    for buses in (("spi", "i2c"), ("i2c", "spi irq"), ("spi lsb", "spi")):
        bench = Bench(places=(1, 2), buses=buses)
        owner = bench.enrol(key_card(1), codes.OWNER)
        driver = bench.enrol(key_card(2), codes.DRIVER)

        async def story(bench=bench, owner=owner, driver=driver):
            await bench.pass_ms(1_000)
            for offset_ms in (0, 3, 40, 130):
                bench.forget()
                bench.models[_DOOR].put(owner)
                await bench.pass_ms(offset_ms)
                bench.models[_CABIN].put(driver)
                await bench.pass_ms(1_500)
                bench.models[_DOOR].take_away(owner)
                bench.models[_CABIN].take_away(driver)
                accepted = [row["action"] for row in bench.rows() if row["accepted"]]
                assert "authorise drive" in accepted and ("unlock" in accepted or "lock" in accepted)
                await bench.pass_ms(5_000)

        with SlowArithmetic(bench.time, 1):
            bench.run(story())


def test_on_every_bus_nothing_starts_between_the_cards_answer_and_the_pulse():
    for kind in KINDS if LONG else ("spi", "i2c"):
        bench = Bench(buses=(kind,))
        counters = Counters(bench)
        card = bench.enrol(Acting(1, {PROOF: counters.ask}), codes.OWNER)

        async def story(bench=bench, card=card):
            await bench.pass_ms(1_000)
            for _ in range(4):
                assert codes.ACCEPTED in await bench.tap(card, 1_000, 2_000)

        with CountedBlocks():
            bench.run(story())
        assert counters.spent == [_NOTHING_BUT_ONE_BLOCK] * 4, (kind, counters.spent)


async def _accepted(bench, card):
    bench.forget()
    bench.model.put(card)
    began = bench.time.elapsed_ms
    while not [verdict for verdict in bench.verdicts() if codes.is_accepted(verdict)]:
        assert bench.time.elapsed_ms - began <= _PATIENCE_MS, (bench.rows(), bench.status()["reader"])
        await bench.pass_ms(20)
    bench.model.take_away(card)
    await bench.pass_ms(2_100)


def test_after_every_fault_of_a_bus_a_tap_works_within_three_seconds():
    both = ("stuck_ready", "never_ready", "garbage", "lost_byte", "reset_in_frame", "stuck_low", "shorted", "dead")
    for kind, more in (("spi irq", ("stuck_high", "late_irq")), ("i2c irq", ("nack", "stretch", "late_irq"))):
        bench = Bench(buses=(kind,))
        owner = bench.enrol(key_card(1), codes.OWNER)

        async def story(bench=bench, owner=owner, faults=both + more):
            await _accepted(bench, owner)
            for fault in faults:
                for lasting_ms in (200, 4_000) if LONG else (1_500,):
                    bench.buses[0].fault(fault, -1, 0 if fault == "late_irq" else 3_000)
                    await bench.pass_ms(lasting_ms)
                    bench.buses[0].clear_faults()
                    await _accepted(bench, owner)
            assert bench.chip.longest_turn_ms <= _LONGEST_TURN_MS

        with SlowArithmetic(bench.time, 1):
            bench.run(story())
