"""One MQTT 3.1.1 session at a time, over any stream: opened, kept alive, bounded in what it reads, holds and sends.

    session = MqttSession(clock, on_message, may_send)         # once; holds all buffers
    await session.open(stream, settings)                       # CONNECT, CONNACK, SUBSCRIBE and SUBACK for each topic
    await session.run()                                        # until it ends, by NetError or CancelledError

Facts: "MQTT Version 3.1.1", OASIS Standard, 29 October 2014; sections stand where they are used. A clean session
always: nothing is kept for us by the broker, and nothing is resumed.

Bounds. One packet is being sent, and one publish of QoS 1 is waiting for its acknowledgement; more is refused, so
whoever publishes keeps what is to be said, not what was. In one turn 512 bytes are read and one packet is handled, in a
second ten; beyond that the socket is not read, and TCP makes the broker wait. Before each packet that the session sends
by itself it asks `may_send`, as everything that is sent counts.

Keep-alive goes both ways: the broker hears of us before three quarters of it are over, and a broker of which no whole
packet has come for one and a half times as long is gone, though its side of the connection still stands.

Not protected against: a broker that lies, see protocol/mqtt.py.
"""

import asyncio

from micropython import const

from latchkey.net.mqtt_outbox import Outbox
from latchkey.net.net_error import (
    BAD_PACKET,
    NOT_PERMITTED,
    NOT_SUBSCRIBED,
    SILENT,
    TIMEOUT,
    TOO_LONG,
    NetError,
    refused,
)
from latchkey.net.net_error import CLOSED as ENDED
from latchkey.protocol import mqtt
from latchkey.protocol.mqtt import Decoder, MqttError

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable

    from latchkey.chip import Clock
    from latchkey.net.connection import Stream
    from latchkey.net.mqtt_settings import MqttSettings
    from latchkey.protocol.mqtt import Packet

# States
CLOSED = const(0)
CONNECTING = const(1)  # until CONNACK, hands being shaken before
SUBSCRIBING = const(2)
READY = const(3)

_OPEN_MS = const(10_000)  # TLS, CONNACK and all SUBACKs; with the 5 s of TCP 15 s in all
_OPEN_TURN_MS = const(10)
_TURN_MS = const(20)

_LONGEST = const(2_048)  # a packet that comes
_READ = const(512)

_COST_MS = const(100)  # ten packets a second
_CREDIT_MS = const(1_000)  # and ten at once

_STALL_MS = const(30_000)  # the socket takes nothing for so long: nobody reads at the other end


