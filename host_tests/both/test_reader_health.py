"""Everything that can happen to a reader: each fault is over or reported within 3 s, each recovery takes 3 s at most.

Times are virtual, of the driver against a strict model of the chip at 115200 baud.
"""

import asyncio
import random

from fakes.reader_bench import KEY_UID, Bench, EchoCard
from fakes.scale import LONG
from latchkey.core import words
from latchkey.core.words import word
from latchkey.drivers.pn532_error import CardError, Pn532Error
from latchkey.drivers.pn532_listing import Card
from latchkey.drivers.reader_health import FAULT, PROBING, READY, REINITIALISING, RESETTING

_LIMIT_MS = 3_000

# Faults that last until they are cleared, whether the reset pin is wired, and what the reader can make of it.
_LASTING = (
    ("hang", True, READY),
    ("hang", False, FAULT),
    ("dead", True, FAULT),
    ("dead", False, FAULT),
    ("no_ack", True, FAULT),
    ("no_ack", False, FAULT),
    ("no_answer", True, FAULT),
    ("no_answer", False, FAULT),
    ("partial", True, FAULT),
    ("partial", False, FAULT),
    ("bad_checksum", True, READY),  # every answer comes a second time, undamaged
    ("slow", True, READY),
    ("garbage_before", True, READY),
    ("garbage_after", True, READY),
)


# The frame with which the driver limits the retries of a listing, and the one that would make it last for ever.
_THREE_TRIES = bytes.fromhex("0000ff06fad43205ff0102f300")
_FOR_EVER = bytes.fromhex("0000ff06fad43205ff01fff600")


async def _reaches(bench, states, within_ms=_LIMIT_MS):
    """The time until the reader's health is one of `states`; fails if that takes too long."""
    began = bench.time.elapsed_ms
    while bench.reader.health not in states:
        await asyncio.sleep_ms(1)
        assert bench.time.elapsed_ms - began <= within_ms, word(words.READERS, bench.reader.health)
    return bench.time.elapsed_ms - began


async def _polled(bench, story):
    """Run a story while the reader waits for a card; the card's UID if one came, else None."""
    card = Card()
    task = asyncio.create_task(bench.reader.wait_card(card))
    await story
    if task.done():
        return card.uid
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    return None


def test_it_starts_in_no_time():
    bench = Bench()
    bench.run(_polled(bench, _reaches(bench, (READY,), 200)))
    assert bench.pin.pulses == 0
    assert [state for _, state in bench.health] == [READY]


def _lasting_fault(fault, reset_wired):
    """Let a fault strike and last; returns what the health has become, after how long, and the time to recover."""
    bench = Bench(reset_wired)

    async def story():
        await _reaches(bench, (READY,))
        bench.bus.fault(fault, -1)
        began = bench.time.elapsed_ms
        await asyncio.sleep_ms(_LIMIT_MS)
        lasting, at_ms = bench.reader.health, bench.health[-1][0] - began
        await asyncio.sleep_ms(random.randrange(1_000))
        assert bench.reader.health == lasting
        bench.bus.clear_faults()
        if fault == "hang" and not reset_wired:
            bench.bus.power_cycle()  # nothing else helps without the pin
        recovery_ms = await _reaches(bench, (READY,))
        bench.model.put(EchoCard())
        await asyncio.sleep_ms(400)
        return lasting, at_ms, recovery_ms

    results = []

    async def keep():
        results.append(await story())

    assert bench.run(_polled(bench, keep())) == KEY_UID
    return results[0]


def test_every_lasting_fault_is_cured_or_reported_and_every_recovery_is_noticed():
    for fault, reset_wired, expected in _LASTING:
        lasting, at_ms, recovery_ms = _lasting_fault(fault, reset_wired)
        assert lasting == expected, (fault, reset_wired, word(words.READERS, lasting))
        assert at_ms <= _LIMIT_MS
        assert recovery_ms <= _LIMIT_MS


def test_a_line_that_damages_every_answer_and_its_repetition():
    for mangle in (
        lambda piece: piece.replace(b"\xd5", b"\xd4"),  # checksum
        lambda piece: piece.replace(b"\x00\x00\xff", b"\x00\x00\xfe"),  # start code
        lambda piece: piece[:-3] if b"\xd5" in piece else piece,  # end
        lambda piece: b"",
        lambda piece: bytes(each ^ 0xFF for each in piece),
    ):
        bench = Bench()

        async def story(bench=bench, mangle=mangle):
            await _reaches(bench, (READY,))
            bench.port.mangle = mangle
            await _reaches(bench, (FAULT,))
            await asyncio.sleep_ms(random.randrange(1_000))
            bench.port.mangle = None
            await _reaches(bench, (READY,))
            bench.model.put(EchoCard())
            await asyncio.sleep_ms(400)

        assert bench.run(_polled(bench, story())) == KEY_UID


def test_a_hang_is_cured_by_the_reset_pin_and_by_nothing_less():
    bench = Bench()

    async def story():
        await _reaches(bench, (READY,))
        bench.bus.fault("hang")
        await _reaches(bench, (PROBING, REINITIALISING, RESETTING))
        await _reaches(bench, (READY,))

    bench.run(_polled(bench, story()))
    assert [state for _, state in bench.health] == [READY, PROBING, REINITIALISING, RESETTING, READY]
    assert bench.pin.pulses == 1


def test_a_lost_supply_is_cured_by_setting_up_anew():
    bench = Bench()

    async def story():
        await _reaches(bench, (READY,))
        bench.bus.power_cycle()
        await _reaches(bench, (PROBING, REINITIALISING))
        await _reaches(bench, (READY,))

    bench.run(_polled(bench, story()))
    assert [state for _, state in bench.health] == [READY, PROBING, REINITIALISING, READY]
    assert bench.pin.pulses == 0


