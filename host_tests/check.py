"""Runs everything that `make test` promises, part by part, and says what each part took of the time it is given.

    check.py [--long] [--pick WORD] [--only PART]

The parts are listed in PARTS. A part that fails does not stop the others; the exit code tells. The last line counts
test functions: `N passed, N failed`.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from latchkey_tools.build import shipped  # noqa: E402
from latchkey_tools.build.sources import BuildError  # noqa: E402

FIRMWARE = ROOT / "firmware"
BUILD = ROOT / "build"
TYPINGS = BUILD / "typings"
BIN = Path(sys.executable).parent
STUBS = "micropython-esp32-stubs==1.29.0.post1"

# What does not fit into 192 KB beside the firmware, and why. The whole application with its simulated chip does not
# either, yet: cpython/test_small_heap.py holds it to what has been reached.
LARGE = {
    "both/test_cloud_commands.py": "holds the vehicle with its phones, the cloud link and a broker",
    "both/test_cloud_link.py": "holds the vehicle with its phones, the cloud link and a broker",
    "both/test_cloud_traffic.py": "holds the vehicle with its phones, the cloud link and a broker",
    "both/test_cloud_waits.py": "holds the vehicle with its phones, the cloud link and a broker",
    "both/test_cloud_away.py": "holds the vehicle with its phones",
    "both/test_phone_attack.py": "holds the vehicle with its phones, and what was heard on the air",
    "both/test_phone_between.py": "holds the vehicle with its phones",
    "both/test_phone_spam.py": "holds the vehicle with its phones",
    "both/test_phone_table.py": "holds the vehicle with its phones",
    "both/test_pn532_model.py": "fills the model's buffers to find their bounds",
    "both/test_pn532_scripted_buses.py": "holds all scripts of commands beside a model of each bus",
    "both/test_reader_buses.py": "holds the tests of the reader beside a model of each bus",
    "micropython/test_flash_image.py": "holds flash chips in RAM",
    "micropython/test_heap_budget.py": "measures in a heap of its own size",
    "micropython/test_journal_wear.py": "holds a flash chip in RAM",
    "micropython/test_mixed_operations.py": "holds a flash chip in RAM, and a copy for every cut",
    "micropython/test_p256_variants.py": "holds all three variants at once",
    "micropython/test_phone_power_cut.py": "holds car, reader, cards and phones beside the application",
    "micropython/test_phone_volumes.py": "holds the vehicle with its phones, and what was recorded",
    "micropython/test_power_cut_journal.py": "holds a flash chip in RAM, and a copy for every cut",
    "micropython/test_power_cut_registry.py": "holds a flash chip in RAM, and a copy for every cut",
    "micropython/test_registry_faults.py": "holds a flash chip in RAM",
    "micropython/test_registry_ram.py": "lists a thousand cards to make a list of a thousand cards",
    "micropython/test_registry_scale.py": "holds a flash chip in RAM, and a thousand cards",
    "micropython/test_responder_damaged.py": "holds the vehicle with its phones",
    "micropython/test_story_heap.py": "holds car, reader and cards beside the application",
    "micropython/test_story_power_cut.py": "holds car, reader and cards beside the application",
    "micropython/test_story_workspace.py": "holds car, reader and cards beside the application",
    "micropython/test_throttling.py": "holds the vehicle with its phones, a reader and cards",
    "micropython/test_wear_registry.py": "holds a flash chip in RAM",
}

_COUNTED = re.compile(rb"(\d+) passed")
_FAILED = re.compile(rb"(\d+) (?:failed|error)")


class Run:
    """One run of the checks: options, and what has been counted so far."""

    def __init__(self, long: bool, pick: str) -> None:
        self.long = long
        self.pick = pick
        self.passed = 0
        self.failed = 0

    def command(self, *words: object, **environment: str) -> bool:
        """Run a command from the root, show its output, count its tests. True when it exits with 0."""
        process = subprocess.Popen(
            [str(word) for word in words],
            cwd=ROOT,
            env=self._environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdout is not None  # PIPE was asked for
        last = b""
        for line in process.stdout:
            _show(line)
            if b" passed" in line or b" failed" in line or b" error" in line:
                last = line
        code = process.wait()
        self._count(last)
        return code == 0

    def micropython(self, files: list[str], heap: str = "8m", firmware: str = "build/mpy", **environment: str) -> bool:
        """Test files by host_tests/run.py, compiled as one program with the firmware that is shipped.

        A process for each file, and one for each core at a time: every test finds a heap of its own.
        """
        pick = ("-k", self.pick) if self.pick else ()
        env = self._environment({**environment, "FIRMWARE": firmware, "TESTS": "build/mpy-tests"})

        def result(file: str) -> subprocess.CompletedProcess[bytes]:
            return subprocess.run(
                [micropython(), "-X", f"heapsize={heap}", "host_tests/run.py", *pick, file],
                cwd=ROOT,
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )

        good = True
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for file, done in zip(files, pool.map(result, files), strict=True):
                *lines, last = done.stdout.splitlines(keepends=True) or [b""]
                for line in lines:
                    _show(line)
                if done.returncode:
                    _show(f"{file} ended with {done.returncode}: ".encode() + last)
                self._count(last)
                good = good and done.returncode == 0
        return good

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        env = {**os.environ, **more}
        env["PATH"] = f"{BIN}{os.pathsep}{env['PATH']}"
        if self.long and "LATCHKEY_SCALE" not in more:
            env["LATCHKEY_SCALE"] = "long"
        return env

    def _count(self, last: bytes) -> None:
        passed, failed = _COUNTED.search(last), _FAILED.search(last)
        if passed and (b" in " in last or b"passed, " in last):
            self.passed += int(passed[1])
        if failed:
            self.failed += int(failed[1])


def _show(line: bytes) -> None:
    sys.stdout.buffer.write(b"    " + line)
    sys.stdout.flush()


def micropython() -> str:
    asked = os.environ.get("MICROPYTHON", "")
    return asked or str(BIN / "micropython")


def lint(run: Run) -> bool:
    good = run.command("ruff", "check", "--quiet")
    return run.command("ruff", "format", "--check", "--quiet") and good


def types(run: Run) -> bool:
    """mypy over the firmware against the ESP32 stubs (as typeshed), then over the tools against CPython's."""
    stamp = TYPINGS / "stubs.txt"
    if not stamp.exists() or stamp.read_text() != STUBS:
        shutil.rmtree(TYPINGS, ignore_errors=True)
        if not run.command(sys.executable, "-m", "pip", "install", "--quiet", "--target", TYPINGS, STUBS):
            return False
        run.command(sys.executable, "host_tests/mend_stubs.py", TYPINGS)
        stamp.write_text(STUBS)
    good = run.command(
        "mypy", "--config-file", "host_tests/mypy-firmware.ini", FIRMWARE, ROOT / "boards/simulator/board.py"
    )
    return run.command("mypy", "--config-file", "host_tests/mypy-tools.ini", "-p", "latchkey_tools") and good


