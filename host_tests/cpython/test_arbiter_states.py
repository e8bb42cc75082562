"""All reachable states of small worlds, and of the product of the lock and the drive machine with their surroundings.

The heat counter is explored with small limits (its own rules are the same at any limit), the sources with one of each
standing that matters. `make test-long` adds the wide products.
"""

from fakes.arbiter_world import BOLT, CRASH, DOOR, IGNITION, SPEED, SUPPLY, World
from fakes.exploration import explore, reset_moves_nothing, settles
from fakes.scale import LONG
from latchkey.core import codes, lock
from latchkey.core.codes import CABIN, CLOUD, KEYCARD, PHONE

_LATCH_ASKS = ((PHONE, codes.OPEN_TRUNK), (PHONE, codes.OPEN_FRUNK), (CLOUD, codes.OPEN_CHARGE_PORT))
_DRIVE_ASKS = ((KEYCARD, codes.AUTHORISE_DRIVE), (CLOUD, codes.REVOKE_DRIVE))
_EVERY_STATE = {
    lock.UNKNOWN,
    lock.LOCKED,
    lock.LOCKING,
    lock.UNLOCKED,
    lock.UNLOCKING,
    lock.JAMMED,
    lock.CRASH_OPEN,
}


def _visit(name, world):
    seen, transitions = explore(name, world)
    assert {state[0][0] for state in seen} == _EVERY_STATE
    assert transitions > 10 * len(seen)
    for state in list(seen)[:: 1 if LONG else 20]:
        world.restore(state)
        assert settles(world), state


def _visit_all(name, world):
    seen, _ = explore(name, world)
    for state in seen:
        world.restore(state)
        assert settles(world), state
        assert reset_moves_nothing(world, state), state
    return seen


def test_motion_with_a_bolt_sensor_and_a_hot_motor():
    seen = _visit_all("motion", World((CLOUD, PHONE, KEYCARD), (BOLT,), limits=(3, 2, 1), silent_bolt=True))
    reached = {state[0][0] for state in seen}
    assert reached == {lock.UNKNOWN, lock.LOCKED, lock.LOCKING, lock.UNLOCKED, lock.UNLOCKING, lock.JAMMED}


def test_motion_without_a_bolt_sensor():
    seen = _visit_all("no bolt sensor", World((CLOUD, PHONE, KEYCARD), (CRASH,), limits=(3, 2, 1)))
    reached = {state[0][0] for state in seen}
    assert lock.JAMMED not in reached, "without a sensor nobody can know that it jams"
    assert lock.CRASH_OPEN in reached


def test_relock():
    _visit_all("relock", World((CLOUD, KEYCARD), (BOLT, DOOR), limits=(2, 2, 1), relock=True))


def test_driving():
    seen = _visit_all("driving", World((CLOUD,), (IGNITION, SPEED), limits=(1, 1, 1), drive_asks=_DRIVE_ASKS))
    assert {state[3][0] for state in seen} == {0, 1, 2}


def test_lock_with_crash_and_ignition():
    _visit("crash", World((CLOUD, PHONE, KEYCARD), (BOLT, CRASH, IGNITION), limits=(2, 2, 1)))


def test_lock_times_drive():
    readings = (BOLT, IGNITION, SPEED, CRASH)
    world = World((CLOUD, KEYCARD), readings, (2, 1, 1), _DRIVE_ASKS, latch_asks=_LATCH_ASKS[:1])
    _visit("lock x drive", world)
    assert world.latch_verdicts == {codes.ACCEPTED, codes.MOVING}


def test_latches_add_no_state_and_open_only_for_phones_at_a_car_that_stands():
    readings = (IGNITION, SPEED, SUPPLY, CRASH)
    without, _ = explore("no latches", World((CLOUD, PHONE), readings, limits=(1, 1, 1)))
    world = World((CLOUD, PHONE), readings, limits=(1, 1, 1), latch_asks=_LATCH_ASKS)
    seen, _ = explore("latches", world)
    assert seen == without
    assert world.latch_verdicts == {codes.ACCEPTED, codes.MOVING, codes.NOT_WIRED, codes.NOT_PERMITTED}


def test_lock_with_sagging_supply_and_doors():
    _visit("supply", World((CLOUD, KEYCARD), (BOLT, SUPPLY, DOOR, CRASH), (2, 2, 1), relock=True))


def test_every_source_against_every_other():
    world = World((CLOUD, PHONE, KEYCARD, CABIN), (BOLT, CRASH), limits=(4, 3, 2))
    _visit("ranks", world)


if LONG:

    def test_real_heat_limits():
        _visit("heat", World((CLOUD, PHONE, KEYCARD, CABIN), (BOLT, SUPPLY, CRASH)))

    def test_everything_at_once():
        _visit(
            "everything", World((CLOUD, KEYCARD), (BOLT, DOOR, IGNITION, SPEED, CRASH), (1, 1, 1), _DRIVE_ASKS, True)
        )
