"""Faults that only a bus has: each is over or reported within 3 s, each recovery takes 3 s at most.

Times are virtual, of the driver against the model of the chip at the level of bytes and edges; they include the bus's.
"""

import asyncio
import random

from fakes.buses import KINDS
from fakes.reader_bench import KEY_UID, Bench, EchoCard
from fakes.scale import LONG
from latchkey.core import words
from latchkey.core.words import word
from latchkey.drivers.pn532_listing import Card
from latchkey.drivers.reader_health import FAULT, PROBING, READY
from pn532_model.bus import BUS_FAULTS
from test_reader_health import _LIMIT_MS, _polled, _reaches, random_faults

_NEVER = 0  # of "late_irq"
_ENDLESS_US = 3_000  # more than the port bears

# (on which buses, fault, argument, what the reader makes of it with its reset pin wired, and without)
_LASTING = (
    ("spi i2c", "stuck_ready", 0, READY, READY),  # there is much noise, and between it all that is awaited
    ("spi i2c", "never_ready", 0, FAULT, FAULT),
    ("spi i2c", "garbage", 0, FAULT, FAULT),
    ("spi i2c", "lost_byte", 0, FAULT, FAULT),
    ("spi i2c", "reset_in_frame", 0, FAULT, FAULT),
    ("spi i2c", "stuck_low", 0, READY, FAULT),
    ("spi i2c", "shorted", 0, FAULT, FAULT),
    ("spi i2c", "stuck_high", 0, FAULT, FAULT),
    ("i2c", "nack", 0, FAULT, FAULT),
    ("i2c", "nack_data", 0, FAULT, FAULT),
    ("i2c", "stretch", _ENDLESS_US, FAULT, FAULT),
)


def _lasting_fault(kind, fault, argument, reset_wired):
    """Let a fault of the bus last; returns what the health has become, after how long, and the time to recover."""
    bench = Bench(reset_wired, kind=kind)
    results = []

    async def story():
        await _reaches(bench, (READY,))
        bench.bus.fault(fault, -1, argument)
        began = bench.time.elapsed_ms
        await asyncio.sleep_ms(_LIMIT_MS)
        lasting, at_ms = bench.reader.health, bench.health[-1][0] - began
        await asyncio.sleep_ms(random.randrange(1_000))
        assert bench.reader.health == lasting
        bench.bus.clear_faults()
        recovery_ms = await _reaches(bench, (READY,))
        bench.model.put(EchoCard())
        await asyncio.sleep_ms(400)
        results.append((lasting, at_ms, recovery_ms))

    assert bench.run(_polled(bench, story())) == KEY_UID
    return results[0]


def test_every_lasting_fault_of_a_bus_is_cured_or_reported_and_every_recovery_is_noticed():
    random.seed(532)
    for kind in KINDS:
        for buses, fault, argument, *expected in _LASTING:
            for reset_wired in (True, False):
                if kind.split(" ")[0] not in buses or not (LONG or reset_wired or kind in ("spi", "i2c")):
                    continue
                lasting, at_ms, recovery_ms = _lasting_fault(kind, fault, argument, reset_wired)
                what = (kind, fault, reset_wired, word(words.READERS, lasting), at_ms, recovery_ms)
                assert lasting == expected[not reset_wired], what
                assert at_ms <= _LIMIT_MS and recovery_ms <= _LIMIT_MS, what


def test_one_fault_at_any_moment_is_overcome_within_the_time_of_a_tap():
    random.seed(533)
    for kind in ("spi", "i2c", "spi irq", "i2c irq"):
        for fault in BUS_FAULTS:
            bench = Bench(kind=kind)

            async def story(bench=bench, fault=fault):
                await _reaches(bench, (READY,))
                for _ in range(20 if LONG else 4):
                    bench.bus.fault(fault, 1, _ENDLESS_US if fault == "stretch" else _NEVER)
                    await asyncio.sleep_ms(random.randrange(600))
                    bench.bus.clear_faults()  # those that would last
                    await _reaches(bench, (READY,), 1_000)
                    await asyncio.sleep_ms(random.randrange(200))

            bench.run(_polled(bench, story()))
            # Nobody there, or a bus that hangs, is known at once and reported; all else has time to be over before.
            if fault not in ("shorted", "stuck_high"):
                assert FAULT not in [state for _, state in bench.health], (kind, fault)


