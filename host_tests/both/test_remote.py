"""What the owner lets the cloud do, and its share of an hour: each switch, each allowance, each edge."""

from latchkey.core import codes
from latchkey.core.facts import Facts
from latchkey.core.remote import DRIVE_REVOKED, FORBIDDEN, GUESTS_SUSPENDED, UNLOCK_ALLOWED, Remote

_ALL = (codes.LOCK, codes.UNLOCK, codes.WAKE, codes.REVOKE_DRIVE, codes.SUSPEND_GUESTS, codes.ADMIT_GUESTS)


def _remote(switches=UNLOCK_ALLOWED):
    remote = Remote(Facts())
    remote.restore(switches)
    return remote


def _use(remote, action, times_s):
    """Ask at each of these times and move where that is allowed; how often it was."""
    moved = 0
    for now_s in times_s:
        if remote.verdict(action, now_s) == codes.ACCEPTED:
            remote.moved(action, now_s)
            moved += 1
    return moved


def test_a_new_controller_lets_the_cloud_lock_and_not_unlock():
    remote = Remote(Facts())
    assert not remote.switches
    assert remote.verdict(codes.LOCK, 0) == codes.ACCEPTED
    assert remote.verdict(codes.UNLOCK, 0) == codes.REMOTE_UNLOCK_OFF


def test_six_in_an_hour_and_not_a_seventh():
    for action in (codes.LOCK, codes.UNLOCK, codes.SUSPEND_GUESTS, codes.ADMIT_GUESTS):
        remote = _remote()
        assert _use(remote, action, range(100, 107)) == 6
        assert remote.verdict(action, 107) == codes.TOO_OFTEN


def test_the_seventh_comes_when_the_first_is_an_hour_old_and_no_second_sooner():
    remote = _remote()
    assert _use(remote, codes.UNLOCK, (0, 600, 700, 800, 900, 1_000)) == 6
    assert remote.verdict(codes.UNLOCK, 3_599) == codes.TOO_OFTEN
    assert remote.verdict(codes.UNLOCK, 3_600) == codes.ACCEPTED
    remote.moved(codes.UNLOCK, 3_600)
    assert remote.verdict(codes.UNLOCK, 4_199) == codes.TOO_OFTEN
    assert remote.verdict(codes.UNLOCK, 4_200) == codes.ACCEPTED


def test_no_hour_of_a_day_has_seven():
    for step_s in (1, 7, 60, 601, 3_599):
        remote = _remote()
        moved = []
        for now_s in range(0, 86_400, step_s):
            if remote.verdict(codes.UNLOCK, now_s) == codes.ACCEPTED:
                remote.moved(codes.UNLOCK, now_s)
                moved.append(now_s)
        assert len(moved) >= 24
        for first, seventh in zip(moved, moved[6:]):
            assert seventh - first >= 3_600


def test_each_direction_has_a_share_of_its_own():
    remote = _remote()
    assert _use(remote, codes.UNLOCK, range(6)) == 6
    assert remote.verdict(codes.LOCK, 6) == codes.ACCEPTED
    assert _use(remote, codes.LOCK, range(6, 20)) == 6
    assert remote.verdict(codes.SUSPEND_GUESTS, 20) == codes.ACCEPTED
    assert _use(remote, codes.SUSPEND_GUESTS, range(20, 23)) + _use(remote, codes.ADMIT_GUESTS, range(23, 40)) == 6


def test_what_changes_nothing_that_wears_is_not_counted():
    for action in (codes.REVOKE_DRIVE, codes.WAKE):
        assert _use(_remote(), action, range(100)) == 100


def test_what_is_not_counted_and_what_is_leave_each_other_alone():
    remote = _remote()
    assert _use(remote, codes.REVOKE_DRIVE, range(10)) == 10
    assert _use(remote, codes.SUSPEND_GUESTS, range(10, 20)) == 6
    assert _use(remote, codes.REVOKE_DRIVE, range(20, 30)) == 10


def test_remote_off_refuses_whatever_the_cloud_asks():
    remote = _remote(UNLOCK_ALLOWED | FORBIDDEN)
    for action in _ALL:
        assert remote.verdict(action, 0) == codes.REMOTE_OFF
    remote.set(FORBIDDEN, False)
    for action in _ALL:
        assert remote.verdict(action, 0) == codes.ACCEPTED


def test_the_switch_in_the_car_and_the_owner_s_are_two():
    remote = _remote()
    remote.switch_at_the_car(True)
    assert remote.verdict(codes.LOCK, 0) == codes.REMOTE_OFF and not remote.switches & FORBIDDEN
    remote.set(FORBIDDEN, False)  # the owner allows; the wire still says no
    assert remote.verdict(codes.LOCK, 0) == codes.REMOTE_OFF
    remote.switch_at_the_car(False)
    assert remote.verdict(codes.LOCK, 0) == codes.ACCEPTED
    remote.set(FORBIDDEN, True)
    remote.switch_at_the_car(True)
    remote.switch_at_the_car(False)
    assert remote.verdict(codes.LOCK, 0) == codes.REMOTE_OFF


def test_each_action_turns_its_switch_and_no_other():
    rows = (
        (codes.FORBID_REMOTE, FORBIDDEN, codes.ALLOW_REMOTE),
        (codes.ALLOW_REMOTE_UNLOCK, UNLOCK_ALLOWED, codes.FORBID_REMOTE_UNLOCK),
        (codes.SUSPEND_GUESTS, GUESTS_SUSPENDED, codes.ADMIT_GUESTS),
    )
    for on, switch, off in rows:
        for others in (0, (FORBIDDEN | UNLOCK_ALLOWED | GUESTS_SUSPENDED | DRIVE_REVOKED) & ~switch):
            remote = _remote(others)
            assert remote.turn(off) == codes.ALREADY and remote.switches == others
            assert remote.turn(on) == codes.ACCEPTED and remote.switches == others | switch
            assert remote.turn(on) == codes.ALREADY and remote.is_set(switch)
            assert remote.turn(off) == codes.ACCEPTED and remote.switches == others


def test_what_turns_no_switch_has_no_rule():
    remote = _remote(0)
    for action in (0, codes.LOCK, codes.UNLOCK, codes.REVOKE_DRIVE, codes.REVOKE_KEY, 99):
        assert remote.turn(action) == codes.NO_RULE and remote.switches == 0
