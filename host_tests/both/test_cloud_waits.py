"""When the cloud link comes again, and when not: waits, refusals, settings, memory."""

from fakes.cloud_world import CloudWorld
from latchkey.core import codes
from latchkey.links import cloud
from latchkey.net import net_error

_MINUTE_MS = 60_000
_LEAP_MS = 480


def _with(story, limit_ms=3_600_000, **options):
    world = CloudWorld(**options)
    try:
        world.run(story(world), limit_ms)
    finally:
        world.close()


def test_the_waits_of_a_fleet_and_their_end():
    """U(0, 300 s), U(0, 600 s), then U(0, 900 s), and anew once a session has lasted ten minutes."""
    longest = [0, 0, 0, 0]
    anew = []

    async def story(world):
        world.set("reconnect_percent", "100")
        world.leap_ms = _LEAP_MS
        await world.connected(20_000)
        await world.stay(10 * _MINUTE_MS)
        world.broker.down = True
        for upper in (300, 600, 900, 900):
            tried = world.network.connects
            await world.drop()
            began = world.clock.elapsed_ms
            assert 0 <= world.link.wait_s <= upper
            await world.until(lambda tried=tried: world.network.connects > tried, 1_000_000)
            longest[(300, 600, 900).index(upper)] = max(
                longest[(300, 600, 900).index(upper)], world.clock.elapsed_ms - began
            )
        world.broker.down = False
        await world.connected(1_000_000)
        await world.stay(10 * _MINUTE_MS)
        await world.drop()
        anew.append(await world.until(lambda: world.link.connected, 310_000))

    for seed in range(1, 6):
        _with(story, 20_000_000, seed=seed)
    assert longest[0] <= 301_000 < longest[1] <= 601_000 and 500_000 < longest[2] <= 901_000, longest
    assert max(anew) <= 301_000


def test_a_session_of_less_than_ten_minutes_is_no_reason_to_hurry():
    async def story(world):
        world.set("reconnect_percent", "100")
        world.leap_ms = _LEAP_MS
        delays = []
        for _ in range(12):
            await world.until(lambda: world.link.connected, 1_000_000)
            await world.drop()
            delays.append(await world.until(lambda: world.link.connected, 1_000_000))
        assert max(delays) > 300_000

    _with(story, 20_000_000)


def test_no_more_than_thirty_connections_in_an_hour():
    """A broker that takes everybody and loses everybody at once."""

    async def story(world):
        world.leap_ms = _LEAP_MS
        tried = []
        while world.clock.elapsed_ms < 2 * 3_600_000:
            if world.link.connected:
                world.broker.drop()
            before = world.network.connects
            await world.pass_ms(20)
            if world.network.connects > before:
                tried.append(world.clock.elapsed_ms)
        for first, later in zip(tried, tried[31:]):
            assert later - first >= 3_600_000
        assert 40 < len(tried) <= 60

    _with(story, 20_000_000)


def test_refused_for_good_it_stops_until_a_setting_changes():
    for code, reason in ((2, "client id"), (4, "user or password"), (5, "not authorised")):

        async def story(world, code=code, reason=reason):
            world.broker.refuses = code
            await world.until(lambda: world.link.state == cloud.STOPPED)
            assert world.link.why == "refused by the broker: " + reason
            assert world.vehicle.cloud == codes.CLOUD_AWAY
            await world.stay(60 * _MINUTE_MS, _LEAP_MS)
            assert world.network.connects == 1 and world.network.open == 0
            world.broker.refuses = 0
            world.set("user", "another")
            await world.connected()
            assert world.broker.last.user == b"another"

        _with(story, 20_000_000)


def test_refused_for_now_it_comes_again():
    async def story(world):
        world.broker.refuses = 3
        await world.until(lambda: world.network.connects >= 3, 60 * _MINUTE_MS)
        assert world.link.state != cloud.STOPPED
        world.broker.refuses = 0
        await world.connected()

    _with(story)


def test_settings_that_make_no_sense_are_said_and_tried_once():
    async def story(world):
        world.set("reconnect_percent", "0")
        await world.until(lambda: world.link.state == cloud.STOPPED)
        assert world.link.why == "reconnect_percent must be 1 to 100"
        world.set("reconnect_percent", "1")
        world.set("broker", "mqtts://192.0.2.1")
        await world.until(lambda: "cannot be read" in world.link.why)
        assert world.link.state == cloud.STOPPED and world.network.connects == 0
        world.set("ca", "Y2E=")
        await world.connected()

    _with(story)


def test_with_no_memory_for_the_settings_it_tries_again():
    async def story(world):
        read = world.settings.read
        tries = []

        def without_memory():
            tries.append(0)
            raise MemoryError

        world.settings.read = without_memory
        await world.pass_ms(5 * _MINUTE_MS)
        assert 2 <= len(tries) <= 6 and world.link.why == "out of memory"
        world.settings.read = read
        await world.connected(2 * _MINUTE_MS)

    _with(story)


def test_too_many_connections_are_not_made_by_failing_again_and_again():
    """A failure that takes the link with it does not fill the allowances anew."""

    async def story(world):
        await world.connected()
        governor = world.link.governor
        world.link._session.drop()
        link = world.link
        await world.until(lambda: link.connected)
        assert link.governor is governor
        running = link.run()  # as main does when a link has failed
        try:
            running.send(None)
        except StopIteration:
            pass
        assert link.governor is governor
        running.close()

    _with(story)


def test_the_codes_of_a_refusal_stand_for_what_the_standard_says():
    for number in (22, 24, 25, 26):
        assert net_error.stands_until_changed(number)
    for number in (net_error.CLOSED, net_error.TLS_REFUSED, net_error.BAD_CERTIFICATE, net_error.UNAVAILABLE):
        assert not net_error.stands_until_changed(number)
