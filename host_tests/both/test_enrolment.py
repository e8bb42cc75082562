"""The enrolment machine: its stories. Every sequence of events: test_enrolment_states."""

from latchkey.credentials import enrolment as m
from latchkey.credentials.enrolment import TABLE, Enrolment, step

_A = bytes([0xA1]) * 64
_B = bytes([0xB2]) * 64


def _opened(opener=3):
    machine = Enrolment()
    assert step(machine, m.OWNER_GESTURE, opener) == m.OPENED
    return machine


def test_the_claim_takes_two_owner_cards():
    machine = Enrolment()
    assert step(machine, m.CLAIM_GESTURE, 1) == m.CLAIM_OPENED
    assert machine.deadline_ms() == 60_000
    assert machine.key_shown(_A) == m.WRITE_OWNER and machine.pinned == _A
    assert step(machine, m.ADDED, 0) == m.FIRST_ADDED
    assert machine.deadline_ms() == 60_000 and machine.pinned == bytes(64)
    assert machine.key_shown(_B) == m.WRITE_OWNER and machine.pinned == _B
    assert step(machine, m.ADDED, 0) == m.CLAIM_DONE
    assert machine.state == m.CLOSED and machine.deadline_ms() == 0


def test_a_claimed_controller_is_not_claimed_again():
    machine = Enrolment()
    assert step(machine, m.CLAIM_GESTURE, 0) == m.REFUSED
    assert machine.state == m.CLOSED


def test_a_claim_left_alone_says_that_there_is_one_owner():
    for end in (m.DEADLINE, m.CANCEL):
        machine = Enrolment()
        step(machine, m.CLAIM_GESTURE, 1)
        machine.key_shown(_A)
        step(machine, m.ADDED, 0)
        assert step(machine, end, 0) == m.ONE_OWNER and machine.state == m.CLOSED


def test_an_owner_enrols_a_driver_or_with_the_button_an_owner():
    for held, effect in ((False, m.WRITE_DRIVER), (True, m.WRITE_OWNER)):
        machine = _opened()
        assert machine.deadline_ms() == 60_000
        assert machine.key_shown(_A) == m.PIN and machine.state == m.PINNED
        assert machine.deadline_ms() == 30_000
        assert machine.key_shown(_A) == m.PIN_AGAIN
        assert machine.owner_tap(3, held) == effect and machine.is_writing()
        assert machine.pinned == _A
        assert step(machine, m.ADDED, 0) == m.KEY_ADDED
        assert machine.state == m.CLOSED and machine.opener == -1 and machine.pinned == bytes(64)


def test_a_second_key_ends_it_with_an_alarm():
    machine = _opened()
    machine.key_shown(_A)
    assert machine.key_shown(_B) == m.ALARM
    assert machine.state == m.CLOSED and machine.pinned == bytes(64)
    assert machine.owner_tap(3, False) == m.REFUSED


def test_only_the_card_that_opened_confirms():
    machine = _opened(opener=3)
    machine.key_shown(_A)
    assert machine.owner_tap(4, True) == m.REFUSED
    assert step(machine, m.OWNER_GESTURE, 4) == m.REFUSED
    assert machine.state == m.PINNED and machine.opener == 3


def test_the_openers_card_before_any_key_cancels():
    machine = _opened()
    assert machine.owner_tap(3, True) == m.CANCELLED and machine.state == m.CLOSED


def test_nothing_interferes_with_a_write():
    machine = _opened()
    machine.key_shown(_A)
    machine.owner_tap(3, False)
    for event in (m.CLAIM_GESTURE, m.OWNER_GESTURE, m.KEY_SHOWN, m.OWNER_TAP, m.DEADLINE, m.CANCEL):
        for argument in (0, 1, 3):
            assert step(machine, event, argument) == m.REFUSED
    assert machine.key_shown(_B) == m.REFUSED and machine.pinned == _A
    assert step(machine, m.FAILED, 0) == m.WRITE_FAILED and machine.state == m.CLOSED


def test_nothing_but_the_two_gestures_opens():
    for event in range(8):
        for argument in (-1, 0, 1, 2, 77):
            if event == m.OWNER_GESTURE or (event == m.CLAIM_GESTURE and argument == 1):
                continue
            machine = Enrolment()
            assert step(machine, event, argument) == m.REFUSED and machine.state == m.CLOSED
    assert Enrolment().key_shown(_A) == m.REFUSED


def test_a_key_of_another_length_is_refused():
    machine = _opened()
    for length in (0, 63, 65):
        assert machine.key_shown(bytes(length)) == m.REFUSED
    assert machine.state == m.OPEN and len(machine.pinned) == 64


def test_the_table_consists_of_small_integers_and_leaves_no_state_without_a_way_out():
    for row in TABLE:
        assert len(row) == 5
        for number in row:
            assert isinstance(number, int) and 0 <= number < 16
    for state in range(1, len(m.DEADLINES_MS)):
        ways = [row for row in TABLE if row[0] == state and row[1] in (m.DEADLINE, m.FAILED)]
        assert ways, state
        assert bool(m.DEADLINES_MS[state]) == (ways[0][1] == m.DEADLINE)
