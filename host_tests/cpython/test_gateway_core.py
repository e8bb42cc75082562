"""The gateway's core beside cars with the firmware's responder: orders, refusals, what Home Assistant is shown."""

import json

from gateway_bench import PRIVATE, Bench, settings_of
from latchkey_tools.cloud import topics
from latchkey_tools.gateway.caller import ANSWER_S, LIFE_S, ROOM
from latchkey_tools.gateway.core import Core, Publish
from latchkey_tools.phone import seal

_OPEN = 2  # a reading of the door's wire (core/facts)


def test_lock_and_unlock():
    bench = Bench(unlock=True)
    assert bench.shown() == "LOCKED" and bench.kept("online") == "online"
    bench.owner("UNLOCK")
    assert bench.shown() == "LOCKED"  # never optimistic
    bench.run()
    assert bench.shown() == "UNLOCKED" and bench.sensor("order") == "unlock: accepted"
    bench.owner("LOCK")
    bench.run()
    assert bench.shown() == "LOCKED"
    assert bench.cars[0].moves() == ["unlock", "lock"]
    assert len(bench.to_cars) == 3  # one handshake, two orders
    assert json.loads(bench.kept("attributes"))["action"] == "lock"
    bench.close()


def test_unlocking_is_off_until_the_settings_say_otherwise():
    bench = Bench()
    bench.owner("UNLOCK")
    bench.run()
    assert bench.to_cars == [] and "switched off at the gateway" in bench.sensor("order")
    bench.owner("LOCK")
    bench.run()
    assert bench.sensor("order") == "lock: accepted" and bench.cars[0].moves() == []  # it was locked
    bench.close()


def test_retained_orders_and_nonsense_are_dropped():
    bench = Bench(unlock=True)
    bench.owner("UNLOCK", retained=True)
    for nonsense in ("unlock", "OPEN", "", "UNLOCK ", "UNLOCK\0", "\udcff".encode("utf-8", "replace").decode()):
        bench.owner(nonsense)
    bench.core.owner_heard("latchkey-gateway/" + "X" * 17 + "/set", b"UNLOCK", False, bench.now_s)
    bench.core.owner_heard(topics.topic(bench.cars[0].vin, "set"), b"UNLOCK", False, bench.now_s)
    bench.run()
    assert bench.to_cars == [] and any("retained" in note for note in bench.notes)
    bench.close()


def test_what_the_car_refuses_is_told_with_its_reason():
    bench = Bench()
    bench.cars[0].world.vehicle.sense_door(_OPEN)
    bench.owner("LOCK")
    bench.run()
    assert "A door is open" in bench.sensor("order") and bench.cars[0].moves() == []
    bench.close()


def test_a_seventh_unlock_within_the_hour_is_refused_with_its_reason():
    bench = Bench(unlock=True)
    for _ in range(6):
        for order in ("UNLOCK", "LOCK"):
            bench.owner(order)
            bench.run()
            assert bench.sensor("order") == f"{order.lower()}: accepted"
            bench.pass_s(60)
    bench.owner("UNLOCK")
    bench.run()
    assert "remote orders are used up" in bench.sensor("order") and bench.shown() == "LOCKED"
    bench.close()


def test_states_of_the_lock_are_the_cars_own_words():
    bench = Bench()
    for word, shown in (
        ("locking", "LOCKING"),
        ("unlocking", "UNLOCKING"),
        ("jammed", "JAMMED"),
        ("crash-open", "UNLOCKED"),
        ("unknown", "None"),
        ("locked", "LOCKED"),
        ("opened by magic", "None"),
    ):
        bench.says(topics.STATE, bench.cars[0].state(lock=word))
        bench.pass_s(0.2)
        assert bench.shown() == shown, word
    bench.close()


