"""A board's data, from its board.py. Boards of the simulator's kind have no pins and are left out."""

import runpy
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "boards"


def board(path: Path) -> SimpleNamespace:
    """path: of board.py. `FOLDER` of the result is the folder's name."""
    data = runpy.run_path(str(path))
    return SimpleNamespace(**{name: value for name, value in data.items() if name.isupper()}, FOLDER=path.parent.name)


def all_boards(folder: Path = FOLDER) -> list[SimpleNamespace]:
    """Those with a real processor, by name."""
    found = [board(path) for path in sorted(folder.glob("*/board.py"))]
    return [each for each in found if getattr(each, "CHIP", "") != "unix"]
