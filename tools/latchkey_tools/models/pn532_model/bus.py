"""What SPI and I2C share at the chip's side: whole frames that wait to be read, the interrupt line, faults of a bus.

Facts: UM0701-02 sections 6.2.4 (I2C) and 6.2.5 (SPI), 7.2.11 (waking), P70_IRQ: low while a frame, the ACK included,
waits to be read. Model's choices: the next frame is ready only after the one before has been read or a new command has
come; one that was begun to be read is used up by the end of that transaction, however little was read of it.
"""

try:
    from typing import Any
except ImportError:  # MicroPython has no such module, nor ever reads an annotation
    pass

from .chip import Pn532Model
from .field import Card
from .line import Faults, Line

BUS_FAULTS = (
    "stuck_ready",  # the status says that a frame is ready, always; there is noise where there is none
    "never_ready",  # it never does
    "garbage",  # a frame is read as noise
    "lost_byte",  # one byte in the middle of a frame is missing
    "reset_in_frame",  # the chip loses its supply in the middle of a frame, and has forgotten everything
    "stuck_low",  # the chip holds the data line low, until the reset pin or the supply ends it
    "shorted",  # the data line is held low by something else
    "stuck_high",  # nobody drives the data line: SPI reads FF, I2C is never acknowledged
    "late_irq",  # the interrupt line falls so many ms (argument) after a frame has become ready; 0: never
    "nack",  # I2C: the address is not acknowledged
    "nack_data",  # I2C: a byte in the middle of a write is not acknowledged
    "stretch",  # I2C: the clock is held low for so many us (argument) at an address
)

_SLOW_MS = 5
_NEVER_MS = 1 << 60


class Packets(Line):
    """In place of the serial line: frames with the time from which they can be read."""

    def __init__(self) -> None:
        super().__init__()
        self._ready: list[tuple[int, bytes]] = []
        self._now_ms = 0

    def send(self, data: bytes, at_ms: int, baud: int, slow: bool = False) -> int:
        """Queue a frame; give the time at which it is ready."""
        at_ms += _SLOW_MS * len(data) if slow else 0
        self._ready.append((at_ms, bytes(data)))
        return at_ms

    def take(self, now_ms: int) -> bytes:
        """Nothing leaves by itself; but this is what time it is."""
        self._now_ms = now_ms
        return b""

    def clear(self, now_ms: int) -> None:
        """Drop what was not read."""
        self._ready = []

    def due_ms(self) -> "int | None":
        """Time from which the next frame can be read, None when there is none."""
        return self._ready[0][0] if self._ready else None

    def head(self) -> bytes:
        """The frame that can be read by now, b"" when there is none."""
        return self._ready[0][1] if self._ready and self._ready[0][0] <= self._now_ms else b""

    def use_up(self) -> None:
        """The frame at the head has been read."""
        self._ready = self._ready[1:]


class Bus:
    """A chip behind a bus. `chip`: the Pn532Model that does what the chip does; put() and the rest are as there.

    Another chip can be given, with `packets`, tick(), take(), feed(), stands_still(), is_asleep() and rouse().

    tick(now_ms) first, then the edges and bytes of the bus at that time.
    """

    def __init__(self, waker: int, chip: "Any" = None) -> None:
        self._packets: Packets = Packets() if chip is None else chip.packets
        self.chip = Pn532Model(None, self._packets, waker) if chip is None else chip
        self._faults = Faults(BUS_FAULTS)
        self._now_ms = 0
        self._noise = 1
        self._begun = b""  # the frame that is being read
        self._ready_since_ms = -1
        self._late_ms = 0

    def tick(self, now_ms: int) -> None:
        """Say what time it is, in ms that never go back."""
        self.chip.tick(now_ms)
        self.chip.take()
        self._now_ms = now_ms
        if not self._head():
            self._ready_since_ms = -1
        elif self._ready_since_ms < 0:
            self._ready_since_ms = now_ms
            late_ms = self._faults.argument("late_irq")
            self._late_ms = 0 if late_ms is None else late_ms or _NEVER_MS

    def put(self, card: Card) -> None:
        """Lay a card into the field."""
        self.chip.put(card)

    def take_away(self, card: Card) -> None:
        """Take a card out of the field."""
        self.chip.take_away(card)

    def fault(self, name: str, times: int = 1, argument: int = 0) -> None:
        """Let a fault of BUS_FAULTS, or of the chip behind, strike so many times (-1: until cleared)."""
        if name in BUS_FAULTS:
            self._faults.add(name, times, argument)
        else:
            self.chip.fault(name, times, argument)

    def clear_faults(self) -> None:
        """Let bus and chip work again."""
        self._faults.clear()
        self.chip.clear_faults()

    def reset(self, held: bool) -> None:
        """Hold the reset pin low or let it go."""
        self._faults.clear("stuck_low")
        self.chip.reset(held)

    def power_cycle(self) -> None:
        """Lose the supply for a moment."""
        self._faults.clear("stuck_low")
        self.chip.power_cycle()

    def irq(self) -> int:
        """Level of the interrupt line."""
        if self._ready_since_ms < 0 or not self._head():
            return 1
        return 0 if self._now_ms - self._ready_since_ms >= self._late_ms else 1

    def _head(self) -> bytes:
        """The frame that waits to be read, b"" for none."""
        return b"" if self.chip.stands_still() or self.chip.is_asleep() else self._packets.head()

    def _status(self) -> int:
        if self._faults.active("never_ready"):
            return 0
        return 1 if self._faults.active("stuck_ready") or self._head() else 0

    def _frame(self) -> bytes:
        """The frame as the host will read it; noise where there is none and the status says otherwise."""
        frame = self._begun = self._head()
        if not frame or self._faults.strike("garbage"):
            return bytes([self._random() for _ in range(len(frame) or 40)]) if self._status() else b""
        if self._faults.strike("lost_byte"):
            return frame[: len(frame) // 2] + frame[len(frame) // 2 + 1 :]
        return frame

    def _read_out(self) -> None:
        """The read has ended, and with it the frame that it began with, if that is still there."""
        if self._begun and self._begun is self._head():
            self._packets.use_up()
        self._begun = b""

    def _random(self) -> int:
        self._noise = (self._noise * 1103515245 + 12345) & 0x7FFFFFFF
        return self._noise >> 16 & 0xFF

    def _line_is_low(self) -> bool:
        return self._faults.active("stuck_low") or self._faults.active("shorted")
