"""Certificates and keys as people have them (PEM), made into what MicroPython takes (DER), and checked while a person
is there to hear what is wrong. raises: CannotStart; nothing of a key is ever part of a sentence."""

import datetime
from base64 import b64encode
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from latchkey_tools.phone.problem import CannotStart

_LONGEST = 1_400  # characters of base64 that the controller keeps of one value


def authority(path: str) -> str:
    """A CA certificate, as base64 of DER."""
    certificate = _certificate(path)
    try:
        limits = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        limits = None
    if limits is not None and not limits.ca:
        raise CannotStart(
            f"{path} is no authority but a certificate of somebody: give the one that signed the broker's."
        )
    return _packed(certificate.public_bytes(Encoding.DER), path)


def own(certificate_path: str, key_path: str) -> tuple[str, str]:
    """The controller's certificate and its key, which belong together."""
    certificate = _certificate(certificate_path)
    try:
        key = serialization.load_pem_private_key(_read(key_path), None)
    except TypeError:
        raise CannotStart(f"{key_path} wants a password: store the key without one, `openssl pkey -in … -out …`, say.")
    except ValueError:
        raise CannotStart(f"{key_path} is no private key in PEM form.")
    same = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*same) != certificate.public_key().public_bytes(*same):
        raise CannotStart(f"{key_path} is not the key of {certificate_path}.")
    der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return _packed(certificate.public_bytes(Encoding.DER), certificate_path), _packed(der, key_path)


def _certificate(path: str) -> x509.Certificate:
    try:
        found = x509.load_pem_x509_certificates(_read(path))
    except ValueError:
        raise CannotStart(f"{path} is no certificate in PEM form.")
    if len(found) != 1:
        raise CannotStart(
            f"{path} holds {len(found)} certificates, and the controller takes one: give the authority's."
        )
    now = datetime.datetime.now(datetime.UTC)
    if found[0].not_valid_after_utc < now:
        raise CannotStart(f"{path} has expired on {found[0].not_valid_after_utc:%Y-%m-%d}.")
    return found[0]


def _packed(der: bytes, path: str) -> str:
    text = b64encode(der).decode()
    if len(text) > _LONGEST:
        raise CannotStart(
            f"{path} is too long for the controller ({len(der)} bytes): use elliptic curve keys (P-256) instead of RSA."
        )
    return text


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CannotStart(f"{path} cannot be read ({error.strerror}).")
