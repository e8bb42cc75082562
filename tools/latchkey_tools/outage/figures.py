"""What a drill has found, and whether that is good enough. Pure.

The budget of a card's tap and of a phone's press, of one run: drilled p99 ≤ 1.10 × idle p99 + 5 ms, and the longest no
more than 50 ms longer than the longest when idle. What is over that is measured again without the time in which
other processes had the processor of this PC: that is not the firmware's. What moved nothing is a miss, however quick.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

RATIO, FLOOR_MS, EXTRA_MS = 1.1, 5.0, 50.0
GROWTH = 4_096  # bytes; each time the heap is asked it is in the middle of other things

TAP_DELAYED, PRESS_DELAYED = "taps delayed", "presses delayed"
TAP_LOST, PRESS_LOST = "a tap moved nothing", "a press moved nothing"
HEAP_GREW, DESCRIPTORS_GREW = "heap grown", "descriptors left open"
RESTARTED, LINK_RESTARTED = "restarted", "a link restarted"
REPLAYED, NOT_DONE = "a replayed command was accepted", "the fault did not happen"


def at(values: Sequence[float], part: float) -> float:
    """The nearest-rank percentile, 0 where there are no values."""
    return sorted(values)[math.ceil(part * len(values)) - 1] if values else 0.0


class Sample(NamedTuple):
    """One tap or press, in ms. waited: as much of it as its processes were ready to run and others ran."""

    ms: float
    waited: float = 0.0

    @property
    def own(self) -> float:
        """What is left. A wait that had begun before is counted whole, so there may be less than nothing left."""
        return max(0.0, self.ms - self.waited)


@dataclass
class Timed:
    """lost: how many moved nothing, or not in time."""

    idle: list[Sample] = field(default_factory=list)
    drilled: list[Sample] = field(default_factory=list)
    lost: int = 0

    @property
    def ratio(self) -> float:
        """Of the two p99; 0 where nothing was measured."""
        idle = at(whole(self.idle), 0.99)
        return at(whole(self.drilled), 0.99) / idle if idle else 0.0

    @property
    def in_time(self) -> bool:
        """By the clock, or else by what is left of it without the waits for a processor."""
        return self.by_the_clock or _within(own(self.idle), own(self.drilled))

    @property
    def by_the_clock(self) -> bool:
        return _within(whole(self.idle), whole(self.drilled))

    def add(self, other: "Timed") -> None:
        self.idle += other.idle
        self.drilled += other.drilled
        self.lost += other.lost


def whole(samples: Sequence[Sample]) -> list[float]:
    return [sample.ms for sample in samples]


def own(samples: Sequence[Sample]) -> list[float]:
    return [sample.own for sample in samples]


def _within(idle: list[float], drilled: list[float]) -> bool:
    late = at(drilled, 0.99) <= RATIO * at(idle, 0.99) + FLOOR_MS
    return late and at(drilled, 1.0) <= at(idle, 1.0) + EXTRA_MS


@dataclass
class Found:
    """One row. struck: how it was seen that the fault happened, "" when it was not. again: measured a second time.

    files, free: descriptors and bytes of the heap, before and after, connected both times. reconnects_s: of the row
    that looks at them. broken: why it could not be measured to its end.
    """

    row: str
    taps: Timed = field(default_factory=Timed)
    presses: Timed = field(default_factory=Timed)
    files: tuple[int, int] = (0, 0)
    free: tuple[int, int] = (0, 0)
    restarted: bool = False
    links_restarted: int = 0
    replayed: int = 0
    struck: str = ""
    reconnects_s: list[float] = field(default_factory=list)
    again: bool = False
    broken: str = ""

    @property
    def grown(self) -> int:
        """Bytes of the heap that are gone."""
        return self.free[0] - self.free[1]

    def missed(self) -> list[str]:
        """What is required and was not met, in the words above."""
        met = {
            TAP_DELAYED: self.taps.in_time,
            PRESS_DELAYED: self.presses.in_time,
            TAP_LOST: not self.taps.lost,
            PRESS_LOST: not self.presses.lost,
            HEAP_GREW: self.grown <= GROWTH,
            DESCRIPTORS_GREW: self.files[1] <= self.files[0],
            RESTARTED: not self.restarted,
            LINK_RESTARTED: not self.links_restarted,
            REPLAYED: not self.replayed,
            NOT_DONE: bool(self.struck),
        }
        return [self.broken] if self.broken else [what for what, is_met in met.items() if not is_met]


def together(rows: Sequence[Found]) -> Found:
    """All rows as one: many taps have a p99 that a few do not have. The rest of it is judged row by row."""
    every = Found("all of them together", struck="each in its row")
    rows = [row for row in rows if not row.broken]
    for row in rows:
        every.taps.add(row.taps)
        every.presses.add(row.presses)
        every.replayed += row.replayed
        every.links_restarted += row.links_restarted
        every.restarted = every.restarted or row.restarted
    if rows:
        every.files = (rows[0].files[0], rows[-1].files[1])
        every.free = (rows[0].free[0], rows[-1].free[1])
    return every
