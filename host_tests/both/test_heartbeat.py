"""Signs of life: who must give some, how long one may be silent, and that clocks which wrap change nothing."""

from fakes.virtual_time import VirtualTime
from latchkey.core.heartbeat import Heartbeat


class _Task:
    turns = 0


def _beats(time, heart, ms, living=()):
    """Whether the heart beat throughout, and how long until it did not."""
    for passed in range(0, ms, 5):
        for task in living:
            task.turns = (task.turns + 1) & 0xFFFFFF
        if not heart.beats(time.ticks_ms()):
            return passed
        time.advance(5)
    return None


def test_nobody_to_watch_is_no_reason_to_starve():
    time = VirtualTime()
    assert _beats(time, Heartbeat([], time), 20_000) is None


def test_each_of_them_must_turn():
    for dead in range(3):
        time = VirtualTime()
        tasks = [_Task(), _Task(), _Task()]
        heart = Heartbeat(tasks, time)
        assert _beats(time, heart, 20_000, tasks) is None
        others = [task for n, task in enumerate(tasks) if n != dead]
        assert 3_900 <= _beats(time, heart, 20_000, others) <= 4_100


def test_the_first_turn_may_take_a_minute_and_no_longer():
    time = VirtualTime()
    task = _Task()
    heart = Heartbeat([task], time)
    assert 59_900 <= _beats(time, heart, 100_000) <= 60_100


def test_a_task_that_comes_back_counts_again():
    time = VirtualTime()
    task = _Task()
    heart = Heartbeat([task], time)
    assert _beats(time, heart, 1_000, [task]) is None
    assert _beats(time, heart, 10_000) is not None
    assert _beats(time, heart, 20_000, [task]) is None
