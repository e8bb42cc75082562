"""What the firmware needs of the chip it runs on. One package for each chip, each with a function `open(board)`.

`open(board)` returns an object with

    mount() -> str               mount the data file system (LittleFS2) and return its path; OSError when that fails.
                                 A file system that does not mount is reported and never made anew by itself.
    marks                        durable small integers outside the file system: get(name) -> int | None,
                                 set(name, value). A cut may leave the old value, never a torn one.
    wires() -> dict              name -> object with value() -> int, for every input that the board has
    level(name) -> object        output with value(0 or 1), None where the board has none
    pulse(name) -> object        output with pulse(ms), which returns at once and ends without the CPU, and stop()
    port(name) -> object         serial port with any(), readinto(buf), write(buf), as machine.UART
    console                      what a USB cable carries: readline() -> str | None, which never waits, and write(str)
    poll()                       called every few ms; does what the chip needs done often
    random(n) -> bytes           n bytes of the hardware generator
    alive()                      feed the watchdog

Time is MicroPython's own `time`, or any other Clock. Nothing of this touches a network; radios come with the links that
need them.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:  # read by mypy, never run
    from typing import Protocol

    class Clock(Protocol):
        """MicroPython's `time`: ticks in ms that wrap (ESP32: after 12 days), so functions add and compare them."""

        def ticks_ms(self) -> int: ...
        def ticks_add(self, __ticks: int, __delta: int) -> int: ...
        def ticks_diff(self, __end: int, __start: int) -> int: ...
