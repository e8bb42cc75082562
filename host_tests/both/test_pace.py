"""How soon a card must answer: learnt from its slowest answer, held to, and never taken from another card."""

import asyncio

from latchkey.drivers.pn532_error import OVERDUE, CardError
from latchkey.links.nfc_pace import Pace


class _Reader:
    """Answers after so many ms, if anybody waits that long."""

    def __init__(self):
        self.took_ms = 0
        self.waits = []

    async def transceive(self, apdu, answer, timeout_ms, meanwhile=None):
        self.waits.append(timeout_ms)
        if self.took_ms > timeout_ms + 20:
            raise CardError(OVERDUE)
        return 2


def _ask(pace, reader, took_ms):
    """True where the answer came in time."""
    reader.took_ms = took_ms
    try:
        return asyncio.run(pace.ask(memoryview(b"\x80"), bytearray(4))) == 2
    except CardError as error:
        assert error.status == OVERDUE
        return False


def test_the_slowest_answer_and_the_margin_make_the_limit():
    reader = _Reader()
    pace = Pace(reader, 30)
    pace.learn()
    assert (pace.proofs, pace.limit_ms) == (5, 0)
    for took_ms in (150, 148, 163, 140, 155):
        assert _ask(pace, reader, took_ms)
    assert reader.waits == [1_000] * 5
    assert pace.learnt() == (163 + 30 + 3) // 4


def test_a_limit_is_where_the_wait_ends_and_what_came_after_it_counts_for_nothing():
    reader = _Reader()
    pace = Pace(reader, 30)
    pace.hold(49)
    assert (pace.proofs, pace.limit_ms) == (1, 196)
    assert [_ask(pace, reader, took_ms) for took_ms in (0, 195, 196, 197, 210, 5_000)] == [True] * 3 + [False] * 3
    assert reader.waits == [196] * 6


def test_without_a_limit_nobody_waits_longer_than_a_second():
    reader = _Reader()
    pace = Pace(reader, 30)
    pace.hold(0)
    assert _ask(pace, reader, 999) and not _ask(pace, reader, 2_000)
    assert reader.waits == [1_000] * 2


def test_what_one_card_has_shown_is_no_measure_for_the_next():
    reader = _Reader()
    pace = Pace(reader, 30)
    pace.learn()
    _ask(pace, reader, 900)
    pace.learn()
    _ask(pace, reader, 10)
    assert pace.learnt() == 10
    pace.hold(12)  # known, and held to what stands in the list
    _ask(pace, reader, 40)
    assert pace.learnt() == 12


def test_a_card_slower_than_anybody_waits_is_held_to_that():
    reader = _Reader()
    pace = Pace(reader, 250)
    pace.learn()
    _ask(pace, reader, 990)
    assert pace.learnt() == 250
