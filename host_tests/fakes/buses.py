"""machine.SPI and machine.I2C of a board, strictly, with the model of a reader behind them at the level of its bus.

What is clocked takes its time: whole milliseconds of it pass in virtual time as soon as they have come together, so a
driver that holds up the others is seen to do so.
"""

from latchkey.drivers.pn532_i2c import I2c
from latchkey.drivers.pn532_spi import Spi
from pn532_model.bus import Packets
from pn532_model.i2c import Pn532I2c
from pn532_model.spi import Pn532Spi

from fakes.uart import ScriptedUart

_NACK = b"\x00\x00\xff\xff\x00\x00"
_ENODEV = 19
_ETIMEDOUT = 116  # on an ESP32


class _Line:
    """Microseconds on a bus, and the chips that have to be told the time."""

    def __init__(self, time, chips):
        self._time = time
        self.chips = chips
        self.spent_us = 0  # since the beginning
        self._owed_us = 0
        self.transfers = 0  # reads and writes

    def begin(self):
        self.transfers += 1
        for chip in self.chips:
            chip.tick(self._time.elapsed_ms)

    def spend(self, us):
        self.spent_us += us
        self._owed_us += us
        if self._owed_us >= 1_000:
            self._time.advance(self._owed_us // 1_000)
            self._owed_us %= 1_000


def _nothing():
    pass


class SpiPort:
    """A bus with one or two chips. lsb: the port has the bits in the chip's own order."""

    def __init__(self, time, chips, lsb=False, hz=1_000_000):
        self.line = _Line(time, chips)
        self.selects = [SelectPin(self, chip) for chip in chips]
        self.on_read = _nothing  # called when a frame, or a part of one, has been read
        self._lsb = lsb
        self._byte_us = 8_000_000 // hz

    def write(self, data):
        self._transfer(bytes(data))

    def readinto(self, buffer, write=0):
        buffer[:] = self._transfer(bytes([write]) * len(buffer))
        self.on_read()

    def write_readinto(self, data, buffer):
        if len(data) != len(buffer):
            raise ValueError("buffers must be the same length")
        buffer[:] = self._transfer(bytes(data))

    def _transfer(self, data):
        selected = [pin.chip for pin in self.selects if not pin.level]
        if len(selected) != 1:
            raise AssertionError("%d chips are selected" % len(selected))
        self.line.begin()
        out = bytes([self._ordered(selected[0].clock(self._ordered(byte))) for byte in data])
        self.line.spend(len(data) * self._byte_us)
        return out

    def _ordered(self, byte):
        """Into the order of the line, bit 7 first, and back."""
        if not self._lsb:
            return byte
        return sum([(byte >> bit & 1) << (7 - bit) for bit in range(8)])


class SelectPin:
    """A chip's select line."""

    def __init__(self, port, chip):
        self.chip = chip
        self.level = 1
        self._port = port

    def value(self, level):
        self._port.line.begin()
        self.level = level
        self.chip.select(level)


class I2cPort:
    """A bus with one chip. timeout_us: for how long the port bears a clock that is held low."""

    def __init__(self, time, chip, timeout_us=2_000, hz=400_000):
        self.line = _Line(time, [chip])
        self.chip = chip
        self.on_read = _nothing
        self._timeout_us = timeout_us
        self._byte_us = 9_000_000 // hz

    def writeto(self, address, data):
        self._start(address << 1)
        taken = 0
        for byte in bytes(data):
            self.line.spend(self._byte_us)
            if not self.chip.write(byte):
                break
            taken += 1
        self.chip.stop()
        return taken

    def readfrom_into(self, address, buffer):
        if not len(buffer):
            raise AssertionError("a read of nothing")
        self._start(address << 1 | 1)
        for at in range(len(buffer)):
            self.line.spend(self._byte_us)
            buffer[at] = self.chip.read()
        self.chip.stop()
        if len(buffer) > 1:
            self.on_read()

    def _start(self, address):
        self.line.begin()
        if self.chip.is_hung():
            self.line.spend(self._timeout_us)
            raise OSError(_ETIMEDOUT)
        acknowledged = self.chip.start(address)
        self.line.spend(self._byte_us + min(self.chip.stretch_us, self._timeout_us))
        if self.chip.stretch_us > self._timeout_us:
            self.chip.stop()
            raise OSError(_ETIMEDOUT)
        if not acknowledged:
            self.chip.stop()
            raise OSError(_ENODEV)


class IrqPin:
    """The chip's interrupt line. broken: it has come off, and a pull-up holds it high."""

    def __init__(self, time, chip):
        self._time = time
        self._chip = chip
        self.broken = False

    def value(self):
        self._chip.tick(self._time.elapsed_ms)
        return 1 if self.broken else self._chip.irq()


class Wired:
    """A reader as a board has it. kind: one of KINDS. `model` does what the chip does, `bus` is what it hangs on.

    `arguments` are what the transport is given, and what a board's chip hands out. chip: in place of the model.
    """

    def __init__(self, time, kind, chip=None):
        if kind not in KINDS:
            raise AssertionError("no such bus: " + kind)
        self.kind = kind
        self.irq = None
        self.bus = Pn532Spi(chip) if kind.startswith("spi") else Pn532I2c(kind == "i2c keeps", chip)
        self.model = self.bus.chip
        if kind.endswith("irq"):
            self.irq = IrqPin(time, self.bus)
        if kind.startswith("spi"):
            self.port = SpiPort(time, [self.bus], kind == "spi lsb")
            self.arguments = (self.port, self.port.selects[0], self.irq)
        else:
            self.port = I2cPort(time, self.bus)
            self.arguments = (self.port, self.irq)

    def transport(self):
        return (Spi if self.kind.startswith("spi") else I2c)(*self.arguments)


class ScriptedChip(ScriptedUart):
    """The script of a serial line, for a chip on a bus: frame by frame, and without what wakes a chip on a line."""

    def __init__(self, time):
        super().__init__(time)
        self.packets = Packets()
        self.feed = self.write

    def expect(self, command, *answers):
        if not command.startswith(b"\x55"):
            super().expect(command, *answers)

    def say(self, data, after_ms=0):
        while data:
            end = data.find(b"\x00\x00\xff", 1)
            frame, data = (data, b"") if end < 0 else (data[:end], data[end:])
            self.packets.send(frame, self._time.elapsed_ms + after_ms, 0)

    def write(self, data):
        if data != _NACK or self.packets.due_ms() is None:  # it is here, to be read once more
            super().write(data)

    def tick(self, now_ms):
        pass

    def take(self):
        return self.packets.take(self._time.elapsed_ms)

    def stands_still(self):
        return False

    def is_asleep(self):
        return False


KINDS = ("spi", "spi lsb", "spi irq", "i2c", "i2c keeps", "i2c irq")

__all__ = ["KINDS", "I2cPort", "IrqPin", "SpiPort", "Wired"]
