"""What the kept keys and heads prove of a journal, and what they find wrong with it.

The key of each row comes from that of the row before (rows.next_key), so one first key proves every later row at its
place: whoever has changed, moved or made one up without the key of that place is found out. Rows cut off at the end are
missed by a head that somebody kept, by the state beside the files, or by the controller at its next boot.

Not found: rows that were never written; rows cut off together with the state, by somebody who had an earlier copy of
both, while nobody kept a head; what was done with the keys of rows that were yet to be written, which lay in the flash.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from latchkey_tools.journal import rows
from latchkey_tools.journal.files import Journal
from latchkey_tools.journal.rows import Row, key_id, next_key

VERIFIED, FALSE, UNVERIFIED = "verified", "false", "not verified"

_OVER_USB = "another key was begun over USB"
_WHY = {
    rows.STATE_LOST: "the controller says that it had lost its own, by damage or because somebody deleted it",
    rows.NEW: "the controller says that its journal is new, as after everything was erased",
}


@dataclass(frozen=True)
class Chain:
    """first: the number of its first row, None where the answer to `begin` got lost."""

    key: bytes
    first: int | None


@dataclass
class Report:
    """proofs: place -> VERIFIED, FALSE or UNVERIFIED. wrong: sentences, each of which spoils the verification. told:
    what somebody should know besides."""

    proofs: dict[int, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def count(self, proof: str) -> int:
        return sum(1 for each in self.proofs.values() if each == proof)


def verify(journal: Journal, chains: Sequence[Chain], heads: Iterable[str]) -> Report:
    """heads: NUMBER:HEX, kept by somebody at some time."""
    report = Report(wrong=list(journal.oddities))
    report.proofs = dict.fromkeys((row.place for row in journal.rows), UNVERIFIED)
    _look_for_holes(journal, report)
    placed = sorted(_placed(journal, chains), key=lambda chain: chain[1])
    for number, (key, first) in enumerate(placed):
        _walk(journal, key, first, placed[number + 1][1] if number + 1 < len(placed) else None, report)
    if chains and not placed:
        report.wrong.append("The controller never took up the kept key: `latchkey journal begin` makes another.")
    _judge(journal, placed, report)
    _check_end(journal, placed, report)
    for head in heads:
        _check_head(journal, head, report)
    _tell(journal, report)
    return report


def _placed(journal: Journal, chains: Sequence[Chain]) -> list[tuple[bytes, int]]:
    """The chains whose beginning is known, from the answer to `begin` or from their first row."""
    begun = {row.key_id: row.place + 1 for row in journal.rows if row.kind == rows.NEXT_KEY}
    begun |= {row.key_id: row.place for row in journal.rows if row.kind == rows.BEGUN}
    found = []
    for chain in chains:
        first = chain.first if chain.first is not None else begun.get(key_id(chain.key))
        if first is not None and (chain.first is not None or _begins(journal, first, chain.key)):
            found.append((chain.key, first))
    return found


def _begins(journal: Journal, place: int, key: bytes) -> bool:
    """False where flash refused the new key after it had been announced: the chain before goes on."""
    return any(row.place == place and row.is_proved_by(key) for row in journal.rows)


def _walk(journal: Journal, key: bytes, first: int, following: int | None, report: Report) -> None:
    """Prove the rows of one chain, up to where it says that it ends. following: first row of the next kept chain."""
    at = first
    for row in journal.rows:
        if row.place < first or (following is not None and row.place >= following):
            continue
        while at < row.place:
            key, at = next_key(key), at + 1
        good = row.is_proved_by(key)
        if not good and row.kind == rows.BEGUN:
            return  # of another chain, or it says so: either is told
        report.proofs[row.place] = VERIFIED if good else FALSE
        if good and row.kind == rows.NEXT_KEY and not _goes_on(journal, row.place, key):
            return


def _goes_on(journal: Journal, place: int, key: bytes) -> bool:
    """The power failed just after the chain had been said to end: the row behind is its own all the same."""
    return any(row.place == place + 1 and row.is_proved_by(next_key(key)) for row in journal.rows)


def _look_for_holes(journal: Journal, report: Report) -> None:
    for before, row in zip(journal.rows, journal.rows[1:], strict=False):
        if row.place == before.place + 1:
            continue
        if row.kind == rows.BEGUN and row.verdict == rows.STATE_LOST:
            report.wrong.append(
                f"After row {before.place} the controller had lost its key and went on at {row.place}: how many rows "
                "there were in between is not known."
            )
        else:
            report.wrong.append(f"{_rows(before.place + 1, row.place - 1)} missing.")


def _judge(journal: Journal, placed: list[tuple[bytes, int]], report: Report) -> None:
    """False rows and rows of other chains, in as few sentences as possible."""
    if not placed:
        return
    begin = placed[0][1]
    later = [row for row in journal.rows if row.place >= begin]
    if later and not report.count(VERIFIED):
        report.wrong.append("No row is proved by the kept key: it is another controller's, or every row was changed.")
        return
    for first, last in _runs(row for row in later if report.proofs[row.place] == FALSE):
        report.wrong.append(f"{_rows(first, last)} not what was written: changed, moved or made up.")
    for first, last in _runs(row for row in later if report.proofs[row.place] == UNVERIFIED):
        why = next((_WHY.get(row.verdict, _OVER_USB) for row in later if row.place == first), _OVER_USB)
        report.wrong.append(f"{_rows(first, last)} under a key that is not kept here: {why}.")
    early = sum(1 for row in journal.rows if row.place < begin)
    if early == len(journal.rows):
        report.wrong.append("There is no row of the kept chain.")
    if early:
        report.told.append(f"{early} rows are older than the first kept key: read, not verified.")


def _check_end(journal: Journal, placed: list[tuple[bytes, int]], report: Report) -> None:
    """What says that there were more rows than are there: the state beside the files, or the controller itself."""
    end = journal.rows[-1].place + 1 if journal.rows else 0
    if journal.state is not None and placed:
        key, at = placed[-1]
        while at < journal.state.number and at < end + 100_000:
            key, at = next_key(key), at + 1
        if at == journal.state.number and key != journal.state.key and report.proofs.get(end - 1) == VERIFIED:
            report.wrong.append("The key in the file `state` is not the one that comes next: it was put there.")
    following = journal.state.number if journal.state is not None else journal.following
    if following is not None and following > end:
        report.wrong.append(f"{_rows(end, following - 1)} missing at the end.")


def _check_head(journal: Journal, head: str, report: Report) -> None:
    place, _, code = head.partition(":")
    number = int(place)
    row = next((row for row in journal.rows if row.place == number), None)
    if row is not None:
        if row.head != head:
            report.wrong.append(f"Row {number} is not the one whose head was kept ({code}): it was written anew.")
    elif not journal.rows or number > journal.rows[-1].place:
        report.wrong.append(f"Row {number} was there when its head was kept, and is missing: the end was cut off.")
    elif number < journal.rows[0].place:
        report.told.append(f"Row {number}, whose head was kept, is older than what is kept in the ring.")
    else:
        report.wrong.append(f"Row {number} was there when its head was kept, and is missing.")


def _tell(journal: Journal, report: Report) -> None:
    for row in journal.rows:
        if report.proofs[row.place] == VERIFIED:
            if row.kind == rows.BOOT and row.verdict in (rows.DAMAGED, rows.STATE_LOST):
                report.wrong.append(f"At boot {row.boot} (row {row.place}) the controller itself found rows missing.")
            elif row.kind == rows.LOST:
                report.told.append(f"Row {row.place}: {row.count} decisions found no room and were not recorded.")
    cuts = [row for row in journal.rows if row.kind == rows.BOOT and row.verdict == rows.CUT]
    if cuts:
        report.told.append(
            f"{len(cuts)} boots came after the supply had been cut, the last at row {cuts[-1].place}: before each, "
            "decisions that were yet to be written, of its last seconds as a rule, and the refusals of 10 minutes or "
            "more, may be missing; how many is not known."
        )


def _runs(found: Iterable[Row]) -> list[tuple[int, int]]:
    """(first, last) of places in a row."""
    runs: list[tuple[int, int]] = []
    for row in found:
        if runs and runs[-1][1] == row.place - 1:
            runs[-1] = (runs[-1][0], row.place)
        else:
            runs.append((row.place, row.place))
    return runs


def _rows(first: int, last: int) -> str:
    return f"Row {first} is" if first == last else f"Rows {first} to {last} are"
