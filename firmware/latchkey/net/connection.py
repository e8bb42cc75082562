"""A TCP connection to an address, with TLS or without, that never waits and never stays open by mistake.

    stream = await connect(network, address, 8883, tls, clock)
    stream.write(hello)      # 0 while hands are being shaken; each call does what has become possible
    stream.read_into(view)

Facts: MicroPython's extmod/modtls_mbedtls.c. A handshake goes on within reads and writes of a TLS socket that does not
block: as far as what has come from the broker allows, and back. One such step takes as long as the cryptography in it,
10 ms on a PC and a second on an ESP32 at the worst, and cannot be divided from here. So before each `may_step` is
asked: while a card or a phone is there, none is done. cipher() is never called: on a closed socket it ends the
interpreter.

What has failed is closed here, whatever the failure is, also when the task that waits is cancelled: a socket that is
left to the garbage collector may be found too late or never. Closing one twice does no harm.

Not protected against: a broker that takes a connection and says nothing. Every wait on it is bounded, here and in
mqtt_session.py.
"""

import asyncio

from micropython import const

from latchkey.net.net_error import (
    BAD_CERTIFICATE,
    BAD_SETTINGS,
    CLOSED,
    NO_MEMORY,
    NOT_TLS,
    REFUSED,
    TIMEOUT,
    TLS_REFUSED,
    UNREACHABLE,
    NetError,
)

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable

    from latchkey.chip import Clock, Network, Socket
    from latchkey.net.tls_client import TlsClient

_LIMIT_MS = const(5_000)  # of a TCP connection; three tries of its first packet
_TURN_MS = const(10)

_TCP = const(6)
_NODELAY = const(1)  # without it two small packets in a row wait for 40 ms
_IN_PROGRESS = (115, 119, 36)  # EINPROGRESS on Linux, newlib (ESP32), macOS
_ECONNREFUSED = (111, 61)
_ECONNRESET = (104, 54)
_ENOMEM = const(12)

# mbedTLS 3.6, include/mbedtls/ssl.h and x509.h
_FATAL_ALERT = const(-0x7780)
_ENDED = const(-0x7280)
_NO_ROOM = (-0x7F00, -0x2880)
_NOT_FOR_THIS = const(-0x7A00)  # a certificate that is not for servers
_X509_FIRST = const(-0x2080)  # a certificate that cannot be read, and its like; a lower error may be added
_X509_LAST = const(-0x2FFF)

# RFC 5246 sections 6.2.1 and 7.2: type, version, length, then level and description
_ALERT = const(21)
_ALERT_LEN = const(7)
_FATAL = const(2)


async def connect(
    network: "Network",
    address: bytes,
    port: int,
    tls: "TlsClient | None",
    clock: "Clock",
    limit_ms: int = _LIMIT_MS,
    may_step: "Callable[[], bool] | None" = None,
) -> "Stream":
    """Connect to an IPv4 address of 4 bytes; the stream still has to shake hands where there is TLS.

    limit_ms: of the TCP connection. may_step: asked before each step of the handshake, which is for write() to make.
    raises: NetError(REFUSED, UNREACHABLE, TIMEOUT, CLOSED, NO_MEMORY, BAD_SETTINGS), CancelledError; then the socket
    is closed.
    """
    began = clock.ticks_ms()
    sock: "Socket | None" = None
    try:
        sock = network.socket.socket(network.socket.AF_INET, network.socket.SOCK_STREAM)
        sock.setblocking(False)
        poll = network.select.poll()
        poll.register(sock, network.select.POLLOUT)
        _begin(network, sock, address, port)
        while not _is_connected(network, poll.poll(0)):
            if clock.ticks_diff(clock.ticks_ms(), began) >= limit_ms:
                raise NetError(TIMEOUT)
            await asyncio.sleep_ms(_TURN_MS)
        poll.unregister(sock)
        _hasten(sock)
        return Stream(sock, tls, may_step)
    except BaseException as error:
        if sock is not None:
            sock.close()
        if isinstance(error, OSError):
            raise NetError(_connect_code(error))
        if isinstance(error, MemoryError):
            raise NetError(NO_MEMORY)
        raise


