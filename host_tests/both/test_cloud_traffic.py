"""How much the controller says, whatever happens to it: in each hour of a day of attack, and after a day of outage."""

from fakes.cloud_world import LOCK, SUSPEND_GUESTS, UNLOCK, CloudWorld
from fakes.phone import Phone
from fakes.scale import LONG, SHORT
from latchkey.core import codes
from latchkey.core.request import Request

_HOUR_MS = 3_600_000
_LEAP_MS = 1_980 if LONG else 19_980
_SLOW_MS = 480  # while a connection is made, which has ten seconds
_HOURS = 3 if SHORT else 24
_HANDSHAKE_LEN = 785  # what a TLS handshake sends; it is not played here
_RECORD_LEN = 29


class _Meter:
    """What the link hands to the socket: (elapsed_ms, bytes) of each packet, and each connection as a handshake."""

    def __init__(self, world):
        self.world = world
        self.sent = []
        self.connects = []
        heard, accepted = world.broker.heard, world.broker.accepted

        def hears(sock, data):
            self.sent.append((world.clock.elapsed_ms, len(data) + _RECORD_LEN))
            heard(sock, data)

        def accepts(sock):
            self.connects.append(world.clock.elapsed_ms)
            self.sent.append((world.clock.elapsed_ms, _HANDSHAKE_LEN))
            accepted(sock)

        world.broker.heard, world.broker.accepted = hears, accepts

    def judge(self):
        """The most of all hours, wherever they begin: (publishes of its own, replies, bytes, connections)."""
        published, replied = [], []
        for row in self.world.broker.said:
            if not (row[1].endswith(b"/online") and row[2] == b"0"):  # the broker's own, for a link that is lost
                (replied if row[1].endswith(b"/reply") else published).append((row[0], 1))
        return [_most(rows) for rows in (published, replied, self.sent, [(at, 1) for at in self.connects])]


def _most(rows):
    """The greatest sum of any hour."""
    most = total = first = 0
    for at_ms, size in rows:
        total += size
        while rows[first][0] <= at_ms - _HOUR_MS:
            total -= rows[first][1]
            first += 1
        most = max(most, total)
    return most


def _attack(what, hours=_HOURS):
    """Hours of it; what() is called in each turn, every 20 s or 2 s, with the turn's number."""
    world = CloudWorld(tls=True)
    meter = _Meter(world)
    key = world.key(1)

    async def story():
        await world.connected()
        await key.handshake()
        turn = 0
        while world.clock.elapsed_ms < hours * _HOUR_MS:
            turn += 1
            what(world, key, turn)
            world.leap_ms = _LEAP_MS if world.link.connected else _SLOW_MS
            await world.pass_ms(20)
        world.leap_ms = 0
        return meter.judge()

    try:
        publishes, replies, sent, connects = world.run(story(), (hours + 2) * _HOUR_MS)
    finally:
        world.close()
    print(
        "%d h of %s: at most %d publishes, %d replies, %d bytes, %d connections in an hour"
        % (hours, what.__name__[1:], publishes, replies, sent, connects)
    )
    assert publishes <= 60 and replies <= 20 and sent <= 64 * 1024 and connects <= 30
    return publishes, replies, sent, connects


def _everything(world, key, turn):
    """Whoever has the broker, and somebody at the car, and a thief of the cloud key, all at once."""
    vehicle, broker = world.vehicle, world.broker
    topic = world.topic(b"command")
    broker.publish(world.topic(b"set"), b"verbosity 3 3600")
    broker.publish(topic, Phone.handshake(key))
    broker.publish(topic, key.signed((UNLOCK, LOCK, SUSPEND_GUESTS)[turn % 3]))
    vehicle.sense_door(1 + turn % 2)
    vehicle.sense_bolt((codes.AT_LOCKED, codes.BETWEEN, codes.AT_UNLOCKED)[turn % 3])
    request = Request(codes.CABIN)
    request.action = codes.FORBID_REMOTE_UNLOCK if turn % 2 else codes.ALLOW_REMOTE_UNLOCK
    vehicle.request(request)
    vehicle.refuse(Request(codes.KEYCARD), codes.UNKNOWN_KEY)
    if turn % 99 == 0:
        broker.drop()


