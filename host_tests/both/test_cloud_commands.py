"""Commands over the cloud: who is heard, what is refused and why, and what a broker can do with what it has heard."""

from fakes.cloud_world import (
    ADMIT_GUESTS,
    LOCK,
    REMOTE_OFF,
    REMOTE_ON,
    REVOKE_DRIVE,
    STATUS,
    SUSPEND_GUESTS,
    UNLOCK,
    CloudWorld,
    card_key,
)
from latchkey.core import codes, drive
from latchkey.core.request import Request
from latchkey.protocol import vehicle_command_numbers as numbers

_SWITCHED_OFF = ("fault", numbers.REMOTE_ACCESS_OFF)
_LEAP_MS = 480
_NOT_NOW = ("nominal", numbers.DISABLED_FOR_USER_COMMAND)


def _with(*stories, **options):
    """One boot for each story; all get the world, and a key that is enrolled."""
    world = CloudWorld(**options)
    key = world.key(1)

    async def ready(story):
        await world.connected()
        assert await key.handshake() == 0
        await story(world, key)

    try:
        for story in stories:
            world.run(ready(story), 20_000_000)
    finally:
        world.close()


async def _settle(world):
    """Until the bolt is still and nothing local weighs any more."""
    await world.stay(32_000, _LEAP_MS)


def _card_asks(world, number, action, role=codes.DRIVER):
    """A card with a key of its own asks, enrolled where it is not yet; the verdict."""
    registry = world.car.registry
    found = registry.find(card_key(number))
    if found < 0:
        found = registry.add(card_key(number), role)
    request = Request(codes.KEYCARD)
    request.credential = found
    request.generation = registry.entry_generation(found)
    request.action = action
    return world.vehicle.request(request)


def test_unlocking_only_where_the_owner_allows_it_and_locking_always():
    async def story(world, key):
        world.at_the_car(codes.FORBID_REMOTE_UNLOCK)
        assert await key.command(UNLOCK) == _SWITCHED_OFF and not world.unlocks()
        world.at_the_car(codes.ALLOW_REMOTE_UNLOCK)
        assert await key.command(UNLOCK) == "done" and world.unlocks() == 1
        await world.pass_ms(1_000)
        assert await key.command(LOCK) == "done" and world.locks() == 1
        assert await key.command(STATUS) == ("status", 1)  # locked

    _with(story)


def test_six_an_hour_each_way():
    async def story(world, key):
        for _ in range(8):
            for payload in (UNLOCK, LOCK):  # its replies are counted as well, so not all of them are answered
                await key.command(payload, 2_000)
            await world.stay(30_000, _LEAP_MS)
        assert world.unlocks() == 6 and world.locks() == 6
        verdicts = [row[1:] for row in world.journal() if row[0] == codes.CLOUD]
        assert verdicts.count((codes.UNLOCK, codes.TOO_OFTEN)) == 2
        assert verdicts.count((codes.LOCK, codes.TOO_OFTEN)) == 2
        await world.stay(3_600_000 - 8 * 34_000, _LEAP_MS)
        assert await key.command(UNLOCK) == "done" and world.unlocks() == 7

    _with(story)


def test_a_local_act_is_held_for_thirty_seconds():
    async def story(world, key):
        assert world.at_the_car(codes.UNLOCK) == codes.ACCEPTED
        await world.pass_ms(1_000)
        assert await key.command(LOCK) == _NOT_NOW and not world.locks()
        await world.pass_ms(30_000)
        assert await key.command(LOCK) == "done" and world.locks() == 1

    _with(story)


