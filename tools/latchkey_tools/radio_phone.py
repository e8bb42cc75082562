"""A phone on the simulated air: a Bumble host that joins it over TCP, as any other HCI host could.

    async with Phone(port) as phone:                    # a controller of its own, a random static address of its own
        async for heard in phone.scan(): ...            # Heard: address, connectable, data, name, services
        await phone.connect(heard.address)              # exchanges the MTU, discovers everything
        await phone.write(phone.find("00000212-…"), data)
        await phone.listen(phone.find("00000213-…"), print)

Errors are core.BaseBumbleError (att.ATT_Error among them) and OSError: ConnectionResetError when the other end goes in
the middle of something, TimeoutError. A write longer than the MTU allows is a long write, as phones do it.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from typing import Self, cast
from uuid import UUID

from bumble import att, core, gatt_client, hci
from bumble.device import Advertisement, Connection, Device, Peer
from bumble.transport import open_transport
from bumble.transport.common import Transport

MTU = 517  # what Android and BlueZ ask for
_HANG_UP_S = 2
_UNHEARD = 64  # advertisements that nobody has fetched
_TYPES = core.AdvertisingData.Type
_UUID_LISTS = (
    _TYPES.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    _TYPES.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    _TYPES.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    _TYPES.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
)


@dataclass(frozen=True)
class Heard:
    """An advertisement together with its scan response. services: UUIDs of 36 characters."""

    address: hci.Address
    connectable: bool
    data: bytes
    rssi: int
    name: str | None
    services: tuple[str, ...]


class Phone:
    """Joins with `async with`; leaving it ends its connection."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._where = f"tcp-client:{host}:{port}"
        self._transport: Transport
        self._device: Device
        self._connection: Connection | None = None
        self._peer: Peer
        self.gone = asyncio.Event()  # the connection has ended

    async def __aenter__(self) -> Self:
        self._transport = await open_transport(self._where)
        address = hci.Address.generate_static_address()
        self._device = Device.with_hci("phone", address, self._transport.source, self._transport.sink)
        self._device.on(self._device.EVENT_CONNECTION, self._begun)
        try:
            await self._device.power_on()
        except BaseException:  # cancelled, too: it would stay on the air for ever
            await self._transport.close()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        try:
            await self.disconnect()
        finally:
            await self._transport.close()

    @property
    def address(self) -> hci.Address:
        return self._device.random_address

    @property
    def connected(self) -> bool:
        return self._connection is not None

    @property
    def mtu(self) -> int:
        """Of the connection; 23 before there is one."""
        return self._connection.att_mtu if self._connection else 23

    @property
    def services(self) -> list[gatt_client.ServiceProxy]:
        """What has been discovered, with characteristics and descriptors."""
        return self._peer.services

    async def scan(self) -> AsyncGenerator[Heard, None]:
        """Each advertisement, until the caller has enough (contextlib.aclosing ends it at once)."""
        heard: asyncio.Queue[Heard] = asyncio.Queue(_UNHEARD)

        def note(advertisement: Advertisement) -> None:
            with contextlib.suppress(asyncio.QueueFull):
                heard.put_nowait(_heard(advertisement))

        self._device.on(self._device.EVENT_ADVERTISEMENT, note)
        await self._device.start_scanning(active=True)
        try:
            while True:
                yield await heard.get()
        finally:
            self._device.remove_listener(self._device.EVENT_ADVERTISEMENT, note)
            await self._device.stop_scanning()

    async def connect(self, address: hci.Address | str, timeout_s: float = 10, mtu: int = MTU) -> None:
        """Connect, exchange the MTU (23: leave it) and discover. Raises TimeoutError when nobody takes the call."""
        self.gone.clear()
        connection = await self._device.connect(address, own_address_type=hci.OwnAddressType.RANDOM, timeout=timeout_s)
        if self._connection is None:
            raise ConnectionResetError("the connection was not established")
        self._peer = Peer(connection)
        if mtu > 23:
            await self.exchange_mtu(mtu)
        with _unless_gone():
            await self._peer.discover_services()
            for service in self._peer.services:
                for characteristic in await service.discover_characteristics():
                    await characteristic.discover_descriptors()

    async def disconnect(self) -> None:
        """Nothing happens when there is no connection."""
        if self._connection is not None:
            with contextlib.suppress(core.BaseBumbleError, ConnectionError, TimeoutError), _unless_gone():
                await asyncio.wait_for(self._connection.disconnect(), _HANG_UP_S)

    def find(self, uuid: str) -> "gatt_client.CharacteristicProxy[bytes]":
        """The characteristic. Raises LookupError."""
        found = self._peer.get_characteristics_by_uuid(core.UUID(uuid))
        if not found:
            raise LookupError(f"there is no characteristic {uuid}")
        return found[0]

    async def exchange_mtu(self, mtu: int) -> None:
        """Ask for an MTU; the smaller of both counts."""
        with _unless_gone():
            await self._peer.request_mtu(mtu)

    async def read(self, what: "gatt_client.AttributeProxy | int") -> bytes:
        with _unless_gone():
            return bytes(await self._peer.gatt_client.read_value(what))

    async def write(self, what: "gatt_client.AttributeProxy | int", data: bytes, response: bool = True) -> None:
        with _unless_gone():
            await self._peer.gatt_client.write_value(what, data, with_response=response)

    async def listen(self, what: "gatt_client.CharacteristicProxy[bytes]", hear: Callable[[bytes], None]) -> None:
        """Subscribe, to notifications where both are offered."""
        with _unless_gone():
            await self._peer.gatt_client.subscribe(what, hear)

    async def ignore(self, what: "gatt_client.CharacteristicProxy[bytes]") -> None:
        """Unsubscribe from everything."""
        with _unless_gone():
            await self._peer.gatt_client.unsubscribe(what, force=True)

    def confirm_by_hand(self) -> Callable[[], None]:
        """Holds back confirmations of indications. Returns what confirms one."""
        client = self._peer.gatt_client
        send = client.send_confirmation
        held: list[att.ATT_Handle_Value_Confirmation] = []
        client.send_confirmation = held.append  # type: ignore[assignment, method-assign]
        return lambda: send(held.pop(0))

    def _begun(self, connection: Connection) -> None:
        """At once, not when connect() goes on: by then it may have ended already."""
        self._connection = connection
        connection.on(connection.EVENT_DISCONNECTION, self._ended)

    def _ended(self, reason: int) -> None:
        self._connection = None
        self.gone.set()


@contextlib.contextmanager
def _unless_gone() -> Iterator[None]:
    """Bumble cancels whoever waits for an answer when the connection ends; that is no wish to end the task."""
    try:
        yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise ConnectionResetError("the connection has ended")


def whole_uuid(uuid: core.UUID) -> str:
    """36 characters, in lower case, whatever its length."""
    return str(UUID(bytes=bytes(reversed(uuid.to_bytes(force_128=True)))))


def _heard(advertisement: Advertisement) -> Heard:
    told = advertisement.data
    name = told.get(_TYPES.COMPLETE_LOCAL_NAME) or told.get(_TYPES.SHORTENED_LOCAL_NAME)
    services = [uuid for kind in _UUID_LISTS for uuid in cast(list[core.UUID], told.get(kind) or [])]
    return Heard(
        advertisement.address,
        advertisement.is_connectable,
        bytes(told),
        advertisement.rssi,
        str(name) if name else None,
        tuple(whole_uuid(uuid) for uuid in services),
    )
