"""Who may do what over which link: every cell of role, command and link, with the answer that stands in it.

The answers are written down from vehicle-command.md section 5.4 and the rules of this vehicle, not asked of the
firmware: a fleet manager's key is good on the cloud link alone and all others only off it, keys come in at the car and
are removed by owners' phones, a card is none of the protocol's keys. Commands go signed in both forms through the whole
link. What a phone's key is worth at the reader, and a card's secret over the air, stands in story/test_story_phone_nfc.
"""

from fakes.link_world import GCM, HMAC, LinkWorld, add_key, card_key, legacy, remove_key
from fakes.phone import own_order, parsed
from latchkey.core import codes
from latchkey.core.remote import UNLOCK_ALLOWED
from latchkey.protocol.vehicle_command_frame import HEADER_LEN

_COLUMNS = ("owner", "driver", "guest", "service", "monitor", "charging", "fleet", "stranger", "card", "cloud")
_ROLES = (
    codes.OWNER,
    codes.DRIVER,
    codes.GUEST,
    codes.SERVICE,
    codes.VEHICLE_MONITOR,
    codes.CHARGING_MANAGER,
    codes.FLEET_MANAGER,
    codes.NO_ROLE,  # a phone whose key is not in the list
    codes.NO_ROLE,  # the private key of an owner's card, in a phone
)

# ok: done, and it moves what it says. n: the fault of that number. state, keys, key: what was asked for. kn: that is
# what became of the list of keys, in the numbers of whitelistOperationInformation. Cloud: a fleet manager's key there.
_TABLE = """
              owner  driver guest  service monitor charging fleet  stranger card   cloud
unlock        ok     ok     ok     ok      7       7        7      3        3      ok
lock          ok     ok     ok     ok      7       7        7      3        3      ok
secure        ok     ok     ok     ok      7       7        7      3        3      ok
wake          ok     ok     ok     ok      ok      ok       7      3        3      ok
drive         ok     ok     ok     7       7       7        7      3        3      7
trunk         ok     ok     ok     7       7       7        7      3        3      7
frunk         ok     ok     ok     7       7       7        7      3        3      7
charge        ok     ok     ok     7       7       ok       7      3        3      7
state         state  state  state  state   state   state    state  3        3      state
list          keys   keys   keys   keys    keys    keys     7      3        3      7
entry         key    key    key    key     key     key      7      3        3      7
add           k5     k5     k5     k5      k5      k5       k5     3        3      7
remove        k0     k7     k7     k7      k7      k7       k7     3        3      7
remove-self   k2     k7     k7     k7      k7      k7       k7     3        3      7
remove-card   k7     k7     k7     k7      k7      k7       k7     3        3      7
change        k8     k8     k8     k8      k8      k8       k8     3        3      7
door          9      9      9      9       9       9        9      3        3      9
nonsense      9      9      9      9       9       9        9      3        3      9
revoke-drive  ok     7      7      7       7       7        7      3        3      ok
no-guests     ok     7      7      7       7       7        7      3        3      ok
guests        ok     7      7      7       7       7        7      3        3      ok
no-remote     ok     7      7      7       7       7        7      3        3      7
remote        ok     7      7      7       7       7        7      3        3      7
far-unlock    ok     7      7      7       7       7        7      3        3      7
no-far-unlock ok     7      7      7       7       7        7      3        3      7
clock         ok     ok     7      7       7       7        7      3        3      7
tell-key      own    7      7      7       7       7        7      3        3      7
suspend       k0     k7     k7     k7      k7      k7       k7     3        3      7
admit         k0     k7     k7     k7      k7      k7       k7     3        3      7
limit         k0     k7     k7     k7      k7      k7       k7     3        3      7
stale-suspend k1     k7     k7     k7      k7      k7       k7     3        3      7
revoke        k0     k7     k7     k7      k7      k7       k7     3        3      7
other-own     9      9      9      9       9       9        9      3        3      9
"""

# What may be said without a signature, by whoever comes first on a link; it is the same for everybody.
_UNSIGNED = """
state         state
list          7
entry         7
unlock        7
drive         7
trunk         7
clock         7
tell-key      7
suspend       7
add           k5
remove        7
change        7
nonsense      7
"""

