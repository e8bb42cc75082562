"""ESP32, ESP32-S3 and ESP32-C3 on stock MicroPython, 1.26.1 or later. Which pin does what stands in the board data.

Each part is loaded where the board has it. What is newer than 1.26.1 is looked for and never taken for granted.

What was read in the sources of MicroPython and ESP-IDF and nowhere tried: no line of this package has run on a chip.
Not protected against: whoever opens the box (stock images have neither flash encryption nor secure boot), a Ctrl-C on
the cable, which is meant to stop the firmware.
"""

import gc
import os
import select
import sys

import machine
from micropython import const

from latchkey.chip.esp32.cable import Cable
from latchkey.chip.esp32.marks import Marks
from latchkey.chip.esp32.pulses import Pulse
from latchkey.chip.esp32.wires import Output, SpeedLevel, SpeedPulses, Supply, Wire

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable
    from typing import Protocol

    from latchkey.chip import I2cBus, Level, Radio, Settings, SpiBus
    from latchkey.chip import Wire as AnyWire
    from latchkey.chip.esp32.network import Network

    class Board(Protocol):
        """boards/README.md"""

        FREQUENCY_HZ: int
        PORTS: "tuple[tuple[str, int, int, int], ...]"
        SPIS: "tuple[tuple[str, int, int, int, int, int, int | None], ...]"
        I2CS: "tuple[tuple[str, int, int, int, int | None], ...]"
        RESETS: "tuple[tuple[str, int], ...]"
        PULSES: "tuple[tuple[str, int], ...]"
        PULSE_MS: int
        OPENERS: "tuple[tuple[int, str, int], ...]"
        LEVELS: "tuple[tuple[str, int, int], ...]"
        INPUTS: "tuple[tuple[str, int, str, int], ...]"
        SPEED: "tuple[int, str, int, int] | None"
        SUPPLY: "tuple[int, int, int] | None"
        RADIO: bool
        WIFI: bool
        WAKE: "str | None"


_DATA = "/data"  # of the owner: an update replaces everything else
_MAGIC = b"littlefs"  # 8 bytes from the start of its superblock, which is block 0 or 1 (littlefs, SPEC.md)
_COLLECT_EVERY = const(20)  # rests
_BAUD = const(115_200)
_BUFFER_LEN = const(512)

# The watchdog bites this long after the last alive(). Longer than the longest step that cannot be divided, which is one
# of a TLS handshake: 1.3 s were measured on an ESP32 for all of them together (micropython-esp32 issue 131).
_BITE_MS = const(5_000)
_BUILD_MS = const(60_000)  # before the first one: the list of keys is read, a file system is mended
_RELEASED_MS = const(3_600_000)
_VAIN_BITES = const(3)
_MENDED_RESTS = const(600)  # about ten minutes
_MAGIC_OF_BITES = b"lk"

_CAUSES = ("", "power", "reset", "watchdog", "deep sleep", "soft reset")  # by machine.reset_cause(); a brown-out: power


