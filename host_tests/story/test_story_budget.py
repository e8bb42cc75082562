"""What happens between a card's answer and the pulse, counted instead of timed.

No operation on the curve starts once the card has been asked, at most two AES blocks, no flash, for a card seen for the
first time and for one whose shared secret was prepared, in a list of one and of 300.
"""

from fakes.bench import Bench, SlowArithmetic, codes
from fakes.bench_cards import Acting
from fakes.bench_counters import PROOF, CountedBlocks, Counters
from fakes.bench_disk import new_disk

_NOTHING_BUT_ONE_BLOCK = (0, 1, 0, 0, 0, 0)


def _spent(cards, step_ms, slow_ms=0):
    """What each of four taps of one card spends, the first of them unprepared."""
    bench = Bench(disk=new_disk(512, 208 if cards > 1 else 32))
    if cards > 1:
        bench.enrol_strangers(cards - 1)
    counters = Counters(bench)
    card = Acting(1, {PROOF: counters.ask})
    card.slow_ms = slow_ms
    bench.enrol(card, codes.OWNER)

    async def story():
        await bench.pass_ms(1_000)  # the vehicle's key pair is there
        for _ in range(4):
            assert codes.ACCEPTED in await bench.tap(card, 1_000, 2_000)

    with CountedBlocks(), SlowArithmetic(bench.time, step_ms):
        bench.run(story())
    assert len(counters.spent) == len(bench.bolt.pulses) == 4
    return counters.spent


def test_from_the_cards_answer_to_the_pulse_nothing_starts_and_flash_rests():
    for cards in (1, 300):
        spent = _spent(cards, 0)
        assert spent == [_NOTHING_BUT_ONE_BLOCK] * 4, spent


def test_arithmetic_slower_than_the_card_delays_only_the_first_tap():
    """148 steps of 3 ms: still computing when the card has answered after 150 ms. Other tasks run meanwhile."""
    first, *later = _spent(1, 3)
    assert first[:4] == _NOTHING_BUT_ONE_BLOCK[:4] and first.ms > 100
    assert later == [_NOTHING_BUT_ONE_BLOCK] * 3, later


def test_a_key_that_is_being_renewed_when_the_next_card_comes_delays_nobody():
    """The next tap begins before the new pair is complete: it is served with the old one."""
    bench = Bench()
    counters = Counters(bench)
    owner = bench.enrol(Acting(1, {PROOF: counters.ask}), codes.OWNER)
    driver = bench.enrol(Acting(2, {PROOF: counters.ask}), codes.DRIVER)

    async def story():
        await bench.pass_ms(3_000)
        for number in range(6):
            bench.forget()
            assert codes.is_accepted((await bench.tap((owner, driver)[number & 1], 2_500, 0))[0])
        await bench.pass_ms(5_000)

    with CountedBlocks(), SlowArithmetic(bench.time, 5):
        bench.run(story())
    assert len(counters.spent) == 6
    assert all(spent[:4] == _NOTHING_BUT_ONE_BLOCK[:4] for spent in counters.spent), counters.spent


def test_a_tap_while_a_long_list_is_being_written_waits_for_none_of_it():
    bench = Bench(disk=new_disk(512, 208))
    bench.enrol_strangers(299)
    counters = Counters(bench)
    card = bench.enrol(Acting(1, {PROOF: counters.ask}), codes.OWNER)

    async def story():
        await bench.pass_ms(1_000)
        bench.forget()
        bench.type("revoke 1")
        await bench.pass_ms(40)
        assert bench.verdicts() == [codes.ACCEPTED]  # begun; 300 cards take half a second
        bench.model.put(card)
        while not bench.bolt.pulses:
            assert bench.vehicle.custody.is_writing()
            await bench.pass_ms(5)
        assert counters.spent[0][:4] == _NOTHING_BUT_ONE_BLOCK[:4]
        opened = bench.disk.opened
        await bench.pass_ms(600)
        assert bench.disk.opened == opened  # while the motor runs the write rests
        await bench.pass_ms(2_000)
        assert [row["action"] for row in bench.rows()] == ["revoke key", "unlock", "authorise drive", "revoke key"]
        assert bench.rows()[3]["accepted"]

    with CountedBlocks():
        bench.run(story())
