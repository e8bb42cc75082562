"""The abuse drill: the whole application, nine hostile centrals, an honest phone and an owner's card, in virtual time.

    drill = Drill(seed=1)
    drill.run(KINDS, tries=100)
    drill.tries, drill.waits_ms, drill.idle_ms, drill.taps_ms, drill.air.silent_ms

The car is locked. The phone wants to open it, and has 10 s for that; then the card is tapped and locks it, and after
one to three seconds the phone comes again. Ten minutes hold about a hundred tries.

Virtual time knows no computing, so what takes a chip long is given a price: 1 ms for each of the 148 slices of a secret
on the curve, and 10 ms for each message of a phone. A message takes 0.03 to 0.15 ms on a PC, and an ESP32 is about a
hundred times as slow; neither price was measured on one.
"""

import asyncio

from latchkey.core import codes, intent
from latchkey.links.responder import Responder

from fakes.bench import Bench, SlowArithmetic
from fakes.bench_cards import key_card
from fakes.bench_pairing import enrol_phone
from fakes.crowd import hostile, stranger_keys
from fakes.crowd_air import Air, Dice
from fakes.crowd_caller import Caller

PATIENCE_MS = 10_000
CROWD = 9
_SLICE_MS = 1
_MESSAGE_MS = 10
_REST_MS = 1_000  # between taps: the motor may run ten times in 20 s


class SlowMessages:
    """While entered, each message that the vehicle looks at takes so many ms of virtual time, as on a chip."""

    def __init__(self, time, message_ms):
        self._time = time
        self._message_ms = message_ms
        self._original = Responder.handle

    def __enter__(self):
        def slowed(responder, client, message):
            self._time.advance(self._message_ms)
            return self._original(responder, client, message)

        Responder.handle = slowed

    def __exit__(self, *error):
        Responder.handle = self._original


class Drill:
    """waits_ms: of each try that was served within 10 s, of `tries` tries. idle_ms, taps_ms: from the card on the
    reader to the pulse, before the crowd has come and among it. air: see crowd_air.
    """

    def __init__(self, seed):
        self.dice = Dice(seed)
        self.bench = Bench(places=(intent.DOOR,), air=True, seed=seed)
        self.tries = 0
        self.waits_ms = []
        self.idle_ms = []
        self.taps_ms = []
        self.air = None
        self._card = self.bench.enrol(key_card(1), codes.OWNER)
        self._phone = enrol_phone(self.bench, 1, codes.DRIVER)
        self._opened = 0

    def run(self, kinds, tries, idle_taps=0):
        """kinds: of crowd.KINDS, which the nine have in turn. idle_taps: even, so that the car is locked after them."""
        time = self.bench.time
        with SlowArithmetic(time, _SLICE_MS), SlowMessages(time, _MESSAGE_MS):
            self.bench.run(self._story(kinds, tries, idle_taps), 60_000 + 20_000 * (tries + idle_taps))

    async def _story(self, kinds, tries, idle_taps):
        bench = self.bench
        await bench.pass_ms(2_000)
        for _ in range(idle_taps):
            self.idle_ms.append(await self._tap())
            await bench.pass_ms(_REST_MS)
        self.air = Air(bench, self.dice)
        keys = stranger_keys()
        for number in range(CROWD):
            self.air.join(hostile(kinds[number % len(kinds)], self.air, self._phone, keys))
        running = asyncio.create_task(self.air.run())
        await bench.pass_ms(2_000)
        caller = Caller(self.air, self._phone)
        for _ in range(tries):
            await self._try(caller)
            if running.done():
                await running  # it never ends by itself, except by an error
        running.cancel()
        assert len(bench.bolt.pulses) == len(self.idle_ms) + len(self.taps_ms) + self._opened

    async def _try(self, caller):
        bench = self.bench
        began = bench.time.elapsed_ms
        caller.begin()
        while caller.served_ms < 0 and bench.time.elapsed_ms - began < PATIENCE_MS:
            await bench.pass_ms(10)
        self.tries += 1
        stays = self.dice.below(2) and caller.served_ms >= 0
        if not stays:
            self.air.leave(caller)
        await bench.pass_ms(self.dice.between(600, 1_200))
        self._opened += bench.bolt.at == "unlocked"
        if 0 <= caller.served_ms <= PATIENCE_MS:
            assert bench.bolt.at == "unlocked"
            self.waits_ms.append(caller.served_ms)
        self.taps_ms.append(await self._tap())
        if bench.bolt.at == "unlocked":  # it was locked, because the phone was not served
            await bench.pass_ms(_REST_MS)
            self.taps_ms.append(await self._tap())
        if stays:
            self.air.leave(caller)
        await bench.pass_ms(self.dice.between(_REST_MS, 3 * _REST_MS))

    async def _tap(self):
        """Lay the card on the reader at any moment; returns the ms until the motor is driven."""
        bench = self.bench
        await bench.pass_ms(self.dice.below(200))
        pulses = len(bench.bolt.pulses)
        began = bench.time.elapsed_ms
        verdicts = await bench.tap(self._card, 600, 800)
        assert codes.is_accepted(verdicts[0]), verdicts
        (at, _) = bench.bolt.pulses[pulses]
        return at - began


def late(values):
    """The 99th percentile: the least value that 99 of 100 do not exceed."""
    return sorted(values)[(99 * len(values) + 99) // 100 - 1]


def middle(values):
    return sorted(values)[len(values) // 2]
