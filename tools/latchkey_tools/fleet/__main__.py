"""Run a fleet through an outage and the order to be loud; print what it did, draw it. Exit 1: a bound was broken."""

import argparse
import sys
from pathlib import Path

from latchkey_tools.fleet.controller import ROOT
from latchkey_tools.fleet.figures import figures
from latchkey_tools.fleet.plot import svg
from latchkey_tools.fleet.simulation import Fleet

_FEWEST = 5_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m latchkey_tools.fleet", description=__doc__)
    parser.add_argument("--controllers", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path, default=ROOT / "build/fleet.svg", help="where the picture goes")
    options = parser.parse_args()
    if options.controllers < _FEWEST:
        parser.error(f"{_FEWEST:,} at least: one percent of fewer is so few that chance alone goes beyond it")
    fleet = Fleet(options.controllers, options.seed).run()
    counted = figures(fleet)
    print("\n".join(counted.lines()))
    options.plot.parent.mkdir(parents=True, exist_ok=True)
    options.plot.write_text(svg(fleet))
    print(f"Drawn in {options.plot}")
    return 0 if counted.kept else 1


if __name__ == "__main__":
    sys.exit(main())
