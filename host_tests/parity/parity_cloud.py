"""Long walks through MQTT, DNS and the governor: all that comes out folded into one number, printed now and then."""

from latchkey.core.governor import KINDS, Governor
from latchkey.protocol import dns, mqtt_writer
from latchkey.protocol.dns import DnsError
from latchkey.protocol.mqtt import Decoder, MqttError

_HOST = "broker.example.com"
_STREAM = bytes.fromhex("200200009003000101320b0003612f620007bbccddee40020007d0003180010003612f62") + bytes(123)
_ANSWER = (
    bytes.fromhex("123481800001000200000000")
    + b"\x06broker\x07example\x03com\x00\x00\x01\x00\x01"
    + bytes.fromhex("c00c00050001000000050007046564676540c013")
    + bytes.fromhex("c0300001000100000005000464646401")
)


class Walk:
    """A generator of its own, because the interpreters' differ; and the number that everything is folded into."""

    def __init__(self):
        self._state = 20211119
        self.total = 0

    def below(self, limit):
        self._state = (self._state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self._state >> 8) % limit

    def add(self, number):
        self.total = (self.total * 31 + number) & 0xFFFFFF

    def fill(self, buffer):
        for at in range(len(buffer)):
            buffer[at] = self.below(256)

    def damaged(self, data):
        out = bytearray(data)
        for _ in range(self.below(3)):
            out[self.below(len(out))] ^= 1 << self.below(8)
        return out[: len(out) - self.below(4)] if self.below(4) == 0 else out


def _mqtt(walk, decoder):
    decoder.reset()
    stream = memoryview(walk.damaged(_STREAM))
    at = 0
    try:
        while at < len(stream):
            at += decoder.feed(stream[at : at + 1 + walk.below(len(stream) - at)])
            packet = decoder.packet
            if packet is not None:
                for number in (packet.kind, packet.flags, packet.packet_id, packet.code, len(packet.topic)):
                    walk.add(number)
                walk.add(sum(packet.payload))
    except MqttError as error:
        walk.add(error.code << 8 | at)


def _write(walk, buffer):
    topic = bytes(walk.damaged("Tür/日本".encode()))
    try:
        length = mqtt_writer.publish(
            buffer, topic, topic, walk.below(3), walk.below(2) == 1, walk.below(3), walk.below(4) == 0
        )
    except MqttError as error:
        walk.add(error.code)
        return
    for byte in buffer[:length]:
        walk.add(byte)


def _dns(walk):
    try:
        address = dns.answer(walk.damaged(_ANSWER), 0x1234, _HOST)
    except DnsError as error:
        walk.add(error.code)
        return
    for byte in address or b"none":
        walk.add(byte)


def _govern(walk, governor, now_s):
    what = walk.below(40)
    if what == 0:
        governor.set_quiet(walk.below(1_000), now_s)
    elif what == 1:
        governor.set_verbosity(walk.below(6) - 1, walk.below(5_000), now_s)
    else:
        walk.add(governor.may(walk.below(KINDS), walk.below(900), now_s))
    walk.add(governor.verbosity(now_s) * 2 + governor.is_quiet(now_s))
    if what == 2:
        walk.add(governor.reconnect_delay_ms(walk.fill))
        governor.connected(now_s)
    elif what == 3:
        walk.add(governor.connected_long(now_s))


def main():
    walk = Walk()
    decoder = Decoder(128)
    buffer = bytearray(64)
    governor = Governor(29)
    now_s = 0
    for turn in range(6_000):
        _mqtt(walk, decoder)
        _write(walk, buffer)
        _dns(walk)
        for _ in range(5):
            now_s += walk.below(60) if walk.below(500) else 400_000_000
            _govern(walk, governor, now_s)
        if turn % 500 == 499:
            print(turn, walk.total, now_s)
