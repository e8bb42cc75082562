"""The numbers of the vehicle-command protocol that more than one module needs, in the protocol's own words.

Facts: universal_message.proto, signatures.proto, vcsec.proto, keys.proto of teslamotors/vehicle-command.
"""

from micropython import const

# Destination domains
BROADCAST = const(0)
VEHICLE_SECURITY = const(2)
INFOTAINMENT = const(3)

# Signature types
AES_GCM = const(5)
SESSION_INFO = const(6)
HMAC = const(8)
AES_GCM_RESPONSE = const(9)

# operationStatus; 0 is OK
WAIT = const(1)
ERROR = const(2)

# signed_message_fault: a client learns by it whether to try again, to synchronise first, or to give up
BUSY = const(1)
UNKNOWN_KEY_ID = const(3)
INACTIVE_KEY = const(4)
INVALID_SIGNATURE = const(5)  # this one, 6, 15, 17 and 20 carry session info, with which a client repairs itself
INVALID_TOKEN_OR_COUNTER = const(6)
INSUFFICIENT_PRIVILEGES = const(7)
INVALID_DOMAINS = const(8)
INVALID_COMMAND = const(9)
DECODING = const(10)
INTERNAL = const(11)
BAD_PARAMETER = const(13)
INCORRECT_EPOCH = const(15)
IV_INCORRECT_LENGTH = const(16)
TIME_EXPIRED = const(17)
TIME_TO_LIVE_TOO_LONG = const(20)
REMOTE_ACCESS_OFF = const(21)
REQUEST_TOO_LONG = const(24)
INVALID_KEY_HANDLE = const(27)

# nominalError: the command was understood and genuine, and the vehicle will not
CLOSURES_OPEN = const(2)
ALREADY_ON = const(3)
DISABLED_FOR_USER_COMMAND = const(4)
VEHICLE_NOT_IN_PARK = const(5)
UNAUTHORIZED = const(6)

# whitelistOperationStatus: what became of a change of the key list
KEY_LIST_CHANGED = const(0)
UNDOCUMENTED_ERROR = const(1)
CANNOT_REMOVE_ONESELF = const(2)
LIST_FULL = const(4)
NO_PERMISSION_TO_ADD = const(5)
INVALID_PUBLIC_KEY = const(6)
NO_PERMISSION_TO_REMOVE = const(7)
NO_PERMISSION_TO_CHANGE = const(8)
NOT_ON_LIST = const(12)
ALREADY_ON_LIST = const(13)
ROLE_MISSING = const(19)
ADDING_WITH_SERVICE_ROLE = const(20)
DENIED = const(24)
NO_TAP_IN_TIME = const(25)

POINT_LEN = const(65)
KEY_LEN = const(64)
UNCOMPRESSED = const(4)  # first byte of a point
ADDRESS_LEN = const(16)
EPOCH_LEN = const(16)
ID_LEN = const(4)
