"""TLS towards one broker: whom to believe, and who we are. Makes a TLS socket of a connected one.

Facts: MicroPython's docs/library/ssl.rst and extmod/modtls_mbedtls.c. Certificates and keys are DER; PEM is refused
there. `verify_mode` is set each time, because its default is not the same in all versions. A certificate that is not
believed raises ValueError, in the middle of a read or write; all else raises OSError, with mbedTLS's negative numbers.

Who is believed is one private CA, together with the name of the broker, or a pre-shared key instead of both. With a
pre-shared key there is no forward secrecy: who learns it can read what was recorded.

Not protected against: a wrong clock. The dates of certificates are compared with it, and a board without a battery
begins in 2000 or 2021. So those of a private CA should hold from 2000 on, and for decades.
"""

from micropython import const

from latchkey.net.net_error import BAD_SETTINGS, NO_MEMORY, NO_PSK, NetError

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Network, Socket

# What MicroPython has of it, the authenticated ones first.
_PSK_CIPHERS = (
    "TLS-PSK-WITH-AES-128-GCM-SHA256",
    "TLS-PSK-WITH-AES-256-GCM-SHA384",
    "TLS-PSK-WITH-AES-128-CBC-SHA256",
)


class TlsClient:
    """What is set up once for a broker's settings, and used for each connection to it."""

    def __init__(
        self,
        network: "Network",
        server_name: str,
        ca: bytes = b"",
        certificate: bytes = b"",
        key: bytes = b"",
        psk_identity: bytes = b"",
        psk: bytes = b"",
    ) -> None:
        """ca, certificate, key: DER; the latter two both or none. psk: 16 bytes or more; with it, no ca is needed.

        server_name: what the broker's certificate must say, a host name or a dotted address.
        raises: NetError(BAD_SETTINGS, NO_PSK, NO_MEMORY).
        """
        self._server_name = server_name
        if not ca and not psk:
            raise NetError(BAD_SETTINGS)  # nobody could be believed
        try:
            tls = network.tls
            self._context = context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
            context.verify_mode = tls.CERT_REQUIRED
            if psk:
                self._share(psk_identity, psk)
            else:
                context.load_verify_locations(ca)
            if certificate and not psk:
                context.load_cert_chain(certificate, key)
        except (ValueError, OSError, TypeError):
            raise NetError(BAD_SETTINGS)
        except MemoryError:
            raise NetError(NO_MEMORY)

    def _share(self, identity: bytes, psk: bytes) -> None:
        """Only suites of pre-shared keys: a broker must not get away with a certificate instead."""
        try:
            self._context.psk_identity = identity
            self._context.psk_key = psk
            has = self._context.get_ciphers()
            self._context.set_ciphers([name for name in _PSK_CIPHERS if name in has])
        except AttributeError:
            raise NetError(NO_PSK)

    def wrap(self, sock: "Socket") -> "Socket":
        """A TLS socket over a connected one that does not block; it shakes hands as it is written to."""
        return self._context.wrap_socket(sock, server_hostname=self._server_name, do_handshake_on_connect=False)
