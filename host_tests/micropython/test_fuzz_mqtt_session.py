"""Damaged streams of a broker to a whole session: it goes on, or ends with a declared error, and keeps no memory."""

import random

from fakes.mutation import below, growth, mutated
from fakes.scale import LONG, SHORT
from fakes.virtual_time import VirtualTime
from latchkey.net import net_error
from latchkey.net.mqtt_session import CLOSED, MqttSession
from latchkey.net.mqtt_settings import MqttSettings
from latchkey.net.net_error import NetError

_ROUNDS = 300_000 if LONG else 600 if SHORT else 6_000
_TOPIC = b"latchkey/LATCHKEY012345678/command"
_OPENING = b"\x20\x02\x00\x00\x90\x03\x00\x01\x01"
_STREAMS = (
    _OPENING + b"\x32\x2b\x00\x22" + _TOPIC + b"\x00\x01hello",
    _OPENING + b"\x40\x02\x00\x01\xd0\x00\x31\x26\x00\x22" + _TOPIC + b"q0\xd0\x00",
    _OPENING + b"\x30\x03\x00\x01t" * 4 + b"\x30\xff\xff\xff\x7f",
)
_CODES = (
    net_error.BAD_PACKET,
    net_error.TOO_LONG,
    net_error.NOT_SUBSCRIBED,
    net_error.BAD_VERSION,
    net_error.BAD_CLIENT_ID,
    net_error.UNAVAILABLE,
    net_error.BAD_LOGIN,
    net_error.NOT_AUTHORISED,
    net_error.TIMEOUT,
)
_SETTINGS = MqttSettings(b"latchkeyabc123def", 60, ((_TOPIC, 1),))
_ends = {}


class _Stream:
    """Gives a stream in pieces."""

    shaking = False

    def begin(self, data):
        self.data = memoryview(data)
        self.at = 0
        self.closed = False

    def read_into(self, view):
        count = min(len(view), 1 + below(40), len(self.data) - self.at)
        view[:count] = self.data[self.at : self.at + count]
        self.at += count
        return count

    def write(self, data):
        return len(data)

    def close(self):
        self.closed = True


_clock = VirtualTime()
_stream = _Stream()
_session = MqttSession(_clock, lambda topic, payload, retained, repeated: None, lambda kind, size: True)


def _fuzz(number):
    _stream.begin(mutated(_STREAMS[number % len(_STREAMS)]))
    code = 0
    try:
        _clock.run(_session.open(_stream, _SETTINGS, 1_000))
        for _ in range(40):
            _session.step()
            _clock.advance(100)
        assert not _stream.closed
    except NetError as error:
        code = error.code
        assert code in _CODES, code
        assert _stream.closed and _session.state == CLOSED
    _session.drop()
    _ends[code] = _ends.get(code, 0) + 1


def test_no_damage_is_more_than_a_declared_error():
    random.seed(11)
    assert growth(_fuzz, _ROUNDS) <= 512
    assert _ends[0] > _ROUNDS // 20 and _ends[net_error.BAD_PACKET] > _ROUNDS // 20, _ends
    assert _ends[net_error.TOO_LONG], _ends
