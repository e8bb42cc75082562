"""A real PN532 on a serial port in place of the simulated one (READER=/dev/ttyUSB0): bytes through, both ways.

    bridge = SerialBridge("/dev/ttyUSB0")       # listens at 127.0.0.1:35901, 115200 8N1 towards the reader
    await bridge.start()                        # PortError says in words what is wrong with the port
    await bridge.stop()

A reader that is unplugged is looked for until it is back; meanwhile the firmware meets silence, as on a board with a
loose wire. The rate stays at 115200: a board that runs the simulator must not change it (SetSerialBaudRate).
Needs an event loop that can watch a serial port: Linux and macOS, not Windows.
"""

import asyncio
import errno
import logging
import os

import serial  # type: ignore[import-untyped]

from latchkey_tools.host_line import HostLine
from latchkey_tools.pn532_server import PORT

_BAUD = 115200
_RETRY_S = 1.0
log = logging.getLogger(__name__)

_WHY = {
    errno.ENOENT: "there is no such port (is the reader plugged in?)",
    errno.ENXIO: "there is no such port (is the reader plugged in?)",
    errno.EACCES: "no permission; on Debian join the group dialout and log in again",
    errno.EPERM: "no permission; on Debian join the group dialout and log in again",
    errno.EBUSY: "another program has it open",
    errno.EAGAIN: "another program has it open",
    errno.ENOTTY: "this is no serial port",
    errno.EISDIR: "this is no serial port",
}


class PortError(Exception):
    """The serial port cannot be used; the message names it and says why."""


def open_port(path: str) -> serial.Serial:
    """Open a port for this program alone. Raises PortError."""
    try:
        return serial.Serial(path, _BAUD, timeout=0, write_timeout=0, exclusive=True)
    except (OSError, ValueError) as error:
        code = getattr(error, "errno", None)
        why = _WHY.get(code, str(error)) if code else _WHY.get(_old_style_errno(error), str(error))
        raise PortError(f"{path}: {why}") from None


def _old_style_errno(error: Exception) -> int:
    # pyserial drops the number where it wraps the error of tcgetattr, whose text keeps it: "(25, 'Inappropriate ...')".
    text = str(error)
    return next((code for code in _WHY if f"({code}, " in text or f"[Errno {code}]" in text), 0)


class SerialBridge:
    """Carries bytes between the firmware's connection and a serial port."""

    def __init__(self, path: str, host: str = "127.0.0.1", port: int = PORT) -> None:
        self.path = path
        self._line = HostLine("reader at " + path, host, port, self._to_reader)
        self._serial: serial.Serial | None = None
        self._search: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Port on which it listens."""
        return self._line.port

    async def start(self) -> None:
        """Open the serial port, then listen. Raises PortError or OSError."""
        self._attach(open_port(self.path))
        try:
            await self._line.start()
        except OSError:
            self._detach()
            raise

    async def stop(self) -> None:
        """Hang up and give the serial port free."""
        if self._search is not None:
            self._search.cancel()
            await asyncio.gather(self._search, return_exceptions=True)
        await self._line.stop()
        self._detach()

    def _attach(self, port: serial.Serial) -> None:
        self._serial = port
        asyncio.get_running_loop().add_reader(port.fileno(), self._to_host)

    def _detach(self) -> None:
        if self._serial is not None:
            asyncio.get_running_loop().remove_reader(self._serial.fileno())
            self._serial.close()
            self._serial = None

    def _to_reader(self, data: bytes) -> None:
        if self._serial is None:
            return
        try:
            os.write(self._serial.fileno(), data)
        except OSError as error:
            self._lost(error)

    def _to_host(self) -> None:
        if self._serial is None:
            return
        try:
            data = os.read(self._serial.fileno(), 4096)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(error)
            return
        if data:
            self._line.write(data)
        else:
            self._lost("it was unplugged")

    def _lost(self, why: object) -> None:
        log.warning("reader at %s is gone (%s); waiting until it is back", self.path, why)
        self._detach()
        self._search = asyncio.create_task(self._find_again())

    async def _find_again(self) -> None:
        while self._serial is None:
            await asyncio.sleep(_RETRY_S)
            try:
                self._attach(open_port(self.path))
            except PortError:
                continue
        log.info("reader at %s is back", self.path)
