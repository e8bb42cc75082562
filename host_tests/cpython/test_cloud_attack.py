"""The cars' broker in an attacker's hands: he reads all, says anything, in any order, as often and as late as he likes.

Against a model of what is genuine, told for each message before it is delivered: whole, by an enrolled cloud key, of
this boot, not older than it says and good for 30 s at most, with a counter beyond all that were taken. Exactly those
reach the vehicle; of them exactly those unlock that the owner allows, six in an hour at most, while nothing at the car
speaks against it.
"""

import asyncio
import os

from fakes.cloud_world import LOCK, STATUS, UNLOCK, CloudWorld
from fakes.phone import Phone
from fakes.scale import LONG
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from latchkey.core import codes

_STEPS = 40
_EXAMPLES = 100_000 // _STEPS if LONG else 50
_TURNS_MS = 120  # until a message has been looked at
_HOUR_S = 3_600
_LEAP_MS = 980
_PAYLOADS = (UNLOCK, UNLOCK, LOCK, STATUS)
_ACTIONS = {UNLOCK: codes.UNLOCK, LOCK: codes.LOCK}
_counts = {"steps": 0, "genuine": 0, "unlocks": 0, "refused": 0, "messages": 0}

_number = st.integers(0, 1 << 16)
_step = st.one_of(
    st.tuples(st.just("sign"), st.integers(0, 3), st.sampled_from((0, 1, 5, 29, 30, 31, 60))),
    st.tuples(st.just("sign"), st.integers(0, 3), st.just(30)),
    st.tuples(st.just("deliver"), _number, st.sampled_from((0, 0, 0, 1, 2, 3))),
    st.tuples(st.just("last"), st.just(0), st.sampled_from((0, 0, 0, 1))),
    st.tuples(st.just("last"), st.just(0), st.just(0)),
    st.tuples(st.just("damage"), _number, _number),
    st.tuples(st.just("elsewhere"), _number, st.integers(0, 4)),
    st.tuples(st.just("forge"), st.integers(0, 4), _number),
    st.tuples(st.just("use"), st.integers(1, 4), st.just(0)),
    st.tuples(st.just("wait"), st.sampled_from((1, 5, 29, 31, 600, 3_000)), st.just(0)),
    st.tuples(st.just("lose"), st.just(0), st.just(0)),
    st.tuples(st.just("reset"), st.just(0), st.just(0)),
    st.tuples(st.just("allow"), st.booleans(), st.just(0)),
    st.tuples(st.just("press"), st.booleans(), st.just(0)),
)


class _Message:
    """What was signed, as the model knows it."""

    def __init__(self, key, payload, boot):
        self.data = bytes(key.signed(payload))
        self.tag_at = self.data.find(key.tag)
        self.payload = payload
        self.boot = boot
        self.counter = key.counter
        self.expires = key.expires


