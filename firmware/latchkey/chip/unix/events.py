"""What happens to the radio, as MicroPython tells it: bluetooth.BLE.irq().

Events come one after the other. An address in one is a view that holds only while the handler runs. A handler that
raises is printed and forgotten (extmod/modbluetooth.c). A connection that was never established is reported as
CENTRAL_DISCONNECT with handle 0xffff and address type 0xff; an indication that is not confirmed when its connection
ends comes back with status 7 before that (extmod/nimble/modbluetooth_nimble.c, NimBLE's ble_gattc.c).
"""

import sys

from micropython import const

from latchkey.chip.unix.attributes import Value

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable

_CENTRAL_CONNECT = const(1)
_CENTRAL_DISCONNECT = const(2)
_GATTS_WRITE = const(3)
_GATTS_READ_REQUEST = const(4)
_GATTS_INDICATE_DONE = const(20)
_MTU_EXCHANGED = const(21)

_NO_LINK = const(0xFFFF)
_NO_ADDRESS = const(0xFF)
_MTU_AT_FIRST = const(23)
_STATUS_NOT_CONNECTED = const(7)  # BLE_HS_ENOTCONN


class Link:
    def __init__(self, address_type: int, address: bytes) -> None:
        self.address_type = address_type
        self.address = address
        self.mtu = _MTU_AT_FIRST
        self.indicating = 0  # handle of the value whose confirmation is awaited


class Events:
    """State that events change, and their delivery. Whatever carries the air calls the methods named on_…"""

    def __init__(self) -> None:
        self._handler: "Callable[[int, tuple], object] | None" = None
        self._peer = bytearray(6)
        self._forget()

    def _forget(self) -> None:
        self._links: "dict[int, Link]" = {}
        self._values: "dict[int, Value]" = {}
        self._advertising = False

    def irq(self, handler: "Callable[[int, tuple], object] | None") -> None:
        """handler(event, data), or None."""
        if handler is not None and not callable(handler):
            raise ValueError("invalid handler")
        self._handler = handler

    def on_connect(self, conn_handle: int, address_type: int, address: bytes) -> None:
        self._advertising = False
        self._links[conn_handle] = Link(address_type, address)
        self._happened_to(_CENTRAL_CONNECT, conn_handle, address_type, address)

    def on_failed_connect(self) -> None:
        self._advertising = False
        self._happened_to(_CENTRAL_DISCONNECT, _NO_LINK, _NO_ADDRESS, bytes(6))

    def on_disconnect(self, conn_handle: int) -> None:
        link = self._links.pop(conn_handle)
        if link.indicating:
            self._happened(_GATTS_INDICATE_DONE, (conn_handle, link.indicating, _STATUS_NOT_CONNECTED))
        self._happened_to(_CENTRAL_DISCONNECT, conn_handle, link.address_type, link.address)

    def on_mtu(self, conn_handle: int, mtu: int) -> None:
        self._links[conn_handle].mtu = mtu
        self._happened(_MTU_EXCHANGED, (conn_handle, mtu))

    def on_write(self, conn_handle: int, value_handle: int, data: bytes) -> None:
        self._values[value_handle].receive(data)
        self._happened(_GATTS_WRITE, (conn_handle, value_handle))

    def on_read(self, conn_handle: int, value_handle: int) -> "tuple[int, bytes]":
        """Returns (ATT error or 0, value)."""
        denied = self._happened(_GATTS_READ_REQUEST, (conn_handle, value_handle))
        if isinstance(denied, int) and denied:
            return int(denied), b""
        return 0, self._values[value_handle].look()

    def on_confirmed(self, conn_handle: int, status: int) -> None:
        link = self._links[conn_handle]
        value_handle, link.indicating = link.indicating, 0
        self._happened(_GATTS_INDICATE_DONE, (conn_handle, value_handle, status))

    def _happened_to(self, event: int, conn_handle: int, address_type: int, address: bytes) -> None:
        self._peer[:] = address
        self._happened(event, (conn_handle, address_type, memoryview(self._peer)))
        self._peer[:] = b"\xee" * 6  # whoever kept the view sees that it does not hold any more

    def _happened(self, event: int, data: tuple) -> object:
        if self._handler is None:
            return None
        try:
            return self._handler(event, data)
        except Exception as error:
            print("Unhandled exception in IRQ callback handler")
            sys.print_exception(error)
            self._handler = None
            return None
