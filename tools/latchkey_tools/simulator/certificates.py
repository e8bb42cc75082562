"""Certificates for a broker on this computer: made once, kept in a folder, good for decades.

    ca.pem                     the authority; its private key is forgotten once it has signed these three
    broker.pem, broker.key     names localhost and 127.0.0.1, and may be a server only
    car.pem, car.key           what the controller shows; a client only
    tools.pem, tools.key       what the page's cloud key and `latchkey cloud` show; a client only

P-256 and SHA-256 throughout, which is what MicroPython's mbedtls has on every port. Keys are readable by their owner
alone, because Mosquitto, `latchkey cloud` and good sense ask for that. Not protected against: whoever reads the folder
can pretend to be the broker, and that is meant to help nobody: what opens a car is signed by keys that are not here.
"""

import datetime
import ipaddress
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA, BROKER, CAR, TOOLS = "ca", "broker", "car", "tools"
_HOLDERS = {
    BROKER: ExtendedKeyUsageOID.SERVER_AUTH,
    CAR: ExtendedKeyUsageOID.CLIENT_AUTH,
    TOOLS: ExtendedKeyUsageOID.CLIENT_AUTH,
}
# The controller writes an address as a name into TLS's SNI, and stacks differ in which kind of name they compare then.
_NAMES = (x509.DNSName("localhost"), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1")), x509.DNSName("127.0.0.1"))
_BACKDATED = datetime.timedelta(days=2)  # this computer's clock may have been ahead when it made them
_VALID = datetime.timedelta(days=30 * 365)
_CLIENT, _CA_ONLY = (True, False), (False, True)  # digital signature; certificates and revocation lists

_Issuer = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


class Certificates:
    """Those of a folder. Where one file is missing, all are made anew: without the authority none can be added."""

    def __init__(self, folder: Path) -> None:
        """raises: OSError."""
        self._folder = folder
        paths = [self.pem(CA), *(path for name in _HOLDERS for path in (self.pem(name), self.key(name)))]
        if not all(path.exists() for path in paths):
            self._make()

    def pem(self, name: str) -> Path:
        return self._folder / f"{name}.pem"

    def key(self, name: str) -> Path:
        return self._folder / f"{name}.key"

    def _make(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = _certificate("Latchkey simulator, authority", None)
        for name, purpose in _HOLDERS.items():
            certificate, key = _certificate(f"Latchkey simulator, {name}", authority, purpose)
            _write(self.pem(name), pem_of(certificate), 0o644)
            _write(self.key(name), pem_of_key(key), 0o600)
        _write(self.pem(CA), pem_of(authority[0]), 0o644)


def pem_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def pem_of_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Unencrypted, in the form that OpenSSL calls traditional (SEC 1)."""
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def der_of(path: Path) -> bytes:
    """The first certificate of a PEM file as the controller wants it. Raises OSError, ValueError."""
    return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(serialization.Encoding.DER)


def der_of_key(path: Path) -> bytes:
    """The same for a private key that needs no password. Raises OSError, ValueError, TypeError."""
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())


def _certificate(name: str, issuer: _Issuer | None, purpose: x509.ObjectIdentifier | None = None) -> _Issuer:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    by, signs = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(_usage(*(_CLIENT if issuer else _CA_ONLY)), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signs.public_key()), critical=False)
    )
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if purpose == ExtendedKeyUsageOID.SERVER_AUTH:
        builder = builder.add_extension(x509.SubjectAlternativeName(_NAMES), critical=False)
    return builder.sign(signs, hashes.SHA256()), key


def _usage(signature: bool, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, data: bytes, mode: int) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