def _begin(network: "Network", sock: "Socket", address: bytes, port: int) -> None:
    try:
        sock.connect(network.sockaddr(address, port))
    except OSError as error:
        if error.args[0] not in _IN_PROGRESS:
            raise


def _is_connected(network: "Network", ready: "list[tuple]") -> bool:
    """What poll() says of a socket that connects. raises: OSError when it will not be."""
    for item in ready:
        if item[1] & (network.select.POLLERR | network.select.POLLHUP):
            item[0].readinto(bytearray(1))  # raises what was wrong
            raise NetError(UNREACHABLE)
        if item[1] & network.select.POLLOUT:
            return True
    return False


def _hasten(sock: "Socket") -> None:
    try:
        sock.setsockopt(_TCP, _NODELAY, 1)
    except OSError:
        pass  # it is slower without, no more


def _connect_code(error: OSError) -> int:
    number = error.args[0]
    if number in _ECONNREFUSED:
        return REFUSED
    if number in _ECONNRESET:
        return CLOSED
    if number == _ENOMEM or number in _NO_ROOM:
        return NO_MEMORY
    return BAD_SETTINGS if number < 0 else UNREACHABLE  # mbedTLS does not take the name, say


class Stream:
    """Bytes to and from the broker, in order. Neither call waits; whichever raises has closed the connection."""

    def __init__(
        self, sock: "Socket", tls: "TlsClient | None" = None, may_step: "Callable[[], bool] | None" = None
    ) -> None:
        """sock: connected, belongs to the stream from now on. raises what wrap() of tls raises: then it does not."""
        self.shaking = tls is not None  # hands are still being shaken
        self._may_step = may_step
        self._raw = sock
        self._sock: "Socket | None" = sock if tls is None else tls.wrap(sock)

    def read_into(self, view: memoryview) -> int:
        """How many bytes have been put there, 0 for none at present. raises: NetError."""
        if self.shaking:
            return 0
        try:
            count = self._socket().readinto(view)
        except (OSError, ValueError, MemoryError) as error:
            raise self._lost(error)
        if count == 0:
            self.close()
            raise NetError(CLOSED)
        return count or 0

    def write(self, data: memoryview) -> int:
        """How many bytes were taken, 0 for none at present. While hands are being shaken the same must come again.

        raises: NetError(BAD_CERTIFICATE, TLS_REFUSED, NOT_TLS) while they are, NetError(CLOSED, NO_MEMORY) always.
        """
        sock = self._socket()
        if self.shaking and self._may_step is not None and not self._may_step():
            return 0
        try:
            count = sock.write(data) or 0
        except (OSError, ValueError, MemoryError) as error:
            raise self._lost(error)
        if count:
            self.shaking = False
        return count

    def close(self) -> None:
        """Once or more often."""
        sock = self._sock
        self._sock = None
        if sock is not None:
            sock.close()
            self._raw.close()  # a TLS socket that has failed does not close the one below it

    def _socket(self) -> "Socket":
        if self._sock is None:
            raise NetError(CLOSED)
        return self._sock

    def _lost(self, error: Exception) -> NetError:
        code = self._code(error)
        self.close()
        return NetError(code)

    def _code(self, error: Exception) -> int:
        number = error.args[0] if error.args else 0
        if isinstance(error, MemoryError) or number == _ENOMEM or number in _NO_ROOM:
            return NO_MEMORY
        if isinstance(error, ValueError) or number == _NOT_FOR_THIS or _X509_LAST <= number <= _X509_FIRST:
            return BAD_CERTIFICATE
        if not self.shaking:
            return CLOSED
        if number == _FATAL_ALERT or self._is_alert_left():
            return TLS_REFUSED
        return CLOSED if number == _ENDED or number > 0 else NOT_TLS

    def _is_alert_left(self) -> bool:
        """A broker that refuses our certificate may be gone while we were still writing, its reason unread."""
        left = bytearray(_ALERT_LEN)
        try:
            return self._raw.readinto(left) == _ALERT_LEN and left[0] == _ALERT and left[5] == _FATAL
        except OSError:
            return False
