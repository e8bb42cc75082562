"""What is said at the car while the cloud is away: by the light, and to phones that are keys of this vehicle."""

from fakes.link_world import STATUS, LinkWorld
from latchkey.core import codes
from latchkey.drivers.indicator import Indicator

_OWN = b"\xc2\x3e"  # field 1000 of the status


class _Clock:
    def __init__(self):
        self.now = 0

    def ticks_ms(self):
        return self.now

    def ticks_diff(self, end, start):
        return end - start


class _Lamp:
    def __init__(self):
        self.lit = 0

    def value(self, level):
        self.lit = level


def _asked(world, phone, message):
    phone.said.clear()
    assert phone.outcome(phone.ask(message))[0] == "status"
    return phone.said[-1]


def test_a_phone_that_has_signed_is_told_for_how_long():
    world = LinkWorld()
    phone = world.phone(1, codes.DRIVER).connect()
    assert phone.handshake() == 0
    assert _OWN not in _asked(world, phone, phone.signed(STATUS))
    world.vehicle.cloud_is(codes.CLOUD_HERE)
    world.pass_ms(5_000)
    world.vehicle.cloud_is(codes.CLOUD_AWAY)
    world.pass_ms(130_000)
    world.vehicle.cloud_is(codes.CLOUD_AWAY)  # another attempt has failed: it is away since the first
    assert phone.handshake() == 0
    told = _asked(world, phone, phone.signed(STATUS))
    at = told.index(_OWN)
    assert told[at + 3] == 8 and told[at + 4] == codes.CLOUD_AWAY and told[at + 5] == 16
    assert (told[at + 6] & 0x7F) + 128 * told[at + 7] == 130
    world.close()


def test_a_stranger_is_told_nothing_of_it():
    world = LinkWorld()
    world.vehicle.cloud_is(codes.CLOUD_AWAY)
    stranger = world.phone(2).connect()
    assert _OWN not in _asked(world, stranger, stranger.unsigned(STATUS))
    world.close()


def test_the_light_flashes_white_every_eight_seconds_and_nothing_else_changes():
    lamps = [_Lamp() for _ in range(4)]
    clock = _Clock()
    light = Indicator(*lamps, clock)
    seen = {}
    for clock.now in range(10, 24_000, 10):
        light.tick(clock.now, codes.AWAY)
        colour = tuple(lamp.lit for lamp in lamps)
        seen[colour] = seen.get(colour, 0) + 1
    assert set(seen) == {(0, 0, 0, 0), (1, 1, 1, 0)}
    assert 15 <= seen[1, 1, 1, 0] <= 25  # 80 ms each time


def test_what_stands_at_the_vehicle_goes_before_what_stands_elsewhere():
    world = LinkWorld()
    vehicle = world.vehicle
    vehicle.cloud_is(codes.CLOUD_AWAY)
    assert vehicle._standing() == codes.AWAY
    vehicle.radio_at_fault(True)
    assert vehicle._standing() == codes.FAULT
    world.close()
