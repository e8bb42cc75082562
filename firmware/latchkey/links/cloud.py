"""The cloud link: signed commands over MQTT, and what the vehicle tells a broker that nobody needs to trust.

A command's way:

    net/connection, mqtt_session    TLS, packets, no more than ten messages a second
    links/cloud                     this module: the topics, when to connect, what is worth telling
    links/responder                 a message becomes a request, a verdict becomes a reply
    vehicle.request                 role, the owner's switches, six an hour, at this moment

It gives way to everybody at the car: no connection is begun, and no step of a handshake done, while a card is being
asked; a connection waits for phones as well. Whatever is sent is asked of core/governor first, and what it refuses is
told later as what holds then: states are told, not changes. Nothing here is needed for a card or a phone to work.

Topics, all exact, below latchkey/<vin>/: command comes in, reply, state, online, event and diagnostic go out. `set`, of
the vehicle or of `all`, takes `verbosity LEVEL SECONDS` and `quiet SECONDS`, unsigned, as neither can do harm.

Not protected against: a broker that drops, delays or shows other people what is told; one that shows others a false
state. Only replies are signed.
"""

import asyncio
import gc
import time

from micropython import const

from latchkey.core import codes, governor, lock
from latchkey.core.governor import Governor
from latchkey.core.request import NOBODY
from latchkey.links import cloud_settings
from latchkey.links.cloud_news import News
from latchkey.links.reception import MAKE_AGAIN_MS
from latchkey.net import connection, net_error, net_words
from latchkey.net.mqtt_session import READY, MqttSession
from latchkey.net.net_error import NetError
from latchkey.net.resolver import Resolver

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Clock, Network
    from latchkey.crypto.entropy import Entropy
    from latchkey.links.ble import BleLink
    from latchkey.links.cloud_settings import CloudSettings
    from latchkey.links.reception import Reception
    from latchkey.links.responder import Responder
    from latchkey.storage.settings import Settings
    from latchkey.vehicle import Vehicle

# States, as words.CLOUDS names them
OFF = const(0)  # no broker is set
WAITING = const(1)
RESOLVING = const(2)
CONNECTING = const(3)
CONNECTED = const(4)
STOPPED = const(5)  # refused in a way that would not change: until the settings do

_TURN_MS = const(20)
_WAIT_TURN_MS = const(100)
_BESIDE_A_CARD_MS = const(300)  # between turns while a card is being asked, which takes as long
_HANDSHAKE_LEN = const(785)  # bytes, measured with a client certificate; CONNECT comes on top
_RECORD_LEN = const(29)  # what TLS adds to a packet
_PUBLISH_LEN = const(7)  # of a PUBLISH beside topic and payload, at most: MQTT 3.1.1 section 3.3
_NO_ALLOWANCE_S = const(60)
_READ_AGAIN_MS = const(60_000)  # settings for which there was no memory

# Nothing begins for so long after a phone has spoken, nor while one is connected. But anybody's phone may stay and talk
# for ever, so in the end it begins all the same.
_AFTER_A_PHONE_MS = const(2_000)
_PHONES_S = const(300)

_REPLIES = const(4)  # that wait for the broker
_REPLY = b"reply"
_NO_NETWORK = "there is no network"
_LENGTH_LEN = const(2)  # in front of each message on the Bluetooth link, which Responder's frames begin with


class Cloud:
    """The client that the responder sees: whoever signs, behind one broker. See responder.py."""

    def __init__(self) -> None:
        self.source = codes.CLOUD
        self.serial = 0
        self.proven = False
        self.credential = NOBODY
        self.generation = 0
        self.connected = False
        self.replies: "list[bytes]" = []

    def send(self, frame: memoryview) -> bool:
        """Keep a reply until there is room for it. False, and it is lost, where too many wait already."""
        if len(self.replies) >= _REPLIES:
            return False
        self.replies.append(bytes(frame[_LENGTH_LEN:]))
        return True


