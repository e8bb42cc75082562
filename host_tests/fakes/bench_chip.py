"""A chip that is not there, strictly after the contract in latchkey.chip: what main builds a controller on.

Its serial port leads to a model of the reader chip, its file system lies in RAM, its random numbers are the same each
time, and its cable is a list of lines.
"""

import hashlib
import json

from fakes.bench_car import Level
from fakes.uart import ModelUart, ResetPin


class Generator:
    """Random bytes of which each run gets the same. stuck: they stop changing."""

    def __init__(self, seed):
        self.stuck = False
        self._seed = b"%d" % seed
        self._count = 0

    def __call__(self, count):
        self._count += not self.stuck
        out = b""
        while len(out) < count:
            out += hashlib.sha256(self._seed + b"/%d/%d" % (self._count, len(out))).digest()
        return out[:count]


class Cable:
    """The console's cable. `heard(kind, words)` is called with each line."""

    def __init__(self, heard):
        self.orders = []
        self.limits = []  # what it said of cards' limits
        self._heard = heard

    def readline(self):
        return self.orders.pop(0) if self.orders else None

    def full(self):
        return False

    def write(self, line):
        kind, _, words = line.partition(" ")
        if kind == "limit":
            self.limits.append(line)
            return
        if kind not in ("status", "verdict", "error", "journal", "stored"):
            raise AssertionError("the console said: " + line)
        self._heard(kind, words)


class Chip:
    """See latchkey.chip. wires: name -> object with value(); outputs: name -> object, for lock, unlock and levels.

    radio: fakes.radio.Radio, network: fakes.cloud_network.CloudNetwork, or None for a board without one.
    """

    def __init__(self, time, disk, marks, wires, outputs, generator, heard, radio=None, network=None):
        self.marks = marks
        self.random = generator
        self.console = Cable(heard)
        self.turns = 0
        self.fed = 0  # how often the watchdog was
        self.rests = 0
        self.longest_turn_ms = 0
        self.reset_cause = "power"
        self._time = time
        self._turned_at = time.elapsed_ms
        self._disk = disk
        self._wires = wires
        self._outputs = outputs
        self._radio = radio
        self._network = network

    def mount(self):
        return self._disk.mount()

    def wires(self):
        return self._wires

    def level(self, name):
        return self._outputs[name]

    def pulse(self, name):
        return self._outputs[name]

    def port(self, name):
        return self._outputs[name]

    def spi(self, name):
        return self._outputs[name]

    def i2c(self, name):
        return self._outputs[name]

    def radio(self):
        return self._radio

    def network(self, settings):
        return self._network

    def poll(self):
        if self._radio is not None:
            self._radio.poll()
        now = self._time.elapsed_ms
        self.turns += 1
        self.longest_turn_ms = max(self.longest_turn_ms, now - self._turned_at)
        self._turned_at = now

    def rest(self):
        self.rests += 1

    def alive(self, well):
        """Nothing bites here; Bench looks at how long the turns take."""
        self.fed += well


def outputs(note, bolt, ports, models):
    """Everything a board may name: lamps, buzzer, drive relay, motor, and a port and a reset line for each reader."""
    found = {name: Level(name, note) for name in ("light_red", "light_green", "light_blue", "buzzer", "drive_enable")}
    found.update(bolt.outputs)
    for number in range(len(models)):
        found["reader%d" % number] = ports[number]
        found["reset%d" % number] = ResetPin(models[number])
    return found


def decode(words):
    """A status or verdict as the console told it."""
    return json.loads(words)


__all__ = ["Chip", "Generator", "ModelUart", "decode", "outputs"]
