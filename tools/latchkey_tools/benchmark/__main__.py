"""python -m latchkey_tools.benchmark [--markdown | --readme]: measures, prints, judges.

Exit status 1 when a budget is missed that is a count, a ratio, CPU time or bytes; wall clock is printed only. 2 when
something cannot be measured at all. The firmware is taken from build/mpy, which `make benchmark` compiles first.

--markdown    print the table for the README instead
--readme      write it between the markers in the README, and print as usual
"""

import argparse
import asyncio
import shutil
import subprocess
import sys

from latchkey_tools.benchmark import application, ble, crypto, figures, tap
from latchkey_tools.benchmark.controller import FIRMWARE, ROOT, ControllerError
from latchkey_tools.benchmark.figures import RUN, Figure, Section
from latchkey_tools.benchmark.scripts import BenchmarkError
from latchkey_tools.simulator.firmware import FirmwareError

_TAP = (
    "under MicroPython on the bench, in virtual time. A turn is timed by the wall clock, which shows no less than CPU"
    " time; the shortest of three runs counts. The models of reader, card and motor are left out, garbage collection"
    " too: see its own figure"
)
_PHONE = "the same, with all 32 slots taken; from the phone's write to the pulse, and to the last byte of the reply"
_APPLICATION = "real processes over TCP, firmware from .mpy; five controllers at once share the taps of the wall clock"


async def measure() -> list[Section]:
    """The scripts run beside the controller that is claimed and tapped; what is timed more finely comes after them.

    raises: BenchmarkError, ControllerError, FirmwareError, subprocess.TimeoutExpired, OSError.
    """
    shutil.rmtree(crypto.BUILD, ignore_errors=True)
    crypto.BUILD.mkdir(parents=True)
    whole = application.Application(crypto.BUILD / "application")
    (crypto.BUILD / "application").mkdir()
    memory = asyncio.create_task(whole.memory())
    counted = await asyncio.to_thread(tap.measure)
    phone = await asyncio.to_thread(ble.measure)
    speeds = await asyncio.to_thread(crypto.measure)
    return [
        Section("A tap", _TAP, counted),
        Section("A phone", _PHONE, phone),
        Section("The whole application", _APPLICATION, await _application(whole, memory)),
        *speeds,
    ]


async def _application(whole: application.Application, memory: "asyncio.Task[list[Figure]]") -> list[Figure]:
    """What the real processes yield; a failure is a figure as well, and keeps nobody from seeing the others."""
    try:
        await whole.claimed.wait()
        timed = [*await whole.boot(), *await whole.latency()]
        return [*await memory, *timed]
    except (ControllerError, OSError) as error:
        memory.cancel()
        failed = await asyncio.gather(memory, return_exceptions=True)
        words = next((str(one) for one in failed if isinstance(one, ControllerError)), str(error))
        return [Figure("the whole application", f"fails: {words}", RUN, "runs", False)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    try:
        if not FIRMWARE.is_dir():
            raise BenchmarkError(f"there is no compiled firmware in {FIRMWARE}: run `make benchmark`.")
        sections = asyncio.run(measure())
    except (BenchmarkError, ControllerError, FirmwareError, subprocess.TimeoutExpired, OSError) as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 2
    table = "\n".join(figures.markdown(sections))
    print(table if options.markdown else "\n".join(figures.text(sections)))
    if options.readme and not figures.write_into(ROOT / "README.md", table):
        print(f"benchmark: README.md does not have {figures.BEGIN} and {figures.END}.", file=sys.stderr)
        return 2
    return 0 if figures.all_met(sections) else 1


if __name__ == "__main__":
    sys.exit(main())
