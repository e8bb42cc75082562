"""A phone of the vehicle-command protocol and the keys of a vehicle, without radio: makes messages, reads replies.

Phone builds what a client sends, right or wrong on demand, and takes replies apart as a client does; it shares the
firmware's ciphers, which have vectors of their own, and none of its decoding. Keys is what a link gives to Dialogue.
Nothing here computes on curves: K is made up from the key, as if both sides had agreed on it.
"""

from latchkey.crypto.digest import sha1, sha256
from latchkey.crypto.gcm import Gcm
from latchkey.crypto.mac import hmac_sha256
from latchkey.protocol.protobuf_writer import Writer

VIN = b"LATCHKEY000000001"
GCM, HMAC = 5, 8
UNLOCK, LOCK = b"\x10\x00", b"\x10\x01"
STATUS = b"\x0a\x00"


class Keys:
    """Enrolled keys by slot; now and the random bytes are the test's to set. `reads`: how often K was asked for."""

    def __init__(self, vin=VIN, public_key=bytes(range(64)), filling=0xA0):
        self.vin = vin
        self.public_key = public_key
        self.now = 1_000
        self.filling = filling
        self.slots = {}
        self.broken = False
        self.reads = 0

    def enrol(self, slot, key64, k):
        self.slots[slot] = (bytes(key64), bytes(k))

    def now_s(self):
        return self.now

    def fill(self, out):
        self.filling += 1
        for index in range(len(out)):
            out[index] = (self.filling * 29 + index * 7) & 0xFF

    def find(self, key64):
        for slot, (key, _) in self.slots.items():
            if key == key64:
                return slot
        return -1

    def secret(self, slot, out16):
        self.reads += 1
        if self.broken:
            return False
        out16[:] = self.slots[slot][1]
        return True


def own_order(number, *values):
    """UnsignedMessage of an order that this vehicle alone knows: field 1,000, in it the number and its values."""
    written = bytearray(64)
    writer = Writer(written)
    writer.begin()
    writer.enter(1_000)
    for at, value in enumerate((number,) + values):
        if value:
            writer.number(1 + at, value)
    writer.leave()
    return bytes(written[: writer.length])


def text(tag, value):
    return bytes((tag, len(value))) + value


def number(tag, value):
    return text(tag, value.to_bytes(4, "big"))