class MqttSession:
    """state: CLOSED, CONNECTING, SUBSCRIBING or READY."""

    def __init__(
        self,
        clock: "Clock",
        on_message: "Callable[[memoryview, memoryview, bool, bool], object]",
        may_send: "Callable[[int, int], bool]",
    ) -> None:
        """on_message(topic, payload, retained, repeated): views that are valid within the call. It may publish().

        may_send(kind, size): kind UPKEEP or ACKNOWLEDGEMENT of mqtt_outbox; True counts as sent.
        """
        self.state = CLOSED
        self._clock = clock
        self._on_message = on_message
        self._stream: "Stream | None" = None
        self._topics: "tuple[tuple[bytes, int], ...]" = ()
        self._keep_alive_ms = 0
        self._decoder = Decoder(_LONGEST)
        self._in = memoryview(bytearray(_READ))
        self._outbox = Outbox(clock, may_send)
        self._reset(0)

    def _reset(self, now: int) -> None:
        self._decoder.reset()
        self._outbox.reset(now)
        self._first = self._last = 0  # of what was read and not yet handled
        self._credit_ms = _CREDIT_MS
        self._turned = self._heard = now
        self._topic = -1  # place of the one that is being subscribed to
        self._topic_due = False
        self._pings = 0  # without an answer

    @property
    def given_up(self) -> int:
        """Publishes of QoS 1, of all sessions, that nobody has acknowledged."""
        return self._outbox.given_up

    async def open(self, stream: "Stream", settings: "MqttSettings", limit_ms: int = _OPEN_MS) -> None:
        """Shake hands, connect and subscribe. The stream belongs to the session, and is closed whatever goes wrong.

        raises: NetError, with BAD_SETTINGS for what cannot be sent and NOT_PERMITTED where may_send refuses.
        """
        self._stream = stream
        try:
            began = self._clock.ticks_ms()
            self._reset(began)
            self._topics = settings.topics
            self._keep_alive_ms = settings.keep_alive_s * 1_000
            self.state = CONNECTING
            self._want(self._outbox.connect(settings, began))
            while self.state != READY:
                if self._clock.ticks_diff(self._clock.ticks_ms(), began) >= limit_ms:
                    raise NetError(TIMEOUT)
                self.step()
                await asyncio.sleep_ms(_OPEN_TURN_MS)
        except BaseException:
            self.drop()
            raise

    async def run(self) -> None:
        """Keep the session until it ends, which is by NetError or CancelledError; then its stream is closed."""
        try:
            while True:
                self.step()
                await asyncio.sleep_ms(_TURN_MS)
        except BaseException:
            self.drop()
            raise

    def step(self) -> None:
        """One turn: write, read, hand over one message, keep alive. raises: NetError; then the stream is closed."""
        try:
            self._turn(self._clock.ticks_ms())
        except MqttError as error:
            self.drop()
            raise NetError(TOO_LONG if error.code == mqtt.TOO_LONG else BAD_PACKET)
        except BaseException:
            self.drop()
            raise

    def has_room(self, qos: int) -> bool:
        """Would publish() take a packet of this QoS now?"""
        return self.state == READY and self._outbox.has_room(qos)

    def publish(self, topic: bytes, payload: "bytes | bytearray | memoryview", qos: int, retain: bool = False) -> bool:
        """Copy a message into the packet that is sent next. False when there is no room: say later what holds then.

        raises: MqttError(TOO_LONG) beyond 1,024 bytes in all, MqttError(MALFORMED) for a topic that is none.
        """
        if not self.has_room(qos):
            return False
        self._outbox.publish(topic, payload, qos, retain)
        return True

    def close(self) -> None:
        """End in good order where that is possible at once, so that the broker does not send the will."""
        now = self._clock.ticks_ms()
        stream = self._stream
        if stream is not None and self.has_room(0) and self._outbox.disconnect(now):
            try:
                self._outbox.write(stream, now)
            except NetError:
                pass  # it had ended already
        self.drop()

    def drop(self) -> None:
        """End at once. Whatever was in flight is forgotten: say anew what still holds, in the next session."""
        if self.state == CONNECTING:
            self._outbox.wipe()
        self.state = CLOSED
        stream = self._stream
        self._stream = None
        if stream is not None:
            stream.close()

    def _turn(self, now: int) -> None:
        stream = self._stream
        if stream is None:
            raise NetError(ENDED)
        self._credit_ms = min(_CREDIT_MS, self._credit_ms + max(0, self._clock.ticks_diff(now, self._turned)))
        self._turned = now
        if self._is_over(self._heard, self._keep_alive_ms * 3 // 2, now) or self._outbox.has_stalled(_STALL_MS, now):
            raise NetError(SILENT)
        if self._outbox.has_room(0):
            self._choose(now)
        if self._outbox.write(stream, now) and self.state == CONNECTING:
            self._outbox.wipe()
        if not stream.shaking:
            self._read(stream, now)

    def _choose(self, now: int) -> None:
        """What the session lives by goes before what it owes."""
        if self._topic_due:
            topic, qos = self._topics[self._topic]
            self._topic_due = False
            self._want(self._outbox.subscribe(self._topic + 1, topic, qos, now))
        elif self._is_ping_due(self._keep_alive_ms * 3 // 4, now) and self._outbox.ping(now):
            self._pings += 1

    def _read(self, stream: "Stream", now: int) -> None:
        if self._credit_ms < _COST_MS:
            return
        if self._first == self._last:
            self._first = 0
            self._last = stream.read_into(self._in)
        if self._first < self._last:
            self._first += self._decoder.feed(self._in[self._first : self._last])
            packet = self._decoder.packet
            if packet is not None:
                self._credit_ms -= _COST_MS
                self._heard = now
                self._take(packet)

    def _is_ping_due(self, after_ms: int, now: int) -> bool:
        """Nothing was said for so long; or nothing was heard, and no ping has yet asked why."""
        if self.state != READY:
            return False
        return self._is_over(self._outbox.said, after_ms, now) or (
            not self._pings and self._is_over(self._heard, after_ms, now)
        )

    def _is_over(self, since: int, ms: int, now: int) -> bool:
        return self._clock.ticks_diff(now, since) >= ms

    def _take(self, packet: "Packet") -> None:
        kind = packet.kind
        if self.state == CONNECTING:
            if kind != mqtt.CONNACK or not self._outbox.has_room(0):  # it may not come before CONNECT has gone
                raise NetError(BAD_PACKET)
            if packet.code:
                raise refused(packet.code)
            self._next_topic()
        elif kind == mqtt.PUBLISH:
            self._take_publish(packet)
        elif kind == mqtt.SUBACK and self._is_awaited(packet.packet_id):
            if packet.code == mqtt.FAILURE:
                raise NetError(NOT_SUBSCRIBED)
            self._next_topic()
        elif kind == mqtt.PUBACK and self._outbox.acknowledged(packet.packet_id):
            pass
        elif kind == mqtt.PINGRESP and self._pings:
            self._pings -= 1
        else:
            raise NetError(BAD_PACKET)

    def _take_publish(self, packet: "Packet") -> None:
        packet_id = packet.packet_id
        self._on_message(packet.topic, packet.payload, packet.flags & mqtt.RETAIN != 0, packet.flags & mqtt.DUP != 0)
        if packet_id:
            self._outbox.owe(packet_id)

    def _is_awaited(self, packet_id: int) -> bool:
        """A topic's packet identifier is its place, counted from 1."""
        return self.state == SUBSCRIBING and not self._topic_due and packet_id == self._topic + 1

    def _next_topic(self) -> None:
        self._topic += 1
        self._topic_due = self._topic < len(self._topics)
        self.state = SUBSCRIBING if self._topic_due else READY

    def _want(self, permitted: bool) -> None:
        """Without this packet there is no session."""
        if not permitted:
            raise NetError(NOT_PERMITTED)
