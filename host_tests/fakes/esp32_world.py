"""An ESP32 that is not there: MicroPython's `machine`, `esp32` and `flashbdev` under virtual time, and its pins.

    world = esp32_world.fresh(time)             # before anything of latchkey.chip.esp32 is made; its modules are this
    world.inputs[4] = wire                      # value() is the level at pin 4
    world.loads[26] = bolt.outputs["lock"]      # pulse(ms) when the pin goes high by the RMT, stop() when it is cut
    world.pad(26)                               # the level at the pin, now

Strict: a pin that the chip does not have, a method that MicroPython 1.26 does not have, an argument out of range, and
what makes a real chip panic (an RMT that is taken away in the middle of a pulse) raise. Parameters are those of
micropython-esp32-stubs, which host_tests/cpython/test_esp32_stubs.py compares.
"""

import sys

_RMT_HZ = 80_000_000
_LONGEST = 32_767
_EIO = 5
_NO_SUCH_KEY = -0x1102  # ESP_ERR_NVS_NOT_FOUND

now = None  # the World of the present test


class Stopped(Exception):
    """The chip sleeps, or its watchdog has bitten."""


class World:
    """channels: of the RMT for sending. pins: how many. cause: of the reset, as machine.reset_cause() gives it."""

    def __init__(self, time, channels=8, pins=40, cause=1):
        self.time = time
        self.channels = channels
        self.pins = pins
        self.cause = cause
        self.frequency = 160_000_000
        self.inputs = {}  # pin -> object with value(), the level at it
        self.loads = {}  # pin -> object with pulse(ms) and stop()
        self.outputs = {}  # pin -> level that the port drives
        self.owners = {}  # pin -> the RMT that drives it
        self.held = {}  # pin -> True while its level is held, through sleep as well
        self.changes = []  # (elapsed_ms, pin, level) driven by the port
        self.handlers = {}  # pin -> (handler, trigger)
        self.rmts = {}  # channel -> RMT
        self.millivolts = {}  # pin -> function
        self.ports = {}  # number of a UART -> what is at its other end
        self.built = []  # (what, arguments) of buses and ports
        self.nvs = {}
        self.broken_nvs = False
        self.fed_at = None
        self.bite_ms = 0
        self.asleep = False
        self.wakes = None  # (pin, level)
        self.superblock = b"littlefs"
        self.kept = b""  # in the clock's memory
        self.radio = None  # fakes.radio.Radio
        self.station = None  # fakes.esp32_wifi.Station

    def pad(self, number):
        """The level at a pin that is an output, now."""
        owner = self.owners.get(number)
        return self.outputs.get(number, 0) if owner is None else owner.level()

    def edge(self, number, rising):
        """Something moves an input pin."""
        handler, trigger = self.handlers.get(number, (None, 0))
        if handler is not None and trigger & (Pin.IRQ_RISING if rising else Pin.IRQ_FALLING):
            handler(None)

    @property
    def bitten(self):
        """The watchdog has reset the chip."""
        return self.fed_at is not None and self.time.elapsed_ms - self.fed_at >= self.bite_ms

    def _check_pin(self, number):
        if not 0 <= number < self.pins:
            raise ValueError("invalid pin")


class Pin:
    IN = 1
    OUT = 3
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2

    def __init__(self, id, mode=-1, pull=-1, *, value=None, hold=None):
        now._check_pin(id)
        self.number = id
        self.init(mode, pull, value=value, hold=hold)

    def init(self, mode=-1, pull=-1, *, value=None, hold=None):
        if pull not in (-1, Pin.PULL_UP, Pin.PULL_DOWN):
            raise ValueError("no such pull")
        if hold is not None:
            now.held[self.number] = bool(hold)
        if now.held.get(self.number) and value is not None:
            raise AssertionError("pin %d is held" % self.number)
        if value is not None:
            self._drive(value)
        if mode == Pin.OUT:
            self._take_from_rmt()
            now.outputs.setdefault(self.number, 0)
        elif mode not in (-1, Pin.IN):
            raise ValueError("no such mode")

    def value(self, *level):
        if level:
            if self.number not in now.outputs:
                raise AssertionError("pin %d is no output" % self.number)
            self._drive(level[0])
            return None
        return now.inputs[self.number].value() if self.number in now.inputs else now.pad(self.number)

    def irq(self, handler=None, trigger=3):
        now.handlers[self.number] = handler, trigger

    def _drive(self, level):
        if level not in (0, 1):
            raise ValueError("a level is 0 or 1")
        now.outputs[self.number] = level
        now.changes.append((now.time.elapsed_ms, self.number, level))
        if self.number in now.loads and not hasattr(now.loads[self.number], "pulse"):
            now.loads[self.number].value(level)

    def _take_from_rmt(self):
        owner = now.owners.pop(self.number, None)
        if owner is not None and owner.level() and self.number in now.loads:
            now.loads[self.number].stop()


