"""The network of the machine that the simulated board runs on."""

import select
import socket
import sys

import tls
from micropython import const

_NAME_SERVERS = "/etc/resolv.conf"
_NAME_SERVER = const(53)

_SO_RCVBUF = const(8)  # of Linux; elsewhere it is another option or none
_WINDOW_LEN = const(5_760)  # CONFIG_LWIP_TCP_WND_DEFAULT of ESP-IDF


class Sockets:
    """The machine's, with an ESP32's room for what has come. With more, a flood would be read for minutes after it."""

    AF_INET = socket.AF_INET
    SOCK_STREAM = socket.SOCK_STREAM
    SOCK_DGRAM = socket.SOCK_DGRAM

    def socket(self, family: int, kind: int) -> "socket.socket":
        sock = socket.socket(family, kind)
        if kind == socket.SOCK_STREAM and sys.platform == "linux":
            sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUF, _WINDOW_LEN)
        return sock


class Network:
    """See latchkey.chip. up: False plays a Wi-Fi that is out of reach; connections that stand are left as they are.

    name_server_port: where a simulated name server listens, because port 53 belongs to root.
    """

    def __init__(self) -> None:
        self.up = True
        self.name_server_port = _NAME_SERVER
        self.socket = Sockets()
        self.select = select
        self.tls = tls

    def is_up(self) -> bool:
        return self.up

    def name_servers(self) -> "tuple[bytes, ...]":
        """As this machine has them set; only those with an IPv4 address."""
        found = []
        try:
            with open(_NAME_SERVERS) as lines:
                for line in lines:
                    words = line.split()
                    if len(words) > 1 and words[0] == "nameserver" and ":" not in words[1]:
                        found.append(bytes([int(part) for part in words[1].split(".")]))
        except (OSError, ValueError):
            pass  # a machine without, or with something else in it
        return tuple(found)

    def sockaddr(self, address: bytes, port: int) -> "tuple | bytes":
        """Of a numeric address getaddrinfo() asks nobody, so it does not wait."""
        if port == _NAME_SERVER:
            port = self.name_server_port
        return socket.getaddrinfo("%d.%d.%d.%d" % tuple(address), port)[0][-1]
