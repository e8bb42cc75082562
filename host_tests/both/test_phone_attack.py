"""What somebody beside the car can do with messages he has heard, held back or changed: through the whole link.

Nothing of it moves anything, changes the list of keys, or gives a link the rights of one that has signed; and the
honest phone is served in between, every time. The same on the protocol alone stands in test_vehicle_command_attack,
volumes (sessions, tags, bits) in micropython/test_phone_volumes, what the vehicle answers in test_phone_between.
"""

import random

from fakes.link_world import GCM, HMAC, LOCK, STATUS, UNLOCK, LinkWorld
from fakes.phone import Phone
from fakes.scale import LONG, SHORT
from latchkey.core import codes
from latchkey.protocol import vehicle_command_numbers as numbers

_LAST = 0xFFFFFFFF
_WAKE, _DRIVE, _TRUNK = b"\x10\x1e", b"\x10\x14", b"\x22\x02\x28\x01"


def _met():
    world = LinkWorld()
    phone = world.phone(1, codes.OWNER).connect()
    assert phone.handshake() == 0
    thief = world.phone(66).connect()
    return world, phone, thief


def _fault(phone, message, via=None):
    """The fault that a message gets on a link, 0 if it gets none."""
    replies = (via or phone).ask(bytes(message))
    return replies[0].get((12, 2), 0)


def _honest(world, phone, payload=None):
    """A press on the phone works, and moves one thing."""
    payload = payload or (LOCK if world.bolt() == "unlocked" else UNLOCK)
    world.pass_ms(4_000)
    if not phone.is_connected:
        phone.connect()
    assert phone.handshake() == 0
    moved = world.moved()
    assert phone.command(payload) == "done"
    assert world.moved() == moved + (payload != _WAKE)


def test_a_message_held_back_is_worthless_once_a_later_one_has_come():
    """RollJam: the first press is jammed and recorded, the second goes through, the first comes afterwards."""
    world, phone, thief = _met()
    for form in (GCM, HMAC):
        first, second = bytes(phone.signed(UNLOCK, form)), bytes(phone.signed(UNLOCK, form))
        assert phone.outcome(phone.ask(second)) == "done" if form == GCM else _fault(phone, second) == 0
        world.press()
        state = world.state()
        for message in (first, second, first):
            for link in (thief, phone):
                assert _fault(phone, message, link) == numbers.INVALID_TOKEN_OR_COUNTER
        assert world.state() == state and world.proven() == 1
        _honest(world, phone)
        world.press()
    world.close()


def test_a_message_held_back_is_worthless_after_its_time():
    """Its time is what the phone says, and never more than a minute."""
    world, phone, thief = _met()
    thief.line.disconnect()
    for lifetime_s, late_ms in ((5, 7_000), (30, 32_000), (60, 62_000)):
        assert phone.handshake() == 0
        phone.lifetime = lifetime_s
        message = bytes(phone.signed(UNLOCK))
        state = world.state()
        world.pass_ms(late_ms)
        for link in (thief.connect(), phone):
            assert _fault(phone, message, link) == numbers.TIME_EXPIRED
        thief.line.disconnect()
        assert world.state() == state
        phone.lifetime = 5
        _honest(world, phone)
        world.press()
    phone.lifetime = 62
    assert phone.handshake() == 0
    assert _fault(phone, phone.signed(UNLOCK)) == numbers.TIME_TO_LIVE_TOO_LONG
    world.close()


