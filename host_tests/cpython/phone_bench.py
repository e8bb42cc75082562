"""A phone of latchkey_tools.phone and a vehicle of phone_world, joined without a radio: messages are handed over.

bench = Bench()                         # enrolled in slot 3
bench.ask(request.UNLOCK)               # the answer; raises what the exchange raises, NoAnswer when there is none
bench.between = change                  # a man in the middle: gets each message for the phone, gives a list of them
"""

from cryptography.hazmat.primitives.asymmetric import ec
from latchkey_tools.phone import seal
from latchkey_tools.phone.exchange import Exchange
from latchkey_tools.phone.frame import Assembly, framed
from latchkey_tools.phone.session import Session
from phone_world import World

VEHICLE = ec.derive_private_key((1 << 255) + 12345, ec.SECP256R1())
OTHER_VEHICLE = ec.derive_private_key((1 << 255) + 54321, ec.SECP256R1())
PHONE = ec.derive_private_key((1 << 254) + 67890, ec.SECP256R1())
OTHER_PHONE = ec.derive_private_key((1 << 254) + 98760, ec.SECP256R1())
VIN = seal.vin_of(seal.point_of(VEHICLE))
SLOT = 3


class NoAnswer(Exception):
    """The vehicle has sent what it had to send, and the phone still waits."""


def secret(private):
    """32 bytes."""
    return private.private_numbers().private_value.to_bytes(32, "big")


def key64(private):
    return seal.point_of(private)[1:]


def world(vehicle=VEHICLE, vin=VIN, chunk=20, kind=World):
    return kind(vin.encode(), secret(vehicle), chunk)


class Clock:
    """The phone's, in seconds."""

    def __init__(self):
        self.now = 5_000.0

    def __call__(self):
        return self.now


class Bench:
    """One vehicle and one phone. sent, heard: all messages to and from the vehicle."""

    def __init__(self, vehicle=None, private=PHONE, vin=VIN, pinned=b"", expected="", enrolled=True):
        self.world = vehicle or world()
        self.clock = Clock()
        self.session = Session(private, vin, pinned, expected, self.clock)
        self.connection = self.world.connection()
        self.sent, self.heard, self.pauses = [], [], []
        self.between = lambda message: [message]
        if enrolled:
            self.world.enrol(SLOT, key64(private))

    def ask(self, request):
        exchange = Exchange(self.session, request)
        for _ in range(30):
            message = exchange.outgoing()
            if message is None:
                break
            self.pauses.append(exchange.pause_s)
            self.sent.append(message)
            for reply in self._delivered(message):
                self.heard.append(reply)
                for heard in self.between(reply):
                    exchange.take(heard)
                    if exchange.answer is not None:
                        return exchange.answer
        raise NoAnswer

    def _delivered(self, message):
        assembly = Assembly()
        return [whole for chunk in self.connection.write(framed(message)) for whole in assembly.take(chunk, 1.0)]
