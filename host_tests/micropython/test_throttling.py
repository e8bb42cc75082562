"""Wrong proofs without end, by cards and by phones, cost whoever sends them time and nobody else anything.

Three phones that name an owner's key and do not have it, on three of the four radio links, and a card that claims to be
the owner's; an honest card and an honest phone come in between. These are accepted at once, each time; memory and flash
are bounded. 100,000 wrong proofs in `make test-long`.
"""

import asyncio
import gc

from fakes.bench_cards import Clone
from fakes.bench_disk import new_disk
from fakes.bench_pairing import car, enrol_phone
from fakes.bench_phone import LOCK, STATUS, UNLOCK, BenchPhone
from fakes.scale import LONG, SHORT
from latchkey.core import codes

_PROOFS = 100_000 if LONG else 300 if SHORT else 1_500
_WRONG_CARDS = 6  # for each honest one


class _Thief(BenchPhone):
    """Knows everything of an owner's phone but its secret: all of that goes over the air."""

    def __init__(self, bench, victim, number):
        super().__init__(bench, number)
        self.key = victim.key
        self.vin, self.k = victim.vin, b"wrong " + bytes(10)
        self.refused = 0

    async def try_for_ever(self, victim):
        while True:
            if self.line is None or not self.line.connected:
                await self.connect()
            self.epoch, self.clock, self.counter = victim.epoch, victim.now_s(), victim.counter + self.refused
            outcome = await self.command(UNLOCK)
            if outcome is not None:  # it is dropped from time to time, as the place that is kept free
                assert outcome[0] == "fault", outcome
                self.refused += 1


class _Honest(BenchPhone):
    """Knows the vehicle's clock as a phone does that has just shaken hands."""

    shaken_at = 0

    async def present(self):
        await self.connect()
        assert await self.handshake() == 0
        self.shaken_at = self._bench.time.elapsed_ms
        assert await self.command(STATUS) is not None  # who has signed keeps his place

    def now_s(self):
        return self.clock + (self._bench.time.elapsed_ms - self.shaken_at) // 1_000


class _Siege:
    """Thieves who try for ever, and what they have cost."""

    def __init__(self, bench, victim):
        self.thieves = [_Thief(bench, victim, 100 + n) for n in range(3)]
        self.phones = self.thieves + [victim]
        self._victim = victim
        self._tasks = []

    @property
    def refused(self):
        return sum([thief.refused for thief in self.thieves])

    def begin(self):
        self._tasks = [asyncio.create_task(thief.try_for_ever(self._victim)) for thief in self.thieves]

    def end(self):
        """All connections end, the victim's as well."""
        for task in self._tasks:
            task.cancel()
        for phone in self.phones:
            if phone.line is not None and phone.line.connected:
                phone.line.disconnect()
            phone.line = None
            phone.said.clear()


async def _tapped(bench, card, *times_ms):
    """The verdicts on a tap, whatever phones are told meanwhile."""
    await bench.tap(card, *times_ms)
    return [row["verdict"] for row in bench.rows() if row["source"] == "keycard"]


async def _until_pulse(bench, doing):
    """ms until the motor is driven for it, and what comes of it."""
    bench.forget()
    began = bench.time.elapsed_ms
    outcome = await doing
    moved = [at for at, name, _ in bench.notes if name in ("lock", "unlock")]
    assert len(moved) == 1, outcome
    return moved[0] - began, outcome


def _heap():
    gc.collect()
    return gc.mem_alloc()


def test_wrong_proofs_cost_nobody_but_who_sends_them():
    bench, owner = car(disk=new_disk(4_096, 24))
    honest = enrol_phone(bench, 1, codes.OWNER, kind=_Honest)
    clone = Clone(8, owner)

    async def story():
        siege = _Siege(bench, honest)
        alone = longest_tap = longest_press = rounds = heap = erases = 0
        for _ in range(4):
            waited, verdicts = await _until_pulse(bench, _tapped(bench, owner))
            assert verdicts[0] == codes.ACCEPTED
            alone = max(alone, waited)
            await bench.pass_ms(3_000)
        cards = 0
        while cards + siege.refused < _PROOFS:
            await honest.present()
            siege.begin()
            for _ in range(_WRONG_CARDS):
                assert await _tapped(bench, clone, 450, 550) == [codes.WRONG_ANSWER]
                assert bench.pulses() == []
            cards += _WRONG_CARDS
            waited, verdicts = await _until_pulse(bench, _tapped(bench, owner))
            assert verdicts[0] == codes.ACCEPTED, verdicts
            longest_tap = max(longest_tap, waited)
            honest.clock, honest.shaken_at = honest.now_s(), bench.time.elapsed_ms
            order = LOCK if bench.bolt.at == "unlocked" else UNLOCK
            waited, said = await _until_pulse(bench, honest.command(order))
            assert said == "done"
            longest_press = max(longest_press, waited)
            siege.end()
            await bench.pass_ms(100)
            bench.bolt.pulses.clear()  # they would pass for what the firmware has kept
            rounds += 1
            if rounds == 2:
                heap, erases = _heap(), bench.disk._flash.erases
        grown, erased = _heap() - heap, bench.disk._flash.erases - erases
        took_s = bench.time.elapsed_ms // 1_000
        print("%d wrong proofs by cards and %d by phones in %d s;" % (cards, siege.refused, took_s), end=" ")
        print(
            "%d honest taps within %d ms (alone %d), presses %d;" % (rounds, longest_tap, alone, longest_press), end=" "
        )
        print("heap %d bytes more, %d erases" % (grown, erased))
        assert siege.refused > 10 * cards
        assert longest_tap <= alone * 11 // 10 + 5 and longest_press <= 100
        assert grown <= 2_048
        # what was accepted is written down soon, what was refused is counted every ten minutes
        assert erased <= 6 * rounds + took_s // 600

    bench.run(story(), 200_000_000)
