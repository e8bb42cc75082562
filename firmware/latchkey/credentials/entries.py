"""How the list of keys lies in its record: blocks of 96 bytes, integers big-endian.

    block 0    magic "KEYS" | layout 1 | claimed 0xC1 | 90 zero
    block 1+n  version 1 | type | role | condition | entry generation, 4 | key material, 64 | 24 zero

Type 1 is a keycard or its applet twin; its material is X || Y of a P-256 public key. Blocks of another version or type
are kept as they are and match nothing, so cards go on working after a step back to older firmware. There is room for
phones and AES cards in the material, for guest windows and card timing in the 24 bytes; an entry that restricts its key
by them takes version 2, lest older firmware overlook the restriction.
"""

from struct import pack, unpack_from

from micropython import const

from latchkey.core import codes
from latchkey.storage.records import MALFORMED, RecordError

# Conditions of an entry
ABSENT = const(0)
ACTIVE = const(1)
SUSPENDED = const(2)
REVOKED = const(3)

BLOCK_LEN = const(96)
LEAD_LEN = const(8)  # what stands before the key material
KEY_LEN = const(64)

_VERSION = const(1)
_KEYCARD = const(1)
_ROLE_AT = const(2)
_CONDITION_AT = const(3)
_GENERATION_AT = const(4)
_HEADER = b"KEYS\x01\xc1"

_ROLES = (
    codes.SERVICE,
    codes.OWNER,
    codes.DRIVER,
    codes.VEHICLE_MONITOR,
    codes.CHARGING_MANAGER,
    codes.GUEST,
)


def offset_of(number: int) -> int:
    """Where the entry of this number begins in the body."""
    return (number + 1) * BLOCK_LEN


def header() -> bytes:
    """Block 0 of a new list."""
    return _HEADER + bytes(BLOCK_LEN - len(_HEADER))


def lead(role: int, condition: int, generation: int) -> bytes:
    """The 8 bytes of a keycard's entry before its key."""
    return pack(">BBBBI", _VERSION, _KEYCARD, role, condition, generation)


def entry(role: int, generation: int, key64: "bytes | bytearray") -> bytes:
    """The block of an active keycard."""
    return lead(role, ACTIVE, generation) + key64 + bytes(BLOCK_LEN - LEAD_LEN - KEY_LEN)


def may_hold(role: int) -> bool:
    """True for a role that a keycard can have; fleet managers live on the cloud link alone."""
    return role in _ROLES


def check_header(block: bytearray) -> None:
    """raises: RecordError where block 0 is not that of a claimed list in this layout."""
    if block[: len(_HEADER)] != _HEADER:
        raise RecordError(MALFORMED)


def is_keycard(block: bytearray) -> bool:
    """False for an entry that newer firmware wrote."""
    return block[0] == _VERSION and block[1] == _KEYCARD


def fields(block: bytearray, newest: int) -> "tuple[int, int, int]":
    """Role, condition, generation of a keycard's entry; newest: the generation of the list.

    raises: RecordError where one of them makes no sense.
    """
    role = block[_ROLE_AT]
    condition = block[_CONDITION_AT]
    generation = unpack_from(">I", block, _GENERATION_AT)[0]
    if not may_hold(role) or not ACTIVE <= condition <= REVOKED or not 0 < generation <= newest:
        raise RecordError(MALFORMED)
    return role, condition, generation
