"""What lines on the USB console ask of the keys and of the clock. Loaded when somebody types one.

Dates are written as 2026-11-20T18:00, in UTC; the vehicle counts seconds since 2000-01-01. From 2000 to 2099 each
fourth year is a leap year.
"""

from micropython import const

from latchkey.core import codes
from latchkey.core.words import ROLES
from latchkey.credentials import entries

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Sequence

    from latchkey.core.request import Request
    from latchkey.vehicle import Vehicle

_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
_MOST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_LAST_S = const(0xFFFFFFFF)
_WHILE_UNSET = const(1)  # windows.WHILE_UNSET
_LONGEST_MS = const(1_000)  # no card is waited for any longer
_SHAPE = "0000-00-00T00:00"
_CHANGES = {
    "revoke": codes.REVOKE_KEY,
    "suspend": codes.SUSPEND_KEY,
    "admit": codes.ADMIT_KEY,
    "guest": codes.LIMIT_KEY,
}


class DateError(Exception):
    """That is no time."""


def obey(words: "Sequence[str]", request: "Request", vehicle: "Vehicle") -> str:
    """Ask for what a line wants; returns what to answer, "" where the verdict says it all. request: the console's."""
    request.clear()
    try:
        if words[0] == "limit":
            return _limit(words, request, vehicle)
        if words[0] == "card":
            return _add_card(words, request, vehicle)
        if words[0] == "time":
            return _set_clock(words, request, vehicle)
        return _change_key(words, request, vehicle)
    except DateError:
        return "error not a time: say it in UTC, as 2026-11-20T18:00"


def _set_clock(words: "Sequence[str]", request: "Request", vehicle: "Vehicle") -> str:
    request.action = codes.SET_CLOCK
    request.argument = seconds_of(words[1] if len(words) == 2 else "")
    done = codes.is_accepted(vehicle.request(request))
    return "stored time" if done else "error time: that is long over"


def _change_key(words: "Sequence[str]", request: "Request", vehicle: "Vehicle") -> str:
    if len(words) < 2 or not words[1].isdigit() or (len(words) > 2 and words[0] != "guest"):
        return "error %s: say the number of one key" % words[0]
    request.action = _CHANGES[words[0]]
    request.argument = int(words[1])
    if words[0] == "guest":
        request.window = window_of(words[2:])
    if vehicle.registry.condition(request.argument) == entries.ABSENT:
        vehicle.refuse(request, codes.NO_SUCH_KEY)
    else:
        vehicle.request(request)
    return ""


def _limit(words: "Sequence[str]", request: "Request", vehicle: "Vehicle") -> str:
    """How long a card may take to answer, or that from now on it may take so long."""
    number = int(words[1]) if len(words) > 1 and words[1].isdigit() else vehicle.registry.count
    wanted = words[2] if len(words) == 3 else ""
    limit_ms = int(wanted) if wanted.isdigit() else 0
    if len(words) > 3 or (wanted and wanted != "off" and not 0 < limit_ms <= _LONGEST_MS):
        return "error limit NUMBER MS, from 1 to 1000, or limit NUMBER off"
    if vehicle.registry.condition(number) == entries.ABSENT:
        request.action = codes.PACE_KEY
        vehicle.refuse(request, codes.NO_SUCH_KEY)
        return ""
    pace = vehicle.registry.pace(number)
    if wanted:
        pace = entries.pace_of(limit_ms)
        if not codes.is_accepted(vehicle.set_pace(request, number, pace)):
            return ""
    return "limit %d %d" % (number, pace * entries.PACE_MS)


def _add_card(words: "Sequence[str]", request: "Request", vehicle: "Vehicle") -> str:
    """An AES card made elsewhere. What is wrong with it is not told: there may be a key in it."""
    try:
        _, uid, key, role = words
        given = bytes.fromhex(uid), bytes.fromhex(key), ROLES.split(",").index(role)
    except ValueError:
        given = b"", b"", 0
    if len(given[0]) != entries.UID_LEN or len(given[1]) != entries.K_LEN:
        return "error not a card"
    request.key_id[:] = entries.short_id(entries.card_name(given[0]))
    vehicle.add_aes_card(request, *given)
    return ""


def seconds_of(text: str) -> int:
    """Seconds since 2000-01-01 of a text like 2026-11-20T18:00. raises: DateError."""
    if len(text) != len(_SHAPE) or any((a if b != "0" else "0") != b for a, b in zip(text, _SHAPE)):
        raise DateError
    pieces = [text[at : at + 2] for at in (2, 5, 8, 11, 14)]
    if not all(piece.isdigit() for piece in pieces):
        raise DateError
    year, month, day, hour, minute = [int(piece) for piece in pieces]
    leap = year % 4 == 0
    if text[:2] != "20" or not 1 <= month <= 12 or hour > 23 or minute > 59:
        raise DateError
    if not 1 <= day <= (_MOST_DAYS[month - 1] if month != 2 or leap else 28):
        raise DateError
    days = 365 * year + (year + 3) // 4 + _DAYS_BEFORE[month - 1] + (leap and month > 2) + day - 1
    return (24 * days + hour) * 3_600 + 60 * minute


def window_of(words: "Sequence[str]") -> "tuple[int, int, int] | None":
    """(not before, not after, flags) of the words behind `guest NUMBER`; None for `always`. raises: DateError."""
    if list(words) == ["always"]:
        return None
    if (len(words) == 3 and words[2] != "unset") or not 2 <= len(words) <= 3:
        raise DateError
    from_s = 0 if words[0] == "-" else seconds_of(words[0])
    until_s = _LAST_S if words[1] == "-" else seconds_of(words[1])
    return from_s, until_s, _WHILE_UNSET if len(words) == 3 else 0
