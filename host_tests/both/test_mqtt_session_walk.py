"""A session whose broker does anything in any order: what is sent is whole, permitted and bounded, to the byte.

What has gone out is taken apart by rules of its own: packets one after the other, each either published, or asked for
with its kind and its size before. Both interpreters draw other walks.
"""

import random

from fakes import session_world as w
from fakes.scale import LONG, SHORT
from fakes.session_world import SessionWorld
from latchkey.net import net_error
from latchkey.net.mqtt_outbox import ACKNOWLEDGEMENT, UPKEEP
from latchkey.net.mqtt_session import CLOSED, READY
from latchkey.net.net_error import NetError

_WALKS = 5_000 if LONG else 30 if SHORT else 120
_STEPS = 120
_CONNECT, _PUBLISH, _PUBACK, _SUBSCRIBE, _PINGREQ, _DISCONNECT = 1, 3, 4, 8, 12, 14
_CODES = (net_error.BAD_PACKET, net_error.TOO_LONG, net_error.SILENT, net_error.CLOSED)


def _below(limit):
    return random.getrandbits(20) % limit


def _packets(stream):
    """(kind, flags, body) of whole packets, and how many bytes of another there are."""
    found = []
    at = 0
    while at + 2 <= len(stream):
        length = stream[at + 1] & 127
        start = at + 2
        if stream[at + 1] & 128:
            if start == len(stream):
                break
            length |= stream[start] << 7
            start += 1
        if start + length > len(stream):
            break
        found.append((stream[at] >> 4, stream[at] & 15, stream[start : start + length], start + length - at))
        at = start + length
    return found, len(stream) - at


class _Walk:
    """One session and everything it said; what is refused is refused at random."""

    def __init__(self, lies):
        self.lies = lies
        self.world = SessionWorld()
        self.permitted = list(self.world.asked)
        self.published = []
        self.packets = []
        self.rest = self.world.connect
        self.answered = 0  # packets that the broker has thought about
        self.most_read = 0
        self.handled = []
        self.world.session._outbox._may_send = self._may_send
        self.world.session._on_message = self._handle

    def _may_send(self, kind, size):
        granted = _below(4) > 0
        if granted:
            self.permitted.append((kind, size))
        return granted

    def _handle(self, topic, payload, retained, repeated):
        self.handled.append(self.world.time.elapsed_ms)
        if _below(3) == 0:
            self._publish(0)

    def _publish(self, qos):
        payload = bytes(_below(150))
        if self.world.session.publish(b"t", payload, qos, _below(2) == 1):
            self.published.append((qos, len(payload)))

    def _say(self):
        say = self.world.stream.say
        kind = _below(24)
        if kind < 8:
            for _ in range(1 + _below(30) if self.world.stream.waiting < 2_000 else 0):
                say(w.publish(bytes(_below(300)), _below(2), _below(2) == 1, False, 1 + _below(50)))
        elif kind < 18:
            for packet in self.packets[self.answered :]:
                self._answer(packet)
            self.answered = len(self.packets)
        elif kind == 18 and self.lies and _below(6) == 0:
            say((w.CONNACK, w.SUBACKS[0], w.PINGRESP, w.puback(60_000), b"\x30\xff\x7f", b"\x62\x02\0\1")[_below(6)])
        elif kind == 19 and self.lies and _below(6) == 0:
            say(w.publish(b"x" * 500)[: _below(500)])
            say(bytes(500))

    def _answer(self, packet):
        if packet[0] == _PINGREQ:
            self.world.stream.say(w.PINGRESP)
        elif packet[0] == _PUBLISH and packet[1] & 2 and _below(3):
            self.world.stream.say(b"\x40\x02" + packet[2][3:5])

    def hear(self):
        """Take what has gone out apart, as far as it is whole."""
        self.rest += self.world.stream.heard()
        packets, left = _packets(self.rest)
        self.packets += packets
        self.rest = self.rest[len(self.rest) - left :]

    def step(self):
        """One thing happens, then some turns."""
        world, stream = self.world, self.world.stream
        self._say()
        what = _below(6)
        if what < 2:
            self._publish(what)
        elif what == 2:
            stream.takes = (0, 1, 30, 10_000)[_below(4)] if self.lies else (30, 10_000)[_below(2)]
        elif what == 3:
            stream.gives = (1, 5, 600)[_below(3)]
        for _ in range(1 + _below(60)):
            before = stream.read_len
            world.session.step()
            self.most_read = max(self.most_read, stream.read_len - before)
            world.time.advance((20, 20, 20, 500)[_below(4)])
        self.hear()

    def check(self):
        """Everything that was said."""
        self.hear()
        permitted, published = list(self.permitted), list(self.published)
        resent = 0
        for kind, flags, body, size in self.packets:
            if kind == _PUBLISH:
                if flags & 8:
                    assert (UPKEEP, size) in permitted
                    permitted.remove((UPKEEP, size))
                    resent += 1
                else:
                    qos, length = published.pop(0)
                    assert flags >> 1 == qos and len(body) == 3 + 2 * qos + length
            else:
                assert kind in (_CONNECT, _PUBACK, _SUBSCRIBE, _PINGREQ)
                asked = (ACKNOWLEDGEMENT if kind == _PUBACK else UPKEEP, size)
                assert asked in permitted, (asked, permitted)
                permitted.remove(asked)
        assert len(permitted) + len(published) <= 1, (permitted, published)  # the one that is being sent
        assert not self.rest or len(permitted) + len(published) == 1
        assert self.most_read <= 512
        for number in range(11, len(self.handled)):
            first, last = self.handled[number - 11], self.handled[number]
            assert last - first >= 80  # 1,100 ms of credit for eleven, of which 1,000 may have been saved up
        for number in range(60, len(self.handled)):
            assert self.handled[number] - self.handled[number - 60] >= 4_900
        return resent


def test_whatever_a_broker_does():
    random.seed(7)
    ends = {}
    resent = handled = 0
    for number in range(_WALKS):
        walk = _Walk(number % 3 > 0)
        code = 0
        try:
            for _ in range(_STEPS):
                walk.step()
            assert walk.world.session.state == READY
        except NetError as error:
            code = error.code
            assert code in _CODES
            assert walk.lies
            assert walk.world.stream.closed and walk.world.session.state == CLOSED
        resent += walk.check()
        handled += len(walk.handled)
        ends[code] = ends.get(code, 0) + 1
    assert ends[0] >= _WALKS // 3 and ends[net_error.BAD_PACKET] and ends[net_error.SILENT], ends
    assert resent > _WALKS // 5 and handled > 10 * _WALKS, (resent, handled)
