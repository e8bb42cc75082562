"""The harness wire: lines of ASCII between the firmware and the simulated car. Bytes in, messages out; no sockets.

  firmware -> car   out NAME 0|1, pulse NAME MS, stop NAME, status JSON, verdict JSON, cut, flash WRITES ERASES,
                    stored NAME, limit NUMBER MS, error TEXT, and answers for whoever is at the USB console
  car -> firmware   in NAME INT, ready, cut N VARIANT, set NAME VALUE, and what is typed on the console:
                    revoke, suspend, admit NUMBER; guest NUMBER FROM UNTIL; time UTC

A line that makes no sense is reported and dropped; it never ends the connection, because a firmware under development
says odd things and its page should show them instead of going dark.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

LINE_LIMIT = 262_144  # a status with the keys of 1,000 cards has about 70 KB
PULSE_LIMIT_MS = 60_000
VARIANTS = ("none", "half", "almost", "all")

Message = tuple[str, *tuple[object, ...]]


class WireError(Exception):
    """A line that is not part of the wire. The text shows at most the first 80 characters of it."""


class Lines:
    """Cuts a byte stream into lines. A line longer than LINE_LIMIT is dropped whole and counted in `dropped`."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._overlong = False
        self.dropped = 0

    def feed(self, data: bytes) -> Iterator[str]:
        """Takes what arrived, gives each line that it completes, without its end."""
        self._rest += data
        *whole, rest = self._rest.split(b"\n")
        self._rest = bytearray(rest)
        for line in whole:
            if self._overlong or len(line) > LINE_LIMIT:
                self._overlong = False
                self.dropped += 1
            else:
                yield line.rstrip(b"\r").decode("ascii", "backslashreplace")
        if len(self._rest) > LINE_LIMIT:
            self._rest.clear()
            self._overlong = True


def parse(line: str) -> Message:
    """One line of the firmware's as (word, arguments...). Raises WireError."""
    word, _, rest = line.partition(" ")
    try:
        match word:
            case "out":
                name, level = rest.split(" ")
                return word, name, _number(level, 1)
            case "pulse":
                name, length = rest.split(" ")
                return word, name, _number(length, PULSE_LIMIT_MS)
            case "stop":
                (name,) = rest.split()
                return word, name
            case "status" | "verdict":
                return word, _object(rest)
            case "flash":
                writes, erases = rest.split(" ")
                return word, _number(writes, 1 << 53), _number(erases, 1 << 53)
            case "cut" if not rest:
                return (word,)
            case "stored":
                (name,) = rest.split()
                return word, name
            case "limit":
                number, limit_ms = rest.split(" ")
                return word, _number(number, 65_535), _number(limit_ms, 1_000)
            case "error":
                return word, rest[:200]
            case "about" | "settings" | "tried" | "journal":
                return (word,)
    except ValueError:
        pass
    raise WireError(f"not a line of the harness: {line[:80]!r}")


def format_input(name: str, value: int) -> str:
    return f"in {name} {value}"


def format_cut(nth: int, variant: str) -> str:
    return f"cut {nth} {variant}"


def format_key(word: str, number: int) -> str:
    """word: revoke, suspend or admit."""
    return f"{word} {number}"


def format_guest(number: int, until: datetime | None) -> str:
    """A guest who may come from now until then; None: at any time."""
    return f"guest {number} - {_utc(until)}" if until else f"guest {number} always"


def format_time(now: datetime) -> str:
    return f"time {_utc(now)}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M}"


def format_set(name: str, value: str) -> str:
    """A setting of the controller; an empty value erases it."""
    return f"set {name} {value}".rstrip()


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 16 or int(text) > most:
        raise ValueError
    return int(text)


def _object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text, parse_constant=_not_json)
    except RecursionError:
        raise ValueError
    if not isinstance(value, dict):
        raise ValueError
    return value


def _not_json(name: str) -> object:
    raise ValueError  # Python reads NaN and Infinity, browsers do not
