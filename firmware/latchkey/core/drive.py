"""The drive-authorisation machine: opening the doors and driving away are different permissions.

Same form as the lock machine: `step(drive, event)` over TABLE, effects returned, time only as DEADLINE. The output it
speaks of is a latching relay in the starter or immobiliser line. It is switched off in one situation only, parked:
ignition known to be off and not rolling. Everything else, a reset included, leaves it as it was, so losing the
controller never cuts a running engine; after a reset the first parked moment makes it agree with DENIED.

A revocation while driving is remembered and takes effect when the vehicle is parked. It stays in force for guests until
an owner or driver authorises again.
"""

from micropython import const

from latchkey.core.facts import YES, Facts

# States
DENIED = const(0)
AUTHORISED = const(1)  # for TIME_MS
DRIVING = const(2)
_ANY = const(3)  # in TABLE only

# Events
ASK_AUTHORISE = const(0)
ASK_REVOKE = const(1)
IGNITION_ON = const(2)
IGNITION_OFF = const(3)
DEADLINE = const(4)
FOUND_RUNNING = const(5)  # the first reading after boot shows the ignition on
SPEED = const(6)  # a reading of the speed: the vehicle may just have come to a stand

# Guards
_ALWAYS = const(0)
_PARKED = const(1)
_PARKED_UNWANTED = const(2)  # parked, and either revoked or never authorised since boot
_RUNNING = const(3)  # the ignition is on

# Effects
REFUSED = const(0)  # no row: nothing changed
NOTHING = const(1)
ENABLE = const(2)  # permit driving
EXTEND = const(3)  # leave the relay as it is, start the deadline anew
KEEP = const(4)  # the same without deadline: the engine runs
DISABLE = const(5)  # take the permission away

TIME_MS = const(120_000)

TABLE = (
    # state, event, guard, next, effect
    (DENIED, ASK_AUTHORISE, _RUNNING, DRIVING, ENABLE),  # the key was turned before the card was shown
    (DENIED, ASK_AUTHORISE, _ALWAYS, AUTHORISED, ENABLE),
    (AUTHORISED, ASK_AUTHORISE, _ALWAYS, AUTHORISED, ENABLE),
    (DRIVING, ASK_AUTHORISE, _ALWAYS, DRIVING, ENABLE),  # found running after a reset: the relay may be off
    (AUTHORISED, ASK_REVOKE, _PARKED, DENIED, DISABLE),
    (_ANY, ASK_REVOKE, _ALWAYS, _ANY, NOTHING),
    (AUTHORISED, IGNITION_ON, _ALWAYS, DRIVING, KEEP),
    (DENIED, FOUND_RUNNING, _ALWAYS, DRIVING, NOTHING),
    (DENIED, IGNITION_OFF, _PARKED, DENIED, DISABLE),  # the relay still stands as before the reset
    (DENIED, SPEED, _PARKED, DENIED, DISABLE),
    (_ANY, IGNITION_OFF, _PARKED_UNWANTED, DENIED, DISABLE),
    (_ANY, SPEED, _PARKED_UNWANTED, DENIED, DISABLE),  # went on rolling with the ignition off
    (DRIVING, IGNITION_OFF, _ALWAYS, AUTHORISED, EXTEND),
    (AUTHORISED, DEADLINE, _PARKED, DENIED, DISABLE),
    (AUTHORISED, DEADLINE, _ALWAYS, AUTHORISED, EXTEND),
)


class Drive:
    """Born DENIED. `revoked` outlives the states: guests stay out until an owner or driver authorises."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.state = DENIED
        self.revoked = False
        self.found_running = False


def step(drive: Drive, event: int) -> int:
    """Feed one event to the machine; returns its effect, REFUSED when no row matches. Allocates nothing."""
    for state, on, guard, following, effect in TABLE:
        if on == event and (state == drive.state or state == _ANY) and _holds(drive, guard):
            _enter(drive, event, following)
            return effect
    return REFUSED


def _enter(drive: Drive, event: int, following: int) -> None:
    if event == ASK_REVOKE:
        drive.revoked = True
    elif event == ASK_AUTHORISE:
        drive.revoked = False
        drive.found_running = False
    elif event == FOUND_RUNNING:
        drive.found_running = True
    if following != _ANY:
        drive.state = following
    if drive.state == DENIED:
        drive.found_running = False


def _holds(drive: Drive, guard: int) -> bool:
    if guard == _ALWAYS:
        return True
    if guard == _PARKED:
        return drive.facts.parked()
    if guard == _RUNNING:
        return drive.facts.ignition_on == YES
    return drive.facts.parked() and (drive.revoked or drive.found_running)