class Chip:
    """See latchkey.chip."""

    def __init__(self, board: "Board") -> None:
        self._board = board
        self._watchdog = machine.WDT(timeout=_BUILD_MS)
        self._lives = False
        self._network: "Network | None" = None
        self._radio_was_on = False
        self._rests = 0
        self._well_rests = 0  # one after the other
        self.marks = Marks()
        waiting = select.poll()
        waiting.register(sys.stdin, select.POLLIN)
        self.console = Cable(sys.stdin.buffer, sys.stdout.buffer, waiting)
        cause = machine.reset_cause()
        self.reset_cause = _CAUSES[cause] if 0 <= cause < len(_CAUSES) else ""
        self._bites = _count_bites(cause == machine.WDT_RESET)  # of the watchdog, one after the other
        try:
            machine.freq(board.FREQUENCY_HZ)
        except ValueError:
            pass  # not one of this chip's; it is as fast as it was

    def mount(self) -> str:
        """MicroPython's _boot.py has mounted the file system; it may be FAT, which a loss of power tears."""
        from flashbdev import bdev

        head = bytearray(len(_MAGIC))
        for block in (0, 1):
            bdev.readblocks(block, head, 8)
            if head == _MAGIC:
                break
        else:
            raise OSError("it is not LittleFS2: erase the flash and put MicroPython on anew")
        try:
            os.mkdir(_DATA)
        except OSError:
            pass  # it is there, or nothing can be written, which will show
        return _DATA

    def wires(self) -> "dict[str, AnyWire]":
        board = self._board
        found: "dict[str, AnyWire]" = {name: Wire(number, pull, on) for name, number, pull, on in board.INPUTS}
        if board.SPEED is not None:
            number, pull, active, pulses_per_km = board.SPEED
            if pulses_per_km:
                found["speed"] = SpeedPulses(number, pull, active, pulses_per_km)
            else:
                found["speed"] = SpeedLevel(number, pull, active)
        if board.SUPPLY is not None:
            found["supply"] = Supply(*board.SUPPLY)
        return found

    def level(self, name: str) -> "Level | None":
        for known, number in self._board.RESETS:
            if known == name:
                # Where storage mode has held it, it is let go. No stub knows of that.
                return machine.Pin(number, machine.Pin.OUT, value=1, hold=False)  # type: ignore[call-arg]
        for known, number, active in self._board.LEVELS:
            if known == name:
                return Output(number, active)
        return None

    def pulse(self, name: str) -> Pulse:
        """Outputs have channels of the RMT in the order in which the board lists them."""
        names = [known for known, _ in self._board.PULSES]
        channel = names.index(name)
        ms = self._board.PULSE_MS
        for _, output, opener_ms in self._board.OPENERS:
            if output == name:
                ms = opener_ms
        return Pulse(channel, self._board.PULSES[channel][1], ms)

    def port(self, name: str) -> "machine.UART":
        for known, uart, tx, rx in self._board.PORTS:
            if known == name:
                return machine.UART(uart, _BAUD, tx=tx, rx=rx, txbuf=_BUFFER_LEN, rxbuf=_BUFFER_LEN)
        raise ValueError("the board has no port " + name)

    def spi(self, name: str) -> "tuple[SpiBus, Level, AnyWire | None]":
        for row in self._board.SPIS:
            if row[0] == name:
                from latchkey.chip.esp32 import buses

                return buses.spi(row)
        raise ValueError("the board has no reader spi:" + name)

    def i2c(self, name: str) -> "tuple[I2cBus, AnyWire | None]":
        for row in self._board.I2CS:
            if row[0] == name:
                from latchkey.chip.esp32 import buses

                return buses.i2c(row)
        raise ValueError("the board has no reader i2c:" + name)

    def radio(self) -> "Radio | None":
        if not self._board.RADIO:
            return None
        import bluetooth

        return bluetooth  # type: ignore[return-value]  # the stubs have it otherwise than it is

    def network(self, settings: "Settings") -> "Network | None":
        if not self._board.WIFI:
            return None
        from latchkey.chip.esp32.network import Network

        self._network = Network(settings)
        return self._network

    def poll(self) -> None:
        self.console.poll()

    def rest(self) -> None:
        self._rests += 1
        self._well_rests += 1
        if self._well_rests >= _MENDED_RESTS and self._bites:
            self._bites = 0
            _note_bites(0)
        if self._rests % _COLLECT_EVERY == 0:
            gc.collect()  # now, and not when a card's answer needs the last free bytes
        if self._network is not None:
            self._network.climb()

    def random(self, count: int) -> bytes:
        if not self._radio_was_on:
            self._radio_was_on = True
            self._warm_up()
        return os.urandom(count)

    def alive(self, well: bool) -> None:
        if not self._lives:
            self._lives = True
            self._watchdog = machine.WDT(timeout=_BITE_MS)
        if not well:
            self._well_rests = 0
        if well or self._bites >= _VAIN_BITES:
            self._watchdog.feed()

    def release(self) -> None:
        """Whoever has pressed Ctrl-C wants to put files on. A watchdog cannot be stopped, but it can be given time."""
        machine.WDT(timeout=_RELEASED_MS).feed()

    def sleep(self, last: "Callable[[], None] | None" = None) -> None:
        """Sleep until the board's wake input is active, then boot. The radio is off meanwhile, and readers are reset.

        last: called when nothing can refuse any more. raises: OSError, with the reason, before that.
        """
        from latchkey.chip.esp32.storage import sleep

        sleep(self._board, last)

    def _warm_up(self) -> None:
        """The chip's random numbers are true ones while a radio is on (ESP-IDF, Random Number Generation)."""
        try:
            if self._board.RADIO:
                import bluetooth

                bluetooth.BLE().active(True)
            else:
                import network

                network.WLAN(network.STA_IF).active(True)
        except (OSError, MemoryError):
            pass  # the stored seed, and later draws, make up for it


def _count_bites(bitten: bool) -> int:
    """How often in a row, kept in the clock's memory: that outlives a bite, and not a loss of power."""
    kept = machine.RTC().memory()
    before = kept[2] if len(kept) == 3 and kept[:2] == _MAGIC_OF_BITES else 0
    count = min(before + 1, 255) if bitten else 0
    if count != before:
        _note_bites(count)
    return count


def _note_bites(count: int) -> None:
    machine.RTC().memory(_MAGIC_OF_BITES + bytes((count,)))


def open(board: "Board") -> Chip:
    return Chip(board)
