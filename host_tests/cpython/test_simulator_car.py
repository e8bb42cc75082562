"""The simulated car: what a lock motor, two switches and a starter do, and what they must never be told to do."""

from hypothesis import given
from hypothesis import strategies as st
from latchkey_tools.simulator.car import COILS, INPUTS, LATCHES, OUTPUTS, Car, CarError


def refused(action, *arguments):
    try:
        action(*arguments)
    except CarError as error:
        return str(error)
    return ""


def unlocked_car():
    car = Car()
    car.pulse("unlock", 500)
    car.advance(1_000)
    return car


def kinds(car):
    return [violation["kind"] for violation in car.violations]


def test_a_pulse_throws_the_bolt_within_its_travel_and_ends_by_itself():
    car = Car(travel_ms=300)
    car.pulse("unlock", 500)
    car.advance(100)
    assert car.bolt() == "between"
    car.advance(300)
    assert car.bolt() == "unlocked"
    car.advance(499)
    assert car.driven() == ["unlock"]
    car.advance(500)
    assert car.driven() == []


def test_switches_follow_the_bolt_and_both_are_open_in_between():
    car = Car()
    assert (car.wires()["bolt_locked"], car.wires()["bolt_unlocked"]) == (1, 0)
    car.pulse("unlock", 500)
    car.advance(150)
    assert (car.wires()["bolt_locked"], car.wires()["bolt_unlocked"]) == (0, 0)
    car.advance(300)
    assert (car.wires()["bolt_locked"], car.wires()["bolt_unlocked"]) == (0, 1)


def test_a_pulse_that_is_too_short_leaves_the_bolt_between():
    car = Car()
    car.pulse("unlock", 150)
    car.advance(5_000)
    assert car.bolt() == "between"


def test_a_jam_holds_the_bolt_and_its_release_lets_the_rest_of_the_pulse_move_it():
    car = Car()
    car.jam = True
    car.pulse("unlock", 500)
    car.advance(200)
    assert car.bolt() == "locked"
    car.jam = False
    car.advance(2_000)
    assert car.bolt() == "unlocked"


def test_a_flat_battery_does_not_move_the_bolt():
    car = Car()
    car.supply = 5_900
    car.pulse("unlock", 500)
    car.advance(1_000)
    assert car.bolt() == "locked"


def test_stop_ends_a_pulse_where_the_bolt_is():
    car = Car()
    car.pulse("unlock", 500)
    car.advance(150)
    car.stop("unlock")
    car.advance(2_000)
    assert car.bolt() == "between" and car.driven() == []


def test_both_coils_at_once_are_recorded_and_move_nothing():
    car = Car()
    car.pulse("unlock", 500)
    car.pulse("lock", 500)
    car.advance(1_000)
    assert kinds(car) == ["both-coils"] and car.bolt() == "locked"


def test_a_reversal_counts_from_the_end_of_the_other_pulse():
    for pause, expected in ((199, ["dead-time"]), (200, [])):
        car = Car()
        car.pulse("unlock", 500)
        car.advance(500 + pause)
        car.pulse("lock", 500)
        assert kinds(car) == expected, pause


def test_a_stopped_pulse_starts_the_dead_time_too():
    car = Car()
    car.pulse("unlock", 500)
    car.advance(100)
    car.stop("unlock")
    car.advance(250)
    car.pulse("lock", 500)
    assert kinds(car) == ["dead-time"]


def test_the_jitter_of_the_wire_is_forgiven_and_no_more():
    for pause, expected in ((171, []), (169, ["dead-time"])):
        car = Car(jitter_ms=30)
        car.pulse("unlock", 500)
        car.advance(500 + pause)
        car.pulse("lock", 500)
        assert kinds(car) == expected, pause


def test_a_pulse_over_the_ceiling_is_recorded_also_when_it_is_made_of_two():
    car = Car()
    car.pulse("unlock", 1_000)
    assert kinds(car) == []
    car.advance(600)
    car.pulse("unlock", 500)
    assert kinds(car) == ["long-pulse"]


def test_doors_open_only_when_the_bolt_is_drawn():
    car = Car()
    assert "unlock first" in refused(car.open_doors, True)
    car = unlocked_car()
    car.open_doors(True)
    assert car.wires()["door"] == 1


def test_the_mechanical_key_moves_the_bolt_unless_it_is_held():
    car = Car()
    car.throw_by_hand("unlocked")
    assert car.bolt() == "unlocked"
    car.jam = True
    assert refused(car.throw_by_hand, "locked") and car.bolt() == "unlocked"


def test_the_engine_starts_only_with_drive_enable_and_outlives_the_controller():
    car = Car()
    car.turn_key(True)
    assert not car.engine
    car.output("drive_enable", 1)
    assert car.engine
    car.power_off()
    assert car.engine and car.levels["drive_enable"] == 0
    car.turn_key(False)
    assert not car.engine


def test_a_controller_that_loses_power_drives_nothing_any_more():
    car = Car()
    car.output("light_red", 1)
    car.pulse("unlock", 500)
    car.advance(100)
    car.power_off()
    assert car.driven() == [] and not any(car.levels.values())


def test_a_pulled_wire_reads_zero():
    car = Car()
    car.unplugged = {"bolt_locked", "supply"}
    assert car.wires()["bolt_locked"] == 0 and car.wires()["supply"] == 0