class Phone:
    """One client key. epoch, counter and clock are what it believes; each signed message raises counter by one."""

    def __init__(self, name=b"phone", vin=VIN):
        self.key = sha256(name, b"x") + sha256(name, b"y")
        self.k = sha1(name)[:16]
        self.vin = vin
        self.epoch = bytes(16)
        self.counter = 0
        self.clock = 0
        self.lifetime = 5
        self.address = sha1(name, b"address")[:16]
        self.uuid = bytes(16)
        self.domain = 2
        self.flags = 0
        self.nonce = bytes(12)
        self.nonce_length = 12
        self.tag = b""
        self.tag_length = 32
        self.messages = 0

    @property
    def point(self):
        return b"\x04" + self.key

    def synchronise(self, sessions):
        """What a handshake would tell."""
        self.epoch = bytes(sessions.epoch(self.domain))
        self.clock = sessions.clock_s(self.domain)

    def handshake(self):
        return self._wrapped(lambda writer: _nested(writer, 14, ((1, self.point),)))

    def unsigned(self, payload):
        return self._wrapped(lambda writer: writer.bytes(10, payload))

    def signed(self, payload, form=GCM):
        """A command with the next counter, or with exactly what was set in `counter` by the test before."""
        self.counter += 1
        return self.repeated(payload, form)

    def repeated(self, payload, form=GCM):
        """A command with the counter as it is."""
        metadata = text(0, bytes((form,))) + text(1, bytes((self.domain,))) + text(2, self.vin)
        metadata += text(3, self.epoch) + number(4, self.expires) + number(5, self.counter)
        metadata += (number(7, self.flags) if self.flags else b"") + b"\xff"
        body = bytearray(payload)
        if form == GCM:
            self.nonce = sha1(self.address, self.messages.to_bytes(4, "big"))[:12]
            tag = bytearray(16)
            Gcm(self.k).seal(self.nonce, sha256(metadata), body, tag)
        else:
            tag = hmac_sha256(hmac_sha256(self.k, b"authenticated command"), metadata, payload)
        self.tag = bytes(tag)
        return self.assembled(body, form, self.tag[: self.tag_length])

    def assembled(self, body, form, tag):
        """A message that says it is signed, whatever the tag."""
        return self._wrapped(lambda writer: self._write_signed(writer, form, body, tag))

    @property
    def expires(self):
        return self.clock + self.lifetime if self.lifetime is not None else 0

    def _write_signed(self, writer, form, body, tag):
        writer.bytes(10, body)
        writer.enter(13)
        _nested(writer, 1, ((1, self.point),))
        writer.enter(form)
        writer.bytes(1, self.epoch)
        if form == GCM:
            writer.bytes(2, self.nonce[: self.nonce_length])
        at = 3 if form == GCM else 2
        writer.number(at, self.counter)
        writer.fixed32(at + 1, self.expires)
        writer.bytes(at + 2, tag)
        writer.leave()
        writer.leave()

    def _wrapped(self, fill):
        self.messages += 1
        self.uuid = sha1(self.address, self.messages.to_bytes(4, "big"))[:16]
        buffer = bytearray(700)
        writer = Writer(buffer)
        writer.enter(6)
        writer.number(1, self.domain)
        writer.leave()
        _nested(writer, 7, ((2, self.address),))
        fill(writer)
        writer.bytes(51, self.uuid)
        if self.flags:
            writer.number(52, self.flags)
        return buffer[: writer.length]

    def opened(self, reply, form=GCM):
        """The payload of an encrypted reply, as a client opens it: bound to the request and numbered."""
        nonce, counter, tag = (reply[(13, 9, field)] for field in (1, 2, 3))
        request_hash = (bytes((form,)) + self.tag)[: 17 if self.domain == 2 else 33]
        metadata = text(0, b"\x09") + text(1, bytes((reply[(7, 1)],))) + text(2, self.vin) + number(5, counter)
        metadata += number(7, 0) + text(8, request_hash) + number(9, 0) + b"\xff"
        body = bytearray(reply[(10,)])
        assert Gcm(self.k).open(nonce, sha256(metadata), body, tag)
        return bytes(body)

    def trusts(self, reply):
        """True when session info in a reply is signed for this phone and its last message."""
        metadata = text(0, b"\x06") + text(2, self.vin) + text(6, self.uuid) + b"\xff"
        key = hmac_sha256(self.k, b"session info")
        return hmac_sha256(key, metadata, reply[(15,)]) == reply[(13, 6, 1)]


def _nested(writer, field, pairs):
    writer.enter(field)
    for number_, data in pairs:
        writer.bytes(number_, data)
    writer.leave()


# which fields of a reply are messages themselves
_MESSAGES = ((6,), (7,), (12,), (13,), (13, 6), (13, 9))


def parsed(message, path=(), messages=_MESSAGES):
    """A message as a dictionary from the path of a field to its value, by a parser of its own."""
    found = {}
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        here = path + (key >> 3,)
        kind = key & 7
        if kind == 0:
            found[here], at = _varint(message, at)
        elif kind == 5:
            found[here] = int.from_bytes(message[at : at + 4], "little")
            at += 4
        elif kind == 2:
            length, at = _varint(message, at)
            value = bytes(message[at : at + length])
            assert len(value) == length
            at += length
            if here in messages:
                found.update(parsed(value, here, messages))
            found[here] = value
        else:
            raise ValueError("wire type %d" % kind)
    return found


def _varint(message, at):
    value = shift = 0
    while True:
        value |= (message[at] & 127) << shift
        shift += 7
        at += 1
        if message[at - 1] < 128:
            return value, at


def replies(dialogue):
    """All replies that wait in a dialogue, parsed; frames and messages must say the same."""
    out = dialogue.voice.out
    for index in range(out.count):
        message = bytes(out.message(index))
        assert bytes(out.frame(index)) == len(message).to_bytes(2, "big") + message
    return [parsed(bytes(out.message(index))) for index in range(out.count)]
