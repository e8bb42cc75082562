"""The vehicle's clock: forward by any word that counts, back by an owner or on the console, and what its mark keeps."""

from fakes.marks import Marks
from latchkey.core.codes import ACCEPTED, ALREADY, CLOCK_BACK
from latchkey.credentials.wall_clock import WallClock

_NOW = 848_880_000  # 2026-11-25, in seconds since 2000
_NOW_MIN = _NOW // 60
_WRITTEN_MIN = 14_140_800
_DAY_S, _DAY_MIN = 86_400, 1_440


def _set(marks=None):
    clock = WallClock(marks)
    assert clock.set(_NOW, 100, False) == ACCEPTED
    return clock


def test_before_anybody_has_told_it_the_time_is_not_known_but_not_before_the_firmware():
    clock = WallClock(Marks())
    assert not clock.known and clock.now_min(0) == clock.now_min(1 << 29) == -1 - _WRITTEN_MIN
    assert WallClock(None).now_min(0) == -1 - _WRITTEN_MIN
    assert WallClock(Marks({"minute": 5})).now_min(0) == -1 - _WRITTEN_MIN
    assert WallClock(Marks({"minute": _NOW_MIN})).now_min(0) == -1 - _NOW_MIN


def test_once_told_it_runs_with_the_uptime_minute_by_minute():
    clock = WallClock(None)
    assert clock.set(_NOW + 59, 1_000, False) == ACCEPTED and clock.known
    assert [clock.now_min(s) - _NOW_MIN for s in (1_000, 1_001, 1_060, 1_061, 1_000 + _DAY_S)] == [0, 1, 1, 2, _DAY_MIN]


def test_the_next_phone_with_the_same_time_changes_nothing():
    clock = _set()
    assert clock.set(_NOW + 500, 600, False) == ALREADY
    assert clock.set(_NOW + 500 + 59, 600, False) == ALREADY
    assert clock.now_min(600) == (_NOW + 500) // 60


def test_a_driver_s_phone_sets_it_forward_as_far_as_it_likes_and_back_by_five_minutes_in_all():
    clock = _set()
    assert clock.set(_NOW + 30 * _DAY_S, 100, False) == ACCEPTED
    assert clock.set(_NOW, 100, False) == CLOCK_BACK
    there = _NOW + 30 * _DAY_S
    for minutes, verdict in ((3, ACCEPTED), (5, ACCEPTED), (6, CLOCK_BACK), (8, CLOCK_BACK), (10, CLOCK_BACK)):
        assert clock.set(there - 60 * minutes, 100, False) == verdict
    assert clock.now_min(100) == there // 60 - 5
    an_hour = 100 + 3_600  # the same from whatever time it has come to by itself
    for minutes, verdict in ((5, ALREADY), (9, ACCEPTED), (11, CLOCK_BACK), (16, CLOCK_BACK)):
        assert clock.set(there + 3_600 - 60 * minutes, an_hour, False) == verdict, minutes


def test_an_owner_and_the_console_set_it_back_but_not_to_before_the_firmware():
    clock = _set(Marks())
    assert clock.set(_NOW + 900 * _DAY_S, 100, False) == ACCEPTED
    assert clock.keep(160)
    assert clock.set(_NOW, 101, True) == ACCEPTED and clock.now_min(101) == _NOW_MIN
    assert clock.set(60 * _WRITTEN_MIN - 60, 102, True) == CLOCK_BACK
    assert clock.set((1 << 32) + 60, 102, True) == CLOCK_BACK
    assert clock.now_min(102) == _NOW_MIN
    assert clock.keep(161) and WallClock(clock._marks).now_min(0) == -1 - _NOW_MIN - 1


def test_after_a_reboot_a_phone_cannot_set_it_to_before_the_mark():
    marks = Marks()
    clock = _set(marks)
    assert clock.keep(159) and marks.values == {}
    assert clock.keep(160) and marks.values == {"minute": _NOW_MIN + 1}
    clock = WallClock(marks)
    assert not clock.known
    assert clock.set(_NOW - 241, 0, False) == CLOCK_BACK and not clock.known
    assert clock.set(_NOW - 240, 0, False) == ACCEPTED


class _Counting(Marks):
    sets = 0

    def set(self, name, value):
        self.sets += 1
        super().set(name, value)


def test_a_lie_that_the_mark_has_kept_ends_with_the_first_word_of_an_owner():
    marks = Marks()
    clock = _set(marks)
    assert clock.set(_NOW + 900 * _DAY_S, 100, False) == ACCEPTED and clock.keep(160)
    clock = WallClock(marks)
    assert clock.set(_NOW, 10, False) == CLOCK_BACK and not clock.known
    assert clock.set(_NOW, 10, True) == ACCEPTED and clock.now_min(10) == _NOW_MIN
    assert clock.keep(70) and WallClock(marks).now_min(0) == -1 - _NOW_MIN - 1


def test_an_owner_s_phone_and_a_driver_s_that_disagree_wear_nothing():
    marks = _Counting()
    clock = _set(marks)
    for second in range(200, 200 + 100_000, 200):
        clock.set(_NOW + second + 1_800, second, False)
        assert clock.set(_NOW + second, second + 1, True) == ACCEPTED
        clock.keep(second + 100)
    assert 1 <= marks.sets <= 2


def test_the_mark_is_written_once_a_day_at_most_whatever_is_told():
    marks = _Counting()
    clock = _set(marks)
    for second in range(100, 100 + 3 * _DAY_S, 600):
        clock.keep(second)
        clock.set(_NOW + 3 * (second - 100) + 7 * _DAY_S, second, False)  # a phone that runs ahead
    assert 3 <= marks.sets <= 4
    assert WallClock(marks).now_min(0) > -1 - clock.now_min(100 + 3 * _DAY_S)


def test_a_mark_that_cannot_be_written_is_said_and_tried_again_a_day_later():
    marks = Marks()
    marks.limit = 0
    clock = _set(marks)
    assert not clock.keep(160) and clock.keep(260)
    marks.limit = None
    assert clock.keep(159 + _DAY_S) and not marks.values
    assert clock.keep(160 + _DAY_S) and marks.values


def test_a_console_that_sets_the_same_time_again_and_again_wears_nothing():
    marks = Marks()
    clock = _set(marks)
    marks.limit = 1
    for second in range(100, 5_000, 10):
        assert clock.set(_NOW + second, second, True) in (ACCEPTED, ALREADY)
        assert clock.keep(second)


def test_a_mark_that_is_less_than_a_day_old_is_not_written_again():
    marks = _Counting()
    clock = _set(marks)
    assert clock.keep(160) and marks.sets == 1
    clock = WallClock(marks)
    assert clock.set(_NOW + _DAY_S - 3_600, 0, False) == ACCEPTED
    assert clock.keep(60) and marks.sets == 1
    assert clock.keep(60 + 3_600 + 60) and marks.sets == 2