class RMT:
    """As in MicroPython 1.26: nothing stops it. deinit() while it sends is a panic on newer ones."""

    def __init__(self, id, *, pin, clock_div=8, idle_level=False):
        if not 0 <= id < now.channels or id in now.rmts:
            raise ValueError("no such channel, or it is taken: %d" % id)
        if not 1 <= clock_div <= 255:
            raise ValueError("clock_div must be between 1 and 255")
        now.rmts[id] = self
        now.owners[pin.number] = self
        self._id = id
        self._pin = pin.number
        self._clock_div = clock_div
        self._idle = 1 if idle_level else 0
        self._parts = ()  # (steps, level)
        self._began_ms = 0
        self._open = True

    def write_pulses(self, duration, data=True):
        self._check()
        if not self.wait_done():
            raise AssertionError("write_pulses() would wait for the pulse before it")
        if len(duration) != len(data) or not duration:
            raise ValueError("duration and data must have same length")
        for steps in duration:
            if not 1 <= steps <= _LONGEST:
                raise AssertionError("a duration of %d" % steps)
        self._parts = tuple(zip(duration, data))
        self._began_ms = now.time.elapsed_ms
        if now.owners.get(self._pin) is self and self._pin in now.loads and data[0]:
            now.loads[self._pin].pulse(round(self.lasts_ms()))

    def wait_done(self, *, timeout=0):
        self._check()
        if timeout:
            raise AssertionError("wait_done() must not wait")
        return now.time.elapsed_ms - self._began_ms >= self.lasts_ms()

    def deinit(self):
        self._check()
        if not self.wait_done():
            raise AssertionError("taken away while it sends: an ESP32 panics")
        self._open = False
        del now.rmts[self._id]
        if now.owners.get(self._pin) is self:
            del now.owners[self._pin]

    def level(self):
        """At its output, now."""
        passed_ms = now.time.elapsed_ms - self._began_ms
        for steps, high in self._parts:
            passed_ms -= steps * self._clock_div * 1_000 / _RMT_HZ
            if passed_ms < 0:
                return 1 if high else 0
        return self._idle

    def lasts_ms(self):
        return sum([steps for steps, _ in self._parts]) * self._clock_div * 1_000 / _RMT_HZ

    def _check(self):
        if not self._open:
            raise OSError("already deinitialized")


class ADC:
    ATTN_11DB = 3

    def __init__(self, id, *, atten=0):
        if atten != ADC.ATTN_11DB:
            raise AssertionError("12 V behind a divider is more than 1 V")
        self._number = id.number

    def read_uv(self):
        return now.millivolts[self._number]() * 1_000


class UART:
    def __init__(self, id, baudrate=9600, *, tx=None, rx=None, txbuf=None, rxbuf=None):
        if id == 0:
            raise ValueError("UART(0) is disabled (dedicated to REPL)")
        if baudrate != 115_200 or txbuf < 300 or rxbuf < 300:
            raise AssertionError("the reader's line needs 115,200 baud and room for a frame")
        now.built.append(("uart", id, tx, rx))
        self._port = now.ports[id]

    def any(self):
        return self._port.any()

    def readinto(self, buf):
        return self._port.readinto(buf)

    def write(self, buf):
        return self._port.write(buf)