def compile_(run: Run) -> bool:
    """Compile the firmware for this machine (with and without asserts) and for the boards, and the tests."""
    try:
        complaints = shipped.build()
    except BuildError as error:
        complaints = [str(error)]
    for complaint in complaints:
        print("    " + complaint.replace("\n", "\n    "))
    return not complaints


def cpython(run: Run) -> bool:
    pick = ("-k", run.pick) if run.pick else ()
    explored = BUILD / "check/explored.txt"
    explored.parent.mkdir(parents=True, exist_ok=True)
    explored.unlink(missing_ok=True)
    os.environ["EXPLORED"] = str(explored)
    good = _pytest(run, "-n", "2", "--dist", "worksteal", "-m", "not browser and not broker and not timing", *pick)
    del os.environ["EXPLORED"]
    if explored.exists():
        print("    " + "\n    ".join(sorted(explored.read_text().splitlines())))
    return good


def timing(run: Run) -> bool:
    """Tests that measure time, one after the other on a machine that does nothing else."""
    marks = "timing and not browser" if _mosquitto() else "timing and not browser and not broker"
    return _pytest(run, "-m", marks, *(("-k", run.pick) if run.pick else ()))


def _mosquitto() -> str | None:
    return shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")


def broker(run: Run) -> bool:
    """Against a real broker, started by the tests themselves on free ports of the loopback."""
    if not _mosquitto():
        print("    not run: there is no Mosquitto. On Debian and Ubuntu: apt install mosquitto")
        return os.environ.get("CI") != "true"
    return _pytest(
        run, "-n", "2", "--dist", "worksteal", "-m", "broker and not timing", *(("-k", run.pick) if run.pick else ())
    )


def browser(run: Run) -> bool:
    if not Path("/usr/bin/chromium").exists() and not shutil.which("chromium"):
        print("    not run: there is no Chromium. On Debian and Ubuntu: apt install chromium libatomic1")
        return os.environ.get("CI") != "true"
    return _pytest(run, "-m", "browser", *(("-k", run.pick) if run.pick else ()))


