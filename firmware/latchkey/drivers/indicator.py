"""Light and sound: every verdict has a signal of its own, told apart by number and rhythm as well as by colour.

Whoever cannot tell red from green counts: one long light with one beep is the only signal that means *done*; short ones
mean something else, and their colour and number say what. The table below is the one the README prints.
"""

import time

from micropython import const

from latchkey.core import codes

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Clock, Level


# Colours, one bit for each lamp.
_OFF = const(0)
_RED = const(1)
_GREEN = const(2)
_AMBER = const(3)
_BLUE = const(4)
_WHITE = const(7)

_LONG_MS = const(900)
_SHORT_MS = const(150)
_PAUSE_MS = const(150)
_LONG_BEEP_MS = const(120)
_BLINK_MS = const(80)

SIGNALS = (
    # verdict, colour, flashes (0: one long), beeps
    (codes.ACCEPTED, _GREEN, 0, 1),
    (codes.QUEUED, _GREEN, 0, 1),
    (codes.JOINED, _GREEN, 0, 1),
    (codes.ALREADY, _GREEN, 2, 1),
    (codes.NOT_A_KEY, _RED, 1, 0),
    (codes.UNKNOWN_KEY, _RED, 2, 2),
    (codes.WRONG_ANSWER, _RED, 3, 3),
    (codes.BAD_POINT, _RED, 3, 3),
    (codes.REVOKED, _RED, 4, 4),
    (codes.SUSPENDED, _RED, 4, 4),
    (codes.NOT_PERMITTED, _RED, 5, 5),
    (codes.OUTSIDE_WINDOW, _RED, 5, 5),
    (codes.CLOCK_UNSET, _RED, 5, 5),
    (codes.DRIVE_REVOKED, _RED, 5, 5),
    (codes.TOO_SLOW, _RED, 7, 2),
    (codes.KEY_CONFLICT, _RED, 8, 8),
    (codes.CARD_GONE, _AMBER, 1, 1),
    (codes.CARD_ERROR, _AMBER, 2, 1),
    (codes.BUSY, _AMBER, 3, 1),
    (codes.STALE, _AMBER, 3, 1),
    (codes.HOT, _AMBER, 4, 1),
    (codes.LOW_SUPPLY, _AMBER, 4, 1),
    (codes.CRASHED, _AMBER, 5, 1),
    (codes.OLD_REGISTRY, _AMBER, 6, 6),
    (codes.NO_REGISTRY, _AMBER, 6, 6),
    (codes.STORAGE_FAILED, _AMBER, 6, 6),
    (codes.NO_ENTROPY, _AMBER, 6, 6),
    (codes.NO_MEMORY, _AMBER, 6, 6),
    (codes.KEY_PINNED, _BLUE, 1, 1),
    (codes.OWNER_ADDED, _BLUE, 1, 1),
    (codes.CLAIMED, _BLUE, 0, 1),
    (codes.ENROLLED, _BLUE, 0, 1),
    (codes.ENROLMENT_CLOSED, _BLUE, 2, 2),
    (codes.ALREADY_ENROLLED, _BLUE, 3, 2),
    (codes.REGISTRY_FULL, _BLUE, 4, 2),
    (codes.LAST_OWNER, _BLUE, 4, 2),
    (codes.NO_SUCH_KEY, _BLUE, 4, 2),
)
_OTHERWISE = const(_RED << 8 | 6 << 4)


def signal_of(verdict: int) -> int:
    """colour << 8 | flashes << 4 | beeps of a verdict: one number, so that asking allocates nothing."""
    for told, colour, flashes, beeps in SIGNALS:
        if told == verdict:
            return colour << 8 | flashes << 4 | beeps
    return _OTHERWISE


def _blink(standing: int, now: int) -> int:
    """A short flash: blue each second while keys may be added, amber every other one for a fault, white every eighth
    while the cloud is away, which is no fault of the vehicle and stops nothing at it.
    """
    if standing == codes.ENROLMENT_OPEN and now % 1_000 < _BLINK_MS:
        return _BLUE
    if standing == codes.FAULT and now % 2_000 < _BLINK_MS:
        return _AMBER
    if standing == codes.AWAY and now % 8_000 < _BLINK_MS:
        return _WHITE
    return _OFF


class Indicator:
    """Three lamps and a buzzer, each an output with value(level) or None where the board has none."""

    def __init__(
        self,
        red: "Level | None",
        green: "Level | None",
        blue: "Level | None",
        buzzer: "Level | None",
        clock: "Clock" = time,
    ) -> None:
        self._clock = clock
        self._lamps = (red, green, blue)
        self._buzzer = buzzer
        self._colour = _OFF
        self._lit = _OFF
        self._sounding = False
        self._flashes = 0
        self._beeps = 0
        self._started = 0
        self._active = False
        self._pending = -1
        self._showing = -1

    def show(self, verdict: int) -> None:
        """Show a verdict from the next tick on, instead of whatever is being shown. Allocates nothing.

        An alarm gives way only to what was accepted: whoever has caused it must not hide it behind another refusal.
        """
        alarm = self._pending == codes.KEY_CONFLICT or (self._active and self._showing == codes.KEY_CONFLICT)
        if not alarm or codes.is_accepted(verdict):
            self._pending = verdict

    def tick(self, now: int, standing: int = codes.ALL_WELL) -> None:
        """Drive the outputs for this moment. now: ticks in ms; standing: what to say between signals (codes)."""
        if self._pending >= 0:
            signal = signal_of(self._pending)
            self._colour = signal >> 8
            self._flashes = signal >> 4 & 15
            self._beeps = signal & 15
            self._showing = self._pending
            self._pending = -1
            self._started = now
            self._active = True
        if not self._active:
            self._drive(_blink(standing, now), False)
            return
        elapsed = self._clock.ticks_diff(now, self._started)
        turn, phase = elapsed // (_SHORT_MS + _PAUSE_MS), elapsed % (_SHORT_MS + _PAUSE_MS)
        lit = elapsed < _LONG_MS if self._flashes == 0 else turn < self._flashes and phase < _SHORT_MS
        sounding = elapsed < _LONG_BEEP_MS if self._flashes == 0 else turn < self._beeps and phase < _SHORT_MS
        self._active = elapsed < _LONG_MS or turn < max(self._flashes, self._beeps)
        self._drive(self._colour if lit else _OFF, sounding)

    def _drive(self, colour: int, sounding: bool) -> None:
        if colour != self._lit:
            self._lit = colour
            for bit in range(3):  # enumerate() would allocate
                lamp = self._lamps[bit]
                if lamp is not None:
                    lamp.value((colour >> bit) & 1)
        if sounding != self._sounding:
            self._sounding = sounding
            if self._buzzer is not None:
                self._buzzer.value(1 if sounding else 0)
