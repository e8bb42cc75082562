"""The Bluetooth driver over a radio without an air, in virtual time, and what tests of it do again and again.

world = World(eager=True)
phone = world.phone()               # connected, subscribed, handed out
link = world.link(phone)
phone.write(world.to_vehicle, b"…")
world.step()                        # 5 ms: the chip, then the driver
"""

from latchkey.drivers import ble_peripheral

from fakes.radio import Radio
from fakes.virtual_time import VirtualTime

SERVICE = "00000211-b2d1-43f0-9b88-960cebf8b91e"
NAME = "S1a87a5a75f3df858C"
GAP_NAME = "\U0001f511 Kestrel"
STEP_MS = 5


class World:
    """start: whether the radio is on and advertising already."""

    def __init__(self, eager=False, start=True):
        self.time = VirtualTime()
        self.radio = Radio(eager)
        self.peripheral = ble_peripheral.Peripheral(self.radio, self.time)
        self.peripheral.start(NAME, GAP_NAME)
        if start:
            self.step(2)
            assert self.peripheral.state == ble_peripheral.ADVERTISING

    @property
    def to_vehicle(self):
        return self.radio.handle(SERVICE.replace("211", "212", 1))

    @property
    def from_vehicle(self):
        return self.radio.handle(SERVICE.replace("211", "213", 1))

    @property
    def version(self):
        return self.radio.handle(SERVICE.replace("211", "214", 1))

    def step(self, count=1, step_ms=STEP_MS):
        """What main does again and again."""
        for _ in range(count):
            self.time.advance(step_ms)
            self.radio.poll()
            self.peripheral.poll()

    def pass_ms(self, ms):
        self.step(ms // STEP_MS)

    def phone(self, mtu=0, confirms=True):
        """A phone as clients are: it connects, subscribes, and asks for an MTU last."""
        phone = self.radio.connect(confirms)
        self.step()
        assert phone.subscribe(self.from_vehicle, True) == 0
        if mtu:
            phone.exchange_mtu(mtu)
        self.step()
        return phone

    def link(self, phone):
        """The Link that a phone's connection has."""
        (link,) = [link for link in self.peripheral.links if link.connected and link.handle == phone.link]
        return link

    def received(self, link):
        """All chunks that have come, as bytes."""
        chunks = []
        while True:
            chunk = link.receive()
            if chunk is None:
                return chunks
            chunks.append(bytes(chunk))


def heard(phone):
    """The chunks that a phone was sent since it was last asked."""
    chunks = [data for order, _, data in phone.heard]
    phone.heard.clear()
    return chunks


def frame(size, first=0):
    """A frame of `size` bytes in all, length included; the bytes count up from `first`."""
    return (size - 2).to_bytes(2, "big") + bytes([(first + n) & 0xFF for n in range(size - 2)])
