"""The commands of `latchkey journal`. Each ends by output.result(), or raises Problem."""

import argparse
import csv
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from latchkey_tools.journal import proof, source, words
from latchkey_tools.journal.files import Journal
from latchkey_tools.journal.keys import Keys
from latchkey_tools.journal.proof import VERIFIED, Report
from latchkey_tools.journal.rows import key_id
from latchkey_tools.phone.keyring import folder
from latchkey_tools.phone.output import Output
from latchkey_tools.phone.problem import CannotStart, Problem

_KEY_LEN = 32


class Wrong(Problem):
    """The journal is not what the controller wrote, or parts of it are missing."""

    def __init__(self, report: Report) -> None:
        super().__init__("not verified", " ".join(report.wrong))


def begin(chosen: argparse.Namespace, output: Output) -> None:
    keys = Keys(folder(), chosen.name)
    key = secrets.token_bytes(_KEY_LEN)
    keys.add(key)
    first = source.begin(chosen, key)
    keys.begun(first)
    output.result(
        f"From row {first} on the journal can be verified, with the key {key_id(key)} in {keys.path}. Keep a copy of "
        "that file, away from the car.",
        first=first,
        key=key_id(key),
        key_file=str(keys.path),
    )


def read(chosen: argparse.Namespace, output: Output) -> None:
    journal, report = _judged(chosen)
    shown = journal.rows[-chosen.last :] if chosen.last else journal.rows
    if chosen.json:
        output.result("", rows=[words.record(row, report.proofs[row.place]) for row in shown], wrong=report.wrong)
        return
    marks = {proof.VERIFIED: " ", proof.FALSE: "!", proof.UNVERIFIED: "?"}
    lines = [
        f"{marks[report.proofs[row.place]]}{row.place:>7}  boot {row.boot}, {row.uptime_s} s  {words.sentence(row)}"
        for row in shown
    ]
    lines.append(_legend(report, bool(journal.rows)))
    output.result("\n".join(lines))


def verify(chosen: argparse.Namespace, output: Output) -> None:
    keys = Keys(folder(), chosen.name)
    if not keys.chains:
        raise CannotStart(
            f"There is no key in {keys.path}: `latchkey journal begin` makes one; what is written from then on can be "
            "verified."
        )
    journal = source.read(chosen)
    heads = [*([keys.head] if keys.head else []), *chosen.head]
    report = proof.verify(journal, keys.chains, heads)
    if report.wrong:
        raise Wrong(report)
    verified = report.count(VERIFIED)
    head = journal.rows[-1].head
    keys.verified(head)
    text = f"{verified} rows are what the controller wrote, none is missing between them, and the last is {head}."
    output.result(" ".join([text, *report.told]), verified=verified, head=head, told=report.told)


def export(chosen: argparse.Namespace, output: Output) -> None:
    path = Path(chosen.file)
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise CannotStart(f"{path} is to be what? Give it a name that ends in .csv or .jsonl.")
    journal, report = _judged(chosen)
    try:
        with path.open("x", newline="", encoding="utf-8") as file:
            writer(file, [words.record(row, report.proofs[row.place]) for row in journal.rows])
    except FileExistsError:
        raise CannotStart(f"{path} is there already, and is not written over: take another name.")
    except OSError as error:
        raise CannotStart(f"{path} cannot be written ({error.strerror}).")
    output.result(f"{len(journal.rows)} rows in {path}.", rows=len(journal.rows), file=str(path))


def _judged(chosen: argparse.Namespace) -> tuple[Journal, Report]:
    journal = source.read(chosen)
    return journal, proof.verify(journal, Keys(folder(), chosen.name).chains, [])


def _legend(report: Report, rows: bool) -> str:
    if not rows:
        return "Nothing is recorded yet."
    if report.count(VERIFIED) == len(report.proofs) and not report.wrong:
        return "All rows are proved by the kept key."
    return "! is false, ? is not verified: `latchkey journal verify` says why. " + " ".join(report.wrong)


def _write_csv(file: TextIO, records: list[dict[str, Any]]) -> None:
    table = csv.DictWriter(file, words.FIELDS)
    table.writeheader()
    table.writerows(records)


def _write_lines(file: TextIO, records: list[dict[str, Any]]) -> None:
    for record in records:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")


_WRITERS: dict[str, Callable[[TextIO, list[dict[str, Any]]], None]] = {".csv": _write_csv, ".jsonl": _write_lines}
COMMANDS: dict[str, Callable[[argparse.Namespace, Output], None]] = {
    "begin": begin,
    "read": read,
    "verify": verify,
    "export": export,
}
