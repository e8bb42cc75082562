"""How the list of keys lies in its record: blocks of 96 bytes, integers big-endian.

    block 0    magic "KEYS" | layout 1 | claimed 0xC1 | 90 zero
    block 1+n  version | type | role | condition | entry generation, 4 | key material, 64 | 24 of the type

The key material is X || Y of a P-256 public key. Type 1 is a keycard or its applet twin; its 24 bytes are zero. Type 2
is a phone, type 3 a cloud key; theirs are K, 16 | slot 0 to 31 | form | check, 6: the first bytes of SHA-256 over key,
K, slot and form. K is what vehicle and phone share (identity.py), computed once, when the key was enrolled; a revoked
entry has zeros there.

Type 4 is an AES card. It has no public key: its key material is its UID, 7, and 57 zeros, which finds the entry and
proves nothing. In place of K stands the card's own AES key, then 1 until the card has proved that key for the first
time and 0 from then on, its pace, the check. A revoked entry keeps its key, without which nobody could enrol the card
again.

Blocks of another version or type are kept as they are and match nothing. An entry that restricts its key takes a
version of its own, lest older firmware overlook the restriction; version 1 has none. After a step back to firmware that
knows version 1 alone the others let nobody in, and every card that is enrolled now gets a pace and is one of them:
what goes on working are cards without one, phones and cloud keys that have no window.

Version 2 is a card's with a pace in the place of the form: how soon it must answer, in steps of 4 ms, 0 for no limit. A
key card then has a check as well. Version 3 is a guest's whose window (windows.py), a block of type 5, must be found
and fit, without which he is refused; a guest's card may have a pace besides.
"""

from struct import pack, unpack_from

from micropython import const

from latchkey.core import codes
from latchkey.crypto.digest import sha1, sha256
from latchkey.crypto.secret import equal
from latchkey.storage.records import MALFORMED, RecordError

# Conditions of an entry
ABSENT = const(0)
ACTIVE = const(1)
SUSPENDED = const(2)
REVOKED = const(3)

BLOCK_LEN = const(96)
LEAD_LEN = const(8)  # what stands before the key material
KEY_LEN = const(64)
TAIL_LEN = const(24)  # what stands behind it
K_LEN = const(16)
ID_LEN = const(4)

# Kinds of credential
KEYCARD = const(1)
PHONE = const(2)
CLOUD_KEY = const(3)
AES_CARD = const(4)

SLOTS = const(32)  # for phones and cloud keys
FORM_MOST = const(255)
UID_LEN = const(7)

# Of an AES card's key, behind its 16 bytes
SETTLED = const(0)
PENDING = const(1)  # chosen, and maybe in the card, maybe not

# Versions of an entry. A new restriction of keys takes the next one.
PLAIN = const(1)
PACED = const(2)
WINDOWED = const(3)

PACE_MS = const(4)
_SLOWEST = const(250)  # a second, longer than which no card is waited for

WINDOW = const(5)  # the type of a block that is no key

_KIND_AT = const(1)
_SLOT_AT = const(16)  # in the tail
_FORM_AT = const(17)
_CHECK_AT = const(18)
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


def short_id(key64: "bytes | bytearray | memoryview") -> bytes:
    """First 4 bytes of the SHA-1 of a public key as it is sent, for people and lists; it identifies nothing."""
    return sha1(b"\x04", key64)[:ID_LEN]


def offset_of(number: int) -> int:
    """Where the entry of this number begins in the body."""
    return (number + 1) * BLOCK_LEN


def header() -> bytes:
    """Block 0 of a new list."""
    return _HEADER + bytes(BLOCK_LEN - len(_HEADER))


def lead(role: int, condition: int, generation: int, kind: int = KEYCARD, version: int = PLAIN) -> bytes:
    """The 8 bytes of an entry before its key."""
    return pack(">BBBBI", version, kind, role, condition, generation)


def entry(
    role: int,
    generation: int,
    key64: "bytes | bytearray",
    kind: int = KEYCARD,
    tail24: bytes = b"",
    version: int = PLAIN,
) -> bytes:
    """The block of an active credential. tail24: from tail(), or none for a keycard."""
    return lead(role, ACTIVE, generation, kind, version) + key64 + (tail24 or bytes(TAIL_LEN))


