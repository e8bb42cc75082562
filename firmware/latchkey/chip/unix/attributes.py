"""What MicroPython keeps for each characteristic, and the layout of a GATT table.

Facts from extmod/modbluetooth.c and extmod/nimble/modbluetooth_nimble.c: a value has room for 20 bytes until somebody
makes it larger; what a client writes beyond that is cut off without a word; the next write replaces the last one, read
or not; in append mode it is put behind it, and reading empties the value.
"""

from micropython import const

_ROOM = const(20)
_FIRST_HANDLE = const(14)  # the services of the stack itself, GAP and GATT, come before
_SUBSCRIBABLE = const(0x30)  # notify or indicate: the stack adds a descriptor for the client's choice


class UUID:
    """bluetooth.UUID: 16 bits from an int, 128 bits from a string, either from bytes (least significant first)."""

    def __init__(self, value: "int | str | bytes | UUID") -> None:
        """raises: ValueError."""
        if isinstance(value, UUID):
            self.text: str = value.text
        elif isinstance(value, int):
            if not 0 <= value <= 0xFFFF:
                raise ValueError("UUID out of range")
            self.text = "%04x" % value
        elif isinstance(value, str):
            self.text = _text(bytes.fromhex(value.replace("-", "")))
        else:
            self.text = _text(bytes(reversed(bytes(value))))

    def __repr__(self) -> str:
        return "UUID(%s)" % ("0x" + self.text if len(self.text) == 4 else repr(self.text))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UUID) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


class Value:
    """The bytes of one characteristic or descriptor."""

    def __init__(self) -> None:
        self._room = _ROOM
        self._append = False
        self._data = b""

    def resize(self, room: int, append: bool) -> None:
        """gatts_set_buffer(): what was in it is lost."""
        self._room = room
        self._append = append
        self._data = b""

    def receive(self, data: bytes) -> None:
        """A client has written. What does not fit is lost."""
        self._data = ((self._data if self._append else b"") + data)[: self._room]

    def store(self, data: bytes) -> None:
        """gatts_write(): makes room where there is too little."""
        self._room = max(self._room, len(data))
        self._data = data

    def take(self) -> bytes:
        """gatts_read(): empties a value in append mode."""
        data = self._data
        if self._append:
            self._data = b""
        return data

    def look(self) -> bytes:
        """What a client reads, or is sent: takes nothing away."""
        return self._data


class Layout:
    """Handles for a services definition as in gatts_register_services(). raises: ValueError where it is none.

    handles: a tuple for each service, with the handle of each characteristic, followed by those of its descriptors.
    rows: (kind, handle, flags, UUID as text) in order; kind is service, characteristic or descriptor.
    """

    def __init__(self, services: "tuple[tuple, ...] | list[tuple]") -> None:
        self._next = _FIRST_HANDLE
        self.rows: "list[tuple[str, int, int, str]]" = []
        self.handles = tuple([self._service(service) for service in services])

    def _service(self, service: tuple) -> "tuple[int, ...]":
        if len(service) != 2:
            raise ValueError("a service is (UUID, characteristics)")
        self._row("service", 0, service[0])
        handles: "list[int]" = []
        for characteristic in service[1]:
            self._characteristic(characteristic, handles)
        return tuple(handles)

    def _characteristic(self, characteristic: tuple, handles: "list[int]") -> None:
        if not 2 <= len(characteristic) <= 3:
            raise ValueError("invalid characteristic tuple")
        self._next += 1  # the declaration has a handle of its own, before the value
        flags = characteristic[1]
        handles.append(self._row("characteristic", flags, characteristic[0]))
        if flags & _SUBSCRIBABLE:
            self._next += 1
        for descriptor in characteristic[2] if len(characteristic) == 3 else ():
            if len(descriptor) != 2:
                raise ValueError("a descriptor is (UUID, flags)")
            handles.append(self._row("descriptor", descriptor[1], descriptor[0]))

    def _row(self, kind: str, flags: int, uuid: UUID) -> int:
        if not isinstance(uuid, UUID):
            raise ValueError("invalid UUID")
        handle = self._next
        self._next += 1
        self.rows.append((kind, handle, flags, uuid.text))
        return handle


def _text(data: bytes) -> str:
    """Most significant byte first -> as it is written."""
    if len(data) == 2:
        return data.hex()
    if len(data) != 16:
        raise ValueError("a UUID has 2 or 16 bytes")
    whole = data.hex()
    return "-".join((whole[:8], whole[8:12], whole[12:16], whole[16:20], whole[20:]))