def _talk(world, key, turn):
    """Every message wants an acknowledgement and an answer."""
    for _ in range(3):
        world.broker.publish(world.topic(b"command"), Phone.handshake(key))


def _noise(world, key, turn):
    """Nothing but refusals and the highest verbosity."""
    world.broker.publish(b"latchkey/all/set", b"verbosity 3 3600")
    for _ in range(5):
        world.vehicle.refuse(Request(codes.PHONE), codes.WRONG_ANSWER)


def _losses(world, key, turn):
    """A broker that loses everybody as soon as they are there."""
    if world.link.connected:
        world.broker.drop()


def test_a_day_of_everything_at_once():
    publishes, replies, _, _ = _attack(_everything)
    assert publishes > 30 and replies > 10, "there was something to hold back"


def test_hours_of_one_thing():
    hours = 3 if _HOURS == 24 else 1
    assert _attack(_talk, hours)[1] > 10
    assert _attack(_noise, hours)[0] > 30
    assert _attack(_losses, hours)[3] > 15


def test_the_first_minute_after_a_day_without_a_broker():
    """Of all that has happened the state is told, and a number."""
    world = CloudWorld(tls=True)

    async def story():
        await world.connected()
        world.broker.down = True
        await world.drop()
        world.leap_ms = _LEAP_MS
        turn = 0
        while world.clock.elapsed_ms < _HOURS * _HOUR_MS:
            turn += 1
            world.vehicle.refuse(Request(codes.KEYCARD), codes.UNKNOWN_KEY)
            world.vehicle.sense_door(1 + turn % 2)
            world.at_the_car(codes.FORBID_REMOTE if turn % 2 else codes.ALLOW_REMOTE)
            await world.pass_ms(20)
        world.leap_ms = 0
        world.broker.down = False
        world.broker.said.clear()
        assert await world.until(lambda: world.link.connected, 15 * 60_000) < 15 * 60_000
        await world.pass_ms(60_000)
        names = [row[1].rsplit(b"/", 1)[1] for row in world.broker.said]
        assert len(names) <= 20, names
        assert names[:2] == [b"online", b"state"] and names.count(b"event") <= 2
        assert sum([event.get("refused", 0) for event in world.events()]) == turn

    try:
        world.run(story(), 30 * _HOUR_MS)
    finally:
        world.close()


def test_quiet_from_the_server_leaves_the_lock_and_ends():
    world = CloudWorld()

    async def story():
        await world.connected()
        world.broker.publish(b"latchkey/all/set", b"quiet 600", 0)
        await world.pass_ms(500)
        world.broker.said.clear()
        for _ in range(10):
            world.vehicle.sense_door(2)
            world.at_the_car(codes.FORBID_REMOTE)
            await world.pass_ms(5_000)
        assert world.broker.said == []
        world.at_the_car(codes.UNLOCK)
        await world.pass_ms(2_000)
        assert {row[1] for row in world.broker.said} == {world.topic(b"state")}
        await world.stay(600_000, _SLOW_MS)
        assert not world.events()
        world.at_the_car(codes.ALLOW_REMOTE)
        await world.pass_ms(2_000)
        assert [event["action"] for event in world.events()] == ["allow remote control"]

    try:
        world.run(story())
    finally:
        world.close()


def test_what_makes_no_sense_changes_nothing():
    world = CloudWorld()

    async def story():
        await world.connected()
        governor = world.link.governor
        for words in (
            b"",
            b"quiet",
            b"quiet x",
            b"quiet -5",
            b"quiet 5 5",
            b"verbosity 3",
            b"verbosity x 60",
            b"\xff\xfe",
        ):
            world.broker.publish(world.topic(b"set"), words, 0)
        world.broker.publish(world.topic(b"set"), b"quiet 9999999", 0)
        world.broker.publish(world.topic(b"set"), b"verbosity 3 60 " + bytes(1_000), 0)
        await world.pass_ms(2_000)
        now_s = world.vehicle.uptime_s
        assert world.link.connected and not governor.is_quiet(now_s) and governor.verbosity(now_s) == 1
        world.broker.publish(world.topic(b"set"), b"verbosity 3 60", 0)
        await world.pass_ms(500)
        assert governor.verbosity(now_s) == 3 and governor.verbosity(now_s + 62) == 1

    try:
        world.run(story())
    finally:
        world.close()
