"""Runs micropython/heap_registry.py in a heap that it can fill quickly."""

import os
import subprocess
import sys
from pathlib import Path

_HOST_TESTS = Path(__file__).resolve().parent.parent


def test_the_registry_in_every_size_of_heap():
    micropython = os.environ.get("MICROPYTHON") or str(Path(sys.executable).parent / "micropython")
    done = subprocess.run(
        [micropython, "-X", "heapsize=640k", str(_HOST_TESTS / "run.py"), "micropython/heap_registry.py"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    print(done.stdout, done.stderr)
    assert done.returncode == 0 and "2 passed, 0 failed" in done.stdout