def test_unknown_wires_are_refused():
    car = Car()
    assert refused(car.output, "fog_lamp", 1)
    assert refused(car.pulse, "window", 100)
    assert refused(car.stop, "window")


def lids(car):
    return [name for name, state in car.snapshot()["latches"].items() if state == "open"]


def test_a_lid_springs_open_after_100_ms_and_only_a_hand_closes_it():
    for name in LATCHES:
        car = Car()
        car.pulse(name, 300)
        car.advance(99)
        assert lids(car) == [] and car.next_event_ms() == 100
        car.advance(100)
        assert lids(car) == [name] and car.driven() == [], "no coil of the lock motor"
        car.close(name)
        car.advance(5_000)
        assert lids(car) == [], "closed during the pulse, and it stays shut"
        car.pulse(name, 300)
        car.advance(10_000)
        assert lids(car) == [name]
        car.close(name)
        car.close(name)
        assert lids(car) == [] and kinds(car) == []


def test_a_latch_falls_back_where_the_pulse_is_too_short_or_the_supply_too_weak():
    car = Car()
    for _ in range(3):
        car.pulse("trunk", 99)
        car.advance(car.now_ms + 2_000)
    car.pulse("frunk", 300)
    car.advance(car.now_ms + 50)
    car.stop("frunk")
    car.supply = 5_900
    car.pulse("charge_port", 300)
    car.advance(car.now_ms + 2_000)
    assert lids(car) == [] and kinds(car) == [] and car.next_event_ms() is None


def test_a_controller_that_loses_power_opens_no_lid_any_more():
    car = Car()
    car.pulse("trunk", 300)
    car.advance(50)
    car.power_off()
    car.advance(2_000)
    assert lids(car) == []


def test_a_latch_that_is_not_let_rest_is_recorded():
    for pause, expected in ((0, ["no-rest"]), (969, ["no-rest"]), (970, [])):
        car = Car(jitter_ms=30)
        car.pulse("trunk", 300)
        car.advance(300 + pause)
        car.pulse("frunk", 300)
        car.pulse("trunk", 300)
        assert kinds(car) == expected, pause
    car = Car()
    car.pulse("trunk", 1_000)
    assert kinds(car) == []
    car.advance(600)
    car.pulse("trunk", 500)
    assert kinds(car) == ["long-pulse", "no-rest"]


_STEP = st.one_of(
    st.tuples(st.just("pulse"), st.sampled_from(COILS + LATCHES), st.integers(0, 1_500)),
    st.tuples(st.just("stop"), st.sampled_from(COILS + LATCHES)),
    st.tuples(st.just("close"), st.sampled_from(LATCHES)),
    st.tuples(st.just("advance"), st.integers(0, 700)),
    st.tuples(st.just("jam"), st.booleans()),
    st.tuples(st.just("supply"), st.integers(0, 16_000)),
)


def play(car, steps, jump):
    """Plays steps; with jump, time passes in one leap, otherwise from one event of the car to the next."""
    for kind, *arguments in steps:
        if kind == "advance":
            until = car.now_ms + arguments[0]
            while not jump and (due := car.next_event_ms()) is not None and due < until:
                car.advance(due)
            car.advance(until)
        elif kind in ("jam", "supply"):
            setattr(car, kind, arguments[0])
        else:
            getattr(car, kind)(*arguments)


@given(st.lists(_STEP, max_size=40))
def test_leaping_through_time_gives_the_same_car_as_stopping_at_each_event(steps):
    one, other = Car(), Car()
    play(one, steps, jump=True)
    play(other, steps, jump=False)
    assert one.snapshot() == other.snapshot()


@given(st.lists(_STEP, max_size=40))
def test_no_switch_changes_between_two_events(steps):
    car = Car()
    play(car, steps, jump=False)
    while (due := car.next_event_ms()) is not None:
        before = (car.wires(), car.driven(), lids(car))
        while car.now_ms + 1 < due:
            car.advance(car.now_ms + 1)
            assert (car.wires(), car.driven(), lids(car)) == before
        car.advance(due)
    assert car.driven() == []


@given(st.lists(_STEP, max_size=30))
def test_nothing_that_harms_a_motor_goes_unrecorded(steps):
    car, told, driven_ms, ended = Car(), set(), dict.fromkeys(COILS, 0), dict.fromkeys(COILS, -1_000)
    for step in [*steps, ("advance", 700), ("advance", 700), ("advance", 700)]:
        for small in [("advance", 1)] * step[1] if step[0] == "advance" else [step]:
            play(car, [small], jump=True)
            told |= set(kinds(car))
            for coil, other in (COILS, COILS[::-1]):
                if coil not in car.driven():
                    driven_ms[coil] = 0
                    continue
                driven_ms[coil] += small[0] == "advance"
                ended[coil] = car.now_ms
                assert driven_ms[coil] <= 1_000 or "long-pulse" in told
                assert other not in car.driven() or "both-coils" in told
                assert car.now_ms - ended[other] >= 200 or told & {"dead-time", "both-coils"}
    assert 0 <= car.thrown_ms <= car.travel_ms
    assert set(car.wires()) == set(INPUTS) and set(car.levels) == set(OUTPUTS)
