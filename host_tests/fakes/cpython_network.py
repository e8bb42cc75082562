"""What chip.network() gives under MicroPython, made of CPython's modules: the same calls, the same kinds of errors.

Sockets give None where they would block. TLS shakes hands within write() and readinto(); a certificate that is not
believed is a ValueError, everything else an OSError with one of mbedTLS's negative numbers. Certificates and keys are
DER. There is no pre-shared key before CPython 3.13, and so none here.
"""

import os
import select
import socket as cpython_socket
import ssl
import tempfile

_FATAL_ALERT = -0x7780
_BAD_RECORD = -0x7200
_ENDED = -0x7280


class Socket:
    """A socket with MicroPython's names."""

    def __init__(self, family, kind):
        self.inner = cpython_socket.socket(family, kind)
        self.setblocking = self.inner.setblocking
        self.setsockopt = self.inner.setsockopt
        self.bind = self.inner.bind
        self.connect = self.inner.connect
        self.close = self.inner.close
        self.fileno = self.inner.fileno

    def readinto(self, buffer):
        try:
            return self.inner.recv_into(buffer)
        except BlockingIOError:
            return None

    def write(self, data):
        try:
            return self.inner.send(data)
        except BlockingIOError:
            return None


class TlsSocket:
    """One that was wrapped. Like MicroPython's it closes the socket below, once."""

    def __init__(self, context, sock, name):
        self._inner = context.wrap_socket(sock.inner, server_hostname=name, do_handshake_on_connect=False)
        self.close = self._inner.close

    def readinto(self, buffer):
        return self._try(self._inner.recv_into, buffer)

    def write(self, data):
        # SSLSocket.send() must be called again with the same bytes, and is; CPython permits another object with them.
        return self._try(self._inner.send, data)

    def _try(self, call, buffer):
        try:
            return call(buffer)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except ssl.SSLCertVerificationError as error:
            raise ValueError(error.verify_message) from None
        except ssl.SSLEOFError:
            raise OSError(_ENDED) from None
        except ssl.SSLError as error:
            raise OSError(_FATAL_ALERT if "ALERT" in (error.reason or "") else _BAD_RECORD) from None


class _Context:
    def __init__(self, protocol):
        self._inner = ssl.SSLContext(protocol)
        self._inner.maximum_version = ssl.TLSVersion.TLSv1_2  # as mbedTLS has it there

    @property
    def verify_mode(self):
        return self._inner.verify_mode

    @verify_mode.setter
    def verify_mode(self, mode):
        self._inner.verify_mode = mode

    @property
    def psk_identity(self):
        raise AttributeError

    @psk_identity.setter
    def psk_identity(self, identity):
        raise AttributeError

    def load_verify_locations(self, der):
        self._inner.load_verify_locations(cadata=bytes(der))

    def load_cert_chain(self, certificate, key):
        """CPython takes files alone."""
        text = ssl.DER_cert_to_PEM_cert(certificate)
        text += ssl.DER_cert_to_PEM_cert(key).replace("CERTIFICATE", "EC PRIVATE KEY")
        with tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False) as file:
            file.write(text)
        try:
            self._inner.load_cert_chain(file.name)
        finally:
            os.unlink(file.name)

    def wrap_socket(self, sock, *, server_hostname, do_handshake_on_connect):
        assert not do_handshake_on_connect
        return TlsSocket(self._inner, sock, server_hostname)


class _Tls:
    PROTOCOL_TLS_CLIENT = ssl.PROTOCOL_TLS_CLIENT
    CERT_REQUIRED = ssl.CERT_REQUIRED
    SSLContext = _Context


class _SocketModule:
    AF_INET = cpython_socket.AF_INET
    SOCK_STREAM = cpython_socket.SOCK_STREAM
    SOCK_DGRAM = cpython_socket.SOCK_DGRAM
    socket = Socket


class _Poll:
    """poll() answers with the objects that were registered, as MicroPython's does."""

    def __init__(self):
        self._inner = select.poll()
        self._socks = {}

    def register(self, sock, events):
        self._socks[sock.fileno()] = sock
        self._inner.register(sock.fileno(), events)

    def unregister(self, sock):
        self._inner.unregister(sock.fileno())
        del self._socks[sock.fileno()]

    def poll(self, timeout_ms):
        return [(self._socks[number], events) for number, events in self._inner.poll(timeout_ms)]


class _SelectModule:
    POLLOUT = select.POLLOUT
    POLLERR = select.POLLERR
    POLLHUP = select.POLLHUP
    poll = _Poll


class Network:
    """See latchkey.chip."""

    def __init__(self):
        self.up = True
        self.servers = ()
        self.name_server_port = 53
        self.socket = _SocketModule
        self.select = _SelectModule
        self.tls = _Tls

    def is_up(self):
        return self.up

    def name_servers(self):
        return self.servers

    def sockaddr(self, address, port):
        return ".".join(str(number) for number in address), self.name_server_port if port == 53 else port
