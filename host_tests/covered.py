"""Is every branch of what decides, keeps and parses visited by a test? coverage.py on CPython, for `make coverage`.

    covered.py [--keep]

Runs the tests named below in their short form, counts lines and branches of latchkey/core, storage, credentials and
protocol, and prints each line that is not visited, or left in one way only. Exit status 1 where a test fails, where one
is not visited that _EXCUSED does not name with its reason, and where an excuse is no longer needed. --keep looks at
what the last run has left.

Not seen here: what only MicroPython's tests visit (power cuts, flash that fails below the file system, a full heap).
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "host_tests"))

from fakes.results import tell  # noqa: E402

FOLDERS = ("core", "storage", "credentials", "protocol")
_DATA = ROOT / "build/coverage"
_OTHERS = (
    "cpython/test_policy.py",
    "cpython/test_enrolment_model.py",
    "cpython/test_governor_model.py",
    "cpython/test_words.py",
    "cpython/test_authority_model.py",
    "story/test_story_aes_cards.py",
    "story/test_story_boot.py",
    "story/test_story_enrolment.py",
    "story/test_story_guests.py",
    "story/test_story_readerless.py",
    "story/test_story_revocation.py",
)
_ELSEWHERE = (
    "reader",
    "pn532",
    "radio",
    "ble",
    "p256",
    "connection",
    "resolver",
    "phone_attack",
    "phone_spam",
    "esp32",
)

# (file below latchkey, line that no run can leave in both ways) -> why. It excuses what stands under the line as well.
_EXCUSED = {
    ("core/arbiter.py", "if self.motor_effect == lock.REFUSED:"): (
        "the table has a row for every wish in every state; a table that lost one must refuse and not say ACCEPTED"
    ),
    ("protocol/vehicle_command_check.py", "if peer is None:"): (
        "verify() has looked already; mypy cannot know that, and without a key nothing may count as signed"
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    _DATA.mkdir(parents=True, exist_ok=True)
    good = options.keep or _run()
    files = _report()
    needed = set()
    missed = branches = visited = left = 0
    for name, file in sorted(files.items()):
        excuses, missing_lines, missing_branches = _judge(name, file)
        needed |= excuses
        missed += len(missing_lines)
        branches += file["summary"]["num_branches"]
        visited += file["summary"]["covered_branches"]
        left += len(missing_branches)
    for excuse in sorted(_EXCUSED.keys() - needed):
        print("%s: %s: is visited in both ways or not there: take its excuse out of covered.py" % excuse)
    share = (branches - left) / branches
    words = f"{visited} of {branches} branches and {branches - left - visited} excused by name, {share:.1%}"
    tell("F16", words, not left and not missed)
    return 0 if good and not left and not missed and needed == _EXCUSED.keys() else 1


def _judge(name: str, file: dict) -> tuple[set, list, list]:
    """The excuses that a file needs, and the lines and branches that have none, which are printed."""
    lines = (ROOT / name).read_text().splitlines()
    needed, excused = set(), set()
    missing = {*file["missing_lines"], *(start for start, _ in file["missing_branches"])}
    for number, line in enumerate(lines, 1):
        excuse = (name.removeprefix("firmware/latchkey/"), line.strip())
        if excuse in _EXCUSED:
            block = _block(lines, number)
            excused |= block
            needed |= {excuse} if block & missing else set()
    for number in sorted(missing - excused):
        print(f"{name}:{number}: {lines[number - 1].strip()}")
    missing_lines = [number for number in file["missing_lines"] if number not in excused]
    return needed, missing_lines, [pair for pair in file["missing_branches"] if pair[0] not in excused]


def _block(lines: list[str], number: int) -> set[int]:
    """A line and those below it that are indented deeper."""
    depth = _depth(lines[number - 1])
    end = number
    while end < len(lines) and _depth(lines[end]) > depth:
        end += 1
    return {*range(number, end + 1)}


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _run() -> bool:
    """The tests, under coverage."""
    both = sorted((ROOT / "host_tests/both").glob("test_*.py"))
    tests = [path for path in both if not path.stem.removeprefix("test_").startswith(_ELSEWHERE)]
    tests += [ROOT / "host_tests" / name for name in _OTHERS]
    words = [*_coverage("run"), "--branch", "--source=" + ",".join(f"firmware/latchkey/{name}" for name in FOLDERS)]
    words += ["-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, tests)]
    environment = {**os.environ, "LATCHKEY_SCALE": "short"}
    return subprocess.run(words, cwd=ROOT, env=environment, check=False).returncode == 0


def _report() -> dict:
    file = _DATA / "report.json"
    subprocess.run([*_coverage("json"), "-q", "-o", str(file)], cwd=ROOT, check=True)
    return json.loads(file.read_text())["files"]


def _coverage(command: str) -> list[str]:
    rules = _DATA / "rules"
    rules.write_text("[report]\nexclude_also =\n    if TYPE_CHECKING:\n")
    return [sys.executable, "-m", "coverage", command, f"--rcfile={rules}", f"--data-file={_DATA / 'data'}"]


if __name__ == "__main__":
    sys.exit(main())
