"""Decides what of the vehicle's decisions goes to the journal in flash, and when: nobody at the car waits for it.

What was accepted and did something is a row each, written within 2 s after the movement. Whatever else happened is
counted by source and verdict, and written every 10 minutes at most, 200 rows a day: anybody can cause as many refusals
as he likes. Nothing is written while the motor moves, below 9 V, and in no day more often than _TOKENS + 86,400 /
_TOKEN_S times (flash wears out by writing, one erase for each); nor, for _PATIENCE_S, when it has just moved; nor while
a card is being asked, unless that never ends, which would keep the journal empty. What waits then is bounded; what
finds no room is counted. Where the supply is cut meanwhile, both are lost, and how much that was nobody knows.

A flash that fails is tried again each minute. That is shown, and holds nobody up.
"""

import asyncio
import time

from micropython import const

from latchkey.core import codes, lock, words
from latchkey.core.facts import YES
from latchkey.storage import chain as rows
from latchkey.storage.chain import Chain

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Generator

    from latchkey.chip import Clock
    from latchkey.vehicle import Vehicle

# `state`
STARTING = const(0)
RECORDING = const(1)
FAILING = const(2)  # flash refuses

_POLL_MS = const(50)
_STEP_MS = const(5)
_QUIET_MS = const(1_800)  # after the motor's dead time, or whatever else was granted: 2 s after an actuator's start
_PATIENCE_S = const(10)  # whoever keeps asking, or holds a card there, must not keep his first row out of the flash
_HELD_S = const(5)  # no honest card is asked for so long
_GIVE_UP_S = const(12)  # what somebody waits for; longer than that patience
_RETRY_S = const(60)

_COUNTS_S = const(600)
_GROUPS = const(16)  # of counted rows at a time; what has no room there becomes one group
_OTHERS = const(0xFF)
_COUNT_S = const(432)  # for one counted row more: 200 a day

_TOKENS = const(48)
_TOKEN_S = const(480)
_RESERVE = const(24)  # of these, for what was accepted


