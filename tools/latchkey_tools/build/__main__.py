"""`python -m latchkey_tools.build [TARGET…]` builds into build/; `--show MODULE` prints what the compiler is given."""

import argparse
import shutil
import sys

from latchkey_tools.build import flat, shipped
from latchkey_tools.build.sources import BuildError


def main() -> int:
    parser = argparse.ArgumentParser(prog="latchkey_tools.build", description=shipped.__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(shipped.ALL))
    parser.add_argument("--board", metavar="BOARD", help="compile for a board, and copy its set to build/boards/BOARD")
    parser.add_argument("--show", metavar="MODULE", help="print a module as it is compiled")
    options = parser.parse_args()
    unknown = set(options.targets) - set(shipped.ALL)
    if unknown:
        parser.error(f"there is no target {', '.join(unknown)}")
    try:
        if options.show:
            return _show(options.show)
        if options.board:
            return _board(options.board)
        complaints = shipped.build(options.targets or shipped.ALL)
    except BuildError as error:
        complaints = [str(error)]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


def _board(name: str) -> int:
    from latchkey_tools.boards import check, firmware, load

    path = load.FOLDER / name / "board.py"
    if not path.exists():
        raise BuildError(f"there is no board {name}")
    board = load.board(path)
    complaints = check.complaints(board) or shipped.build([firmware.TARGETS[board.MCU]])
    if complaints:
        raise BuildError("\n".join(complaints))
    into = shipped.BUILD / "boards" / name
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for file in firmware.files(board):
        shutil.copy(file, into)
    print(f"{into}: {len(list(into.iterdir()))} files, {sum(file.stat().st_size for file in into.iterdir()):,} bytes")
    return 0


def _show(module: str) -> int:
    program = shipped.transformed(shipped.read())
    source = program.sources.get(flat.flat(module))
    if source is None:
        raise BuildError(f"there is no module {module}")
    print(source.rendered(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
