"""The PN532 on I2C: START, address, bytes, acknowledges, STOP, as UM0701-02 section 6.2.4 and libnfc have them.

Seven-bit address 24. Every read begins with the status byte, 01 when a frame follows; a read of that byte alone uses
nothing up. A sleeping chip is woken by its address and acknowledges it only 1 ms later. Clock stretching: 250 us at
each address (100 to 440 were measured).
Model's choices: behind the end of a frame, or where none is ready, the data line is released (FF); a frame that was
begun is used up at the end of the read. `keeps` makes the other choice that is told of real chips: each read begins
with the same frame again until it has been read whole.
"""

try:
    from typing import Any
except ImportError:  # MicroPython has no such module, nor ever reads an annotation
    pass

from .bus import Bus

_ADDRESS = 0x24
_WAKE_BY_I2C = 0x80
_WAKING_MS = 1
_STRETCH_US = 250


class Pn532I2c(Bus):
    """See Bus; start(), write(), read() and stop() are what happens on the two lines.

    stretch_us: for how long the chip held the clock in the last step. is_hung(): the data line is held low.
    """

    def __init__(self, keeps: bool = False, chip: "Any" = None) -> None:
        super().__init__(_WAKE_BY_I2C, chip)
        self.stretch_us = 0
        self._keeps = keeps
        self._heard = b""
        self._said = b""
        self._count = -1  # bytes read so far, status included; -1: this is no read
        self._roused_ms = -1

    def is_hung(self) -> bool:
        """Say whether the data line is held low, so that no START is possible."""
        return self._line_is_low()

    def start(self, address: int) -> bool:
        """START, or another one without STOP, and the address with its direction bit; True when acknowledged."""
        self._end()
        self.stretch_us = 0
        if address >> 1 != _ADDRESS or self._is_deaf() or not self._is_up():
            return False
        held_us = self._faults.argument("stretch")
        self.stretch_us = _STRETCH_US if held_us is None else held_us
        if address & 1:
            self._count = 0
        return True

    def write(self, byte: int) -> bool:
        """A byte from the host; True when acknowledged."""
        self.stretch_us = 0
        if len(self._heard) >= 4 and self._faults.strike("nack_data"):
            return False
        self._heard += bytes([byte])
        return True

    def read(self) -> int:
        """A byte for the host, whether it acknowledges it or not."""
        self.stretch_us = 0
        self._count += 1
        if self._count == 1:
            return self._status()
        if self._count == 2:
            self._said = self._frame()
        if self._count - 1 > len(self._said) // 2 and self._said and self._faults.strike("reset_in_frame"):
            self.power_cycle()
            self._said = b""
        return self._said[self._count - 2] if self._count - 2 < len(self._said) else 0xFF

    def stop(self) -> None:
        """STOP."""
        self.stretch_us = 0
        self._end()

    def _is_deaf(self) -> bool:
        if self.chip.stands_still() or self._faults.active("stuck_high"):
            return True
        return self._faults.strike("nack")

    def _is_up(self) -> bool:
        if self.chip.is_asleep():
            if self._roused_ms < 0:
                self._roused_ms = self._now_ms
            if self._now_ms - self._roused_ms < _WAKING_MS:
                return False
            self.chip.rouse()
        self._roused_ms = -1
        return not self.chip.is_asleep()

    def _end(self) -> None:
        if self._count > 1 and not (self._keeps and self._count < len(self._begun)):
            self._read_out()
        if self._heard:
            self.chip.feed(self._heard)
        self._heard = self._said = b""
        self._count = -1
        self.tick(self._now_ms)
