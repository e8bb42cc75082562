"""What a request of the vehicle-command protocol asks for: UnsignedMessage, decoded to an order.

Facts: vcsec.proto; protocol.md. An order is only what somebody wants. Who that is, the signature says; whether he may
have it, the vehicle.

What this vehicle has no output for, or would have to guess at, is UNKNOWN: several closures at once, doors that open
by themselves, closing. A trunk or frunk latch can only be released, which is what MOVE and OPEN ask for.
"""

from micropython import const

from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol.protobuf import Reader

# Kinds of order
NOTHING = const(0)
UNLOCK = const(1)
LOCK = const(2)
AUTHORISE_DRIVE = const(3)
WAKE = const(4)
OPEN_TRUNK = const(5)
OPEN_FRUNK = const(6)
OPEN_CHARGE_PORT = const(7)
STATUS = const(8)
KEY_LIST = const(9)  # how many keys there are, and their ids
KEY_ENTRY = const(10)  # one of them: by `slot`, or by `key_id` or `key`
ADD_KEY = const(11)  # `key`, `role`, `form`
REMOVE_KEY = const(12)  # `key`
CHANGE_KEY = const(13)  # any other change of the key list: this vehicle knows none
SHOW_KEY = const(14)  # a key asks to be added, and has nothing to show for it but itself: `key`, `role`, `form`
STRANGER = const(15)  # a key that is not enrolled wants a session: `key`
UNKNOWN = const(16)
REVOKE_DRIVE = const(17)  # from here on our own, see _OWN_ORDERS
SUSPEND_GUESTS = const(18)
ADMIT_GUESTS = const(19)
FORBID_REMOTE = const(20)
ALLOW_REMOTE = const(21)
FORBID_REMOTE_UNLOCK = const(22)
ALLOW_REMOTE_UNLOCK = const(23)
SET_CLOCK = const(24)  # values[0]: seconds since 2000-01-01 UTC
TELL_KEY = const(25)  # values[0]: its number; told is that key, or the next one
SUSPEND_KEY = const(26)  # from here on values[0]: number, values[1]: its entry generation, as TELL_KEY told it
ADMIT_KEY = const(27)
LIMIT_KEY = const(28)  # values[2], [3]: not before, not after, in seconds as above; [4]: flags. Without: at any time
REVOKE_NUMBER = const(29)

NO_SLOT = const(-1)

# UnsignedMessage
_INFORMATION = const(1)
_RKE_ACTION = const(2)
_CLOSURES = const(4)
_KEY_LIST_CHANGE = const(16)
_OWN = const(1_000)  # of this vehicle, far from what the protocol uses: a message whose field 1 is the number below

# rke action -> order. AUTO_SECURE closes what can be closed and locks.
_RKE_ACTIONS = ((0, UNLOCK), (1, LOCK), (20, AUTHORISE_DRIVE), (29, LOCK), (30, WAKE))
# closure -> order
_CLOSURES_THAT_OPEN = ((5, OPEN_TRUNK), (6, OPEN_FRUNK), (7, OPEN_CHARGE_PORT))
_MOVE = const(1)
_OPEN = const(3)
# information request type -> order
_INFORMATION_TYPES = ((0, STATUS), (5, KEY_LIST), (6, KEY_ENTRY))

# WhitelistOperation
_ADD = const(1)
_REMOVE = const(2)
_ADD_WITH_PERMISSIONS = const(5)
_METADATA = const(6)
_OTHER_CHANGES = (3, 4, 7, 8, 9, 16, 17)

# number in the own message -> order
_OWN_ORDERS = (
    (1, REVOKE_DRIVE),
    (2, SUSPEND_GUESTS),
    (3, ADMIT_GUESTS),
    (4, FORBID_REMOTE),
    (5, ALLOW_REMOTE),
    (6, FORBID_REMOTE_UNLOCK),
    (7, ALLOW_REMOTE_UNLOCK),
    (8, SET_CLOCK),
    (9, TELL_KEY),
    (10, SUSPEND_KEY),
    (11, ADMIT_KEY),
    (12, LIMIT_KEY),
    (13, REVOKE_NUMBER),
)

_VALUES = const(5)  # fields 2 to 6 of the own message, numbers

_PRESENT_KEY = const(2)  # signatureType of the older envelope


