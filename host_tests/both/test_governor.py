"""The governor by itself: the ceilings are reached and never passed, and the kinds go in their order."""

from latchkey.core import governor as g
from latchkey.core.governor import Governor

_OWN = (g.LOCK_STATE, g.VEHICLE_STATE, g.EVENT, g.DIAGNOSTIC)
_EVERY_KIND = tuple(range(g.KINDS))
_HOUR = 3_600
_DAY = 86_400
_TEN_YEARS = 315_576_000


def _fixed(data):
    """A source of random bytes that has only these."""

    def fill(buffer):
        buffer[:] = data

    return fill


def _granted(governor, kind, size, now_s):
    """How many of a kind are granted at one moment."""
    count = 0
    while governor.may(kind, size, now_s):
        count += 1
        assert count < 1_000
    return count


def _most_within(history, span_s):
    """The largest sum of any span, its first and last second included; history: (second, amount) in order."""
    most = total = first = 0
    for second, amount in history:
        total += amount
        while second - history[first][0] > span_s:
            total -= history[first][1]
            first += 1
        most = max(most, total)
    return most


def _greedy(governor, kinds, sizes, until_s, step_s):
    """Whoever asks, asks all the time: what was granted of each kind, as (second, size)."""
    granted = [[] for _ in _EVERY_KIND]
    for now_s in range(0, until_s, step_s):
        for kind in kinds:
            for size in sizes:
                while governor.may(kind, size, now_s):
                    granted[kind].append((now_s, size))
    return granted


def _counted(*histories):
    return [(second, 1) for second, _ in sorted(entry for history in histories for entry in history)]


def test_sixty_publishes_in_the_fullest_hour_and_480_in_the_fullest_day():
    """Of the lock's state; of other kinds fewer, by what they leave to others of 20 and of 192."""
    for kind, of_an_hour, of_a_day in (
        (g.LOCK_STATE, 60, 480),
        (g.VEHICLE_STATE, 52, 403),
        (g.EVENT, 49, 374),
        (g.DIAGNOSTIC, 44, 326),
    ):
        granted = _greedy(Governor(), (kind,), (100,), _DAY + _HOUR, 90)
        history = _counted(granted[kind])
        assert _most_within(history, _HOUR) == of_an_hour
        assert _most_within(history, _DAY) == of_a_day
        assert _most_within(history[-50:], _HOUR) == 13, "one in 300 s, which is what the day gains"


def test_sixteen_hours_of_silence_fill_the_day():
    governor = Governor()
    _greedy(governor, (g.LOCK_STATE,), (100,), _DAY, 90)
    governor.may(g.LOCK_STATE, 100, _DAY + 57_600)
    granted = 1
    for now_s in range(_DAY + 57_600, 2 * _DAY + 57_600 + 1, 90):
        granted += _granted(governor, g.LOCK_STATE, 100, now_s)
    assert granted == 480


def test_twenty_replies_in_the_fullest_hour_whatever_else_is_said():
    granted = _greedy(Governor(), (g.DIAGNOSTIC, g.EVENT, g.VEHICLE_STATE, g.REPLY), (200,), 2 * _HOUR, 30)
    assert _most_within(_counted(granted[g.REPLY]), _HOUR) == 20


def test_thirty_reconnects_in_the_fullest_hour():
    granted = _greedy(Governor(), (g.RECONNECT,), (100,), 2 * _HOUR, 30)
    assert _most_within(_counted(granted[g.RECONNECT]), _HOUR) == 30


def test_64_kilobytes_in_the_fullest_hour_are_for_everything_together():
    for kinds, sizes in (((g.UPKEEP,), (70,)), (_EVERY_KIND, (2_000, 400, 33)), ((g.LOCK_STATE, g.UPKEEP), (501,))):
        granted = _greedy(Governor(), kinds, sizes, 2 * _HOUR, 30)
        history = sorted(entry for history in granted for entry in history)
        assert 55_000 < _most_within(history, _HOUR) <= 64_800, kinds


