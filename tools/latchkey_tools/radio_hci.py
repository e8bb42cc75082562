"""HCI over TCP: whoever connects has a virtual controller of its own on the air, until it hangs up.

The form is Bumble's `tcp-server`: the packets of HCI's UART transport (H4), one after the other. So any HCI host can be
a phone; with Bumble's tools, for instance: `bumble-scan tcp-client:127.0.0.1:9544`.
"""

import asyncio
import logging

from bumble import core
from bumble.transport.common import PacketParser

from latchkey_tools.radio_link import Ether, VirtualController

CENTRALS = 16  # at once; a phone that is not on the air any more has hung up
_BACKLOG_LIMIT = 1 << 20
log = logging.getLogger(__name__)


class HciServer:
    """Listens at host:port; port 0 lets the system choose. port: where it listens, known after start()."""

    def __init__(self, ether: Ether, host: str, port: int) -> None:
        self.port = port
        self._ether = ether
        self._host = host
        self._server: asyncio.Server | None = None
        self._writers: dict[int, asyncio.StreamWriter] = {}

    async def start(self) -> None:
        """Listen. Raises OSError when the address is taken."""
        self._server = await asyncio.start_server(self._serve, self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        log.info("the air listens for HCI hosts at %s:%d", self._host, self.port)

    async def stop(self) -> None:
        """Stop listening and hang up on everybody."""
        if self._server is not None:
            self._server.close()
            writers = list(self._writers.values())
            for writer in writers:
                writer.transport.abort()
            await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next((n for n in range(1, CENTRALS + 1) if n not in self._writers), 0)
        if not number:
            log.warning("the air is full: %d HCI hosts are on it", CENTRALS)
            writer.close()
            return
        self._writers[number] = writer
        phone = VirtualController(f"phone {number}", self._ether, f"02:4C:4B:00:01:{number:02X}")
        phone.set_packet_sink(_Sink(writer))
        log.info("HCI host %d joins the air", number)
        try:
            await _pass_on(reader, PacketParser(phone))
        except (ConnectionError, TimeoutError):
            pass
        except core.InvalidPacketError as error:
            log.warning("HCI host %d does not speak HCI: %s", number, error)
        finally:
            phone.leave()
            del self._writers[number]
            writer.close()
            log.info("HCI host %d has left the air", number)


class _Sink:
    """Packets of a controller for its host. One that does not read is cut off."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def on_packet(self, packet: bytes) -> None:
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > _BACKLOG_LIMIT:
            log.warning("an HCI host does not read any more; it is cut off")
            self._writer.transport.abort()
            return
        self._writer.write(packet)


async def _pass_on(reader: asyncio.StreamReader, parser: PacketParser) -> None:
    while data := await reader.read(4096):
        parser.feed_data(data)
