"""What happens between a card's answer and the pulse, counted instead of timed (design §8, first row).

No operation on the curve starts once the card has been asked, at most two AES blocks, no flash, for a card seen for the
first time and for one whose shared secret was prepared, in a list of one and of 300.
"""

from fakes.bench import Bench, SlowArithmetic, codes
from fakes.bench_cards import Acting
from fakes.bench_disk import new_disk
from latchkey.crypto import p256
from latchkey.protocol import keycard

_PROOF = 4  # the APDU that asks the plastic card for its proof


class CountingBlock(keycard.Block):
    """AES that counts its blocks."""

    count = 0

    def encrypt(self, block, out):
        CountingBlock.count += 1
        super().encrypt(block, out)

    def decrypt(self, block, out):
        CountingBlock.count += 1
        super().decrypt(block, out)


class Counters:
    """Looks at all counters whenever bytes of the card reach the firmware, and once more at each pulse.

    `asked`: operations on the curve begun when the card was asked for its proof. `spent`: for each pulse (operations
    begun since then, AES blocks, files opened, flash operations, ms, turns of the vehicle's loop since the last byte).
    """

    def __init__(self, bench):
        self.asked = 0
        self.spent = []
        self._bench = bench
        self._last = ()
        self._readinto = bench.ports[0].readinto
        bench.ports[0].readinto = self._reading
        bench.bolt.on_pulse = self._pulse

    def ask(self):
        self.asked = p256.operations()

    def _look(self):
        bench = self._bench
        now = (CountingBlock.count, bench.disk.opened, bench.disk.operations)
        return now + (bench.time.elapsed_ms, bench.chip.turns)

    def _reading(self, buffer):
        count = self._readinto(buffer)
        self._last = self._look()
        return count

    def _pulse(self):
        since = [now - last for now, last in zip(self._look(), self._last)]
        self.spent.append([p256.operations() - self.asked] + since)


def _spent(cards, step_ms, slow_ms=0):
    """What each of four taps of one card spends, the first of them unprepared."""
    bench = Bench(disk=new_disk(512, 208 if cards > 1 else 32))
    if cards > 1:
        bench.enrol_strangers(cards - 1)
    counters = Counters(bench)
    card = Acting(1, {_PROOF: counters.ask})
    card.slow_ms = slow_ms
    bench.enrol(card, codes.OWNER)

    async def story():
        await bench.pass_ms(1_000)  # the vehicle's key pair is there
        for _ in range(4):
            assert codes.ACCEPTED in await bench.tap(card, 1_000, 2_000)

    block = keycard.Block
    keycard.Block = CountingBlock
    try:
        with SlowArithmetic(bench.time, step_ms):
            bench.run(story())
    finally:
        keycard.Block = block
    assert len(counters.spent) == len(bench.bolt.pulses) == 4
    return counters.spent


def test_from_the_cards_answer_to_the_pulse_nothing_starts_and_flash_rests():
    for cards in (1, 300):
        spent = _spent(cards, 0)
        assert spent == [[0, 1, 0, 0, 0, 0]] * 4, spent


def test_arithmetic_slower_than_the_card_delays_only_the_first_tap():
    """148 steps of 3 ms: still computing when the card has answered after 150 ms. Other tasks run meanwhile."""
    first, *later = _spent(1, 3)
    assert first[:4] == [0, 1, 0, 0] and first[4] > 100
    assert later == [[0, 1, 0, 0, 0, 0]] * 3, later


def test_a_key_that_is_being_renewed_when_the_next_card_comes_delays_nobody():
    """The next tap begins before the new pair is complete: it is served with the old one."""
    bench = Bench()
    counters = Counters(bench)
    owner = bench.enrol(Acting(1, {_PROOF: counters.ask}), codes.OWNER)
    driver = bench.enrol(Acting(2, {_PROOF: counters.ask}), codes.DRIVER)

    async def story():
        await bench.pass_ms(3_000)
        for number in range(6):
            bench.forget()
            assert codes.is_accepted((await bench.tap((owner, driver)[number & 1], 2_500, 0))[0])
        await bench.pass_ms(5_000)

    block = keycard.Block
    keycard.Block = CountingBlock
    try:
        with SlowArithmetic(bench.time, 5):
            bench.run(story())
    finally:
        keycard.Block = block
    assert len(counters.spent) == 6
    assert all(spent[0] == 0 and spent[1] <= 2 and spent[2:4] == [0, 0] for spent in counters.spent), counters.spent


def test_a_tap_while_a_long_list_is_being_written_waits_for_none_of_it():
    bench = Bench(disk=new_disk(512, 208))
    bench.enrol_strangers(299)
    counters = Counters(bench)
    card = bench.enrol(Acting(1, {_PROOF: counters.ask}), codes.OWNER)

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
        assert counters.spent[0][:4] == [0, 1, 0, 0]
        opened = bench.disk.opened
        await bench.pass_ms(600)
        assert bench.disk.opened == opened  # while the motor runs the write rests
        await bench.pass_ms(2_000)
        assert [row["action"] for row in bench.rows()] == ["revoke key", "unlock", "authorise drive", "revoke key"]
        assert bench.rows()[3]["accepted"]

    block = keycard.Block
    keycard.Block = CountingBlock
    try:
        bench.run(story())
    finally:
        keycard.Block = block