class Recorder:
    """One vehicle's. chain: not loaded yet."""

    def __init__(self, vehicle: "Vehicle", chain: Chain, clock: "Clock" = time, cause: str = "") -> None:
        """cause: of the reset, see chip."""
        self.state = STARTING
        self.chain = chain
        self._cause = cause
        self._vehicle = vehicle
        self._clock = clock
        self._seen = 0  # rows of the vehicle's own list
        self._counts: "dict[int, int]" = {}  # by source and verdict
        self._counted_at_s = -_COUNTS_S
        self._waits_since_s = 0
        self._free_at_s = 0  # no card was being asked
        self._quiet_at = clock.ticks_add(clock.ticks_ms(), _QUIET_MS)
        self._retry_at_s = 0
        self._tokens = _TOKENS
        self._tokens_at_s = 0
        self._allowed = _GROUPS
        self._allowed_at_s = 0
        self._write: "Generator[None, None, None] | None" = None

    async def run(self) -> None:
        """Record for ever."""
        self._write = None  # whatever was under way when this failed
        while True:
            self.step()
            await asyncio.sleep_ms(_STEP_MS if self._write is not None else _POLL_MS)

    def take(self, steps: "Generator[None, None, None]") -> bool:
        """Carry out steps that write to the chain, each at its time. False: not now; then none is taken."""
        if self._write is not None or self.state != RECORDING:
            return False
        self._write = steps
        self._waits_since_s = self._vehicle.uptime_s
        return True

    def drop(self, steps: "Generator[None, None, None]") -> bool:
        """Forget steps that were taken, where they wait too long. False: they are yet to be carried out."""
        if self._write is not steps:
            return True
        if self._vehicle.uptime_s - self._waits_since_s < _GIVE_UP_S:
            return False
        self._write = None
        return True

    def end(self) -> None:
        """The supply is about to be switched off on purpose: write everything at once, as far as flash takes it."""
        self._look()
        if self.state != RECORDING or self._vehicle.arbiter.facts.supply_low == YES:
            return
        self._write = None
        self._put_counts()
        self.chain.put(rows.ENDED, self._vehicle.uptime_s, 0, 0, -1, 0, 0, bytes(4))
        try:
            for _ in self.flush_steps():
                pass
        except (OSError, MemoryError):
            self.state = FAILING

    def step(self) -> None:
        """Look at what was decided, and write a piece where it is time to."""
        if not self._vehicle.attends:
            self._free_at_s = self._vehicle.uptime_s
        self._look()
        if self._write is None and self._vehicle.uptime_s >= self._retry_at_s:
            self._write = self._due()
            self._waits_since_s = self._vehicle.uptime_s
        if self._write is None or not self._may_write():
            return
        try:
            next(self._write)
        except StopIteration:
            self._write = None
            self._told()
        except (OSError, MemoryError):
            self._write = None
            self.state = FAILING
            self._retry_at_s = self._vehicle.uptime_s + _RETRY_S

    # What

    def _look(self) -> None:
        """Take over the rows that the vehicle has added to its own list."""
        if self.chain.found < 0:
            return  # a row has the number of this boot
        journal = self._vehicle.journal
        if self._seen < journal.first:
            self._count(0, _OTHERS, journal.first - self._seen)
            self._seen = journal.first
        while self._seen < journal.count:
            row = journal.row(self._seen)
            self._seen += 1
            if row is not None:
                _, uptime_s, source, credential, action, verdict, short_id = row
                moot = verdict == codes.ALREADY or verdict == codes.JOINED or action == codes.WAKE
                if moot or not codes.is_accepted(verdict):
                    self._count(source, verdict, 1)
                else:
                    if uptime_s >= self._vehicle.uptime_s - 1:  # not one from before load()
                        self._keep_quiet()
                    self.chain.put(rows.DECISION, uptime_s, 0, source, credential, action, verdict, short_id)

    def _count(self, source: int, verdict: int, number: int) -> None:
        group = source << 8 | verdict
        if group not in self._counts and len(self._counts) >= _GROUPS - 1:
            group = _OTHERS
        self._counts[group] = min(self._counts.get(group, 0) + number, 0xFFFF)

    def _put_counts(self) -> None:
        now_s = self._vehicle.uptime_s
        for group in self._counts:
            self.chain.put(rows.COUNTED, now_s, self._counts[group], group >> 8, -1, 0, group & 0xFF, bytes(4))
        self._counts = {}
        self._counted_at_s = now_s

    # When

    def _due(self) -> "Generator[None, None, None] | None":
        """What is to be written now, if anything."""
        if self.state == STARTING or self.chain.found < 0:
            return self._load_steps()
        self._refill()
        counts = len(self._counts)
        late = self._vehicle.uptime_s - self._counted_at_s >= _COUNTS_S
        if late and counts and not self.chain.pending and self._tokens > _RESERVE and self._allowed >= counts:
            self._allowed -= counts
            self._put_counts()
        if not self._waits() or not self._tokens:
            return None
        self._tokens -= 1
        return self.flush_steps()

    def _refill(self) -> None:
        now_s = self._vehicle.uptime_s
        if now_s - self._tokens_at_s >= _TOKEN_S:
            self._tokens_at_s += _TOKEN_S
            self._tokens = min(self._tokens + 1, _TOKENS)
        if now_s - self._allowed_at_s >= _COUNT_S:
            self._allowed_at_s += _COUNT_S
            self._allowed = min(self._allowed + 1, _GROUPS)

    def _waits(self) -> bool:
        """Also where flash took the rows and refused the state."""
        return self.chain.pending > 0 or not self.chain.kept

    def _keep_quiet(self) -> None:
        self._quiet_at = self._clock.ticks_add(self._clock.ticks_ms(), _QUIET_MS)

    def _may_write(self) -> bool:
        vehicle = self._vehicle
        if vehicle.arbiter.lock.motor != lock.STILL:
            self._keep_quiet()
            return False
        if vehicle.arbiter.facts.supply_low == YES:
            return False
        waited = vehicle.uptime_s - self._waits_since_s >= _PATIENCE_S
        if vehicle.attends:  # an honest card is to find the flash at rest, however long there is something to write
            return waited and vehicle.uptime_s - self._free_at_s >= _HELD_S
        return waited or self._clock.ticks_diff(self._clock.ticks_ms(), self._quiet_at) >= 0

    # Writing

    def _load_steps(self) -> "Generator[None, None, None]":
        causes = words.CAUSES.split(",")
        yield
        self.chain.load(causes.index(self._cause) if self._cause in causes else 0)
        yield
        yield from self.flush_steps()

    def flush_steps(self) -> "Generator[None, None, None]":
        """Write until nothing waits."""
        while self._waits():
            yield from self.chain.flush_steps()

    def _told(self) -> None:
        """It is written: the head is what people may be told."""
        self.state = RECORDING
        self._vehicle.journal.head = self.chain.head
        self._vehicle.journal.head_number = self.chain.number - 1
