"""The README says what is: the table of states is the one that runs, and the files it names exist."""

import re
from pathlib import Path

from latchkey.core import codes
from latchkey.drivers.indicator import SIGNALS
from latchkey_tools import fsm

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def test_the_table_of_states_is_the_one_that_runs():
    assert fsm.readme_block() in README, "run: .venv/bin/python -m latchkey_tools.fsm --readme"


def test_every_make_target_it_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z][a-z-]+)", README, re.MULTILINE))
    assert named
    assert named <= targets


def test_every_file_it_names_exists():
    named = re.findall(r"\]\(([a-z][^):]+)\)", README) + re.findall(r"`(host_tests/[^` ]+|boards/[^` ]+)`", README)
    assert named
    for name in named:
        assert (ROOT / name).exists(), name


def test_it_tells_every_signal_of_the_light():
    """One row for each signal that can be told apart by colour and count."""
    rows = re.findall(r"^\| (red|green|blue|amber), ([^|]+) \|", README, re.MULTILINE)
    told = {(colour, count) for colour, counts in rows for count in counts.strip().split(" / ")}
    names = {1: "red", 2: "green", 3: "amber", 4: "blue"}
    shown = {(names[colour], str(flashes) if flashes else "long") for _, colour, flashes, _ in SIGNALS}
    assert shown <= told
    assert any(verdict == codes.ACCEPTED for verdict, *_ in SIGNALS)
