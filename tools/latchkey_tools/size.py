"""Size of the compiled firmware: `make size`. Bytes of .mpy files, by folder for each processor, and by board."""

import sys
from pathlib import Path

from latchkey_tools.boards import firmware, load

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURES = ("xtensawin", "rv32imc")


def sizes(architecture: str) -> dict[str, int]:
    """Folder (or top-level module) -> bytes. Raises FileNotFoundError when nothing has been compiled."""
    root = ROOT / f"build/mpy-{architecture}"
    if not root.is_dir():
        raise FileNotFoundError(root)
    found: dict[str, int] = {}
    for path in sorted(root.glob("*.mpy")):
        if path.name.startswith("chip_unix"):
            continue  # the simulated chip goes onto no board
        folder = path.stem.split("_")[0]
        found[folder] = found.get(folder, 0) + path.stat().st_size
    return found


def main() -> int:
    try:
        columns = [sizes(architecture) for architecture in ARCHITECTURES]
    except FileNotFoundError as error:
        print(f"Nothing has been compiled into {error}: run `make size`, which does.")
        return 1
    print(f"{'bytes of .mpy':<16}" + "".join(f"{name:>12}" for name in ARCHITECTURES))
    for folder in columns[0]:
        print(f"{folder:<16}" + "".join(f"{column[folder]:>12,}" for column in columns))
    print(f"{'all':<16}" + "".join(f"{sum(column.values()):>12,}" for column in columns))
    print(f"\n{'board':<18}{'files':>6}{'bytes':>10}")
    for board in load.all_boards():
        set_of_files = firmware.files(board)
        print(f"{board.NAME:<18}{len(set_of_files):>6}{sum(path.stat().st_size for path in set_of_files):>10,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
