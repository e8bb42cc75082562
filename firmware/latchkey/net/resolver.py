"""The IPv4 address of the broker, asked for by our own query over UDP: MicroPython's getaddrinfo() stops everything.

Facts: RFC 1035 section 4.2.1 (UDP, port 53); RFC 5452 section 9.2 (identifier and port as hard to guess as can be). The
message itself is in protocol/dns.py. The socket is connected to the server that is asked, so nothing else is heard.

When nobody answers, the address that was last found for the same name is taken: few brokers move that often.
Names that end in `.local` are no different from others here: give such a broker by its address.

Not protected against: a forged answer, see protocol/dns.py.
"""

import asyncio

from micropython import const

from latchkey.net.net_error import NO_MEMORY, NO_NAME, NO_RESOLVER, NetError
from latchkey.protocol import dns
from latchkey.protocol.dns import DnsError

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable

    from latchkey.chip import Clock, Network, Socket

_PORT = const(53)
_ROUNDS = const(2)
_WAIT_MS = const(2_000)  # for one server to answer
_TURN_MS = const(10)
_DATAGRAMS = const(8)  # looked at in one turn
_FIRST_PORT = const(0xC000)  # ports from here on are nobody's


class Resolver:
    """cached: the address that was found last, of cached_host."""

    def __init__(self, network: "Network", clock: "Clock", fill: "Callable[[bytearray], object]") -> None:
        """fill: fills a buffer with random bytes."""
        self.cached: "bytes | None" = None
        self.cached_host = ""
        self._network = network
        self._clock = clock
        self._fill = fill
        self._random = bytearray(4)

    async def resolve(self, host: str, servers: "tuple[bytes, ...]") -> bytes:
        """The address of a host, 4 bytes. A dotted address is one already. At most 2 s for each server, twice.

        servers: addresses of name servers, 4 bytes each, asked in turn.
        raises: NetError(NO_NAME, NO_RESOLVER, NO_MEMORY); CancelledError.
        """
        address = dotted(host)
        if address is not None:
            return address
        code = NO_RESOLVER
        for _ in range(_ROUNDS):
            for server in servers:
                try:
                    address = await self._ask(host, server)
                except DnsError:
                    code = NO_NAME
                except OSError:
                    pass  # no way to that one, or nobody there
                except MemoryError:
                    raise NetError(NO_MEMORY)
                if address is not None:
                    self.cached = address
                    self.cached_host = host
                    return address
        if self.cached is not None and self.cached_host == host:
            return self.cached
        raise NetError(code)

    async def _ask(self, host: str, server: bytes) -> "bytes | None":
        """One query to one server. None when nothing comes in time. raises: DnsError, OSError, MemoryError."""
        buffer = bytearray(dns.LONGEST)
        self._fill(self._random)
        id16 = self._random[0] << 8 | self._random[1]
        length = dns.query(buffer, host, id16)
        network = self._network
        sock = network.socket.socket(network.socket.AF_INET, network.socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            self._bind(sock)
            sock.connect(network.sockaddr(server, _PORT))
            view = memoryview(buffer)
            sock.write(view[:length])
            began = self._clock.ticks_ms()
            while self._clock.ticks_diff(self._clock.ticks_ms(), began) < _WAIT_MS:
                for _ in range(_DATAGRAMS):
                    count = sock.readinto(view)
                    if count is None:
                        break
                    address = dns.answer(view[:count], id16, host)
                    if address is not None:
                        return address
                await asyncio.sleep_ms(_TURN_MS)
            return None
        finally:
            sock.close()

    def _bind(self, sock: "Socket") -> None:
        """A port of our own choosing; where it is taken, the system's choice does."""
        port = _FIRST_PORT | (self._random[2] << 8 | self._random[3]) & 0x3FFF
        try:
            sock.bind(self._network.sockaddr(b"\x00\x00\x00\x00", port))
        except OSError:
            pass


def dotted(host: str) -> "bytes | None":
    """An address that is written as four numbers with dots; None for anything else."""
    parts = host.split(".")
    if len(parts) != 4:
        return None
    numbers = []
    for part in parts:
        if not 1 <= len(part) <= 3 or not part.isdigit() or int(part) > 255:
            return None
        numbers.append(int(part))
    return bytes(numbers)
