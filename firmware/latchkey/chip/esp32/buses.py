"""SPI and I2C of an ESP32, for boards with such a reader; loaded only there. Rows are those of the board data."""

import machine
from micropython import const

from latchkey.chip.esp32.wires import input_pin

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import I2cBus, Level, SpiBus, Wire

_SPI_HZ = const(1_000_000)
_I2C_HZ = const(400_000)
_I2C_PATIENCE_US = const(10_000)

_open: "dict[int, SpiBus]" = {}  # by number: two readers share one


def spi(row: "tuple[str, int, int, int, int, int, int | None]") -> "tuple[SpiBus, Level, Wire | None]":
    _, bus, sck, mosi, miso, select, irq = row
    if bus not in _open:
        pins = [machine.Pin(number) for number in (sck, mosi, miso)]
        _open[bus] = machine.SPI(bus, _SPI_HZ, sck=pins[0], mosi=pins[1], miso=pins[2])
    select_line = machine.Pin(select, machine.Pin.OUT, value=1)
    return _open[bus], select_line, None if irq is None else input_pin(irq, "up")


def i2c(row: "tuple[str, int, int, int, int | None]") -> "tuple[I2cBus, Wire | None]":
    _, bus, sda, scl, irq = row
    pins = machine.Pin(scl), machine.Pin(sda)
    lines = machine.I2C(bus, scl=pins[0], sda=pins[1], freq=_I2C_HZ, timeout=_I2C_PATIENCE_US)
    return lines, None if irq is None else input_pin(irq, "up")
