"""A row in words, and as a record for other programs. What numbers are called the firmware says (core/words.py)."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from latchkey_tools.journal import rows
from latchkey_tools.journal.rows import Row


def _firmware_words() -> ModuleType:
    """From the file, without the package around it: that wants MicroPython's modules."""
    path = Path(__file__).resolve().parents[3] / "firmware/latchkey/core/words.py"
    spec = importlib.util.spec_from_file_location("latchkey_words", path)
    assert spec is not None and spec.loader is not None  # it is a file of Python
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_FIRMWARE = _firmware_words()

FIELDS = (
    *("number", "boot", "uptime_s", "kind", "source", "action", "verdict", "text"),
    *("credential", "key", "count", "proof"),
)
_MISSING = (
    "decisions that were yet to be written, of its last seconds as a rule, and the refusals of 10 minutes or more, may "
    "be missing; how many is not known"
)
_ENDINGS = {
    rows.CLEAN: "the last one ended on purpose",
    rows.CUT: "the last one was cut off: " + _MISSING,
    rows.DAMAGED: "rows were missing, torn or false; " + _MISSING,
    rows.STATE_LOST: "the journal's key was lost, and a new chain begins; " + _MISSING,
    rows.NEW: "there was no journal before",
}


def sentence(row: Row) -> str:
    """Who, what and how it was decided, without number and time."""
    if row.kind == rows.DECISION:
        who = _word(_FIRMWARE.SOURCES, row.source) + (f" {row.key_id}" if row.key_id != "00000000" else "")
        who += f" (number {row.credential})" if row.credential >= 0 else ""
        return f"{who}: {_word(_FIRMWARE.ACTIONS, row.action) or 'nothing'}: {_FIRMWARE.verdict_name(row.verdict)}"
    if row.kind == rows.COUNTED:
        return f"{row.count} times {_word(_FIRMWARE.SOURCES, row.source) or 'somebody'}: {_counted(row.verdict)}"
    return _OTHER_KINDS.get(row.kind, lambda row: f"a row of the unknown kind {row.kind}")(row)


def record(row: Row, proof: str) -> dict[str, Any]:
    """In the order of FIELDS. proof: verified, false, or not verified."""
    decided = row.kind in (rows.DECISION, rows.COUNTED)
    values = (
        *(row.place, row.boot, row.uptime_s, _word(rows.KINDS, row.kind)),
        *(_word(_FIRMWARE.SOURCES, row.source), _word(_FIRMWARE.ACTIONS, row.action), row.verdict if decided else None),
        sentence(row),
        *(row.credential if row.credential >= 0 else None, row.key_id if int(row.key_id, 16) else ""),
        *(row.count if row.kind != rows.BOOT or not row.count else None, proof),  # not known; once it said 16
    )
    return dict(zip(FIELDS, values, strict=True))


def _counted(verdict: int) -> str:
    return "of other kinds" if verdict == rows.OTHERS else _FIRMWARE.verdict_name(verdict)


def _boot(row: Row) -> str:
    how = _ENDINGS.get(row.verdict, f"unknown ending {row.verdict}")
    cause = _word(_FIRMWARE.CAUSES, row.source)
    return f"boot {row.boot}{f' ({cause})' if cause else ''}: {how}"


_OTHER_KINDS = {
    rows.BEGUN: lambda row: f"a chain begins, under key {row.key_id}",
    rows.BOOT: _boot,
    rows.LOST: lambda row: f"{row.count} decisions found no room and were not recorded",
    rows.ENDED: lambda row: "switched off on purpose",
    rows.NEXT_KEY: lambda row: f"this chain ends here: key {row.key_id} was begun over USB",
}


def _word(vocabulary: str, number: int) -> str:
    """An unknown number, of firmware newer than this tool, stays one."""
    known = vocabulary.split(",")
    return known[number] if number < len(known) else str(number)
