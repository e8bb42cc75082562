"""The USB cable of the simulated controller, as a TCP port: what its console tells, and lines for it.

Any serial program reads it as socket://HOST:PORT. Loopback only; as on a board, whoever holds the cable may do much.
The wires of the car go over the same connection to the firmware, and are none of a cable's business.
"""

from collections.abc import Callable

from latchkey_tools.host_line import HostLine
from latchkey_tools.simulator.wire import Lines

_HOST = "127.0.0.1"
_WIRES = ("in", "ready", "cut")  # what the car alone may send
_HARNESS = ("out", "pulse", "stop", "cut", "flash")  # what is not for the cable


class UsbCable:
    """send(line): to the firmware. tell() gets each of its lines."""

    def __init__(self, port: int, send: Callable[[str], bool]) -> None:
        self._send = send
        self._lines = Lines()
        self._line = HostLine("USB console", _HOST, port, self._received)

    @property
    def address(self) -> str:
        return f"{_HOST}:{self._line.port}"

    async def start(self) -> None:
        await self._line.start()

    async def stop(self) -> None:
        await self._line.stop()

    def tell(self, line: str) -> None:
        if line.partition(" ")[0] not in _HARNESS:
            self._line.write(line.encode("ascii", "replace") + b"\n")

    def _received(self, data: bytes) -> None:
        for line in self._lines.feed(data):
            if line.partition(" ")[0] not in _WIRES and line.strip():
                self._send(line)
