"""Damaged streams of a server, cut anywhere: packets within the rules or the declared error, and no more memory.

A packet that comes out is checked by rules of its own. What the decoder refuses it must refuse whatever the pieces.
"""

import random

from fakes.mutation import below, growth, mutated
from fakes.scale import LONG
from latchkey.protocol import mqtt
from latchkey.protocol.mqtt import Decoder, MqttError

_ROUNDS = 1_000_000 if LONG else 20_000
_LIMIT = 256
_TOPIC = b"latchkey/LATCHKEY012345678/command"
_SEEDS = (
    b"\x20\x02\x00\x00\x90\x03\x00\x01\x01\x32\x2b\x00\x22" + _TOPIC + b"\x00\x01hello",
    b"\x40\x02\x00\x07\xd0\x00\x31\x26\x00\x22" + _TOPIC + b"q0\xd0\x00",
    b"\x3b\x83\x01\x00\x0a" + "Tür/日本/".encode()[:10] + b"\x12\x34" + bytes(range(117)),
    b"\x30\xff\xff\xff\x7f\x00\x01t",
    b"\x30\x03\x00\x01t\x20\x02\x00\x05\x90\x03\x12\x34\x80",
)
_CODES = (mqtt.TOO_LONG, mqtt.MALFORMED, mqtt.UNEXPECTED)

_decoder = Decoder(_LIMIT)
_kinds = [0] * 16
_errors = [0] * 4


def _check(packet):
    """What a packet may be, whatever has been done to the bytes."""
    _kinds[packet.kind] += 1
    if packet.kind == mqtt.PUBLISH:
        qos_1 = packet.flags & mqtt.QOS_1
        assert packet.flags in (0, 1, 2, 3, 10, 11)
        assert 1 <= len(packet.topic) <= 128
        assert 2 + len(packet.topic) + qos_1 + len(packet.payload) <= _LIMIT
        assert (packet.packet_id > 0) == bool(qos_1) and packet.packet_id <= 0xFFFF
        assert not packet.code
        for byte in packet.topic:
            assert byte not in b"\x00+#\xc0\xc1" and byte < 0xF5
        bytes(packet.topic).decode()
        return
    assert not packet.flags and not len(packet.topic) and not len(packet.payload)
    if packet.kind == mqtt.CONNACK:
        assert packet.code <= 5 and not packet.packet_id
    elif packet.kind == mqtt.SUBACK:
        assert packet.code in (0, 1, 0x80) and packet.packet_id
    elif packet.kind == mqtt.PUBACK:
        assert packet.packet_id and not packet.code
    else:
        assert packet.kind == mqtt.PINGRESP and not packet.packet_id and not packet.code


def _run(stream, piece):
    """Feed a stream; (packets, bytes in them, error)."""
    _decoder.reset()
    packets = total = at = 0
    view = memoryview(stream)
    try:
        while at < len(view):
            end = min(len(view), at + 1 + below(piece))
            count = _decoder.feed(view[at:end])
            assert 0 < count <= end - at
            at += count
            if _decoder.packet is not None:
                _check(_decoder.packet)
                packets += 1
                total += len(_decoder.packet.topic) + len(_decoder.packet.payload)
    except MqttError as error:
        assert error.code in _CODES and _decoder.packet is None
        return packets, total, error.code
    return packets, total, 0


def _one(number):
    stream = mutated(_SEEDS[number % len(_SEEDS)])
    found = _run(stream, 1 + below(len(stream) + 1))
    _errors[found[2]] += 1
    if number & 7 == 0:
        assert _run(stream, 1) == found


def test_damaged_streams():
    random.seed(1883)
    assert growth(_one, _ROUNDS) <= 512
    for kind in (mqtt.CONNACK, mqtt.PUBLISH, mqtt.PUBACK, mqtt.SUBACK, mqtt.PINGRESP):
        assert _kinds[kind] > _ROUNDS // 100, _kinds
    for count in _errors:
        assert count > _ROUNDS // 200, _errors
