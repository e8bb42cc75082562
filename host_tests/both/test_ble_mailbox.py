"""The ring that a phone's chunks wait in, against a list."""

import random

from fakes.scale import LONG, SHORT
from latchkey.drivers.ble_mailbox import Mailbox

_HEADER = 4
_STEPS = 300_000 if LONG else 3_000 if SHORT else 30_000


def _read(mailbox):
    chunk = mailbox.take()
    return None if chunk is None else (bytes(chunk), mailbox.idle_ms)


def test_chunks_come_out_as_they_went_in():
    mailbox = Mailbox(100)
    assert mailbox.take() is None
    sent = [(b"a", 0), (b"bc" * 20, 1), (b"d" * 10, 65_535), (b"", 1_000)]
    for chunk, idle_ms in sent:
        assert mailbox.put(chunk, idle_ms)
    assert [_read(mailbox) for _ in range(5)] == sent + [None]


def test_a_pause_that_does_not_fit_is_a_long_one():
    mailbox = Mailbox(100)
    for idle_ms in (-1, 65_536, 1 << 29):
        assert mailbox.put(b"x", idle_ms)
        assert _read(mailbox) == (b"x", 65_535)


def test_the_whole_ring_is_one_chunks_when_nothing_else_is_there():
    mailbox = Mailbox(100)
    for size in (96, 30, 96, 1, 95, 96):
        chunk = bytes([size]) * size
        assert mailbox.put(chunk, 0)
        assert _read(mailbox) == (chunk, 0)
        assert mailbox.take() is None
    assert not mailbox.put(bytes(97), 0)


def test_a_chunk_that_is_being_read_keeps_its_room():
    mailbox = Mailbox(100)
    assert mailbox.put(b"a" * 60, 0)
    view = mailbox.take()
    assert not mailbox.put(b"b" * 60, 0)
    assert mailbox.put(b"c" * 30, 0)
    assert bytes(view) == b"a" * 60
    assert _read(mailbox) == (b"c" * 30, 0)
    assert mailbox.put(b"d" * 50, 0)
    assert _read(mailbox) == (b"d" * 50, 0)


def test_what_is_thrown_away_does_not_come_back():
    mailbox = Mailbox(100)
    for reading in (0, 1, 2):
        for chunk in (b"a" * 20, b"b" * 20, b"c" * 20):
            assert mailbox.put(chunk, 9)
        for _ in range(reading):
            mailbox.take()
        mailbox.clear()
        assert mailbox.take() is None and mailbox.idle_ms == 0
        assert mailbox.put(b"new", 7)
        assert _read(mailbox) == (b"new", 7)
        assert mailbox.take() is None


def _free(size, lying):
    """The largest piece that is free, of a ring in which chunks lie at these places: (start, end), oldest first."""
    if not lying:
        return size
    start, end = lying[0][0], lying[-1][1]
    if end > start:
        return max(size - end, start)
    return start - end


def test_a_ring_keeps_what_it_takes_and_refuses_only_what_has_no_room():
    """Every order of writing and reading; the model knows where each chunk must lie."""
    random.seed(11)
    for size in (9, 24, 25, 64, 640):
        mailbox = Mailbox(size)
        waiting, lying, held = [], [], False
        for step in range(_STEPS // 5):
            if random.getrandbits(1):
                length = random.getrandbits(10) % (size if step % 3 else size // 3 + 1)
                needed = _HEADER + length
                chunk = bytes([(step + n) & 0xFF for n in range(min(length, 4))]) + bytes(max(0, length - 4))
                fits = needed <= _free(size, lying)
                assert mailbox.put(chunk, step & 0xFFFF) == fits
                if fits:
                    waiting.append((chunk, step & 0xFFFF))
                    end = lying[-1][1] if lying else size
                    behind = lying and (size - end if end > lying[0][0] else lying[0][0] - end)
                    at = end if lying and needed <= behind else 0
                    lying.append((at, at + needed))
            else:
                if held:
                    lying.pop(0)
                told = _read(mailbox)
                held = told is not None
                assert told == (waiting.pop(0) if waiting else None)
