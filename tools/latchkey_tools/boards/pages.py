"""Puts a board's picture and its pin table where people look: wiring.svg beside board.py, and README.md there."""

from pathlib import Path
from types import SimpleNamespace

from latchkey_tools.boards import load
from latchkey_tools.boards.check import Use, uses
from latchkey_tools.boards.picture import circuit, svg

_BEGIN, _END = "<!-- made by `make boards`, do not edit -->", "<!-- end -->"


def block(board: SimpleNamespace) -> str:
    """What stands between the markers, and the markers."""
    rows = "\n".join(f"| {use.pin} | `{use.name}` | {_way(board, use)} | {circuit(use)} |" for use in uses(board))
    picture = f"![{board.NAME}: from the car on the left, to reader and car on the right](wiring.svg)"
    table = f"| GPIO | name | way | joined to |\n|---|---|---|---|\n{rows}"
    return f"{_BEGIN}\n\n{picture}\n\n{table}\n\n{_END}"


def write(board: SimpleNamespace, folder: Path = load.FOLDER) -> None:
    home = folder / board.NAME
    (home / "wiring.svg").write_text(svg(board))
    page = home / "README.md"
    before, found, rest = page.read_text().partition(_BEGIN)
    if not found:
        raise ValueError(f"{page} has no line {_BEGIN}")
    page.write_text(before + block(board) + rest.partition(_END)[2])


def _way(board: SimpleNamespace, use: Use) -> str:
    if use.name in [name for name, _ in board.PULSES]:
        return "out, a pulse, high"
    active = dict([(name, level) for name, _, level in board.LEVELS] + [(row[0], row[3]) for row in board.INPUTS])
    level = {0: ", active low", 1: ", active high"}.get(active.get(use.name, -1), "")
    pull = f", pull-{use.pull}" if use.pull else ""
    return ("out" if use.output else "in") + level + pull
