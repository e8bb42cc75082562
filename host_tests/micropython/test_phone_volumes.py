"""Replay and forgery in volume, through the whole link: recorded sessions, random tags, flipped bits, mere presence.

None is accepted, and honest presses in the same run always are. 1,000 sessions, 20,000 tags, the bits of 8 frames and
1,000 relayed connections in a usual run; 1,000,000 tags and the bits of 100 frames under `make test-long`.
"""

import random

from fakes.bench_phone import TO_VEHICLE
from fakes.link_world import GCM, HMAC, LOCK, STATUS, UNLOCK, LinkWorld
from fakes.phone import Phone
from fakes.scale import LONG, SHORT
from latchkey.core import codes

_SESSIONS = 40 if SHORT else 1_000
_TAGS = 1_000_000 if LONG else 500 if SHORT else 20_000
_FRAMES = 100 if LONG else 2 if SHORT else 8
_RELAYED = 40 if SHORT else 1_000
_TRUNK, _SECURE, _WAKE = b"\x22\x02\x28\x01", b"\x10\x1d", b"\x10\x1e"


def _met(seed=1):
    world = LinkWorld(seed)
    phone = world.phone(1, codes.DRIVER)
    return world, phone, world.phone(66)


def _honest(world, phone, payload, form=GCM):
    """A press on the phone is done, and moves one thing."""
    world.pass_ms(2_500)
    if not phone.is_connected:
        phone.connect()
    assert phone.handshake() == 0
    moved = world.moved()
    assert phone.command(payload, form) == "done"
    assert world.moved() == moved + (payload != _WAKE)


def _replay(world, thief, messages):
    """Each message once; nothing comes of any, and the link has no rights by it."""
    state = world.state()
    for message in messages:
        thief.tell(message)
        assert world.proven() == 0
    assert world.state() == state


def _record(world, phone, sessions):
    """So many connections with a greeting, a lock and an unlock; returns everything that the phone has written."""
    phone.recorded = []
    for number in range(sessions):
        phone.connect()
        for payload in (UNLOCK, LOCK):
            _honest(world, phone, payload, HMAC if number & 1 else GCM)
        phone.line.disconnect()
        world.step(2)
    recorded, phone.recorded = phone.recorded, None
    return recorded


def test_sessions_recorded_are_worth_nothing_later_nor_after_a_reboot_nor_elsewhere():
    elsewhere, _, stranger = _met(seed=2)  # the same phone is a key there, with another secret
    world, phone, thief = _met()
    honest = heard = 0
    while honest < 2 * _SESSIONS:
        recorded = _record(world, phone, 20)
        honest += 40
        heard += len(recorded)
        _replay(world, thief, recorded)  # later in the same boot
        _replay(elsewhere, stranger, recorded)
        world.step(1, 3_600_000)
        _replay(world, thief, recorded[-8:])
        world.boot()
        _replay(world, thief, recorded)
        if thief.is_connected:
            thief.line.disconnect()
        _honest(world, phone, UNLOCK)
        _honest(world, phone, LOCK)
        phone.line.disconnect()
        world.step(2)
    assert heard == 2 * honest
    elsewhere.close()
    world.close()


def test_random_tags_open_nothing():
    """16 random bytes in place of the tag, or 32, on a message that is fresh in everything else."""
    random.seed(7)
    world, phone, thief = _met()
    tried = told = 0
    while tried < _TAGS:
        form = phone.form = HMAC if tried // 200 & 1 else GCM
        phone.connect()
        assert phone.handshake() == 0
        phone.lifetime = 60
        message = bytearray(phone.signed(LOCK if world.bolt() == "unlocked" else UNLOCK, form))
        at = bytes(message).find(phone.tag)
        state = world.state()
        for _ in range(200):  # as many as a minute has room for, at the pace of one link
            for index in range(len(phone.tag)):
                message[at + index] = random.getrandbits(8)
            thief.tell(message)
            tried += 1
        assert world.state() == state and world.proven() == 0
        world.step(2)
        told += thief.frames()[-1][(12, 2)] == 5  # invalid signature, and not expired
        message[at : at + len(phone.tag)] = phone.tag
        assert phone.outcome(phone.ask(message)) == "done"
        assert world.moved() == state[0] + 1
        phone.lifetime = 5
        phone.line.disconnect()
        world.step(2)
    assert told == tried // 200
    world.close()


