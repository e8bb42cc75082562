"""Whose request is it, and does that credential count for anything now? The list of keys as it stands, read once.

A link says which credential has proved itself; whether it is still enrolled, unrevoked, unchanged since, and at home on
that link is decided here, at the moment of the request. What its role may do is core/policy's.
"""

from micropython import const

from latchkey.core import codes
from latchkey.core.request import NOBODY, Request
from latchkey.credentials import entries
from latchkey.credentials import key_list as keys

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.credentials.registry import Registry


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
