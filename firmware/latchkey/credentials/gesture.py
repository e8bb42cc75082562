"""What holding the cabin button asks of the list of keys. A shorter press than these locks or unlocks.

With a reader: 5 s on a blank controller open the claim; everything else needs an owner's card as well.

Without one (custody.by_hand) the button is the only gesture, and whoever sits in the car is taken for the owner:

    5 s while blank, 10 s when claimed     enrolment opens for one phone
    1 s and let go, a phone pinned         it becomes a driver's; of a blank controller the owner's
    5 s, a phone pinned                    it becomes an owner's, if it asks for that
    1 s and let go, nothing pinned         enrolment ends

Not while the vehicle moves. Not protected against: somebody alone in an open car for a quarter of a minute.
"""

from micropython import const

from latchkey.core import codes
from latchkey.credentials import enrolment as enrol
from latchkey.credentials import key_list as keys
from latchkey.credentials.custody import BY_HAND, NOTHING, Custody

_PRESS_MS = const(1_000)
_CLAIM_MS = const(5_000)
_OPEN_MS = const(10_000)


def of_button(custody: Custody, held_ms: int, released: bool, moving: bool) -> int:
    """The button has been held for so long, or was let go after it: a verdict, or NOTHING where that asks for nothing.

    `custody.gesture` says which action the verdict is about. Once there was one the rest of the press means nothing.
    """
    if custody.by_hand:
        return _by_hand(custody, held_ms, released, moving)
    if released or held_ms < _CLAIM_MS:
        return NOTHING
    custody.gesture = codes.OPEN_ENROLMENT
    return custody.claim()


def _by_hand(custody: Custody, held_ms: int, released: bool, moving: bool) -> int:
    state = custody.enrolment.state
    if custody.enrolment.opener == BY_HAND and (state == enrol.OPEN or state == enrol.PINNED):
        pinned = state == enrol.PINNED
        if held_ms < (_PRESS_MS if released else _CLAIM_MS) or not (released or pinned):
            return NOTHING
        custody.gesture = codes.CONFIRM_KEY if pinned else codes.CANCEL_ENROLMENT
        return custody.owner_tap(BY_HAND, not released, held_ms)  # what was pinned before the press began
    blank = custody.registry.state == keys.BLANK
    if released or state != enrol.CLOSED or held_ms < (_CLAIM_MS if blank else _OPEN_MS):
        return NOTHING
    custody.gesture = codes.OPEN_ENROLMENT
    return codes.MOVING if moving else custody.open(BY_HAND)
