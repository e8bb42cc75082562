"""Is every branch of what decides, keeps and parses visited by a test? coverage.py on CPython, for `make coverage`.

    covered.py [--keep]

Runs the tests named below in their short form, counts lines and branches of latchkey/core, storage, credentials and
protocol, and prints each line that is not visited, or left in one way only. The aim is all of them; exit status 1 where
a test fails, or fewer are visited than have been before. --keep looks at what the last run has left.

Not seen here: what only MicroPython's tests visit (power cuts, a failing flash, a full heap), and the long models.
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

FLOOR = 0.95  # of all branches: what has been reached, so that it does not become less
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    _DATA.mkdir(parents=True, exist_ok=True)
    good = options.keep or _run()
    files = _report()
    for name, file in sorted(files.items()):
        _show_missing(name, file)
    branches = sum(file["summary"]["num_branches"] for file in files.values())
    visited = sum(file["summary"]["covered_branches"] for file in files.values())
    tell("F16", f"{visited} of {branches} branches, {visited / branches:.1%}", visited == branches)
    return 0 if good and visited / branches >= FLOOR else 1


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


def _show_missing(name: str, file: dict) -> None:
    lines = (ROOT / name).read_text().splitlines()
    for number in sorted({*file["missing_lines"], *(start for start, _ in file["missing_branches"])}):
        print(f"{name}:{number}: {lines[number - 1].strip()}")


if __name__ == "__main__":
    sys.exit(main())
