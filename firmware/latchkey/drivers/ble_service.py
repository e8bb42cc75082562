"""What phones find of the vehicle: its advertising, and the service with its three characteristics.

Facts: protocol.md and the clients of the vehicle-command protocol. Some clients search for the service, others for the
name, and both do not fit into one packet: the service goes into the advertising data, the name into the scan response.
Frames to the vehicle are written, with or without a response; frames from it are indicated, and not notified, because
one client asks for indications by name and another takes what is offered.

Nothing at this level authenticates or encrypts; frames do.
"""

from micropython import const

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Ble, Radio

_SERVICE = "00000211-b2d1-43f0-9b88-960cebf8b91e"
_TO_VEHICLE = "00000212-b2d1-43f0-9b88-960cebf8b91e"
_FROM_VEHICLE = "00000213-b2d1-43f0-9b88-960cebf8b91e"
_VERSION = "00000214-b2d1-43f0-9b88-960cebf8b91e"

_VERSION_VALUE = b"\x01"  # a number that clients read to keep a connection alive; they do not interpret it
_LONGEST_WRITE = const(512)  # of any attribute (Core Specification, Vol 3, Part F, 3.2.9)
_MTU = const(256)  # nearly all frames in one or two chunks; more would cost memory for each connection

# Core Specification Supplement, Part A: found by all, no classic Bluetooth; all UUIDs of 128 bits; the whole name.
_FLAGS = b"\x02\x01\x06"
_UUIDS = b"\x11\x07"
_NAME = const(0x09)


def advertisement() -> bytes:
    """Flags and the service: 21 bytes."""
    return _FLAGS + _UUIDS + bytes(reversed(bytes.fromhex(_SERVICE.replace("-", ""))))


def scan_response(local_name: str) -> bytes:
    """The complete local name: ASCII, 29 characters at most."""
    return bytes((1 + len(local_name), _NAME)) + local_name.encode()


def register(radio: "Radio", ble: "Ble", gap_name: str) -> int:
    """Set up a radio that is on. gap_name: what the GAP service tells people, 31 bytes at most.

    Returns the handle of what is indicated. raises: OSError, MemoryError.
    """
    ble.config(gap_name=gap_name, mtu=_MTU)
    table = (
        (radio.UUID(_TO_VEHICLE), radio.FLAG_WRITE | radio.FLAG_WRITE_NO_RESPONSE),
        (radio.UUID(_FROM_VEHICLE), radio.FLAG_INDICATE),
        (radio.UUID(_VERSION), radio.FLAG_READ),
    )
    ((to_vehicle, from_vehicle, version),) = ble.gatts_register_services(((radio.UUID(_SERVICE), table),))
    ble.gatts_set_buffer(to_vehicle, _LONGEST_WRITE, True)
    ble.gatts_write(version, _VERSION_VALUE)
    return from_vehicle
