"""What an MQTT session sends: one packet at a time, one publish of QoS 1 in flight, acknowledgements that are owed.

Facts: "MQTT Version 3.1.1", OASIS Standard, 29 October 2014, sections 4.3.2 and 4.4. Whatever is sent without having
been published is asked for first, as all that is sent counts; what is not permitted is asked for again a second later.

Not protected against: a publish that nobody acknowledges. It is sent twice and then given up.
"""

from micropython import const

from latchkey.net.net_error import BAD_SETTINGS, NetError
from latchkey.protocol import mqtt, mqtt_writer
from latchkey.protocol.mqtt import MqttError

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable

    from latchkey.chip import Clock
    from latchkey.net.connection import Stream
    from latchkey.net.mqtt_settings import MqttSettings

# What may_send is asked for: numbers of core/governor.py, which this module must not know.
UPKEEP = const(1)
ACKNOWLEDGEMENT = const(6)

_LONGEST = const(1_024)  # a packet; the longest there is, a list of keys, has about half of it

_ASK_AGAIN_MS = const(1_000)
_ACKNOWLEDGED_MS = const(15_000)  # until a publish is sent once more, and until it is given up
_TRIES = const(2)
_OWED = const(20)  # so many unacknowledged messages brokers commonly allow; of more the acknowledgement is forgotten


class Outbox:
    """said: ticks when a packet was last sent whole. given_up: publishes of QoS 1 that nobody has acknowledged."""

    def __init__(self, clock: "Clock", may_send: "Callable[[int, int], bool]") -> None:
        self.said = 0
        self.given_up = 0
        self._clock = clock
        self._may_send = may_send
        self._out = bytearray(_LONGEST)
        self._out_view = memoryview(self._out)
        self._kept = bytearray(_LONGEST)  # the publish in flight
        self._kept_view = memoryview(self._kept)
        self._owed = [0] * _OWED
        self.reset(0)

    def reset(self, now: int) -> None:
        """Forget what was to be sent: with another connection, it is no longer true."""
        self.said = now
        self._began = self._refused = now
        self._waits = False  # may_send has refused, a moment ago
        self._rest: "memoryview | None" = None  # of the packet that is being sent
        self._owing = 0
        self._used_id = 0
        self._kept_len = 0  # 0: none is in flight
        self._kept_tries = 0
        self._kept_since = now

    def has_room(self, qos: int) -> bool:
        return self._rest is None and not (qos and self._kept_len)

    def has_stalled(self, ms: int, now: int) -> bool:
        """Has the packet that is being sent waited for so long?"""
        return self._rest is not None and self._is_over(self._began, ms, now)

    # Each puts a packet where the next one to be sent stands, and wants has_room().

    def connect(self, settings: "MqttSettings", now: int) -> bool:
        """False when it is not permitted. raises: NetError(BAD_SETTINGS)."""
        try:
            length = mqtt_writer.connect(
                self._out,
                settings.client_id,
                settings.keep_alive_s,
                settings.will_topic,
                settings.will_payload,
                settings.username,
                settings.password,
            )
        except MqttError:
            raise NetError(BAD_SETTINGS)
        return self._ask(UPKEEP, length, now)

    def wipe(self) -> None:
        """A CONNECT had the password in it."""
        self._out[:] = bytes(_LONGEST)

    def subscribe(self, packet_id: int, topic: bytes, qos: int, now: int) -> bool:
        return self._ask(UPKEEP, mqtt_writer.subscribe(self._out, packet_id, topic, qos), now)

    def ping(self, now: int) -> bool:
        """False when it is not permitted, or was not a moment ago."""
        return self._may_ask(now) and self._ask(UPKEEP, mqtt_writer.pingreq(self._out), now)

    def disconnect(self, now: int) -> bool:
        return self._ask(UPKEEP, mqtt_writer.disconnect(self._out), now)

    def publish(self, topic: bytes, payload: "bytes | bytearray | memoryview", qos: int, retain: bool) -> None:
        """Permitted already. raises: MqttError."""
        now = self._clock.ticks_ms()
        if not qos:
            self._send(mqtt_writer.publish(self._out, topic, payload, 0, retain), now)
            return
        packet_id = self._used_id % 0xFFFF + 1
        self._kept_len = mqtt_writer.publish(self._kept, topic, payload, 1, retain, packet_id)
        self._used_id = packet_id
        self._kept_tries = 0
        self._send_kept(now)

    def owe(self, packet_id: int) -> None:
        """A message of QoS 1 has been handled."""
        if self._owing < _OWED:
            self._owed[self._owing] = packet_id
            self._owing += 1

    def acknowledged(self, packet_id: int) -> bool:
        """The broker has a publish. False when there was never one of that number."""
        if packet_id == self._used_id:
            self._kept_len = 0  # any other comes late, and was given up
        return 0 < packet_id <= self._used_id

    def write(self, stream: "Stream", now: int) -> bool:
        """Send as much as the stream takes; True when that was the end of a packet. raises: NetError."""
        if self._rest is None:
            self._choose(now)
        rest = self._rest
        if rest is None:
            return False
        count = stream.write(rest)
        if count < len(rest):
            if count:
                self._rest = rest[count:]
            return False
        self._rest = None
        self.said = now
        return True

    def _choose(self, now: int) -> None:
        if not self._may_ask(now):
            return
        if self._kept_len and self._is_over(self._kept_since, _ACKNOWLEDGED_MS, now):
            self._send_again(now)
        elif self._owing and self._ask(ACKNOWLEDGEMENT, mqtt_writer.puback(self._out, self._owed[0]), now):
            self._owing -= 1
            for at in range(self._owing):
                self._owed[at] = self._owed[at + 1]

    def _may_ask(self, now: int) -> bool:
        if self._waits and not self._is_over(self._refused, _ASK_AGAIN_MS, now):
            return False
        self._waits = False
        return True

    def _ask(self, kind: int, length: int, now: int) -> bool:
        """Send what stands at the front of the buffer, where that is permitted."""
        if self._may_send(kind, length):
            self._send(length, now)
            return True
        self._refused = now
        self._waits = True
        return False

    def _send(self, length: int, now: int) -> None:
        self._rest = self._out_view[:length]
        self._began = now

    def _send_kept(self, now: int) -> None:
        self._rest = self._kept_view[: self._kept_len]
        self._began = self._kept_since = now
        self._kept_tries += 1

    def _send_again(self, now: int) -> None:
        """Once more, marked as a duplicate, or give it up."""
        if self._kept_tries >= _TRIES:
            self._kept_len = 0
            self.given_up += 1
        elif self._may_send(UPKEEP, self._kept_len):
            self._kept[0] |= mqtt.DUP
            self._send_kept(now)
        else:
            self._refused = now
            self._waits = True

    def _is_over(self, since: int, ms: int, now: int) -> bool:
        return self._clock.ticks_diff(now, since) >= ms
