"""What a server sends, taken apart: as the OASIS standard (MQTT 3.1.1, 29 October 2014) says, and nothing else.

Packets marked so were sent by Mosquitto 2.0.11 from Debian 12.
"""

from latchkey.protocol import mqtt
from latchkey.protocol.mqtt import Decoder, MqttError

_TOPIC = b"latchkey/LATCHKEY012345678/command"
_CONNACK = bytes.fromhex("20020000")  # Mosquitto
_SUBACK = bytes.fromhex("9003000101")  # Mosquitto
_PUBACK = bytes.fromhex("40020007")  # Mosquitto
_PINGRESP = bytes.fromhex("d000")  # Mosquitto
_HELLO = bytes.fromhex("322b0022") + _TOPIC + bytes.fromhex("0001") + b"hello"  # Mosquitto
_QOS_0 = bytes.fromhex("30260022") + _TOPIC + b"q0"  # Mosquitto
_RETAINED = bytes.fromhex("33ae0e0022") + _TOPIC + bytes.fromhex("0001") + bytes(1_800)  # Mosquitto
_WILL = bytes.fromhex("32260021") + b"latchkey/LATCHKEY012345678/online" + bytes.fromhex("000230")  # Mosquitto
_STREAM = (_CONNACK, _SUBACK, _HELLO, _PUBACK, _PINGRESP, _QOS_0, _RETAINED, _WILL, _PINGRESP, _PINGRESP)
_FOUND = (
    (mqtt.CONNACK, 0, b"", b"", 0, 0),
    (mqtt.SUBACK, 0, b"", b"", 1, 1),
    (mqtt.PUBLISH, mqtt.QOS_1, _TOPIC, b"hello", 1, 0),
    (mqtt.PUBACK, 0, b"", b"", 7, 0),
    (mqtt.PINGRESP, 0, b"", b"", 0, 0),
    (mqtt.PUBLISH, 0, _TOPIC, b"q0", 0, 0),
    (mqtt.PUBLISH, mqtt.QOS_1 | mqtt.RETAIN, _TOPIC, bytes(1_800), 1, 0),
    (mqtt.PUBLISH, mqtt.QOS_1, b"latchkey/LATCHKEY012345678/online", b"0", 2, 0),
    (mqtt.PINGRESP, 0, b"", b"", 0, 0),
    (mqtt.PINGRESP, 0, b"", b"", 0, 0),
)


def _shown(packet):
    return (packet.kind, packet.flags, bytes(packet.topic), bytes(packet.payload), packet.packet_id, packet.code)


def _fed(decoder, data):
    """All packets of a piece of the stream."""
    found = []
    view = memoryview(data)
    at = 0
    while at < len(view):
        count = decoder.feed(view[at:])
        assert count > 0
        at += count
        if decoder.packet is not None:
            found.append(_shown(decoder.packet))
    return found


def _code(data, decoder=None):
    """The error that the whole of some bytes ends in; the decoder then takes nothing more, until reset()."""
    decoder = decoder or Decoder()
    try:
        found = _fed(decoder, data)
    except MqttError as error:
        assert decoder.packet is None
        for more in (b"\x00", _PINGRESP, data):
            try:
                decoder.feed(more)
            except MqttError as later:
                assert later.code == mqtt.MALFORMED
                continue
            raise AssertionError("takes more after an error")
        decoder.reset()
        assert _fed(decoder, _CONNACK) == [_FOUND[0]]
        return error.code
    raise AssertionError("accepted %s" % found)


def _publish(topic, rest, first=0x30, length=None):
    size = 2 + len(topic) + len(rest)
    body = bytes((len(topic) >> 8, len(topic) & 0xFF)) + topic + rest
    return bytes((first, size if length is None else length)) + body


def test_a_stream_from_mosquitto_however_it_is_cut():
    stream = b"".join(_STREAM)
    for piece in (1, 2, 3, 5, 7, 31, 64, 255, 1_000, 5_000):
        decoder = Decoder()
        found = []
        for at in range(0, len(stream), piece):
            found += _fed(decoder, stream[at : at + piece])
        assert found == list(_FOUND), piece


def test_every_cut_of_a_packet_waits_for_the_rest():
    for packet, expected in zip(_STREAM, _FOUND):
        for cut in range(1, min(len(packet), 60)):
            decoder = Decoder()
            assert _fed(decoder, packet[:cut]) == []
            assert _fed(decoder, packet[cut:]) == [expected]


