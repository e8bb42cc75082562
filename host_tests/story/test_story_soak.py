"""Three days of a car's life: owners, strangers, doors, drives, a crash, reader faults, keys that come and go.

While anything happens every loop runs at its full pace. The hours between, in which nothing moves and no card is near,
are leapt over in pieces of minutes, always between two dialogues with the reader: to the controller each leap is a
processor that stood still. The ticks wrap in the middle. Under make test-long 20 seeds, and 50 that live for 30 days.
"""

import gc
import hashlib
import sys

from fakes.bench import Bench, Time, codes
from fakes.bench_cards import Bank, Clone, key_card, tag
from fakes.results import tell
from fakes.scale import LONG

_HOUR_MS = 3_600_000
_GROWTH = 512  # bytes, or CPython's blocks
_LEAP_MS = 400_000
_FAULTS = ("hang", "no_ack", "no_answer", "bad_checksum", "partial", "garbage_before", "garbage_after", "dead", "slow")

_memory = getattr(gc, "mem_alloc", None) or sys.getallocatedblocks


class Life:
    """One seed. `trace` is the hash of everything that was told and driven, `accepted` how many requests were."""

    def __init__(self, seed, hours, net=False):
        self.accepted = self.refused = self.events = 0
        self.early = self.late = 0  # most memory in use, in the first hours and in the last day
        self._hours = hours
        self._state = seed
        self._trace = hashlib.sha256()
        self._bench = bench = Bench(seed=seed, time=Time((1 << 30) - hours * _HOUR_MS // 2), net=net)
        self._owner = bench.enrol(key_card(1), codes.OWNER)
        self._driver = bench.enrol(key_card(2, gauss=True), codes.DRIVER)
        self._guest = bench.enrol(key_card(3), codes.GUEST)
        self._strangers = (tag(), Bank(), key_card(9), Clone(10, self._owner))
        self._events = (
            (30, self._own_tap),
            (10, self._strange_tap),
            (10, self._button),
            (8, self._doors),
            (6, self._drive_off),
            (8, self._fault),
            (4, self._wallet),
            (3, self._new_card),
            (1, self._crash),
            (2, self._weak_battery),
        )

    def run(self):
        """Live through it; returns the trace."""
        self._bench.run(self._days(), (self._hours + 1) * _HOUR_MS)
        return self._trace.digest()

    async def _days(self):
        bench = self._bench
        await bench.pass_ms(2_000)
        end_ms = self._hours * _HOUR_MS
        while bench.time.elapsed_ms < end_ms:
            await self._event()
            self._listen()
            await self._leap(self._roll(2_600_000))
            self._measure()
        await bench.pass_ms(60_000)
        bench.forget()
        while bench.bolt.at == "locked":  # after everything, an owner gets in
            await bench.tap(self._owner)
        assert bench.status()["reader"] == "ready" and bench.status()["registry"] == "ready"

    async def _event(self):
        total = sum([weight for weight, _ in self._events])
        at = self._roll(total)
        for weight, event in self._events:
            at -= weight
            if at < 0:
                self.events += 1
                await event()
                return

    def _listen(self):
        bench = self._bench
        for row in bench.rows():
            told = (row["seq"], row["uptime_s"], row["source"], row["credential"], row["action"], row["verdict"])
            self._trace.update(str(told).encode())
            self.accepted += row["accepted"]
            self.refused += not row["accepted"]
        for note in bench.notes:
            self._trace.update(str(note).encode())
        bench.forget()
        bench.bolt.pulses.clear()

    async def _leap(self, ms):
        """Let the time go by in which nothing happens."""
        bench = self._bench
        await bench.pass_ms(1_500)
        while ms > 0:
            while not (bench.model.field.on or bench.model.wait_ms() is not None):
                await bench.pass_ms(7)
            while bench.model.field.on or bench.model.wait_ms() is not None:
                await bench.pass_ms(3)
            await bench.pass_ms(20)  # the answer to the field's switching off has been read
            bench.time.advance(min(ms, _LEAP_MS))
            ms -= _LEAP_MS

    def _measure(self):
        gc.collect()
        now = _memory()
        if self._bench.time.elapsed_ms < self._hours * _HOUR_MS // 6:
            self.early = max(self.early, now)
        elif self._bench.time.elapsed_ms > self._hours * _HOUR_MS * 2 // 3:
            self.late = max(self.late, now)

    def _roll(self, below):
        self._state = (self._state * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        return (self._state >> 3) % below

    async def _own_tap(self):
        card = (self._owner, self._driver, self._guest)[self._roll(3)]
        await self._bench.tap(card, 20 + self._roll(900))

    async def _strange_tap(self):
        await self._bench.tap(self._strangers[self._roll(4)], 100 + self._roll(900))

    async def _wallet(self):
        self._bench.model.put(self._strangers[self._roll(3)])
        await self._bench.tap(self._owner, 1_500)
        for card in self._bench.model.cards:
            self._bench.model.take_away(card)

    async def _button(self):
        await self._bench.press(100 + self._roll(900) if self._roll(4) else 5_500)

    async def _doors(self):
        self._bench.wires["door"].level ^= 1
        await self._bench.pass_ms(100)

    async def _drive_off(self):
        wires = self._bench.wires
        await self._bench.tap(self._driver)
        wires["ignition"].level = 1
        await self._bench.pass_ms(500)
        wires["speed"].level = 50
        await self._leap(self._roll(1_000_000))
        wires["speed"].level = 0
        await self._bench.pass_ms(100)
        wires["ignition"].level = 0
        await self._bench.pass_ms(100)

    async def _fault(self):
        bench = self._bench
        bench.model.fault(_FAULTS[self._roll(len(_FAULTS))], -1 if self._roll(2) else 1 + self._roll(4))
        await bench.tap(self._owner, 200 + self._roll(1_500))
        bench.model.clear_faults()
        await bench.pass_ms(2_500)

    async def _new_card(self):
        """Enrolled by the owner, used, and revoked: always the same card, so the list does not grow."""
        bench, card = self._bench, key_card(11)
        bench.wires["button"].level = 1
        await bench.pass_ms(100)
        await bench.tap(self._owner)
        bench.wires["button"].level = 0
        await bench.pass_ms(100)
        for each in (card, self._owner, card):
            await bench.tap(each, 700, 1_000)
        for key in bench.status()["keys"]:
            if key["id"] == card.short_id:
                bench.type("revoke %d" % key["number"])
        await bench.pass_ms(1_000)
        await bench.tap(card)

    async def _crash(self):
        self._bench.wires["crash"].level = 1
        await self._bench.pass_ms(300)
        self._bench.wires["crash"].level = 0
        await self._bench.pass_ms(3_000)

    async def _weak_battery(self):
        self._bench.wires["supply"].level = 8_200
        await self._bench.pass_ms(1_500)
        await self._bench.tap(self._owner)
        self._bench.wires["supply"].level = 12_600
        await self._bench.pass_ms(1_500)


def _live(hours, seeds):
    """So many lives, none of which grows or breaks anything."""
    events = accepted = refused = most = 0
    for seed in range(1, seeds + 1):
        life = Life(seed, hours)
        life.run()
        print("%d h, seed %d: %d events, memory %d, then %d" % (hours, seed, life.events, life.early, life.late))
        assert life.accepted > 50 and life.refused > 30
        assert life.late <= life.early + _GROWTH
        events, most = events + life.events, max(most, life.late - life.early)
        accepted, refused = accepted + life.accepted, refused + life.refused
    words = "%d h x %d seeds: %d events, %d accepted, %d refused, nothing lost; memory at the end %+d at most"
    tell("F10", words % (hours, seeds, events, accepted, refused, most))


def test_three_days_take_no_memory_and_leave_nothing_broken():
    _live(72, 20 if LONG else 1)


if LONG:

    def test_thirty_days_across_the_wrap_of_the_ticks():
        _live(720, 50)


def test_the_same_seed_is_the_same_life():
    hours = 24 if LONG else 3
    assert Life(7, hours).run() == Life(7, hours).run() != Life(8, hours).run()
