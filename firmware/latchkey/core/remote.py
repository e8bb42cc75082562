"""What the owner lets the cloud do, and how often it may do it.

Switches that outlive a loss of power, as the bits of one small integer, and an allowance for each direction of the
bolt, and for switches, as each change of one is written to flash: six in any hour. Whoever holds the cloud key, or has
stolen it, does not get a seventh; whoever stands at the car is never counted. Pure, no clock: `now_s` is the
controller's uptime in seconds.

Not protected against: a controller that resets again and again, as the allowances are full each time. Nothing that
comes over a network can reset it.
"""

from micropython import const

from latchkey.core import codes

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.core.facts import Facts

# Switches. None is set on a new controller: the cloud may lock, not unlock.
FORBIDDEN = const(1)  # all control by the cloud
UNLOCK_ALLOWED = const(2)
GUESTS_SUSPENDED = const(4)
DRIVE_REVOKED = const(8)  # kept here, decided in drive.py

_OFTEN = const(6)
_HOUR_S = const(3_600)

_SWITCHES = (
    # action, switch, what it becomes
    (codes.FORBID_REMOTE, FORBIDDEN, True),
    (codes.ALLOW_REMOTE, FORBIDDEN, False),
    (codes.ALLOW_REMOTE_UNLOCK, UNLOCK_ALLOWED, True),
    (codes.FORBID_REMOTE_UNLOCK, UNLOCK_ALLOWED, False),
    (codes.SUSPEND_GUESTS, GUESTS_SUSPENDED, True),
    (codes.ADMIT_GUESTS, GUESTS_SUSPENDED, False),
)


class Remote:
    """switches: the bits above. Sets `remote_allowed` of facts."""

    def __init__(self, facts: "Facts") -> None:
        self.switches = 0
        self._facts = facts
        self._off_at_the_car = False
        self._times_s = [[0] * _OFTEN, [0] * _OFTEN, [0] * _OFTEN]  # of the last ones; lock, unlock, switches
        self._counts = [0, 0, 0]

    def restore(self, switches: int) -> None:
        """As they were kept."""
        self.switches = switches
        self._apply()

    def switch_at_the_car(self, off: bool) -> None:
        """A switch in the car that cuts the cloud off, whatever anybody else says."""
        self._off_at_the_car = off
        self._apply()

    def set(self, switch: int, on: bool) -> None:
        self.switches = self.switches | switch if on else self.switches & ~switch
        self._apply()

    def is_set(self, switch: int) -> bool:
        return self.switches & switch != 0

    def turn(self, action: int) -> int:
        """Do what one of the actions from SUSPEND_GUESTS on asks for, permitted already; returns a verdict."""
        for known, switch, on in _SWITCHES:
            if known == action:
                if self.is_set(switch) == on:
                    return codes.ALREADY
                self.set(switch, on)
                return codes.ACCEPTED
        return codes.NO_RULE

    def verdict(self, action: int, now_s: int) -> int:
        """ACCEPTED, or why the cloud may not do this now; its role has been looked at already."""
        if not self._facts.remote_allowed:
            return codes.REMOTE_OFF
        if action == codes.UNLOCK and not self.is_set(UNLOCK_ALLOWED):
            return codes.REMOTE_UNLOCK_OFF
        share = _share(action)
        if share >= 0 and self._counts[share] >= _OFTEN:
            oldest_s = self._times_s[share][self._counts[share] % _OFTEN]
            if now_s - oldest_s < _HOUR_S:
                return codes.TOO_OFTEN
        return codes.ACCEPTED

    def moved(self, action: int, now_s: int) -> None:
        """The cloud has moved the bolt or a switch: counted."""
        share = _share(action)
        if share >= 0:
            self._times_s[share][self._counts[share] % _OFTEN] = now_s
            self._counts[share] += 1

    def _apply(self) -> None:
        self._facts.remote_allowed = not (self._off_at_the_car or self.switches & FORBIDDEN)


def _share(action: int) -> int:
    """Which allowance an action is counted in, -1 for none."""
    if action == codes.LOCK:
        return 0
    if action == codes.UNLOCK:
        return 1
    return 2 if action >= codes.SUSPEND_GUESTS else -1
