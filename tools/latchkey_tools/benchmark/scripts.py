"""Runs the measuring scripts in host_tests/bench under MicroPython, on the compiled firmware, and reads their rows."""

import subprocess
from pathlib import Path

from latchkey_tools.benchmark.controller import FIRMWARE, ROOT
from latchkey_tools.simulator.firmware import interpreter

_TIMEOUT_S = 120


class BenchmarkError(Exception):
    """The benchmark cannot be run; the message says why."""


def rows(script: str, heap: str, *path: Path) -> list[list[str]]:
    """What a script prints, cut at its tabs. path: what it imports besides firmware, fakes and models."""
    folders = [FIRMWARE, *path, ROOT / "host_tests", ROOT / "tools/latchkey_tools/models", ".frozen"]
    result = subprocess.run(
        [interpreter(), "-X", f"heapsize={heap}", str(ROOT / "host_tests/bench" / script)],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
        env={"MICROPYPATH": ":".join(str(folder) for folder in folders)},
    )
    if result.returncode:
        raise BenchmarkError(f"{script}: {result.stderr.strip() or result.stdout.strip()}")
    return [line.split("\t") for line in result.stdout.splitlines()]
