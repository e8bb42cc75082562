"""python -m latchkey_tools.outage [--rows WORDS] [--list] [--markdown | --readme]: one outage after the other, judged.

Exit status 1 when something that is required is missed, 2 when it cannot be measured at all. The firmware is taken from
build/mpy, which `make drills` compiles first. It needs Mosquitto and Linux, and takes some thirteen minutes.

--rows WORDS   only rows in whose names these words stand; several are parted by commas
--list         say which rows there are, and end
--markdown     print the table for the README as well
--readme       write the table between the markers in the README as well
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from latchkey_tools.benchmark import figures
from latchkey_tools.benchmark.controller import FIRMWARE, ROOT, ControllerError
from latchkey_tools.cloud.failure import LineError
from latchkey_tools.outage import table
from latchkey_tools.outage.drill import Volume, drill, stage
from latchkey_tools.outage.figures import Found
from latchkey_tools.outage.rows import ROWS, Row
from latchkey_tools.phone.problem import Problem
from latchkey_tools.simulator.broker_process import BrokerError
from latchkey_tools.simulator.firmware import FirmwareError

_CANNOT = (BrokerError, ControllerError, FirmwareError, LineError, Problem, OSError)


def picked(words: str) -> list[Row]:
    """In the order of the table."""
    return [row for row in ROWS if not words or any(word.strip() in row.name for word in words.split(","))]


async def measure(rows: Sequence[Row], volume: Volume) -> list[Found]:
    """Raises what stands in _CANNOT."""
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Path(folder)) as on:
            return await drill(on, rows, volume, lambda found: print(table.line(found), flush=True))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="", metavar="WORDS")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    rows = picked(options.rows)
    if options.list or not rows:
        print("\n".join(row.name for row in ROWS))
        return 0 if options.list else 2
    if not FIRMWARE.is_dir():
        print(f"drills: there is no compiled firmware in {FIRMWARE}: run `make drills`.", file=sys.stderr)
        return 2
    print("\n".join(table.head()), flush=True)
    try:
        found = asyncio.run(measure(rows, Volume()))
    except _CANNOT as error:
        print(f"drills: {error}", file=sys.stderr)
        return 2
    print("\n".join(table.summary(found)))
    markdown = "\n".join(table.markdown(found))
    if options.markdown:
        print(f"\n{markdown}")
    if options.readme and not figures.write_into(ROOT / "README.md", markdown, table.BEGIN, table.END):
        print(f"drills: README.md does not have {table.BEGIN} and {table.END}.", file=sys.stderr)
        return 2
    return 1 if any(one.missed() for one in found) else 0


if __name__ == "__main__":
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # connections that are reset are what this is for
    sys.exit(main())
