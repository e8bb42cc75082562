"""How long people wait, counted right: whose pulse it was, what does not count, and the figures of small numbers."""

from hypothesis import given
from hypothesis import strategies as st
from latchkey_tools.simulator.latency import CARD, CONNECTING, PHONE, Latency, percentile


def verdict(source="keycard", action="unlock", accepted=True):
    return {"source": source, "action": action, "accepted": accepted}


def tap(latency, at_s, wait_s):
    latency.card_answered(at_s)
    latency.pulsed(at_s + wait_s)
    latency.decided(verdict())


def samples(latency):
    return [(one["kind"], one["ms"], one["fault"]) for one in latency.snapshot()["samples"]]


def test_a_tap_waits_from_the_answer_to_the_pulse():
    latency = Latency()
    tap(latency, 10.0, 0.002)
    assert samples(latency) == [(CARD, 2.0, "ok")]


def test_a_press_waits_from_the_press_and_connecting_counts_apart():
    latency = Latency()
    for at_s, linked in ((10.0, False), (20.0, True)):
        latency.pressed(at_s, linked)
        latency.pulsed(at_s + 0.5)
        latency.decided(verdict("phone"))
    assert samples(latency) == [(CONNECTING, 500.0, "ok"), (PHONE, 500.0, "ok")]


def test_the_verdict_says_whose_pulse_it_was():
    latency = Latency()
    latency.pressed(9.9, True)
    latency.card_answered(10.0)
    latency.pulsed(10.001)
    latency.decided(verdict("keycard"))
    latency.decided(verdict("phone"))
    assert samples(latency) == [(CARD, 1.0, "ok"), (PHONE, 101.0, "ok")], "two orders, one pulse for both"
    latency.decided(verdict("keycard"))
    assert len(samples(latency)) == 2, "a pulse counts once"


def test_what_did_not_move_the_bolt_for_a_waiting_person_does_not_count():
    latency = Latency()
    latency.card_answered(10.0)
    latency.pulsed(10.001)
    for other in (verdict(accepted=False), verdict(action="authorise drive"), verdict("cabin"), verdict("cloud")):
        latency.decided(other)
    latency.card_answered(None)  # a reader that tells nothing
    latency.pulsed(20.0)
    latency.decided(verdict())
    latency.pressed(30.0, True)
    latency.pulsed(90.0)  # somebody else's, long after
    latency.decided(verdict("phone"))
    assert samples(latency) == []


def test_a_pulse_that_may_have_waited_for_the_motor_does_not_count():
    latency = Latency()
    tap(latency, 10.0, 0.002)
    tap(latency, 10.5, 0.250)
    tap(latency, 13.0, 0.003)
    assert [ms for _, ms, _ in samples(latency)] == [2.0, 3.0]


def test_what_was_wrong_at_the_time_stands_beside_it():
    latency = Latency()
    for number, fault in enumerate(("ok", "down", "flood", "ok")):
        latency.fault = fault
        tap(latency, 10.0 * (number + 1), 0.001 * (number + 1))
    assert [fault for _, _, fault in samples(latency)] == ["ok", "down", "flood", "ok"]
    rows = {row["cloud"]: row for row in latency.snapshot()["rows"]}
    assert rows["ok"] == {"kind": CARD, "cloud": "ok", "n": 2, "p50": 1.0, "p99": 4.0, "max": 4.0}
    assert rows["broken"] == {"kind": CARD, "cloud": "broken", "n": 2, "p50": 2.0, "p99": 3.0, "max": 3.0}
    latency.clear()
    assert latency.snapshot()["rows"] == []


def test_it_does_not_grow():
    latency = Latency()
    for number in range(2_000):
        tap(latency, 10.0 * number, 0.001)
    shown = latency.snapshot()
    assert len(shown["samples"]) == 60 and shown["rows"][0]["n"] == 400 and shown["count"] == 2_000


@given(st.lists(st.floats(0, 1_000), min_size=1, max_size=300), st.sampled_from([50, 90, 99]))
def test_so_many_of_a_hundred_are_not_above_a_percentile(values, percent):
    ordered = sorted(values)
    found = percentile(ordered, percent)
    assert found in ordered
    assert sum(value <= found for value in ordered) * 100 >= percent * len(ordered)
    assert sum(value < found for value in ordered) * 100 < percent * len(ordered)