def test_one_damaged_frame_is_not_even_a_fault():
    for fault in ("bad_checksum", "garbage_before", "garbage_after", "slow"):
        bench = Bench()

        async def story(bench=bench, fault=fault):
            await _reaches(bench, (READY,))
            for _ in range(10):
                bench.bus.fault(fault)
                await asyncio.sleep_ms(500)

        bench.run(_polled(bench, story()))
        assert [state for _, state in bench.health] == [READY]


def test_one_lost_command_costs_a_probe():
    for fault in ("no_ack", "no_answer", "partial"):  # half of a short answer is only half a header
        bench = Bench()

        async def story(bench=bench, fault=fault):
            await _reaches(bench, (READY,))
            bench.bus.fault(fault)
            await asyncio.sleep_ms(1_000)

        bench.run(_polled(bench, story()))
        assert [state for _, state in bench.health] == [READY, PROBING, READY]


def test_the_slowest_way_up_the_ladder():
    """The chip forgets its limit of retries and never takes it again: all is confirmed, and no listing ends."""
    bench = Bench()
    write = bench.port.write

    async def story():
        await _reaches(bench, (READY,))
        bench.port.write = lambda data: write(_FOR_EVER if bytes(data) == _THREE_TRIES else data)
        while bench.model.field.on:
            await asyncio.sleep_ms(1)
        write(_FOR_EVER)
        await _reaches(bench, (FAULT,))
        bench.model.put(EchoCard())
        await asyncio.sleep_ms(1_500)

    assert bench.run(_polled(bench, story())) == KEY_UID  # even so a card is seen
    assert [state for _, state in bench.health[:5]] == [READY, PROBING, REINITIALISING, RESETTING, FAULT]


def test_without_a_reader_the_card_reader_is_reported_and_no_time_is_wasted():
    bench = Bench()
    bench.port.cut = True
    calls = []

    async def story():
        task = asyncio.create_task(bench.reader.wait_card(Card(), lambda: calls.append(1)))
        await _reaches(bench, (FAULT,))
        await asyncio.sleep_ms(10_000)
        assert len(calls) > 1_000
        bench.port.cut = False
        await _reaches(bench, (READY,))
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass

    bench.run(story())


def test_a_card_that_stays_through_a_fault_is_no_new_tap():
    for fault in ("no_ack", "dead", "no_answer"):
        bench = Bench()
        bench.model.put(EchoCard())

        async def story(bench=bench, fault=fault):
            card = Card()
            await bench.reader.wait_card(card)
            task = asyncio.create_task(bench.reader.wait_card(card))
            bench.bus.fault(fault, -1)
            await asyncio.sleep_ms(5_000)
            bench.bus.clear_faults()
            await _reaches(bench, (READY,))
            await asyncio.sleep_ms(3_000)
            assert not task.done()
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass

        bench.run(story())


def test_nobody_counts_as_gone_while_the_reader_is_blind():
    bench = Bench()
    bench.model.put(EchoCard())

    async def story():
        await bench.reader.wait_card(Card())
        bench.bus.fault("dead", -1)
        task = asyncio.create_task(bench.reader.wait_gone())
        await asyncio.sleep_ms(10_000)
        assert not task.done()
        bench.bus.clear_faults()
        await asyncio.sleep_ms(3_000)
        assert not task.done()
        for card in bench.model.cards:
            bench.model.take_away(card)
        assert await task

    bench.run(story())


async def _talk(bench, seen):
    """What a link does: wait for cards, exchange an APDU with each, ask for others, and take every failure."""
    card = Card()
    answer = bytearray(300)
    while True:
        await bench.reader.wait_card(card)
        try:
            found = True
            while found:
                apdu = bytes(random.getrandbits(8) for _ in range(random.randrange(1, 280)))
                count = await bench.reader.transceive(apdu, answer, 1_000)
                assert bytes(answer[:count]) == apdu + b"\x90\x00"
                seen[0] += 1
                seen[1] = card.uid
                found = await bench.reader.next_in_field(card)
        except CardError:
            await bench.reader.again(card)
        except Pn532Error:
            pass


_STRIKES = ("no_ack", "no_answer", "bad_checksum", "partial", "garbage_before", "garbage_after", "slow", "status")


async def random_faults(bench, rounds):
    """So many faults, some of them at once, most while a card is being talked to; each time all is well within 3 s."""
    bench.reader.on_health(lambda state: None)
    seen = [0, b""]  # how many cards were talked to, and the last one
    task = asyncio.create_task(_talk(bench, seen))
    worst_ms = 0
    for _ in range(rounds // 5):
        card = EchoCard(bytes(random.getrandbits(8) for _ in range(7)), random.randrange(100))
        bench.model.put(card)
        for _ in range(4):
            bench.bus.fault(_STRIKES[random.randrange(len(_STRIKES))], random.randrange(1, 4), 0x0B)
            await asyncio.sleep_ms(random.randrange(120))
        bench.bus.fault("hang" if random.randrange(4) else "dead")
        await asyncio.sleep_ms(random.randrange(600))
        bench.bus.clear_faults()
        bench.model.take_away(card)
        worst_ms = max(worst_ms, await _reaches(bench, (READY,)))
        heard = seen[0]
        bench.model.put(EchoCard(KEY_UID))
        while seen[0] == heard or seen[1] != KEY_UID:
            await asyncio.sleep_ms(1)
            assert not task.done()
        for each in bench.model.cards:
            bench.model.take_away(each)
        await asyncio.sleep_ms(800)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    return worst_ms


def test_random_faults():
    random.seed(532)
    rounds = 10_000 if LONG else 1_000
    bench = Bench()
    assert bench.run(random_faults(bench, rounds), rounds * 2_000) <= _LIMIT_MS
