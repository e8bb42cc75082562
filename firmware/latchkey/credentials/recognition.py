"""Whose request is it, and does that credential count for anything now? The list of keys as it stands, read once.

A link says which credential has proved itself; whether it is still enrolled, unrevoked, unchanged since, and at home on
that link is decided here, at the moment of the request. What its role may do is core/policy's.

Who opens is asked twice, in two ways: a processor that is made to take one wrong branch, by a spike of voltage or
field, must not open by it. recognise(), the table of permissions and the arbiter say yes or no; warrant() gives a
number without which the vehicle drives nothing open. Not protected against: two wrong branches, or a wrong number.
"""

from micropython import const

from latchkey.core import codes
from latchkey.core.remote import FORBIDDEN, UNLOCK_ALLOWED
from latchkey.core.request import NOBODY, Request
from latchkey.credentials import entries
from latchkey.credentials import key_list as keys

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.core.remote import Remote
    from latchkey.credentials.registry import Registry

WARRANT = const(0x2D5AC380)  # and the action that it is for: many bits from 0 and from 1

_SOURCE_OF_KIND = bytes((codes.CABIN, codes.KEYCARD, codes.PHONE, codes.CLOUD, codes.KEYCARD))
_USERS = const(0x10C)  # 1 << OWNER, 1 << DRIVER, 1 << GUEST: as numbers, that the table below is a constant

# The rows of core/policy that open something; a test holds the two together.
_OPENERS = (
    # action, source, roles
    (codes.UNLOCK, codes.KEYCARD, _USERS | (1 << codes.SERVICE)),
    (codes.UNLOCK, codes.PHONE, _USERS | (1 << codes.SERVICE)),
    (codes.UNLOCK, codes.CLOUD, 1 << codes.FLEET_MANAGER),
    (codes.UNLOCK, codes.CABIN, 1 << codes.NO_ROLE),
    (codes.OPEN_TRUNK, codes.PHONE, _USERS),
    (codes.OPEN_FRUNK, codes.PHONE, _USERS),
    (codes.OPEN_CHARGE_PORT, codes.PHONE, _USERS | (1 << codes.CHARGING_MANAGER)),
)


def claim(registry: "Registry", request: Request, number: int, name64: bytearray) -> None:
    """A key is about to prove that it is entry `number`, or NOBODY's: whatever changes from now on makes it STALE."""
    request.credential = number
    request.generation = registry.entry_generation(number)
    request.key_id[:] = entries.short_id(name64)


def recognise(registry: "Registry", request: Request, now_min: int) -> int:
    """ACCEPTED, or why the credential of this request counts for nothing now. Allocates nothing, touches no flash.

    now_min: as WallClock.now_min(); looked at for guests with a window alone.
    """
    number = request.credential
    if number == NOBODY:
        return codes.ACCEPTED if request.source == codes.CABIN else codes.UNKNOWN_KEY
    if registry.state == keys.UNREADABLE:
        return codes.NO_REGISTRY
    condition = registry.condition(number)
    if condition != entries.ACTIVE:
        return _refusal_of(condition)
    if not _belongs(registry.kind(number), request.source):
        return codes.NOT_PERMITTED
    if request.generation != registry.entry_generation(number):
        return codes.STALE
    if registry.state == keys.OLDER and not _counts_in_an_older_list(registry, request):
        return codes.OLD_REGISTRY
    return registry.window_verdict(number, now_min) if registry.is_windowed(number) else codes.ACCEPTED


def warrant(registry: "Registry", request: Request, remote: "Remote", now_min: int) -> int:
    """WARRANT + action where this request may open bolt or latch by who asks, else 0. Allocates nothing."""
    number = request.credential
    kind = registry.kind(number)
    known = _SOURCE_OF_KIND[kind] == request.source and (kind != 0) == (number != NOBODY)
    active = registry.condition(number) == (entries.ACTIVE if kind else entries.ABSENT)
    fresh = not kind or request.generation == registry.entry_generation(number)
    allowed = request.source != codes.CLOUD or remote.switches & (FORBIDDEN | UNLOCK_ALLOWED) == UNLOCK_ALLOWED
    timely = not registry.is_windowed(number) or registry.window_verdict(number, now_min) == codes.ACCEPTED
    if known and active and fresh and allowed and timely:
        for action, source, roles in _OPENERS:
            if action == request.action and source == request.source and (roles >> registry.role(number)) & 1:
                return WARRANT + action
    return 0


def _belongs(kind: int, source: int) -> bool:
    """Whether a credential of this kind may come over the link of this source."""
    if source == codes.KEYCARD:
        return entries.is_card(kind)
    if source == codes.PHONE:
        return kind == entries.PHONE
    return source == codes.CLOUD and kind == entries.CLOUD_KEY


def _counts_in_an_older_list(registry: "Registry", request: Request) -> bool:
    """Where only an older list of keys could be read, an owner's card moves the bolt, and that is all.

    On a board without a reader it is an owner's phone.
    """
    moves_bolt = request.action == codes.LOCK or request.action == codes.UNLOCK
    number = request.credential
    return moves_bolt and registry.role(number) == codes.OWNER and registry.counts_as_owner(registry.kind(number))


def _refusal_of(condition: int) -> int:
    if condition == entries.REVOKED:
        return codes.REVOKED
    return codes.SUSPENDED if condition == entries.SUSPENDED else codes.UNKNOWN_KEY
