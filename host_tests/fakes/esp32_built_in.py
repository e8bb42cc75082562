"""The modules that an ESP32's MicroPython has built in, for an emulated board that runs the real firmware in real time:
those of fakes.esp32_world and esp32_wifi, with nothing at the pins and nobody on the air. Loaded by fakes/board_rom.py.
"""

import sys
import time

from fakes import esp32_world
from fakes.esp32_wifi import Station
from fakes.radio import Radio


class _Time:
    @property
    def elapsed_ms(self):
        return time.ticks_ms()


class _Unwired:
    """A UART with nothing at its other end."""

    def any(self):
        return 0

    def readinto(self, buf):
        return None

    def write(self, data):
        return len(data)


class _Wire:
    def __init__(self, level):
        self._level = level

    def value(self):
        return self._level


def load(tell, control, wired):
    """tell(control, text): to the emulator. wired: pin -> level of the inputs."""
    clock = _Time()
    world = esp32_world.fresh(clock)
    for port in (1, 2):
        world.ports[port] = _Unwired()
    for pin, level in wired.items():
        world.inputs[pin] = _Wire(level)
    world.millivolts[35] = lambda: 1_145  # 12.6 V behind the divider of esp32_devkitc
    world.radio = Radio()
    world.station = Station(clock)
    esp32_world.install("bluetooth", world.radio)

    def reset():
        tell(control, "reset")
        sys.exit(0)

    esp32_world.machine.reset = reset
