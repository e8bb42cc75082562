"""A phone beside the bench's car: a real key, the fake radio, and what a client says and checks.

phone = BenchPhone(bench, 1)
await phone.connect()
await phone.handshake()                      # 0: enrolled, 1: not
verdict = await phone.command(UNLOCK)        # what a client makes of the replies: "done", ("fault", 7), …
"""

import asyncio

from latchkey.credentials.entries import K_LEN
from latchkey.crypto import p256
from latchkey.crypto.digest import sha1

from fakes.phone import LOCK, STATUS, UNLOCK, Phone, parsed

SERVICE = "00000211-b2d1-43f0-9b88-960cebf8b91e"
TO_VEHICLE = "00000212-b2d1-43f0-9b88-960cebf8b91e"
FROM_VEHICLE = "00000213-b2d1-43f0-9b88-960cebf8b91e"

_ANSWER_MS = 60  # a few turns of the link, and indications one after the other
_LONGEST_MS = 3_000


class BenchPhone(Phone):
    """number: of its key. chunk: how it cuts what it writes. mtu: what it asks for, 0 to leave it."""

    def __init__(self, bench, number, chunk=200, mtu=256):
        super().__init__(b"bench phone %d" % number, bytes(17))
        self.private = sha1(b"private", b"%d" % number) + sha1(b"rest", b"%d" % number)[:12]
        self.key = p256.public(self.private)
        self.key_id = sha1(self.point)[:4]
        self.flags = 2
        self.line = None
        self.said = []  # payloads of replies, opened, and broadcasts, newest last
        self._bench = bench
        self._chunk = chunk
        self._mtu = mtu
        self._taken = 0

    def meet(self, identity=None):
        """Know the vehicle: its name and key, and the secret that both share. identity: of a vehicle that is off."""
        identity = identity or self._bench.vehicle.custody.identity
        self.vin = identity.vin
        self.k = sha1(p256.shared(self.private, bytes(identity.public_key)))[:K_LEN]

    async def connect(self):
        """Connect, ask for an MTU and subscribe, as clients do."""
        radio = self._bench.radio
        waited_ms = 0
        while radio.advertising is None or not radio.advertising[0]:
            if waited_ms > _LONGEST_MS:
                raise AssertionError("nobody advertises for connections")
            await asyncio.sleep_ms(10)
            waited_ms += 10
        self.begin(radio.connect())
        await asyncio.sleep_ms(20)
        if not self.k or not any(self.vin):
            self.meet()
        return self

    def begin(self, line):
        """Use a connection: ask for an MTU and subscribe."""
        self.line = line
        if self._mtu:
            line.exchange_mtu(self._mtu)
        assert line.subscribe(self._bench.radio.handle(FROM_VEHICLE), True) == 0
        self._taken = 0

    def write(self, message):
        """Send one message, framed, in chunks."""
        framed = len(message).to_bytes(2, "big") + message
        self.line.write_chunks(self._bench.radio.handle(TO_VEHICLE), bytes(framed), self._chunk)

    def frames(self):
        """The messages that have come since the last call, parsed."""
        stream = b"".join([data for _, _, data in self.line.heard])
        found = []
        while self._taken + 2 <= len(stream):
            end = self._taken + 2 + int.from_bytes(stream[self._taken : self._taken + 2], "big")
            if end > len(stream):
                break
            found.append(parsed(stream[self._taken + 2 : end]))
            self._taken = end
        return found

    async def ask(self, message, wait_ms=_ANSWER_MS):
        """Send a message; the replies to it (by its uuid), whatever else comes is kept in `said`."""
        self.write(message)
        await asyncio.sleep_ms(wait_ms)
        return [reply for reply in self.frames() if not self._is_broadcast(reply)]

    async def handshake(self):
        """0 where this key is enrolled, 1 where it is not, None where there is no proof of it."""
        return self.learn(await self.ask(super().handshake(), 600))

    def learn(self, replies):
        """The same, from the replies to a handshake."""
        for reply in replies:
            if (15,) in reply and self.trusts(reply):
                info = parsed(reply[(15,)])
                self.epoch = info[(3,)]
                self.clock = info.get((4,), 0)
                self.counter = max(self.counter, info.get((1,), 0))
                return info.get((5,), 0)
        return None

    async def command(self, payload=UNLOCK, wait_ms=_ANSWER_MS):
        """Sign and send; "done", ("fault", n), ("nominal", n), ("keys", information), or None for no answer."""
        return self.outcome(await self.ask(self.signed(payload), wait_ms))

    def outcome(self, replies):
        """What a client makes of the replies to one message."""
        found = None
        for reply in replies:
            if (12, 2) in reply:
                return ("fault", reply[(12, 2)])
            if (10,) in reply:
                payload = self.opened(reply) if (13, 9) in reply else reply[(10,)]
                self.said.append(payload)
                found = found or _meaning(payload)
        return found

    def _is_broadcast(self, reply):
        broadcast = (6, 2) not in reply
        if broadcast and (10,) in reply:
            self.said.append(reply[(10,)])
        return broadcast


def _meaning(payload):
    told = parsed(payload, messages=((4,), (4, 2), (4, 3), (46,), (1,), (1, 1)))
    if (46, 1) in told:
        return ("nominal", told[(46, 1)])
    if (4, 3) in told:
        return ("keys", told.get((4, 3, 1), 0))
    if (1,) in told:
        return ("status", told.get((1, 2), 0))
    if (4, 2) in told or not payload:
        return "done"
    return ("payload", payload)


def add_key(key64, role, form=9):
    """UnsignedMessage that asks for a key to be added."""
    change = b"\x0a\x43\x0a\x41\x04" + key64 + (bytes((0x20, role)) if role else b"")
    metadata = b"\x08" + _varint(form)
    operation = b"\x2a" + bytes((len(change),)) + change + b"\x32" + bytes((len(metadata),)) + metadata
    return b"\x82\x01" + bytes((len(operation),)) + operation


def _varint(value):
    out = b""
    while value > 127:
        out += bytes((value & 127 | 128,))
        value >>= 7
    return out + bytes((value,))


def remove_key(key64):
    return b"\x82\x01\x45\x12\x43\x0a\x41\x04" + key64


def legacy(payload):
    """The older envelope around an UnsignedMessage: no address, no uuid, no signature."""
    inner = b"\x12" + bytes((len(payload),)) + payload + b"\x18\x02"
    return b"\x0a" + bytes((len(inner),)) + inner


__all__ = ["LOCK", "STATUS", "UNLOCK", "BenchPhone", "add_key", "legacy", "remove_key"]
