"""The car around the controller: bolt, switches, motor, doors, latches, ignition, supply, crash wire.

Pure: no clock and no I/O. Time is a number of milliseconds that the caller hands in, and it never runs backwards. The
car knows nothing of keys or permission; it does what the wires say, and it records what no wire should ever say:

  both coils at once, a reversal before the 200 ms dead time is over, a coil driven for more than 1,000 ms, a latch
  pulsed again before its coil has rested for 1,000 ms.

A pulse ends by itself, as the ESP32's RMT hardware ends it, so a controller that dies in mid-pulse burns nothing here
either. The motor is a straight line: it takes `travel_ms` from end to end above 6 V and does not move below. Real
motors slow down.
"""

from latchkey_tools.simulator.latch import REST_MS, Latch

COILS = ("lock", "unlock")
LATCHES = ("trunk", "frunk", "charge_port")
OUTPUTS = ("drive_enable", "light_red", "light_green", "light_blue", "buzzer")
SWITCHES = ("button", "bolt_locked", "bolt_unlocked", "door", "ignition", "crash")
INPUTS = (*SWITCHES, "speed", "supply")

DEAD_TIME_MS = 200  # between the end of one direction and the start of the other
PULSE_CEILING_MS = 1_000  # a longer pulse overheats the motor
STALL_MV = 6_000  # a lock motor or a latch does not break loose below about half its rated voltage
NOMINAL_MV = 12_600  # a rested, full lead battery
SWITCH_SPAN = 20  # each switch closes over the last twentieth of the travel


class CarError(Exception):
    """The car cannot do that, as a car could not: the message says why, in one sentence."""


