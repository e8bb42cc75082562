"""The simulated Bluetooth air: the firmware's radio, driven over TCP, and room for phones.

    radio = Radio()                     # the firmware at 127.0.0.1:35903, HCI hosts at 9544; port=0: any
    await radio.start()                 # the firmware may come
    await radio.start_hci()             # phones may come
    radio.air_port, radio.hci_port      # hci_port is None with a real adapter: there a phone is a phone
    radio.fail(2)                       # the next 2 connections to the firmware fail to be established
    await radio.stop()

The firmware's `bluetooth` (firmware/latchkey/chip/unix) speaks the AIR wire of radio_wire.py and is one at a time: a
newer connection replaces an older one, as after a power cut. Without the firmware the radio is silent. Needs Bumble.
Loopback only; whoever can connect here is on the air, no more.
"""

import asyncio
import contextlib
import logging

from bumble import core
from bumble.device import Device, DeviceConfiguration
from bumble.host import Host
from bumble.transport import open_transport
from bumble.transport.common import AsyncPipeSink, Transport

from latchkey_tools.radio_hci import HciServer
from latchkey_tools.radio_link import Ether, VirtualController
from latchkey_tools.radio_peripheral import Peripheral
from latchkey_tools.radio_wire import LINE_LIMIT, WireError, format_event, parse

AIR_PORT = 35903
HCI_PORT = 9544
ADDRESS = "02:4C:4B:00:00:00"  # locally administered; stable, as ESPHome connects by address
_POWER_ON_S = 3
_BACKLOG_LIMIT = 1 << 17  # four clients' unanswered writes fit several times
log = logging.getLogger(__name__)


class RadioError(Exception):
    """There is no such radio; the message says in one sentence why."""


class Radio:
    """adapter: simulated, or the name of a Bumble transport (usb:0) for a real controller."""

    def __init__(
        self, host: str = "127.0.0.1", air_port: int = AIR_PORT, hci_port: int = HCI_PORT, adapter: str = "simulated"
    ) -> None:
        self.air_port = air_port
        self.hci_port: int | None = hci_port
        self._host = host
        self._adapter = adapter
        self._ether = Ether()
        self._controller: VirtualController | None = None
        self._hci: HciServer | None = None
        self._transport: Transport | None = None
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._peripheral: Peripheral
        self._turn = asyncio.Lock()  # one firmware at a time, the last one's remains cleared away first

    async def start(self) -> None:
        """Switch on and listen. Raises RadioError; OSError when the port is taken."""
        device = await self._real() if self._adapter != "simulated" else self._virtual()
        self._peripheral = Peripheral(device, self._tell)
        try:
            await asyncio.wait_for(self._peripheral.start(), _POWER_ON_S)
        except Exception as error:  # Bumble's, the transport's, or nothing but silence
            raise RadioError(f"{self._adapter} does not answer as a Bluetooth controller ({error!r})")
        self._server = await asyncio.start_server(self._serve, self._host, self.air_port, limit=LINE_LIMIT)
        self.air_port = self._server.sockets[0].getsockname()[1]

    async def start_hci(self) -> None:
        """Let phones onto a simulated air; nothing with a real adapter. Raises OSError when the port is taken."""
        if self._controller is None:
            self.hci_port = None
            return
        self._hci = HciServer(self._ether, self._host, self.hci_port or 0)
        await self._hci.start()
        self.hci_port = self._hci.port

    async def stop(self) -> None:
        """Hang up on everybody and switch off."""
        if self._hci is not None:
            await self._hci.stop()
        if self._server is not None:
            self._server.close()
            if self._writer is not None:
                self._writer.transport.abort()
            async with self._turn:
                pass
            await self._server.wait_closed()
        if self._controller is not None:
            self._controller.leave()
        if self._transport is not None:
            await self._transport.close()

    def fail(self, times: int) -> None:
        """Let the next connections to the firmware fail. Raises RadioError with a real adapter."""
        if self._controller is None:
            raise RadioError("a real air fails by itself")
        self._controller.failures = times

    def _virtual(self) -> Device:
        self._controller = VirtualController("controller", self._ether, ADDRESS)
        return _device(Host(self._controller, AsyncPipeSink(self._controller)))

    async def _real(self) -> Device:
        try:
            self._transport = await open_transport(self._adapter)
        except Exception as error:  # each transport has errors of its own, usb1.USBError among them
            raise RadioError(
                f"{self._adapter} is no Bluetooth adapter that can be opened ({type(error).__name__}: {error})"
            )
        return _device(Host(self._transport.source, self._transport.sink))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
        async with self._turn:
            await self._peripheral.reset()
            self._writer = writer
            log.info("the firmware has switched its radio on")
            address = self._peripheral.address
            self._tell(format_event("radio", int(address.is_random), bytes(reversed(bytes(address)))))
            try:
                await self._obey(reader)
            except (ConnectionError, TimeoutError, ValueError):
                pass  # ValueError: a line longer than any order
            except (WireError, core.BaseBumbleError) as error:
                log.warning("the firmware's radio: %s", error)
            finally:
                self._writer = None
                writer.close()
                await self._peripheral.reset()
                log.info("the firmware's radio is off")
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _obey(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            await self._peripheral.do(parse(line.decode("ascii", "backslashreplace").rstrip("\n")))

    def _tell(self, line: bytes) -> None:
        writer = self._writer
        if writer is None or writer.is_closing():
            return
        if writer.transport.get_write_buffer_size() > _BACKLOG_LIMIT:
            log.warning("the firmware does not listen to its radio any more; it is cut off")
            writer.transport.abort()
            return
        writer.write(line)


def _device(host: Host) -> Device:
    return Device(config=DeviceConfiguration(name="MPY ESP32", gatt_service_enabled=True), host=host)
