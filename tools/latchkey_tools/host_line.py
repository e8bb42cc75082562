"""One end of a serial cable as a TCP port: the firmware under MicroPython connects where a board has a UART.

One host at a time, as on a cable. When a second one connects, the newer has the line: after a restart of the firmware
the old connection may not have been seen to close yet. Nothing is kept for a host that is not there.
"""

import asyncio
import logging
from collections.abc import Callable

log = logging.getLogger(__name__)


class HostLine:
    """Listens at host:port and hands every piece of bytes to received(); port 0 lets the system choose.

    port: where it listens, known after start().
    """

    def __init__(self, name: str, host: str, port: int, received: Callable[[bytes], None]) -> None:
        self.port = port
        self._name = name
        self._host = host
        self._received = received
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def start(self) -> None:
        """Listen. Raises OSError that names the address when it is taken."""
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self.port)
        except OSError as error:
            raise OSError(error.errno, f"{self._name}: cannot listen at {self._host}:{self.port}: {error}") from None
        self.port = self._server.sockets[0].getsockname()[1]
        log.info("%s listens at %s:%d", self._name, self._host, self.port)

    async def stop(self) -> None:
        """Stop listening and hang up."""
        if self._server is not None:
            self._server.close()
            writer = self._writer
            self.hang_up()
            if writer is not None:
                await asyncio.gather(writer.wait_closed(), return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    def write(self, data: bytes) -> None:
        """Send bytes to the host, or nowhere when none is connected."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(data)

    def hang_up(self) -> None:
        """Close the connection to the host, if there is one."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer is not None:
            log.warning("%s: a second host connects, the first is cut off", self._name)
        self.hang_up()
        self._writer = writer
        log.info("%s: host connected", self._name)
        try:
            while data := await reader.read(4096):
                if self._writer is not writer:
                    return
                self._received(data)
        except ConnectionError as error:
            log.info("%s: connection lost: %s", self._name, error)
        finally:
            writer.close()
            if self._writer is writer:
                self._writer = None
                log.info("%s: host gone", self._name)
