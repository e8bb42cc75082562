"""MicroPython's bluetooth.BLE as the ESP32 has it (NimBLE), over any air that carries its orders.

Facts from docs/library/bluetooth.rst, extmod/modbluetooth.c and extmod/nimble/modbluetooth_nimble.c:

- 4 connections; advertising stops when one begins, and connectable advertising is refused while there are 4;
- what is sent is cut to the connection's MTU less 3, without a word, and whether or not the client has subscribed;
- the ESP32 delivers events without a queue of its own, therefore config() knows no `rxbuf` there: ValueError.

Stricter than NimBLE in one point: a second indication before the first is confirmed raises OSError here, where NimBLE
sends it and loses count of the confirmations. Error numbers differ between ports; only that it is an OSError counts.
"""

from micropython import const

from latchkey.chip.unix.attributes import Layout, Value
from latchkey.chip.unix.events import Events, Link

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable
    from typing import Protocol

    class Medium(Protocol):
        """What carries the orders: Air, or a test's. It calls on_connect() and its like from within poll()."""

        address: "tuple[int, bytes]"

        def send(self, *words: object) -> None: ...
        def poll(self, radio: "Ble") -> None: ...
        def close(self) -> None: ...


_EIO = const(5)
_ENOMEM = const(12)
_EBUSY = const(16)
_ENODEV = const(19)
_EINVAL = const(22)
_ENOTCONN = const(107)

_LINKS = const(4)
_MTU_AT_FIRST = const(23)
_MTU_PREFERRED = const(256)
_MTU_MOST = const(527)
_ADVERTISEMENT = const(31)
_NAME_MOST = const(31)
_INTERVAL_LEAST_US = const(20_000)
_INTERVAL_MOST_US = const(10_240_000)


