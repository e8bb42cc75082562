"""The chip when there is none: MicroPython's unix port, with the vehicle's wires and the radio reached over TCP.

The other end is `latchkey simulator`. Where it listens stands in the board data, which takes it from the environment.
Losing the simulator ends the firmware, as losing power would.
"""

import os
import sys
import time

from micropython import const

from latchkey.chip.unix.flash import Flash
from latchkey.chip.unix.harness import Harness
from latchkey.chip.unix.marks import Marks
from latchkey.chip.unix.tcp import TcpPort

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable
    from typing import Protocol

    from latchkey.chip import Network, Radio, Settings
    from latchkey.chip.unix.harness import Level, Pulse, Wire

    class Board(Protocol):
        HARNESS: str
        READER: str
        FLASH: str
        AIR: str


_MOUNT_POINT = "/flash"
_READY_MS = 10_000


class Chip:
    """See latchkey.chip."""

    def __init__(self, harness: str, reader: str, folder: str, air: str = "") -> None:
        """harness, reader, air: HOST:PORT; air empty: no radio. folder: of the flash's image and the marks."""
        self._reader = reader
        self._air = air
        self._poll_radio: "Callable[[], None] | None" = None
        self.reset_cause = "power"
        self.console = self._harness = Harness(harness)
        self.marks = Marks(folder + "/marks")
        self._flash = Flash(folder + "/flash.bin", self._harness)

    def mount(self) -> str:
        return self._flash.mount(_MOUNT_POINT)

    def wires(self) -> "dict[str, Wire]":
        """Wait until the simulator has said which wires there are."""
        began = time.ticks_ms()
        while not self._harness.ready:
            if time.ticks_diff(time.ticks_ms(), began) > _READY_MS:
                raise OSError("the simulator has not said `ready` within 10 s")
            time.sleep_ms(5)
            self._harness.poll()
        return self._harness.wires

    def level(self, name: str) -> "Level":
        return self._harness.level(name)

    def pulse(self, name: str) -> "Pulse":
        return self._harness.pulse(name)

    def port(self, name: str) -> TcpPort:
        return TcpPort(self._reader)

    def radio(self) -> "Radio | None":
        if not self._air:
            return None
        from latchkey.chip.unix import bluetooth  # loaded only where there is a radio

        bluetooth.attach(self._air)
        self._poll_radio = bluetooth.poll
        return bluetooth

    def network(self, settings: "Settings") -> "Network":
        from latchkey.chip.unix.network import Network  # loaded only where a broker is set

        return Network()

    def poll(self) -> None:
        self._harness.poll()
        if self._poll_radio is not None:
            self._poll_radio()
        self._flash.report()

    def rest(self) -> None:
        """A PC has nothing to tidy up."""

    def random(self, count: int) -> bytes:
        return os.urandom(count)

    def alive(self, well: bool) -> None:
        """There is no watchdog: whoever starts this process sees it end."""

    def release(self) -> None:
        """There is no watchdog."""

    def sleep(self, last: "Callable[[], None] | None" = None) -> None:
        raise OSError("a simulated board does not sleep")


def open(board: "Board") -> Chip:
    """Connect to the simulator named in the board data; ends with a clear sentence where there is none."""
    try:
        return Chip(board.HARNESS, board.READER, board.FLASH, board.AIR)
    except OSError as error:
        print("No simulator at %s (%s). Start one with `make run`." % (board.HARNESS, error))
        sys.exit(1)
