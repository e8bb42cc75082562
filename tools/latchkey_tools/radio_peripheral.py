"""The peripheral that the firmware drives: a Bumble host in place of the ESP32's NimBLE.

It does what the orders of the AIR wire say and tells what happens. The limits that firmware can see (lengths, buffers,
4 connections, one indication at a time) are kept in the firmware's `bluetooth`; here are those that a client sees:
permissions, the client's choice of notifications or indications, the answer to a write that waits until it is taken.
Not as NimBLE: a client that ignores the MTU is not stopped, and there is no pairing.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import cast

from bumble import att, core, gatt, hci
from bumble.device import AdvertisingType, Connection, Device
from bumble.profiles.gap import GenericAccessService

from latchkey_tools.radio_table import Table
from latchkey_tools.radio_wire import LINKS, NUMBERS, Order, WireError, format_event

_STATUS_TIMEOUT = 13  # BLE_HS_ETIMEOUT
_UNANSWERED = 64  # writes that one client may have under way; NimBLE drops what finds no buffer, and so does this
log = logging.getLogger(__name__)


class Link:
    """A client. number: the firmware's connection handle."""

    def __init__(self, number: int, connection: Connection) -> None:
        self.number = number
        self.connection = connection
        self.asked: deque[tuple[str, asyncio.Future[Order]]] = deque()  # what the firmware has not answered yet
        self.indication: asyncio.Task[None] | None = None


class Peripheral:
    """tell(line) gets each event. start() before anything else; do() takes the orders, one after the other."""

    def __init__(self, device: Device, tell: Callable[[bytes], None]) -> None:
        self._device = device
        self._tell = tell
        self._links: dict[int, Link] = {}
        self._leaving: set[int] = set()  # numbers of clients that the firmware may still think of
        self._table = Table(device, self._ask)
        self._tasks: set[asyncio.Task[None]] = set()
        device.on(device.EVENT_CONNECTION, self._connected)
        device.on(device.EVENT_CONNECTION_FAILURE, lambda error: self._say("failed"))

    @property
    def address(self) -> hci.Address:
        return self._device.public_address

    async def start(self) -> None:
        """Switch the radio on."""
        await self._device.power_on()

    async def reset(self) -> None:
        """As at power-on: no connections, no table, no advertising."""
        await self._device.stop_advertising()
        for link in list(self._links.values()):
            await _hang_up(link.connection)
        self._leaving.clear()
        self._table.clear()

    async def do(self, order: Order) -> None:
        """Carry out an order. Raises WireError for one that nobody could carry out."""
        await self._DO[order.name](self, order)

    # Orders

    async def _name(self, order: Order) -> None:
        service = cast(GenericAccessService, self._device.gatt_server.services[0])
        service.device_name_characteristic.value = order.data

    async def _mtu(self, order: Order) -> None:
        self._device.gatt_server.max_mtu = order.number

    async def _row(self, order: Order) -> None:
        self._table.add(order)

    async def _register(self, order: Order) -> None:
        self._table.register()

    async def _advertise(self, order: Order) -> None:
        kinds = AdvertisingType
        await self._device.start_advertising(
            kinds.UNDIRECTED_CONNECTABLE_SCANNABLE if order.connectable else kinds.UNDIRECTED_SCANNABLE,
            own_address_type=hci.OwnAddressType.PUBLIC,
            advertising_data=order.data,
            scan_response_data=order.response,
            advertising_interval_min=order.number / 1000,
            advertising_interval_max=order.number / 1000,
        )

    async def _silent(self, order: Order) -> None:
        await self._device.stop_advertising()

    async def _notify(self, order: Order) -> None:
        if link := self._links.get(order.link):
            value = self._table.value(order.handle)
            await self._device.gatt_server.notify_subscriber(link.connection, value, order.data, force=True)

    async def _indicate(self, order: Order) -> None:
        if link := self._links.get(order.link):
            value = self._table.value(order.handle)
            if link.indication is not None:
                raise WireError("a second indication before the first was confirmed")
            link.indication = self._begin(self._see_through(link, value, order.data))

    async def _drop(self, order: Order) -> None:
        if link := self._links.get(order.link):
            self._begin(_hang_up(link.connection))

    async def _freed(self, order: Order) -> None:
        self._leaving.discard(order.link)

    async def _answer(self, order: Order) -> None:
        link = self._links.get(order.link)
        if link is None:
            return  # it has gone meanwhile
        if not link.asked or link.asked[0][0] != order.name:
            raise WireError(f"{order.name} answers no question")
        _, answer = link.asked.popleft()
        if not answer.done():
            answer.set_result(order)

    _DO: dict[str, Callable[["Peripheral", Order], Awaitable[None]]] = {
        "name": _name,
        "mtu": _mtu,
        "table": _row,
        "service": _row,
        "characteristic": _row,
        "descriptor": _row,
        "register": _register,
        "advertise": _advertise,
        "silent": _silent,
        "notify": _notify,
        "indicate": _indicate,
        "drop": _drop,
        "freed": _freed,
        "wrote": _answer,
        "value": _answer,
    }

    # What the table asks

    async def _ask(self, connection: Connection, event: str, answer: str, *words: int | bytes) -> Order:
        link = next((link for link in self._links.values() if link.connection is connection), None)
        if link is None or len(link.asked) >= _UNANSWERED:
            raise att.ATT_Error(att.ATT_INSUFFICIENT_RESOURCES_ERROR)
        answered: asyncio.Future[Order] = asyncio.get_running_loop().create_future()
        link.asked.append((answer, answered))
        self._say(event, link.number, *words)
        return await answered

    # Connections

    def _connected(self, connection: Connection) -> None:
        number = next((n for n in range(NUMBERS) if n not in self._links and n not in self._leaving), None)
        if number is None or len(self._links) >= LINKS:
            self._begin(_hang_up(connection))
            return
        link = self._links[number] = Link(number, connection)
        connection.on(connection.EVENT_DISCONNECTION, lambda reason: self._disconnected(link))
        connection.on(connection.EVENT_CONNECTION_ATT_MTU_UPDATE, lambda: self._say("mtu", number, connection.att_mtu))
        peer = connection.peer_address
        self._say("connect", number, peer.address_type & 1, bytes(reversed(bytes(peer))))

    def _disconnected(self, link: Link) -> None:
        del self._links[link.number]
        self._leaving.add(link.number)
        if link.indication is not None:
            link.indication.cancel()
        for _, answer in link.asked:
            answer.cancel()
        self._say("disconnect", link.number)

    async def _see_through(self, link: Link, value: gatt.Attribute, data: bytes) -> None:
        status = 0
        try:
            await self._device.gatt_server.indicate_subscriber(link.connection, value, data, force=True)
        except TimeoutError:
            status = _STATUS_TIMEOUT
            self._begin(_hang_up(link.connection))
        link.indication = None
        if self._links.get(link.number) is link:  # cancelled too late, it would tell of somebody who has gone
            self._say("confirm", link.number, status)

    def _begin(self, work: Awaitable[None]) -> "asyncio.Task[None]":
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _say(self, event: str, *words: int | bytes) -> None:
        self._tell(format_event(event, *words))


async def _hang_up(connection: Connection) -> None:
    if connection.device.connections.get(connection.handle) is not connection:
        return  # it has ended: nobody would say so a second time
    with contextlib.suppress(core.BaseBumbleError, asyncio.CancelledError):
        await connection.disconnect()