_ORDERS = ((UNLOCK, GCM, 2), (LOCK, HMAC, 0), (_TRUNK, GCM, 0), (_SECURE, HMAC, 2), (_WAKE, GCM, 2), (UNLOCK, HMAC, 2))


def _covered(message, phone):
    """The bytes that a tag covers: all but where to answer and whether the epoch is named; see the protocol's tests."""
    whole = bytes(message)
    free = {whole.find(b"\x0a\x10" + phone.epoch)}
    for part in (b"\x3a\x12\x12\x10" + phone.address, b"\x9a\x03\x10" + phone.uuid):
        at = whole.find(part)
        assert at >= 0
        free |= set(range(at, at + len(part)))
    return [at for at in range(len(whole)) if at not in free]


def test_no_bit_of_a_signed_frame_can_be_changed():
    world, phone, thief = _met()
    flipped = 0
    for number in range(_FRAMES):
        payload, form, phone.flags = _ORDERS[number % len(_ORDERS)]
        at_once = []
        while not at_once or flipped < at_once[-1]:
            phone.connect()
            assert phone.handshake() == 0
            phone.lifetime = 60
            message = bytearray(phone.signed(payload, form))
            bits = [8 * at + bit for at in _covered(message, phone) for bit in range(8)]
            if not at_once:
                at_once = [flipped, flipped + len(bits)]
            phone.line.disconnect()
            world.step(2)
            state = world.state()
            first = flipped - at_once[0]
            for bit in bits[first : first + 200]:
                message[bit >> 3] ^= 1 << (bit & 7)
                thief.tell(message)
                message[bit >> 3] ^= 1 << (bit & 7)
                flipped += 1
            assert world.state() == state and world.proven() == 0
            if thief.is_connected:
                thief.line.disconnect()
            phone.connect()
            assert (12, 2) not in phone.ask(message)[0]  # as it was made it is good, to the end of its minute
            phone.lifetime = 5
            phone.line.disconnect()
            world.pass_ms(4_000)
    assert flipped > 1_000 * _FRAMES
    world.close()


def test_a_length_that_lies_loses_the_frame_and_not_the_next_one():
    world, phone, thief = _met()
    phone.connect()
    for bit in range(16):
        assert phone.handshake() == 0
        phone.lifetime = 30
        message = phone.signed(UNLOCK)
        framed = bytearray(len(message).to_bytes(2, "big") + message)
        framed[bit >> 3] ^= 1 << (bit & 7)
        thief.connect()
        state = world.state()
        thief.line.write_chunks(world.radio.handle(TO_VEHICLE), bytes(framed), 200)
        world.pass_ms(1_250)
        assert world.state() == state
        if thief.is_connected:
            thief.line.disconnect()
        world.step(2)
        phone.lifetime = 5
        _honest(world, phone, UNLOCK)
        _honest(world, phone, LOCK)
    world.close()


def test_presence_is_no_intent():
    """A relay brings the phone's own words to the car, from the next town. Without a press there is no word that opens:
    the phone greets, looks at the state and at the keys, asks the car server; that it is near counts for nothing.
    """
    world, phone, _ = _met()
    state = world.state()
    delays_ms = (5, 8, 20, 50)
    for number in range(_RELAYED):
        phone.connect()
        world.step(1, delays_ms[number & 3])
        assert phone.handshake() == 0
        world.step(1, delays_ms[number & 3])
        assert phone.command(STATUS) == ("status", 1)
        assert phone.command(b"\x0a\x02\x08\x05") is not None
        assert phone.outcome(phone.ask(phone.unsigned(STATUS))) == ("status", 1)
        phone.domain = 3
        phone.ask(Phone.handshake(phone))
        phone.domain = 2
        if number & 1:
            world.step(2, 1_000)
        phone.line.disconnect()
        world.step(2)
        assert world.state() == state
    _honest(world, phone, UNLOCK)  # relayed as well, this one opens: against that there is no defence here
    world.close()