def test_not_while_driving_not_with_a_door_open_nor_with_the_ignition_on():
    async def story(world, key):
        vehicle = world.vehicle
        vehicle.sense_speed(2)
        assert await key.command(UNLOCK) == ("nominal", numbers.VEHICLE_NOT_IN_PARK)
        vehicle.sense_speed(1)
        assert await key.command(UNLOCK) == "done"
        await world.pass_ms(1_000)
        vehicle.sense_door(2)
        assert await key.command(LOCK) == ("nominal", numbers.CLOSURES_OPEN)
        vehicle.sense_door(1)
        vehicle.sense_ignition(2)
        assert await key.command(LOCK) == ("nominal", numbers.ALREADY_ON)
        assert (world.unlocks(), world.locks()) == (1, 0)

    _with(story)


def test_what_a_broker_has_kept_is_nobody_s_wish():
    async def story(world, key):
        message = key.signed(UNLOCK)
        world.broker.publish(b"nobody listens", message)
        connection = world.broker.now[0]
        connection.deliver(world.topic(b"command"), bytes(message), 1, True)
        await world.pass_ms(1_000)
        assert not world.unlocks() and world.link.retained == 1
        assert not world.broker.on(b"/reply")[1:], "nobody is answered"
        world.broker.publish(world.topic(b"command"), message)  # the same one as it should be: the key is not spent
        await world.pass_ms(1_000)
        assert world.unlocks() == 1

    _with(story)


def test_what_waits_at_the_broker_is_refused_by_the_session_that_finds_it():
    async def story(world, key):
        world.broker.retained[world.topic(b"command")] = bytes(key.signed(UNLOCK))
        await world.drop()
        await world.connected()
        await world.pass_ms(1_000)
        assert world.link.retained == 1 and not world.unlocks()

    _with(story)


def test_only_this_vehicle_s_command_topic_is_heard():
    async def story(world, key):
        key.lifetime = 30
        message = bytes(key.signed(UNLOCK))
        topic = world.topic(b"command")
        others = (
            topic + b"s",
            topic[:-1],
            topic.lower(),
            topic + b"/",
            b"/" + topic,
            topic.replace(b"/command", b"/reply"),
            topic.replace(b"/command", b"/#"),
            b"latchkey/+/command",
            b"latchkey/all/command",
            b"latchkey/all/set",
            world.topic(b"set"),
            b"#",
            b"$SYS/command",
            topic.replace(b"T", b"\xc3\x84"),
        )
        for other in others:
            world.broker.now[0].deliver(other, message, 1, False)
            await world.pass_ms(300)
            if not world.link.connected:  # some are topics that no broker may send
                await world.connected()
        assert not world.unlocks() and world.vehicle.refused == 0
        world.broker.publish(topic, message)
        await world.pass_ms(300)
        assert world.unlocks() == 1

    _with(story)


def test_a_key_that_is_not_known_gets_no_answer_no_light_and_no_line():
    async def story(world, key):
        stranger = world.key(2, enrolled=False)
        stranger.synchronise(world.car.reception.responder._sessions)
        rows = world.vehicle.journal.count
        said = len(world.broker.on(b"/reply"))
        for message in (
            stranger.signed(UNLOCK),
            stranger.unsigned(UNLOCK),
            stranger.unsigned(STATUS),
            key.unsigned(UNLOCK),
            b"",
            b"\xff" * 300,
            bytes(1_900),
        ):
            assert await stranger.ask(message) == []
        assert await stranger.handshake() is None
        assert not world.car.reception.responder.computes, "nothing is computed for him either"
        assert len(world.broker.on(b"/reply")) == said and world.vehicle.journal.count == rows and not world.unlocks()

    _with(story)


def test_a_wrong_signature_is_refused_and_told_at_the_car():
    async def story(world, key):
        message = key.signed(UNLOCK)
        refused = world.vehicle.refused
        tag = bytes(message).find(key.tag)
        assert tag > 0
        for at in range(tag, tag + 16, 2):
            broken = bytearray(message)
            broken[at] ^= 1
            world.broker.publish(world.topic(b"command"), broken)
            await world.pass_ms(300)
        assert not world.unlocks() and world.vehicle.refused > refused
        assert world.vehicle.refused <= refused + 4, "at a bounded rate"
        assert (codes.CLOUD, 0, codes.WRONG_ANSWER) in world.journal()

    _with(story)


