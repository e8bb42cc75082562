"""bleak on the simulated air, so that programs written for bleak run over it unmodified.

    with on_air(9544):
        device = await BleakScanner.find_device_by_name("S…C")
        async with BleakClient(device) as client: ...

Within on_air() every BleakScanner and BleakClient of this process uses the HCI port of the simulator; each is a phone
of its own. Covered is what peripherals like this one need: scan, connect, read, write, subscribe, disconnect. Pairing
and descriptors are not.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any, cast

import bleak
from bleak.args import SizedBuffer
from bleak.assigned_numbers import CharacteristicPropertyName, gatt_char_props_to_strs
from bleak.backends import BleakBackend
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError
from bumble import core, gatt_client, hci

from latchkey_tools.radio_phone import Heard, Phone, whole_uuid


@contextlib.contextmanager
def on_air(port: int, host: str = "127.0.0.1") -> Iterator[None]:
    """Lets bleak find its backends here. port: the simulator's for HCI hosts."""
    before = bleak.get_platform_client_backend_type, bleak.get_platform_scanner_backend_type
    client = type("AirClient", (AirClient,), {"port": port, "host": host})
    scanner = type("AirScanner", (AirScanner,), {"port": port, "host": host})
    name = cast(BleakBackend, "air")
    bleak.get_platform_client_backend_type = lambda: (client, name)  # type: ignore[attr-defined]
    bleak.get_platform_scanner_backend_type = lambda: (scanner, name)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        bleak.get_platform_client_backend_type, bleak.get_platform_scanner_backend_type = before  # type: ignore[attr-defined]


class AirScanner(BaseBleakScanner):
    """Scans until stopped."""

    port = 0
    host = "127.0.0.1"

    def __init__(self, detection_callback: Any, service_uuids: list[str] | None, *rest: Any, **options: Any) -> None:
        super().__init__(detection_callback, service_uuids)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.seen_devices = {}
        self._task = asyncio.create_task(self._scan())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _scan(self) -> None:
        async with Phone(self.port, self.host) as phone, contextlib.aclosing(phone.scan()) as advertisements:
            async for heard in advertisements:
                self._tell(heard)

    def _tell(self, heard: Heard) -> None:
        if not self.is_allowed_uuid(list(heard.services)):
            return
        address = heard.address.to_string(with_type_qualifier=False)
        told = AdvertisementData(heard.name, {}, {}, list(heard.services), None, heard.rssi, (heard,))
        device = self.create_or_update_device(address, address, heard.name, heard, told)
        self.call_detection_callbacks(device, told)


class AirClient(BaseBleakClient):
    """One connection; `connect` may be called again after it has ended."""

    port = 0
    host = "127.0.0.1"

    def __init__(self, address_or_ble_device: BLEDevice | str, **options: Any) -> None:
        super().__init__(
            address_or_ble_device,
            disconnected_callback=options.get("disconnected_callback"),
            timeout=options.get("timeout", 10.0),
        )
        heard = address_or_ble_device.details if isinstance(address_or_ble_device, BLEDevice) else None
        self._to = heard.address if isinstance(heard, Heard) else hci.Address(self.address + "/P")
        self._name = (isinstance(address_or_ble_device, BLEDevice) and address_or_ble_device.name) or self.address
        self._phone: Phone | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def mtu_size(self) -> int:
        return self._on_line().mtu

    @property
    def is_connected(self) -> bool:
        return self._phone is not None and self._phone.connected

    async def connect(self, pair: bool, **options: Any) -> None:
        if self.is_connected:
            raise BleakError("already connected")
        await self._leave()
        phone = Phone(self.port, self.host)
        await phone.__aenter__()
        self._phone = phone
        try:
            await phone.connect(self._to, options.get("timeout", self._timeout))
        except (OSError, core.BaseBumbleError) as error:
            await self._leave()
            raise BleakDeviceNotFoundError(self.address, f"{self.address} was not found: {error!r}") from error
        except asyncio.CancelledError:
            await self._leave()
            raise
        self.services = _collection(phone)
        self._watch = asyncio.create_task(self._wait_for_end(phone))

    async def disconnect(self) -> None:
        await self._leave()

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **options: Any) -> bytearray:
        with _as_bleak():
            return bytearray(await self._on_line().read(characteristic.obj))

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        if not response and len(data) > self.mtu_size - 3:
            raise BleakError(f"{len(data)} bytes do not fit in one write command")
        with _as_bleak():
            await self._on_line().write(characteristic.obj, bytes(data), response)

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **options: Any
    ) -> None:
        with _as_bleak():
            await self._on_line().listen(characteristic.obj, lambda data: callback(bytearray(data)))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        with _as_bleak():
            await self._on_line().ignore(characteristic.obj)

    async def pair(self, *args: Any, **options: Any) -> None:
        raise NotImplementedError("pairing")

    async def unpair(self) -> None:
        raise NotImplementedError("pairing")

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **options: Any) -> bytearray:
        raise NotImplementedError("descriptors")

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        raise NotImplementedError("descriptors")

    def _on_line(self) -> Phone:
        if self._phone is None or not self._phone.connected:
            raise BleakError("not connected")
        return self._phone

    async def _leave(self) -> None:
        phone, self._phone = self._phone, None
        if phone is not None:
            await phone.__aexit__()
        self.services = None

    async def _wait_for_end(self, phone: Phone) -> None:
        await phone.gone.wait()
        if self._disconnected_callback is not None:
            self._disconnected_callback()


@contextlib.contextmanager
def _as_bleak() -> Iterator[None]:
    try:
        yield
    except (core.BaseBumbleError, OSError) as error:
        raise BleakError(str(error) or type(error).__name__) from error


def _collection(phone: Phone) -> BleakGATTServiceCollection:
    collection = BleakGATTServiceCollection()
    for service in phone.services:
        own = BleakGATTService(service, service.handle, whole_uuid(service.uuid))
        collection.add_service(own)
        for characteristic in service.characteristics:
            collection.add_characteristic(_characteristic(characteristic, own, lambda: phone.mtu - 3))
    return collection


def _characteristic(
    characteristic: "gatt_client.CharacteristicProxy[Any]", service: BleakGATTService, room: Callable[[], int]
) -> BleakGATTCharacteristic:
    properties: list[CharacteristicPropertyName] = list(gatt_char_props_to_strs(int(characteristic.properties)))
    uuid = whole_uuid(characteristic.uuid)
    return BleakGATTCharacteristic(characteristic, characteristic.handle, uuid, properties, room, service)