class Ble(Events):
    """The names of bluetooth.BLE, as far as a peripheral needs them."""

    def __init__(self, open_air: "Callable[[], Medium]") -> None:
        """open_air(): called by active(True), may raise OSError."""
        self._open_air = open_air
        self._air: "Medium | None" = None
        self._preferred_mtu = _MTU_PREFERRED
        super().__init__()

    def _forget(self) -> None:
        super()._forget()
        self._name = b"MPY ESP32"
        self._payload = [b"", b""]

    # The radio

    def active(self, wanted: "bool | None" = None) -> bool:
        """Switch on (with nothing registered) or off; returns the state. raises: OSError when there is no air."""
        if wanted is not None:
            if self._air is not None:
                self._air.close()
                self._air = None
            self._forget()
            if wanted:
                self._air = self._open_air()
                self._air.send("mtu", self._preferred_mtu)
                self._air.send("name", self._name)
        return self._air is not None

    def config(self, *query: str, **settings: object) -> "bytes | int | tuple[int, bytes] | None":
        """Query one of gap_name, mac, mtu, or set gap_name, mtu. raises: ValueError for any other; OSError."""
        if settings:
            if query:
                raise TypeError("can't specify pos and kw args")
            for name, value in settings.items():
                self._set(name, value)
            return None
        if len(query) != 1:
            raise TypeError("must query one param")
        if query[0] == "gap_name":
            return self._name
        if query[0] == "mtu":
            return self._preferred_mtu
        if query[0] == "mac":
            return self._on().address
        raise ValueError("unknown config param")

    def _set(self, name: str, value: object) -> None:
        if name == "gap_name":
            data = value.encode() if isinstance(value, str) else bytes(value)  # type: ignore[call-overload]
            if len(data) > _NAME_MOST:
                raise OSError(_EINVAL)
            self._on().send("name", data)
            self._name = data
        elif name == "mtu":
            if not isinstance(value, int) or not _MTU_AT_FIRST <= value <= _MTU_MOST:
                raise OSError(_EINVAL)
            self._on().send("mtu", value)
            self._preferred_mtu = value
        else:
            raise ValueError("unknown config param")

    # GAP

    def gap_advertise(
        self,
        interval_us: "int | None" = 500_000,
        adv_data: "bytes | str | None" = None,
        *,
        resp_data: "bytes | str | None" = None,
        connectable: bool = True,
    ) -> None:
        """Begin anew, or stop with None. Data that is None stays as it was. raises: OSError."""
        if interval_us is None:
            if self._air is not None:
                self._air.send("silent")
            self._advertising = False
            return
        air = self._on()
        self.gap_advertise(None)
        for place, data in enumerate((adv_data, resp_data)):
            if data is not None:
                if len(data) > _ADVERTISEMENT:
                    raise OSError(_EIO)
                self._payload[place] = data.encode() if isinstance(data, str) else bytes(data)
        if not _INTERVAL_LEAST_US <= interval_us <= _INTERVAL_MOST_US:
            raise OSError(_EIO)
        if connectable and len(self._links) >= _LINKS:
            raise OSError(_ENOMEM)
        self._advertising = True  # before the order: somebody may connect at once
        air.send("advertise", interval_us, int(connectable), self._payload[0], self._payload[1])

    def gap_disconnect(self, conn_handle: int) -> bool:
        """False when there is no such connection. The event follows."""
        if conn_handle not in self._links:
            self._on()
            return False
        self._on().send("drop", conn_handle)
        return True

    # GATT server

    def gatts_register_services(self, services: "tuple[tuple, ...] | list[tuple]") -> "tuple[tuple[int, ...], ...]":
        """Replace all services. Returns handles, a tuple for each. raises: OSError while in use, ValueError."""
        air = self._on()
        if self._advertising or self._links:
            raise OSError(_EBUSY)
        layout = Layout(services)
        air.send("table")
        for kind, handle, flags, uuid in layout.rows:
            air.send(kind, handle, flags, uuid)
        air.send("register")
        self._values = dict([(row[1], Value()) for row in layout.rows if row[0] != "service"])
        return layout.handles

    def gatts_read(self, value_handle: int) -> bytes:
        return self._value(value_handle).take()

    def gatts_write(self, value_handle: int, data: "bytes | str", send_update: bool = False) -> int:
        """send_update is not simulated: notify or indicate instead."""
        if send_update:
            raise NotImplementedError("send_update")
        value = self._value(value_handle)
        value.store(data.encode() if isinstance(data, str) else bytes(data))
        return len(data)

    def gatts_set_buffer(self, value_handle: int, length: int, append: bool = False) -> None:
        self._value(value_handle).resize(length, append)

    def gatts_notify(self, conn_handle: int, value_handle: int, data: "bytes | None" = None) -> None:
        """Send data, or the value where it is None. raises: OSError."""
        self._send("notify", self._link(conn_handle), conn_handle, value_handle, data)

    def gatts_indicate(self, conn_handle: int, value_handle: int, data: "bytes | None" = None) -> None:
        """The same, confirmed by GATTS_INDICATE_DONE. raises: OSError, also while the last one is not confirmed."""
        link = self._link(conn_handle)
        if link.indicating:
            raise OSError(_EBUSY)
        self._value(value_handle)
        link.indicating = value_handle  # before the order: it may be confirmed at once
        self._send("indicate", link, conn_handle, value_handle, data)

    def _send(self, order: str, link: Link, conn_handle: int, value_handle: int, data: "bytes | None") -> None:
        value = self._value(value_handle)
        out = value.look() if data is None else bytes(data)
        self._on().send(order, conn_handle, value_handle, out[: link.mtu - 3])

    def poll(self) -> None:
        """Deliver what has happened. An air that is lost ends all connections and switches the radio off."""
        air = self._air
        if air is None:
            return
        try:
            air.poll(self)
        except OSError as error:
            if self._air is not air:
                return  # the handler itself has switched it off
            print("The radio has gone:", error)
            air.close()
            self._air = None
            self._advertising = False
            for conn_handle in list(self._links):
                self.on_disconnect(conn_handle)

    # Looking things up

    def _on(self) -> "Medium":
        if self._air is None:
            raise OSError(_ENODEV)
        return self._air

    def _link(self, conn_handle: int) -> Link:
        self._on()
        if conn_handle not in self._links:
            raise OSError(_ENOTCONN)
        return self._links[conn_handle]

    def _value(self, value_handle: int) -> Value:
        self._on()
        if value_handle not in self._values:
            raise OSError(_EINVAL)
        return self._values[value_handle]
