"""Pulses that the chip's remote-control unit (RMT) gives and ends by itself, whatever the processor does meanwhile.

The RMT counts 80 MHz divided by 255, so 313,725 steps are a second; a duration has 15 bits (104 ms), so a pulse is up
to ten durations of one level, which fit into a channel's own memory and need no interrupt. Its idle level is low, and
low is off: the same as when nobody drives the pin, with a resistor to ground outside.

A pulse that is cut short: the pin is given back to the port, at low, and the RMT runs out behind it. Nothing in
MicroPython stops an RMT: 1.26 has no means, and from 1.27 on `active(False)` and `deinit()` hold the processor of an
ESP32 until the pulse is over, and a long one ends in a panic (esp32_rmt.c; esp-idf issue 17692). So the pin comes back
to the RMT only after that. Whoever pulses one way again, after cutting it, before it would have ended, waits for the
rest: it takes two reversals within the length of one pulse, and at most that length less two dead times.

Not protected against: a chip whose clock stands still in the middle of a pulse. The circuit outside limits that.
"""

import time

from esp32 import RMT
from machine import Pin
from micropython import const

_CLOCK_DIV = const(255)
_STEPS = const(80_000)  # of the RMT in 255 ms
_LONGEST = const(32_767)  # one duration
_PATIENCE_MS = const(1_100)  # no pulse is longer than a second


class Pulse:
    """An output with a channel of the RMT to itself. number: of the pin; ms: the usual length, which is made ready."""

    def __init__(self, channel: int, number: int, ms: int) -> None:
        self._channel = channel
        self._pin = Pin(number, Pin.OUT, value=0)
        self._rmt = RMT(channel, pin=self._pin, clock_div=_CLOCK_DIV, idle_level=False)
        self._cut = False  # the pin is not the RMT's
        self._prepare(ms)

    def pulse(self, ms: int) -> None:
        """Begin a pulse. ms: 1 to 1,000."""
        if ms != self._ms:
            self._prepare(ms)
        if self._cut:
            self._take_back()
        if not self._cut:
            self._rmt.write_pulses(self._durations, self._highs)

    def stop(self) -> None:
        """End the pulse now, if one is under way."""
        if not self._rmt.wait_done():
            self._pin.init(Pin.OUT, value=0)
            self._cut = True

    def _prepare(self, ms: int) -> None:
        self._ms = ms
        steps = ms * _STEPS // _CLOCK_DIV
        count = (steps + _LONGEST - 1) // _LONGEST
        self._durations = tuple([steps * (n + 1) // count - steps * n // count for n in range(count)])
        self._highs = (True,) * count

    def _take_back(self) -> None:
        """Once the RMT has run out. If it never does the output stays off: the bolt's sensor will tell."""
        for _ in range(_PATIENCE_MS):
            if self._rmt.wait_done():
                self._rmt.deinit()
                self._rmt = RMT(self._channel, pin=self._pin, clock_div=_CLOCK_DIV, idle_level=False)
                self._cut = False
                return
            time.sleep_ms(1)