class Car:
    """One vehicle, standing locked with a full battery. `jitter_ms` forgives what the way to the car adds to a dead
    time."""

    def __init__(self, now_ms: int = 0, travel_ms: int = 300, jitter_ms: int = 0) -> None:
        self.now_ms = now_ms
        self.travel_ms = travel_ms
        self.jitter_ms = jitter_ms
        self.thrown_ms = 0  # 0: bolt fully locked, travel_ms: fully unlocked
        self.jam = False
        self.button = False
        self.doors = False
        self.ignition = False
        self.engine = False
        self.crash = False
        self.speed = 0
        self.supply = NOMINAL_MV
        self.unplugged: set[str] = set()
        self.levels = dict.fromkeys(OUTPUTS, 0)
        self.latches = {name: Latch() for name in LATCHES}
        self.operations = 0
        self.violations: list[dict[str, object]] = []
        self.violation_count = 0
        self._ends: dict[str, int] = {}  # coil -> when its pulse ends
        self._began = dict.fromkeys(COILS, 0)
        self._ended: dict[str, int | None] = dict.fromkeys(COILS)

    # What the controller does to the car.

    def output(self, name: str, level: int) -> None:
        """Sets a level. Raises CarError when there is no such wire."""
        if name not in self.levels:
            raise CarError(f"There is no output called {name}.")
        self.levels[name] = 1 if level else 0
        self._start_engine()

    def pulse(self, name: str, length_ms: int) -> None:
        """Drives a coil of the lock motor or of a latch for length_ms from now."""
        if name in self.latches:
            self._pulse_latch(name, length_ms)
            return
        if name not in COILS:
            raise CarError(f"There is nothing to pulse called {name}.")
        if length_ms <= 0:
            return
        self._check_reversal(name)
        if name not in self._ends:
            self._began[name] = self.now_ms
            self.operations += 1
        self._ends[name] = max(self.now_ms + length_ms, self._ends.get(name, 0))
        self._check_length(name, self._ends[name] - self._began[name])

    def _pulse_latch(self, name: str, length_ms: int) -> None:
        if length_ms <= 0:
            return
        latch = self.latches[name]
        rested_ms = latch.rested_ms(self.now_ms)
        if rested_ms is not None and rested_ms < REST_MS - self.jitter_ms:
            self._record("no-rest", f"{name} coil pulsed again after {rested_ms} ms; it rests for {REST_MS} ms")
        self._check_length(name, latch.pulse(self.now_ms, length_ms))

    def _check_length(self, name: str, driven_ms: int) -> None:
        if driven_ms > PULSE_CEILING_MS:
            self._record("long-pulse", f"{name} coil driven for {driven_ms} ms; the ceiling is {PULSE_CEILING_MS} ms")

    def stop(self, name: str) -> None:
        """Ends a pulse early. Stopping what is not driven does nothing."""
        if name in self.latches:
            self.latches[name].stop(self.now_ms)
            return
        if name not in COILS:
            raise CarError(f"There is nothing to stop called {name}.")
        if self._ends.pop(name, None) is not None:
            self._ended[name] = self.now_ms

    def power_off(self) -> None:
        """The controller lost its supply: every output falls. A running engine keeps running."""
        for coil in (*COILS, *LATCHES):
            self.stop(coil)
        self.levels = dict.fromkeys(OUTPUTS, 0)

    # What people and the world do to the car.

    def open_doors(self, is_open: bool) -> None:
        """Raises CarError when the bolt holds them shut."""
        if is_open and not self.doors and self.bolt() != "unlocked":
            raise CarError("The bolt holds the doors shut: unlock first.")
        self.doors = is_open

    def close(self, name: str) -> None:
        """Someone presses the lid of a latch shut. One that is shut stays shut."""
        self.latches[name].close()

    def turn_key(self, on: bool) -> None:
        """Ignition. The engine starts only while the controller enables it, and stops only here."""
        self.ignition = on
        self.engine = self.engine and on
        self._start_engine()

    def throw_by_hand(self, where: str) -> None:
        """Someone turns the bolt with the mechanical key or the knob inside: "locked" or "unlocked"."""
        if self.jam:
            raise CarError("The bolt is held fast: release it first.")
        self.thrown_ms = self.travel_ms if where == "unlocked" else 0

    def _start_engine(self) -> None:
        if self.ignition and self.levels["drive_enable"]:
            self.engine = True

    # Time.

    def advance(self, now_ms: int) -> None:
        """Lets time pass up to now_ms, through every event in between."""
        while self.now_ms < now_ms:
            until = min((end for end in self._pulse_ends() if end < now_ms), default=now_ms)
            self._move(until - self.now_ms)
            self.now_ms = until
            for coil in [coil for coil, end in self._ends.items() if end <= until]:
                self._ended[coil] = self._ends.pop(coil)
            for latch in self.latches.values():
                if latch.ends_ms is not None and latch.ends_ms <= until:
                    latch.stop(until)

    def _pulse_ends(self) -> list[int]:
        return [*self._ends.values(), *(latch.ends_ms for latch in self.latches.values() if latch.ends_ms is not None)]

    def next_event_ms(self) -> int | None:
        """When a switch closes or opens, a lid springs open or a pulse ends, if nobody does anything until then."""
        times = self._pulse_ends()
        if self.supply >= STALL_MV:
            waits = [latch.draws_in_ms() for latch in self.latches.values()]
            times += [self.now_ms + wait for wait in waits if wait is not None]
        span, far = self.travel_ms // SWITCH_SPAN, self.travel_ms
        match self._direction():
            case 1:  # one switch opens just behind its span, the other closes where its span begins; then the end stop
                times += [self.now_ms + place - self.thrown_ms for place in (span + 1, far - span, far)]
            case -1:
                times += [self.now_ms + self.thrown_ms - place for place in (far - span - 1, span, 0)]
        return min((time for time in times if time > self.now_ms), default=None)

    def _direction(self) -> int:
        if len(self._ends) != 1 or self.jam or self.supply < STALL_MV:
            return 0
        return 1 if "unlock" in self._ends else -1

    def _move(self, length_ms: int) -> None:
        self.thrown_ms = min(self.travel_ms, max(0, self.thrown_ms + self._direction() * length_ms))
        if self.supply >= STALL_MV:
            for latch in self.latches.values():
                latch.draw(length_ms)

    # What can be seen and measured.

    def bolt(self) -> str:
        """Where the bolt really is, whatever the switches say."""
        span = self.travel_ms // SWITCH_SPAN
        if self.thrown_ms <= span:
            return "locked"
        return "unlocked" if self.thrown_ms >= self.travel_ms - span else "between"

    def driven(self) -> list[str]:
        """The coils of the lock motor that carry current now."""
        return sorted(self._ends)

    def wires(self) -> dict[str, int]:
        """What the controller's inputs read. A wire that is cut reads 0, as a switch with a pull-down does."""
        bolt = self.bolt()
        read = {
            "button": int(self.button),
            "bolt_locked": int(bolt == "locked"),
            "bolt_unlocked": int(bolt == "unlocked"),
            "door": int(self.doors),
            "ignition": int(self.ignition),
            "crash": int(self.crash),
            "speed": self.speed,
            "supply": self.supply,
        }
        return {name: 0 if name in self.unplugged else value for name, value in read.items()}

    def snapshot(self) -> dict[str, object]:
        """Everything the page shows of the car; plain JSON types."""
        return {
            "bolt": self.bolt(),
            "thrown": round(self.thrown_ms / self.travel_ms, 3),
            "travel_ms": self.travel_ms,
            "driven": self.driven(),
            "jam": self.jam,
            "button": self.button,
            "doors": self.doors,
            "ignition": self.ignition,
            "engine": self.engine,
            "crash": self.crash,
            "speed": self.speed,
            "supply": self.supply,
            "unplugged": sorted(self.unplugged),
            "outputs": dict(self.levels),
            "latches": {name: "open" if latch.is_open else "shut" for name, latch in self.latches.items()},
            "operations": self.operations,
            "violations": list(self.violations),
            "violation_count": self.violation_count,
        }

    def _check_reversal(self, name: str) -> None:
        other = COILS[1 - COILS.index(name)]
        ended = self._ended[other]
        if other in self._ends:
            self._record("both-coils", "lock and unlock coil driven at once")
        elif ended is not None and self.now_ms - ended < DEAD_TIME_MS - self.jitter_ms:
            self._record("dead-time", f"reversed after {self.now_ms - ended} ms; the dead time is {DEAD_TIME_MS} ms")

    def _record(self, kind: str, text: str) -> None:
        self.violation_count += 1
        self.violations = [{"at_ms": self.now_ms, "kind": kind, "text": text}, *self.violations][:20]
