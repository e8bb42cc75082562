"""What the firmware takes of the heap, layer by layer, compiled with it as one program. From the root:

    MICROPYPATH=build/mpy-tests/bench .venv/bin/micropython -X heapsize=360k -m bench_heap

FIRMWARE=folder names another firmware than build/mpy. Each line is a layer, the bytes it adds and the bytes taken since
before the first of them: what the interpreter and this program take does not count, nor do the parts that stand in for
the chip. Then come the interned strings, the heap as it lies, and what is left.
"""

import gc
import os
import sys

import micropython

sys.path[:] = [os.getenv("FIRMWARE") or "build/mpy", ".frozen"]

_LAYERS = (
    ("core", ("latchkey.core.codes", "latchkey.core.arbiter", "latchkey.core.intent", "latchkey.core.request")),
    (
        "crypto",
        (
            "latchkey.crypto.entropy",
            "latchkey.crypto.secret",
            "latchkey.crypto.aes",
            "latchkey.crypto.mac",
            "latchkey.crypto.p256",
        ),
    ),
    ("storage, credentials", ("latchkey.storage.journal", "latchkey.credentials.custody")),
    (
        "drivers",
        (
            "latchkey.drivers.actuator",
            "latchkey.drivers.indicator",
            "latchkey.drivers.inputs",
            "latchkey.drivers.pn532_uart",
            "latchkey.drivers.reader",
        ),
    ),
    ("protocol", ("latchkey.protocol.keycard", "latchkey.protocol.ephemeral")),
    ("links", ("latchkey.links.nfc", "latchkey.links.console")),
    ("phones: protocol", ("latchkey.crypto.gcm", "latchkey.protocol.vehicle_command")),
    ("phones: radio", ("latchkey.drivers.ble_peripheral",)),
    ("phones: link", ("latchkey.links.ble",)),
)


class Part:
    """Every input, output, port and cable of the chip: nothing is on the other end."""

    def value(self, level=0):
        return 0

    def pulse(self, ms):
        raise AssertionError("nobody asked for anything to move")

    def stop(self):
        """Nothing runs."""

    def any(self):
        return 0

    def readline(self):
        return None

    def full(self):
        return False

    def readinto(self, buffer):
        return None

    def write(self, data):
        return len(data)


class Radio:
    """As `bluetooth`; what comes out of it is never switched on."""

    BLE = Part


class Marks:
    """Nothing was ever marked: a blank controller. What it marks at its first boot is not kept."""

    def get(self, name):
        return None

    def set(self, name, value):
        """Forgotten at once."""


class Chip:
    """See latchkey.chip. All wires are there, and the flash is empty."""

    def __init__(self):
        self.marks = Marks()
        self.console = self._part = Part()
        self.reset_cause = ""

    def mount(self):
        return "build/no-such-flash"

    def wires(self):
        names = ("bolt_locked", "bolt_unlocked", "door", "ignition", "crash", "button", "speed", "supply")
        return {name: self._part for name in names}

    def level(self, name):
        return self._part

    def pulse(self, name):
        return self._part

    def port(self, name):
        return self._part

    def radio(self):
        return Radio

    def network(self, settings):
        return None

    def random(self, count):
        return os.urandom(count)


class Board:
    """As boards/simulator/board.py."""

    READERS = (("reader", 3, "reader_reset"),)
    PACE_MS = 100
    PULSE_MS = 500
    RELOCK = False
    DRIVE_OUTPUT = "drive_enable"
    OPENERS = ((5, "trunk", 300), (6, "frunk", 300), (7, "charge_port", 300))
    OPENERS = ((5, "trunk", 300), (6, "frunk", 300), (7, "charge_port", 300))


class Meter:
    """Prints what has been added since the last line."""

    def __init__(self):
        self._last = self._before = 0

    def begin(self):
        gc.collect()
        self._last = self._before = gc.mem_alloc()

    def line(self, name):
        gc.collect()
        now = gc.mem_alloc()
        print("%-24s%8d%8d" % (name, now - self._last, now - self._before))
        self._last = now


def main():
    gc.threshold(2_000)  # as in main.py
    meter = Meter()
    chip, board = Chip(), Board()
    meter.begin()
    for layer, names in _LAYERS:
        for name in names:
            __import__(name)
        meter.line(layer)
    import main as application  # not at the top: what it takes is measured

    meter.line("main")
    from latchkey.crypto import p256

    variant = p256.variant()
    meter.line("P-256, variant %d" % variant)
    parts = application.build(board, chip)
    meter.line("built, %d links" % len(parts[2]))
    micropython.qstr_info()
    micropython.mem_info()
    print("free", gc.mem_free())


main()