def test_once_and_not_again():
    async def story(world, key):
        message = key.signed(UNLOCK)
        topic = world.topic(b"command")
        world.broker.publish(topic, message)
        world.broker.publish(topic, message, 1, dup=True)
        world.broker.publish(topic, message)
        await world.pass_ms(2_000)
        assert world.unlocks() == 1
        await key.command(LOCK)
        await world.pass_ms(1_000)
        for _ in range(3):
            await world.drop()
            await world.connected()
            world.broker.publish(topic, message, 1, dup=True)
            await world.pass_ms(500)
        await world.pass_ms(31_000)
        world.broker.publish(topic, message)
        await world.pass_ms(500)
        assert world.unlocks() == 1

    _with(story)


def test_what_was_held_back_for_31_seconds_is_too_old():
    async def story(world, key):
        key.lifetime = 30
        late, just = key.signed(UNLOCK), key.signed(UNLOCK)
        await world.pass_ms(28_000)
        world.broker.publish(world.topic(b"command"), just)
        await world.pass_ms(500)
        assert world.unlocks() == 1
        assert await key.command(LOCK) == "done"
        key.counter = 10
        late = key.signed(UNLOCK)
        await world.pass_ms(31_100)
        world.broker.publish(world.topic(b"command"), late)
        await world.pass_ms(500)
        assert world.unlocks() == 1

    _with(story)


def test_no_message_is_good_for_longer_than_thirty_seconds():
    async def story(world, key):
        key.lifetime = 32
        assert (await key.command(UNLOCK))[0] == "fault" and not world.unlocks()
        key.lifetime = None
        assert (await key.command(UNLOCK))[0] == "fault" and not world.unlocks()
        key.lifetime = 30
        assert await key.command(UNLOCK) == "done" and world.unlocks() == 1

    _with(story)


def test_nothing_outlives_a_reset():
    held = []

    async def before(world, key):
        key.lifetime = 30
        held.append(key.signed(UNLOCK))

    async def after(world, key):
        world.broker.publish(world.topic(b"command"), held[0])
        await world.pass_ms(1_000)
        assert not world.unlocks()
        assert await key.command(UNLOCK) == "done" and world.unlocks() == 1

    _with(before, after)


def test_remote_control_is_switched_off_by_wire_by_cable_and_by_an_owner_s_phone():
    async def story(world, key):
        vehicle = world.vehicle
        phone = world.car.phone(7, codes.OWNER)

        def by_wire(off):
            vehicle.sense_remote_switch(off)

        def by_cable(off):
            assert world.at_the_car(codes.FORBID_REMOTE if off else codes.ALLOW_REMOTE) == codes.ACCEPTED

        def by_phone(off):
            phone.connect()
            assert phone.handshake() == 0
            assert phone.command(REMOTE_OFF if off else REMOTE_ON) == "done"
            phone.line.disconnect()

        for switch in (by_wire, by_cable, by_phone):
            switch(True)
            for payload in (UNLOCK, LOCK, REVOKE_DRIVE, SUSPEND_GUESTS):
                assert await key.command(payload, 300) == _SWITCHED_OFF, switch
            assert world.state()["remote"] is False
            assert await key.command(STATUS) == ("status", 1)  # asking is no control
            switch(False)
            await world.stay(3_600_000, _LEAP_MS)  # its replies are counted as well
        assert world.state()["remote"] is True and not world.unlocks()

    _with(story)


def test_the_cloud_cannot_turn_the_owner_s_switches():
    async def story(world, key):
        before = world.vehicle.remote.switches
        for number in (4, 5, 6, 7):
            outcome = await key.command(b"\xc2\x3e\x02\x08" + bytes((number,)))
            assert outcome == ("fault", numbers.INSUFFICIENT_PRIVILEGES)
        assert world.vehicle.remote.switches == before

    _with(story)


