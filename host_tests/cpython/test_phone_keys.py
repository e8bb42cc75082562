"""Keys that come and go by the phone's protocol, over a byte pipe cut small, with K agreed on the real curve."""

from fakes.phone import Phone, parsed
from latchkey.core import codes
from latchkey.credentials.identity import shared_key
from latchkey.crypto import p256
from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol.vehicle_command_frame import Frame
from phone_world import World

_VEHICLE = ((1 << 255) + 12345).to_bytes(32, "big")


class _RealPhone(Phone):
    def __init__(self, number, world):
        private = ((1 << 253) + number).to_bytes(32, "big")
        super().__init__(b"phone%d" % number, world.keys.vin)
        self.key = p256.public(private)
        k = bytearray(16)
        shared_key(p256.shared(private, world.keys.public_key), k)
        self.k = bytes(k)


def _world():
    world = World(b"LATCHKEY000000001", _VEHICLE)
    owner = _RealPhone(1, world)
    world.enrol(0, owner.key)
    owner.synchronise(world.sessions)
    return world, owner


def _exchange(world, message):
    """Write a message in a frame in pieces of 18 bytes; the replies, parsed."""
    connection, inbox = world.connection(), Frame()
    framed = len(message).to_bytes(2, "big") + message
    found = []
    for at in range(0, len(framed), 18):
        for chunk in connection.write(framed[at : at + 18]):
            inbox.begin(chunk, 0)
            while inbox.next():
                found.append(parsed(bytes(inbox.message)))
    return found


def _information(reply):
    payload = parsed(reply[(10,)], messages=((4,), (4, 3)))
    return payload.get((4, 3, 1), 0)


def _add(key64, role):
    change = b"\x0a\x43\x0a\x41\x04" + key64 + bytes((0x20, role))
    return b"\x82\x01\x49\x2a\x47" + change


def _remove(key64):
    return b"\x82\x01\x45\x12\x43\x0a\x41\x04" + key64


def test_an_owner_adds_a_key_and_removes_it_again():
    world, owner = _world()
    guest = _RealPhone(2, world)
    (reply,) = _exchange(world, guest.handshake())
    assert guest.trusts(reply) and parsed(reply[(15,)])[(5,)] == 1
    (reply,) = _exchange(world, owner.signed(_add(guest.key, codes.DRIVER)))
    assert _information(reply) == numbers.KEY_LIST_CHANGED
    (reply,) = _exchange(world, guest.handshake())
    assert guest.trusts(reply) and (5,) not in parsed(reply[(15,)])
    guest.synchronise(world.sessions)
    assert len(_exchange(world, guest.signed(b"\x10\x00"))) == 2
    assert world.done == [(codes.UNLOCK, 1)]
    (reply,) = _exchange(world, owner.signed(_remove(guest.key)))
    assert _information(reply) == numbers.KEY_LIST_CHANGED
    (reply,) = _exchange(world, guest.signed(b"\x10\x00"))
    assert reply[(12, 2)] == numbers.UNKNOWN_KEY_ID
    assert world.done == [(codes.UNLOCK, 1)]


def test_refusals_of_changes_say_why():
    world, owner = _world()
    driver = _RealPhone(2, world)
    world.enrol(5, driver.key, codes.DRIVER)
    driver.synchronise(world.sessions)
    other = _RealPhone(3, world)
    for phone, payload, information in (
        (driver, _add(other.key, codes.DRIVER), numbers.NO_PERMISSION_TO_ADD),
        (driver, _remove(owner.key), numbers.NO_PERMISSION_TO_REMOVE),
        (owner, _add(driver.key, codes.OWNER), numbers.ALREADY_ON_LIST),
        (owner, _remove(other.key), numbers.NOT_ON_LIST),
        (owner, b"\x82\x01\x03\x80\x01\x01", numbers.NO_PERMISSION_TO_CHANGE),
    ):
        (reply,) = _exchange(world, phone.signed(payload))
        assert _information(reply) == information
    assert set(world.keys.slots) == {0, 5}


def test_a_list_of_32_keys_and_each_of_them():
    world, owner = _world()
    for slot in range(1, 32):
        world.keys.enrol(slot, bytes((slot,)) * 64, bytes(16))
        world.roles[slot] = codes.GUEST
    (reply,) = _exchange(world, owner.unsigned(b"\x0a\x02\x08\x05"))
    told = parsed(reply[(10,)], messages=((16,),))
    assert (told[(16, 1)], told[(16, 3)]) == (32, 0xFFFFFFFF)
    for slot in range(32):
        (reply,) = _exchange(world, owner.unsigned(bytes((0x0A, 4, 8, 6, 0x20, slot))))
        told = parsed(reply[(10,)], messages=((17,), (17, 2)))
        assert told.get((17, 6), 0) == slot and told[(17, 2, 1)] == b"\x04" + world.keys.slots[slot][0]
    (reply,) = _exchange(world, owner.unsigned(bytes((0x0A, 4, 8, 6, 0x20, 40))))
    assert _information(reply) == numbers.NOT_ON_LIST


def test_the_older_request_and_its_confirmation():
    world, _ = _world()
    newcomer = _RealPhone(4, world)
    inner = b"\x82\x01\x4d\x2a\x47\x0a\x43\x0a\x41\x04" + newcomer.key + b"\x20\x03\x32\x02\x08\x01"
    (reply,) = _exchange(world, bytes((0x0A, len(inner) + 4, 0x12, len(inner))) + inner + b"\x18\x02")
    assert reply[(6,)] == b"\x08\x00" and reply[(10,)] == b"\x22\x02\x08\x01"
    assert world.shown == (newcomer.key, codes.DRIVER, 1)
    world.confirm(7)
    newcomer.synchronise(world.sessions)
    assert len(_exchange(world, newcomer.signed(b"\x10\x01"))) == 2
    assert world.done == [(codes.LOCK, 7)]
