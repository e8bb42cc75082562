"""Parts of the arbiter, each by itself, where no whole vehicle comes: late timers, a crash, the heat."""

from latchkey.core import codes, crash, lock
from latchkey.core.arbiter import Arbiter
from latchkey.core.crash import Crash
from latchkey.core.facts import Facts
from latchkey.core.heat import LIMIT, Heat
from latchkey.core.lock import Lock

_SOURCES = (codes.CLOUD, codes.PHONE, codes.KEYCARD, codes.CABIN)


def test_a_crash_opens_a_motor_that_is_too_hot_for_anybody_else():
    heat = Heat()
    for _ in range(LIMIT):
        assert heat.allows(codes.KEYCARD) and heat.allows(codes.CRASH)
        heat.operate(codes.KEYCARD)
    assert heat.pausing and not any(heat.allows(source) for source in _SOURCES)
    assert heat.allows(codes.CRASH)


def test_operations_that_age_after_a_pause_has_forgotten_them_give_nobody_more():
    heat = Heat()
    heat.operate(codes.CLOUD)
    heat.cool()
    for remote in (True, False):
        heat.age(remote)
        assert (heat.operations, heat.remote) == (0, 0)
    assert [heat.allows(source) for source in _SOURCES] == [True] * len(_SOURCES)


def test_a_timer_of_a_crash_that_comes_after_its_end_changes_nothing():
    state = Crash()
    state.minute_passed()
    state.ten_minutes_passed(True)
    assert state.phase == crash.CLEAR
    state.happen()
    state.minute_passed()
    state.ten_minutes_passed(True)
    assert state.phase == crash.WAITING
    state.minute_passed()
    assert state.phase == crash.WAITING, "a minute that is over twice does not make it recent again"


def test_a_timer_that_nobody_knows_moves_nothing():
    arbiter = Arbiter(True)
    arbiter.passed(1_000)
    assert arbiter.motor_effect == lock.NOTHING and not arbiter.starts and not arbiter.stops


def test_no_second_pulse_while_the_first_one_runs():
    """The end of the pulse must come before the deadline of the movement; after a freeze it may not."""
    bolt = Lock(Facts(), Heat(), codes.AT_UNLOCKED)
    assert lock.step(bolt, lock.ASK_LOCK, codes.KEYCARD) == lock.PULSE_LOCK and bolt.motor != lock.STILL
    assert lock.step(bolt, lock.MOVE_DEADLINE) == lock.JAM and bolt.state == lock.JAMMED
    bolt = Lock(Facts(), Heat(), codes.AT_UNLOCKED)
    assert lock.step(bolt, lock.ASK_LOCK, codes.KEYCARD) == lock.PULSE_LOCK
    lock.step(bolt, lock.RESTED)
    assert lock.step(bolt, lock.MOVE_DEADLINE) == lock.PULSE_LOCK, "one retry"
