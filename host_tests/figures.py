"""One table of what the project claims and what was measured: `make figures`; ONLY=F5 for some rows, README=1 to write.

    figures.py [--only F5,F19 | --kept] [--readme]

Each row names a claim, its budget and the tests that say so. A test tells its results through fakes/results.tell();
this runs the tests, with the volumes of `make test-long` where that takes minutes and not hours, and prints what they
told. A row holds where its tests passed and everything told is within its budget. What was measured is kept in
build/figures with the commit that it was measured at, so that rows can be measured one by one; a row of which nothing
was ever measured says so; --kept measures nothing and shows what there is. Exit status 1 where a row does not hold.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from latchkey_tools.benchmark.figures import write_into  # noqa: E402

BEGIN = "<!-- made by `make figures`, do not edit -->"
END = "<!-- end of the table -->"
KEPT = ROOT / "build/figures"
BIN = Path(sys.executable).parent


class Row(NamedTuple):
    """tests: files of host_tests, or commands of host_tests; heap: of MicroPython; long: with the big volumes."""

    name: str
    claim: str
    budget: str
    tests: tuple[str, ...]
    heap: str = "64m"
    long: bool = True


ROWS = (
    Row(
        "F1",
        "power fails at every write and erase",
        "nothing lost, torn, or back again",
        (
            "micropython/test_mixed_operations.py",
            "micropython/test_power_cut_registry.py",
            "micropython/test_power_cut_journal.py",
        ),
    ),
    Row(
        "F2",
        "flash refuses, disk full, bits flipped",
        "old state or new, damage found",
        (
            "micropython/test_mixed_operations.py",
            "micropython/test_registry_faults.py",
            "micropython/test_power_cut_journal.py",
            "cpython:both/test_registry_damage.py",
        ),
    ),
    Row(
        "F3",
        "every decision is an independent model's; every reachable state keeps its invariants",
        "0 differences",
        ("cpython:cpython/test_authority_model.py", "micropython/test_arbiter_walk.py"),
        long=False,
    ),
    Row(
        "F4",
        "hurt frames, messages and records in 48 KB of heap",
        "only the declared error, heap +512 bytes at most",
        ("fuzz",),
        heap="48k",
        long=False,
    ),
    Row(
        "F5",
        "the heap is full, at every size",
        "old state or new, then it works again",
        ("cpython:cpython/test_registry_heap.py",),
    ),
    Row(
        "F7",
        "recorded and forged answers of cards",
        "0 accepted, the honest card always",
        ("both/test_card_volumes.py",),
    ),
    Row(
        "F9",
        "wear of the flash",
        "20,000 erases a year, 300 on a day under attack, no block 4 times the mean",
        ("micropython/test_journal_wear.py", "micropython/test_wear_registry.py"),
    ),
    Row(
        "F10",
        "72 simulated hours of a car's life",
        "nothing grows, nothing is lost, same seed same life",
        ("story/test_story_soak.py",),
        long=False,
    ),
    Row("F15", "small faults in what decides and verifies", "95 % noticed", ("command:mutation",), long=False),
    Row("F16", "branches of core, storage, credentials and protocol", "100 %", ("command:covered.py",), long=False),
    Row("F18", "keys in logs, messages and exceptions", "0 bytes", ("story/test_story_journal.py",), long=False),
    Row(
        "F19",
        "commands, readings, resets and 80 ms freezes against the motor",
        "pulses of 1,010 ms at most, dead time kept, one direction",
        ("micropython/test_motor_walk.py",),
    ),
)


class Told(NamedTuple):
    met: bool
    words: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="ROWS")
    parser.add_argument("--kept", action="store_true")
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    wanted = {name.strip().upper() for name in options.only.split(",") if name.strip()}
    unknown = wanted - {row.name for row in ROWS}
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are: {', '.join(row.name for row in ROWS)}")
    KEPT.mkdir(parents=True, exist_ok=True)
    for row in ROWS:
        if not options.kept and (not wanted or row.name in wanted):
            print(f"{row.name}: {', '.join(row.tests)} …", flush=True)
            measure(row)
    table = "\n".join(markdown())
    print("\n" + table)
    if options.readme and not write_into(ROOT / "README.md", table, BEGIN, END):
        print(f"figures: README.md does not have {BEGIN} and {END}.", file=sys.stderr)
        return 2
    return 0 if all(holds(row) is not False for row in ROWS) else 1


def measure(row: Row) -> None:
    """Run the tests of a row and keep what they tell, or that they failed."""
    file = KEPT / f"{row.name}.new"
    file.unlink(missing_ok=True)
    missing = [test for test in row.tests if not _exists(test)]
    passed = not missing and all([_run(test, row, file) for test in row.tests])
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    if missing or not (lines or not passed):
        (KEPT / row.name).unlink(missing_ok=True)
        return
    if not passed:
        lines.append(f"{row.name}\t0\ta test of it failed")
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    (KEPT / row.name).write_text("\n".join([commit.stdout.strip(), *lines]) + "\n")


def _exists(test: str) -> bool:
    return (ROOT / "host_tests" / test.rpartition(":")[2]).exists()


def _run(test: str, row: Row, file: Path) -> bool:
    """One test file, folder or command with FIGURES set; True when it passes."""
    kind, _, name = test.rpartition(":")
    environment = {**os.environ, "FIGURES": str(file)}
    if row.long:
        environment["LATCHKEY_SCALE"] = "long"
    if kind == "cpython":
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"host_tests/{name}"]
    elif kind == "command":
        words = [sys.executable, f"host_tests/{name}"]
    elif not name.endswith(".py"):  # a folder: each file in a heap of its own
        files = sorted((ROOT / "host_tests" / name).glob("test_*.py"))
        return all([_run(f"{name}/{path.name}", row, file) for path in files])
    else:
        environment.update(FIRMWARE="build/mpy", TESTS="build/mpy-tests")
        micropython = os.environ.get("MICROPYTHON") or str(BIN / "micropython")
        words = [micropython, "-X", f"heapsize={row.heap}", "host_tests/run.py", name]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print("    " + "\n    ".join((done.stdout + done.stderr).splitlines()[-12:]))
    return done.returncode == 0


def told(row: Row) -> list[Told]:
    """What the tests of a row have told of it, the last time they were asked."""
    kept = KEPT / row.name
    lines = [line.split("\t") for line in kept.read_text().splitlines()[1:]] if kept.exists() else []
    return [Told(met == "1", words) for name, met, words in lines if name == row.name]


def holds(row: Row) -> bool | None:
    """None where nothing was measured."""
    results = told(row)
    return all(one.met for one in results) if results else None


def markdown() -> list[str]:
    """The table, and what must be known to read it."""
    lines = [
        "*Measured on a PC* by the tests named, with simulated flash and time. Nothing here is measured on an ESP32.",
        "",
        "| | claim | measured | budget | holds | test | commit |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        results = "; ".join(dict.fromkeys(one.words for one in told(row))) or "*not measured*"
        verdict = {None: "", True: "yes", False: "**no**"}[holds(row)]
        tests = ", ".join(
            "`" + test.rpartition(":")[2].rpartition("/")[2].removesuffix(".py") + "`" for test in row.tests
        )
        kept = KEPT / row.name
        commit = kept.read_text().splitlines()[0] if kept.exists() else ""
        lines.append(f"| {row.name} | {row.claim} | {results} | {row.budget} | {verdict} | {tests} | {commit} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
