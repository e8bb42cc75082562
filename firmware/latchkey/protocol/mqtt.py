"""MQTT 3.1.1, a client's side of it, without I/O: a bounded decoder of what a server sends. mqtt_writer.py is its twin.

Facts: "MQTT Version 3.1.1", OASIS Standard, 29 October 2014; sections stand where they are used. A packet is a byte of
kind and flags, a remaining length of one to four bytes with seven bits each, and so many bytes more (section 2.2).

Used of it: QoS 0 and 1, a session that is always clean, so that no broker keeps a command for later, a will, and topics
that are exact. Wildcards are neither sent nor taken. A client that asks for no more must be sent no more, so everything
else that could come is an error: packets of QoS 2, packets only clients send, flags and codes that are reserved. An
error means that the connection is to be closed (section 4.8); until reset() the decoder takes nothing more.

Bounds: a packet has to fit the decoder's buffer and is judged by the length it declares, before it comes. A topic has
128 bytes at most, because going through it takes time and nothing here needs a longer one.

Not protected against: a broker that lies. No field of a packet makes anything true: a command counts by the signature
inside it, and the flags that say retained or repeated are what the broker chose to write there.
"""

from micropython import const

# MqttError codes
TOO_LONG = const(1)  # a packet or topic beyond its bound, or a buffer that is too small for what is to be sent
MALFORMED = const(2)  # against the standard, or against what it lets us send
UNEXPECTED = const(3)  # a packet that a server does not send to such a client

# Packet.kind, section 2.2.1
CONNACK = const(2)
PUBLISH = const(3)
PUBACK = const(4)
SUBACK = const(9)
PINGRESP = const(13)

# Packet.flags of a PUBLISH, section 3.3.1
RETAIN = const(1)
QOS_1 = const(2)
DUP = const(8)
_QOS_2 = const(4)

# Packet.code of a SUBACK that refuses, section 3.9.3; of a CONNACK 0 accepts and 1 to 5 refuse, section 3.2.2.3
FAILURE = const(0x80)
_LAST_RETURN_CODE = const(5)

_LONGEST_TOPIC = const(128)
_WILDCARDS = b"+#"

# What the decoder waits for.
_KIND = const(0)
_LENGTH = const(1)
_REST = const(2)
_NOTHING = const(3)  # it has failed

_EMPTY = memoryview(b"")


class MqttError(Exception):
    """The packet is refused, and with it the connection; `code` says why. It holds nothing of the packet."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Packet:
    """What the decoder has found. Views are of the decoder's buffer, valid until its following feed()."""

    def __init__(self) -> None:
        self.kind = 0
        self.flags = 0
        self.topic = _EMPTY
        self.payload = _EMPTY
        self.packet_id = 0  # of PUBLISH with QoS 1, PUBACK and SUBACK, never 0 there
        self.code = 0  # of CONNACK and SUBACK


