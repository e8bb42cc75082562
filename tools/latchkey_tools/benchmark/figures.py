"""Figures and the tables they are shown in: as text, as Markdown, and between the markers in the README."""

import platform
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

BEGIN = "<!-- made by `make benchmark`, do not edit -->"
END = "<!-- end of figures -->"
CAPTION = f"Measured on a PC ({platform.machine()}, {platform.system()}). Nothing here is measured on an ESP32."

COUNT, RATIO, CPU, WALL, BYTES, RUN = "count", "ratio", "CPU time", "wall clock", "bytes", "run"


class Figure(NamedTuple):
    """One figure. budget: as in words; met: None where nothing hangs on it; kind: one of those above.

    detail: it stands in the text only.
    """

    what: str
    figure: str
    kind: str
    budget: str = ""
    met: bool | None = None
    detail: bool = False

    @property
    def judged(self) -> str:
        return {None: "", True: "met", False: "NOT met"}[self.met]


class Section(NamedTuple):
    """Figures that belong together. note: what must be known to read them."""

    title: str
    note: str
    figures: list[Figure]


def text(sections: list[Section]) -> Iterator[str]:
    """Lines for a terminal."""
    yield CAPTION
    for title, note, figures in sections:
        yield ""
        yield title
        if note:
            yield f"  ({note})"
        for one in figures:
            yield f"  {one.what:<66} {one.figure:>26}  {one.kind:<10}  {one.budget:<16} {one.judged}".rstrip()
    yield ""
    judged = [one for section in sections for one in section.figures if one.met is not None]
    missed = [one for one in judged if not one.met]
    yield f"{len(judged) - len(missed)} of {len(judged)} budgets are met."
    for one in missed:
        yield f"NOT met: {one.what}: {one.figure}, budget {one.budget}"


def markdown(sections: list[Section]) -> Iterator[str]:
    """One table, and what must be known to read it."""
    yield CAPTION
    yield "Wall clock is printed and not judged."
    yield ""
    yield "| what | figure | budget | kind |"
    yield "|---|---|---|---|"
    for section in sections:
        for one in section.figures:
            if not one.detail:
                budget = f"{one.budget}: {one.judged}" if one.budget else "none"
                budget = f"**{budget}**" if one.met is False else budget
                yield f"| {one.what} | {one.figure} | {budget} | {one.kind} |"
    yield ""
    for section in sections:
        if section.note:
            yield f"{section.title}: {section.note}"


def write_into(readme: Path, table: str, begin: str = BEGIN, end: str = END) -> bool:
    """Put the table between the markers; False where they are not there exactly once."""
    content = readme.read_text()
    between = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if len(between.findall(content)) != 1:
        return False
    readme.write_text(between.sub(lambda match: f"{begin}\n\n{table}\n\n{end}", content))
    return True


def all_met(sections: list[Section]) -> bool:
    return not any(one.met is False for section in sections for one in section.figures)
