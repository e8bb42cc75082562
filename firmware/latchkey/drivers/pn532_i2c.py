"""PN532 on I2C (address 0x24, at most 400 kHz); the contract of a transport is in `pn532_uart`.

Every read begins with a status byte: 01 and the frame follows, or 00. A frame must be read in one transaction: the
next one does not go on where it ended (UM0701-02 §6.2.4). Nobody says beforehand how long the frame is, and reading the
longest each time would take 6 ms. So as many bytes are read as an ACK has, or as nearly all answers have; what proves
to be longer is asked for again by a NACK and then read whole, as ESPHome and libraries for Arduino do.

The chip holds the clock (250 to 440 us were seen, the data sheet allows 1 ms) and does not acknowledge its address
while it is busy or waking: neither is a fault. The port must bear the first (ESP32: I2C(timeout=...) in us, and not
more than a few ms, because that is how long each access takes on a bus that hangs). The second is tried again each ms.

A data line that is held low is cured by the reset pin, or by nothing that can be done from here.
"""

import asyncio

from micropython import const

from latchkey.drivers.pn532_error import BUS, Pn532Error
from latchkey.drivers.pn532_frame import NACK_FRAME, Decoder
from latchkey.drivers.pn532_packet import Irq, end_of_frame

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import I2cBus, Wire

_ADDRESS = const(0x24)
_READY = const(0x01)

# Bytes asked for, status included. An ACK has 6 and an error frame 8. Of the answers in a tap only a public key (77) is
# longer than 48; that many take 1.1 ms at 400 kHz.
_ACK_LEN = const(9)
_ANSWER_LEN = const(49)
_SHORT_LEN = const(6)  # of an ACK or NACK from here, which no ACK will follow

_WAKE_MS = const(2)
_BUSY_MS = const(50)  # a chip that does not acknowledge its address for so long is not there
_HANGS = const(3)  # a bus that hangs: so many accesses in a row

# What ports say when nobody acknowledges: EIO, ENXIO, ENODEV. All else, above all a timeout, is trouble with the bus.
_NO_ACKNOWLEDGE = (5, 6, 19)


class I2c:
    """Transport over I2C. `bus`: as machine.I2C; `irq`: the chip's P70_IRQ, if wired."""

    def __init__(self, bus: "I2cBus", irq: "Wire | None" = None) -> None:
        self._bus = bus
        self._irq = Irq(irq)
        self._status = bytearray(1)
        self._wanted = _ACK_LEN
        self._is_answer = False  # what is read next is an answer, not an ACK
        self._again = False  # an answer has proved to be longer than what was read of it
        self._hangs = 0

    async def wake(self) -> None:
        """Call the chip, which wakes by its address and may not acknowledge it. raises: Pn532Error(BUS)."""
        self._get(self._status)
        await asyncio.sleep_ms(_WAKE_MS)

    async def send(self, frame: "bytes | memoryview") -> None:
        """Write the whole frame, again each ms as long as the chip does not take it.

        raises: Pn532Error(BUS) if it has not for 50 ms.
        """
        self._again = False
        self._is_answer = len(frame) <= _SHORT_LEN
        self._wanted = _ANSWER_LEN if self._is_answer else _ACK_LEN
        for _ in range(_BUSY_MS):
            if self._put(frame):
                return
            await asyncio.sleep_ms(1)
        raise Pn532Error(BUS)

    def receive(self, decoder: Decoder) -> int:
        """Ask once whether a frame is ready; if so move it into the decoder. Never waits. raises: Pn532Error(BUS)."""
        if self._again:
            self._again = not self._put(NACK_FRAME)
            return 0
        if not self._irq.calls() or not self._get(self._status) or self._status[0] != _READY:
            return 0
        room = decoder.room()
        count = min(self._wanted, len(room))
        if not self._get(room[:count]) or room[0] != _READY:
            return 0
        end = end_of_frame(room, count)
        if count < end <= len(room):
            self._wanted = end
            self._again = self._is_answer  # an older answer in front of an ACK is not worth a NACK
            return 0
        self._is_answer = True
        self._wanted = _ANSWER_LEN
        count = min(count, end) or count
        decoder.filled(count)
        return count

    def _put(self, frame: "bytes | memoryview") -> bool:
        """One write; False where the chip did not take all of it."""
        try:
            taken = self._bus.writeto(_ADDRESS, frame)
        except OSError as error:
            return self._failed(error)
        self._hangs = 0
        return taken is None or taken >= len(frame)

    def _get(self, buffer: "bytearray | memoryview") -> bool:
        """One read; False where the chip did not acknowledge."""
        try:
            self._bus.readfrom_into(_ADDRESS, buffer)
        except OSError as error:
            return self._failed(error)
        self._hangs = 0
        return True

    def _failed(self, error: OSError) -> bool:
        """An access has failed: False. raises: Pn532Error(BUS) if the bus hangs."""
        if error.args and error.args[0] in _NO_ACKNOWLEDGE:
            self._hangs = 0
        else:
            self._hangs += 1
        if self._hangs >= _HANGS:
            self._hangs = 0
            raise Pn532Error(BUS)
        return False