class CloudLink:
    """One broker. state, why: for people."""

    def __init__(
        self,
        network: "Network",
        vehicle: "Vehicle",
        reception: "Reception",
        settings: "Settings",
        news: News,
        entropy: "Entropy",
        clock: "Clock" = time,
        phones: "BleLink | None" = None,
    ) -> None:
        self.state = OFF
        self.why = ""
        self.received = 0
        self.sent = 0
        self.connects = 0
        self.retained = 0  # commands that were refused because a broker had kept them
        self.governor = Governor(_RECORD_LEN)
        self._network = network
        self._vehicle = vehicle
        self._reception = reception
        self._settings = settings
        self._news = news
        self._entropy = entropy
        self._clock = clock
        self._phones = phones
        self._client = Cloud()
        self._resolver = Resolver(network, clock, entropy.fill)
        self._session: "MqttSession | None" = None  # holds 6 KB, so it is made where there is a broker
        self._generation = -1  # of the settings in use
        self._governed = -1  # of those that the governor was made for
        self._topic = b""
        self._set_topic = b""
        self._left_ms = 0
        self._turned_at = clock.ticks_ms()

    async def run(self) -> None:
        """Connect, serve, lose, wait, for ever. A change of the settings begins anew."""
        await self._have_a_key()
        while True:
            self._generation = self._settings.generation
            chosen = self._read_settings()
            if chosen is None:
                await self._idle(_READ_AGAIN_MS if self.state == WAITING else 0)
                continue
            self._away(WAITING, "")
            self._vehicle_topics()
            if self._governed != self._generation:  # when it begins anew after a failure, allowances are as they were
                self._governed = self._generation
                self.governor = Governor(_RECORD_LEN if chosen.tls is not None else 0, chosen.wait_percent)
            if self._session is None:
                self._session = MqttSession(self._clock, self._take, self._may_send)
            while self._generation == self._settings.generation:
                code = await self._connect_once(chosen, self._session)
                if net_error.stands_until_changed(code):
                    self._away(STOPPED, net_words.reason(code))
                    await self._idle()
                elif code:
                    self._away(WAITING, net_words.reason(code))

    @property
    def shed(self) -> int:
        """Messages that the governor has refused and nobody was told of yet."""
        return sum([self.governor.unsent(kind) for kind in range(governor.KINDS)])

    @property
    def connected(self) -> bool:
        return self.state == CONNECTED

    @property
    def wait_s(self) -> int:
        """Seconds until the next connection is tried. For display."""
        return (self._left_ms + 999) // 1_000 if self.state == WAITING else 0

    # Before a connection

    async def _have_a_key(self) -> None:
        reception = self._reception
        while reception.responder is None:
            if self._phones is None and self._network.is_up():
                await reception.make(_nothing)  # the radio that makes numbers random is the network's
            if reception.responder is None:
                await asyncio.sleep_ms(_WAIT_TURN_MS if self._phones is not None else MAKE_AGAIN_MS)

    def _read_settings(self) -> "CloudSettings | None":
        try:
            chosen = cloud_settings.read(self._settings, self._network)
        except NetError as error:
            self._away(WAITING if error.code == net_error.NO_MEMORY else STOPPED, net_words.reason(error.code))
            return None
        except MemoryError:
            self._away(WAITING, net_words.reason(net_error.NO_MEMORY))
            return None
        except cloud_settings.WrongSetting as error:
            self._away(STOPPED, str(error))
            return None
        if chosen is None:
            self._away(OFF, "")
        return chosen

    def _vehicle_topics(self) -> None:
        vin = self._reception.identity.vin
        self._topic = cloud_settings.topic(vin, b"command")
        self._set_topic = cloud_settings.topic(vin, b"set")

    async def _idle(self, ms: int = 0) -> None:
        """Until the settings change; for so long at most, where that is given."""
        began = self._clock.ticks_ms()
        while self._generation == self._settings.generation:
            await asyncio.sleep_ms(_WAIT_TURN_MS)
            if ms and self._clock.ticks_diff(self._clock.ticks_ms(), began) >= ms:
                return

    async def _connect_once(self, chosen: "CloudSettings", session: MqttSession) -> int:
        """Wait, connect and serve until that ends; returns the code of why, 0 where the settings have changed."""
        self.state = WAITING
        if not await self._wait(self.governor.reconnect_delay_ms(self._entropy.fill)):
            return 0
        code = net_error.NOT_PERMITTED
        try:
            if self.governor.may(governor.RECONNECT, _HANDSHAKE_LEN, self._vehicle.uptime_s):
                code = await self._serve(chosen, session)
            else:
                await self._wait(_NO_ALLOWANCE_S * 1_000)
        except NetError as error:
            code = error.code
        except MemoryError:
            code = net_error.NO_MEMORY
        finally:
            self._client.connected = False
            session.drop()
        if not self._vehicle.attends:
            gc.collect()  # what a failed handshake leaves behind
        return code

    async def _wait(self, ms: int) -> bool:
        """Wait, and then until nobody is at the car and there is a network. False when the settings have changed."""
        began = self._clock.ticks_ms()
        over_s = -1  # uptime when the time was over
        while self._generation == self._settings.generation:
            waited_ms = self._clock.ticks_diff(self._clock.ticks_ms(), began)
            if over_s < 0 and waited_ms >= ms:
                over_s = self._vehicle.uptime_s
            self._left_ms = 0 if over_s >= 0 else ms - waited_ms
            if over_s >= 0 and self._may_begin(self._vehicle.uptime_s - over_s):
                return True
            await asyncio.sleep_ms(_WAIT_TURN_MS)
        return False

    def _may_begin(self, waited_s: int) -> bool:
        if not self._network.is_up():
            self.why = _NO_NETWORK
            return False
        if self.why == _NO_NETWORK:
            self.why = ""
        if not self._may_step():
            return False
        phones = self._phones
        if phones is None:
            return True
        if waited_s >= _PHONES_S:
            return True
        if 0 <= phones.spoke_ms_ago(self._clock.ticks_ms()) < _AFTER_A_PHONE_MS:
            return False
        return not phones.peripheral.connected

    def _may_step(self) -> bool:
        """No card is being asked and nothing moves: what takes long may be done."""
        return not self._vehicle.attends and self._vehicle.arbiter.lock.motor == lock.STILL

    # A connection

    async def _serve(self, chosen: "CloudSettings", session: MqttSession) -> int:
        """raises: NetError, and returns only when the settings have changed."""
        self.state = RESOLVING
        servers = chosen.name_servers or self._network.name_servers()  # known once the network is up, and not before
        address = await self._resolver.resolve(chosen.host, servers)
        self.state = CONNECTING
        said = chosen.mqtt(self._reception.identity.vin)  # before there is a socket that could stay open
        stream = await connection.connect(
            self._network, address, chosen.port, chosen.tls, self._clock, may_step=self._may_step
        )
        await session.open(stream, said)
        responder = self._reception.responder
        assert responder is not None  # _have_a_key has waited for it
        self._begin()
        while self._generation == self._settings.generation:
            if self._may_turn():
                session.step()
                self._tell(session, responder)
            self.governor.connected_long(self._vehicle.uptime_s)
            await asyncio.sleep_ms(_TURN_MS)
        session.close()
        return 0

    def _may_turn(self) -> bool:
        """Not at every turn while a card is being asked: looking at a message takes its time."""
        now = self._clock.ticks_ms()
        beside_ms = self._clock.ticks_diff(now, self._turned_at)
        if self._vehicle.attends and 0 <= beside_ms < _BESIDE_A_CARD_MS:
            return False
        self._turned_at = now
        return True

    def _begin(self) -> None:
        self.connects += 1
        self._client.connected = True
        self._client.serial += 1
        self._client.proven = False
        self._client.replies.clear()
        self.governor.connected(self._vehicle.uptime_s)
        self._news.begin()
        self.state = CONNECTED
        self.why = ""
        self._vehicle.cloud_is(codes.CLOUD_HERE)

    def _away(self, state: int, why: str) -> None:
        self.state = state
        self.why = why
        self._vehicle.cloud_is(codes.NO_CLOUD if state == OFF else codes.CLOUD_AWAY)

    # What comes

    def _take(self, topic: memoryview, payload: memoryview, retained: bool, repeated: bool) -> None:
        """A message. Its topic is compared byte by byte: a broker may send what nobody has subscribed to."""
        self.received += 1
        responder = self._reception.responder
        if topic == self._topic:
            if retained:
                self.retained += 1  # kept by a broker, so nobody asks for it now
            elif responder is not None:
                responder.handle(self._client, payload)
        elif topic == self._set_topic or topic == cloud_settings.ALL_TOPIC:
            self._set(payload)

    def _set(self, payload: memoryview) -> None:
        words = bytes(payload[:40]).split()
        numbers = [int(word) for word in words[1:] if word.isdigit() and len(word) < 7]
        now_s = self._vehicle.uptime_s
        if len(words) == 3 and words[0] == b"verbosity" and len(numbers) == 2:
            self.governor.set_verbosity(numbers[0], numbers[1], now_s)
        elif len(words) == 2 and words[0] == b"quiet" and len(numbers) == 1:
            self.governor.set_quiet(numbers[0], now_s)

    # What goes

    def _may_send(self, kind: int, size: int) -> bool:
        return self.governor.may(kind, size, self._vehicle.uptime_s)

    def _tell(self, session: MqttSession, responder: "Responder") -> None:
        """Send one thing at most in each turn: a reply that is owed, else what is new."""
        responder.work(False)
        if session.state != READY:
            return
        replies = self._client.replies
        if replies:
            if not session.has_room(0):
                return
            if not self._send(session, governor.REPLY, _REPLY, replies[0], 0, False):
                self.governor.count(governor.REPLY)
            replies.pop(0)  # what cannot be sent now would be too old later
            return
        if not session.has_room(1):
            return  # before anything is put into words: a broker may take half a minute
        news = self._news.next(self.governor, self)
        if news is None:
            return
        if self._send(session, news.kind, news.name, news.payload, news.qos, news.retain):
            self._news.told(news, self.governor)
        else:
            self._news.refused(news, self.governor)

    def _send(self, session: MqttSession, kind: int, name: bytes, payload: bytes, qos: int, retain: bool) -> bool:
        """Publish below latchkey/<vin>/, where has_room() has said yes. False when the governor does not permit it."""
        topic = cloud_settings.topic(self._reception.identity.vin, name)
        if not self._may_send(kind, _PUBLISH_LEN + len(topic) + len(payload)):
            return False
        session.publish(topic, payload, qos, retain)
        self.sent += 1
        return True


def _nothing() -> None:
    pass
