"""The PN532 on SPI: edges of the select line and bytes, as UM0701-02 section 6.2.5 and the data sheet have them.

The first byte after select has fallen is 01 (a frame from the host follows), 02 (the host reads the status) or 03 (the
host reads a frame). Mode 0, least significant bit first. A sleeping chip wakes when select falls and takes up to 2 ms
over it; what is clocked before is lost. Model's choice: behind the end of a frame the chip sends 00, as it does where
it does not know what to say.
"""

try:
    from typing import Any
except ImportError:  # MicroPython has no such module, nor ever reads an annotation
    pass

from .bus import Bus

_WRITE = 0x01
_STATUS = 0x02
_READ = 0x03
_WAKE_BY_SPI = 0x20
_WAKING_MS = 2


def mirrored(byte: int) -> int:
    """The same eight bits, last one first."""
    out = 0
    for _ in range(8):
        out = out << 1 | byte & 1
        byte >>= 1
    return out


class Pn532Spi(Bus):
    """See Bus; select() and clock() are the pins."""

    def __init__(self, chip: "Any" = None) -> None:
        super().__init__(_WAKE_BY_SPI, chip)
        self._selected = False
        self._fell_ms = 0
        self._operation = 0
        self._heard = b""
        self._said = b""
        self._count = 0

    def select(self, level: int) -> None:
        """Move the select line; low begins a transaction, high ends it."""
        if level:
            self._end()
            self._selected = False
        elif not self._selected:
            self._selected = True
            self._fell_ms = self._now_ms
            self._operation = self._count = 0
            self._heard = b""

    def clock(self, byte: int) -> int:
        """Eight clocks: take eight bits from the host and give eight. The first bit on the line is bit 7 of both."""
        if not self._selected or self._faults.active("stuck_high"):
            return 0xFF
        out = self._exchange(mirrored(byte))
        return 0 if self._line_is_low() else mirrored(out)

    def _exchange(self, byte: int) -> int:
        if self.chip.stands_still() or not self._is_up():
            return 0
        if not self._operation:
            self._operation = byte
            self._said = self._frame() if byte == _READ else b""
            return 0
        self._count += 1
        if self._operation == _WRITE:
            self._heard += bytes([byte])
        elif self._operation == _STATUS:
            return self._status()
        elif self._operation == _READ:
            return self._next()
        return 0

    def _is_up(self) -> bool:
        if self.chip.is_asleep() and self._now_ms - self._fell_ms >= _WAKING_MS:
            self.chip.rouse()
        return not self.chip.is_asleep()

    def _next(self) -> int:
        if self._count > len(self._said) // 2 and self._said and self._faults.strike("reset_in_frame"):
            self.power_cycle()
            return 0
        return self._said[self._count - 1] if self._count <= len(self._said) else 0

    def _end(self) -> None:
        if self._operation == _READ and self._count:
            self._read_out()
        if self._heard:
            self.chip.feed(self._heard)
        self._operation = 0
        self._heard = b""
        self.tick(self._now_ms)