def test_bytes_of_a_day():
    granted = _greedy(Governor(), (g.UPKEEP,), (1_000,), 2 * _DAY, 300)
    assert 480_000 < _most_within(granted[g.UPKEEP], _DAY) <= 523_600


def test_what_tls_adds_counts():
    assert _granted(Governor(), g.UPKEEP, 100, 0) == (18_000 - 3_600) // 100
    assert _granted(Governor(29), g.UPKEEP, 2, 0) == (18_000 - 3_600) // 31


def test_kinds_are_shed_in_their_order():
    """Each takes all that it gets at one moment; nobody behind it then gets anything, and those before it do."""
    order = (g.DIAGNOSTIC, g.ACKNOWLEDGEMENT, g.EVENT, g.VEHICLE_STATE, g.RECONNECT, g.REPLY, g.UPKEEP, g.LOCK_STATE)
    assert sorted(order) == list(_EVERY_KIND)
    governor = Governor()
    for place, kind in enumerate(order):
        if kind == g.LOCK_STATE:
            assert _granted(governor, kind, 400, 0) == 8, "of 20, what the vehicle's state has left"
        else:
            assert _granted(governor, kind, 400, 0) > 0, kind
            _granted(governor, kind, 20, 0)
        for earlier in order[: place + 1]:
            assert not governor.may(earlier, 400, 0), (kind, earlier)


def test_diagnostics_go_first_and_the_lock_last_when_publishes_run_low():
    governor = Governor()
    assert _granted(governor, g.DIAGNOSTIC, 10, 0) == 4
    assert _granted(governor, g.EVENT, 10, 0) == 5
    assert _granted(governor, g.VEHICLE_STATE, 10, 0) == 3
    assert _granted(governor, g.LOCK_STATE, 10, 0) == 8
    assert [governor.may(kind, 10, 0) for kind in _OWN] == [False] * 4


def test_a_refusal_takes_nothing():
    governor = Governor()
    for _ in range(1_000):
        assert not governor.may(g.LOCK_STATE, 18_001, 0)
        assert not governor.may(g.DIAGNOSTIC, 3_601, 0)
    assert _granted(governor, g.LOCK_STATE, 10, 0) == 20


def test_acknowledgements_of_a_flood_starve_nothing_that_matters():
    """Ten acknowledgements a second for an hour: vehicle, replies, pings and lock are heard of as before."""
    governor = Governor(29)
    acknowledged = refused = 0
    for now_s in range(0, _HOUR, 10):
        for _ in range(100 if now_s < 60 else 10):  # once a moment's allowance is gone, more asking is more of the same
            if governor.may(g.ACKNOWLEDGEMENT, 4, now_s):
                acknowledged += 1
            else:
                refused += 1
        if now_s % 60 == 0:
            assert governor.may(g.UPKEEP, 2, now_s)
        if now_s % 400 == 0:
            assert governor.may(g.REPLY, 300, now_s)
            assert governor.may(g.VEHICLE_STATE, 300, now_s)
            assert governor.may(g.LOCK_STATE, 300, now_s)
    assert refused > 2 * acknowledged > 1_000


def test_a_jump_forward_fills_and_no_more_and_a_step_back_gains_nothing():
    governor = Governor()
    assert _granted(governor, g.LOCK_STATE, 10, 0) == 20
    assert _granted(governor, g.LOCK_STATE, 10, _TEN_YEARS) == 20
    assert _granted(governor, g.LOCK_STATE, 10, 0) == 0
    assert _granted(governor, g.LOCK_STATE, 10, 89) == 0
    assert _granted(governor, g.LOCK_STATE, 10, 90) == 1, "it goes on from where the clock has gone"


def test_what_was_not_sent_is_told_of_at_once():
    governor = Governor()
    for _ in range(4_312):
        governor.count(g.EVENT)
    governor.count(g.DIAGNOSTIC)
    assert governor.unsent(g.EVENT) == 4_312
    governor.count(g.EVENT)  # between the telling and its success
    governor.told(g.EVENT, 4_312)
    assert governor.unsent(g.EVENT) == 1
    governor.told(g.EVENT, 5)
    assert [governor.unsent(kind) for kind in _EVERY_KIND] == [0, 0, 0, 0, 0, 0, 0, 1]


