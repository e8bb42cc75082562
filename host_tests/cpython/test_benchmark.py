"""The benchmark's judgement: a missed ratio, too much garbage and a row that is not there are noticed."""

import pytest
from latchkey_tools.benchmark import Row, gates

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
    return [gate.budget for gate in gates(list(rows.values())) if not gate.met]


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
        list(gates([row for row in _GOOD.values() if row.name != _EMBIT]))
