"""An honest MQTT 3.1.1 broker in memory, for one client over a network in memory, with a decoder of its own.

It keeps what is retained, sends the will of whoever goes without a word, and acknowledges. What a dishonest one does is
said through `connection.say()`.
"""


class Connection:
    """What is known of the client. said: messages of its own, as (topic, payload, qos, retain)."""

    def __init__(self, broker, sock):
        self.broker = broker
        self.sock = sock
        self.client_id = self.user = self.password = self.will = None
        self.keep_alive_s = 0
        self.topics = []
        self.pings = 0
        self.acknowledged = []  # packet identifiers of ours
        self._left = b""

    def say(self, data):
        self.sock.say(bytes(data))

    def heard(self, data):
        self._left += data
        while len(self._left) >= 2:
            length = shift = 0
            at = 1
            while True:
                if at == len(self._left):
                    return
                byte = self._left[at]
                length |= (byte & 127) << shift
                shift += 7
                at += 1
                if byte < 128:
                    break
            if len(self._left) < at + length:
                return
            first, body = self._left[0], self._left[at : at + length]
            self._left = self._left[at + length :]
            self._packet(first >> 4, first & 15, body)

    def _packet(self, kind, flags, body):
        if kind == 1:
            self._connect(body)
        elif kind == 3:
            self._publish(flags, body)
        elif kind == 4:
            self.acknowledged.append(int.from_bytes(body, "big"))
        elif kind == 8:
            assert flags == 2
            topic, rest = _string(body, 2)
            assert len(body) == rest + 1 and body[rest] <= 1, "one topic in a packet"
            self.topics.append(topic)
            self.say(b"\x90\x03" + body[:2] + body[rest : rest + 1])
            for name, payload in self.broker.retained.items():
                if name == topic:
                    self.deliver(name, payload, 0, True)
        elif kind == 12:
            assert not body
            self.pings += 1
            self.say(b"\xd0\x00")
        elif kind == 14:
            self.will = None
        else:
            raise AssertionError("a client that sends %d" % kind)

    def _connect(self, body):
        assert body[:7] == b"\x00\x04MQTT\x04"
        flags = body[7]
        assert flags & 2, "a clean session"
        self.keep_alive_s = int.from_bytes(body[8:10], "big")
        self.client_id, at = _string(body, 10)
        if flags & 4:
            topic, at = _string(body, at)
            payload, at = _string(body, at)
            self.will = (topic, payload, flags & 0x20 != 0)
        if flags & 0x80:
            self.user, at = _string(body, at)
        if flags & 0x40:
            self.password, at = _string(body, at)
        assert at == len(body)
        self.say(b"\x20\x02\x00" + bytes((self.broker.refuses,)))
        if self.broker.refuses:
            self.will = None
            self.broker.now.remove(self)
            self.sock.end()

    def _publish(self, flags, body):
        topic, at = _string(body, 0)
        qos = flags >> 1 & 3
        if qos:
            packet_id, at = body[at : at + 2], at + 2
            if self.broker.acknowledges:
                self.say(b"\x40\x02" + packet_id)
        self.broker.take(topic, body[at:], qos, flags & 1 != 0, flags & 8 != 0)

    def deliver(self, topic, payload, qos, retained, dup=False, packet_id=1):
        head = 0x30 | dup << 3 | qos << 1 | retained
        body = len(topic).to_bytes(2, "big") + topic + (packet_id.to_bytes(2, "big") if qos else b"") + payload
        length = len(body)
        size = b""
        while True:
            size += bytes((length & 127 | (128 if length > 127 else 0),))
            length >>= 7
            if not length:
                break
        self.say(bytes((head,)) + size + body)


class MemoryBroker:
    """now: its clients' connections, the last one last. said: (elapsed_ms, topic, payload, qos, retain) of all.

    down: it takes no connection. refuses: the return code of CONNACK. acknowledges: what is published with QoS 1.
    """

    def __init__(self, clock):
        self.down = False
        self.refuses = 0
        self.acknowledges = True
        self.now = []
        self.ever = 0
        self.last = None  # the connection that was made last
        self.said = []
        self.retained = {}
        self.keeps = 100_000  # of what was said
        self.count = 0  # messages ever
        self._clock = clock
        self._packet_id = 0

    # What the network calls

    def accepted(self, sock):
        self.last = Connection(self, sock)
        self.ever += 1
        self.now.append(self.last)

    def heard(self, sock, data):
        for connection in self.now:
            if connection.sock is sock:
                connection.heard(data)

    def gone(self, sock):
        for connection in list(self.now):
            if connection.sock is sock:
                self.now.remove(connection)
                if connection.will is not None:
                    topic, payload, retain = connection.will
                    self.take(topic, payload, 1, retain, False)

    # What tests call

    def take(self, topic, payload, qos, retain, dup):
        self.count += 1
        if not dup or (topic, payload) not in [row[1:3] for row in self.said[-4:]]:
            self.said.append((self._clock.elapsed_ms, topic, payload, qos, retain))
            del self.said[: -self.keeps]
        if retain:
            self.retained[topic] = payload

    def publish(self, topic, payload, qos=1, retain=False, dup=False):
        """To whoever has subscribed to exactly this; kept where it is to be."""
        if retain:
            self.retained[topic] = bytes(payload)
        for connection in self.now:
            if topic in connection.topics:
                self._packet_id = self._packet_id % 0xFFFF + 1
                connection.deliver(topic, bytes(payload), qos, False, dup, self._packet_id)

    def drop(self):
        """End all connections, as a broker does that is stopped: their wills go out."""
        for connection in list(self.now):
            connection.sock.end()
            self.gone(connection.sock)

    def on(self, topic):
        """The payloads that were published on a topic that ends so."""
        return [row[2] for row in self.said if row[1].endswith(topic)]


def _string(body, at):
    length = int.from_bytes(body[at : at + 2], "big")
    assert at + 2 + length <= len(body)
    return body[at + 2 : at + 2 + length], at + 2 + length
