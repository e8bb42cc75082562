"""What a board's folder says: the data in board.py, read as any other program reads it. Nothing is known beside it."""

import runpy
from dataclasses import dataclass
from pathlib import Path

from latchkey_tools.boards import load
from latchkey_tools.boards.check import complaints
from latchkey_tools.phone.problem import CannotStart

ROOT = Path(__file__).resolve().parents[3]
BOARDS = ROOT / "boards"

# The processor of each chip: which compiled firmware it runs.
TARGETS = {
    "esp32": "mpy-xtensawin",
    "esp32s2": "mpy-xtensawin",
    "esp32s3": "mpy-xtensawin",
    "esp32c3": "mpy-rv32imc",
    "esp32c6": "mpy-rv32imc",
}


@dataclass(frozen=True)
class Board:
    """name: of the folder. chip: package of firmware/latchkey/chip. mcu: as in TARGETS. image: the official image's
    board id. source: board.py as it goes onto the board."""

    name: str
    chip: str
    mcu: str
    image: str
    source: bytes


def names(folder: Path = BOARDS) -> list[str]:
    """Boards that can be flashed: those with a chip of their own."""
    found = []
    for path in sorted(folder.glob("*/board.py")):
        if "\nMCU =" in path.read_text():
            found.append(path.parent.name)
    return found


def board(name: str, folder: Path = BOARDS) -> Board:
    """raises: CannotStart."""
    there = ", ".join(names(folder))
    if not name:
        raise CannotStart(f"Which board? Say `latchkey flash BOARD`; there are {there}.", "no_board")
    path = folder / name / "board.py"
    if name not in names(folder):
        raise CannotStart(f"There is no board {name!r} to flash; there are {there}.", "no_board")
    try:
        data = runpy.run_path(str(path))
        found = Board(data["NAME"], data["CHIP"], data["MCU"], data["IMAGE"], path.read_bytes())
    except Exception as error:
        raise CannotStart(
            f"{path} cannot be read as board data ({type(error).__name__}: {error}): see boards/README.md."
        )
    wrong = complaints(load.board(path))
    if wrong:
        raise CannotStart(f"{wrong[0]} `latchkey boards` says all that is wrong with it.")
    if found.name != name or found.mcu not in TARGETS:
        raise CannotStart(f"{path}: NAME must be {name!r} and MCU one of {', '.join(TARGETS)}.")
    return found
