"""The vocabulary of decisions: sources, roles, actions, verdicts, positions. Their names stand in words.py.

Every number that crosses a border between modules stands here once, so that a verdict given by the lock machine, shown
by the light, written to the journal and sent to a phone is the same number. Nothing here decides anything.

Roles carry the numbers of the vehicle-command protocol (keys.proto, enum Role).
"""

from micropython import const

# Sources. The number is the rank: a greater one wins. See policy.is_remote().
TIMER = const(1)
CLOUD = const(2)
PHONE = const(3)
KEYCARD = const(4)
CABIN = const(5)
CRASH = const(6)

# Roles of a credential (keys.proto).
NO_ROLE = const(0)
SERVICE = const(1)
OWNER = const(2)
DRIVER = const(3)
FLEET_MANAGER = const(4)
VEHICLE_MONITOR = const(5)
CHARGING_MANAGER = const(6)
GUEST = const(8)

# Actions: what a request may ask for.
LOCK = const(1)
UNLOCK = const(2)
AUTHORISE_DRIVE = const(3)
REVOKE_DRIVE = const(4)
OPEN_TRUNK = const(5)
OPEN_FRUNK = const(6)
OPEN_CHARGE_PORT = const(7)
WAKE = const(8)
OPEN_ENROLMENT = const(9)  # button held and owner card on the reader
CONFIRM_KEY = const(10)  # the owner card once more; argument 1: the new key becomes an owner
CANCEL_ENROLMENT = const(11)
REVOKE_KEY = const(12)  # argument: the credential to revoke
SUSPEND_GUESTS = const(13)  # all of them, until they are admitted again
ADMIT_GUESTS = const(14)
FORBID_REMOTE = const(15)  # all control by the cloud
ALLOW_REMOTE = const(16)
FORBID_REMOTE_UNLOCK = const(17)  # and nothing else of it
ALLOW_REMOTE_UNLOCK = const(18)
SUSPEND_KEY = const(19)  # argument: the credential, as for REVOKE_KEY
ADMIT_KEY = const(20)
LIMIT_KEY = const(21)  # the same; `window`: when this guest may come, None for always
SET_CLOCK = const(22)  # argument: seconds since 2000-01-01 UTC
PACE_KEY = const(23)  # how soon a card must answer

# Bolt positions. NOT_FITTED is a property of the board, UNKNOWN a reading that makes no sense.
UNKNOWN = const(0)
AT_LOCKED = const(1)
AT_UNLOCKED = const(2)
BETWEEN = const(3)
NOT_FITTED = const(4)

# What stands, as opposed to what happens: shown by the light between signals.
ALL_WELL = const(0)
ENROLMENT_OPEN = const(1)
FAULT = const(2)  # reader, bolt, crash line or list of keys
AWAY = const(3)  # the cloud cannot be reached; cards and phones do not need it

# The cloud, as a phone is told
NO_CLOUD = const(0)  # none is set
CLOUD_HERE = const(1)
CLOUD_AWAY = const(2)

# Verdicts. 0 to 9 accept, everything else refuses and says why.
ACCEPTED = const(0)
ALREADY = const(1)  # satisfied before it was asked: accepted, nothing moves
QUEUED = const(2)  # accepted; moves once the movement in flight has stopped and the dead time is over
JOINED = const(3)  # accepted: the movement in flight goes that way already
KEY_PINNED = const(4)  # a new key was shown and is kept in mind; the owner card must confirm it
ENROLLED = const(5)
OWNER_ADDED = const(6)  # first owner of a blank controller: present the second card
CLAIMED = const(7)  # the claim is complete

BUSY = const(10)  # a movement asked for by a source of the same or a higher rank is in flight, or a latch rests
HELD = const(11)  # remote, and contrary to a local act of the last seconds
MOVING = const(12)  # the vehicle moves, or may be moving
DOOR_OPEN = const(13)  # remote lock with a door open
IGNITION_ON = const(14)  # remote lock with the ignition on
CRASHED = const(15)  # locking is inhibited after a crash
HOT = const(16)  # the lock motor rests
LOW_SUPPLY = const(17)  # below 9 V
NOT_WIRED = const(18)  # the board has no such output, or not the sensor that the action needs
REMOTE_OFF = const(19)  # the owner has switched remote control off
NO_RULE = const(20)  # nothing in the tables allows it
REMOTE_UNLOCK_OFF = const(21)  # the owner has not allowed unlocking by the cloud
TOO_OFTEN = const(22)  # the cloud has had its share of this hour

UNKNOWN_KEY = const(30)  # a real key, but not one of this vehicle
REVOKED = const(31)
SUSPENDED = const(32)
NOT_PERMITTED = const(33)  # the role may not do this, or not over this link
OUTSIDE_WINDOW = const(34)  # a guest outside the agreed time
STALE = const(35)  # the registry entry changed since the key proved itself
DRIVE_REVOKED = const(36)  # driving was revoked; an owner or driver must authorise first
OLD_REGISTRY = const(37)  # only an older registry could be read: owner cards alone open
NO_REGISTRY = const(38)  # the registry cannot be read: nobody can be recognised
CLOCK_UNSET = const(39)  # a guest with a window, while nobody has told the vehicle the time
CLOCK_BACK = const(40)  # the clock does not go back, but by hand

NOT_A_KEY = const(50)  # a tag or card that speaks no key protocol
WRONG_ANSWER = const(51)  # claimed to be an enrolled key and could not prove it
CARD_GONE = const(52)  # left the field before it was done
CARD_ERROR = const(53)  # answered nonsense
BAD_POINT = const(54)  # its public key is not a point of P-256
NO_ENTROPY = const(55)  # the generator of random numbers is stuck
NO_MEMORY = const(56)  # the heap was full in the middle of a tap
CARD_UNFIT = const(57)  # an AES card in LRP mode, or with a UID that this vehicle cannot learn
TOO_SLOW = const(58)  # proved its key later than it did when it was enrolled

ENROLMENT_CLOSED = const(60)
KEY_CONFLICT = const(62)  # a second key showed itself: enrolment aborted, alarm
ALREADY_ENROLLED = const(63)
REGISTRY_FULL = const(64)
LAST_OWNER = const(65)  # would leave the vehicle without an owner
NO_SUCH_KEY = const(66)
STORAGE_FAILED = const(67)  # flash refused the write; the registry is as it was


def is_accepted(verdict: int) -> bool:
    """True where the verdict grants the wish, at once, as already fulfilled, or after the dead time."""
    return verdict < BUSY