def test_a_broken_interrupt_line_costs_time_and_nothing_else():
    for kind in ("spi irq", "i2c irq"):
        took_ms = []
        for broken in (False, True):
            bench = Bench(kind=kind)
            bench.wired.irq.broken = broken

            async def story(bench=bench, took_ms=took_ms):
                card = Card()
                bench.model.put(EchoCard())
                await bench.reader.wait_card(card)
                began = bench.time.elapsed_ms
                answer = bytearray(20)
                for _ in range(10):
                    assert await bench.reader.transceive(b"\x80\x04", answer, 500) == 4
                took_ms.append(bench.time.elapsed_ms - began)

            bench.run(story())
            assert [state for _, state in bench.health] == [READY]
        assert took_ms[0] + 10 <= took_ms[1] <= took_ms[0] + 200, took_ms


def test_a_late_interrupt_line_does_not_keep_a_frame_waiting_for_ever():
    for kind in ("spi irq", "i2c irq"):
        bench = Bench(kind=kind)

        async def story(bench=bench):
            bench.bus.fault("late_irq", -1, 30)
            await _reaches(bench, (READY,))
            await asyncio.sleep_ms(3_000)

        bench.run(_polled(bench, story()))
        assert [state for _, state in bench.health] == [READY]


def test_a_bus_that_hangs_is_not_asked_all_the_time():
    """Each access to it takes as long as the port waits, and holds up everybody."""
    bench = Bench(reset_wired=False, kind="i2c")

    async def story():
        await _reaches(bench, (READY,))
        bench.bus.fault("shorted", -1)
        await _reaches(bench, (FAULT,), 500)
        began, accesses = bench.time.elapsed_ms, bench.port.line.transfers
        await asyncio.sleep_ms(10_000)
        accesses = bench.port.line.transfers - accesses
        assert accesses <= 8 * (bench.time.elapsed_ms - began) // 1_000, accesses

    bench.run(_polled(bench, story()))


def test_a_reader_that_is_plugged_in_late_is_found_whatever_the_order_of_bits():
    for kind in KINDS:
        bench = Bench(reset_wired=False, kind=kind)
        bench.bus.fault("stuck_high", -1)

        async def story(bench=bench):
            await _reaches(bench, (FAULT,))
            await asyncio.sleep_ms(random.randrange(3_000))
            bench.bus.clear_faults()
            bench.bus.power_cycle()
            await _reaches(bench, (READY,), 1_000)

        bench.run(_polled(bench, story()))


def test_a_lost_byte_is_only_a_damaged_frame():
    for kind in ("spi", "i2c"):
        bench = Bench(kind=kind)

        async def story(bench=bench):
            await _reaches(bench, (READY,))
            for _ in range(20):
                bench.bus.fault("lost_byte")
                await asyncio.sleep_ms(400)
            assert bench.reader.health == READY

        bench.run(_polled(bench, story()))
        assert {state for _, state in bench.health} <= {READY, PROBING}


def test_random_faults_of_chip_and_bus():
    random.seed(534)
    for kind in KINDS if LONG else ("spi irq", "i2c"):
        bench = Bench(kind=kind)
        rounds = 2_000 if LONG else 60

        async def trouble(bench=bench):
            while True:
                name = BUS_FAULTS[random.randrange(len(BUS_FAULTS))]
                bench.bus.fault(name, random.randrange(1, 6), random.randrange(3_000))
                await asyncio.sleep_ms(random.randrange(700))

        async def story(bench=bench, trouble=trouble, rounds=rounds):
            task = asyncio.create_task(trouble())
            try:
                for _ in range(rounds // 10):
                    await asyncio.sleep_ms(random.randrange(1_500))
                    task.cancel()
                    bench.bus.clear_faults()
                    assert await random_faults(bench, 10) <= _LIMIT_MS
                    task = asyncio.create_task(trouble())
            finally:
                task.cancel()

        bench.run(story(), rounds * 4_000)
