"""The car around a controller on the bench: wires with levels, outputs that note what is done to them, and a bolt.

Strict: both directions at once, a reversal within the dead time, a latch that is not let rest, and a pulse beyond the
ceiling fail at once, as does a name that nobody has wired.
"""

_CEILING_MS = 1_000
_DEAD_MS = 200
_REST_MS = 1_000
_TRAVEL_MS = 120  # of a usual lock motor; its two switches are a tenth of the way from each end


class Wire:
    """An input that somebody else sets."""

    def __init__(self, level=0):
        self.level = level

    def value(self):
        return self.level


class Level:
    """An output that keeps its level; `level` is None until it is driven."""

    def __init__(self, name, note):
        self.level = None
        self._name = name
        self._note = note

    def value(self, level):
        if level not in (0, 1):
            raise ValueError("a level is 0 or 1")
        self.level = level
        self._note(self._name, level)


class Bolt:
    """A bolt and its motor. position: 0 locked to _TRAVEL_MS unlocked. jammed: it does not move."""

    def __init__(self, time, note, unlocked=False):
        self.jammed = False
        self.pulses = []  # (elapsed_ms, "lock" or "unlock")
        self.on_pulse = None  # called before anything else
        self._time = time
        self._note = note
        self._position = _TRAVEL_MS if unlocked else 0
        self._way = 0
        self._since = 0
        self._until = -_DEAD_MS
        self.outputs = {"lock": Pulse(self, "lock", -1), "unlock": Pulse(self, "unlock", 1)}
        self.wires = {"bolt_locked": Switch(self, 0), "bolt_unlocked": Switch(self, _TRAVEL_MS)}

    @property
    def at(self):
        """ "locked", "unlocked" or "between"."""
        position = self.position()
        return "locked" if position == 0 else "unlocked" if position == _TRAVEL_MS else "between"

    def position(self):
        now = min(self._time.elapsed_ms, self._until)
        if now > self._since:
            if not self.jammed:
                self._position = max(0, min(_TRAVEL_MS, self._position + self._way * (now - self._since)))
            self._since = now
        return self._position

    def pulse(self, name, way, ms):
        now = self._time.elapsed_ms
        if self.on_pulse is not None:
            self.on_pulse()
        self.position()
        if not 1 <= ms <= _CEILING_MS:
            raise AssertionError("a pulse of %d ms" % ms)
        if way != self._way and now < self._until + _DEAD_MS:
            raise AssertionError("reversed %d ms after the end of the last pulse" % (now - self._until))
        self._way, self._since, self._until = way, now, now + ms
        self.pulses.append((now, name))
        self._note(name, ms)

    def stop(self, way):
        self.position()
        if way == self._way:
            self._until = min(self._until, self._time.elapsed_ms)


class Pulse:
    """The output for one direction."""

    def __init__(self, bolt, name, way):
        self._bolt = bolt
        self._name = name
        self._way = way

    def pulse(self, ms):
        self._bolt.pulse(self._name, self._way, ms)

    def stop(self):
        self._bolt.stop(self._way)


class Solenoid:
    """The coil of a latch. pulses: [start, end] in elapsed_ms."""

    def __init__(self, time, name, note):
        self.pulses = []
        self._time = time
        self._name = name
        self._note = note

    def pulse(self, ms):
        now = self._time.elapsed_ms
        if not 1 <= ms <= _CEILING_MS:
            raise AssertionError("a pulse of %d ms" % ms)
        if self.pulses and now < self.pulses[-1][1] + _REST_MS:
            raise AssertionError("%s pulsed %d ms after its last pulse" % (self._name, now - self.pulses[-1][1]))
        self.pulses.append([now, now + ms])
        self._note(self._name, ms)

    def stop(self):
        if self.pulses:
            self.pulses[-1][1] = min(self.pulses[-1][1], self._time.elapsed_ms)


class Switch:
    """The sensor at one end."""

    def __init__(self, bolt, position):
        self._bolt = bolt
        self._position = position

    def value(self):
        return 1 if self._bolt.position() == self._position else 0


class Signal:
    """What light and sound said, from the notes of their outputs.

    flashes: signals of a verdict; long: one of them lasted over half a second. blinks: flashes of under 0.12 s, which
    tell what stands between signals.
    """

    def __init__(self, notes, now):
        lamps = {"light_red": 1, "light_green": 2, "light_blue": 4}
        self.colour = self.flashes = self.beeps = self.blinks = self.blink_colour = 0
        self.long = False
        lit = shown = since = 0
        for at, name, level in notes:
            if name in lamps:
                before, lit = lit, lit | lamps[name] if level else lit & ~lamps[name]
                since = at if lit and not before else since
                shown |= lit
                if before and not lit:
                    self._flash(shown, at - since)
                    shown = 0
            elif name == "buzzer":
                self.beeps += level
        if lit:
            self._flash(shown, now - since)

    def _flash(self, colour, lasted_ms):
        if lasted_ms < 120:
            self.blinks += 1
            self.blink_colour |= colour
            return
        self.flashes += 1
        self.colour |= colour
        self.long = self.long or lasted_ms > 500

    def facts(self):
        return self.colour, self.flashes, self.long, self.beeps