def test_the_cloud_neither_reads_nor_changes_keys():
    async def story(world, key):
        from fakes.bench_phone import add_key, remove_key

        generation = world.car.registry.generation
        stranger = world.key(5, enrolled=False)
        for payload in (
            b"\x0a\x02\x08\x05",
            b"\x0a\x04\x08\x06\x20\x00",
            add_key(stranger.key, codes.OWNER),
            remove_key(key.key),
            remove_key(card_key(0)),
        ):
            assert await key.command(payload) == ("fault", numbers.INSUFFICIENT_PRIVILEGES), payload
        assert world.car.registry.generation == generation

    _with(story)


def test_driving_is_revoked_at_a_standstill_and_given_back_at_the_car():
    async def before(world, key):
        vehicle = world.vehicle
        assert _card_asks(world, 1, codes.AUTHORISE_DRIVE) == codes.ACCEPTED
        vehicle.sense_ignition(2)
        vehicle.sense_speed(2)
        assert await key.command(REVOKE_DRIVE) == ("nominal", numbers.VEHICLE_NOT_IN_PARK)
        assert vehicle.arbiter.drive.state == drive.DRIVING and not vehicle.arbiter.drive.revoked
        vehicle.sense_speed(1)
        vehicle.sense_ignition(1)
        assert await key.command(REVOKE_DRIVE) == "done"
        assert vehicle.arbiter.drive.state == drive.DENIED and not world.car.outputs.drive.level
        assert world.state()["drive_revoked"] is True
        assert _card_asks(world, 2, codes.AUTHORISE_DRIVE, codes.GUEST) == codes.DRIVE_REVOKED

    async def after(world, key):
        vehicle = world.vehicle
        assert vehicle.arbiter.drive.revoked, "it has outlived the reset"
        assert _card_asks(world, 2, codes.AUTHORISE_DRIVE, codes.GUEST) == codes.DRIVE_REVOKED
        assert _card_asks(world, 1, codes.AUTHORISE_DRIVE) == codes.ACCEPTED
        await world.pass_ms(500)
        assert world.state()["drive_revoked"] is False

    async def once_more(world, key):
        assert not world.vehicle.arbiter.drive.revoked, "so has what the driver did"
        assert _card_asks(world, 2, codes.AUTHORISE_DRIVE, codes.GUEST) == codes.ACCEPTED

    _with(before, after, once_more)


def test_guests_are_suspended_through_a_reset_and_nobody_else_is():
    async def before(world, key):
        assert _card_asks(world, 2, codes.UNLOCK, codes.GUEST) == codes.ACCEPTED
        await _settle(world)
        assert await key.command(SUSPEND_GUESTS) == "done"
        await world.pass_ms(300)
        assert world.state()["guests_suspended"] is True

    async def after(world, key):
        for action in (codes.LOCK, codes.UNLOCK, codes.AUTHORISE_DRIVE):
            assert _card_asks(world, 2, action, codes.GUEST) == codes.SUSPENDED
        assert codes.is_accepted(_card_asks(world, 1, codes.UNLOCK))
        assert codes.is_accepted(_card_asks(world, 0, codes.AUTHORISE_DRIVE))  # the owner
        assert await key.command(ADMIT_GUESTS) == "done"
        await world.pass_ms(300)

    async def once_more(world, key):
        assert codes.is_accepted(_card_asks(world, 2, codes.UNLOCK, codes.GUEST))

    _with(before, after, once_more)


def test_switches_wear_the_flash_six_times_an_hour_at_most():
    async def story(world, key):
        written = []
        set_mark = world.car.marks.set

        def counted(name, value):
            written.append(name)
            set_mark(name, value)

        world.car.marks.set = counted
        for number in range(100):
            key.lifetime = 30
            await key.ask(key.signed(SUSPEND_GUESTS if number % 2 == 0 else ADMIT_GUESTS), 150)
        assert written.count("switches") == 6
        world.car.marks.set = set_mark

    _with(story)
