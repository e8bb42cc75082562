"""MQTT 3.1.1, a client's side of it: writes packets into a buffer that is there already. mqtt.py is its twin.

Facts: "MQTT Version 3.1.1", OASIS Standard, 29 October 2014; sections stand where they are used. What is not written:
QoS 2, sessions that outlive a connection, wildcards, UNSUBSCRIBE.

All functions return the length of the packet, which begins at the front of the buffer. Text is UTF-8 in bytes. They
raise MqttError: TOO_LONG where the buffer is too small or a topic has more than 128 bytes, MALFORMED for what the
standard does not allow. What is in the buffer then is of no use.
"""

from micropython import const

from latchkey.protocol.mqtt import DUP, MALFORMED, QOS_1, RETAIN, TOO_LONG, MqttError, check_text

_CONNECT = const(0x10)
_PUBLISH = const(0x30)
_PUBACK = b"\x40\x02"
_SUBSCRIBE = const(0x82)  # bit 1 is reserved and set, section 3.8.1
_PINGREQ = b"\xc0\x00"
_DISCONNECT = b"\xe0\x00"

# Protocol name and level 4, then the connect flags, sections 3.1.2.1 to 3.1.2.3
_PROTOCOL = b"\x00\x04MQTT\x04"
_CLEAN_SESSION = const(0x02)
_WILL = const(0x2C)  # a will, of QoS 1, retained
_PASSWORD = const(0x40)
_USERNAME = const(0x80)

_LONGEST = const(16_383)  # what a remaining length of two bytes can say
_LONGEST_NUMBER = const(0xFFFF)


def connect(
    buffer: bytearray,
    client_id: bytes,
    keep_alive_s: int,
    will_topic: bytes = b"",
    will_payload: bytes = b"",
    username: bytes = b"",
    password: bytes = b"",
) -> int:
    """CONNECT with a clean session, section 3.1; without will, user or password where these are empty.

    keep_alive_s 1 to 65,535. A will is sent with QoS 1 and retained: whoever looks later must see it too.
    """
    check_text(client_id, True)
    flags = _CLEAN_SESSION
    length = len(_PROTOCOL) + 5 + len(client_id)
    if will_topic:
        check_text(will_topic, True)
        flags |= _WILL
        length += 4 + len(will_topic) + len(will_payload)
    if username:
        check_text(username, False)
        flags |= _USERNAME
        length += 2 + len(username)
    if password:
        flags |= _PASSWORD
        length += 2 + len(password)
    if flags & (_USERNAME | _PASSWORD) == _PASSWORD:  # MQTT-3.1.2-22
        raise MqttError(MALFORMED)
    at = _begin(buffer, _CONNECT, length)
    buffer[at : at + 7] = _PROTOCOL
    buffer[at + 7] = flags
    at = _put_bytes(buffer, _put_number(buffer, at + 8, keep_alive_s), client_id)
    if will_topic:
        at = _put_bytes(buffer, _put_bytes(buffer, at, will_topic), will_payload)
    if username:
        at = _put_bytes(buffer, at, username)
    return _put_bytes(buffer, at, password) if password else at


def subscribe(buffer: bytearray, packet_id: int, topic: bytes, qos: int) -> int:
    """SUBSCRIBE to one exact topic with QoS 0 or 1, section 3.8."""
    check_text(topic, True)
    if qos >> 1:
        raise MqttError(MALFORMED)
    at = _begin(buffer, _SUBSCRIBE, 5 + len(topic))
    at = _put_bytes(buffer, _put_number(buffer, at, packet_id), topic)
    buffer[at] = qos
    return at + 1


def publish(
    buffer: bytearray,
    topic: bytes,
    payload: "bytes | bytearray | memoryview",
    qos: int,
    retain: bool,
    packet_id: int = 0,
    dup: bool = False,
) -> int:
    """PUBLISH with QoS 0 or 1, section 3.3; packet_id, 1 to 65,535, and dup count with QoS 1 alone."""
    check_text(topic, True)
    if qos >> 1 or (dup and not qos):  # MQTT-3.3.1-2
        raise MqttError(MALFORMED)
    flags = (RETAIN if retain else 0) | (DUP | QOS_1 if dup else qos << 1)
    at = _begin(buffer, _PUBLISH | flags, 2 + len(topic) + (qos << 1) + len(payload))
    at = _put_bytes(buffer, at, topic)
    if qos:
        at = _put_number(buffer, at, packet_id)
    end = at + len(payload)
    buffer[at:end] = payload
    return end


def puback(buffer: bytearray, packet_id: int) -> int:
    """PUBACK, section 3.4: 4 bytes."""
    return _put_number(buffer, _put(buffer, _PUBACK, 4), packet_id)


def pingreq(buffer: bytearray) -> int:
    """PINGREQ, section 3.12: 2 bytes."""
    return _put(buffer, _PINGREQ, 2)


def disconnect(buffer: bytearray) -> int:
    """DISCONNECT, section 3.14: 2 bytes, after which the will is not sent."""
    return _put(buffer, _DISCONNECT, 2)


def _begin(buffer: bytearray, first: int, length: int) -> int:
    """The fixed header, section 2.2; returns where the rest goes. Nothing is written where the whole does not fit."""
    at = 3 if length > 0x7F else 2
    if length > _LONGEST or at + length > len(buffer):
        raise MqttError(TOO_LONG)
    buffer[0] = first
    buffer[1] = length if at == 2 else length & 0x7F | 0x80
    if at == 3:
        buffer[2] = length >> 7
    return at


def _put(buffer: bytearray, packet: bytes, length: int) -> int:
    """A packet that is the same each time, for its first two bytes; it needs `length` in all."""
    if length > len(buffer):
        raise MqttError(TOO_LONG)
    buffer[0:2] = packet
    return 2


def _put_number(buffer: bytearray, at: int, number: int) -> int:
    """Two bytes, section 1.5.2. Neither a packet identifier nor a keep-alive is 0."""
    if not 1 <= number <= _LONGEST_NUMBER:
        raise MqttError(MALFORMED)
    buffer[at] = number >> 8
    buffer[at + 1] = number & 0xFF
    return at + 2


def _put_bytes(buffer: bytearray, at: int, data: "bytes | bytearray | memoryview") -> int:
    """Two bytes of length and the bytes themselves, section 1.5.3. What fits a buffer here has fewer than 65,536."""
    end = at + 2 + len(data)
    buffer[at] = len(data) >> 8
    buffer[at + 1] = len(data) & 0xFF
    buffer[at + 2 : end] = data
    return end
