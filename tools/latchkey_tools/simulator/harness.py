"""The harness over TCP: the simulator listens, the firmware connects, one at a time.

A newer connection replaces an older one: after a power cut the old socket may take a moment to be seen as closed, and
the firmware that runs now is the one that counts. Loopback only; whoever can connect here can move the simulated car.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from latchkey_tools.simulator.wire import Lines, Message, WireError, parse

_BACKLOG_LIMIT = 65_536  # bytes the firmware has not read: it hangs, and should not make this process grow


class Harness:
    """`greet()` gives the lines for a firmware that has just connected; `hear(message)` gets each of its lines;
    `complain(text)` gets what was wrong; `left()` is called when it has gone."""

    def __init__(
        self,
        greet: Callable[[], Iterable[str]],
        hear: Callable[[Message], None],
        complain: Callable[[str], None],
        left: Callable[[], None],
    ) -> None:
        self._greet = greet
        self._hear = hear
        self._complain = complain
        self._left = left
        self.also: Callable[[str], None] = lambda line: None  # gets each line as it came
        self._writer: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None

    @property
    def connected(self) -> bool:
        return self._writer is not None

    async def listen(self, host: str, port: int) -> int:
        """Gives the port, which matters where `port` is 0. Raises OSError when it is taken."""
        self._server = await asyncio.start_server(self._serve, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    def send(self, line: str) -> bool:
        """False when nobody is there to hear it."""
        writer = self._writer
        if writer is None or writer.is_closing():
            return False
        if writer.transport.get_write_buffer_size() > _BACKLOG_LIMIT:
            self._complain("The firmware does not read its inputs any more; its connection is dropped.")
            self._writer = None
            writer.transport.abort()
            self._left()
            return False
        writer.write(line.encode("ascii") + b"\n")
        return True

    def drop(self) -> None:
        """Ends the present connection, as a power cut does."""
        if self._writer is not None:
            self._writer.transport.abort()

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.drop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer is not None:
            self.drop()
            self._left()
        self._writer = writer
        for line in self._greet():
            self.send(line)
        try:
            await self._listen_to(reader, writer)
        except (ConnectionError, TimeoutError):
            pass
        finally:
            if self._writer is writer:
                self._writer = None
                self._left()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _listen_to(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = Lines()
        while data := await reader.read(65_536):
            for line in lines.feed(data):
                if self._writer is writer:
                    self._take(line)
            if lines.dropped:
                lines.dropped = 0
                self._complain("The firmware sent an overlong line; it was dropped.")

    def _take(self, line: str) -> None:
        self.also(line)
        try:
            self._hear(parse(line))
        except WireError as error:
            self._complain(str(error))
