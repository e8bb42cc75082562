"""The air around the bench's car, shared by many centrals that compete for its connections, in virtual time.

    air = Air(bench, Dice(1))
    air.join(Hold(air))             # any Central
    task = asyncio.create_task(air.run())

What is assumed of a real air (Core Specification, Vol 6, Part B; NimBLE's ble_gap.c), and why:

- An advertisement goes out when advertising begins, and then every 100 ms and up to 10 ms more. Of all who want to
  connect each is equally likely to be the one whom the car hears. In truth requests that collide may all be lost; a
  crowd that does this on purpose jams.
- A connection takes a place and ends the advertising at once, and the firmware hears of it two connection events later,
  when features have been exchanged. One that is never heard again is given up after six.
- Whoever is hung up on goes after two connection events: one in which he is told, one in which he acknowledges it.
- Everything else happens in connection events: what was written since the last one arrives, what was indicated is seen
  and, with most centrals, confirmed.

Not simulated: lost packets, distance, and centrals that use the link layer itself against the car, by connection events
4 s apart or by not acknowledging that they were hung up on. Nothing above the link layer can do anything about those.
"""

import asyncio

_STEP_MS = 5
_ADVERTISING_MS = 100
_JITTER_MS = 10
_ESTABLISHED_AFTER = 2  # connection events
_GIVEN_UP_AFTER = 6
_GONE_AFTER = 2

# What a central is doing.
AWAY, WANTS, BEGINS, LINKED = range(4)


class Dice:
    """Small random numbers, the same on both interpreters."""

    def __init__(self, seed):
        self._state = seed

    def below(self, limit):
        self._state = (self._state * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        return (self._state * limit) >> 31  # its high bits; the low ones repeat themselves soon

    def between(self, least, most):
        return least + self.below(most - least + 1)

    def bytes(self, count):
        return bytes([self.below(256) for _ in range(count)])


class Central:
    """One radio: what it does with its connection is up to its kind, in begun(), event() and away_ms().

    is_heard: false where it begins to connect and is not heard any more. line: the fake radio's Phone while connected.
    """

    is_heard = True
    confirms = True

    def __init__(self, air, interval_ms=0):
        self.dice = air.dice
        self.bench = air.bench
        self.interval_ms = interval_ms or self.dice.between(30, 50)
        self.line = None
        self.doing = AWAY
        self.due_ms = air.now + self.dice.below(200)
        self.served = 0  # connections that it got

    def begun(self, now):
        """Connected."""

    def event(self, now):
        """One of its connection events."""

    def away_ms(self):
        """How long until it wants to connect again."""
        return self.dice.between(5, 50)


class Air:
    """silent_ms: the longest time without any advertisement going out; closed_ms: without a connectable one."""

    def __init__(self, bench, dice):
        self.bench = bench
        self.dice = dice
        self.centrals = []
        self.connections = 0
        self.silent_ms = self.closed_ms = 0
        self._heard = None
        self._next_ms = 0
        self._on_at = self._open_at = self.now
        self._switched_on = bench.radio.switched_on

    @property
    def now(self):
        return self.bench.time.elapsed_ms

    def join(self, central):
        self.centrals.append(central)
        return central

    def leave(self, central):
        """The central switches its radio off."""
        self.centrals.remove(central)
        if central.doing == LINKED and central.line.connected:
            central.line.disconnect()

    async def run(self):
        while True:
            await asyncio.sleep_ms(_STEP_MS)
            now = self.now
            for central in self.centrals:
                if now >= central.due_ms:
                    self._move(central, now)
            self._advertise(now)

    def _move(self, central, now):
        if central.doing == AWAY:
            central.doing = WANTS
        elif central.doing == BEGINS:
            self._establish(central, now)
        elif central.doing == LINKED:
            central.due_ms += central.interval_ms
            self._event(central, now)

    def _establish(self, central, now):
        radio = self.bench.radio
        if radio.switched_on != self._switched_on:
            raise AssertionError("the radio was switched off and on again")
        if not central.is_heard:
            radio.fail_connect(answered=True)
            self._end(central, now)
            return
        central.line = radio.connect(confirms=False, answered=True, lingers=True)
        central.doing = LINKED
        central.due_ms = now + central.interval_ms
        central.served += 1
        self.connections += 1
        central.begun(now)

    def _event(self, central, now):
        line = central.line
        if line.leaving:
            central.left += 1
            if central.left == _GONE_AFTER:
                line.disconnect()
        elif line.connected:
            if line.unconfirmed and central.confirms:
                line.confirm()
            central.event(now)
        if not line.connected:
            self._end(central, now)

    def _end(self, central, now):
        central.line = None
        central.doing = AWAY
        central.due_ms = now + central.away_ms()

    def _advertise(self, now):
        """Measure the pauses, and let somebody answer when an advertisement goes out."""
        advertising = self.bench.radio.advertising
        if advertising is not None:
            self._on_at = now
            if advertising[0]:
                self._open_at = now
        self.silent_ms = max(self.silent_ms, now - self._on_at)
        self.closed_ms = max(self.closed_ms, now - self._open_at)
        if advertising is None or not advertising[0]:
            self._heard = None
            return
        if advertising is not self._heard:
            self._heard = advertising
            self._next_ms = now
        if now >= self._next_ms:
            self._next_ms = now + _ADVERTISING_MS + self.dice.below(_JITTER_MS)
            self._answer(now)

    def _answer(self, now):
        wanting = [central for central in self.centrals if central.doing == WANTS]
        if not wanting:
            return
        central = wanting[self.dice.below(len(wanting))]
        self.bench.radio.answer()
        central.doing = BEGINS
        central.left = 0
        events = _ESTABLISHED_AFTER if central.is_heard else _GIVEN_UP_AFTER
        central.due_ms = now + events * central.interval_ms
