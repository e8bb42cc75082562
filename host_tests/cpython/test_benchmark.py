"""The benchmark's judgement: what is missed, and what is not there at all, is noticed and said."""

import pytest
from latchkey_tools.benchmark import figures, tap
from latchkey_tools.benchmark.crypto import Row
from latchkey_tools.benchmark.crypto import figures as judged
from latchkey_tools.benchmark.figures import BEGIN, COUNT, END, WALL, Figure, Section

_FULL, _COMPACT, _EMBIT = "P-256 ECDH, full", "P-256 ECDH, compact", "P-256 ECDH, embit"
_GOOD = {
    _FULL: Row(_FULL, 100.0, 2048),
    _COMPACT: Row(_COMPACT, 175.0, 2048),
    _EMBIT: Row(_EMBIT, 700.0, -1),
    "P-256 public key, full": Row("P-256 public key, full", 1.0, 0),
    "P-256 public key, compact": Row("P-256 public key, compact", 1.0, 0),
}


def _missed(*changes):
    rows = dict(_GOOD)
    rows.update({row.name: row for row in changes})
    return [one.what for one in judged(list(rows.values())) if one.met is False]


def test_budgets_that_are_just_met():
    assert _missed() == []


@pytest.mark.parametrize(
    "change",
    [
        Row(_FULL, 100.1, 0),
        Row(_COMPACT, 175.1, 0),
        Row(_FULL, 100.0, 2049),
        Row(_COMPACT, 1.0, 2049),
        Row("P-256 public key, full", 1.0, -1),
    ],
)
def test_a_missed_budget_is_named(change):
    (missed,) = _missed(change)
    assert missed.startswith(change.name)


def test_a_faster_peer_misses_both_ratios():
    assert len(_missed(Row(_EMBIT, 600.0, 0))) == 2


def test_a_missing_row_is_no_success():
    with pytest.raises(KeyError):
        list(judged([row for row in _GOOD.values() if row.name != _EMBIT]))


def _met(found):
    return [one.met for one in found]


def test_one_count_too_many_in_one_of_four_taps_is_missed_and_told():
    good = [[cards, tap, "0", "2", "0", "0", "0"] for cards in ("1", "300") for tap in ("first", "later")]
    assert _met(tap.counted(good)) == [True] * 5
    for at in range(2, 7):
        bad = [list(row) for row in good]
        bad[3][at] = str(int(bad[3][at]) + 1)
        found = tap.counted(bad)
        assert _met(found).index(False) == at - 2 and _met(found).count(False) == 1
        assert f"{bad[3][at]} (later tap, 300 cards)" in found[at - 2].figure


def test_a_turn_over_a_millisecond_says_what_it_was_doing():
    found = tap.turns(
        [
            ["vehicle", "1000", "9", "a"],
            ["nfc", "1001", "9", "enrolment"],
            ["ble", "7", "9", "c"],
            ["console", "5", "9", "b"],
        ]
    )
    assert _met(found) == [True, False, True, True]
    assert "enrolment" in found[1].figure
    with pytest.raises(KeyError):
        tap.turns([["vehicle", "1", "9", "a"]])


def test_lookup_that_grows_with_the_list_is_missed():
    assert _met(tap.lookup([["RAM", "1.000", "1.200"], ["flash", "1.000", "1.210"]])) == [True, False]


_SECTIONS = [Section("Taps", "a note", [Figure("awaits", "1", COUNT, "0", False), Figure("p50", "279 ms", WALL)])]


def test_a_missed_budget_stands_out_in_both_tables():
    assert "NOT met: awaits: 1, budget 0" in list(figures.text(_SECTIONS))
    assert "| awaits | 1 | **0: NOT met** | count |" in list(figures.markdown(_SECTIONS))
    assert "| p50 | 279 ms | none | wall clock |" in list(figures.markdown(_SECTIONS))
    assert not figures.all_met(_SECTIONS)


def test_the_readme_is_written_between_its_markers_and_nowhere_else(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert figures.write_into(readme, "new \\1")
    assert readme.read_text() == f"before\n{BEGIN}\n\nnew \\1\n\n{END}\nafter\n"
    readme.write_text("no markers")
    assert not figures.write_into(readme, "new")
    assert readme.read_text() == "no markers"