def _forgeries(phone):
    """(name, fault, message): a genuine unlock, with one thing changed by somebody who has not got the key."""
    payload = bytearray(UNLOCK)
    genuine = bytes(phone.signed(payload))
    tag, epoch, counter, lifetime, nonce = phone.tag, phone.epoch, phone.counter, phone.lifetime, phone.nonce
    sealed = genuine[genuine.find(b"\x52\x02") + 2 :][:2]
    yield "nothing", None, genuine

    def again(form=GCM, body=sealed, tag=tag):
        message = bytes(phone.assembled(body, form, tag))
        phone.epoch, phone.counter, phone.lifetime = epoch, counter, lifetime
        phone.domain, phone.flags, phone.nonce, phone.nonce_length = 2, 2, nonce, 12
        return message

    phone.flags = 0
    yield "flags gone", numbers.INVALID_SIGNATURE, again()
    phone.flags = 3
    yield "flags more", numbers.INVALID_SIGNATURE, again()
    yield "the other signature type", numbers.INVALID_SIGNATURE, again(HMAC, UNLOCK, tag + bytes(16))
    yield "the other order", numbers.INVALID_SIGNATURE, again(body=bytes((sealed[0], sealed[1] ^ 1)))
    phone.epoch = bytes(16)
    yield "epoch of zeros", numbers.INCORRECT_EPOCH, again()
    phone.epoch = epoch[:15] + bytes((epoch[15] ^ 1,))
    yield "another epoch", numbers.INCORRECT_EPOCH, again()
    phone.lifetime = None
    yield "never expires", numbers.TIME_EXPIRED, again()
    phone.lifetime += 10
    yield "expires later", numbers.INVALID_SIGNATURE, again()
    phone.lifetime = 1 << 30
    yield "expires in years", numbers.TIME_TO_LIVE_TOO_LONG, again()
    for jump in (1, 1_000_000):
        phone.counter += jump
        yield "a later counter", numbers.INVALID_SIGNATURE, again()
    phone.counter = _LAST
    yield "the last counter", numbers.INVALID_SIGNATURE, again()
    phone.counter = 0
    yield "no counter", numbers.INVALID_TOKEN_OR_COUNTER, again()
    phone.nonce = bytes(12)
    yield "another nonce", numbers.INVALID_SIGNATURE, again()
    phone.nonce_length = 11
    yield "a short nonce", numbers.IV_INCORRECT_LENGTH, again()
    for cut in (0, 8, 15):
        yield "a short tag", numbers.INVALID_SIGNATURE, again(tag=tag[:cut])
    yield "a long tag", numbers.INVALID_SIGNATURE, again(tag=tag + bytes(1))
    point = b"\x0a\x43\x0a\x41" + phone.point
    at = genuine.find(point)
    signer = genuine.find(b"\x6a")
    yield "a handle instead of the key", numbers.INVALID_KEY_HANDLE, _resigned(genuine, signer, at, b"\x0a\x02\x18\x01")
    yield (
        "the older name of a key",
        numbers.UNKNOWN_KEY_ID,
        _resigned(genuine, signer, at, b"\x0a\x06\x12\x04\x01\x02\x03\x04"),
    )
    yield "no name", numbers.UNKNOWN_KEY_ID, _resigned(genuine, signer, at, b"")
    for kind in (b"\x32\x02\x0a\x00", b"\x4a\x00", b"\x3a\x00"):
        yield "a signature of a reply", numbers.BAD_PARAMETER, _resigned(genuine, signer, at, point, kind)
    yield "no signature", numbers.INSUFFICIENT_PRIVILEGES, bytes(phone.unsigned(UNLOCK))
    yield "no signature, sealed", None, bytes(phone.unsigned(sealed))
    domains = genuine.replace(b"\x32\x02\x08\x02", b"\x32\x02\x08\x03", 1)
    yield "another domain", numbers.INCORRECT_EPOCH, domains
    yield "no domain", numbers.INVALID_DOMAINS, genuine.replace(b"\x32\x02\x08\x02", b"\x32\x02\x08\x00", 1)


def _resigned(genuine, signer, at, name, kind=None):
    """The message with another name of the signer, or another kind of signature, in its field 13."""
    length = genuine[signer + 1] & 127 | genuine[signer + 2] << 7
    rest = genuine[at + 69 : signer + 3 + length] if kind is None else kind
    inner = name + rest
    head = bytes((0x6A, len(inner) & 127 | 128, len(inner) >> 7)) if len(inner) > 127 else bytes((0x6A, len(inner)))
    return genuine[:signer] + head + inner + genuine[signer + 3 + length :]


