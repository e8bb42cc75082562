"""Who may ask for what, as sets of words: what a role is for, and what a link has commands for."""

from latchkey.core import codes
from latchkey.core.codes import AUTHORISE_DRIVE, CABIN, CLOUD, KEYCARD, LOCK, PHONE, REVOKE_DRIVE, TIMER, UNLOCK

BOLT = {LOCK, UNLOCK}
BOXES = {codes.OPEN_TRUNK, codes.OPEN_FRUNK, codes.OPEN_CHARGE_PORT}
GUEST_MAY = BOLT | BOXES | {AUTHORISE_DRIVE, codes.WAKE}
KEYS = {codes.OPEN_ENROLMENT, codes.CONFIRM_KEY, codes.CANCEL_ENROLMENT, codes.REVOKE_KEY}
CHANGES = {codes.SUSPEND_KEY, codes.ADMIT_KEY, codes.LIMIT_KEY}
GUESTS = {codes.SUSPEND_GUESTS, codes.ADMIT_GUESTS}
SWITCHES = {codes.FORBID_REMOTE, codes.ALLOW_REMOTE, codes.FORBID_REMOTE_UNLOCK, codes.ALLOW_REMOTE_UNLOCK}
EVERYTHING = GUEST_MAY | KEYS | CHANGES | GUESTS | SWITCHES | {REVOKE_DRIVE, codes.SET_CLOCK}
MAY = {
    codes.OWNER: EVERYTHING,
    codes.DRIVER: GUEST_MAY | {codes.SET_CLOCK},
    codes.GUEST: GUEST_MAY,
    codes.SERVICE: BOLT | {codes.WAKE},
    codes.VEHICLE_MONITOR: {codes.WAKE},
    codes.CHARGING_MANAGER: {codes.WAKE, codes.OPEN_CHARGE_PORT},
    codes.FLEET_MANAGER: BOLT | GUESTS | {REVOKE_DRIVE, codes.WAKE},
}
CARRIES = {  # what a link has commands for
    KEYCARD: BOLT | {AUTHORISE_DRIVE, REVOKE_DRIVE} | KEYS - {codes.REVOKE_KEY},
    PHONE: BOLT
    | BOXES
    | {AUTHORISE_DRIVE, REVOKE_DRIVE, codes.WAKE, codes.REVOKE_KEY, codes.SET_CLOCK}
    | CHANGES
    | GUESTS
    | SWITCHES,
    CLOUD: BOLT | GUESTS | {REVOKE_DRIVE, codes.WAKE},
}


def may(source, role, action):
    """A fleet manager's key is good on the cloud link alone, every other key off it; a hand in the cabin has none."""
    if source == CABIN:
        return role == codes.NO_ROLE and action in BOLT | SWITCHES | CHANGES | {codes.REVOKE_KEY, codes.SET_CLOCK}
    if source == TIMER:
        return role == codes.NO_ROLE and action == LOCK
    return (
        action in MAY.get(role, ())
        and action in CARRIES.get(source, ())
        and (role == codes.FLEET_MANAGER) == (source == CLOUD)
    )
