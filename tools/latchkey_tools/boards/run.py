"""Checks boards and says what is wrong; with --write also draws those that are right."""

import argparse
import sys
from pathlib import Path
from types import SimpleNamespace

from latchkey_tools.boards import load, pages
from latchkey_tools.boards.check import complaints, uses


def main(chosen: argparse.Namespace) -> int:
    """0: all are right; 1: one is not; 2: there is no such board."""
    try:
        boards = [_named(name) for name in chosen.boards] if chosen.boards else load.all_boards()
    except FileNotFoundError as error:
        print(f"latchkey boards: there is no board at {error}.", file=sys.stderr)
        return 2
    good = True
    for board in boards:
        wrong = complaints(board)
        good = good and not wrong
        print("\n".join(wrong) if wrong else f"{board.NAME}: {len(uses(board))} pins, nothing to complain of")
        if chosen.write and not wrong:
            pages.write(board)
    return 0 if good else 1


def _named(name: str) -> SimpleNamespace:
    for folder in (Path(name), load.FOLDER / name):
        if (folder / "board.py").exists():
            return load.board((folder / "board.py").resolve())
    raise FileNotFoundError(name)