def test_a_genuine_message_with_one_thing_changed_is_none():
    world, phone, thief = _met()
    phone.lifetime = 50
    names = set()
    forgeries = _forgeries(phone)
    _, _, genuine = next(forgeries)
    state = world.state()
    for name, fault, message in forgeries:
        names.add(name)
        assert message != genuine
        for link in (thief, phone):
            replies = link.ask(message)
            assert [reply.get((12, 2), 0) for reply in replies] == ([fault] if fault else []), name
            world.step(1, 500)
        assert world.state() == state and world.proven() == 0, name
    assert len(names) > 20
    assert thief.ask(genuine) != [] and world.moved() == state[0] + 1  # all the time it was good, and nobody spent it
    assert world.proven() == 1
    world.close()


def test_a_forged_counter_locks_nobody_out_and_the_last_one_of_all_begins_a_new_epoch():
    world, phone, thief = _met()
    other = world.phone(2, codes.DRIVER).connect()
    other.handshake()
    secret = phone.k
    for counter in (1, 1_000_000, _LAST - 1, _LAST):
        phone.k, honest, phone.counter = bytes(16), phone.counter, counter
        for form in (GCM, HMAC):
            assert _fault(phone, phone.repeated(UNLOCK, form), thief) == numbers.INVALID_SIGNATURE
        phone.k, phone.counter = secret, honest
        _honest(world, phone)
    phone.counter += 1_000_000
    _honest(world, phone)
    old = bytes(other.signed(LOCK))
    phone.counter, epoch = _LAST - 1, phone.epoch
    assert phone.command(_WAKE) == "done"
    state = world.state()
    assert _fault(other, old) == numbers.INCORRECT_EPOCH
    assert world.state() == state
    phone.counter = other.counter = 0
    for honest in (phone, other):
        _honest(world, honest)
        assert honest.epoch != epoch
    world.close()


def test_any_of_the_old_messages_in_any_order_bring_nothing_back():
    """RollBack: what was accepted once, again, in every order, does not let the counters go back."""
    random.seed(3)
    world, phone, thief = _met()
    old = []
    for payload, form in ((UNLOCK, GCM), (LOCK, HMAC), (_TRUNK, GCM), (_WAKE, HMAC), (_DRIVE, GCM), (STATUS, GCM)):
        world.pass_ms(4_000)
        for message in (Phone.handshake(phone), None):
            message = bytes(message or phone.signed(payload, form))
            replies = phone.ask(message)
            if (15,) in replies[0]:
                phone.learn(replies)
            old.append(message)
    world.pass_ms(130_000)  # what the phone may drive, it may no more
    for number in range(2_000 if LONG else 20 if SHORT else 60):
        state = world.state()
        for _ in range(1 + random.getrandbits(8) % 50):
            (thief if random.getrandbits(1) else phone).tell(old[random.getrandbits(10) % len(old)])
        assert world.state() == state
        if number % 10 == 0:
            _honest(world, phone)
    world.close()


def test_messages_are_worth_nothing_after_a_loss_of_power_and_none_at_another_vehicle():
    world, phone, _ = _met()
    elsewhere = LinkWorld(seed=2)
    elsewhere.phone(1, codes.OWNER)
    phone.lifetime = 60
    messages = [bytes(phone.signed(payload, form)) for payload in (UNLOCK, _TRUNK, _DRIVE) for form in (GCM, HMAC)]
    for other in (elsewhere, world):
        other.boot()
        thief = other.phone(66).connect()
        state = other.state()
        for message in messages:
            assert _fault(phone, message, thief) == numbers.INCORRECT_EPOCH
        assert other.state() == state and other.proven() == 0
    elsewhere.close()
    phone.lifetime = 5
    _honest(world, phone)
    world.close()


def test_time_that_leaps_makes_nothing_good_again():
    """A processor that stood still, and ticks that have come round."""
    world, phone, thief = _met()
    thief.line.disconnect()
    phone.lifetime = 60
    message = bytes(phone.signed(UNLOCK))
    for leap_ms in (61_000, 3_600_000, 86_400_000 * 5, 86_400_000 * 6):
        world.step(1, leap_ms)
        state = world.state()
        assert _fault(phone, message, thief.connect()) == numbers.TIME_EXPIRED
        thief.line.disconnect()
        assert world.state() == state
        phone.lifetime = 5
        _honest(world, phone)
        world.press()
    world.close()
