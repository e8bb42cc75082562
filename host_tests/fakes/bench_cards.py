"""Cards for a controller on the bench: honest ones, and ones that leave, lie, repeat themselves or talk nonsense."""

from plain_card import KeyCard
from pn532_model import Card, Tag

from fakes.keycard_vectors import VECTORS

_OK = b"\x90\x00"
_SELECT = b"\x00\xa4\x04\x00"


def _private(number):
    return b"\x01" + bytes(23) + b"\x10\x20\x30\x40\x50\x60" + number.to_bytes(2, "big")


def _uid(number):
    return b"\x04\x5e\x1f\x2a\x3b" + number.to_bytes(2, "big")


def key_card(number, gauss=False, slow_ms=0):
    """Key card number 1 to 65,535: always the same key for the same number."""
    return KeyCard(_private(number), _uid(number), gauss, slow_ms)


class Acting(KeyCard):
    """Key card `number` that does something at chosen moments.

    acts: {APDU, counted from 1 since it was activated: function without arguments}; 0 is the activation itself.
    """

    def __init__(self, number, acts, gauss=False):
        super().__init__(_private(number), _uid(number), gauss)
        self.acts = acts
        self.activations = 0
        self._count = 0

    def activated(self):
        super().activated()
        self.activations += 1
        self._count = 0
        self._act()

    def transceive(self, apdu):
        self._count += 1
        self._act()
        return super().transceive(apdu)

    def _act(self):
        if self._count in self.acts:
            self.acts[self._count]()


class Clone(KeyCard):
    """Sends the public key of another card and has a private key of its own."""

    def __init__(self, number, victim):
        super().__init__(_private(number), _uid(number))
        self.public = victim.public


class Twisted(KeyCard):
    """Answers honestly, but twist(count, apdu, answer) makes the answer that is sent; count: 1 for the first APDU."""

    def __init__(self, number, twist, gauss=False):
        super().__init__(_private(number), _uid(number), gauss)
        self._twist = twist
        self._count = 0

    def activated(self):
        super().activated()
        self._count = 0

    def transceive(self, apdu):
        self._count += 1
        answer, delay_ms = super().transceive(apdu)
        return self._twist(self._count, bytes(apdu), answer), delay_ms


class Bank(Card):
    """A payment card: takes APDUs, knows none of our applications."""

    def __init__(self, uid=b"\x04\x77\x66\x55\x44\x33\x22"):
        self.uid = uid

    def transceive(self, apdu):
        return b"\x6a\x82" if bytes(apdu[:4]) == _SELECT else b"\x6d\x00", 32


def tag():
    """An NTAG: a number and nothing else."""
    return Tag(b"\x04\x10\x20\x30\x40\x50\x60")


def zero_card():
    """A card whose shared X begins with 00 if the vehicle's key is zero_vehicle_private()."""
    return KeyCard(VECTORS[3].card_private, _uid(60_000))


def zero_vehicle_private():
    return VECTORS[3].vehicle_private
