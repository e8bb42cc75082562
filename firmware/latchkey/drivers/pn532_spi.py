"""PN532 on SPI (mode 0, at most 5 MHz); the contract of a transport is in `pn532_uart`.

After the select line has fallen the first byte says what follows (UM0701-02 §6.2.5): 01 a frame to the chip, 02 the
status (1: a frame is ready), 03 a frame from the chip. A frame from the chip must be read under one select.

The chip sends and takes the LEAST significant bit first, and not every SPI port can: the RP2 refuses, others have
taken `firstbit=LSB` and gone on with the most significant one (pycom issue 209). So nobody is asked. Bytes are turned
round by a table here, as a port that is MSB first needs it; where the chip does not confirm, the next command goes
without. The first frame that is read settles it for good.

A sleeping chip wakes when the select line falls, and its oscillator needs up to 2 ms before the first clock. So until
the chip has shown itself each frame to it is preceded by that pause. The bus is taken meanwhile: two chips may share
one, with a select line each, and the other then waits. Nothing else may be on it that does not know of this.
"""

import asyncio

from micropython import const

from latchkey.drivers.pn532_error import BUS, Pn532Error
from latchkey.drivers.pn532_frame import Decoder
from latchkey.drivers.pn532_packet import LONGEST, Irq, end_of_frame

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Level, SpiBus, Wire

_WRITE = const(0x01)
_STATUS = const(0x02)
_READ = const(0x03)
_READY = const(0x01)

_WAKE_MS = const(2)
_HEAD = const(6)  # an ACK whole, of other frames all that tells their length, unless they are extended
_SEARCHED = const(24)  # bytes in which a frame has to begin; what comes before it is noise

_REVERSED = bytes(sum([(byte >> bit & 1) << (7 - bit) for bit in range(8)]) for byte in range(256))

_taken: "list[SpiBus]" = []  # buses on which a chip is being woken


class Spi:
    """Transport over SPI. `bus`: as machine.SPI; `select`: low selects the chip; `irq`: its P70_IRQ, if wired."""

    def __init__(self, bus: "SpiBus", select: "Level", irq: "Wire | None" = None) -> None:
        self._bus = bus
        self._select = select
        self._irq = Irq(irq)
        self._out = bytearray(1 + LONGEST)
        self._out_view = memoryview(self._out)
        self._question = bytearray(2)
        self._reply = bytearray(2)
        self._order = b""  # table from our bits to the port's; empty: the port is LSB first
        self._settled = False
        self._awake = False
        select.value(1)

    async def wake(self) -> None:
        """Let the frames that follow wake the chip."""
        self._awake = False

    async def send(self, frame: "bytes | memoryview") -> None:
        """Write the whole frame, after the pause that a sleeping chip needs. raises: Pn532Error(BUS)."""
        if not self._settled and len(frame) > _HEAD:
            self._order = b"" if self._order else _REVERSED
        self._out[0] = _WRITE
        self._out[1 : 1 + len(frame)] = frame
        self._turn(self._out_view, 0, 1 + len(frame))
        while self._bus in _taken:
            await asyncio.sleep_ms(1)
        self._select.value(0)
        try:
            if not self._awake:
                await self._hold()
            self._bus.write(self._out_view[: 1 + len(frame)])
        except OSError:
            raise Pn532Error(BUS)
        finally:
            self._select.value(1)

    def receive(self, decoder: Decoder) -> int:
        """Ask once whether a frame is ready; if so move it into the decoder. Never waits."""
        if self._bus in _taken or not self._irq.calls():
            return 0
        try:
            if not self._is_ready():
                return 0
            count = self._read(decoder.room())
        except OSError:
            raise Pn532Error(BUS)
        decoder.filled(count)
        return count

    async def _hold(self) -> None:
        _taken.append(self._bus)
        try:
            await asyncio.sleep_ms(_WAKE_MS)
        finally:
            _taken.remove(self._bus)

    def _is_ready(self) -> bool:
        self._question[0] = self._order[_STATUS] if self._order else _STATUS
        self._select.value(0)
        try:
            self._bus.write_readinto(self._question, self._reply)
        finally:
            self._select.value(1)
        return (self._order[self._reply[1]] if self._order else self._reply[1]) == _READY

    def _read(self, room: memoryview) -> int:
        """Read one frame, piece by piece, under one select; returns how many bytes of it and before it there were."""
        self._out[0] = self._order[_READ] if self._order else _READ
        self._select.value(0)
        try:
            self._bus.write(self._out_view[:1])
            count = 0
            end = _HEAD
            while count < end:
                self._bus.readinto(room[count:end])
                self._turn(room, count, end)
                count = end
                end = end_of_frame(room, count)
                if end:
                    self._settled = self._awake = True
                elif count < _SEARCHED:
                    end = count + _HEAD
                end = min(end, len(room))
        finally:
            self._select.value(1)
        return min(count, end) or count

    def _turn(self, view: memoryview, begin: int, end: int) -> None:
        """Reverse the bits of view[begin:end], if the port needs that."""
        order = self._order
        if order:
            for at in range(begin, end):
                view[at] = order[view[at]]