class SPI:
    def __init__(self, id, baudrate=1_000_000, *, polarity=0, phase=0, sck=None, mosi=None, miso=None):
        if polarity or phase or not 100_000 <= baudrate <= 5_000_000:
            raise AssertionError("a PN532 wants mode 0 and 5 MHz at most")
        now.built.append(("spi", id, sck.number, mosi.number, miso.number))


class I2C:
    def __init__(self, id, *, scl, sda, freq=400_000, timeout=50_000):
        if freq > 400_000 or not 2_000 <= timeout <= 10_000:
            raise AssertionError("a PN532 wants 400 kHz at most, and a timeout of 2 to 10 ms")
        now.built.append(("i2c", id, scl.number, sda.number))


class WDT:
    def __init__(self, *, id=0, timeout=5000):
        if id or timeout < 1_000:
            raise ValueError("WDT timeout too short")
        now.bite_ms = timeout
        now.fed_at = now.time.elapsed_ms

    def feed(self):
        if now.bitten:
            raise Stopped("the watchdog has bitten before")
        now.fed_at = now.time.elapsed_ms


class RTC:
    """Its memory outlives every reset but a loss of power."""

    def memory(self, data=None):
        if data is None:
            return now.kept
        if len(data) > 2_048:
            raise ValueError("buffer too long")
        now.kept = bytes(data)
        return None


class NVS:
    def __init__(self, namespace):
        if not 1 <= len(namespace) <= 15:
            raise OSError(-0x1101)
        self._space = now.nvs.setdefault(namespace, {})
        self._uncommitted = {}

    def get_i32(self, key):
        if now.broken_nvs:
            raise OSError(_EIO)
        if key not in self._space:
            raise OSError(_NO_SUCH_KEY, "ESP_ERR_NVS_NOT_FOUND")
        return self._space[key]

    def set_i32(self, key, value):
        if len(key) > 15:
            raise OSError(-0x1107)
        if not -(1 << 31) <= value < 1 << 31:
            raise ValueError("no i32")
        if now.broken_nvs:
            raise OSError(_EIO)
        self._uncommitted[key] = value

    def commit(self):
        self._space.update(self._uncommitted)
        self._uncommitted = {}


class _Partition:
    """Of the file system."""

    def readblocks(self, block, buf, offset=0):
        if block == 0:
            buf[:] = b"\xff" * len(buf)
        else:
            buf[:] = now.superblock[offset - 8 : offset - 8 + len(buf)]


def freq(hz=None):
    if hz is None:
        return now.frequency
    if hz not in (80_000_000, 160_000_000, 240_000_000):
        raise ValueError("frequency must be 80MHz, 160MHz or 240MHz")
    now.frequency = hz
    return None


def reset_cause():
    return now.cause


def deepsleep():
    now.asleep = True
    raise Stopped("asleep")


def wake_on_ext0(pin, level):
    now.wakes = pin.number, level


def gpio_deep_sleep_hold(enable):
    now.held["asleep"] = enable


class _Module:
    def __init__(self, **names):
        for name, value in names.items():
            setattr(self, name, value)


machine = _Module(
    Pin=Pin,
    ADC=ADC,
    UART=UART,
    SPI=SPI,
    I2C=I2C,
    WDT=WDT,
    RTC=RTC,
    WDT_RESET=3,
    freq=freq,
    reset_cause=reset_cause,
    deepsleep=deepsleep,
)
esp32 = _Module(
    RMT=RMT,
    NVS=NVS,
    WAKEUP_ALL_LOW=False,
    WAKEUP_ANY_HIGH=True,
    wake_on_ext0=wake_on_ext0,
    gpio_deep_sleep_hold=gpio_deep_sleep_hold,
)


def install(name, module):
    """From now on it is what firmware imports by that name."""
    sys.modules[name] = module


install("machine", machine)
install("esp32", esp32)
install("flashbdev", _Module(bdev=_Partition()))


def fresh(time, **how):
    """A new World, in which everything built from now on lives."""
    global now
    now = World(time, **how)
    return now