class Decoder:
    """Finds packets in what a server sends, however it is cut.

        while at < len(data):
            at += decoder.feed(data[at:])
            if decoder.packet: …

    `packet` is the one that has become whole with that feed(), or None. It is the same object each time.
    """

    def __init__(self, limit: int = 2_048) -> None:
        """limit: the longest remaining length that is taken, in bytes."""
        self.packet: "Packet | None" = None
        self._found = Packet()
        self._view = memoryview(bytearray(limit))
        self.reset()

    def reset(self) -> None:
        """Begin anew, with another connection."""
        self.packet = None
        self._state = _KIND
        self._wanted = 0  # the remaining length
        self._shift = 0
        self._filled = 0

    def feed(self, data: "bytes | memoryview") -> int:
        """Take bytes up to the end of a packet; return how many. Raises MqttError, also for all that comes later."""
        self.packet = None
        end = len(data)
        at = 0
        while at < end and self._state != _REST:
            self._take_header(data[at])
            at += 1
        if self._state == _REST:
            start = self._filled
            count = min(self._wanted - start, end - at)
            self._filled += count
            self._view[start : self._filled] = data[at : at + count]
            at += count
            if self._filled == self._wanted:
                self._finish()
        return at

    def _take_header(self, byte: int) -> None:
        """One byte of the fixed header, section 2.2. Whatever raises leaves the state at _NOTHING."""
        state = self._state
        self._state = _NOTHING
        if state == _KIND:
            self._take_kind(byte >> 4, byte & 15)
            self._state = _LENGTH
            return
        if state == _NOTHING:
            raise MqttError(MALFORMED)
        self._wanted |= (byte & 0x7F) << self._shift
        self._shift += 7
        if self._wanted > len(self._view):
            raise MqttError(TOO_LONG)
        if byte < 0x80:
            self._check_length()
            self._state = _REST
        elif self._shift < 28:
            self._state = _LENGTH
        else:  # section 2.2.3: no fifth byte
            raise MqttError(MALFORMED)

    def _take_kind(self, kind: int, flags: int) -> None:
        if kind == PUBLISH:
            if flags & (_QOS_2 | QOS_1) == _QOS_2:
                raise MqttError(UNEXPECTED)
            if flags & _QOS_2 or flags & (DUP | QOS_1) == DUP:  # MQTT-3.3.1-4, MQTT-3.3.1-2
                raise MqttError(MALFORMED)
        elif kind != CONNACK and kind != PUBACK and kind != SUBACK and kind != PINGRESP:
            raise MqttError(UNEXPECTED)
        elif flags:  # MQTT-2.2.2-2
            raise MqttError(MALFORMED)
        self._found.kind = kind
        self._found.flags = flags
        self._wanted = self._shift = self._filled = 0

    def _check_length(self) -> None:
        """Sections 3.2, 3.4, 3.9 (of one topic) and 3.13; a PUBLISH has a topic of one byte at least."""
        kind = self._found.kind
        if kind == PUBLISH:
            good = self._wanted >= 3 + (self._found.flags & QOS_1)
        elif kind == SUBACK:
            good = self._wanted == 3
        else:
            good = self._wanted == (0 if kind == PINGRESP else 2)
        if not good:
            raise MqttError(MALFORMED)

    def _finish(self) -> None:
        """The packet is whole: judge it and take it apart."""
        self._state = _NOTHING
        packet = self._found
        view = self._view
        packet.topic = packet.payload = _EMPTY
        packet.packet_id = packet.code = 0
        if packet.kind == PUBLISH:
            self._take_publish(packet, view)
        elif packet.kind == CONNACK:
            packet.code = view[1]
            if view[0] or packet.code > _LAST_RETURN_CODE:  # no session was kept: MQTT-3.2.2-1 and MQTT-3.2.2-4
                raise MqttError(MALFORMED)
        elif packet.kind != PINGRESP:
            packet.packet_id = _number(view, 0)
            packet.code = view[2] if packet.kind == SUBACK else 0
            if packet.code > 1 and packet.code != FAILURE:  # MQTT-3.9.3-2; 2 was not asked for
                raise MqttError(MALFORMED)
        self._state = _KIND
        self.packet = packet

    def _take_publish(self, packet: Packet, view: memoryview) -> None:
        at = 2 + (view[0] << 8 | view[1])
        end = at + (packet.flags & QOS_1)  # of the packet identifier: 2 bytes with QoS 1, none with QoS 0
        if end > self._wanted:
            raise MqttError(MALFORMED)
        packet.topic = view[2:at]
        check_text(packet.topic, True)
        if packet.flags & QOS_1:
            packet.packet_id = _number(view, at)
        packet.payload = view[end : self._wanted]


def _number(view: memoryview, at: int) -> int:
    """A packet identifier, section 2.3.1: never 0."""
    number = view[at] << 8 | view[at + 1]
    if not number:
        raise MqttError(MALFORMED)
    return number


def check_text(text: "bytes | memoryview", exact: bool) -> None:
    """Text must be UTF-8 without U+0000, section 1.5.3; where it is exact, short and without wildcards, section 4.7."""
    left = 0  # bytes of a character that are still to come
    low = 0x80
    high = 0xBF
    if not len(text):
        raise MqttError(MALFORMED)
    if exact and len(text) > _LONGEST_TOPIC:
        raise MqttError(TOO_LONG)
    for byte in text:
        if left:
            good = low <= byte <= high
            left -= 1
            low = 0x80
            high = 0xBF
        elif byte < 0x80:
            good = byte != 0 and not (exact and byte in _WILDCARDS)
        else:
            good = 0xC2 <= byte <= 0xF4
            left = 1 + (byte >= 0xE0) + (byte >= 0xF0)
            # RFC 3629 section 4: no character in more bytes than it needs, no surrogates, none beyond U+10FFFF
            low = 0xA0 if byte == 0xE0 else 0x90 if byte == 0xF0 else 0x80
            high = 0x9F if byte == 0xED else 0x8F if byte == 0xF4 else 0xBF
        if not good:
            raise MqttError(MALFORMED)
    if left:
        raise MqttError(MALFORMED)
