"""How long a crash keeps the doors from being locked.

For the first minute nobody locks. After that a keycard or the cabin button may. Phones, the cloud and the relock timer
wait until ten minutes have passed *and* the ignition has been switched off for 3 s, as production cars do before they
trust their wiring again. Without an ignition wire the ten minutes alone must do.
"""

from micropython import const

from latchkey.core import codes
from latchkey.core.facts import UNKNOWN

CLEAR = const(0)
FRESH = const(1)  # less than a minute ago
RECENT = const(2)  # less than ten minutes ago
WAITING = const(3)  # ten minutes are over, the ignition has not been cycled yet

MINUTE_MS = const(60_000)
TEN_MINUTES_MS = const(600_000)
IGNITION_CYCLE_MS = const(3_000)
STUCK_MS = const(60_000)  # a crash line active for longer is a wiring fault


class Crash:
    """Where the vehicle stands after a crash. `stuck` is a fault to report: the line never came back.

    line: UNKNOWN until it was read for the first time, then NO or YES (facts).
    """

    def __init__(self) -> None:
        self.phase = CLEAR
        self.cycled = False
        self.stuck = False
        self.line = UNKNOWN

    def happen(self) -> None:
        """A debounced edge of the crash line."""
        self.phase = FRESH
        self.cycled = False

    def minute_passed(self) -> None:
        if self.phase == FRESH:
            self.phase = RECENT

    def ten_minutes_passed(self, ignition_wired: bool) -> None:
        if self.phase != CLEAR:
            self.phase = WAITING if ignition_wired and not self.cycled else CLEAR

    def ignition_cycled(self) -> None:
        """The ignition was switched off, and stayed off for IGNITION_CYCLE_MS."""
        if self.phase == WAITING:
            self.phase = CLEAR
        elif self.phase != CLEAR:
            self.cycled = True

    def line_stuck(self) -> None:
        """The line has been active for STUCK_MS: a fault, and no crash."""
        self.phase = CLEAR
        self.stuck = True

    def line_released(self) -> None:
        self.stuck = False

    def forbids_lock(self, source: int) -> bool:
        if self.phase == CLEAR:
            return False
        return self.phase == FRESH or source < codes.KEYCARD
