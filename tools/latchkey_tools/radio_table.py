"""The firmware's GATT table, as a client sees it: permissions, subscriptions, and answers that the firmware gives.

A read or write is answered when the firmware has answered. NimBLE refuses a client that subscribes to what is not
offered, or reads and writes against the flags; Bumble lets both pass, so they are refused here.
"""

from collections.abc import Awaitable, Callable, Iterator

from bumble import att, gatt
from bumble.device import Connection, Device
from bumble.gatt_server import Server

from latchkey_tools.radio_wire import Order, WireError

_READ, _WRITE, _NOTIFY, _INDICATE = 0x02, 0x0C, 0x10, 0x20

Row = tuple[Order, list[Order]]  # a characteristic and its descriptors


class Table:
    """Rows are added one by one and take effect together. ask(connection, event, expected answer, handle, …) gets the
    firmware's answer."""

    def __init__(self, device: Device, ask: Callable[..., Awaitable[Order]]) -> None:
        self._device = device
        self._ask = ask
        self._rows: list[Order] = []
        self._values: dict[int, gatt.Attribute] = {}
        self._own = len(device.gatt_server.attributes), len(device.gatt_server.services)
        _refuse_wrong_subscriptions(device.gatt_server)

    def add(self, row: Order) -> None:
        """The row `table` begins a new table."""
        if row.name == "table":
            self._rows.clear()
        else:
            self._rows.append(row)

    def register(self) -> None:
        """Replace the table by the rows added. Raises WireError where they are out of order."""
        self.clear()
        for service, rows in _services(self._rows):
            self._device.add_service(gatt.Service(service.uuid, [self._characteristic(*row) for row in rows]))

    def clear(self) -> None:
        """Only the stack's own services are left."""
        server = self._device.gatt_server
        attributes, services = self._own
        del server.attributes[attributes:], server.services[services:]
        server.attributes_by_handle.clear()
        self._values.clear()

    def value(self, handle: int) -> gatt.Attribute:
        """Raises WireError."""
        if handle not in self._values:
            raise WireError(f"there is no value {handle}")
        return self._values[handle]

    def _characteristic(self, row: Order, descriptors: list[Order]) -> gatt.Characteristic[bytes]:
        own = gatt.Characteristic[bytes](
            row.uuid,
            gatt.Characteristic.Properties(row.number & 0xFF),
            _permissions(row.number),
            self._access(row),
            [gatt.Descriptor(d.uuid, _permissions(d.number), self._access(d)) for d in descriptors],
        )
        self._values[row.handle] = own
        return own

    def _access(self, row: Order) -> gatt.CharacteristicValue[bytes]:
        async def read(connection: Connection) -> bytes:
            if not row.number & _READ:
                raise att.ATT_Error(att.ATT_READ_NOT_PERMITTED_ERROR)
            answer = await self._ask(connection, "read", "value", row.handle)
            if answer.number:
                raise att.ATT_Error(answer.number)
            return answer.data

        async def write(connection: Connection, data: bytes) -> None:
            if not row.number & _WRITE:
                raise att.ATT_Error(att.ATT_WRITE_NOT_PERMITTED_ERROR)
            await self._ask(connection, "write", "wrote", row.handle, data)

        return gatt.CharacteristicValue(read, write)


def _services(table: list[Order]) -> Iterator[tuple[Order, list[Row]]]:
    """Rows of the wire -> (service, [(characteristic, [descriptors])]). Raises WireError for rows out of order."""
    services: list[tuple[Order, list[Row]]] = []
    for row in table:
        try:
            if row.name == "service":
                services.append((row, []))
            elif row.name == "characteristic":
                services[-1][1].append((row, []))
            else:
                services[-1][1][-1][1].append(row)
        except IndexError:
            raise WireError(f"a {row.name} that belongs to nothing")
    yield from services


def _permissions(flags: int) -> att.Attribute.Permissions:
    readable = att.Attribute.READABLE if flags & _READ else 0
    return att.Attribute.Permissions(readable | (att.Attribute.WRITEABLE if flags & _WRITE else 0))


def _refuse_wrong_subscriptions(server: Server) -> None:
    accept = server.write_cccd

    def write_cccd(bearer: att.Bearer, characteristic: gatt.Characteristic, value: bytes) -> None:
        offered = (characteristic.properties & _NOTIFY) >> 4 | (characteristic.properties & _INDICATE) >> 4
        if len(value) != 2 or value[1] or value[0] & ~offered:
            raise att.ATT_Error(att.ATT_REQUEST_NOT_SUPPORTED_ERROR)
        accept(bearer, characteristic, value)

    server.write_cccd = write_cccd  # type: ignore[method-assign]
