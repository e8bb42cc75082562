"""A connection to a vehicle over Bluetooth LE, on bleak: messages out, messages in, a deadline on everything.

    async with Link(device) as link:
        await link.send(message)
        await link.receive(5)

Facts: the service and its characteristics as published clients use them (212 written, 213 indicated); chunks are no
longer than a write of this connection may be, so that nothing becomes a long write. raises: LinkError whatever happens,
TimeoutError from receive() alone. Nothing of the radio is trusted: there is no pairing and no encryption on the link.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Self

from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError
from tesla_fleet_api.tesla.vehicle.bluetooth import READ_UUID, SERVICE_UUID, WRITE_UUID

from latchkey_tools.phone.frame import Assembly, framed
from latchkey_tools.phone.radio import LinkError, as_problem

CONNECT_S = 10.0
_SUBSCRIBE_S = 5.0
_WRITE_S = 5.0
_HANG_UP_S = 2.0
_LEAST_CHUNK = 20  # what every connection can carry


class Link:
    """One connection to one device; `alive` while it stands."""

    def __init__(self, device: BLEDevice) -> None:
        self.alive = False
        self._client = BleakClient(device, self._lost, timeout=CONNECT_S)
        self._write_to: BleakGATTCharacteristic
        self._assembly = Assembly()
        self._messages: asyncio.Queue[bytes | None] = asyncio.Queue()  # None: the link has ended

    async def __aenter__(self) -> Self:
        try:
            async with _within(CONNECT_S, "connect"):
                await self._client.connect()
            async with _within(_SUBSCRIBE_S, "subscribe"):
                self._write_to = self._find(WRITE_UUID)
                await self._client.start_notify(self._find(READ_UUID), self._heard)
        except BaseException:  # cancelled, too: nothing of it may hold a place at the vehicle
            await self.__aexit__()
            raise
        self.alive = True
        return self

    async def __aexit__(self, *error: object) -> None:
        self.alive = False
        with contextlib.suppress(LinkError):
            async with _within(_HANG_UP_S, "hang up"):
                await self._client.disconnect()

    async def send(self, message: bytes) -> None:
        data = framed(message)
        async with _within(_WRITE_S, "write"):
            room = max(self._write_to.max_write_without_response_size, _LEAST_CHUNK)
            for at in range(0, len(data), room):
                await self._client.write_gatt_char(self._write_to, data[at : at + room], response=True)

    async def receive(self, timeout_s: float) -> bytes:
        """The next message, addressed to whomever. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            message = await self._messages.get()
        if message is None:
            raise LinkError("lost")
        return message

    def _find(self, uuid: str) -> BleakGATTCharacteristic:
        found = self._client.services.get_characteristic(uuid)
        if found is None:
            raise LinkError("no vehicle")
        return found

    def _heard(self, sender: BleakGATTCharacteristic, chunk: bytearray) -> None:
        for message in self._assembly.take(bytes(chunk), asyncio.get_running_loop().time()):
            self._messages.put_nowait(message)

    def _lost(self, client: BleakClient) -> None:
        self.alive = False
        self._messages.put_nowait(None)


async def find(name: str, timeout_s: float) -> BLEDevice | None:
    """The device that calls itself so; None when it is not heard in time. Raises CannotStart."""
    with as_problem():
        return await BleakScanner.find_device_by_filter(
            lambda device, told: name in (told.local_name, device.name), timeout_s
        )


async def heard(timeout_s: float) -> list[tuple[BLEDevice, AdvertisementData]]:
    """All vehicles in range, the nearest first. Raises CannotStart."""
    with as_problem():
        found = await BleakScanner.discover(timeout_s, return_adv=True)
    vehicles = [(device, told) for device, told in found.values() if _is_vehicle(device, told)]
    return sorted(vehicles, key=lambda pair: -pair[1].rssi)


def _is_vehicle(device: BLEDevice, told: AdvertisementData) -> bool:
    name = told.local_name or device.name or ""
    named = len(name) == 18 and name[0] == "S" and name[-1] == "C"
    return named and (SERVICE_UUID in told.service_uuids or all(digit in "0123456789abcdef" for digit in name[1:-1]))


@contextlib.asynccontextmanager
async def _within(limit_s: float, doing: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(limit_s):
            yield
    except (BleakError, OSError, EOFError, TimeoutError) as error:
        raise LinkError(doing) from error
