"""The firmware's own chip/esp32 on the world of fakes.esp32_world: board data, a cable, and what it needs of `os`.

time, world = Time(), ...
chip = opened(world, Board(), terminal, random)
"""

from fakes import esp32_world
from fakes.esp32_wifi import Station
from fakes.virtual_time import VirtualTime

Station(VirtualTime())  # puts `network` and `tls` where the firmware finds them

from latchkey.chip import esp32 as chip_esp32  # noqa: E402
from latchkey.chip.esp32 import buses, network, pulses, wires  # noqa: E402


class Board:
    """As boards/esp32_devkitc/board.py; what a test wants otherwise it says by name."""

    NAME = "bench"
    FREQUENCY_HZ = 240_000_000
    READERS = (("reader", 3, "reader_reset"),)
    PORTS = (("reader", 2, 32, 4),)
    SPIS = (("door", 1, 18, 23, 19, 5, 15), ("cabin", 1, 18, 23, 19, 2, None))
    I2CS = (("desk", 0, 21, 22, 34),)
    RESETS = (("reader_reset", 18),)
    PULSES = (("lock", 26), ("unlock", 27), ("trunk", 25))
    PACE_MS = 100
    PULSE_MS = 500
    OPENERS = ((5, "trunk", 300),)
    RELOCK = False
    LEVELS = (
        ("drive_enable", 33, 1),
        ("light_red", 21, 1),
        ("light_green", 22, 1),
        ("light_blue", 23, 0),
        ("buzzer", 19, 1),
    )
    DRIVE_OUTPUT = "drive_enable"
    INPUTS = (
        ("bolt_locked", 36, "", 0),
        ("bolt_unlocked", 39, "", 0),
        ("door", 14, "up", 0),
        ("ignition", 34, "", 0),
        ("crash", 16, "up", 1),
        ("button", 13, "up", 0),
    )
    SPEED = (17, "up", 0, 2_548)
    SUPPLY = (35, 100_000, 10_000)
    RADIO = True
    WIFI = True
    WAKE = "button"

    def __init__(self, **other):
        for name, value in other.items():
            setattr(self, name, value)


class Terminal:
    """Both ends of the cable. type() puts bytes in; said: what has come out, and how long each piece was."""

    def __init__(self):
        self.said = b""
        self.pieces = []
        self._typed = b""
        self.stdin = self.stdout = self.buffer = self

    def type(self, text):
        self._typed += text if isinstance(text, bytes) else text.encode()

    def readinto(self, buf):
        if not self._typed:
            raise AssertionError("the cable would wait")
        buf[: len(buf)] = self._typed[: len(buf)]
        self._typed = self._typed[len(buf) :]
        return len(buf)

    def write(self, data):
        self.said += bytes(data)
        self.pieces.append(len(data))
        return len(data)

    def lines(self):
        """Whole lines since the last call."""
        whole, _, self.said = self.said.rpartition(b"\n")
        return whole.decode().split("\n") if whole else []

    # select

    POLLIN = 1

    def poll(self):
        return self

    def register(self, stream, events):
        if stream is not self or events != Terminal.POLLIN:
            raise AssertionError("only the cable is watched")

    def ipoll(self, timeout_ms):
        if timeout_ms:
            raise AssertionError("the cable must not be waited for")
        return iter([(self, Terminal.POLLIN)] if self._typed else [])


class _Os:
    def __init__(self, random):
        self.urandom = random
        self.made = []

    def mkdir(self, path):
        if path in self.made:
            raise OSError(17)
        self.made.append(path)


class _Bluetooth:
    """Whatever radio the present world has."""

    FLAG_READ = 0x02
    FLAG_WRITE_NO_RESPONSE = 0x04
    FLAG_WRITE = 0x08
    FLAG_NOTIFY = 0x10
    FLAG_INDICATE = 0x20

    def BLE(self):
        return esp32_world.now.radio.BLE()

    def UUID(self, value):
        return esp32_world.now.radio.UUID(value)


esp32_world.install("bluetooth", _Bluetooth())


def opened(world, board, terminal, random):
    """The chip, as main() opens it."""
    for module in (pulses, wires, network):
        module.time = world.time
    chip_esp32.select = chip_esp32.sys = terminal
    chip_esp32.os = _Os(random)
    buses._open.clear()  # of another world
    network.network = world.station
    return chip_esp32.open(board)
