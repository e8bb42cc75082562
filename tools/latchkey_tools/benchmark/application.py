"""The whole application in real processes: does it run in its heap, how soon is it there, how long does a tap take?

One controller is claimed and then tapped a hundred times, and tells what is left of its heap. Others start from copies
of its flash: some boot with a card already on the reader, some are tapped by a card as slow as real ones. The lock
motor may run ten times in 20 s, so several controllers share the hundred taps that must move it, and each boots twice.
"""

import asyncio
import math
import shutil
from pathlib import Path
from typing import NamedTuple

from latchkey_tools.benchmark.controller import TESTS, Controller, ControllerError
from latchkey_tools.benchmark.figures import BYTES, CPU, RUN, WALL, Figure
from latchkey_tools.benchmark.owner import OWNERS, TimedCard, claim, tap, tap_until_pulse

HEAP, _LARGER = "192k", "384k"
_TAPS = 100
_CONTROLLERS, _BOOTS = 5, 2
_COLD_BOOTS = 3
_BOOT_BUDGET_S = 0.3
_SETTLE_S = 0.8  # the pulse of 500 ms and the dead time of 200 ms


class Taps(NamedTuple):
    """Of each tap the ms from listed to the pulse, and how many of them the card took."""

    all_ms: list[float]
    own_ms: list[int]


class Application:
    """Measures in `folder`, which is its own. `heap`: the one it was claimed in, the budgeted one if that is enough."""

    def __init__(self, folder: Path) -> None:
        self.heap = HEAP
        self.claimed = asyncio.Event()  # the flash of a claimed controller may be copied
        self._folder = folder
        self._blank = folder / "claimed"
        self._copies = 0
        self._refused = ""  # why the budgeted heap is not enough

    async def memory(self) -> list[Figure]:
        """Claim, a hundred taps, what is left of the heap, and the arithmetic among all that lives there."""
        try:
            found = await self._life()
        except ControllerError as error:
            self._refused, self.heap = error.last_words or str(error), _LARGER
            found = await self._life()
        finally:
            self.claimed.set()
        runs = Figure("the whole application in a heap of 192 KB", "runs", RUN, "runs", True)
        if self._refused:
            runs = runs._replace(figure=f"does not: {self._refused}", met=False)
        return [runs, *(one._replace(what=f"{one.what}{self._in_a_larger_one()}") for one in found)]

    async def boot(self) -> list[Figure]:
        """From the start of the process to the first tap accepted; the card lies on the reader already."""
        best = min([await self._cold_boot() for _ in range(_COLD_BOOTS)])
        what = f"boot → first tap accepted{self._in_a_larger_one()}"
        return [Figure(what, f"{best * 1000:.0f} ms", CPU, "≤ 300 ms", best <= _BOOT_BUDGET_S)]

    async def latency(self) -> list[Figure]:
        """A hundred taps that move the bolt, several controllers at once."""
        shares = await asyncio.gather(*(self._tapped() for _ in range(_CONTROLLERS)))
        all_ms = [ms for share in shares for ms in share.all_ms]
        own_ms = [ms for share in shares for ms in share.own_ms]
        rest_ms = [ms - own for ms, own in zip(all_ms, own_ms, strict=True)]
        return [
            Figure(f"tap, listed → pulse, {len(all_ms)} taps: p50, p99, longest", _spread(all_ms), WALL),
            Figure("  of it the card itself (as modelled)", _spread([float(ms) for ms in own_ms]), WALL),
            Figure("  of it reader (as modelled), serial line, firmware, this PC", _spread(rest_ms), WALL),
        ]

    def _in_a_larger_one(self) -> str:
        return f" (heap of {_LARGER[:-1]} KB)" if self._refused else ""

    async def _life(self) -> list[Figure]:
        shutil.rmtree(self._blank, ignore_errors=True)
        self._blank.mkdir(parents=True)
        async with Controller(self._blank, self.heap, "bench_application", (TESTS / "bench",)) as controller:
            await claim(controller)
            self.claimed.set()
            at_first, _ = await controller.ask("memory")
            for _ in range(_TAPS):
                await tap(controller, OWNERS[0])
            at_last, sweep_us = await controller.ask("memory")
            ecdh_us, garbage = await controller.ask("ecdh")
        return [
            Figure("  free after boot and claim", f"{int(at_first):,} bytes", BYTES),
            Figure(f"  free after {_TAPS} taps more", f"{int(at_last):,} bytes", BYTES),
            Figure("  one garbage collection of that heap, at its quickest", f"{sweep_us} µs", WALL),
            Figure("P-256 ECDH inside the running application", f"{ecdh_us} µs, {garbage} bytes", CPU),
        ]

    def _copy(self) -> Path:
        self._copies += 1
        folder = self._folder / f"copy-{self._copies}"
        folder.mkdir()
        for name in ("flash.bin", "marks"):
            shutil.copy(self._blank / name, folder / name)
        return folder

    async def _cold_boot(self) -> float:
        controller = Controller(self._copy(), self.heap)
        controller.reader.put(TimedCard(OWNERS[0]))
        async with controller:
            while True:
                if (await controller.verdict())["accepted"]:
                    break
        return controller.cpu_s

    async def _tapped(self) -> Taps:
        taps = Taps([], [])
        folder = self._copy()
        for _ in range(_BOOTS):
            async with Controller(folder, self.heap) as controller:
                await controller.status(lambda status: status["reader"] == "ready")
                for _ in range(_TAPS // _CONTROLLERS // _BOOTS):
                    all_ms, own_ms = await tap_until_pulse(controller)
                    taps.all_ms.append(all_ms)
                    taps.own_ms.append(own_ms)
                    await asyncio.sleep(_SETTLE_S)
        return taps


def _spread(ms: list[float]) -> str:
    ordered = sorted(ms)
    middle, late = [ordered[math.ceil(part * len(ordered)) - 1] for part in (0.5, 0.99)]
    return f"{middle:.0f}, {late:.0f}, {ordered[-1]:.0f} ms"
