"""The lock motor, the latches and the drive relay: ready-made outputs in, pulses that end by themselves out.

A pulse output has `pulse(ms)`, which returns at once and whose end needs no CPU (RMT on the ESP32, the simulated car on
a PC), and `stop()`. This driver is the last one to look: whatever it is told, it never drives both directions, never
reverses within the dead time, never pulses longer than the ceiling, and lets each latch's coil rest. Every board's
README adds a limit outside the chip. A reset forgets that a latch rests; the next pulse takes a boot and a proof.
"""

import time

from micropython import const

from latchkey.core.lock import DEAD_MS, PULSE_CEILING_MS

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Clock, Level, Pulse


_LOCK = const(0)
_UNLOCK = const(1)

# A release coil is wound for a short pull and burns under standing current. It has one direction and one short way, so
# there are no operations to count as for the lock motor; what must be bounded is how much of the time current flows,
# whoever asks how often. A rest as long as the longest pulse makes that half at worst, and 3 parts of 13 at 300 ms.
LATCH_REST_MS = const(1_000)


class LockMotor:
    """Two pulse outputs that are never active together. `refused` counts orders that would have broken the rules."""

    def __init__(
        self,
        lock: "Pulse",
        unlock: "Pulse",
        pulse_ms: int,
        clock: "Clock" = time,
    ) -> None:
        """pulse_ms: 1 to PULSE_CEILING_MS. ValueError otherwise, so that a bad board file stops at boot."""
        if not 1 <= pulse_ms <= PULSE_CEILING_MS:
            raise ValueError("pulse_ms must be 1 to %d" % PULSE_CEILING_MS)
        self.refused = 0
        self._outputs = (lock, unlock)
        self._pulse_ms = pulse_ms
        self._clock = clock
        self._resting = False  # a pulse or its dead time goes on
        self._free_at = 0  # when it is over; means nothing while not resting, because ticks wrap
        lock.stop()
        unlock.stop()

    def lock(self) -> bool:
        """Pulse towards locked; False where the dead time forbids it."""
        return self._pulse(_LOCK)

    def unlock(self) -> bool:
        """Pulse towards unlocked; False where the dead time forbids it."""
        return self._pulse(_UNLOCK)

    def halt(self) -> None:
        """End a pulse that runs; the dead time begins now."""
        self._outputs[_LOCK].stop()
        self._outputs[_UNLOCK].stop()
        self._resting = True
        self._free_at = self._clock.ticks_add(self._clock.ticks_ms(), DEAD_MS)

    def tick(self, now: int) -> None:
        """Notice the end of a dead time; called often, long before ticks wrap. now: ticks in ms."""
        # A millisecond of grace: the caller's timer and this one may read the clock on two sides of a tick.
        if self._resting and self._clock.ticks_diff(self._free_at, now) <= 1:
            self._resting = False

    def _pulse(self, direction: int) -> bool:
        now = self._clock.ticks_ms()
        self.tick(now)
        if self._resting:
            self.refused += 1
            return False
        self._outputs[1 - direction].stop()
        self._outputs[direction].pulse(self._pulse_ms)
        self._resting = True
        # Read again: the chip may have stood still (80 ms of flash write) before the pulse began.
        self._free_at = self._clock.ticks_add(self._clock.ticks_ms(), self._pulse_ms + DEAD_MS)
        return True


class Latch:
    """One pulse output whose coil releases a lid. The lid is closed by hand, and whether it is open nobody senses."""

    def __init__(self, output: "Pulse", pulse_ms: int, clock: "Clock" = time) -> None:
        """pulse_ms: 1 to PULSE_CEILING_MS. ValueError otherwise, so that a bad board file stops at boot."""
        if not 1 <= pulse_ms <= PULSE_CEILING_MS:
            raise ValueError("pulse_ms must be 1 to %d" % PULSE_CEILING_MS)
        self._output = output
        self._pulse_ms = pulse_ms
        self._clock = clock
        self._resting = False  # a pulse or the rest after it goes on
        self._free_at = 0  # when it is over; means nothing while not resting, because ticks wrap
        output.stop()

    def open(self) -> bool:
        """Pulse once; False where the last pulse or its rest is not over."""
        self.tick(self._clock.ticks_ms())
        if self._resting:
            return False
        self._output.pulse(self._pulse_ms)
        self._resting = True
        # Read again: the chip may have stood still (80 ms of flash write) before the pulse began.
        self._free_at = self._clock.ticks_add(self._clock.ticks_ms(), self._pulse_ms + LATCH_REST_MS)
        return True

    def tick(self, now: int) -> None:
        """Notice the end of a rest; called often, long before ticks wrap. now: ticks in ms."""
        if self._resting and self._clock.ticks_diff(now, self._free_at) >= 0:
            self._resting = False


class DriveRelay:
    """A latching relay in the starter line: it keeps its position when the controller is off."""

    def __init__(self, output: "Level") -> None:
        self._output = output

    def enable(self) -> None:
        self._output.value(1)

    def disable(self) -> None:
        self._output.value(0)