def test_feed_stops_at_the_end_of_a_packet():
    decoder = Decoder()
    data = memoryview(_PUBACK + _PINGRESP + _SUBACK[:2])
    assert decoder.feed(data) == 4
    assert _shown(decoder.packet) == _FOUND[3]
    assert decoder.feed(data[4:]) == 2
    assert _shown(decoder.packet) == _FOUND[4]
    assert decoder.feed(data[6:]) == 2
    assert decoder.packet is None
    assert decoder.feed(b"") == 0
    assert decoder.feed(_SUBACK[2:] + b"\xff") == 3
    assert _shown(decoder.packet) == _FOUND[1]


def test_topics_compare_with_bytes():
    decoder = Decoder()
    decoder.feed(_HELLO)
    assert decoder.packet.topic == _TOPIC
    assert decoder.packet.topic != _TOPIC + b"/"
    assert decoder.packet.payload == b"hello"


def test_return_codes_of_connack():
    """Section 3.2.2.3: 0 to 5; no session is present where it was asked for clean, MQTT-3.2.2-1 and MQTT-3.2.2-4."""
    for code in range(6):
        assert _fed(Decoder(), bytes((0x20, 2, 0, code))) == [(mqtt.CONNACK, 0, b"", b"", 0, code)]
    for data in ("20020006", "200200ff", "20020100", "20020105", "20020200", "20028000"):
        assert _code(bytes.fromhex(data)) == mqtt.MALFORMED


def test_return_codes_of_suback():
    """Section 3.9.3: 0x80 refuses; 2 grants what was never asked for, the rest is reserved."""
    for code in (0, 1, mqtt.FAILURE):
        assert _fed(Decoder(), bytes((0x90, 3, 0x12, 0x34, code))) == [(mqtt.SUBACK, 0, b"", b"", 0x1234, code)]
    for code in (2, 3, 0x7F, 0x81, 0xFF):
        assert _code(bytes((0x90, 3, 0, 1, code))) == mqtt.MALFORMED


def test_flags_of_publish():
    """Section 3.3.1; MQTT-3.3.1-2: no DUP with QoS 0; MQTT-3.3.1-4: no QoS 3."""
    for flags in range(16):
        body = b"\x00\x01t\x00\x05pay"
        data = bytes((0x30 | flags, len(body))) + body
        qos = flags >> 1 & 3
        if qos == 2:
            assert _code(data) == mqtt.UNEXPECTED
        elif qos == 3 or flags in (8, 9):
            assert _code(data) == mqtt.MALFORMED
        elif qos:
            assert _fed(Decoder(), data) == [(mqtt.PUBLISH, flags, b"t", b"pay", 5, 0)]
            assert bool(flags & mqtt.DUP) == (flags >= 8)
        else:
            assert _fed(Decoder(), data) == [(mqtt.PUBLISH, flags, b"t", b"\x00\x05pay", 0, 0)]


def test_first_bytes_that_no_server_sends_to_such_a_client():
    """Section 2.2.1 and 2.2.2: packets of clients and of QoS 2, and 0 and 15, are unexpected; flags are reserved."""
    ours = {mqtt.CONNACK, mqtt.PUBACK, mqtt.SUBACK, mqtt.PINGRESP}
    for first in range(256):
        kind, flags = first >> 4, first & 15
        if kind == mqtt.PUBLISH or (kind in ours and not flags):
            continue
        assert _code(bytes((first,))) == (mqtt.MALFORMED if kind in ours else mqtt.UNEXPECTED), first


def test_lengths_that_fit_no_packet():
    for first, lengths in (
        (0x20, (0, 1, 3, 127)),
        (0x40, (0, 1, 3, 4)),
        (0x90, (0, 2, 4, 5)),
        (0xD0, (1, 2)),
        (0x30, (0, 1, 2)),
        (0x32, (0, 1, 2, 3, 4)),
    ):
        for length in lengths:
            assert _code(bytes((first, length))) == mqtt.MALFORMED, (first, length)


def test_identifiers_are_never_zero():
    """Section 2.3.1."""
    for data in (b"\x40\x02\x00\x00", b"\x90\x03\x00\x00\x01", _publish(b"t", b"\x00\x00x", 0x32)):
        assert _code(data) == mqtt.MALFORMED


