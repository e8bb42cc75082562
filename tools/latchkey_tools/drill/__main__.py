"""python -m latchkey_tools.drill [--markdown] [--tries N] [--virtual N]: runs the abuse drill, prints, judges.

Exit status 1 when something that is required is missed, 2 when it cannot be measured at all. The firmware is taken from
build/mpy, which `make drill` compiles first. It takes some four minutes.

--tries N     of the phone in real time (15)
--virtual N   of the phone in virtual time, for each kind of crowd (100: about ten minutes of it)
--markdown    print the table for the README instead
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from latchkey_tools.benchmark import figures
from latchkey_tools.benchmark.controller import FIRMWARE, ControllerError
from latchkey_tools.benchmark.figures import BYTES, COUNT, RATIO, RUN, WALL, Figure, Section
from latchkey_tools.benchmark.scripts import BenchmarkError
from latchkey_tools.drill import story, virtual
from latchkey_tools.simulator.firmware import FirmwareError

_REAL = (
    "processes over TCP: MicroPython with the firmware, reader and car, and a Bumble air with nine hostile phones of"
    " nine kinds and an honest one, which waits 0.3 to 0.8 s from each connection to its first write"
)
_VIRTUAL = (
    "the whole application under MicroPython; connection events 30 to 50 ms apart, 10 ms for each message, 148 ms for a"
    " secret on the curve. A tap is timed from the card on the reader to the pulse"
)
_SERVED = "≥ 99 of 100"
_MS = 1_000


def real(found: story.Found) -> Section:
    """The table of the drill in real time."""
    served, silent = len(found.waits_s), found.silent_s
    grown = found.free_before - found.free_after
    waits_ms = [seconds * _MS for seconds in found.waits_s]
    missed = found.missed()
    rows = [
        Figure(
            "an honest phone among nine hostile ones is served within 10 s",
            f"{served} of {found.tries}",
            COUNT,
            _SERVED,
            story.SERVED_TOO_SELDOM not in missed,
        ),
        Figure("  its wait: p50, p99, longest", _spread(waits_ms), WALL),
        Figure("a card's tap, undisturbed: p50, p99, longest", _spread(found.idle_ms), WALL),
        Figure(f"  among them, {len(found.taps_ms)} taps", _spread(found.taps_ms), WALL),
        Figure(
            "  p99 : p99",
            f"{found.ratio:.2f}",
            RATIO,
            f"≤ {story.RATIO}, + {story.FLOOR_MS:.0f} ms",
            story.TAP_DELAYED not in missed,
        ),
        Figure("longest time without an advertisement", f"{silent:.1f} s", WALL, "≤ 5 s", story.SILENT not in missed),
        Figure(
            "heap less after it than at its beginning",
            f"{grown:,} bytes",
            BYTES,
            f"≤ {story.GROWTH:,}",
            story.GREW not in missed,
        ),
    ]
    return Section("In real time", _REAL, rows)


def in_virtual_time(rows: list[virtual.Row]) -> Section:
    """The table of the drills in virtual time."""
    shown = []
    for row in rows:
        crowd = "nine of nine kinds" if row.kind == virtual.ALL else f"nine: {row.kind}"
        figure = f"{row.served} of {row.tries}"
        shown.append(Figure(f"{crowd}: served within 10 s", figure, COUNT, _SERVED, row.served_enough))
        shown.append(Figure("  its wait: p50, p99, longest", _spread(row.waits_ms), RUN))
        taps = f"{row.ratio:.2f} ({row.taps_ms[1]} : {row.idle_ms[1]} ms)"
        shown.append(Figure("  a card's tap, p99 : undisturbed p99", taps, RATIO, "≤ 1.1, + 5 ms", row.taps_in_time))
        silence = f"{row.silent_ms / _MS:.1f} s, {row.closed_ms / _MS:.1f} s"
        met = row.silent_ms <= story.SILENT_S * _MS
        shown.append(Figure("  longest without an advertisement, a connectable one", silence, RUN, "≤ 5 s, none", met))
    return Section("In virtual time", _VIRTUAL, shown)


def _spread(ms: "list[float] | tuple[int, int, int]") -> str:
    middle, late, longest = ms if isinstance(ms, tuple) else (story.at(ms, part) for part in (0.5, 0.99, 1.0))
    return f"{middle:.0f}, {late:.0f}, {longest:.0f} ms"


def measure(tries: int, virtual_tries: int) -> list[Section]:
    """Raises BenchmarkError, ControllerError, FirmwareError, subprocess.TimeoutExpired, OSError."""
    if not FIRMWARE.is_dir():
        raise BenchmarkError(f"there is no compiled firmware in {FIRMWARE}: run `make drill`.")
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(story.measure(Path(folder), tries))
    rows = [virtual.measure(kind, virtual_tries) for kind in (virtual.ALL, *virtual.KINDS)]
    return [real(found), in_virtual_time(rows)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--tries", type=int, default=15, metavar="N")
    parser.add_argument("--virtual", type=int, default=100, metavar="N")
    options = parser.parse_args()
    try:
        sections = measure(options.tries, options.virtual)
    except (BenchmarkError, ControllerError, FirmwareError, subprocess.TimeoutExpired, OSError) as error:
        print(f"drill: {error}", file=sys.stderr)
        return 2
    print("\n".join(figures.markdown(sections) if options.markdown else figures.text(sections)))
    return 0 if figures.all_met(sections) else 1


if __name__ == "__main__":
    sys.exit(main())
