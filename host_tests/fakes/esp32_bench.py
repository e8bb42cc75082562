"""A Bench whose chip is the firmware's own chip/esp32, on fakes of MicroPython's modules: from a card to a pad's level.

    bench = Esp32Bench()
    bench.run(story())              # as Bench; `world` is the chip's surroundings, `links` what main has built

Nothing resets the chip when its watchdog has bitten: `world.bitten` says so, and feeding it afterwards raises.
"""

import main

from fakes import esp32_world
from fakes.bench import Bench, Time
from fakes.bench_car import Level
from fakes.esp32_board import Board, Terminal, opened
from fakes.esp32_wifi import Station
from fakes.radio import Radio
from fakes.uart import ResetPin


class _Clock(Time):
    def sleep_ms(self, ms):
        self.advance(ms)


class _AtPin:
    """The level at a pin, of a wire that is 1 when active."""

    def __init__(self, wire, active):
        self._wire = wire
        self._active = active

    def value(self):
        return self._active if self._wire.value() else 1 - self._active


class Esp32Bench(Bench):
    def __init__(self, board=None, **how):
        super().__init__(time=_Clock(), **how)
        self.board = board or Board()
        self.terminal = Terminal()
        self.world = self.links = None
        self.answers = []  # lines that are neither status nor verdict

    def run(self, story, limit_ms=600_000):
        """As Bench.run(). What a link has printed is in `failures`, and is for the story to judge."""
        main.print = self._printed
        self._wire_up()
        self.chip = opened(self.world, self.board, self.terminal, self.random)
        self.chip.mount = self.disk.mount
        self._turn = self.chip.poll
        self.chip.poll = self._poll
        self.vehicle, inputs, self.links = main.build(self.board, self.chip, self.time)
        application = main.run(self.chip, self.vehicle, inputs, self.links, self.time)
        return self.time.run(self._together(application, story), limit_ms)

    def link(self, wanted):
        """The link of that name."""
        for name, link in self.links:
            if name == wanted:
                return link
        raise AssertionError("no link " + wanted)

    def type(self, line):
        self.terminal.type(line + "\n")

    def _poll(self):
        self._turn()
        self.radio.poll()
        for line in self.terminal.lines():
            kind, _, words = line.partition(" ")
            if kind in ("status", "verdict"):
                self._heard(kind, words)
            else:
                self.answers.append(line)

    def _wire_up(self):
        self.world = world = esp32_world.fresh(self.time)
        world.nvs["latchkey"] = self.marks.values
        world.radio = self.radio = Radio()
        world.station = Station(self.time)
        world.ports[2] = self.ports[0]
        for name, number, _, active in self.board.INPUTS:
            world.inputs[number] = _AtPin(self._wires[name], active)
        for name, number in self.board.PULSES:
            world.loads[number] = self.bolt.outputs.get(name) or self.latches[name]
        for name, number, _ in self.board.LEVELS:
            world.loads[number] = Level(name, self.note)
        for _, number in self.board.RESETS:
            world.loads[number] = ResetPin(self.model)
        if self.board.SUPPLY is not None:
            number, upper, lower = self.board.SUPPLY
            world.millivolts[number] = lambda: self.wires["supply"].level * lower // (upper + lower)
