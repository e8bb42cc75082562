"""The drill in real time: the firmware under MicroPython with a reader and a car here, its radio's air next door.

    found = await measure(folder, tries=20)
    found.missed()              # what is required and was not met

Claimed, a phone paired, cards tapped in peace; then the crowd comes, the phone opens again and again, and cards are
tapped all the while. A tap is timed from the card's being listed to the verdict. With the battery low a tap of the
unlocked car is refused after the same proof, and the motor, which may run ten times in 20 s, does not have to; before
and after that the phone and the card move the bolt.
"""

import asyncio
import contextlib
import math
from dataclasses import dataclass, field
from pathlib import Path

from latchkey_tools.benchmark.controller import TESTS, Controller
from latchkey_tools.benchmark.owner import OWNERS, TimedCard, claim
from latchkey_tools.drill.beside import Beside

_HEAP = "1m"
_IDLE_TAPS = 15
_BETWEEN_TAPS_S = 0.25
_FULL_MV, _LOW_MV = 12_600, 8_500
_HAND_S = 1.0  # until a person has come back with the card; the vehicle computes the phone's secret meanwhile
_SETTLED_S = 1.5  # until the supply counts as low, or as good again

SERVED = 0.99
SILENT_S = 5.0
RATIO, FLOOR_MS = 1.1, 5.0
GROWTH = 4_096  # bytes; each time the heap is asked it is in the middle of other things
SERVED_TOO_SELDOM, SILENT, TAP_DELAYED, GREW = "served too seldom", "silent", "taps delayed", "heap grown"


@dataclass
class Found:
    """waits_s: of the tries that were served, of `tries`. connections: by kind of hostile phone."""

    tries: int = 0
    waits_s: list[float] = field(default_factory=list)
    attempts: int = 0  # connections that those tries took
    idle_ms: list[float] = field(default_factory=list)
    taps_ms: list[float] = field(default_factory=list)
    silent_s: float = 0.0
    connections: dict[str, int] = field(default_factory=dict)
    free_before: int = 0
    free_after: int = 0

    @property
    def ratio(self) -> float:
        """p99 of a tap in the crowd by p99 of one in peace."""
        return at(self.taps_ms, 0.99) / at(self.idle_ms, 0.99)

    def missed(self) -> list[str]:
        """What is required and was not met: of SERVED_TOO_SELDOM, SILENT, TAP_DELAYED, GREW."""
        met = {
            SERVED_TOO_SELDOM: len(self.waits_s) >= SERVED * self.tries,
            SILENT: self.silent_s <= SILENT_S,
            TAP_DELAYED: at(self.taps_ms, 0.99) <= RATIO * at(self.idle_ms, 0.99) + FLOOR_MS,
            GREW: self.free_after >= self.free_before - GROWTH,
        }
        return [what for what, is_met in met.items() if not is_met]


def at(values: list[float], part: float) -> float:
    """The nearest-rank percentile, 0 where there are no values."""
    return sorted(values)[math.ceil(part * len(values)) - 1] if values else 0.0


async def measure(folder: Path, tries: int) -> Found:
    """folder: for the flash, empty. Raises ControllerError, OSError."""
    path = (TESTS / "bench",)
    async with Beside("latchkey_tools.drill.air") as air:
        where = f"127.0.0.1:{air.said['air']}"
        async with Controller(folder, _HEAP, "bench_application", path, air=where) as controller:
            return await _drill(controller, air, tries)


async def _drill(controller: Controller, air: Beside, tries: int) -> Found:
    found = Found()
    await claim(controller)
    await _pair(controller, air)
    await _try(air, found)
    await _bolt(controller, "unlocked")
    found = Found()
    await _supply(controller, _LOW_MV)
    await _tap(controller)
    for _ in range(_IDLE_TAPS):
        found.idle_ms.append(await _tap(controller))
    await air.do("crowd")
    hand = asyncio.Lock()
    tapping = asyncio.create_task(_keep_tapping(controller, hand, found))
    for number in range(tries):
        await _try(air, found)
        if number == tries // 4:
            async with hand:  # to look at the heap takes longer than a tap may
                found.free_before = await _free(controller)
    tapping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await tapping
    seen = await air.do("look")
    found.silent_s, found.connections = seen["silent"], seen["crowd"]
    found.free_after = await _free(controller)
    await _move_among_them(controller, air)
    return found


async def _pair(controller: Controller, air: Beside) -> None:
    """The owner's gesture, a phone that shows its key, the owner's card once more."""
    status = await controller.status(lambda status: bool(status["vin"]) and status["radio"] == "advertising")
    controller.car.button = True
    controller.changed()
    await _tap(controller)
    controller.car.button = False
    controller.changed()
    await controller.status(lambda status: status["enrolment"] == "open")
    pairing = asyncio.create_task(air.do(f"pair {status['vin']}"))
    await controller.status(lambda status: status["enrolment"] == "pinned")
    await asyncio.sleep(_HAND_S)
    await _tap(controller)
    await pairing


async def _try(air: Beside, found: Found) -> None:
    answer = await air.do("open")
    found.tries += 1
    found.attempts += answer["tries"]
    if answer["seconds"] is not None:
        found.waits_s.append(answer["seconds"])


async def _move_among_them(controller: Controller, air: Beside) -> None:
    """With the battery full and the crowd still there a card locks, and the phone opens."""
    await _supply(controller, _FULL_MV)
    await _tap(controller)
    await _bolt(controller, "locked")
    if (await air.do("open"))["seconds"] is not None:
        await _bolt(controller, "unlocked")


async def _supply(controller: Controller, millivolt: int) -> None:
    controller.car.supply = millivolt
    controller.changed()
    await controller.status(lambda status: abs((status["supply_mv"] or 0) - millivolt) < 300)
    await asyncio.sleep(_SETTLED_S)


async def _bolt(controller: Controller, position: str) -> None:
    await controller.status(lambda status: bool(status["bolt"] == position))


async def _keep_tapping(controller: Controller, hand: asyncio.Lock, found: Found) -> None:
    while True:
        async with hand:
            found.taps_ms.append(await _tap(controller))


async def _tap(controller: Controller) -> float:
    """A tap of an owner's card, as slow as real ones; ms from listed to the verdict."""
    card = TimedCard(OWNERS[0])
    controller.forget()
    controller.reader.put(card)
    try:
        while True:
            when_ns, (_, *told) = await controller.heard("verdict")
            if told[0]["source"] == "keycard":  # type: ignore[index]
                return (when_ns - card.listed_ns) / 1e6
    finally:
        controller.reader.take_away(card)
        await asyncio.sleep(_BETWEEN_TAPS_S)


async def _free(controller: Controller) -> int:
    free, _ = await controller.ask("memory")
    return int(free)
