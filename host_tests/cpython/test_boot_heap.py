"""Boots main.py with the compiled firmware in a heap of 192 KB, as far as the board: what is left must be in one piece.

On a 64-bit PC, where everything takes about twice the room that it takes on an ESP32.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

_FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
_BIN = Path(sys.executable).parent
_NATIVE = os.uname().machine in ("x86_64", "AMD64")
_LONGEST_PIECE = 16 * 1024  # what the list of keys asks for at once: the index of 1,024 cards

# main() asks for the board first of all; this one looks around and ends the program.
_BOARD = """
import gc, sys, micropython
from latchkey.crypto import p256
gc.collect()
micropython.mem_info()
print("variant", p256.variant())
sys.exit(0)
"""


def _compile(target):
    for source in sorted((_FIRMWARE / "latchkey").rglob("*.py")):
        if not _NATIVE and "@micropython.viper" in source.read_text():
            continue  # the unix port compiles native code for this one processor only
        name = source.relative_to(_FIRMWARE)
        out = target / name.with_suffix(".mpy")
        out.parent.mkdir(parents=True, exist_ok=True)
        march = ["-march=x64"] if _NATIVE else []
        subprocess.run([_BIN / "mpy-cross", *march, "-s", name, "-o", out, source], check=True)


def test_loading_the_firmware_leaves_the_heap_in_one_piece_and_native_arithmetic_fits():
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        _compile(target)
        (target / "main.py").write_text((_FIRMWARE / "main.py").read_text())
        (target / "board.py").write_text(_BOARD)
        micropython = os.environ.get("MICROPYTHON") or str(_BIN / "micropython")
        out = subprocess.run(
            [micropython, "-X", "heapsize=192k", str(target / "main.py")],
            env={**os.environ, "MICROPYPATH": f"{target}:.frozen"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert out.returncode == 0, out.stdout + out.stderr
    assert ("variant 1" in out.stdout) == _NATIVE  # FULL, the fastest; with crumbs only it is PLAIN
    longest = re.search(r"max free sz: (\d+)", out.stdout)
    assert longest and int(longest[1]) * 32 >= _LONGEST_PIECE, out.stdout
