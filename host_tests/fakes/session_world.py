"""A session over a stream in memory, in virtual time, and a broker's half of MQTT written the short way."""

from latchkey.net.mqtt_session import READY, MqttSession
from latchkey.net.mqtt_settings import MqttSettings
from latchkey.net.net_error import NetError

from fakes.memory_stream import MemoryStream
from fakes.virtual_time import VirtualTime

TOPIC = b"latchkey/X/command"
SETTINGS = MqttSettings(b"latchkeyabc123def", 60, ((TOPIC, 1), (b"latchkey/all/set", 0)), b"latchkey/X/online", b"0")

CONNACK = b"\x20\x02\0\0"
SUBACKS = (b"\x90\x03\0\x01\x01", b"\x90\x03\0\x02\0")
PINGREQ, PINGRESP, DISCONNECT = b"\xc0\0", b"\xd0\0", b"\xe0\0"


def publish(payload, qos=0, retain=False, dup=False, packet_id=1, topic=TOPIC):
    """PUBLISH of a broker."""
    body = len(topic).to_bytes(2, "big") + topic + (packet_id.to_bytes(2, "big") if qos else b"") + payload
    length = len(body)
    head = bytes((length,)) if length < 128 else bytes((length & 127 | 128, length >> 7))
    return bytes((0x30 | dup << 3 | qos << 1 | retain,)) + head + body


def puback(packet_id):
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


class SessionWorld:
    """A session, ready unless told otherwise. got: messages. asked: (kind, size) that may_send was asked for."""

    def __init__(self, settings=SETTINGS, ready=True):
        self.time = VirtualTime()
        self.stream = MemoryStream()
        self.settings = settings
        self.got = []
        self.asked = []
        self.permits = True
        self.session = MqttSession(self.time, self._message, self._may_send)
        if ready:
            self.stream.say(CONNACK + b"".join(SUBACKS[: len(settings.topics)]))
            self.open()
            assert self.session.state == READY
            self.connect = self.stream.heard()

    def open(self, limit_ms=10_000):
        self.time.run(self.session.open(self.stream, self.settings, limit_ms))

    def refused(self, coroutine=None):
        """Opens, or runs, until it fails: the code. The stream is closed then."""
        try:
            self.time.run(coroutine or self.session.open(self.stream, self.settings))
        except NetError as error:
            assert self.stream.closed
            return error.code
        raise AssertionError("it did not fail")

    def turns(self, ms, step_ms=20):
        """So long in turns; what the session says meanwhile."""
        for _ in range(ms // step_ms):
            self.session.step()
            self.time.advance(step_ms)
        return self.stream.heard()

    def _message(self, topic, payload, retained, repeated):
        self.got.append((bytes(topic), bytes(payload), retained, repeated))

    def _may_send(self, kind, size):
        self.asked.append((kind, size))
        return self.permits
