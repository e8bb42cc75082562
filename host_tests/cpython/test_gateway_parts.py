"""The gateway's small parts: how it sees an outage, how it waits, and what its settings may be."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from latchkey_tools.gateway import settings
from latchkey_tools.gateway.backoff import Backoff
from latchkey_tools.gateway.outage import Silence, Traffic, Unreachable, Wills
from latchkey_tools.phone.problem import CannotStart

# An outage


def test_a_broker_that_is_away_for_a_moment_is_no_outage():
    broker = Unreachable()
    broker.note(False, 0)
    broker.note(False, 50)
    assert broker.problem(59) == "" and broker.problem(60)
    broker.note(True, 61)
    assert broker.problem(1_000) == ""


def test_one_car_that_leaves_is_no_outage_and_half_of_them_are():
    wills = Wills()
    cars = [f"car {number}" for number in range(6)]
    for car in cars:
        wills.note(car, True, 0)
    wills.note(cars[0], False, 10)
    assert wills.problem(10) == ""
    wills.note(cars[1], False, 20)
    assert wills.problem(20) == ""
    wills.note(cars[2], False, 30)
    assert wills.problem(30) == "3 cars went away at once, 3 are not back"
    wills.note(cars[2], True, 40)
    assert wills.problem(40) == "3 cars went away at once, 2 are not back"
    wills.note(cars[1], True, 50)
    assert wills.problem(50) == ""


def test_cars_that_leave_one_after_the_other_are_no_outage():
    wills = Wills()
    cars = [f"car {number}" for number in range(6)]
    for car in cars:
        wills.note(car, True, 0)
    for number, car in enumerate(cars):
        wills.note(car, False, 200 * (number + 1))
        assert wills.problem(200 * (number + 1)) == "", number


def test_a_car_that_was_never_there_has_not_left():
    wills = Wills()
    for number in range(10):
        wills.note(f"car {number}", False, 0)
    assert wills.problem(0) == ""
    wills.note("car 0", True, 0)
    wills.note("car 0", False, 0)
    assert wills.problem(0) == ""  # an only car that leaves is a car that leaves


def test_a_connected_car_that_says_nothing():
    silence = Silence(600)
    silence.note("b", 0)
    silence.note("a", 0)
    assert silence.problem(600) == ""
    assert "of a and 1 more for 10 min" in silence.problem(601)
    silence.note("a", 602)
    silence.away("b")
    assert silence.problem(602) == ""
    never = Silence(0)
    never.note("a", 0)
    assert never.problem(10**9) == ""


def test_a_jump_in_traffic():
    traffic = Traffic(1)
    for minute in range(60):
        for _ in range(10):
            traffic.note(60 * minute)
        assert traffic.problem(60 * minute) == ""
    traffic.note(3_600, 80)
    assert traffic.problem(3_600) == ""  # eight times as much
    traffic.note(3_610)
    assert traffic.problem(3_610) and traffic.problem(3_660)
    assert traffic.problem(3_720) == ""  # a minute in which nothing came


def test_what_a_controller_may_send_at_most_is_no_jump():
    traffic = Traffic(3)
    traffic.note(0, 60)
    assert traffic.problem(0) == ""
    traffic.note(0)
    assert traffic.problem(0)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 500)), max_size=30))
def test_traffic_holds_an_hour_whatever_comes(steps):
    traffic, now_s = Traffic(2), 0
    for wait_s, count in steps:
        now_s += wait_s
        traffic.note(now_s, count)
        assert isinstance(traffic.problem(now_s), str)
        assert len(traffic._before) <= 60 and sum(traffic._before) >= 0


# Waiting


def test_the_wait_grows_to_five_minutes_and_is_never_the_same_for_all():
    longest = Backoff(lambda low, high: high)
    waits = [longest.next_s(0) for _ in range(12)]
    assert waits[:4] == [2, 4, 8, 16] and waits[-1] == 300
    assert longest.next_s(59) == 300 and longest.next_s(60) == 2
    shortest = Backoff(lambda low, high: low)
    assert {shortest.next_s(0) for _ in range(12)} == {1}
    assert len({round(Backoff().next_s(0), 6) for _ in range(20)}) > 10


# Settings

_GOOD = """
[cars]
broker = "mqtts://cars.example"
ca = "ca.pem"
[owner]
broker = "mqtt://127.0.0.1"
user = "latchkey"
[[car]]
vin = "latchkey123456789"
name = "Family car"
"""


def read(tmp_path, text):
    path = tmp_path / "gateway.toml"
    path.write_text(text)
    return settings.read(path)


def test_settings(tmp_path):
    found = read(tmp_path, _GOOD)
    assert (found.cars.ca, found.cars.port, found.owner.port) == (str(tmp_path / "ca.pem"), 8883, 1883)
    assert [(car.vin, car.name) for car in found.vehicles] == [("LATCHKEY123456789", "Family car")]
    assert (found.unlock, found.silence_s, found.prefix, found.discovery) == (
        False,
        10_800,
        "latchkey-gateway",
        "homeassistant",
    )
    found = read(tmp_path, 'unlock = true\nkeys = "k"\nsilence_min = 0\n' + _GOOD)
    assert found.unlock is True and found.keys == tmp_path / "k" and found.silence_s == 0


def test_settings_that_make_no_sense_are_said_by_name(tmp_path):
    for text, word in (
        ("", "[owner]"),
        ("unlock = 1\n" + _GOOD, "unlock"),
        ('unlock = "true"\n' + _GOOD, "unlock"),
        ("unlocks = true\n" + _GOOD, "unlocks"),
        ("silence_min = true\n" + _GOOD, "silence_min"),
        ("keys = 1\n" + _GOOD, "keys"),
        (_GOOD.replace("latchkey123456789", "short"), "17"),
        (_GOOD + '[[car]]\nvin = "LATCHKEY123456789"\n', "twice"),
        (_GOOD.replace("[[car]]", "[car]"), "[[car]]"),
        (_GOOD.split("[[car]]", maxsplit=1)[0], "[[car]]"),
        (_GOOD + "colour = 1\n", "colour"),
        (_GOOD.replace('user = "latchkey"', 'prefix = "a/#"'), "prefix"),
        (_GOOD.replace('user = "latchkey"', 'prefix = "latchkey"'), "prefix"),
        (_GOOD.replace('user = "latchkey"', "discovery = 1"), "discovery"),
        (_GOOD.replace('user = "latchkey"', 'colour = "red"'), "colour"),
        (_GOOD.replace("mqtts://cars.example", "cars.example"), "[cars]"),
        (_GOOD.replace('"mqtts://cars.example"\nca = "ca.pem"', '"mqtt://127.0.0.1:1883"\nuser = "latchkey"'), "same"),
        ("=", "no TOML"),
    ):
        with pytest.raises(CannotStart) as caught:
            read(tmp_path, text)
        assert word in str(caught.value), text
    with pytest.raises(CannotStart):
        settings.read(tmp_path / "nothing")


def test_the_unit_keeps_the_service_in():
    path = Path(settings.__file__).with_name("latchkey-gateway.service")
    lines = path.read_text().splitlines()
    for line in ("ProtectSystem=strict", "NoNewPrivileges=yes", "User=latchkey", "Restart=always", "UMask=0077"):
        assert line in lines
    assert any(line.startswith("MemoryMax=") for line in lines)
    assert any(line.startswith("ExecStart=") and " gateway run --config " in line for line in lines)