_SIMPLE = {
    "unlock": b"\x10\x00",
    "lock": b"\x10\x01",
    "secure": b"\x10\x1d",
    "wake": b"\x10\x1e",
    "drive": b"\x10\x14",
    "trunk": b"\x22\x02\x28\x01",
    "frunk": b"\x22\x02\x30\x01",
    "charge": b"\x22\x02\x38\x03",
    "state": b"\x0a\x00",
    "list": b"\x0a\x02\x08\x05",
    "entry": b"\x0a\x04\x08\x06\x20\x00",
    "change": b"\x82\x01\x03\x80\x01\x01",
    "door": b"\x22\x02\x08\x03",
    "nonsense": b"\x10\x63",
    "revoke-drive": b"\xc2\x3e\x02\x08\x01",
    "no-guests": b"\xc2\x3e\x02\x08\x02",
    "guests": b"\xc2\x3e\x02\x08\x03",
    "no-remote": b"\xc2\x3e\x02\x08\x04",
    "remote": b"\xc2\x3e\x02\x08\x05",
    "no-far-unlock": b"\xc2\x3e\x02\x08\x06",
    "far-unlock": b"\xc2\x3e\x02\x08\x07",
    "clock": own_order(8, 849_000_000),  # in November 2026
    "tell-key": own_order(9),
    "other-own": b"\xc2\x3e\x02\x08\x63",
}
_NEEDS_UNLOCKED = ("lock", "secure")
_STILL = ("wake", "revoke-drive", "no-guests", "guests", "no-remote", "remote", "far-unlock", "no-far-unlock", "clock")
_CHANGES = {"suspend": 10, "admit": 11, "limit": 12, "stale-suspend": 10, "revoke": 13}  # of a key, by its number
_OF_KEYS = ("list", "entry", "add", "remove", "remove-self", "remove-card", "change", "tell-key") + tuple(_CHANGES)
_FREE_SLOT = bytes((7,)) * 64


def _rows(table):
    """[(command, (answer, …))] of a table above; its first line names the columns, where it has more than one."""
    lines = [line.split() for line in table.strip().split("\n")]
    if tuple(lines[0]) == _COLUMNS:
        lines = lines[1:]
    return [(line[0], tuple(line[1:])) for line in lines]


def _payload(world, phone, command):
    if command in _SIMPLE:
        return _SIMPLE[command]
    if command in _CHANGES:
        number = world.registry.find(_FREE_SLOT)
        generation = world.registry.entry_generation(number) + (command == "stale-suspend")
        return own_order(_CHANGES[command], number, generation, 60, 86_400)
    if command == "add":
        return add_key(world.stranger.key, codes.DRIVER)
    key = {"remove": _FREE_SLOT, "remove-self": phone.key, "remove-card": bytes(card_key(0))}[command]
    return remove_key(key)


def _said(answer):
    """What a client makes of an answer, in the words of the table."""
    if answer is None:
        return "silence"
    if answer == "done":
        return "ok"
    kind, what = answer
    if kind == "fault":
        return str(what)
    if kind == "keys":
        return "k%d" % what
    if kind == "status":
        return "state"
    if kind == "nominal":
        return "no%d" % what
    return {0x82: "keys", 0x8A: "key", 0xC2: "own"}[what[0]]  # fields 16, 17 and 1,000


def _prepare(world, command):
    """Bring the car to where the command would move something, and the list to where there is something to remove."""
    registry = world.registry
    number = registry.find(_FREE_SLOT)
    if command == "limit" and registry.slot_of(number) >= 0:
        assert registry.revoke(number) == codes.ACCEPTED  # he is a guest by now
    if (command == "remove" or command in _CHANGES) and registry.slot_of(number) < 0:
        assert registry.add_phone(_FREE_SLOT, codes.DRIVER, bytes(16)) >= 0
    if command in _CHANGES and command != "limit":
        assert registry.suspend(registry.find(_FREE_SLOT), command == "admit") in (codes.ACCEPTED, codes.ALREADY)
    if (world.bolt() == "unlocked") != (command in _NEEDS_UNLOCKED):
        world.press()
    world.pass_ms(31_000)  # the motor has rested, and what was done at the car weighs no more


def _one_cell(world, phone, command, ask):
    """(what was said, how often anything was driven, how the list changed)."""
    _prepare(world, command)
    moved, generation = world.moved(), world.registry.generation
    said = _said(ask(phone, _payload(world, phone, command)))
    world.pass_ms(1_500)
    found = said, world.moved() - moved, world.registry.generation - generation
    world.pass_ms(125_000 if command == "drive" and said == "ok" else 0)
    return found


