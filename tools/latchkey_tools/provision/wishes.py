"""What was asked for, as the settings that the controller keeps; read and checked here. raises: CannotStart."""

import argparse
import getpass
import re
import sys
from pathlib import Path

from latchkey_tools.phone.problem import CannotStart
from latchkey_tools.provision import certificates

_NAME = re.compile(r"[A-HJ-NPR-Z0-9]{17}")  # ISO 3779
SECRETS = ("password", "wifi_password", "certificate", "key", "ca", "psk")


def name(chosen: argparse.Namespace) -> str:
    """The vehicle's name, empty where none is asked for."""
    if chosen.name is None:
        return ""
    text = str(chosen.name).upper()
    if not _NAME.fullmatch(text):
        raise CannotStart(f"{chosen.name!r} is no vehicle's name: it has 17 letters and digits, without I, O and Q.")
    return text


def settings(chosen: argparse.Namespace) -> dict[str, str]:
    """Name of a setting -> value, "" for none."""
    found: dict[str, str] = {}
    if chosen.wifi is not None:
        found["wifi"] = _short(chosen.wifi, "--wifi", 32)
        secret = _secret(chosen.wifi_password_file, f"Password of the Wi-Fi {chosen.wifi}: ") if chosen.wifi else ""
        if secret and not 8 <= len(secret.encode()) <= 63:
            raise CannotStart("A Wi-Fi password has 8 to 63 characters; give an empty one for an open network.")
        found["wifi_password"] = secret
    if chosen.broker is not None:
        found["broker"] = _broker(chosen.broker)
    if chosen.ca is not None:
        found["ca"] = certificates.authority(chosen.ca) if chosen.ca else ""
    if (chosen.cert is None) != (chosen.key is None):
        raise CannotStart("A certificate and its key go together: give `--cert` and `--key`.")
    if chosen.cert is not None:
        found["certificate"], found["key"] = certificates.own(chosen.cert, chosen.key) if chosen.cert else ("", "")
    if chosen.user is not None:
        found["user"] = _short(chosen.user, "--user", 200)
        found["password"] = _secret(chosen.password_file, f"Password of {chosen.user}: ") if chosen.user else ""
    if chosen.dns is not None:
        if chosen.dns and not re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", chosen.dns):
            raise CannotStart("--dns wants an address, 192.0.2.1, say.")
        found["dns"] = chosen.dns
    if chosen.reconnect_percent is not None:
        text = chosen.reconnect_percent
        if not (text.isdecimal() and 1 <= int(text) <= 100):
            raise CannotStart("--reconnect-percent is 1 to 100.")
        found["reconnect_percent"] = text
    return found


def _broker(url: str) -> str:
    if not url:
        return ""
    if not re.fullmatch(r"mqtts?://[A-Za-z0-9.-]+(:\d{1,5})?", url):
        raise CannotStart(f"{url!r} is no broker: write mqtts://HOST:8883, say; a name and password go elsewhere.")
    return url


def _short(text: str, option: str, most: int) -> str:
    if len(text.encode()) > most or any(ord(character) < 32 for character in text):
        raise CannotStart(f"{option} has {most} characters at most, none of them special.")
    return text


def _secret(file: str | None, question: str) -> str:
    """From a file, or asked for where somebody sits at a terminal."""
    if file:
        try:
            return Path(file).read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise CannotStart(f"{file} cannot be read ({getattr(error, 'strerror', None) or 'no text'}).")
    if not sys.stdin.isatty():
        raise CannotStart("Nobody is here to be asked for a password: give it in a file.")
    return getpass.getpass(question)
