"""A car's bolt as a motor moves it: written from the motor's point of view, knowing nothing of the firmware.

A pulse lifts the bolt off its end after LIFT_MS and brings it to the other one after TRAVEL_MS; one that ends sooner
lets it fall back. A jammed bolt stays where it is, a silent sensor shows nothing that makes sense.
"""

from latchkey.core import codes
from latchkey.core.codes import LOCK, UNLOCK

LIFT_MS, TRAVEL_MS = 60, 250


class MotorCar:
    """`position`: LOCK or UNLOCK, the end at which the bolt rests. `jammed`, `silent`: for the test to switch."""

    def __init__(self, outputs, position):
        self.position = position
        self.jammed = self.silent = False
        self._outputs = outputs
        self._settled = 0  # pulses whose result is in `position`

    def turn(self, now, position):
        """A hand on the bolt, between two pulses."""
        self.sensed(now)
        if self._settled == len(self._outputs.pulses()):
            self.position = position

    def sensed(self, now):
        """What the two switches show at this moment."""
        between = False
        for start, end, name in self._outputs.pulses()[self._settled :]:
            target = LOCK if name == "lock" else UNLOCK
            if min(now, end) - start >= TRAVEL_MS or now > end:
                if min(now, end) - start >= TRAVEL_MS and not self.jammed:
                    self.position = target
                self._settled += 1
            else:
                between = now - start >= LIFT_MS and target != self.position and not self.jammed
        if self.silent:
            return codes.UNKNOWN
        if between:
            return codes.BETWEEN
        return codes.AT_LOCKED if self.position == LOCK else codes.AT_UNLOCKED

    def moments(self, now):
        """When the switches may change next."""
        unsettled = self._outputs.pulses()[self._settled :]
        times = [at for start, end, _ in unsettled for at in (start + LIFT_MS, start + TRAVEL_MS, end + 1)]
        return [at for at in times if at > now]
