"""Runs the measuring scripts of host_tests/bench, compiled with the firmware, under MicroPython; reads their rows."""

import subprocess
from pathlib import Path

from latchkey_tools.benchmark.controller import FIRMWARE, TESTS
from latchkey_tools.simulator.firmware import interpreter

_TIMEOUT_S = 120


class BenchmarkError(Exception):
    """The benchmark cannot be run; the message says why."""


def rows(script: str, heap: str, *path: Path, arguments: tuple[str, ...] = ()) -> list[list[str]]:
    """What a script prints, cut at its tabs. path: what it imports besides firmware, fakes and models."""
    folders = [TESTS / "bench", FIRMWARE, *path, TESTS, TESTS / "models", ".frozen"]
    result = subprocess.run(
        [interpreter(), "-X", f"heapsize={heap}", "-m", script, *arguments],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
        env={"MICROPYPATH": ":".join(str(folder) for folder in folders)},
    )
    if result.returncode:
        raise BenchmarkError(f"{script}: {result.stderr.strip() or result.stdout.strip()}")
    return [line.split("\t") for line in result.stdout.splitlines()]
