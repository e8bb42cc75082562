"""What chip.network() gives, without a network: the peers are a few numbers, and any call can be made to fail.

Strict: a socket must not block, and is not used once it is closed. As under MicroPython a TLS socket closes the one
below it, but not when it has failed, and closing twice does no harm.
"""

_EINPROGRESS, _EAGAIN = 115, 11


class _SocketModule:
    AF_INET = 2
    SOCK_STREAM = 1
    SOCK_DGRAM = 2

    def __init__(self, network):
        self._network = network

    def socket(self, family, kind):
        self._network.called("socket")
        sock = Socket(self._network, kind)
        self._network.sockets.append(sock)
        return sock


class _SelectModule:
    POLLOUT = 4
    POLLERR = 8
    POLLHUP = 16

    def __init__(self, network):
        self._network = network

    def poll(self):
        self._network.called("poll")
        return _Poll(self._network)


class _Poll:
    def __init__(self, network):
        self._network = network
        self._sock = None

    def register(self, sock, events):
        self._network.called("register")
        assert self._sock is None and events == 4
        self._sock = sock

    def unregister(self, sock):
        self._network.called("unregister")
        assert self._sock is sock
        self._sock = None

    def poll(self, timeout_ms):
        self._network.called("poll(0)")
        assert timeout_ms == 0
        network = self._network
        network.polls += 1
        if network.polls < network.connects_after:
            return []
        return [(self._sock, network.connect_flags)]


class _TlsModule:
    PROTOCOL_TLS_CLIENT = 0
    CERT_REQUIRED = 2

    def __init__(self, network):
        self._network = network

    def SSLContext(self, protocol):
        assert protocol == self.PROTOCOL_TLS_CLIENT
        self._network.called("SSLContext")
        return _Context(self._network)


class _Context:
    def __init__(self, network):
        self._network = network
        self.verify_mode = 0
        self.loaded = []
        if network.has_psk:
            self.psk_identity = self.psk_key = None
        network.context = self

    def load_verify_locations(self, der):
        self._network.called("load_verify_locations")
        self.loaded.append(der)

    def load_cert_chain(self, certificate, key):
        self._network.called("load_cert_chain")
        self.loaded.append((certificate, key))

    def get_ciphers(self):
        if not self._network.has_psk:
            raise AttributeError
        return ["TLS-PSK-WITH-AES-128-GCM-SHA256", "TLS-RSA-WITH-AES-128-GCM-SHA256"]

    def set_ciphers(self, names):
        self.loaded.append(names)

    def wrap_socket(self, sock, *, server_hostname, do_handshake_on_connect):
        self._network.called("wrap_socket")
        assert self.verify_mode == 2 and not do_handshake_on_connect and server_hostname
        return _TlsSocket(self._network, sock)


class Socket:
    """closes: how often it was closed. sent: bytes written to it."""

    def __init__(self, network, kind):
        self._network = network
        self.kind = kind
        self.closes = 0
        self.sent = b""
        self.address = None
        self.bound = None
        self._blocks = True

    def setblocking(self, blocks):
        self._use("setblocking")
        self._blocks = blocks

    def setsockopt(self, level, option, value):
        self._use("setsockopt")

    def bind(self, address):
        self._use("bind")
        self.bound = address

    def connect(self, address):
        self._use("connect")
        assert not self._blocks
        self.address = address
        if self.kind == 1 and self._network.connects_after:
            raise OSError(_EINPROGRESS)

    def write(self, data):
        self._use("write")
        assert not self._blocks
        self.sent += bytes(data)
        if self.kind == 2:
            self._network.asked(self, bytes(data))
        return len(data)

    def readinto(self, buffer):
        self._use("readinto")
        assert not self._blocks
        if self._network.error is not None:
            raise self._network.error
        data = self._network.next_datagram(self) if self.kind == 2 else self._network.incoming
        if data is None:
            return None
        buffer[: len(data)] = data
        return len(data)

    def close(self):
        self._network.called("close")
        self.closes += 1

    def _use(self, name):
        assert not self.closes, name
        self._network.called(name)


class _TlsSocket:
    def __init__(self, network, sock):
        self._network = network
        self._sock = sock
        self._failed = False

    def write(self, data):
        assert not self._sock.closes
        self._failed = True
        self._network.called("tls write")
        self._failed = False
        self._network.shakes -= 1
        if self._network.shakes >= 0:
            return None
        if self._network.tls_error is not None:
            self._failed = True
            raise self._network.tls_error
        self._sock.sent += bytes(data)
        return len(data)

    def readinto(self, buffer):
        return self._sock.readinto(buffer)

    def close(self):
        if not self._failed:
            self._sock.close()


class Network:
    """connects_after: polls until a connection stands; 0: at once. connect_flags, error: what it then is.

    shakes: writes until hands are shaken, tls_error: what comes of it. incoming: what each read gives, None for
    nothing. answer: a function of (query, server) for (delay in ms, datagram) pairs.
    fail(n, error) makes the n-th call from now raise. calls: names of the calls.
    """

    def __init__(self, clock=None):
        self.clock = clock
        self.sockets = []
        self.calls = []
        self.connects_after = 2
        self.connect_flags = 4
        self.error = None
        self.polls = 0
        self.shakes = 3
        self.tls_error = None
        self.incoming = None
        self.has_psk = True
        self.context = None
        self.answer = None
        self._datagrams = []
        self._fails_at = -1
        self._failure = None
        self.socket = _SocketModule(self)
        self.select = _SelectModule(self)
        self.tls = _TlsModule(self)

    def is_up(self):
        return True

    def name_servers(self):
        return ()

    def sockaddr(self, address, port):
        self.called("sockaddr")
        return bytes(address), port

    def fail(self, number, error):
        self._fails_at = number
        self._failure = error

    def called(self, name):
        self.calls.append(name)
        if name != "close":
            self._fails_at -= 1
            if self._fails_at == 0:
                raise self._failure

    def asked(self, sock, query):
        due = self.clock.elapsed_ms
        for delay_ms, datagram in self.answer(query, sock.address[0]):
            self._datagrams.append((due + delay_ms, sock, datagram))

    def next_datagram(self, sock):
        for entry in self._datagrams:
            if entry[1] is sock and entry[0] <= self.clock.elapsed_ms:
                self._datagrams.remove(entry)
                return entry[2]
        return None

    def all_closed(self):
        return all([sock.closes for sock in self.sockets])
