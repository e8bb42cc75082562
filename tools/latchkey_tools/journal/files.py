"""The files of a journal as they lie in the flash: rows at their places, and what does not fit together."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from latchkey_tools.journal.rows import ROW_LEN, Row

STATE = "state"
_NAME = re.compile(r"[0-9a-f]{8}")
_MAGIC = b"LKJ1"
_STATE_LEN, _SUM_LEN = 52, 8


@dataclass(frozen=True)
class State:
    """What the controller goes on with: the number of the next row and its key."""

    number: int
    key: bytes


@dataclass
class Journal:
    """rows: in the order of their places. oddities: sentences about files that are not as the controller writes them.

    following: the number of the next row, where somebody has said that; else None.
    """

    rows: list[Row] = field(default_factory=list)
    oddities: list[str] = field(default_factory=list)
    state: State | None = None
    following: int | None = None

    @classmethod
    def of_files(cls, files: Mapping[str, bytes]) -> "Journal":
        """files: name -> contents. Other names than those of a journal are passed over."""
        journal = cls()
        for name in sorted(name for name in files if _NAME.fullmatch(name)):
            journal._add(name, files[name])
        if STATE in files:
            journal.state = _state(files[STATE])
            if journal.state is None:
                journal.oddities.append("The file `state` is damaged: the controller will begin a new chain.")
        return journal

    def _add(self, name: str, data: bytes) -> None:
        first = int(name, 16)
        if self.rows and first <= self.rows[-1].place:
            self.oddities.append(f"File {name} begins before the one before it ends: it is passed over.")
            return
        whole = len(data) // ROW_LEN
        if len(data) % ROW_LEN:
            self.oddities.append(f"File {name} ends in the middle of row {first + whole}.")
        for at in range(whole):
            self.rows.append(Row.parse(first + at, data[at * ROW_LEN : (at + 1) * ROW_LEN]))


def _state(data: bytes) -> State | None:
    body, code = data[:-_SUM_LEN], data[-_SUM_LEN:]
    if len(data) != _STATE_LEN or not data.startswith(_MAGIC) or hashlib.sha256(body).digest()[:_SUM_LEN] != code:
        return None
    return State(int.from_bytes(data[4:8], "big"), data[12:44])