def _expected(command, answer):
    changes = 2 if command == "limit" else 1  # a driver gets a window, and then needs it
    return answer, int(answer == "ok" and command not in _STILL), changes * int(answer == "k0")


def _world():
    world = LinkWorld()
    world.stranger = world.phone(99)
    return world


def _phone_of(world, column):
    """The phone of a column; that of "card" has the private key of an owner's card."""
    phone = world.phone(1 + column, _ROLES[column])
    if _COLUMNS[column] == "card":
        assert world.registry.add(phone.key, codes.OWNER) >= 0
    return phone


def _signed(form):
    def ask(phone, payload):
        if not phone.is_connected:
            phone.connect()
        phone.handshake()
        return phone.command(payload, form)

    return ask


def _hold_a_column(column, form):
    world = _world()
    phone = _phone_of(world, column)
    for command, answers in _rows(_TABLE):
        found = _one_cell(world, phone, command, _signed(form))
        assert found == _expected(command, answers[column]), (_COLUMNS[column], command, form, found)
    world.close()


def test_every_cell_over_bluetooth_in_gcm():
    for column in range(len(_ROLES)):
        _hold_a_column(column, GCM)


def test_every_cell_over_bluetooth_in_hmac():
    for column in range(len(_ROLES)):
        _hold_a_column(column, HMAC)


def test_every_cell_without_a_signature():
    for column in (0, 6, 7):
        world = _world()
        phone = world.phone(1 + column, _ROLES[column])
        for command, (answer,) in _rows(_UNSIGNED):

            def ask(phone, payload):
                phone.connect()
                answer = phone.outcome(phone.ask(phone.unsigned(payload)))
                phone.line.disconnect()
                return answer

            assert _one_cell(world, phone, command, ask) == _expected(command, answer), (column, command)
        world.close()


class _Cloud:
    """A client on the cloud link, which has no radio; and the way for a phone to be one."""

    connected = True
    serial = 1

    def __init__(self):
        self.source = codes.CLOUD
        self.proven = False
        self.credential = -1
        self.generation = 0
        self.sent = []

    def send(self, frame):
        self.sent.append(bytes(frame[HEADER_LEN:]))
        return True


def _over_the_cloud(world, client):
    responder = world.reception.responder

    def ask(phone, payload):
        phone.epoch = bytes(responder._sessions.epoch(2))
        phone.clock = responder._sessions.clock_s(2)
        client.sent.clear()
        responder.handle(client, memoryview(phone.signed(payload)))
        world.pass_ms(1_000)
        return phone.outcome([parsed(message) for message in client.sent])

    return ask


def test_every_cell_over_the_cloud():
    """A fleet manager's key has its column; every other is good for a look at the car; a stranger hears nothing."""
    for column, role in enumerate(_ROLES):
        world = _world()
        phone = world.phone(1 + column, role)
        world.vehicle.remote.set(UNLOCK_ALLOWED, True)
        client = _Cloud()
        for command, answers in _rows(_TABLE):
            expected = answers[9] if role == codes.FLEET_MANAGER else answers[6] if role else "silence"
            if role and command in _OF_KEYS:
                expected = "7"
            found = _one_cell(world, phone, command, _over_the_cloud(world, client))
            assert found == _expected(command, expected), (_COLUMNS[column], command, found)
        assert client.proven == (role == codes.FLEET_MANAGER)
        world.close()


def test_no_key_comes_in_over_the_cloud_even_while_an_owner_holds_enrolment_open():
    world = _world()
    owner, fleet = world.phone(1, codes.OWNER), world.phone(2, codes.FLEET_MANAGER)
    client = _Cloud()
    ask = _over_the_cloud(world, client)
    assert world.tap(card_key(0), held=True) == codes.ACCEPTED
    add = add_key(world.stranger.key, codes.DRIVER)
    for phone in (owner, fleet):
        assert _said(ask(phone, add)) == "7"
    client.sent.clear()
    for message in (owner.unsigned(add), legacy(add)):
        world.reception.responder.handle(client, memoryview(message))
    assert client.sent == []
    assert world.vehicle.custody.wants_keys() and world.tap(card_key(0)) == codes.ACCEPTED  # nothing to confirm
    assert not world.vehicle.custody.wants_keys() and len(world.active()) == 3
    world.close()
