"""Health of the reader as a state, and what is done about it: a ladder that is climbed while the reader fails.

    READY -> PROBING -> REINITIALISING -> RESETTING -> FAULT
      ^         |             |               |          |      each rung: apply its cure, then use the reader again;
      +---------+-------------+---------------+----------+      if it works, back to READY, else one rung up

A PN532 in the field stops answering after minutes to days (HomeKey-ESP32 issues 39, 72, 159, 202), mostly for reasons
of wiring and power, and comes back after being set up anew, by its reset pin if need be. So FAULT is reported, and is
not the end: the reader is tried again twice a second, for ever, and used again as soon as it answers.

The slowest way up (every listing confirmed and never answered) takes less than 2 s, so that any fault is either over or
reported within 3 s; host_tests/both/test_reader_health.py measures it.
"""

import asyncio

from micropython import const

from latchkey.drivers.pn532 import Pn532

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable

    from latchkey.chip import Level


READY = const(0)
PROBING = const(1)
REINITIALISING = const(2)
RESETTING = const(3)
FAULT = const(4)

# Some modules carry 100 nF at RSTPDN, others hang a 10 k resistor on it: a millisecond. The rest is margin.
_RESET_LOW_MS = const(20)
_RESET_HIGH_MS = const(20)

RETRY_MS = const(500)  # pause between attempts in FAULT


class Health:
    """The rung on which one reader stands. `reset_pin`: low resets the chip; None where it is not wired."""

    def __init__(self, chip: Pn532, reset_pin: "Level | None") -> None:
        self.state = REINITIALISING  # a chip that has just been powered must be set up
        self.on_change: "Callable[[int], None] | None" = None  # called with the new state
        self._chip = chip
        self._reset_pin = reset_pin

    async def cure(self) -> None:
        """Do what this rung prescribes. raises: Pn532Error when the chip does not even take that."""
        if self.state == READY:
            return
        if self.state == PROBING:
            await self._chip.probe()
            return
        if self.state != REINITIALISING:
            await self._reset()
        await self._chip.start()

    def worked(self) -> None:
        """The reader has just been used with success."""
        self._become(READY)

    def failed(self) -> None:
        """The reader, or the cure, has just failed."""
        if self.state == REINITIALISING and self._reset_pin is None:
            self._become(FAULT)
        else:
            self._become(min(self.state + 1, FAULT))

    async def _reset(self) -> None:
        if self._reset_pin is not None:
            self._reset_pin.value(0)
            await asyncio.sleep_ms(_RESET_LOW_MS)
            self._reset_pin.value(1)
            await asyncio.sleep_ms(_RESET_HIGH_MS)

    def _become(self, state: int) -> None:
        if state != self.state:
            self.state = state
            if self.on_change is not None:
                self.on_change(state)
