"""bleak with one vehicle in range and no radio: links are byte pipes to a vehicle of phone_world.World.

    near = Range(world, "S…C")
    with near.bleak():
        ...                             # BleakScanner finds it, BleakClient connects to it

What can go wrong is set on the Range: `heard`, `refuses` (connections), `drops` (after so many writes, once each),
`silent`, `tables` (services offered), `scanning` (an exception that scanning raises), `delay_s` (until a link stands).
`change` stands in between: chunk of the vehicle -> chunks for the phone. Unknown calls raise.
"""

import asyncio
import contextlib

import bleak
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError

SERVICE = "00000211-b2d1-43f0-9b88-960cebf8b91e"
TO_VEHICLE = "00000212-b2d1-43f0-9b88-960cebf8b91e"
FROM_VEHICLE = "00000213-b2d1-43f0-9b88-960cebf8b91e"
ADDRESS = "02:4C:4B:00:00:00"
_APART_S = 0.1  # advertisements


class Range:
    """names: of what is heard, the vehicle's own first; the others answer as the vehicle does. written: sizes of the
    phone's chunks. links: how many were made."""

    def __init__(self, world, *names, room=253):
        self.world = world
        self.names = list(names)
        self.room = room
        self.heard = True
        self.refuses = 0
        self.drops = []
        self.silent = False
        self.tables = (TO_VEHICLE, FROM_VEHICLE)
        self.scanning = None
        self.delay_s = 0
        self.change = lambda chunk: [chunk]
        self.written = []
        self.links = 0
        self._client = None

    @contextlib.contextmanager
    def bleak(self):
        before = bleak.get_platform_client_backend_type, bleak.get_platform_scanner_backend_type
        client = type("Client", (_Client,), {"near": self})
        scanner = type("Scanner", (_Scanner,), {"near": self})
        bleak.get_platform_client_backend_type = lambda: (client, "range")
        bleak.get_platform_scanner_backend_type = lambda: (scanner, "range")
        try:
            yield self
        finally:
            bleak.get_platform_client_backend_type, bleak.get_platform_scanner_backend_type = before

    @property
    def connected(self):
        return self._client is not None and self._client.is_connected

    def deliver(self, chunks):
        """Chunks that the vehicle sends by itself."""
        self._client.deliver(chunks)

    def hang_up(self):
        """The vehicle ends the link."""
        self._client.lose()


class _Scanner(BaseBleakScanner):
    near = None

    def __init__(self, detection_callback, service_uuids, *rest, **options):
        super().__init__(detection_callback, service_uuids)
        self._task = None

    async def start(self):
        if self.near.scanning is not None:
            raise self.near.scanning
        self.seen_devices = {}
        self._task = asyncio.create_task(self._advertise())

    async def stop(self):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _advertise(self):
        while True:
            for number, name in enumerate(self.near.names if self.near.heard else []):
                address = ADDRESS[:-2] + f"{number:02X}"
                told = AdvertisementData(name, {}, {}, [SERVICE], None, -50 - number, ())
                device = self.create_or_update_device(address, address, name, None, told)
                self.call_detection_callbacks(device, told)
            await asyncio.sleep(_APART_S)


class _Client(BaseBleakClient):
    near = None

    def __init__(self, device, **options):
        super().__init__(device, disconnected_callback=options["disconnected_callback"], timeout=options["timeout"])
        self._connection = None
        self._hear = None

    name = "vehicle"

    @property
    def mtu_size(self):
        raise NotImplementedError("not every system knows it")

    @property
    def is_connected(self):
        return self._connection is not None

    async def connect(self, pair, **options):
        if self.near.refuses:
            self.near.refuses -= 1
            raise BleakError("no answer")
        self.near.links += 1
        self.near._client = self
        self._connection = self.near.world.connection()
        self._drop_after = self.near.drops.pop(0) if self.near.drops else None
        if self.near.delay_s:
            await asyncio.sleep(self.near.delay_s)
        self.services = BleakGATTServiceCollection()
        service = BleakGATTService(None, 1, SERVICE)
        self.services.add_service(service)
        for handle, uuid in enumerate(self.near.tables, 2):
            kinds = ["write"] if uuid == TO_VEHICLE else ["indicate"]
            self.services.add_characteristic(
                BleakGATTCharacteristic(None, handle, uuid, kinds, lambda: self.near.room, service)
            )

    async def disconnect(self):
        self.lose()

    async def start_notify(self, characteristic, callback, **options):
        assert characteristic.uuid == FROM_VEHICLE
        self._hear = callback

    async def write_gatt_char(self, characteristic, data, response):
        if self._connection is None:
            raise BleakError("not connected")
        assert characteristic.uuid == TO_VEHICLE and response and 0 < len(data) <= max(20, self.near.room)
        self.near.written.append(len(data))
        if self._drop_after is not None:
            self._drop_after -= 1
            if self._drop_after < 0:
                self.lose()
                raise BleakError("the link has ended")
        chunks = self._connection.write(bytes(data))
        if not self.near.silent:
            self.deliver(chunks)

    def deliver(self, chunks):
        loop = asyncio.get_running_loop()
        for chunk in chunks:
            for changed in self.near.change(chunk):
                loop.call_soon(self._hear, bytearray(changed))

    def lose(self):
        if self._connection is not None:
            self._connection = None
            asyncio.get_running_loop().call_soon(self._disconnected_callback)

    async def pair(self, *args, **options):
        raise NotImplementedError

    async def unpair(self):
        raise NotImplementedError

    async def read_gatt_char(self, characteristic, **options):
        raise NotImplementedError

    async def stop_notify(self, characteristic):
        raise NotImplementedError

    async def read_gatt_descriptor(self, descriptor, **options):
        raise NotImplementedError

    async def write_gatt_descriptor(self, descriptor, data):
        raise NotImplementedError
