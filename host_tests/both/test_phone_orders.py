"""Between the phone's protocol and the vehicle: each order has its action, each verdict its own words."""

from latchkey.core import codes, words
from latchkey.links import phone_orders
from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol import vehicle_command_order as orders

_NAMED = [verdict for verdict in range(128) if words.verdict_name(verdict) != "verdict %d has no name" % verdict]


class _Voice:
    """Notes what is said."""

    def __init__(self):
        self.said = []

    def accept(self):
        self.said.append(("accept", 0))

    def refuse(self, fault):
        self.said.append(("refuse", fault))

    def decline(self, error):
        self.said.append(("decline", error))


def _said(verdict):
    voice = _Voice()
    phone_orders.answer(voice, verdict)
    (said,) = voice.said
    return said


def test_orders_and_actions():
    assert phone_orders.action_of(orders.LOCK) == codes.LOCK
    assert phone_orders.action_of(orders.UNLOCK) == codes.UNLOCK
    assert phone_orders.action_of(orders.REMOVE_KEY) == codes.REVOKE_KEY
    requests = [order for order in range(orders.REVOKE_NUMBER + 9) if phone_orders.action_of(order)]
    our_own = [order for order in range(orders.REVOKE_DRIVE, orders.REVOKE_NUMBER + 1) if order != orders.TELL_KEY]
    assert [order for order in requests if order < orders.UNKNOWN] == [1, 2, 3, 4, 5, 6, 7, orders.REMOVE_KEY]
    assert [order for order in requests if order > orders.UNKNOWN] == our_own
    by_number = [order for order in requests if order != orders.REVOKE_NUMBER]  # the other way to ask for REVOKE_KEY
    assert len({phone_orders.action_of(order) for order in by_number}) == len(by_number)


def test_no_order_of_a_phone_opens_enrolment_or_confirms_a_key():
    """Opening is not enrolling: what a phone can reach holds none of these actions."""
    reachable = {phone_orders.action_of(order) for order in range(64)}
    assert not reachable & {codes.OPEN_ENROLMENT, codes.CONFIRM_KEY, codes.CANCEL_ENROLMENT}


def test_all_verdicts_are_looked_at():
    assert len(_NAMED) >= 40 and {codes.ACCEPTED, codes.BUSY, codes.STORAGE_FAILED} <= set(_NAMED)


def test_accepting_verdicts_are_accepted_and_no_others():
    for verdict in _NAMED:
        assert (_said(verdict)[0] == "accept") == codes.is_accepted(verdict)


def test_every_verdict_that_a_command_can_meet_has_a_row():
    for verdict in _NAMED:
        if codes.BUSY <= verdict <= codes.NO_REGISTRY:
            assert _said(verdict) != ("refuse", numbers.INTERNAL), verdict
            assert 0 < _said(verdict)[1] <= 28, verdict


def test_a_verdict_without_a_row_is_refused_all_the_same():
    assert _said(99) == ("refuse", numbers.INTERNAL)


def test_clients_try_again_only_where_that_can_help():
    """BUSY, TIMEOUT and INTERNAL make clients repeat a command by themselves."""
    again = [verdict for verdict in _NAMED if _said(verdict) == ("refuse", numbers.BUSY)]
    assert again == [codes.BUSY, codes.STALE]


def test_what_became_of_the_key_list():
    information = phone_orders.information_of
    for verdict in (codes.ACCEPTED, codes.ENROLLED, codes.CLAIMED):
        assert information(verdict, True) == numbers.KEY_LIST_CHANGED
    assert information(codes.REGISTRY_FULL, True) == numbers.LIST_FULL
    assert information(codes.ALREADY_ENROLLED, True) == numbers.ALREADY_ON_LIST
    assert information(codes.NO_SUCH_KEY, False) == numbers.NOT_ON_LIST
    assert information(codes.ENROLMENT_CLOSED, True) == numbers.NO_PERMISSION_TO_ADD
    assert information(codes.LAST_OWNER, False) == numbers.NO_PERMISSION_TO_REMOVE
    for verdict in _NAMED:
        for adding in (True, False):
            assert (information(verdict, adding) == 0) == codes.is_accepted(verdict), verdict
