"""Nine ways to take a phone's place at the car's radio, and what each of them knows: the protocol, and no key.

Every one comes again as soon as it has lost its connection, under a new address each time.
"""

from latchkey.crypto import p256
from latchkey.crypto.digest import sha1

from fakes.bench_phone import STATUS, TO_VEHICLE
from fakes.crowd_air import Central
from fakes.phone import Phone

_MTU = 256
_KEYS = 5


def stranger_keys():
    """Key pairs of strangers; their public keys lie on the curve, so the car has to compute for them."""
    return [p256.public(sha1(b"stranger", b"%d" % number) + bytes(12)) for number in range(_KEYS)]


class Hostile(Central):
    """asks_every_ms: how often it writes. What it writes is its kind's."""

    asks_every_ms = 0

    def begun(self, now):
        self.line.exchange_mtu(_MTU)
        self.asks_at = now

    def event(self, now):
        if self.asks_every_ms and now >= self.asks_at:
            self.asks_at = now + self.asks_every_ms
            data = self.words()
            self.line.write_chunks(self.bench.radio.handle(TO_VEHICLE), data, _MTU - 3)

    def words(self):
        raise NotImplementedError

    def framed(self, message):
        return len(message).to_bytes(2, "big") + bytes(message)


class Hold(Hostile):
    """Connects and says nothing."""


class Churn(Hostile):
    """Connects and goes at once, again and again."""

    def event(self, now):
        self.line.disconnect()


class HalfOpen(Hostile):
    """Begins to connect and is not heard any more."""

    is_heard = False


class Slow(Hostile):
    """Writes a good message, a byte every 0.9 s: a frame is given up when it stands still for a second."""

    asks_every_ms = 900

    def begun(self, now):
        super().begun(now)
        self._left = self.framed(Phone(b"slow").handshake())

    def words(self):
        first, self._left = self._left[:1], self._left[1:]
        return first


class Garbage(Hostile):
    """Frames of random bytes, of no bytes, with enormous lengths; as fast as it can."""

    asks_every_ms = 1

    def words(self):
        kind = self.dice.below(5)
        if kind == 0:
            return self.framed(self.dice.bytes(1 + self.dice.below(60)))
        if kind == 1:
            return bytes(2 * (1 + self.dice.below(20)))
        if kind == 2:
            return b"\xff\xff" + self.dice.bytes(40)
        if kind == 3:
            return b"\x04\x00" + self.dice.bytes(40)
        return self.framed(b"\x32\x02\x08\x02" + self.dice.bytes(40))


class Stranger(Hostile):
    """Says hello with keys that the car does not know."""

    asks_every_ms = 300

    def __init__(self, air, keys):
        super().__init__(air)
        self._phones = [Phone(b"stranger %d" % number) for number in range(len(keys))]
        for phone, key in zip(self._phones, keys):
            phone.key = key

    def words(self):
        return self.framed(self._phones[self.dice.below(len(self._phones))].handshake())


class Sniffed(Hostile):
    """Says hello with the public key of a phone that is enrolled, and can sign nothing with it."""

    asks_every_ms = 300

    def __init__(self, air, victim):
        super().__init__(air)
        self._phone = Phone(b"pretender")
        self._phone.key = victim.key

    def words(self):
        return self.framed(self._phone.handshake())


class Poller(Hostile):
    """Asks for the state of the lock, unsigned, which anybody may."""

    asks_every_ms = 1

    def words(self):
        return self.framed(Phone(b"poller").unsigned(STATUS))


class Deaf(Poller):
    """Asks, and never confirms what it is told."""

    confirms = False


KINDS = ("hold", "churn", "half-open", "slow writes", "garbage", "strangers", "sniffed key", "polling", "deaf")


def hostile(kind, air, victim, keys):
    """One of KINDS. victim: the phone whose public key was heard. keys: of strangers."""
    if kind == "strangers":
        return Stranger(air, keys)
    if kind == "sniffed key":
        return Sniffed(air, victim)
    found = {"hold": Hold, "churn": Churn, "half-open": HalfOpen, "slow writes": Slow}
    found.update({"garbage": Garbage, "polling": Poller, "deaf": Deaf})
    return found[kind](air)