class _Attack:
    def __init__(self):
        self.world = CloudWorld()
        self.key = self.world.key(1)
        self.phone = self.world.car.phone(2, codes.OWNER)
        self.stranger = self.world.key(3, enrolled=False)
        self.messages = []
        self.boot = 0
        self.taken = 0  # the highest counter
        self.allowed = True
        self.moved = {codes.LOCK: [], codes.UNLOCK: []}

    def live(self, steps):
        """All of the steps, with a boot wherever they say so."""
        rest = list(steps)
        try:
            while rest:
                rest = self.world.run(self._boot(rest), 100_000_000)
        finally:
            self.world.close()

    async def _boot(self, rest):
        """A boot, until a step ends it; returns the steps that are left."""
        self.boot += 1
        self.taken = 0
        self.moved = {codes.LOCK: [], codes.UNLOCK: []}
        world = self.world
        await world.connected()
        self.key.counter = 0
        assert await self.key.handshake() == 0
        while rest:
            what, first, second = rest.pop(0)
            _counts["steps"] += 1
            if what == "reset":
                return rest
            await getattr(self, "_" + what)(first, second)
            if not world.link.connected:
                await world.connected(3_600_000)
        return rest

    # Steps

    async def _sign(self, which, lifetime):
        self.key.lifetime = lifetime
        self.messages.append(_Message(self.key, _PAYLOADS[which], self.boot))
        _counts["messages"] += 1

    async def _last(self, _, how):
        if self.messages:
            await self._deliver(len(self.messages) - 1, how)

    async def _use(self, times, _):
        """The owner himself, whom the attacker lets through."""
        for _ in range(times):
            for payload in (0, 2):
                await self._sign(payload, 30)
                await self._last(0, 0)
                await self.world.stay(8_000, _LEAP_MS)

    async def _deliver(self, which, how):
        """how: 0 as it should be, 1 kept by the broker, 2 twice, 3 as a duplicate."""
        if not self.messages:
            return
        message = self.messages[which % len(self.messages)]
        connection, topic = self.world.broker.now[0], self.world.topic(b"command")
        before = self._clock()
        count = self.world.vehicle.journal.count
        for _ in range(2 if how == 2 else 1):
            connection.deliver(topic, message.data, 1, how == 1, how == 3, 7)
        await self._look()
        self._judge(message, before, count, how == 1)

    async def _damage(self, which, where):
        """One bit of what is signed, or of the signature."""
        if not self.messages:
            return
        message = self.messages[which % len(self.messages)]
        data = bytearray(message.data)
        at = message.tag_at + where // 8 % 16
        data[at] ^= 1 << where % 8
        await self._in_vain(self.world.topic(b"command"), bytes(data))

    async def _elsewhere(self, which, topic):
        if not self.messages:
            return
        command = self.world.topic(b"command")
        others = (b"latchkey/all/command", command + b"/x", command.lower(), self.world.topic(b"set"), b"command")
        await self._in_vain(others[topic], self.messages[which % len(self.messages)].data)

    async def _forge(self, how, number):
        """What anybody can make: of a stranger, of a phone that is enrolled, unsigned, of random bytes."""
        responder = self.world.car.reception.responder
        topic = self.world.topic(b"command")
        if how == 0:
            self.stranger.synchronise(responder._sessions)
            await self._in_vain(topic, bytes(self.stranger.signed(UNLOCK)))
        elif how == 1:
            self.phone.synchronise(responder._sessions)
            await self._in_vain(topic, bytes(self.phone.signed(UNLOCK)))
        elif how == 2:
            await self._in_vain(topic, bytes(self.key.unsigned(UNLOCK)))
        elif how == 3:
            await self._in_vain(topic, os.urandom(number % 900))
        else:
            await self._in_vain(topic, bytes(Phone.handshake(self.key)))

    async def _wait(self, seconds, _):
        if seconds > 60:
            await self.world.stay(seconds * 1_000, _LEAP_MS)
        else:
            await self.world.pass_ms(seconds * 1_000)

    async def _lose(self, _, __):
        await self.world.drop()

    async def _allow(self, on, _):
        self.allowed = on
        self.world.at_the_car(codes.ALLOW_REMOTE_UNLOCK if on else codes.FORBID_REMOTE_UNLOCK)
        await self._look()  # it is written down a moment later

    async def _press(self, unlocks, _):
        self.world.at_the_car(codes.UNLOCK if unlocks else codes.LOCK)
        await self.world.pass_ms(1_500)

    # Judging

    def _clock(self):
        return self.world.car.reception.responder._sessions.clock_s(2)

    def _counter(self):
        """As the car knows it: where a second has ended between delivery and decision, the model cannot."""
        registry = self.world.car.registry
        slot = registry.slot_of(registry.find(self.key.key))
        return self.world.car.reception.responder._sessions.counter(2, slot)

    async def _look(self):
        await asyncio.sleep(_TURNS_MS / 1_000)

    async def _in_vain(self, topic, data):
        """Nothing that it asks for is even decided."""
        count, unlocks = self.world.vehicle.journal.count, self.world.unlocks()
        self.world.broker.now[0].deliver(topic, data, 1, False)
        await self._look()
        assert self.world.unlocks() == unlocks
        assert not [row for row in self._rows(count) if codes.is_accepted(row[5])]

    def _rows(self, count):
        """Decisions of the cloud since then."""
        journal = self.world.vehicle.journal
        rows = [journal.row(number) for number in range(count, journal.count)]
        return [row for row in rows if row is not None and row[2] == codes.CLOUD and row[4]]

    def _is_genuine(self, message, now_s):
        fresh = now_s <= message.expires <= now_s + 30
        return message.boot == self.boot and message.counter > self.taken and fresh and message.expires > 0

    def _judge(self, message, before_s, count, retained):
        rows = self._rows(count)
        genuine = {not retained and self._is_genuine(message, now_s) for now_s in (before_s, self._clock())}
        reached = len(rows) == 1
        assert len(rows) <= 1, "once at most"
        if message.payload == STATUS:
            assert not rows
            if True in genuine:
                self.taken = message.counter if len(genuine) == 1 else self._counter()
            return
        assert reached in genuine, (message.counter, self.taken, message.expires, before_s)
        if reached:
            self.taken = message.counter
            _counts["genuine"] += 1
            self._judge_verdict(message, rows[0])

    def _judge_verdict(self, message, row):
        action, verdict = row[4], row[5]
        assert action == _ACTIONS[message.payload]
        now_s = row[1]
        lately = [at for at in self.moved[action] if now_s - at < _HOUR_S]
        if action == codes.UNLOCK and not self.allowed:
            assert verdict == codes.REMOTE_UNLOCK_OFF
        elif len(lately) >= 6:
            assert verdict == codes.TOO_OFTEN
        else:
            assert codes.is_accepted(verdict) or verdict in (codes.HELD, codes.BUSY, codes.HOT), verdict
        if verdict in (codes.ACCEPTED, codes.QUEUED):
            self.moved[action].append(now_s)
            _counts["unlocks"] += action == codes.UNLOCK
        _counts["refused"] += not codes.is_accepted(verdict)


@settings(max_examples=_EXAMPLES, suppress_health_check=list(HealthCheck))
@given(st.lists(_step, min_size=_STEPS, max_size=_STEPS))
def _attacked(steps):
    _Attack().live(steps)


def test_only_what_was_signed_is_fresh_and_was_never_seen_unlocks():
    for name in _counts:
        _counts[name] = 0
    _attacked()
    print("%(steps)d steps, %(messages)d signed, %(genuine)d decided, %(unlocks)d unlocked" % _counts)
    assert _counts["unlocks"] > 10 and _counts["refused"] > 10