class Order:
    """One order at a time. key: 64 bytes, given only where has_key; key_id: 4 bytes where has_id.

    values: of our own orders, 0 where they were not given.
    """

    def __init__(self, reader: Reader) -> None:
        self.key = bytearray(numbers.KEY_LEN)
        self.key_id = bytearray(numbers.ID_LEN)
        self.values = [0] * _VALUES
        self._reader = reader
        self.clear()

    def clear(self) -> None:
        self.kind = NOTHING
        self.slot = NO_SLOT
        self.role = 0
        self.form = 0
        self.has_key = False
        self.has_id = False
        for at in range(_VALUES):
            self.values[at] = 0

    def read(self, payload: "bytearray | memoryview") -> int:
        """Decode a payload; returns the kind of order, UNKNOWN for one that means nothing here.

        raises: ProtobufError where it is no such message.
        """
        self.clear()
        self.kind = UNKNOWN
        reader = self._reader
        reader.begin(payload)
        while True:
            field = reader.next()
            if not field:
                return self.kind
            if field == _INFORMATION:
                self._read_information()
            elif field == _RKE_ACTION:
                self.kind = _find(_RKE_ACTIONS, reader.number())
            elif field == _CLOSURES:
                self._read_closures()
            elif field == _KEY_LIST_CHANGE:
                self._read_change()
            elif field == _OWN:
                self._read_own()

    def read_older(self, message: memoryview) -> int:
        """Decode ToVCSECMessage, in which some clients ask for a key to be added; SHOW_KEY or NOTHING.

        raises: ProtobufError where it is no such message.
        """
        reader = self._reader
        reader.begin(message)
        payload = None
        presented = False
        while reader.next():
            if reader.field == 1:
                reader.enter()
                while reader.next():
                    if reader.field == 2:
                        payload = reader.bytes()
                    elif reader.field == 3:
                        presented = reader.number() == _PRESENT_KEY
        if payload is None or not presented or self.read(payload) != ADD_KEY:
            self.clear()
        else:
            self.kind = SHOW_KEY
        return self.kind

    def take_key(self, point: memoryview) -> bool:
        """Take a public key as it is sent, 04 X Y; False where it is none. Nobody asks here if it lies on the curve."""
        self.has_key = len(point) == numbers.POINT_LEN and point[0] == numbers.UNCOMPRESSED
        if self.has_key:
            self.key[:] = point[1:]
        return self.has_key

    def _read_information(self) -> None:
        reader = self._reader
        self.clear()
        self.kind = STATUS
        reader.enter()
        while reader.next():
            if reader.field == 1:
                self.kind = _find(_INFORMATION_TYPES, reader.number())
            elif reader.field == 2:
                self._read_key_id()
            elif reader.field == 3:
                self.take_key(reader.bytes())
            elif reader.field == 4:
                self.slot = reader.number()
        if self.kind == KEY_ENTRY and self.slot == NO_SLOT and not self.has_id and not self.has_key:
            self.kind = UNKNOWN

    def _read_key_id(self) -> None:
        reader = self._reader
        reader.enter()
        while reader.next():
            if reader.field == 1:
                sent = reader.bytes()
                self.has_id = len(sent) == numbers.ID_LEN
                if self.has_id:
                    self.key_id[:] = sent

    def _read_own(self) -> None:
        reader = self._reader
        self.kind = UNKNOWN
        reader.enter()
        while reader.next():
            if reader.field == 1:
                self.kind = _find(_OWN_ORDERS, reader.number())
            elif reader.field <= 1 + _VALUES:
                self.values[reader.field - 2] = reader.number()

    def _read_closures(self) -> None:
        reader = self._reader
        self.kind = UNKNOWN
        moved = 0
        reader.enter()
        while reader.next():
            move = reader.number()
            if move:
                moved += 1
                self.kind = _find(_CLOSURES_THAT_OPEN, reader.field) if move == _MOVE or move == _OPEN else UNKNOWN
        if moved != 1:
            self.kind = UNKNOWN

    def _read_change(self) -> None:
        reader = self._reader
        self.clear()
        self.kind = UNKNOWN
        reader.enter()
        while reader.next():
            field = reader.field
            if field == _ADD or field == _REMOVE:
                self._begin_change(ADD_KEY if field == _ADD else REMOVE_KEY)
                self._read_key()
            elif field == _ADD_WITH_PERMISSIONS:
                self._begin_change(ADD_KEY)
                self._read_permissions()
            elif field == _METADATA:
                self._read_form()
            elif field in _OTHER_CHANGES:
                self._begin_change(CHANGE_KEY)

    def _begin_change(self, kind: int) -> None:
        self.kind = kind
        self.role = 0
        self.has_key = False

    def _read_key(self) -> None:
        reader = self._reader
        reader.enter()
        while reader.next():
            if reader.field == 1:
                self.take_key(reader.bytes())

    def _read_permissions(self) -> None:
        reader = self._reader
        reader.enter()
        while reader.next():
            if reader.field == 1:
                self._read_key()
            elif reader.field == 3 and reader.number():
                self.kind = CHANGE_KEY  # for some seconds only: what cannot be kept is not promised
            elif reader.field == 4:
                self.role = reader.number()

    def _read_form(self) -> None:
        reader = self._reader
        reader.enter()
        while reader.next():
            if reader.field == 1:
                self.form = reader.number()


def _find(table: "tuple[tuple[int, int], ...]", number: int) -> int:
    for known, kind in table:
        if known == number:
            return kind
    return UNKNOWN
