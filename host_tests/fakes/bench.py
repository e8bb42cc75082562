"""A whole controller on the bench: main's own build(), a model of the reader chip, a car with a bolt, virtual time.

    bench = Bench()
    owner = bench.enrol(key_card(1), codes.OWNER)       # straight into the list, before the controller boots
    async def story():
        assert await bench.tap(owner) == [codes.ACCEPTED]
    bench.run(story())                                  # boots, runs the story, and ends as a loss of power would

Everything is seen from outside: verdicts and status as the console tells them, pulses, lamps, sounds. The one clock
wraps at 2^30 ms, as the ESP32's does, five seconds after the start.
"""

import asyncio
import gc

import main
from latchkey.core import codes
from latchkey.credentials import entries
from latchkey.credentials.registry import Registry
from latchkey.crypto import p256
from latchkey.storage.records import Record
from pn532_model import Pn532Model

from fakes.bench_car import Bolt, Signal, Solenoid, Wire
from fakes.bench_chip import Chip, Generator, ModelUart, decode, outputs
from fakes.bench_disk import new_disk
from fakes.marks import Marks
from fakes.virtual_time import VirtualTime

_ENROLLED = 320  # cards at most, by enrol()
_BOOT_MS = 400  # until inputs have settled and the reader has been set up
_STAY_MS = 700  # how long a card lies on the reader, and how long until it counts as gone
_NEW_STAY_MS = 1_500  # of a card that may be enrolled: it has to answer five times
_AWAY_MS = 700


class Time(VirtualTime):
    """Virtual time whose ticks may be given at the start; otherwise they wrap five seconds later."""

    def __init__(self, ticks_at_start=(1 << 30) - 5_000):
        super().__init__()
        self._at_start = ticks_at_start

    def ticks_ms(self):
        return self.ticks_add(self._at_start, self.elapsed_ms)


class Board:
    """As boards/*/board.py."""

    PACE_MS = 100
    PULSE_MS = 500
    RELOCK = False
    DRIVE_OUTPUT = "drive_enable"
    OPENERS = ((codes.OPEN_TRUNK, "trunk", 300), (codes.OPEN_CHARGE_PORT, "charge_port", 200))  # and no frunk

    def __init__(self, places, reset_wired, buses):
        self.READERS = tuple(
            (bus_name(buses, n) + "reader%d" % n, place, "reset%d" % n if reset_wired else None)
            for n, place in enumerate(places)
        )


def bus_name(buses, number):
    """What stands before the name of a reader's port."""
    return buses[number].split(" ")[0] + ":" if buses else ""


