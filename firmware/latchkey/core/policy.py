"""Who may ask for what, and when the vehicle itself forbids it.

Two questions, answered by two pure functions. `permission` reads one table of role × action × source; whatever stands
in no row is refused. `interlock` looks at the vehicle: is it moving, is a door open, did somebody at the car just do
the opposite, was there a crash. Heat, supply and movements in flight come after both and are the arbiter's.
"""

from micropython import const

from latchkey.core import codes
from latchkey.core.crash import Crash
from latchkey.core.facts import YES, Facts

HOLD_MS = const(30_000)  # how long a local act outweighs contrary remote requests
RELOCK_MS = const(45_000)  # longer than the hold, or the relock timer would always run into it


def is_remote(source: int) -> bool:
    """Remote sources (cloud, timer) give way to everybody who stands at the car."""
    return source < codes.PHONE


# One bit for each source and role.
_CARD = const(1 << 4)
_PHONE = const(1 << 3)
_CLOUD = const(1 << 2)
_TIMER = const(1 << 1)
_CABIN = const(1 << 5)

_NOBODY = const(1 << 0)  # sources that carry no credential
_SERVICE = const(1 << 1)
_OWNER = const(1 << 2)
_DRIVER = const(1 << 3)
_FLEET = const(1 << 4)
_MONITOR = const(1 << 5)
_CHARGING = const(1 << 6)
_GUEST = const(1 << 8)

_USERS = const((1 << 2) | (1 << 3) | (1 << 8))  # owner, driver, guest

# A crash stands in no row: it is sensed by the arbiter itself, and no link can pretend to be one.
PERMISSIONS = (
    # action, sources, roles
    (codes.LOCK, _CARD | _PHONE, _USERS | _SERVICE),
    (codes.LOCK, _CLOUD, _FLEET),
    (codes.LOCK, _CABIN | _TIMER, _NOBODY),
    (codes.UNLOCK, _CARD | _PHONE, _USERS | _SERVICE),
    (codes.UNLOCK, _CLOUD, _FLEET),
    (codes.UNLOCK, _CABIN, _NOBODY),
    (codes.AUTHORISE_DRIVE, _CARD | _PHONE, _USERS),
    (codes.REVOKE_DRIVE, _CARD | _PHONE, _OWNER),
    (codes.REVOKE_DRIVE, _CLOUD, _FLEET),
    (codes.OPEN_TRUNK, _PHONE, _USERS),
    (codes.OPEN_FRUNK, _PHONE, _USERS),
    (codes.OPEN_CHARGE_PORT, _PHONE, _USERS | _CHARGING),
    (codes.WAKE, _PHONE, _USERS | _SERVICE | _MONITOR | _CHARGING),
    (codes.WAKE, _CLOUD, _FLEET),
    (codes.OPEN_ENROLMENT, _CARD, _OWNER),
    (codes.CONFIRM_KEY, _CARD, _OWNER),
    (codes.CANCEL_ENROLMENT, _CARD, _OWNER),
    (codes.REVOKE_KEY, _PHONE, _OWNER),
    (codes.REVOKE_KEY, _CABIN, _NOBODY),  # the USB console: whoever opens the box owns its keys
    (codes.SUSPEND_KEY, _PHONE, _OWNER),
    (codes.SUSPEND_KEY, _CABIN, _NOBODY),
    (codes.ADMIT_KEY, _PHONE, _OWNER),
    (codes.ADMIT_KEY, _CABIN, _NOBODY),
    (codes.LIMIT_KEY, _PHONE, _OWNER),
    (codes.LIMIT_KEY, _CABIN, _NOBODY),
    (codes.SET_CLOCK, _PHONE, _OWNER | _DRIVER),
    (codes.SET_CLOCK, _CABIN, _NOBODY),
    (codes.SUSPEND_GUESTS, _CLOUD, _FLEET),
    (codes.SUSPEND_GUESTS, _PHONE, _OWNER),
    (codes.ADMIT_GUESTS, _CLOUD, _FLEET),
    (codes.ADMIT_GUESTS, _PHONE, _OWNER),
    (codes.FORBID_REMOTE, _PHONE, _OWNER),
    (codes.FORBID_REMOTE, _CABIN, _NOBODY),
    (codes.ALLOW_REMOTE, _PHONE, _OWNER),
    (codes.ALLOW_REMOTE, _CABIN, _NOBODY),
    (codes.FORBID_REMOTE_UNLOCK, _PHONE, _OWNER),
    (codes.FORBID_REMOTE_UNLOCK, _CABIN, _NOBODY),
    (codes.ALLOW_REMOTE_UNLOCK, _PHONE, _OWNER),
    (codes.ALLOW_REMOTE_UNLOCK, _CABIN, _NOBODY),
)


def permission(source: int, role: int, action: int) -> int:
    """ACCEPTED when a row of PERMISSIONS names all three, else NOT_PERMITTED, or NO_RULE for an action in no row."""
    known = False
    for named, sources, roles in PERMISSIONS:
        if named == action:
            known = True
            if (sources >> source) & 1 and (roles >> role) & 1:
                return codes.ACCEPTED
    return codes.NOT_PERMITTED if known else codes.NO_RULE


def interlock(facts: Facts, crash: Crash, hold: int, source: int, action: int) -> int:
    """ACCEPTED, or the reason why the vehicle forbids LOCK or UNLOCK to this source now.

    hold: the last local act (LOCK or UNLOCK) while it still weighs, else 0.
    """
    if is_remote(source):
        reason = _remote_interlock(facts, hold, source, action)
        if reason:
            return reason
    if action == codes.LOCK and crash.forbids_lock(source):
        return codes.CRASHED
    return codes.ACCEPTED


def _remote_interlock(facts: Facts, hold: int, source: int, action: int) -> int:
    if source == codes.CLOUD and not facts.remote_allowed:
        return codes.REMOTE_OFF
    if hold and hold != action:
        return codes.HELD
    if action == codes.UNLOCK:
        if facts.moving() or (facts.motion_unknowable() and not facts.blind_remote_unlock):
            return codes.MOVING
    elif facts.door_open == YES:
        return codes.DOOR_OPEN
    elif facts.ignition_on == YES:
        return codes.IGNITION_ON
    if facts.supply_low == YES:
        return codes.LOW_SUPPLY
    return codes.ACCEPTED


def drive_interlock(facts: Facts, revoked: bool, source: int, role: int, action: int) -> int:
    """ACCEPTED, or the reason why AUTHORISE_DRIVE or REVOKE_DRIVE is forbidden now."""
    if not facts.drive_fitted:
        return codes.NOT_WIRED
    if source == codes.CLOUD and not facts.remote_allowed:
        return codes.REMOTE_OFF
    if action == codes.REVOKE_DRIVE:
        return codes.MOVING if facts.moving() or facts.motion_unknowable() else codes.ACCEPTED
    if revoked and role != codes.OWNER and role != codes.DRIVER:
        return codes.DRIVE_REVOKED
    return codes.ACCEPTED


def latch_interlock(facts: Facts, action: int) -> int:
    """ACCEPTED, or the reason why trunk, frunk or charge port stays shut now, whoever asks.

    A lid that rises at speed takes the driver's sight. Where neither speed nor ignition is wired nobody can tell, and
    the latch opens: only phones may ask, and a phone is at the car. A crash forbids nothing: somebody may need it open.
    """
    if not (facts.latches >> action) & 1:
        return codes.NOT_WIRED
    return codes.MOVING if facts.moving() else codes.ACCEPTED