def test_what_a_car_tells_comes_through_and_what_makes_no_sense_does_not():
    bench = Bench()
    bench.says(topics.STATE, bench.cars[0].state(doors_open=True, remote=False, by="keycard", key="0123abcd"))
    bench.says(topics.DIAGNOSTIC, b'{"supply_mv": 12600, "reader": "ready", "heap_free": -1, "radio": "<b>{{1}}"}')
    bench.says(topics.EVENT, b'{"refused": 4312, "verdict": "unknown key"}')
    bench.pass_s(0.2)
    told = json.loads(bench.kept("sensors"))
    assert (told["doors"], told["remote"], told["online"]) == ("ON", "OFF", "ON")
    assert (told["supply_mv"], told["reader"], told["heap_free"], told["radio"]) == (12600, "ready", "None", "None")
    assert told["event"] == "refused 4312 times: unknown key"
    before = dict(bench.retained)
    deep = b"[" * 2_000
    for leaf in topics.FROM_CAR:
        for nonsense in (b"", b"\xff", b"null", b"[]", b"1" * 2_049, deep, b'{"lock": ["locked"]}', b'{"lock":' * 300):
            bench.says(leaf, nonsense, retained=leaf == topics.STATE)
    bench.says(topics.ONLINE, b"2")
    bench.says("set", b"UNLOCK")
    bench.core.cars_heard("latchkey", b"1", False, bench.now_s)
    bench.core.cars_heard("latchkey/" + "X" * 17 + "/state", b"{}", False, bench.now_s)
    bench.pass_s(0.2)
    lock = bench.core.topics.car(bench.cars[0].vin, "lock")
    assert bench.retained[lock] in (before[lock], b"None") and bench.kept("online") == "online"
    assert bench.to_cars == []
    bench.close()


def test_a_car_that_is_away_is_unavailable_and_gets_no_orders():
    bench = Bench(unlock=True)
    bench.says(topics.ONLINE, b"0")
    bench.pass_s(0.2)
    assert bench.kept("online") == "offline" and bench.sensor("online") == "OFF"
    bench.owner("UNLOCK")
    bench.says(topics.ONLINE, b"1")
    bench.run()
    assert bench.to_cars == [] and "not connected" in bench.sensor("order")  # nor later
    bench.close()


def test_a_silent_car_gets_no_second_order_before_the_first_is_over():
    bench = Bench(unlock=True)
    bench.cars[0].silent = True
    bench.owner("UNLOCK")
    bench.owner("LOCK")
    bench.run(ANSWER_S - 1)
    assert len(bench.to_cars) == 1
    bench.run(2)
    assert len(bench.to_cars) == 2 and "did not answer" in bench.sensor("order")
    bench.run(LIFE_S + 2)
    assert len(bench.to_cars) == 2 and "lock: not done" in bench.sensor("order")
    bench.cars[0].silent = False
    bench.owner("UNLOCK")
    bench.run()
    assert bench.shown() == "UNLOCKED"
    bench.close()


def test_the_queue_is_bounded_and_the_same_order_is_one():
    bench = Bench(unlock=True)
    bench.cars[0].silent = True
    for _ in range(20):
        bench.owner("LOCK")
    bench.cars[0].silent = False
    bench.run()
    assert len(bench.to_cars) == 3 and bench.cars[0].moves() == []  # a handshake, and LOCK twice: the rest was the same
    bench.cars[0].silent = True
    for _ in range(10):
        bench.owner("UNLOCK")
        bench.owner("LOCK")
    assert f"{ROOM} orders are waiting" in bench.notes[-1]
    bench.close()


def test_orders_of_one_car_do_not_wait_for_another():
    bench = Bench(count=2, unlock=True)
    bench.cars[0].silent = True
    bench.owner("UNLOCK", car=0)
    bench.owner("UNLOCK", car=1)
    bench.run()
    assert (bench.shown(0), bench.shown(1)) == ("LOCKED", "UNLOCKED")
    bench.close()


def test_a_car_that_started_anew_is_met_anew():
    bench = Bench(unlock=True)
    bench.owner("UNLOCK")
    bench.run()
    bench.cars[0].boot()
    bench.owner("LOCK")
    bench.run()
    assert bench.shown() == "LOCKED" and bench.sensor("order") == "lock: accepted"
    bench.restart()
    bench.owner("UNLOCK")
    bench.run()
    assert bench.shown() == "UNLOCKED"
    bench.close()


def test_the_connection_to_the_cars_is_lost_in_between():
    bench = Bench(unlock=True)
    bench.owner("UNLOCK")
    bench.owner("LOCK")
    bench.core.cars_down(bench.now_s)
    bench.fresh.clear()
    bench.pass_s(0.2)
    assert bench.kept("online") == "offline" and bench.health()["broker"] == "OFF"
    assert [note.split(": ", 1)[1][:6] for note in bench.notes[-2:]] == ["unlock", "lock: "]
    bench.owner("UNLOCK")
    assert "cars' broker cannot be reached" in bench.notes[-1]
    bench.pass_s(61)
    assert bench.health()["outage"] == "ON" and "cannot be reached" in bench.health()["why"]
    bench.core.cars_up(bench.now_s)
    bench.says(topics.ONLINE, b"1", retained=True)
    bench.pass_s(0.2)
    assert bench.kept("online") == "online" and bench.health()["outage"] == "OFF"
    assert "the outage is over" in bench.notes and bench.fresh == []  # nothing of before is sent
    bench.close()