def test_verbosity_has_an_end_and_no_effect_on_the_ceiling():
    governor = Governor()
    assert governor.verbosity(0) == g.NORMAL
    governor.set_verbosity(99, _TEN_YEARS, 1_000)
    assert governor.verbosity(1_000) == governor.verbosity(4_599) == g.MAXIMUM
    assert governor.verbosity(4_600) == governor.verbosity(_TEN_YEARS) == g.NORMAL
    governor.set_verbosity(-5, 60, 5_000)
    assert governor.verbosity(5_059) == g.SPARSE
    assert governor.verbosity(5_060) == g.NORMAL
    governor.set_verbosity(g.DETAILED, -5, 6_000)
    assert governor.verbosity(6_000) == g.NORMAL
    governor.set_verbosity(g.MAXIMUM, _HOUR, 7_000)
    granted = _greedy(governor, _OWN, (100,), 3 * _HOUR, 30)
    assert _most_within(_counted(*granted), _HOUR) == 60


def test_verbosity_and_quiet_end_when_the_clock_steps_back_too():
    governor = Governor()
    governor.set_verbosity(g.MAXIMUM, _HOUR, _TEN_YEARS)
    governor.set_quiet(_DAY, _TEN_YEARS)
    assert governor.verbosity(100) == g.NORMAL
    assert not governor.is_quiet(100)


def test_quiet_leaves_the_lock_and_replies():
    governor = Governor()
    governor.set_quiet(600, 50)
    allowed = [kind for kind in _EVERY_KIND if governor.may(kind, 40, 51)]
    assert allowed == [g.LOCK_STATE, g.UPKEEP, g.REPLY, g.RECONNECT, g.ACKNOWLEDGEMENT]
    assert governor.is_quiet(649)
    assert not governor.is_quiet(650)
    assert governor.may(g.DIAGNOSTIC, 40, 650)


def test_quiet_lasts_a_day_at_most_and_can_be_ended():
    governor = Governor()
    governor.set_quiet(_TEN_YEARS, 0)
    assert governor.is_quiet(_DAY - 1)
    assert not governor.is_quiet(_DAY)
    governor.set_quiet(_DAY, _DAY)
    governor.set_quiet(0, _DAY + 5)
    assert not governor.is_quiet(_DAY + 5)


def test_waits_grow_to_a_quarter_of_an_hour():
    governor = Governor()
    most = _fixed(b"\xff\xff\xff\xff")
    assert [governor.reconnect_delay_ms(most) for _ in range(6)] == [10_000, 300_000, 600_000] + [900_000] * 3
    governor = Governor()
    half = _fixed(b"\x80\x00\x00\x00")
    assert [governor.reconnect_delay_ms(half) for _ in range(5)] == [5_000, 150_000, 300_000, 450_000, 450_000]
    governor = Governor()
    least = _fixed(b"\x00\x00\x00\x00")
    assert [governor.reconnect_delay_ms(least) for _ in range(5)] == [0] * 5


def test_ten_minutes_of_a_connection_make_the_next_wait_a_short_one():
    most = _fixed(b"\xff\xff\xff\xff")
    for lasted_s, following_ms in ((599, 900_000), (600, 300_000)):
        governor = Governor()
        for _ in range(4):
            governor.reconnect_delay_ms(most)
        assert not governor.connected_long(900)
        governor.connected(1_000)
        assert governor.connected_long(1_000 + lasted_s) == (lasted_s == 600)
        assert governor.reconnect_delay_ms(most) == following_ms
        assert not governor.connected_long(10_000), "it is not connected any more"


def test_the_owner_of_one_car_may_shorten_the_waits_and_keeps_the_ceiling():
    governor = Governor(0, 5)
    most = _fixed(b"\xff\xff\xff\xff")
    assert [governor.reconnect_delay_ms(most) for _ in range(4)] == [500, 15_000, 30_000, 45_000]
    granted = _greedy(governor, (g.RECONNECT,), (100,), 2 * _HOUR, 30)
    assert _most_within(_counted(granted[g.RECONNECT]), _HOUR) == 30
