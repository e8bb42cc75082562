"""A CA with a broker's and a client's certificate, and everything that can be wrong with either. P-256, DER and PEM.

    made = Certificates(folder)
    made.pem("ca"), made.pem("broker"), made.pem("broker.key")     # paths, as Mosquitto and CPython want them
    made.der("ca"), made.der("client"), made.der("client.key")     # paths, as MicroPython wants their content

Of the broker: "broker" is good for 127.0.0.1 and `localhost`, BAD_BROKERS are not, nor are those of CLOCKS, which were
valid ten years ago or will be in ten years. Of a client: "client" is good, "stranger" is of an unknown CA, and
"no client" may only be a server.
"""

import datetime
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BAD_BROKERS = ("wrong name", "unknown ca", "expired", "not yet valid", "self signed", "no server")
CLOCKS = ("ten years past", "ten years ahead")  # the clock jumped, as the certificate sees it

_NOW = datetime.datetime.now(datetime.UTC)
_YEAR = datetime.timedelta(days=365)
_VALID = (_NOW - _YEAR, _NOW + 20 * _YEAR)
_EXPIRED = (_NOW - 2 * _YEAR, _NOW - _YEAR)
_NOT_YET = (_NOW + _YEAR, _NOW + 2 * _YEAR)
_PAST = (_NOW - 11 * _YEAR, _NOW - 10 * _YEAR)
_AHEAD = (_NOW + 10 * _YEAR, _NOW + 11 * _YEAR)
_HERE = (x509.DNSName("localhost"), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1")))
_ELSEWHERE = (x509.DNSName("broker.example"),)

_Issuer = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


class Certificates:
    """Makes them all, in a folder."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        ca = self._make("ca", None)
        unknown = self._make("unknown", None)
        server, client = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
        self._make("broker", ca, server, _HERE)
        self._make("wrong name", ca, server, _ELSEWHERE)
        self._make("unknown ca", unknown, server, _HERE)
        self._make("expired", ca, server, _HERE, _EXPIRED)
        self._make("not yet valid", ca, server, _HERE, _NOT_YET)
        self._make("ten years past", ca, server, _HERE, _PAST)
        self._make("ten years ahead", ca, server, _HERE, _AHEAD)
        self._make("self signed", None, server, _HERE)
        self._make("no server", ca, client, _HERE)
        self._make("client", ca, client, name="latchkeyabc123def")
        self._make("stranger", unknown, client, name="latchkeyabc123def")
        self._make("no client", ca, server, name="latchkeyabc123def")

    def pem(self, name: str) -> str:
        return str(self.folder / (name + ".pem"))

    def der(self, name: str) -> str:
        return str(self.folder / (name + ".der"))

    def bytes(self, name: str) -> bytes:
        """DER."""
        return Path(self.der(name)).read_bytes()

    def _make(
        self,
        file: str,
        issuer: _Issuer | None,
        purpose: x509.ObjectIdentifier | None = None,
        names: Sequence[x509.GeneralName] = (),
        valid: tuple[datetime.datetime, datetime.datetime] = _VALID,
        name: str = "",
    ) -> _Issuer:
        """A certificate and its key; issuer: (certificate, key), None for one that signs itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name or "Latchkey test " + file)])
        by, signs = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(by)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(valid[0])
            .not_valid_after(valid[1])
            .add_extension(x509.BasicConstraints(ca=purpose is None, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signs.public_key()), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if purpose:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        certificate = builder.sign(signs, hashes.SHA256())
        self._write(file, certificate, key)
        return certificate, key

    def _write(self, file: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        kind, plain = serialization.PrivateFormat, serialization.NoEncryption()
        for suffix, encoding in ((".pem", serialization.Encoding.PEM), (".der", serialization.Encoding.DER)):
            Path(self.folder / (file + suffix)).write_bytes(certificate.public_bytes(encoding))
            private = key.private_bytes(encoding, kind.TraditionalOpenSSL, plain)
            Path(self.folder / (file + ".key" + suffix)).write_bytes(private)