def _pytest(run: Run, *options: str) -> bool:
    good = run.command(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--color=no", *options)
    return good or _nothing_collected(run, *options)


def _nothing_collected(run: Run, *options: str) -> bool:
    """pytest exits with 5 when the word picks none of its tests, which is no failure."""
    words = [option for option in options if option not in ("-n", "2", "--dist", "worksteal")]
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", *words],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return listed.returncode == 5


def on_micropython(run: Run) -> bool:
    return run.micropython(_files("micropython", "story", "both"), heap="64m" if run.long else "8m")


def small_heap(run: Run) -> bool:
    """The same files in a heap of 192 KB on 64 bits, about two thirds of that on an ESP32."""
    files = [file for file in _files("both", "micropython") if file not in LARGE]
    return run.micropython(files, heap="192k", LATCHKEY_SCALE="short")


def without_asserts(run: Run) -> bool:
    """The same tests on firmware compiled with -O1: nothing may hang on an assert that is gone. Long ones left out."""
    files = [file for file in _files("micropython", "story", "both") if "soak" not in file and "power_cut" not in file]
    return run.micropython(files, firmware="build/mpy-O1", LATCHKEY_SCALE="short")


def fuzz(run: Run) -> bool:
    """48 KB are for the parser, its inputs and nothing else."""
    return run.micropython(_files("fuzz"), heap="48k")


def _files(*folders: str) -> list[str]:
    """The test files of these folders, as host_tests/run.py wants them named."""
    tests = ROOT / "host_tests"
    return [f"{folder}/{path.name}" for folder in folders for path in sorted((tests / folder).glob("test_*.py"))]


_COMPILED = {"FIRMWARE": "build/mpy", "TESTS": "build/mpy-tests"}


def parity(run: Run) -> bool:
    """The same scripts on both interpreters; their output must not differ by a byte."""
    good = True
    for script in sorted((ROOT / "host_tests/parity").glob("parity_*.py")):
        if run.pick and run.pick not in script.name:
            continue
        outputs = []
        for words, env in (
            ([micropython(), "host_tests/parity/run.py", script.stem], _COMPILED),
            ([sys.executable, "host_tests/parity/run.py", script.stem], {}),
        ):
            done = subprocess.run(words, cwd=ROOT, env={**os.environ, **env}, capture_output=True, check=False)
            outputs.append((done.returncode, done.stdout))
            if done.returncode:
                print(done.stderr.decode())
        same = outputs[0] == outputs[1] and outputs[0][0] == 0 and outputs[0][1] != b""
        print(f"    {script.name}: {len(outputs[0][1].splitlines())} lines, {'identical' if same else 'DIFFERENT'}")
        run.passed += same
        run.failed += not same
        good = good and same
    return good


PARTS: tuple[tuple[str, Callable[[Run], bool], int], ...] = (
    # name, what it does, seconds of the 20 minutes on 2 cores that it may take
    ("lint", lint, 10),
    ("compile", compile_, 45),
    ("types", types, 20),
    ("cpython", cpython, 370),
    ("timing", timing, 150),
    ("micropython", on_micropython, 200),
    ("small-heap", small_heap, 40),
    ("no-asserts", without_asserts, 85),
    ("fuzz", fuzz, 10),
    ("parity", parity, 5),
    ("broker", broker, 75),
    ("browser", browser, 190),
)
_PICKABLE = ("compile", "cpython", "timing", "micropython", "fuzz", "parity", "broker", "browser")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--pick", default="", metavar="WORD")
    parser.add_argument("--only", default="", metavar="PART")
    options = parser.parse_args()
    run = Run(options.long, options.pick)
    chosen = [
        part
        for part in PARTS
        if part[0] == options.only or (not options.only and (not run.pick or part[0] in _PICKABLE))
    ]
    if not chosen:
        parser.error(f"there is no part {options.only}; there are: {', '.join(part[0] for part in PARTS)}")
    rows = []
    for number, (name, work, share) in enumerate(chosen, 1):
        print(f"[{number}/{len(chosen)}] {name}", flush=True)
        began = time.monotonic()
        good = work(run)
        rows.append((name, good, time.monotonic() - began, share))
    _report(run, rows)
    return 0 if all(row[1] for row in rows) and not run.failed else 1


def _report(run: Run, rows: list[tuple[str, bool, float, int]]) -> None:
    print(f"\n{'part':<14}{'':>6}{'took':>9}{'share':>9}")
    for name, good, took, share in rows:
        print(f"{name:<14}{'ok' if good else 'FAILED':>6}{took:>7.1f} s{share:>7} s{'' if took <= share else '  over'}")
    failed = run.failed or sum(not row[1] for row in rows)
    if run.passed or failed:
        print(f"{run.passed} passed, {failed} failed")


if __name__ == "__main__":
    sys.exit(main())