def test_home_assistant_is_told_all_when_it_is_born_again():
    bench = Bench(count=2)
    topic = f"homeassistant/device/latchkey_{bench.cars[0].vin.lower()}/config"
    for happens in (
        lambda: bench.core.owner_heard("homeassistant/status", b"online", False, bench.now_s),
        lambda: bench.core.owner_up(bench.now_s),
    ):
        bench.retained.clear()
        happens()
        bench.collect()
        bench.pass_s(0.2)
        assert topic in bench.retained and bench.shown(1) == "LOCKED" and bench.retained[bench.core.topics.status]
    count = len(bench.to_owner)
    bench.core.owner_heard("homeassistant/status", b"offline", False, bench.now_s)
    for _ in range(20):
        bench.says(topics.STATE, bench.cars[0].state())
        bench.pass_s(0.2)
    assert len(bench.to_owner) - count <= 20  # the uptime, and nothing that is known
    bench.close()


def test_a_flood_on_one_side_is_none_on_the_other():
    bench = Bench()
    count = len(bench.to_owner)
    for number in range(5_000):
        bench.says(topics.STATE, bench.cars[0].state(uptime_s=number, lock=("locked", "unlocked")[number % 2]))
        if number % 1_000 == 999:
            bench.pass_s(0.2)
    assert len(bench.to_owner) - count <= 5 * 4 + 1
    assert bench.health()["outage"] == "ON" and "more messages than usual" in bench.health()["why"]
    bench.close()


class _Stranger:
    """A car that nobody hears of."""

    point = seal.point_of(PRIVATE)

    def __init__(self, number):
        self.vin = f"LATCHKEY{number:09}"


def test_many_cars_are_told_little_by_little():
    cars = [_Stranger(number) for number in range(500)]
    core = Core(settings_of(cars), PRIVATE, {car.vin: car.point for car in cars})
    core.owner_up(0)
    told = set()
    for turn in range(40):
        assert len(core.out) <= 110
        told |= {effect.topic for effect in core.out if isinstance(effect, Publish)}
        core.out.clear()
        core.tick(turn / 5)
    configs = [topic for topic in told if topic.endswith("/config")]
    assert len(configs) == 501 and len(told) == 501 + 2 + 4 * 500


def test_discovery_is_what_home_assistant_wants():
    bench = Bench()
    vin = bench.cars[0].vin
    told = json.loads(bench.retained[f"homeassistant/device/latchkey_{vin.lower()}/config"])
    assert {"device", "origin", "components"} == set(told) and told["origin"]["name"]
    assert told["device"]["identifiers"] == [f"latchkey_{vin.lower()}"] and told["device"]["name"] == "Car 1"
    parts = told["components"]
    lock = parts["lock"]
    assert (lock["platform"], lock["optimistic"], lock["retain"]) == ("lock", False, False)
    assert lock["command_topic"] == bench.core.owner_topics[1] and lock["availability_mode"] == "all"
    assert [row["topic"] for row in lock["availability"]] == [
        "latchkey-gateway/status",
        f"latchkey-gateway/{vin}/online",
    ]
    assert len({part["unique_id"] for part in parts.values()}) == len(parts)
    values = json.loads(bench.kept("sensors"))
    for name, part in parts.items():
        assert part["platform"] in ("lock", "binary_sensor", "sensor")
        if name != "lock":
            assert part["value_template"] == "{{ value_json.%s }}" % name and name in values
            assert part["state_topic"] == f"latchkey-gateway/{vin}/sensors"
        if part["platform"] == "binary_sensor":
            assert values[name] in ("ON", "OFF", "None")
    assert set(values) == set(parts) - {"lock"}
    own = json.loads(bench.retained[f"homeassistant/device/{bench.core.gateway_id}/config"])
    assert told["device"]["via_device"] in own["device"]["identifiers"]
    assert set(own["components"]) == set(bench.health())
    bench.close()
