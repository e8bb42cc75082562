"""Draws the firmware's state machines from their tables: `make fsm`.

Reads the TABLE of core/lock, core/drive and credentials/enrolment and prints, for each, a Mermaid diagram of the moves
between states and the whole table in Markdown. With --readme it puts the lock's table between the markers in README.md.
Nothing here knows a state by name: what is drawn is what runs.
"""

import argparse
import builtins
import importlib
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
MACHINES = (
    ("Lock", "latchkey.core.lock"),
    ("Drive authorisation", "latchkey.core.drive"),
    ("Enrolment", "latchkey.credentials.enrolment"),
)
_BEGIN, _END = "<!-- drawn from the table by `python -m latchkey_tools.fsm --readme`, do not edit -->", "<!-- end -->"


class Machine:
    """One table with the names that its module gives to its numbers, in the order of their sections."""

    def __init__(self, title: str, module: ModuleType) -> None:
        self.title = title
        self.rows: tuple[tuple[int, int, int, int, int], ...] = module.TABLE
        names = _sections(Path(str(module.__file__)).read_text())
        self.states = {value: name for name, value in names["States"]}
        self.events = {value: name for name, value in names["Events"]}
        self.guards = {value: name for name, value in names["Guards"]}
        self.effects = {value: name for name, value in names["Effects"]}

    def diagram(self) -> str:
        """Moves from one state to another, one arrow for each pair, labelled with what causes it."""
        arrows: dict[tuple[str, str], list[str]] = {}
        for state, event, _, following, _ in self.rows:
            origin, target = self.states[state], self.states[following]
            if origin != target:
                arrows.setdefault((origin, target), []).append(self.events[event].lower())
        lines = ["stateDiagram-v2"]
        for (origin, target), events in arrows.items():
            lines.append(f"    {origin} --> {target}: {', '.join(dict.fromkeys(events))}")
        return "\n".join(lines)

    def table(self) -> str:
        lines = ["| state | event | if | next | effect |", "|---|---|---|---|---|"]
        for state, event, guard, following, effect in self.rows:
            condition = "" if self.guards[guard] == "ALWAYS" else _words(self.guards[guard])
            after = "same" if following == state else _words(self.states[following])
            done = "" if self.effects[effect] == "NOTHING" else f"**{_words(self.effects[effect])}**"
            after = "same" if self.states[following] == "ANY" else after
            lines.append(
                f"| {_words(self.states[state])} | {_words(self.events[event])} | {condition} | {after} | {done} |"
            )
        return "\n".join(lines)


def machines() -> list[Machine]:
    """All machines, read with the shims that let CPython import the firmware."""
    sys.path[:0] = [str(ROOT / "host_tests/shim"), str(ROOT / "firmware")]
    importlib.import_module("install").install()
    for name in ("ptr8", "ptr16", "ptr32"):
        assert hasattr(builtins, name)
    return [Machine(title, importlib.import_module(name)) for title, name in MACHINES]


def readme_block() -> str:
    """What stands in the README: the lock machine."""
    lock = machines()[0]
    return f"{_BEGIN}\n\n```mermaid\n{lock.diagram()}\n```\n\n{lock.table()}\n\n{_END}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readme", action="store_true", help="write the lock's table into README.md")
    if not parser.parse_args().readme:
        for machine in machines():
            print(f"## {machine.title}\n\n```mermaid\n{machine.diagram()}\n```\n\n{machine.table()}\n")
        return 0
    path = ROOT / "README.md"
    text = path.read_text()
    if _BEGIN not in text or _END not in text:
        print(f"README.md has no place for it: put the lines {_BEGIN} and {_END} there.")
        return 1
    head, rest = text.split(_BEGIN, 1)
    path.write_text(head + readme_block() + rest.split(_END, 1)[1])
    return 0


def _sections(source: str) -> dict[str, list[tuple[str, int]]]:
    """`# States`, `# Events`, … and the constants that follow each of them."""
    found: dict[str, list[tuple[str, int]]] = {}
    current = ""
    for line in source.splitlines():
        if line.startswith("# ") and line[2:].split()[0].rstrip(".:") in ("States", "Events", "Guards", "Effects"):
            current = line[2:].split()[0].rstrip(".:")
            found[current] = []
        elif " = const(" not in line:
            current = ""
        elif current:
            name, value = line.split(" = const(", 1)
            found[current].append((name.lstrip("_"), int(value.split(")")[0])))
    return found


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


if __name__ == "__main__":
    sys.exit(main())
