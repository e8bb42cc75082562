"""What an order of the vehicle-command protocol asks of the vehicle, and how a verdict reads in that protocol.

Two tables and no decision; used by every link that speaks the protocol. Each verdict has a row of its own, so that
nobody is refused in silence, and the row says what the client will do: after a fault that means *not now* the stock
clients ask again, after a nominalError or another fault they stop and show it.
"""

from micropython import const

from latchkey.core import codes
from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol import vehicle_command_order as orders

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.protocol.vehicle_command_voice import Voice

_ACTIONS = (
    # order, action
    (orders.UNLOCK, codes.UNLOCK),
    (orders.LOCK, codes.LOCK),
    (orders.AUTHORISE_DRIVE, codes.AUTHORISE_DRIVE),
    (orders.WAKE, codes.WAKE),
    (orders.OPEN_TRUNK, codes.OPEN_TRUNK),
    (orders.OPEN_FRUNK, codes.OPEN_FRUNK),
    (orders.OPEN_CHARGE_PORT, codes.OPEN_CHARGE_PORT),
    (orders.REMOVE_KEY, codes.REVOKE_KEY),
    (orders.REVOKE_DRIVE, codes.REVOKE_DRIVE),
    (orders.SUSPEND_GUESTS, codes.SUSPEND_GUESTS),
    (orders.ADMIT_GUESTS, codes.ADMIT_GUESTS),
    (orders.FORBID_REMOTE, codes.FORBID_REMOTE),
    (orders.ALLOW_REMOTE, codes.ALLOW_REMOTE),
    (orders.FORBID_REMOTE_UNLOCK, codes.FORBID_REMOTE_UNLOCK),
    (orders.ALLOW_REMOTE_UNLOCK, codes.ALLOW_REMOTE_UNLOCK),
    (orders.SET_CLOCK, codes.SET_CLOCK),
    (orders.SUSPEND_KEY, codes.SUSPEND_KEY),
    (orders.ADMIT_KEY, codes.ADMIT_KEY),
    (orders.LIMIT_KEY, codes.LIMIT_KEY),
    (orders.REVOKE_NUMBER, codes.REVOKE_KEY),
)

_FAULT = const(0)
_DECLINE = const(1)

_REFUSALS = (
    # verdict, how it is said, number
    (codes.BUSY, _FAULT, numbers.BUSY),
    (codes.HELD, _DECLINE, numbers.DISABLED_FOR_USER_COMMAND),
    (codes.MOVING, _DECLINE, numbers.VEHICLE_NOT_IN_PARK),
    (codes.DOOR_OPEN, _DECLINE, numbers.CLOSURES_OPEN),
    (codes.IGNITION_ON, _DECLINE, numbers.ALREADY_ON),
    (codes.CRASHED, _DECLINE, numbers.DISABLED_FOR_USER_COMMAND),
    (codes.HOT, _DECLINE, numbers.DISABLED_FOR_USER_COMMAND),
    (codes.LOW_SUPPLY, _DECLINE, numbers.DISABLED_FOR_USER_COMMAND),
    (codes.NOT_WIRED, _FAULT, numbers.INVALID_COMMAND),
    (codes.REMOTE_OFF, _FAULT, numbers.REMOTE_ACCESS_OFF),
    (codes.REMOTE_UNLOCK_OFF, _FAULT, numbers.REMOTE_ACCESS_OFF),
    (codes.TOO_OFTEN, _DECLINE, numbers.DISABLED_FOR_USER_COMMAND),
    (codes.NO_RULE, _FAULT, numbers.INVALID_COMMAND),
    (codes.UNKNOWN_KEY, _FAULT, numbers.UNKNOWN_KEY_ID),
    (codes.REVOKED, _FAULT, numbers.INACTIVE_KEY),
    (codes.SUSPENDED, _FAULT, numbers.INACTIVE_KEY),
    (codes.NOT_PERMITTED, _FAULT, numbers.INSUFFICIENT_PRIVILEGES),
    (codes.OUTSIDE_WINDOW, _FAULT, numbers.INACTIVE_KEY),
    (codes.STALE, _FAULT, numbers.BUSY),
    (codes.DRIVE_REVOKED, _DECLINE, numbers.UNAUTHORIZED),
    (codes.OLD_REGISTRY, _FAULT, numbers.INACTIVE_KEY),
    (codes.NO_REGISTRY, _FAULT, numbers.INACTIVE_KEY),
    (codes.CLOCK_UNSET, _FAULT, numbers.INACTIVE_KEY),
    (codes.CLOCK_BACK, _DECLINE, numbers.DISABLED_FOR_USER_COMMAND),
)

_CHANGES = (
    # verdict, what became of the key list
    (codes.BUSY, numbers.UNDOCUMENTED_ERROR),
    (codes.STALE, numbers.UNDOCUMENTED_ERROR),
    (codes.STORAGE_FAILED, numbers.UNDOCUMENTED_ERROR),
    (codes.NO_ENTROPY, numbers.UNDOCUMENTED_ERROR),
    (codes.BAD_POINT, numbers.INVALID_PUBLIC_KEY),
    (codes.REGISTRY_FULL, numbers.LIST_FULL),
    (codes.ALREADY_ENROLLED, numbers.ALREADY_ON_LIST),
    (codes.NO_SUCH_KEY, numbers.NOT_ON_LIST),
    (codes.KEY_CONFLICT, numbers.DENIED),
)


def action_of(order: int) -> int:
    """The action to request for an order, 0 for one that is not a request to the vehicle."""
    for known, action in _ACTIONS:
        if known == order:
            return action
    return 0


def answer(voice: "Voice", verdict: int) -> None:
    """Say the verdict on a command to the client that sent it."""
    if codes.is_accepted(verdict):
        voice.accept()
        return
    for known, how, number in _REFUSALS:
        if known == verdict:
            if how == _DECLINE:
                voice.decline(number)
            else:
                voice.refuse(number)
            return
    voice.refuse(numbers.INTERNAL)


def information_of(verdict: int, adding: bool) -> int:
    """The verdict on adding or removing a key as whitelistOperationInformation."""
    if codes.is_accepted(verdict):
        return numbers.KEY_LIST_CHANGED
    for known, information in _CHANGES:
        if known == verdict:
            return information
    return numbers.NO_PERMISSION_TO_ADD if adding else numbers.NO_PERMISSION_TO_REMOVE


def information_of_adding(verdict: int, role: int) -> int:
    """The same for a key that wants to be added in a role, and is refused at once."""
    if verdict == codes.NOT_PERMITTED and role == codes.NO_ROLE:
        return numbers.ROLE_MISSING
    if verdict == codes.NOT_PERMITTED and role == codes.SERVICE:
        return numbers.ADDING_WITH_SERVICE_ROLE
    return information_of(verdict, True)


def information_of_ending(ending: int) -> int:
    """How the enrolment ended in which a key had been pinned (custody.ending)."""
    return numbers.NO_TAP_IN_TIME if ending == codes.ENROLMENT_CLOSED else information_of(ending, True)
