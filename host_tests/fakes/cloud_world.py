"""A vehicle with a cloud link, a broker in memory and clients that sign, in virtual time.

    world = CloudWorld()
    key = world.key(1)                                # a cloud key, as if it had been enrolled long ago
    async def story():
        await world.connected()
        assert await key.command(UNLOCK) == ("fault", …)
    world.run(story())                                # a boot, as often as one likes
    world.close()

Real are the link, news, governor, session, settings, the responder and all of fakes/link_world. leap_ms: so much time
goes by besides at every turn, for days that are to pass quickly.
"""

import asyncio
import gc
import json

from latchkey.core import codes
from latchkey.core.request import Request
from latchkey.crypto.entropy import Entropy
from latchkey.links import cloud
from latchkey.links.cloud import CloudLink
from latchkey.links.cloud_news import News
from latchkey.storage.records import Record
from latchkey.storage.settings import Settings

from fakes.bench_phone import LOCK, STATUS, UNLOCK, BenchPhone
from fakes.cloud_network import CloudNetwork
from fakes.link_world import LinkWorld, card_key
from fakes.memory_broker import MemoryBroker
from fakes.phone import Phone, parsed
from fakes.scratch import fresh_folder, remove

REVOKE_DRIVE, SUSPEND_GUESTS, ADMIT_GUESTS, REMOTE_OFF, REMOTE_ON = [
    b"\xc2\x3e\x02\x08" + bytes((number,)) for number in (1, 2, 3, 4, 5)
]
_TURN_MS = 20
_ANSWER_MS = 400
_LONGEST_MS = 3_600_000


class _NoSweeping:
    """CPython sweeps all of pytest, which takes 25 ms and is not what the link asks for."""

    @staticmethod
    def collect():
        pass


if not hasattr(gc, "mem_alloc"):
    cloud.gc = _NoSweeping


