"""What the vehicle answers: it is no command, and whoever stands in between cannot change it, or use it again."""

from fakes.link_world import LOCK, STATUS, UNLOCK, LinkWorld
from fakes.phone import Phone
from latchkey.core import codes

_KEY_LIST, _WAKE, _TRUNK = b"\x0a\x02\x08\x05", b"\x10\x1e", b"\x22\x02\x28\x01"


def _met():
    world = LinkWorld()
    phone = world.phone(1, codes.OWNER).connect()
    assert phone.handshake() == 0
    return world, phone


def test_what_the_vehicle_says_is_no_command():
    """Everything that it sends, to whomever, is sent back to it on every link."""
    world, phone = _met()
    for payload in (UNLOCK, STATUS, LOCK, _KEY_LIST, _TRUNK):
        assert phone.command(payload) is not None
        world.pass_ms(1_000)
    phone.ask(phone.repeated(UNLOCK))
    phone.ask(Phone.handshake(phone))
    stream = b"".join([data for _, _, data in phone.line.heard])
    said = []
    while stream:
        end = 2 + int.from_bytes(stream[:2], "big")
        said.append(stream[2:end])
        stream = stream[end:]
    assert len(said) > 12
    world.pass_ms(10_000)
    thief = world.phone(66)
    state = world.state()
    for message in said:
        for link in (thief, phone):
            link.tell(message)
        assert world.state() == state
    assert phone.connect().handshake() == 0 and phone.command(UNLOCK) == "done"
    assert world.moved() == state[0] + 1
    world.close()


def _changed(replies, field, at):
    """The replies with one bit of one field changed."""
    out = []
    for reply in replies:
        reply = dict(reply)
        if field in reply:
            data = bytearray(reply[field])
            data[at % len(data)] ^= 1 << at % 8
            reply[field] = bytes(data)
        out.append(reply)
    return out


def test_somebody_between_phone_and_vehicle_is_found_out_by_the_phone():
    """He passes a greeting on, changed or with a key of his own, and answers with what the vehicle has said before."""
    world, phone = _met()
    thief = world.phone(66)
    greeting = bytes(Phone.handshake(phone))
    before = phone.ask(greeting)
    uuid = phone.uuid
    assert phone.learn(before) == 0
    for at in range(len(before[0][(15,)])):
        assert phone.learn(_changed(before, (15,), at)) is None
    for at in range(32):
        assert phone.learn(_changed(before, (13, 6, 1), at)) is None
    for link in (phone, thief):
        world.pass_ms(5_000)
        if not link.is_connected:
            link.connect()
        another = link.ask(bytes(Phone.handshake(phone)).replace(phone.point, thief.point), 200)
        assert another and phone.learn(another) is None  # it is the vehicle's answer to the thief, and says so
        assert phone.learn(before) is None  # an answer to another greeting
        phone.uuid = uuid
        assert phone.learn(before) == 0
    impostor = LinkWorld(seed=2)
    twin = impostor.phone(1, codes.OWNER).connect()
    twin.vin = phone.vin
    greeting = Phone.handshake(phone)
    twin.uuid = phone.uuid
    assert phone.learn(twin.ask(greeting)) is None
    impostor.close()
    world.close()


def test_an_answer_is_bound_to_its_question_and_to_its_place_among_the_answers():
    world, phone = _met()
    asked = []
    for payload in (STATUS, _KEY_LIST, _WAKE):
        replies = phone.ask(phone.signed(payload))
        asked.append((phone.tag, replies))
        assert [phone.opened(reply) for reply in replies]
    for tag, _ in asked:
        for other, replies in asked:
            phone.tag = tag
            for reply in replies:
                assert _opens(phone, reply) == (tag == other)
    phone.tag, (first, second) = asked[2]
    swapped = dict(first)
    swapped[(13, 9, 2)] = second[(13, 9, 2)]
    assert not _opens(phone, swapped)
    for field in ((10,), (13, 9, 1), (13, 9, 3)):
        assert not _opens(phone, _changed([first], field, 1)[0])
    world.close()


def _opens(phone, reply):
    try:
        phone.opened(reply)
        return True
    except AssertionError:
        return False
