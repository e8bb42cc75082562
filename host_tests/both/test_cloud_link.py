"""The cloud link while there is a broker: what it says and keeps there, to whom it gives way, what it does not take."""

import json

from fakes.cloud_world import UNLOCK, CloudWorld
from latchkey.core import codes
from latchkey.links import cloud

_MINUTE_MS = 60_000
_LEAP_MS = 480


def _with(story, limit_ms=3_600_000, **options):
    world = CloudWorld(**options)
    try:
        world.run(story(world), limit_ms)
    finally:
        world.close()


def test_it_connects_and_says_what_holds():
    async def story(world):
        await world.connected()
        [connection] = world.broker.now
        assert connection.client_id == world.vin.lower() and connection.keep_alive_s == 240
        assert connection.topics == [world.topic(b"command"), world.topic(b"set"), b"latchkey/all/set"]
        assert connection.will == (world.topic(b"online"), b"0", True)
        assert world.broker.retained[world.topic(b"online")] == b"1"
        state = world.state()
        assert (state["lock"], state["confirmed"], state["doors_open"], state["drive"]) == (
            "locked",
            True,
            False,
            "denied",
        )
        assert (state["remote"], state["remote_unlock"]) == (True, True)
        assert world.vehicle.cloud == codes.CLOUD_HERE and world.link.why == ""

    _with(story)


def test_what_is_kept_at_the_broker_follows_the_lock_and_names_who_did_it():
    async def story(world):
        key = world.key(1)
        await world.connected()
        assert await key.handshake() == 0
        assert await key.command(UNLOCK) == "done"
        await world.pass_ms(1_000)
        state = world.state()
        assert (state["lock"], state["by"], state["key"]) == ("unlocked", "cloud", key.key_id.hex())
        told = [json.loads(payload)["lock"] for payload in world.broker.on(b"/state")]
        assert told == ["locked", "unlocking", "unlocked"]
        world.vehicle.sense_door(2)
        await world.pass_ms(200)
        assert world.state()["doors_open"] is True
        world.at_the_car(codes.FORBID_REMOTE)
        await world.pass_ms(200)
        assert world.state()["remote"] is False

    _with(story)


def test_its_will_is_left_behind_and_a_switched_off_cloud_takes_leave():
    async def story(world):
        await world.connected()
        await world.drop()
        assert world.broker.retained[world.topic(b"online")] == b"0"
        await world.connected()
        assert world.broker.retained[world.topic(b"online")] == b"1"
        world.set("broker", "")
        await world.until(lambda: not world.broker.now)
        assert world.broker.last.will is None, "it took leave, so nobody is told that it was lost"
        assert world.link.state == cloud.OFF and world.vehicle.cloud == codes.NO_CLOUD
        await world.pass_ms(_MINUTE_MS)
        assert world.network.connects == 2

    _with(story)


def test_no_broker_no_socket():
    async def story(world):
        world.set("broker", "")
        await world.pass_ms(10 * _MINUTE_MS)
        assert world.network.connects == 0 and world.link.state == cloud.OFF

    _with(story)


def test_a_changed_setting_begins_anew_at_once():
    async def story(world):
        await world.connected()
        world.set("user", "somebody")
        await world.until(lambda: world.broker.ever == 2, 1_000)
        await world.connected()
        assert world.broker.last.user == b"somebody" and len(world.broker.now) == 1
        assert world.network.open == 1

    _with(story)


def test_without_a_network_it_waits_and_says_so():
    async def story(world):
        world.network.up = False
        await world.pass_ms(_MINUTE_MS)
        assert world.network.connects == 0 and world.link.why == "there is no network"
        world.network.up = True
        await world.connected()
        assert world.link.why == ""

    _with(story)


def test_no_step_of_a_handshake_while_a_card_is_asked_or_the_bolt_moves():
    async def story(world):
        def stepped():
            assert not world.vehicle.attends and world.vehicle.arbiter.lock.motor == 0

        world.network.on_step = stepped
        world.network.shakes = 40
        vehicle = world.vehicle
        vehicle.attends = 1
        await world.pass_ms(5_000)
        assert world.network.connects == 0, "nothing is begun"
        vehicle.attends = 0
        await world.until(lambda: world.network.connects == 1)
        for number in range(10):
            vehicle.attends = number & 1
            await world.pass_ms(100)
        vehicle.attends = 0
        world.at_the_car(codes.UNLOCK)
        await world.connected()

    _with(story, tls=True)


def test_it_waits_for_phones_but_not_for_ever():
    async def story(world):
        phone = world.car.phone(1, codes.OWNER)
        phone.connect()
        began = world.clock.elapsed_ms
        while world.network.connects == 0:
            assert world.clock.elapsed_ms - began < 400_000
            if world.car.peripheral.connected == 0:
                phone.connect()
            phone.write(phone.unsigned(b"\x0a\x00"))  # it talks and talks
            await world.pass_ms(500)
        assert world.clock.elapsed_ms - began > 290_000
        await world.connected()
        phone.line.disconnect()
        await world.drop()
        await world.connected(30_000)

    _with(story)


def test_beside_a_card_it_turns_seldom_and_keeps_its_session():
    async def story(world):
        key = world.key(1)
        await world.connected()
        await key.handshake()
        world.vehicle.attends = 1
        turns = []
        step = world.link._session.step

        def counted():
            turns.append(world.clock.elapsed_ms)
            step()

        world.link._session.step = counted
        assert await key.command(UNLOCK, 1_500) == "done"
        assert min([turns[n + 1] - turns[n] for n in range(len(turns) - 1)]) >= 300
        assert len(turns) >= 3

    _with(story)


def test_a_broker_that_is_silent_is_left_and_one_that_owes_an_answer_is_not_asked_in_vain():
    async def story(world):
        await world.connected()
        world.broker.acknowledges = False
        made = []
        next_of = world.news.next

        def counted(allowed, link):
            made.append(0)
            return next_of(allowed, link)

        world.news.next = counted
        world.vehicle.sense_door(2)
        await world.pass_ms(200)
        before = len(made)
        world.vehicle.sense_door(1)
        await world.pass_ms(10_000)
        assert len(made) == before, "nothing is put into words while an acknowledgement is owed"
        await world.pass_ms(40_000)
        assert world.state()["doors_open"] is False, "given up, and the next was said"
        world.network.takes_nothing = True
        await world.until(lambda: not world.link.connected, 10 * _MINUTE_MS)
        assert world.link.why
        world.network.takes_nothing = False
        await world.connected(10 * _MINUTE_MS)

    _with(story)


def test_whatever_a_broker_says_against_the_standard_ends_the_session_and_no_more():
    for rubbish in (
        b"\x30\xff\xff\xff\x7f",  # 256 MB
        b"\x30\xff\xff\xff\xff\x01",
        b"\x00\x00",
        b"\x10\x00",
        b"\x30\x02\x00\x00",
        b"\x36\x07\x00\x01a\x00\x01xx",
        b"\x20\x02\x00\x00",
        b"\x40\x02\xff\xff",
        b"\xd0\x00",
    ):

        async def story(world, rubbish=rubbish):
            await world.connected()
            world.broker.last.say(rubbish)
            await world.until(lambda: not world.link.connected, 1_000)
            assert world.link.why.startswith("the broker sent ")
            await world.connected()

        _with(story)
