"""The outer message of the vehicle-command protocol as the vehicle sends it, and the way back to who asked.

Facts: universal_message.proto, signatures.proto; what clients end on was found by running them. Fields are written in
ascending order. A reply goes to the routing address of the request, or to nobody in particular where there was none,
and repeats the request's uuid. Nothing here encrypts or signs.
"""

from micropython import const

from latchkey.crypto.secret import wipe
from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol.protobuf_writer import Writer
from latchkey.protocol.vehicle_command_frame import HEADER_LEN

NO_SLOT = const(-1)

_TO = const(6)
_FROM = const(7)
_PAYLOAD = const(10)
_STATUS = const(12)
_SIGNATURE = const(13)
_SESSION_INFO = const(15)
_REQUEST_UUID = const(50)

_MOST = const(2)  # replies to one request
_EMPTY = memoryview(b"")


class Path:
    """The way back: where a request came from, copied, so that it outlives the request.

    slot, hash: of the key to encrypt for, and of the request that asked for that; NO_SLOT and empty for a plain answer.
    """

    def __init__(self) -> None:
        self.domain = numbers.VEHICLE_SECURITY
        self.slot = NO_SLOT
        self.hash = b""
        self._address = bytearray(numbers.ADDRESS_LEN)
        self._uuid = bytearray(numbers.ADDRESS_LEN)
        self._addressed = False
        self._named = False

    @property
    def addressed(self) -> bool:
        """False where the request said nothing of whom to answer: then everybody is."""
        return self._addressed

    @property
    def uuid(self) -> "bytearray | memoryview":
        """16 bytes, or none."""
        return self._uuid if self._named else _EMPTY

    @property
    def address(self) -> "bytearray | memoryview":
        """16 bytes, or none."""
        return self._address if self._addressed else _EMPTY

    def set(
        self, domain: int, address: "bytes | bytearray | memoryview", uuid: "bytes | bytearray | memoryview"
    ) -> None:
        """domain: who answers, in plain. address, uuid: 16 bytes or none, copied."""
        self.domain = domain
        self.slot = NO_SLOT
        self.hash = b""
        self._addressed = len(address) > 0
        self._named = len(uuid) > 0
        if self._addressed:
            self._address[:] = address
        if self._named:
            self._uuid[:] = uuid

    def copy(self, other: "Path") -> None:
        """Become the same way back as another."""
        self.set(other.domain, other.address, other.uuid)
        self.slot = other.slot
        self.hash = other.hash


class Outbox:
    """Up to two replies, each behind its two bytes of length; they stay until clear()."""

    def __init__(self, size: int = 640) -> None:
        self.count = 0
        self._buffer = bytearray(size)
        self._view = memoryview(self._buffer)
        self._starts = [0] * (_MOST + 1)
        self._writer = Writer(self._buffer)

    def clear(self) -> None:
        """Forget the replies."""
        self.count = 0
        wipe(self._buffer)

    def message(self, number: int) -> memoryview:
        """A reply without its length, for a link that has packets of its own."""
        return self._view[self._starts[number] + HEADER_LEN : self._starts[number + 1]]

    def frame(self, number: int) -> memoryview:
        """A reply with its length, for a byte pipe."""
        return self._view[self._starts[number] : self._starts[number + 1]]

    def begin(self, path: Path) -> Writer:
        """Begin a reply; returns the writer for what is in it. end() completes it.

        raises (also from the writer): ProtobufError when it does not fit.
        """
        writer = self._writer
        writer.begin(self._starts[self.count] + HEADER_LEN)
        writer.enter(_TO)
        if path.addressed:
            writer.bytes(2, path.address)
        else:
            writer.number(1, numbers.BROADCAST)
        writer.leave()
        writer.enter(_FROM)
        writer.number(1, path.domain)
        writer.leave()
        return writer

    def end(self, path: Path) -> None:
        """Complete the reply that begin() has begun."""
        if len(path.uuid):
            self._writer.bytes(_REQUEST_UUID, path.uuid)
        start, end = self._starts[self.count], self._writer.length
        length = end - start - HEADER_LEN
        self._buffer[start] = length >> 8
        self._buffer[start + 1] = length & 0xFF
        self.count += 1
        self._starts[self.count] = end


def write_payload(writer: Writer, payload: memoryview) -> None:
    """A payload is there even when it is empty: clients wait for the field."""
    writer.bytes(_PAYLOAD, payload)


def write_fault(writer: Writer, fault: int) -> None:
    """signedMessageStatus: one client acts on the status at once and on the fault alone only after a second."""
    writer.enter(_STATUS)
    writer.number(1, numbers.ERROR)
    writer.number(2, fault)
    writer.leave()


def write_session_info(writer: Writer, info: memoryview, tag: bytes) -> None:
    """Serialised session info and its tag of 32 bytes."""
    writer.enter(_SIGNATURE)
    writer.enter(numbers.SESSION_INFO)
    writer.bytes(1, tag)
    writer.leave()
    writer.leave()
    writer.bytes(_SESSION_INFO, info)


def write_seal(writer: Writer, nonce: bytearray, counter: int, tag: bytearray) -> None:
    """What is needed to open an encrypted payload: nonce of 12 bytes, which reply it is, tag of 16 bytes."""
    writer.enter(_SIGNATURE)
    writer.enter(numbers.AES_GCM_RESPONSE)
    writer.bytes(1, nonce)
    writer.number(2, counter)
    writer.bytes(3, tag)
    writer.leave()
    writer.leave()
