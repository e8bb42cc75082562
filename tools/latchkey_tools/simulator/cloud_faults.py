"""The way between car and broker, and everything that can be wrong with it while bytes are on it.

    ok          bytes pass
    down        nobody listens: connections are refused, and those that stood are reset
    half-open   connections stand and new ones are taken, and nothing passes any more
    slow        one byte a second, each way
    garbage     those that stood are reset; whoever connects gets bytes that mean nothing
    reset       those that stood are reset; a new one is, as soon as the car has said its first word

A mode counts at once, for connections that stand as well; after half-open and slow they go on where they were. It sees
TLS records and cannot put messages of its own among them: what floods a car with them comes from the broker (flood.py).

Little is held on the way: what the car does not fetch shall be noticed by whoever sends it, as over a real link, and
not lie in this computer's buffers for an hour after.
"""

import asyncio
import contextlib
import os
import socket
import struct

OK, DOWN, HALF_OPEN, SLOW, GARBAGE, RESET = "ok", "down", "half-open", "slow", "garbage", "reset"
MODES = (OK, DOWN, HALF_OPEN, SLOW, GARBAGE, RESET)
_HARD = (DOWN, GARBAGE, RESET)  # connections that stood are reset

_CHUNK = 4_096
_KERNEL_BUFFER = 16_384
_CONNECT_S = 5.0
_BYTE_S = 1.0
_MOST = 64  # connections at once; a car has one
_GARBAGE_LEN = 600
_RST_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER, no time


class FaultProxy:
    """host, port: of the broker. `mode`: one of MODES. `connections`: how many stand. `broken`: how many were reset."""

    def __init__(self, host: str, port: int) -> None:
        self.mode = OK
        self.port = 0
        self.broken = 0
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._turn = asyncio.Event()  # set, and replaced, with each new mode
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        return len(self._serving)

    async def listen(self, port: int) -> None:
        """On the loopback; 0 takes any port that is free. Raises OSError."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port, limit=_CHUNK)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def switch(self, mode: str) -> None:
        """Into another mode. Raises OSError where the port has been taken by somebody else while nobody listened."""
        self.mode = mode
        turn, self._turn = self._turn, asyncio.Event()
        turn.set()
        if mode == DOWN:
            await self._deaf()  # first: nobody may slip in while the others are ended
        elif self._server is None:
            await self.listen(self.port)
        if mode in _HARD:
            await self._break_all()

    async def close(self) -> None:
        """Nothing is left, neither listener nor connections."""
        await self._deaf()
        await self._break_all()

    async def _deaf(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _break_all(self) -> None:
        serving = list(self._serving)
        self.broken += len(serving)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self.connections >= _MOST or self._server is None:
            _reset(writer)
            return
        self._serving.add(task)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # a new mode: what asyncio starts for a connection nobody else waits for
        except OSError:
            pass
        finally:
            self._serving.discard(task)
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _small(writer)
        if self.mode == GARBAGE:
            writer.write(os.urandom(_GARBAGE_LEN))
            while await reader.read(_CHUNK):
                pass
            return
        if self.mode == RESET:
            await reader.read(1)
            return
        while self.mode == HALF_OPEN:
            await self._turn.wait()
        there = await self._reach()
        if there is None:
            return
        far_reader, far_writer = there
        ways = [asyncio.create_task(way) for way in (self._pump(reader, far_writer), self._pump(far_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            _reset(far_writer)  # first: a new mode may end this task in the next line
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """The broker, None where it is not there."""
        far = socket.socket()
        far.setblocking(False)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _KERNEL_BUFFER)  # counts only before connecting
        try:
            async with asyncio.timeout(_CONNECT_S):
                await asyncio.get_running_loop().sock_connect(far, self._target)
            reader, writer = await asyncio.open_connection(sock=far, limit=_CHUNK)
        except BaseException as error:
            far.close()
            if isinstance(error, OSError | TimeoutError):
                return None
            raise
        _small(writer)
        return reader, writer

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                while data:
                    data = await self._pass_on(data, writer)

    async def _pass_on(self, data: bytes, writer: asyncio.StreamWriter) -> bytes:
        """As much of it as the mode lets pass now; gives the rest. Raises OSError."""
        if self.mode == HALF_OPEN:
            await self._turn.wait()
            return data
        count = 1 if self.mode == SLOW else len(data)
        writer.write(data[:count])
        await writer.drain()
        if self.mode == SLOW:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_BYTE_S):  # Python 3.11's wait_for() may swallow a cancellation
                    await self._turn.wait()
        return data[count:]


def _small(writer: asyncio.StreamWriter) -> None:
    writer.transport.set_write_buffer_limits(high=_CHUNK)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER)


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection without another word."""
    sock = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
    writer.transport.abort()
