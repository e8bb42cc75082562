"""What a board's folder says, checked as `latchkey boards` does: a board with a fault in its data is not flashed."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from latchkey_tools.boards import check, firmware, load
from latchkey_tools.phone.problem import CannotStart

BOARDS = load.FOLDER
ROOT = load.ROOT


@dataclass(frozen=True)
class Board:
    """mcu, image: as boards/README.md has them. target: which compiled firmware it runs. source: board.py, as it goes
    onto the board. data: what is in it."""

    name: str
    mcu: str
    image: str
    target: str
    source: bytes
    data: SimpleNamespace


def names(folder: Path = BOARDS) -> list[str]:
    """Boards that can be flashed: those with a chip of their own."""
    return [str(board.FOLDER) for board in load.all_boards(folder)]


def board(name: str, folder: Path = BOARDS) -> Board:
    """raises: CannotStart."""
    path = folder / name / "board.py"
    try:
        there = names(folder)
        data = load.board(path) if name in there else None
    except Exception as error:
        raise CannotStart(
            f"{folder} cannot be read as board data ({type(error).__name__}: {error}): see boards/README.md.",
            "no_board",
        )
    if data is None:
        asked = f"There is no board {name!r} to flash" if name else "Which board? Say `latchkey flash BOARD`"
        raise CannotStart(f"{asked}; there are {', '.join(there)}.", "no_board")
    wrong = check.complaints(data)
    if wrong:
        more = f" And {len(wrong) - 1} more: `latchkey boards`." if len(wrong) > 1 else ""
        raise CannotStart(f"{wrong[0]}{more}", "wrong_board")
    return Board(name, data.MCU, data.IMAGE, firmware.TARGETS[data.MCU], path.read_bytes(), data)
