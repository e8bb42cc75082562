"""The whole application with a network, and with one that is broken: cards are what they were without."""

from fakes.bench import Bench, codes
from fakes.bench_cards import key_card
from fakes.bench_phone import UNLOCK
from fakes.cloud_world import CloudKey

_TAPS = 5
_ROUND_MS = 130  # how far apart the reader looks for cards


def _bench():
    bench = Bench(net=True)
    return bench, bench.enrol(key_card(1), codes.OWNER)


async def _latencies(bench, owner, meanwhile=None):
    """From laying the card down to the bolt's pulse, in ms, of some taps."""
    found = []
    for _ in range(_TAPS):
        if meanwhile is not None:
            meanwhile()
        bench.forget()
        began = bench.time.elapsed_ms
        assert (await bench.tap(owner))[0] == codes.ACCEPTED
        [pulse] = [at for at, name, _ in bench.notes if name in ("lock", "unlock")]
        found.append(pulse - began)
        await bench.pass_ms(1_713)  # the motor need not rest, and each card comes at another moment of a round
    return sorted(found)


def _told(bench, latencies, what):
    print("%s: tap to pulse %d ms at the least, %d ms at the most" % (what, latencies[0], latencies[-1]))


def test_it_is_told_and_told_of():
    bench, owner = _bench()

    async def story():
        await bench.pass_ms(15_000)
        cloud = bench.status()["cloud"]
        assert (cloud["state"], cloud["away"], cloud["remote"], cloud["remote_unlock"]) == (
            "connected",
            False,
            True,
            False,
        )
        bench.broker.said.clear()
        await bench.tap(owner)
        await bench.pass_ms(1_000)
        names = [row[1].rsplit(b"/", 1)[1] for row in bench.broker.said]
        assert names.count(b"event") >= 1 and names.count(b"state") >= 2
        assert b'"by": "keycard"' in bench.broker.on(b"/state")[-1]

    bench.run(story())


def test_a_tap_takes_as_long_whatever_the_network_does():
    bench, owner = _bench()

    def flood():
        topic = b"latchkey/" + bytes(bench.vehicle.custody.identity.vin) + b"/command"
        for _ in range(40):
            bench.broker.publish(topic, bytes(200))

    async def story():
        network, broker = bench.network, bench.broker
        await bench.pass_ms(15_000)
        assert bench.status()["cloud"]["state"] == "connected"
        idle = await _latencies(bench, owner)
        _told(bench, idle, "idle")
        for what, meanwhile in (("flood", flood), ("garbage", lambda: broker.now and broker.last.say(b"\xff" * 500))):
            drilled = await _latencies(bench, owner, meanwhile)
            _told(bench, drilled, what)
            assert drilled[-1] <= idle[0] + _ROUND_MS
        broker.down = True
        broker.drop()
        down = await _latencies(bench, owner)
        network.up = False
        out = await _latencies(bench, owner)
        network.up, broker.down = True, False
        network.takes_nothing = True
        stuck = await _latencies(bench, owner)
        for what, drilled in (("down", down), ("no network", out), ("stuck", stuck)):
            _told(bench, drilled, what)
            assert drilled[-1] <= idle[0] + _ROUND_MS
        network.takes_nothing = False
        await bench.pass_ms(60_000)
        assert bench.status()["cloud"]["state"] == "connected"

    bench.run(story(), 7_200_000)


def test_the_cable_sets_and_never_repeats_a_secret():
    bench, _ = _bench()

    async def story():
        await bench.pass_ms(1_000)
        bench.type("set password correct horse battery staple")
        bench.type("hunter2")
        await bench.pass_ms(500)
        assert bench.errors[0] == "not a command: set", bench.errors
        assert "horse" not in str(bench.errors)

    bench.run(story())


def test_a_cloud_key_asks_the_whole_application():
    bench, owner = _bench()

    class World:
        clock = bench.time
        broker = bench.broker

        @staticmethod
        def topic(name):
            return b"latchkey/" + bytes(bench.vehicle.custody.identity.vin) + b"/" + name

    async def story():
        await bench.pass_ms(15_000)
        key = CloudKey(World, 1)
        key.meet(bench.vehicle.custody.identity)
        assert bench.vehicle.registry.add_phone(key.key, codes.FLEET_MANAGER, key.k, 9) >= 0
        bench.vehicle.remote.set(2, True)
        assert await key.handshake() == 0
        assert await key.command(UNLOCK) == "done"
        await bench.pass_ms(1_500)
        assert bench.bolt.at == "unlocked"
        assert await bench.tap(owner) == [codes.ACCEPTED]
        assert bench.bolt.at == "locked"

    bench.run(story())