def test_a_topic_reaches_no_further_than_its_packet():
    for data in (
        b"\x30\x03\x00\x02t",
        b"\x30\x04\xff\xfft\x00",
        b"\x32\x06\x00\x03top\x01",
        b"\x32\x05\x00\x02to\x01",
        b"\x30\x05\x00\x00abc",  # MQTT-4.7.3-1: not empty either
        b"\x32\x05\x00\x00\x00\x01a",
    ):
        assert _code(data) == mqtt.MALFORMED
    assert _fed(Decoder(), b"\x32\x05\x00\x01t\x00\x01") == [(mqtt.PUBLISH, 2, b"t", b"", 1, 0)]
    assert _fed(Decoder(), b"\x30\x03\x00\x01t") == [(mqtt.PUBLISH, 0, b"t", b"", 0, 0)]


def test_topics_are_text_without_wildcards_and_short():
    """MQTT-3.3.2-1, MQTT-3.3.2-2, section 1.5.3."""
    for topic in (b"#", b"+", b"a/+/b", b"a\x00", b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80"):
        assert _code(_publish(topic, b"x")) == mqtt.MALFORMED
    longest = b"t" * 128
    data = b"\x30\x83\x01" + _publish(longest, b"x")[2:]
    assert _fed(Decoder(), data) == [(mqtt.PUBLISH, 0, longest, b"x", 0, 0)]
    assert _code(b"\x30\x84\x01" + _publish(longest + b"t", b"x", length=0)[2:]) == mqtt.TOO_LONG
    assert _fed(Decoder(), _publish("Tür/日本".encode(), b"x"))[0][2] == "Tür/日本".encode()


def test_a_packet_that_is_too_long_is_refused_by_its_declared_length():
    """Before its first byte has come; 256 MB are declared in four bytes, and fewer say enough."""
    for data, taken in (("30ffffff7f", 3), ("30811010", 3), ("30ffff7f", 3), ("3081808001", 5), ("30ffffffff", 3)):
        decoder = Decoder()
        for count, byte in enumerate(bytes.fromhex(data)[:taken]):
            try:
                assert decoder.feed(bytes((byte,))) == 1
            except MqttError as error:
                assert error.code == mqtt.TOO_LONG
                assert count == taken - 1
                break
        else:
            raise AssertionError(data)


def test_the_longest_packet_that_is_taken():
    body = b"\x00\x01t" + bytes(2_045)
    assert _fed(Decoder(), b"\x30\x80\x10" + body) == [(mqtt.PUBLISH, 0, b"t", bytes(2_045), 0, 0)]
    assert _code(b"\x30\x81\x10" + body + b"\x00") == mqtt.TOO_LONG
    assert _fed(Decoder(3), b"\x30\x03\x00\x01t") == [(mqtt.PUBLISH, 0, b"t", b"", 0, 0)]
    assert _code(b"\x30\x04\x00\x01tx", Decoder(3)) == mqtt.TOO_LONG


def test_a_remaining_length_has_four_bytes_at_most():
    """Section 2.2.3. Zeros in front are odd, allowed, and still no more than four."""
    assert _fed(Decoder(), b"\xd0\x80\x80\x80\x00") == [_FOUND[4]]
    assert _code(b"\xd0\x80\x80\x80\x80") == mqtt.MALFORMED
    assert _code(b"\x30\x83\x80\x80\x80\x00") == mqtt.MALFORMED


def test_reset_forgets_half_a_packet_and_a_whole_one():
    decoder = Decoder()
    decoder.feed(_HELLO[:20])
    decoder.reset()
    assert _fed(decoder, _CONNACK + _HELLO) == [_FOUND[0], _FOUND[2]]
    decoder.reset()
    assert decoder.packet is None
    decoder.feed(b"\x30\x85")
    decoder.reset()
    assert _fed(decoder, _SUBACK) == [_FOUND[1]]


def test_what_one_packet_held_is_not_in_the_next():
    decoder = Decoder()
    assert _fed(decoder, _HELLO + _PUBACK + _CONNACK[:3] + b"\x05" + _PINGRESP + _SUBACK + _QOS_0) == [
        _FOUND[2],
        _FOUND[3],
        (mqtt.CONNACK, 0, b"", b"", 0, 5),
        _FOUND[4],
        _FOUND[1],
        _FOUND[5],
    ]
