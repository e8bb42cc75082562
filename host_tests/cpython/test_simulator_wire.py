"""The harness lines: everything of the contract is understood, everything else is one error, whatever arrives."""

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from latchkey_tools.simulator.wire import (
    LINE_LIMIT,
    Lines,
    WireError,
    format_cut,
    format_guest,
    format_input,
    format_key,
    format_set,
    format_time,
    parse,
)


def is_refused(line):
    try:
        parse(line)
    except WireError:
        return True
    return False


def test_every_line_of_the_contract_is_understood():
    assert parse("out drive_enable 1") == ("out", "drive_enable", 1)
    assert parse("pulse unlock 500") == ("pulse", "unlock", 500)
    assert parse("stop lock") == ("stop", "lock")
    assert parse('status {"lock": "locked"}') == ("status", {"lock": "locked"})
    assert parse('verdict {"seq": 1}') == ("verdict", {"seq": 1})
    assert parse("cut") == ("cut",)
    assert parse("flash 12 3") == ("flash", 12, 3)
    assert parse("stored remote_unlock") == ("stored", "remote_unlock")
    assert parse("limit 3 196") == ("limit", 3, 196)
    assert parse("error not a command: x") == ("error", "not a command: x")


def test_what_the_simulator_says_is_spelled_as_agreed():
    assert format_input("speed", 50) == "in speed 50"
    assert format_cut(3, "almost") == "cut 3 almost"
    assert [format_key(word, 7) for word in ("revoke", "suspend", "admit")] == ["revoke 7", "suspend 7", "admit 7"]
    when = datetime(2026, 11, 20, 19, 0, tzinfo=timezone(timedelta(hours=1)))
    assert (format_guest(7, when), format_guest(7, None)) == ("guest 7 - 2026-11-20T18:00", "guest 7 always")
    assert format_time(when) == "time 2026-11-20T18:00"
    assert format_set("remote", "on") == "set remote on"
    assert format_set("broker", "") == "set broker"


def test_what_is_almost_a_line_is_refused():
    for line in (
        "",
        "out drive_enable 2",
        "out drive_enable",
        "pulse unlock -1",
        "pulse unlock 60001",
        "pulse unlock 1e3",
        "pulse unlock ١",
        "stop",
        "stop lock unlock",
        "stored",
        "stored one two",
        "limit 3",
        "limit 3 1001",
        "status []",
        "status {",
        'status {"uptime_s": NaN}',
        "cut now",
        "flash 1",
        "flash " + "9" * 5_000 + " 1",
        "status " + "[" * 100_000,
        "hello",
    ):
        assert is_refused(line), line[:60]


def test_an_error_does_not_carry_the_whole_line():
    try:
        parse("x" * 10_000)
    except WireError as error:
        assert len(str(error)) < 150


def test_lines_arrive_in_pieces():
    lines = Lines()
    assert list(lines.feed(b"out light_r")) == []
    assert list(lines.feed(b"ed 1\r\nstop lock\npul")) == ["out light_red 1", "stop lock"]


def test_an_overlong_line_is_dropped_and_the_next_one_is_heard():
    lines = Lines()
    assert list(lines.feed(b"x" * (LINE_LIMIT + 1))) == []
    assert list(lines.feed(b"x" * LINE_LIMIT)) == []
    assert list(lines.feed(b"xx\ncut\n")) == ["cut"]
    assert lines.dropped == 1


@given(st.binary(max_size=400), st.integers(1, 50))
def test_pieces_of_any_size_give_the_same_lines(data, size):
    whole, pieces = Lines(), Lines()
    expected = list(whole.feed(data))
    got = [line for start in range(0, len(data), size) for line in pieces.feed(data[start : start + size])]
    assert got == expected


_WORDS = st.sampled_from(["out", "pulse", "stop", "status", "verdict", "cut", "flash", "lock", "1", "{}", '{"a":', " "])


@given(st.one_of(st.text(max_size=200), st.lists(_WORDS, max_size=8).map(" ".join)))
def test_no_line_raises_anything_else(line):
    try:
        word, *_ = parse(line)
        assert word in ("out", "pulse", "stop", "status", "verdict", "cut", "flash", "error")
    except WireError:
        pass
