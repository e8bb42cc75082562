"""TCP in the forms the simulated board needs: a byte stream that never blocks, and a serial port on top of it."""

import select
import socket
import time

from micropython import const

_NODELAY = const(1)  # TCP_NODELAY; the unix port has no name for it
_TCP = const(6)
_RETRY_MS = const(500)
_BUFFER = const(512)


def connect(address: str) -> "socket.socket":
    """Connect to HOST:PORT. raises: OSError, ValueError for an address that is none."""
    host, port = address.rsplit(":", 1)
    sock = socket.socket()
    try:
        sock.connect(socket.getaddrinfo(host, int(port))[0][-1])
        sock.setsockopt(_TCP, _NODELAY, 1)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


class TcpPort:
    """A serial port whose other end is a TCP server; the same methods as machine.UART. A lost peer is retried.

    raises: OSError from any method while there is no connection.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._sock: "socket.socket | None" = None
        self._poll = select.poll()
        self._tried = time.ticks_add(time.ticks_ms(), -_RETRY_MS)
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._first = self._last = 0

    def any(self) -> int:
        """How many bytes readinto() can give at once."""
        if self._first == self._last:
            self._fill()
        return self._last - self._first

    def readinto(self, buf: memoryview) -> int:
        count = min(self.any(), len(buf))
        buf[:count] = self._view[self._first : self._first + count]
        self._first += count
        return count

    def write(self, data: "bytes | memoryview") -> "int | None":
        try:
            return self._connected().send(data)
        except OSError as error:
            if error.args[0] == 11:  # EAGAIN: the peer does not read
                return None
            self._drop()
            raise

    def _fill(self) -> None:
        sock = self._connected()
        if not self._poll.poll(0):
            return
        try:
            count = sock.readinto(self._buffer)
        except OSError:
            self._drop()
            raise
        if not count:
            self._drop()
            raise OSError(104)  # the peer has closed the connection
        self._first, self._last = 0, count

    def _connected(self) -> "socket.socket":
        if self._sock is None:
            now = time.ticks_ms()
            if time.ticks_diff(now, self._tried) < _RETRY_MS:
                raise OSError(107)
            self._tried = now
            self._sock = connect(self._address)
            self._poll.register(self._sock, select.POLLIN)
        return self._sock

    def _drop(self) -> None:
        if self._sock is not None:
            self._poll.unregister(self._sock)
            self._sock.close()
            self._sock = None
        self._first = self._last = 0
