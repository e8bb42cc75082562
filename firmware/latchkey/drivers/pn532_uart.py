"""PN532 on a serial port (HSU, 115200 baud, 8N1).

The contract of a transport stands here, because this is the simplest one; one for SPI or I2C is one more file with the
same three methods, and nothing else changes:

    await wake()                    do what makes a sleeping chip listen
    await send(frame)               hand over all bytes of one frame
    receive(decoder) -> int         move what has arrived into the decoder, without waiting; return how many bytes

On SPI and I2C receive() asks for the status byte first, returns 0 while the chip is not ready, and then reads one frame
in one transaction (a second read does not continue the first); what the bus delivers behind the frame is garbage to the
decoder. All three raise Pn532Error(BUS) and no other error.

The port is a ready-made object with any(), readinto() and write(), such as machine.UART. Give it a transmit buffer of
300 bytes or more (`txbuf=300`), otherwise write() blocks for as long as the rest of a long frame takes on the line.

A chip in power-down loses the first bytes it is sent, hence the wake-up: 55 55, then zeros while its oscillator starts
(UM0701-02 §7.2.11; 14 zeros as in libnfc). To a chip that is awake they are a long preamble.
"""

import asyncio

from micropython import const

from latchkey.drivers.pn532_error import BUS, Pn532Error
from latchkey.drivers.pn532_frame import Decoder

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Port

_WAKE_UP = b"\x55\x55" + b"\x00" * 14
_STALLED_MS = const(50)  # twice what the longest frame takes on the line at 115200 baud


class Uart:
    """Transport over a serial port."""

    def __init__(self, port: "Port") -> None:
        self._port = port

    async def wake(self) -> None:
        """Send the wake-up sequence; a command may follow at once."""
        await self.send(_WAKE_UP)

    async def send(self, frame: "bytes | memoryview") -> None:
        """Write the whole frame, giving way while the port is full.

        raises: Pn532Error(BUS) if the port stays full for 50 ms.
        """
        sent = 0
        patience = _STALLED_MS
        while True:
            taken = self._write(frame[sent:] if sent else frame)
            sent += taken
            if sent >= len(frame):
                return
            patience = _STALLED_MS if taken else patience - 1
            if patience == 0:
                raise Pn532Error(BUS)
            await asyncio.sleep_ms(1)

    def receive(self, decoder: Decoder) -> int:
        """Move what has arrived into the decoder; never waits, because it asks for no more than there is."""
        try:
            waiting = self._port.any()
            if not waiting:
                return 0
            room = decoder.room()
            if waiting < len(room):
                room = room[:waiting]
            count = self._port.readinto(room) or 0
        except OSError:
            raise Pn532Error(BUS)
        decoder.filled(count)
        return count

    def _write(self, frame: "bytes | memoryview") -> int:
        try:
            return self._port.write(frame) or 0
        except OSError:
            raise Pn532Error(BUS)