class Bench:
    """places: one reader for each. reset_wired: the readers' reset pins. bolt_wired: the bolt's two switches.
    air: a board with a radio; `radio` is then the fakes.radio.Radio of the present boot. buses: one of
    fakes.buses.KINDS for each reader, in place of serial lines; `buses` are then the chips' ends of them.
    net: a board with a network, and a broker that is set; `network` and `broker` are then those of fakes.

    Outlives losses of power: `disk`, `marks`, `bolt`, the wires, the time. `model` is the first reader's chip.
    """

    def __init__(
        self,
        places=(3,),
        reset_wired=True,
        seed=1,
        disk=None,
        bolt_wired=True,
        time=None,
        air=False,
        buses=(),
        net=False,
    ):
        self.time = time or Time()
        self.disk = disk or new_disk()
        self.marks = Marks()
        self.random = Generator(seed)
        if buses:
            from fakes.buses import Wired

            self.wired = [Wired(self.time, kind) for kind in buses]
            self.models = [each.model for each in self.wired]
            self.buses = [each.bus for each in self.wired]
            self.ports = [each.port for each in self.wired]
            ports = [each.arguments for each in self.wired]
        else:
            self.models = self.buses = [Pn532Model() for _ in places]
            self.ports = ports = [ModelUart(self.time, model) for model in self.models]
        self.model = self.models[0] if self.models else None
        self.notes = []  # (elapsed_ms, output, value)
        self.bolt = Bolt(self.time, self.note)
        self.wires = {name: Wire() for name in ("button", "door", "ignition", "crash")}
        self.wires["speed"] = Wire(0)
        self.wires["supply"] = Wire(12_600)
        self.told = []  # verdicts as the console told them
        self.errors = []  # lines that the console did not understand
        self.journal = []  # lines that it told of the journal
        self.failures = []  # what a link printed when it failed
        self.radio = self.network = self.broker = None
        self._air = air
        if net:
            self._set_broker()
        self._board = Board(places, reset_wired, buses)
        self._wires = dict(self.wires)
        if bolt_wired:
            self._wires.update(self.bolt.wires)
        self._outputs = outputs(self.note, self.bolt, ports, self.buses)
        self.latches = {name: Solenoid(self.time, name, self.note) for _, name, _ in self._board.OPENERS}
        self._outputs.update(self.latches)
        self._status = "{}"
        self.vehicle = self.chip = None

    # Setting up

    def enrol(self, card, role):
        """Put a card into the list, as if enrolled long ago; returns it."""
        registry = Registry(Record(self.disk.mount() + "/keys"), self.marks, _ENROLLED)
        registry.load()
        if registry.add(card.public[1:], role) < 0:
            raise AssertionError("not enrolled")
        gc.collect()  # cards make a lot of waste; what is built next wants long pieces
        return card

    def _set_broker(self):
        from latchkey.storage.settings import Settings

        from fakes.cloud_network import CloudNetwork
        from fakes.memory_broker import MemoryBroker

        self.broker = MemoryBroker(self.time)
        self.network = CloudNetwork(self.broker)
        settings = Settings(Record(self.disk.mount() + "/settings"))
        for name, value in (("broker", "mqtts://192.0.2.1"), ("ca", "Y2E="), ("reconnect_percent", "1")):
            for _ in settings.change_steps(name, value):
                pass

    def enrol_strangers(self, count):
        """Fill an empty list with an owner and drivers whose keys nobody has."""
        keys = [(1000 + n).to_bytes(4, "big") * 16 for n in range(count)]
        blocks = [entries.entry(codes.DRIVER if n else codes.OWNER, 1, key) for n, key in enumerate(keys)]
        for _ in Record(self.disk.mount() + "/keys").change_steps(0, entries.header() + b"".join(blocks)):
            pass

    def replace_port(self, port):
        """Let something else than the model be at the end of the first reader's line."""
        self._outputs["reader0"] = port

    def run(self, story, limit_ms=600_000):
        """Boot, run a story to its end, and lose the power. Returns what the story returns."""
        main.print = self._printed
        if self._air:
            from fakes.radio import Radio

            self.radio = Radio()
        parts = (self._wires, self._outputs, self.random, self._heard, self.radio, self.network)
        self.chip = Chip(self.time, self.disk, self.marks, *parts)
        self.vehicle, inputs, links = main.build(self._board, self.chip, self.time)
        application = main.run(self.chip, self.vehicle, inputs, links, self.time)
        result = self.time.run(self._together(application, story), limit_ms)
        self.disk.cut_power()
        if self.failures:
            raise AssertionError("a link failed: " + str(self.failures))
        return result

    async def _together(self, application, story):
        task = asyncio.create_task(application)
        await asyncio.sleep_ms(_BOOT_MS)
        result = await story
        if task.done():
            await task  # it never ends by itself, except by an error
        return result

    # What somebody at the car can do

    async def pass_ms(self, ms):
        await asyncio.sleep_ms(ms)

    async def tap(self, card, stay_ms=0, away_ms=_AWAY_MS):
        """Lay a card on the reader and take it away; returns the verdicts that came of it.

        stay_ms: 0 for as long as people wait, which is longer while keys may be enrolled.
        """
        self.forget()
        stay_ms = stay_ms or (_NEW_STAY_MS if self.vehicle.custody.wants_keys() else _STAY_MS)
        self.model.put(card)
        await asyncio.sleep_ms(stay_ms)
        self.model.take_away(card)
        await asyncio.sleep_ms(away_ms)
        return self.verdicts()

    async def press(self, ms):
        """Hold the cabin button; returns the verdicts that came of it."""
        self.forget()
        self.wires["button"].level = 1
        await asyncio.sleep_ms(ms)
        self.wires["button"].level = 0
        await asyncio.sleep_ms(100)
        return self.verdicts()

    def type(self, line):
        """Type a line on the console."""
        self.chip.console.orders.append(line)

    # What can be seen

    def forget(self):
        """Look away from what has been told and noted so far."""
        self.told.clear()
        self.errors.clear()
        self.notes.clear()

    def verdicts(self):
        """The numbers of the verdicts told since forget()."""
        return [decode(words)["verdict"] for words in self.told]

    def rows(self):
        """The verdicts told since forget(), whole."""
        return [decode(words) for words in self.told]

    def status(self):
        """The last status."""
        return decode(self._status)

    def status_length(self):
        """Of the last status line."""
        return len(self._status)

    def signal(self):
        """(colour bits, flashes, whether long, beeps) since forget()."""
        return Signal(self.notes, self.time.elapsed_ms).facts()

    def blinks(self):
        """(colour bits, number) of the short flashes between signals, since forget()."""
        signal = Signal(self.notes, self.time.elapsed_ms)
        return signal.blink_colour, signal.blinks

    def pulses(self):
        """Directions of the pulses since forget()."""
        return [name for _, name, _ in self.notes if name in ("lock", "unlock")]

    def note(self, name, value):
        self.notes.append((self.time.elapsed_ms, name, value))

    def _heard(self, kind, words):
        if kind == "status":
            self._status = words
        elif kind != "stored":
            {"verdict": self.told, "journal": self.journal}.get(kind, self.errors).append(words)

    def _printed(self, *words):
        self.failures.append(words)


class SlowArithmetic:
    """While entered, each step on the curve takes so many ms of virtual time, as on a chip."""

    def __init__(self, time, step_ms):
        self._time = time
        self._step_ms = step_ms
        self._originals = (p256.public_steps, p256.shared_steps)

    def __enter__(self):
        p256.public_steps = lambda *given: self._slowed(self._originals[0](*given))
        p256.shared_steps = lambda *given: self._slowed(self._originals[1](*given))

    def __exit__(self, *error):
        p256.public_steps, p256.shared_steps = self._originals

    def _slowed(self, steps):
        try:
            for _ in steps:
                self._time.advance(self._step_ms)
                yield
        finally:
            steps.close()


__all__ = ["Bench", "SlowArithmetic", "Time", "codes"]
