"""One row after the other: idle first, connected by TLS; then the fault; then home again, and what is left is counted.

A phone that is connected keeps the car from beginning a connection, so cards are tapped without one, and it comes
afterwards, in the middle of whatever the car is doing then. A row that misses is measured once more, idle and drilled:
another process may have had the processor.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from latchkey_tools.benchmark.controller import ControllerError
from latchkey_tools.cloud.failure import LineError
from latchkey_tools.drill.beside import Beside
from latchkey_tools.outage.bench import Bench, Watched
from latchkey_tools.outage.figures import Found, Sample, Timed
from latchkey_tools.outage.places import places
from latchkey_tools.outage.replay import CloudKey
from latchkey_tools.outage.rows import Row, Stage
from latchkey_tools.phone.problem import Problem


@dataclass(frozen=True)
class Volume:
    """How many of each, idle and drilled."""

    taps: tuple[int, int] = (8, 10)
    presses: tuple[int, int] = (9, 8)


@contextlib.asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """Everything that the rows need, running. folder: empty. Raises BrokerError, ControllerError, OSError."""
    flash = folder / "flash"
    flash.mkdir()
    key = CloudKey()
    async with (
        places(folder) as brokers,
        Beside("latchkey_tools.outage.phone") as phone,
        Watched(flash, phone.said["air"]) as controller,
    ):
        bench = Bench(controller, phone)
        await bench.furnish(key.point)
        await bench.use(brokers.home)
        await bench.connected()
        yield Stage(bench, brokers, key)


async def drill(
    on: Stage,
    rows: Sequence[Row],
    volume: Volume,
    tell: Callable[[Found], None],
    excused: frozenset[str] = frozenset(),
) -> list[Found]:
    """tell(found): of each row, as soon as it is there. excused: misses for which nothing is measured again.

    Raises ControllerError, OSError.
    """
    whole = []
    for row in rows:
        found = await _attempt(on, row, volume)
        if set(found.missed()) - excused:
            tell(found)
            found = await _attempt(on, row, volume)
            found.again = True
        tell(found)
        whole.append(found)
    return whole


async def _attempt(on: Stage, row: Row, volume: Volume) -> Found:
    """A row in which something does not go on is one that is missed; the others are drilled all the same."""
    try:
        return await measure(on, row, volume)
    except (ControllerError, LineError, Problem) as error:
        await on.bench.use(on.places.home)
        await on.bench.connected()
        return Found(row.name, broken=str(error))


async def measure(on: Stage, row: Row, volume: Volume) -> Found:
    """One row. Raises ControllerError, OSError."""
    bench, controller = on.bench, on.bench.controller
    found = Found(row.name)
    on.reconnects_s.clear()
    await _tap(bench, volume.taps[0], found.taps, found.taps.idle)
    await _press(bench, volume.presses[0], found.presses, found.presses.idle)
    before = bench.files(), await bench.free(), bench.links_restarted()
    controller.look_anew()
    controller.accepted = 0
    async with row.begin(on) as shown:
        await _tap(bench, volume.taps[1], found.taps, found.taps.drilled)
        await _press(bench, volume.presses[1], found.presses, found.presses.drilled)
        found.struck = shown()
        found.replayed = controller.accepted
    await bench.use(on.places.home)
    await bench.connected()
    found.files = before[0], bench.files()
    found.free = before[1], await bench.free()
    found.links_restarted = bench.links_restarted() - before[2]
    found.restarted = controller.restarted
    found.reconnects_s = list(on.reconnects_s)
    return found


async def _tap(bench: Bench, count: int, timed: Timed, into: list[Sample]) -> None:
    for _ in range(count):
        _note(await bench.tap(), timed, into)


async def _press(bench: Bench, count: int, timed: Timed, into: list[Sample]) -> None:
    await bench.link()
    for _ in range(count):
        _note(await bench.press(), timed, into)
    await bench.leave()


def _note(sample: Sample | None, timed: Timed, into: list[Sample]) -> None:
    if sample is None:
        timed.lost += 1
    else:
        into.append(sample)
