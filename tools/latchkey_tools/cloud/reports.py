"""What a car tells of itself on its broker: state, events, diagnostics. Unsigned: whoever has the broker can forge it.

It is for showing and decides nothing. Therefore it is also taken apart with suspicion: at most 2 KiB, known fields of
the right type, short plain words; what does not fit is as if it had not been said.
"""

import json
import re
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from latchkey_tools.cloud.topics import MESSAGE_LIMIT

_WORD = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9 ,:;'_-]{0,79}")
_MOST = 2**53


@dataclass(frozen=True)
class State:
    """As latchkey/VIN/state says. lock: a word of LOCKS; None where the car does not know or say."""

    lock: str = ""
    confirmed: bool | None = None
    doors_open: bool | None = None
    drive: str = ""
    drive_revoked: bool | None = None
    guests_suspended: bool | None = None
    by: str = ""
    key: str = ""
    action: str = ""
    verdict: str = ""
    remote: bool | None = None
    remote_unlock: bool | None = None
    uptime_s: int | None = None


@dataclass(frozen=True)
class Event:
    """One decision, or where `refused` is given that many that are told as one."""

    source: str = ""
    action: str = ""
    verdict: str = ""
    key: str = ""
    refused: int | None = None


@dataclass(frozen=True)
class Diagnostic:
    """Measures of the controller."""

    uptime_s: int | None = None
    heap_free: int | None = None
    reader: str = ""
    radio: str = ""
    supply_mv: int | None = None
    connects: int | None = None
    retained_refused: int | None = None


_Report = TypeVar("_Report", State, Event, Diagnostic)


def state(payload: bytes) -> State | None:
    return _read(State, payload)


def event(payload: bytes) -> Event | None:
    return _read(Event, payload)


def diagnostic(payload: bytes) -> Diagnostic | None:
    return _read(Diagnostic, payload)


def online(payload: bytes) -> bool | None:
    """None for what is neither yes nor no."""
    return {b"1": True, b"0": False}.get(payload)


def deed(action: str, verdict: str, by: str, key: str) -> str:
    """Who asked for what, and what became of it: "lock by keycard 01234567: accepted"."""
    who = " ".join(word for word in (by, key) if word)
    what = f"{action} by {who}" if who else action
    return f"{what}: {verdict}" if what and verdict else what


def _read(kind: type[_Report], payload: bytes) -> _Report | None:
    """The report, None for what is no object of JSON."""
    if len(payload) > MESSAGE_LIMIT:
        return None
    try:
        content: Any = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    wanted = {field.name: str(field.type) for field in fields(kind)}
    return kind(**{name: content[name] for name, type_ in wanted.items() if _fits(content.get(name), type_)})


def _fits(value: Any, type_: str) -> bool:
    if isinstance(value, bool):
        return "bool" in type_
    if isinstance(value, int):
        return "int" in type_ and 0 <= value < _MOST
    return isinstance(value, str) and type_ == str(str) and bool(_WORD.fullmatch(value))