def tail(key64: "bytes | bytearray", k: "bytes | bytearray | memoryview", slot: int, form: int) -> bytes:
    """The 24 bytes behind the key of a phone or cloud key. k: 16 bytes; form: as the phone calls itself, 0 to 255.

    For an AES card k is its key and slot is SETTLED or PENDING, for a keycard both are zero; form is a card's pace.
    """
    what = bytes(k) + bytes((slot, form))
    return what + _check(key64, what)


def tail_fits(key64: "bytes | bytearray", tail24: "bytes | bytearray") -> bool:
    """True where a tail was made for this key and is undamaged."""
    return equal(tail24[_CHECK_AT:], _check(key64, tail24[:_CHECK_AT]))


def slot_in(tail24: "bytes | bytearray | memoryview") -> int:
    """The slot that stands in a tail."""
    return tail24[_SLOT_AT]


def form_in(tail24: "bytes | bytearray | memoryview") -> int:
    """What kind of device it is, in the numbers of KeyFormFactor (vcsec.proto)."""
    return tail24[_FORM_AT]


def pace_of(limit_ms: int) -> int:
    """The pace of a card that must answer within so many ms, rounded up, and never slower than anybody waits."""
    return min((limit_ms + PACE_MS - 1) // PACE_MS, _SLOWEST)


def pace_in(block: bytearray) -> int:
    """The pace in an entry of known kind, 0 for none."""
    paced = block[0] != PLAIN and is_card(block[_KIND_AT])
    return block[LEAD_LEN + KEY_LEN + _FORM_AT] if paced else 0


def kind_for(role: int) -> int:
    """What kind of credential a key is that came by a phone's way and gets this role."""
    return CLOUD_KEY if role == codes.FLEET_MANAGER else PHONE


def is_card(kind: int) -> bool:
    """True for what is laid on a reader."""
    return kind == KEYCARD or kind == AES_CARD


def card_name(uid: "bytes | bytearray") -> bytes:
    """What stands in the place of a public key for the AES card with this UID, 7 bytes."""
    return bytes(uid) + bytes(KEY_LEN - len(uid))


def may_hold(kind: int, role: int) -> bool:
    """True for a role that a key of this kind can have. Fleet managers live on the cloud link, and are alone there."""
    if kind == CLOUD_KEY:
        return role == codes.FLEET_MANAGER
    return KEYCARD <= kind <= AES_CARD and role in _ROLES


def check_header(block: bytearray) -> None:
    """raises: RecordError where block 0 is not that of a claimed list in this layout."""
    if block[: len(_HEADER)] != _HEADER:
        raise RecordError(MALFORMED)


def kind_of(block: bytearray) -> int:
    """KEYCARD, PHONE, CLOUD_KEY or AES_CARD; 0 for a window, and for an entry that newer firmware wrote."""
    version, kind = block[0], block[_KIND_AT]
    known = version == PLAIN or (version == WINDOWED and block[_ROLE_AT] == codes.GUEST)
    known = known or (version == PACED and is_card(kind))
    return kind if known and KEYCARD <= kind <= AES_CARD else 0


def version_of(block: bytearray) -> int:
    """PLAIN, PACED or WINDOWED, for an entry of known kind."""
    return block[0]


def is_window(block: bytearray) -> bool:
    """True for a block that holds a guest's window."""
    return block[0] == PLAIN and block[_KIND_AT] == WINDOW


def fields(block: bytearray, newest: int) -> "tuple[int, int, int]":
    """Role, condition, generation of an entry of known kind; newest: the generation of the list.

    raises: RecordError where one of them makes no sense.
    """
    role = block[_ROLE_AT]
    condition = block[_CONDITION_AT]
    generation = unpack_from(">I", block, _GENERATION_AT)[0]
    if not may_hold(block[_KIND_AT], role) or not ACTIVE <= condition <= REVOKED or not 0 < generation <= newest:
        raise RecordError(MALFORMED)
    return role, condition, generation


def _check(key64: "bytes | bytearray", what: "bytes | bytearray") -> bytes:
    return sha256(key64, what)[: TAIL_LEN - _CHECK_AT]