class CloudWorld:
    """tls: a broker with (played) TLS. with_phones: the link knows of the radio, and waits for phones."""

    def __init__(self, seed=1, tls=False, with_phones=True):
        self.car = LinkWorld(seed)
        self.clock = self.car.clock
        self.broker = MemoryBroker(self.clock)
        self.network = CloudNetwork(self.broker)
        self.leap_ms = 0
        self.link = self.news = self.failed = None
        self._with_phones = with_phones
        self._booted = True
        self._folder = fresh_folder()
        self.settings = Settings(Record(self._folder + "/settings"))
        self.set("broker", "mqtts://192.0.2.1" if tls else "mqtt://192.0.2.1")
        if tls:
            self.set("ca", "Y2E=")
        self.set("reconnect_percent", "1")
        self.at_the_car(codes.ALLOW_REMOTE_UNLOCK)
        self.car.step(2)

    def close(self):
        self.car.close()
        remove(self._folder)
        assert not self.network.open, "a socket was left open"

    @property
    def vehicle(self):
        return self.car.vehicle

    def set(self, name, value):
        for _ in self.settings.change_steps(name, value):
            pass

    def at_the_car(self, action, source=codes.CABIN):
        request = Request(source)
        request.action = action
        return self.vehicle.request(request)

    def key(self, number, enrolled=True):
        key = CloudKey(self, number)
        key.meet(self.car.identity)
        if enrolled and self.car.registry.add_phone(key.key, codes.FLEET_MANAGER, key.k, 9) < 0:
            raise AssertionError("not enrolled")
        return key

    # A boot

    def run(self, story, limit_ms=_LONGEST_MS):
        """Boot (but for the first time, which it has), run a story to its end, and lose the power."""
        if not self._booted:
            self.car.boot()
            self.settings = Settings(Record(self._folder + "/settings"))
        self._booted = False
        car = self.car
        phones = car.link if self._with_phones else None
        self.news = News(car.vehicle, _Inputs, [], phones)
        entropy = Entropy(car.random)
        parts = (self.network, car.vehicle, car.reception, self.settings, self.news, entropy, self.clock, phones)
        self.link = CloudLink(*parts)
        return self.clock.run(self._together(story), limit_ms)

    async def _together(self, story):
        serving = asyncio.create_task(self._keep())
        driving = asyncio.create_task(self._drive())
        try:
            result = await story
        finally:
            serving.cancel()
            driving.cancel()
            await asyncio.sleep_ms(1)
        if self.failed is not None:
            raise self.failed
        return result

    async def _keep(self):
        try:
            await self.link.run()
        except Exception as error:
            self.failed = error

    async def _drive(self):
        while True:
            self.car.step(1, self.leap_ms)
            await asyncio.sleep_ms(_TURN_MS)

    async def until(self, condition, limit_ms=60_000):
        """Wait for something; how many ms that took."""
        began = self.clock.elapsed_ms
        while not condition():
            if self.clock.elapsed_ms - began > limit_ms:
                raise AssertionError("not within %d ms" % limit_ms)
            await asyncio.sleep_ms(_TURN_MS)
        return self.clock.elapsed_ms - began

    async def connected(self, limit_ms=60_000):
        """Connected, and everything there is to say has been said."""
        await self.until(lambda: self.link.connected, limit_ms)
        await asyncio.sleep_ms(_ANSWER_MS)

    async def drop(self):
        """The broker loses everybody, and the link has noticed."""
        self.broker.drop()
        await self.until(lambda: not self.link.connected)

    async def stay(self, ms, leap_ms=0):
        """The same as pass_ms, where time leaps. leap_ms: while it lasts."""
        before = self.leap_ms
        self.leap_ms = leap_ms or before
        end = self.clock.elapsed_ms + ms
        while self.clock.elapsed_ms < end:
            await asyncio.sleep_ms(_TURN_MS)
        self.leap_ms = before

    async def pass_ms(self, ms):
        await asyncio.sleep_ms(ms)

    # What can be seen

    @property
    def vin(self):
        return bytes(self.car.identity.vin)

    def topic(self, name):
        return b"latchkey/" + self.vin + b"/" + name

    def state(self):
        """As it is kept by the broker."""
        return json.loads(self.broker.retained[self.topic(b"state")])

    def events(self):
        return [json.loads(payload) for payload in self.broker.on(b"/event")]

    def unlocks(self):
        return len(self.car.outputs.unlock.driven)

    def locks(self):
        return len(self.car.outputs.lock.driven)

    def journal(self):
        """(source, action, verdict) of each row that is left."""
        journal = self.vehicle.journal
        return [
            (row[2], row[4], row[5]) for row in [journal.row(n) for n in range(journal.first, journal.count)] if row
        ]


class CloudKey(BenchPhone):
    """A client at the broker that signs. Its clock goes on by itself once it has been told the car's."""

    def __init__(self, world, number):
        super().__init__(world, 100 + number)
        self._world = world
        self._told_at = 0
        self._told_s = 0

    def signed(self, payload, form=5):
        self.clock = self._told_s + (self._world.clock.elapsed_ms - self._told_at) // 1_000
        return super().signed(payload, form)

    def learn(self, replies):
        found = super().learn(replies)
        self._told_s = self.clock
        self._told_at = self._world.clock.elapsed_ms
        return found

    async def handshake(self):
        return self.learn(await self.ask(Phone.handshake(self)))

    async def ask(self, message, wait_ms=_ANSWER_MS):
        """Publish a message, as any broker's client does; the replies that come."""
        broker = self._world.broker
        said = len(broker.said)
        broker.publish(self._world.topic(b"command"), message)
        await asyncio.sleep_ms(wait_ms)
        return [parsed(row[2]) for row in broker.said[said:] if row[1].endswith(b"/reply")]

    async def command(self, payload=UNLOCK, wait_ms=_ANSWER_MS):
        return self.outcome(await self.ask(self.signed(payload), wait_ms))


class _Inputs:
    supply_mv = 12_600


__all__ = ["LOCK", "STATUS", "UNLOCK", "CloudKey", "CloudWorld", "card_key"]
