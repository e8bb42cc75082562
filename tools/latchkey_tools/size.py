"""Size of the firmware compiled for the boards' processors: `make size`. Bytes of .mpy files, by folder."""

import sys
from pathlib import Path

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
    return 0


if __name__ == "__main__":
    sys.exit(main())
