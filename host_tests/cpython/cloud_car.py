"""A car at a broker: the firmware's responder, list of keys, custody and vehicle, reached by cloud keys through bytes.

    car = CloudCar()
    car.enrol(private)                       # as a fleet manager, as if it had been done at the car long ago
    replies = car.hear(message)              # RoutableMessages in and out
    car.pass_s(1); car.state(); car.world    # fakes.link_world

    with at_broker(car, port):               # the same car at a broker, in a thread of its own, in real time

At a broker it is the firmware's own link, over CPython's sockets.
"""

import asyncio
import base64
import contextlib
import json
import threading
import time

from fakes.cpython_network import Network
from fakes.link_world import LinkWorld
from fakes.scratch import fresh_folder, remove
from latchkey.core import codes, words
from latchkey.core.request import Request
from latchkey.crypto.entropy import Entropy
from latchkey.links.cloud import CloudLink
from latchkey.links.cloud_news import News
from latchkey.links.responder import Responder
from latchkey.storage.records import Record
from latchkey.storage.settings import Settings
from latchkey_tools.phone import seal
from tesla_fleet_api.tesla.vehicle.proto.universal_message_pb2 import RoutableMessage

CLOUD_KEY = 9  # what kind of key it says it is
_TURN_S = 0.01


class CloudCar:
    """It is its responder's one client, where there is no broker. heard, said: all messages, in that case."""

    source = codes.CLOUD
    serial = 1
    connected = True

    def __init__(self, seed=1):
        self.world = LinkWorld(seed)
        self.world.vehicle.sense_speed(1)
        allowing = Request(codes.CABIN)
        allowing.action = codes.ALLOW_REMOTE_UNLOCK
        assert codes.is_accepted(self.world.vehicle.request(allowing))
        self.proven = False
        self.credential = self.generation = 0
        self.heard, self.said = [], []
        self.silent = self.dumb = False
        self._outbox = []
        self.boot()

    def close(self):
        self.world.close()

    def boot(self):
        """A new epoch."""
        world = self.world
        self.responder = Responder(world.vehicle, world.identity, Entropy(world.random), world.clock)

    @property
    def vin(self):
        return self.world.identity.vin.decode()

    @property
    def point(self):
        return b"\x04" + bytes(self.world.identity.public_key)

    def enrol(self, private, role=codes.FLEET_MANAGER):
        key = bytearray(seal.point_of(private)[1:])
        number = self.world.registry.add_phone(key, role, bytearray(seal.agree(private, self.point)), CLOUD_KEY)
        assert number >= 0
        return number

    def send(self, frame):
        self._outbox.append(bytes(frame[2:]))
        return True

    def hear(self, message):
        """The replies to one message."""
        self.heard.append(message)
        if not self.silent:
            self.responder.handle(self, memoryview(bytearray(message)))
        replies, self._outbox = self._outbox, []
        self.said += replies
        return replies

    def pass_s(self, seconds):
        self.world.step(max(1, round(seconds * 200)))

    def moves(self):
        """The bolt's movements in order: "lock", "unlock"."""
        return [name for _, _, name in self.world.outputs.pulses()]

    def state(self, **more):
        """As on latchkey/VIN/state."""
        arbiter = self.world.vehicle.arbiter
        told = {
            "lock": words.word(words.LOCKS, arbiter.lock.state),
            "confirmed": True,
            "doors_open": False,
            "drive": "denied",
            "by": "cloud" if self.moves() else "",
            "key": "",
            "action": self.moves()[-1] if self.moves() else "",
            "verdict": "accepted" if self.moves() else "",
            "remote": True,
            "remote_unlock": True,
            "uptime_s": self.world.clock.elapsed_ms // 1000,
        }
        return json.dumps({**told, **more}).encode()


class _Reception:
    """What the link knows the responder by. Silent: the car hears and does nothing. dumb: it does, and says nothing."""

    def __init__(self, car):
        self.identity = car.world.identity
        self.responder = self
        self._car = car

    def handle(self, client, message):
        if not self._car.silent:
            self._car.responder.handle(_Dumb(client) if self._car.dumb else client, message)

    def work(self, may_compute):
        self._car.responder.work(may_compute)


class _Dumb:
    """A client whose answers are lost, but for those to a handshake."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        return getattr(self._client, name)

    def __setattr__(self, name, value):
        if name == "_client":
            super().__setattr__(name, value)
        else:
            setattr(self._client, name, value)

    def send(self, frame):
        session_info = RoutableMessage.FromString(bytes(frame[2:])).HasField("session_info")
        return self._client.send(frame) if session_info else True


class _Inputs:
    supply_mv = 12_600


class _AtBroker:
    """started: it is connected. call(): have the car's thread do something."""

    def __init__(self, car, port, certificates):
        self.car = car
        self.started = threading.Event()
        self._stopping = False
        self._calls = []
        self._folder = fresh_folder()
        self._settings = Settings(Record(self._folder + "/settings"))
        self._set("broker", f"{'mqtts' if certificates else 'mqtt'}://127.0.0.1:{port}")
        self._set("reconnect_percent", "1")
        for name, file in (("ca", "ca"), ("certificate", "client"), ("key", "client.key")):
            if certificates:
                self._set(name, base64.b64encode(certificates.bytes(file)).decode())

    def _set(self, name, value):
        for _ in self._settings.change_steps(name, value):
            pass

    def stop(self):
        self._stopping = True

    def later(self, minutes):
        """So much time goes by at the car."""
        self.call(lambda: self.car.world.pass_ms(60_000 * minutes))

    def call(self, what):
        done = threading.Event()
        self._calls.append((what, done))
        assert done.wait(10)

    async def run(self):
        world, reception = self.car.world, _Reception(self.car)
        entropy = Entropy(world.random)
        news = News(world.vehicle, _Inputs, [])
        link = CloudLink(Network(), world.vehicle, reception, self._settings, news, entropy, time)
        serving = asyncio.create_task(link.run())
        last_s = time.monotonic()
        while not self._stopping and not serving.done():
            while self._calls:
                what, done = self._calls.pop(0)
                what()
                done.set()
            now_s = time.monotonic()
            self.car.pass_s(now_s - last_s)
            last_s = now_s
            if link.connected:
                self.started.set()
            await asyncio.sleep(_TURN_S)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        remove(self._folder)


@contextlib.contextmanager
def at_broker(car, port, certificates=None):
    """The car at a broker of this computer, by the firmware's own link; it comes back when the broker does."""
    there = _AtBroker(car, port, certificates)
    thread = threading.Thread(target=lambda: asyncio.run(there.run()), daemon=True)
    thread.start()
    try:
        assert there.started.wait(10), "the car did not reach its broker"
        yield there
    finally:
        there.stop()
        thread.join(10)
        assert not thread.is_alive()
