"""What the vehicle says in the vehicle-command protocol: FromVCSECMessage, SessionInfo, and one word of the car server.

Facts: vcsec.proto, signatures.proto, car_server.proto. Zeros are left out as proto3 leaves them out, except where they
are members of a oneof.
"""

from micropython import const

from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol.protobuf_writer import Writer

# vehicleLockState
UNLOCKED = const(0)
LOCKED = const(1)

# vehicleSleepStatus, userPresence
AWAKE = const(1)
PRESENCE_UNKNOWN = const(0)

# closures, as indices of Status.closures, and what they may be
FRONT_DRIVER_DOOR = const(0)
FRONT_PASSENGER_DOOR = const(1)
REAR_DRIVER_DOOR = const(2)
REAR_PASSENGER_DOOR = const(3)
TRUNK = const(4)
FRUNK = const(5)
CHARGE_PORT = const(6)
CLOSED = const(0)
OPEN = const(1)
AJAR = const(2)
CLOSURE_UNKNOWN = const(3)

_VEHICLE_STATUS = const(1)
_COMMAND_STATUS = const(4)
_KEY_LIST = const(16)
_KEY_ENTRY = const(17)
_NOMINAL_ERROR = const(46)

_CLOSURES = const(7)
_KEY_NOT_ENROLLED = const(1)  # session info status
_UNAVAILABLE = b"\x0a\x13\x08\x01\x12\x0f\x0a\x0dnot available"  # Response.actionStatus: ERROR and a reason in words

_OWN = const(1_000)  # of this vehicle, far from what the protocol uses; clients that do not know it pass it over


class Status:
    """What a phone may know of the vehicle."""

    def __init__(self) -> None:
        self.lock = UNLOCKED
        self.sleep = AWAKE
        self.presence = PRESENCE_UNKNOWN
        self.closures = bytearray(_CLOSURES)
        self.cloud = 0  # 0: nothing is said of it; 1: connected, 2: away
        self.cloud_s = 0  # for so many seconds
        self.head_number = -1  # of the newest row in the journal; -1: nothing is said of it
        self.head = b""  # of that row's code 8 bytes


def session_info(
    writer: Writer,
    counter: int,
    public_key: "bytes | bytearray",
    epoch: bytearray,
    clock_s: int,
    enrolled: bool,
) -> None:
    """public_key: the vehicle's, 64 bytes."""
    if counter:
        writer.number(1, counter)
    writer.bytes(2, b"\x04" + public_key)
    writer.bytes(3, epoch)
    if clock_s:
        writer.fixed32(4, clock_s)
    if not enrolled:
        writer.number(5, _KEY_NOT_ENROLLED)


def status(writer: Writer, now: Status) -> None:
    """vehicleStatus."""
    writer.enter(_VEHICLE_STATUS)
    writer.enter(1)
    for index in range(_CLOSURES):
        _number(writer, 1 + index, now.closures[index])
    writer.leave()
    _number(writer, 2, now.lock)
    _number(writer, 3, now.sleep)
    _number(writer, 4, now.presence)
    if now.cloud or now.head:
        writer.enter(_OWN)
        _number(writer, 1, now.cloud)
        if now.cloud:
            writer.number(2, now.cloud_s)
        if now.head:
            writer.number(3, now.head_number)
            writer.bytes(4, now.head)
        writer.leave()
    writer.leave()


def accepted(writer: Writer, counter: int) -> None:
    """commandStatus OK for the message with this counter."""
    writer.enter(_COMMAND_STATUS)
    writer.enter(2)
    writer.number(1, counter)
    writer.leave()
    writer.leave()


def wait(writer: Writer) -> None:
    """commandStatus WAIT: an owner must confirm."""
    writer.enter(_COMMAND_STATUS)
    writer.number(1, numbers.WAIT)
    writer.leave()


def key_change(writer: Writer, information: int, signer_id: "bytes | bytearray") -> None:
    """commandStatus of a change of the key list. signer_id: 4 bytes of who allowed it, or none."""
    failed = information != numbers.KEY_LIST_CHANGED
    writer.enter(_COMMAND_STATUS)
    if failed:
        writer.number(1, numbers.ERROR)
    writer.enter(3)
    _number(writer, 1, information)
    if len(signer_id):
        _key_id(writer, 2, signer_id)
    if failed:
        writer.number(3, numbers.ERROR)
    writer.leave()
    writer.leave()


def key_list(writer: Writer, keys: "tuple[tuple[int, bytes], ...] | list[tuple[int, bytes]]") -> None:
    """whitelistInfo. keys: (slot 0 to 31, id of 4 bytes) of each."""
    mask = 0
    writer.enter(_KEY_LIST)
    _number(writer, 1, len(keys))
    for slot, key_id in keys:
        _key_id(writer, 2, key_id)
        mask |= 1 << slot
    _number(writer, 3, mask)
    writer.leave()


def key_entry(
    writer: Writer, slot: int, key64: "bytes | bytearray", key_id: "bytes | bytearray", role: int, form: int
) -> None:
    """whitelistEntryInfo."""
    writer.enter(_KEY_ENTRY)
    _key_id(writer, 1, key_id)
    writer.enter(2)
    writer.bytes(1, b"\x04" + key64)
    writer.leave()
    writer.enter(4)
    _number(writer, 1, form)
    writer.leave()
    _number(writer, 6, slot)
    _number(writer, 7, role)
    writer.leave()


def own_key(writer: Writer, values: "tuple[int, ...]") -> None:
    """What this vehicle alone tells of a key: numbers, as fields 1, 2, … of its own message."""
    writer.enter(_OWN)
    for at in range(len(values)):
        _number(writer, 1 + at, values[at])
    writer.leave()


def declined(writer: Writer, error: int) -> None:
    """nominalError: genuine, understood, and not done."""
    writer.enter(_NOMINAL_ERROR)
    writer.number(1, error)
    writer.leave()


def unavailable(writer: Writer) -> None:
    """What the car server of this vehicle answers to everything."""
    writer.raw(_UNAVAILABLE)


def _number(writer: Writer, field: int, value: int) -> None:
    if value:
        writer.number(field, value)


def _key_id(writer: Writer, field: int, key_id: "bytes | bytearray") -> None:
    writer.enter(field)
    writer.bytes(1, key_id)
    writer.leave()
