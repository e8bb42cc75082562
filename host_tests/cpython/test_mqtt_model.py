"""The decoder beside a second one, written the plain way: whole streams, regular slices, Python's own UTF-8.

What the second one refuses as a whole the first must refuse somewhere, after the same packets.
"""

from fakes.scale import LONG
from hypothesis import given, settings
from hypothesis import strategies as st
from latchkey.protocol import mqtt, mqtt_writer
from latchkey.protocol.mqtt import Decoder, MqttError

_LIMIT = 300
_MANY = 20_000 if LONG else 1_000


def _is_topic(data):
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return 0 < len(data) <= 128 and not set(text) & {"\0", "+", "#"}


def _remaining_length(stream):
    """(length, bytes it takes), None while it is not all there; ValueError."""
    length = 0
    for index, byte in enumerate(stream[1:5]):
        length += (byte & 127) * 128**index
        if length > _LIMIT:
            raise ValueError
        if byte < 128:
            return length, index + 1
    if len(stream) >= 5:
        raise ValueError
    return None


def _publish(flags, body):
    end = 2 + int.from_bytes(body[:2])
    topic = body[2:end]
    packet_id = int.from_bytes(body[end : end + 2]) if flags & 6 else None
    payload = body[end + 2 :] if flags & 6 else body[end:]
    whole = len(body) >= end + (2 if flags & 6 else 0)
    if not whole or flags & 4 or flags in (8, 9) or packet_id == 0 or not _is_topic(topic):
        raise ValueError
    return mqtt.PUBLISH, flags, topic, payload, packet_id or 0, 0


def _packet(first, body):
    kind, flags = first >> 4, first & 15
    if kind == mqtt.PUBLISH:
        return _publish(flags, body)
    shapes = {
        mqtt.CONNACK: len(body) == 2 and body[0] == 0 and body[1] <= 5 and (0, body[1]),
        mqtt.PUBACK: len(body) == 2 and any(body) and (int.from_bytes(body), 0),
        mqtt.SUBACK: len(body) == 3
        and any(body[:2])
        and body[2] in (0, 1, 128)
        and (int.from_bytes(body[:2]), body[2]),
        mqtt.PINGRESP: not body and (0, 0),
    }
    found = shapes.get(kind)
    if flags or not found:
        raise ValueError
    return kind, 0, b"", b"", *found


def _reference(stream):
    """(packets, whether the stream is refused). What is wrong with a packet that is not all there is not seen."""
    packets = []
    try:
        while stream:
            length = _remaining_length(stream)
            if length is None or len(stream) < 1 + length[1] + length[0]:
                return packets, False
            start = 1 + length[1]
            packets.append(_packet(stream[0], stream[start : start + length[0]]))
            stream = stream[start + length[0] :]
    except ValueError:
        return packets, True
    return packets, False


def _decoded(stream, pieces):
    decoder = Decoder(_LIMIT)
    packets = []
    at = turn = 0
    try:
        while at < len(stream):
            piece = stream[at : at + pieces[turn % len(pieces)]]
            at += decoder.feed(memoryview(piece))
            turn += 1
            if decoder.packet:
                p = decoder.packet
                packets.append((p.kind, p.flags, bytes(p.topic), bytes(p.payload), p.packet_id, p.code))
    except MqttError:
        return packets, True
    return packets, False


def _varint(length, odd):
    out = bytearray()
    while length > 127:
        out.append(length & 127 | 128)
        length >>= 7
    return bytes(out) + (bytes((length | 128, 0)) if odd else bytes((length,)))


_topics = st.one_of(st.text(max_size=12).map(str.encode), st.binary(max_size=8), st.just(b"latchkey/x/command"))
_bodies = st.one_of(
    st.binary(max_size=5),
    st.tuples(_topics, st.binary(max_size=200)).map(lambda two: len(two[0]).to_bytes(2) + two[0] + two[1]),
)
_firsts = st.one_of(st.sampled_from((0x20, 0x40, 0x90, 0xD0, 0x30, 0x31, 0x32, 0x33, 0x3B)), st.integers(0, 255))
_packets = st.tuples(_firsts, _bodies, st.sampled_from((False, False, False, True))).map(
    lambda three: bytes((three[0],)) + _varint(len(three[1]), three[2]) + three[1]
)
_good = st.sampled_from((b"\x20\x02\0\0", b"\x90\x03\0\x01\x01", b"\x40\x02\0\x07", b"\xd0\0", b"\x30\x04\0\x01tx"))
_pieces = st.lists(st.integers(1, 80), min_size=1, max_size=5)


@settings(max_examples=_MANY)
@given(st.lists(st.one_of(_good, _packets), max_size=8).map(b"".join), _pieces, st.integers(0, 30))
def test_two_decoders_say_the_same(stream, pieces, cut):
    stream = stream[: len(stream) - cut]
    packets, refused = _reference(stream)
    found, failed = _decoded(stream, pieces)
    assert found == packets
    if refused:
        assert failed
    if failed and not refused:  # what is wrong with the last packet can be seen before it is whole
        assert _reference(stream + bytes(_LIMIT))[1]


@settings(max_examples=_MANY)
@given(st.one_of(st.binary(max_size=12), st.text(max_size=6).map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_text_is_what_python_holds_for_utf_8(data):
    try:
        mqtt.check_text(data, True)
        accepted = True
    except MqttError:
        accepted = False
    assert accepted == _is_topic(data)


def test_every_start_of_a_character():
    """All two bytes, and all three where the first of them begins one of several."""
    for first in range(256):
        for second in range(256):
            tails = (b"", b"\x80", b"\x80\x80", b"\xbf\xbf", b"\xc0", b"a")
            for data in (bytes((first, second)) + tail for tail in tails):
                try:
                    mqtt.check_text(data, True)
                    accepted = True
                except MqttError:
                    accepted = False
                assert accepted == _is_topic(data), data


@settings(max_examples=_MANY)
@given(
    st.text(min_size=1, max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=260),
    st.integers(-1, 3),
    st.booleans(),
    st.integers(-1, 65_536),
    st.booleans(),
)
def test_what_is_written_is_read_as_it_was_meant(topic, payload, qos, retain, packet_id, dup):
    buffer = bytearray(_LIMIT + 3)
    permitted = _is_topic(topic) and qos in (0, 1) and (0 < packet_id < 65_536 or not qos) and (qos or not dup)
    try:
        length = mqtt_writer.publish(buffer, topic, payload, qos, retain, packet_id, dup)
    except MqttError as error:
        assert not permitted
        assert error.code in (mqtt.MALFORMED, mqtt.TOO_LONG)
        return
    assert permitted
    flags = retain | qos << 1 | dup << 3
    expected = (mqtt.PUBLISH, flags, topic, payload, packet_id if qos else 0, 0)
    assert _reference(bytes(buffer[:length])) == ([expected], False)
