"""Where a journal is read from: a folder of files, a serial port, or the running simulator; and where a key is begun.

The console's answers are lines (firmware/latchkey/links/journal_answer.py); over a serial port they stand between
others. Everything has a deadline. raises: Problem.
"""

import argparse
import json
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path

from latchkey_tools.journal.files import STATE, Journal
from latchkey_tools.phone.problem import CannotStart, Problem

_FILE_LIMIT = 1 << 20
_ANSWER_S = 5.0
_WHOLE_S = 300.0  # 2,400 rows over a slow line take half of it


def read(chosen: argparse.Namespace) -> Journal:
    """The journal from where the arguments say."""
    if chosen.files is not None:
        return _of_folder(Path(chosen.files))
    return _of_lines(_ask(chosen, "journal read", "end"))


def begin(chosen: argparse.Namespace, key: bytes) -> int:
    """Have a chain begun with this first key; returns the number of its first row."""
    for line in _ask(chosen, f"journal begin {key.hex()}", "begun"):
        word, _, number = line.partition(" ")
        if word == "begun" and number.isdecimal():
            return int(number)
    raise _silence()


def _of_folder(folder: Path) -> Journal:
    try:
        found = [path for path in folder.iterdir() if path.is_file() and path.stat().st_size <= _FILE_LIMIT]
        journal = Journal.of_files({path.name: path.read_bytes() for path in found})
    except OSError as error:
        raise CannotStart(f"{folder} cannot be read ({error.strerror}): name the folder with the journal's files.")
    if not journal.rows and journal.state is None:
        raise CannotStart(f"{folder} holds no journal: its files have 8 hex digits as names, and one is `{STATE}`.")
    return journal


def _of_lines(lines: Iterable[str]) -> Journal:
    files: dict[str, bytes] = {}
    name = ""
    following = None
    try:
        for line in lines:
            word, *rest = line.split()
            if word == "file":
                name, _ = rest
                files[name] = b""
            elif word == "rows":
                files[name] += bytes.fromhex(rest[0])
            elif word == "end":
                following = int(rest[0])
    except (ValueError, KeyError, IndexError):
        raise Problem("damaged answer", "The controller's answer arrived damaged: try again.")
    if following is None:
        raise _silence()
    journal = Journal.of_files(files)
    journal.following = following
    return journal


def _ask(chosen: argparse.Namespace, line: str, last: str) -> Iterator[str]:
    """The console's lines about the journal, up to the one that begins with `last`."""
    from latchkey_tools.console.cable import Cable  # a folder of files needs no serial port

    with Cable(chosen.port or _usb_of(chosen.simulator)) as cable:
        cable.write(line)
        for word, rest in cable.lines(_WHOLE_S):
            if word == "error" and rest.startswith("journal"):
                raise Problem("refused", f"The controller says: {rest.partition(' ')[2]}.")
            if word == "journal":
                yield rest
                if rest.startswith(last):
                    return
    raise _silence()


def _usb_of(url: str) -> str:
    """Where the simulated cable ends."""
    try:
        with urllib.request.urlopen(url.rstrip("/") + "/api/state", timeout=_ANSWER_S) as answer:
            return f"socket://{json.load(answer)['simulator']['usb']}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotStart(f"No simulator answers at {url} ({error}): start one with `make run`, or name a --port.")


def _silence() -> Problem:
    return Problem("no answer", "The controller did not answer to the end: is it running, and its firmware new enough?")
