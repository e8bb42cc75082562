"""Boots main.py with the compiled firmware in a heap of 256 KB, as far as the board: what is left must be in one piece.

On a 64-bit PC, where everything takes about half as much again as on an ESP32.
"""

import re
import subprocess
import tempfile
from pathlib import Path

from latchkey_tools.build import shipped
from latchkey_tools.simulator.firmware import interpreter

_LONGEST_PIECE = 16 * 1024  # what the list of keys asks for at once: the index of 1,024 cards

# main() asks for the board first of all; this one looks around and ends the program.
_BOARD = """
import gc, sys, micropython
import crypto_p256 as p256
gc.collect()
micropython.mem_info()
print("variant", p256.variant())
sys.exit(0)
"""


def test_loading_the_firmware_leaves_the_heap_in_one_piece_and_native_arithmetic_fits():
    assert not shipped.build(["mpy"])
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "board.py").write_text(_BOARD)
        out = subprocess.run(
            [interpreter(), "-X", "heapsize=256k", "-m", "main"],
            env={"MICROPYPATH": f"{folder}:{shipped.BUILD / 'mpy'}:.frozen"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert out.returncode == 0, out.stdout + out.stderr
    assert ("variant 1" in out.stdout) == bool(shipped.NATIVE)  # FULL, the fastest; with crumbs only it is PLAIN
    longest = re.search(r"max free sz: (\d+)", out.stdout)
    assert longest and int(longest[1]) * 32 >= _LONGEST_PIECE, out.stdout
