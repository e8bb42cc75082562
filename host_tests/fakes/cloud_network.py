"""What chip.network() gives, with one broker in memory at its other end: connections, bytes and their end, no more.

Strict: a socket must not block, is not used once it is closed, and each connection is closed. TLS is played: so many
steps until hands are shaken, of which each is counted, and then the same bytes as without.
"""

_REFUSED, _IN_PROGRESS = 111, 115


class _SocketModule:
    AF_INET = 2
    SOCK_STREAM = 1
    SOCK_DGRAM = 2

    def __init__(self, network):
        self._network = network

    def socket(self, family, kind):
        assert family == 2 and kind == 1, "nobody's name is asked for here"
        sock = _Socket(self._network)
        self._network.open += 1
        return sock


class _SelectModule:
    POLLOUT = 4
    POLLERR = 8
    POLLHUP = 16

    def poll(self):
        return _Poll()


class _Poll:
    def __init__(self):
        self._sock = None

    def register(self, sock, events):
        assert events == 4
        self._sock = sock

    def unregister(self, sock):
        self._sock = None

    def poll(self, timeout_ms):
        assert timeout_ms == 0
        return [(self._sock, 4)]


class _Socket:
    """One end of a connection; `peer`, of the broker's kind, has heard(sock, data) and gone(sock)."""

    def __init__(self, network):
        self._network = network
        self._peer = None
        self._incoming = []
        self._closed = self._ended = False
        self._blocks = True

    # What the firmware calls

    def setblocking(self, blocks):
        self._blocks = blocks

    def setsockopt(self, level, option, value):
        assert not self._closed

    def connect(self, address):
        assert not self._closed and not self._blocks
        self._network.connects += 1
        broker = self._network.broker
        if not self._network.up or broker is None or broker.down:
            raise OSError(_REFUSED)
        self._peer = broker
        broker.accepted(self)
        raise OSError(_IN_PROGRESS)

    def write(self, data):
        assert not self._closed
        if self._ended:
            raise OSError(104)
        if self._network.takes_nothing:
            return None
        self._network.written += len(data)
        self._peer.heard(self, bytes(data))
        return len(data)

    def readinto(self, buffer):
        assert not self._closed
        if not self._incoming:
            return 0 if self._ended else None
        data = self._incoming.pop(0)
        count = min(len(buffer), len(data))
        buffer[:count] = data[:count]
        if count < len(data):
            self._incoming.insert(0, data[count:])
        return count

    def close(self):
        if not self._closed:
            self._closed = True
            self._network.open -= 1
            if self._peer is not None and not self._ended:
                self._peer.gone(self)

    # What the broker calls

    def say(self, data):
        if not self._closed:
            self._incoming.append(data)

    def end(self):
        self._ended = True


class _TlsModule:
    PROTOCOL_TLS_CLIENT = 0
    CERT_REQUIRED = 2

    def __init__(self, network):
        self._network = network

    def SSLContext(self, protocol):
        return _Context(self._network)


class _Context:
    verify_mode = 0

    def __init__(self, network):
        self._network = network

    def load_verify_locations(self, der):
        if der == b"wrong":
            raise ValueError("invalid cert")

    def load_cert_chain(self, certificate, key):
        pass

    def wrap_socket(self, sock, *, server_hostname, do_handshake_on_connect):
        assert self.verify_mode == 2 and not do_handshake_on_connect and server_hostname
        return _TlsSocket(self._network, sock)


class _TlsSocket:
    """shakes left until what is written goes through."""

    def __init__(self, network, sock):
        self._network = network
        self._sock = sock
        self._left = network.shakes

    def write(self, data):
        if self._left:
            self._left -= 1
            self._network.stepped()
            return None
        return self._sock.write(data)

    def readinto(self, buffer):
        return self._sock.readinto(buffer)

    def close(self):
        self._sock.close()


class CloudNetwork:
    """broker: see memory_broker.py. up: the network is there. open: sockets. connects, written (bytes): so far.

    takes_nothing: writes find no room. shakes: steps of a TLS handshake; on_step is called at each.
    """

    def __init__(self, broker):
        self.broker = broker
        self.up = True
        self.open = self.connects = self.written = 0
        self.takes_nothing = False
        self.shakes = 3
        self.on_step = None
        self.socket = _SocketModule(self)
        self.select = _SelectModule()
        self.tls = _TlsModule(self)

    def is_up(self):
        return self.up

    def name_servers(self):
        return ()

    def sockaddr(self, address, port):
        return bytes(address), port

    def stepped(self):
        if self.on_step is not None:
            self.on_step()
