"""Where a broker is and how this computer meets it: over TLS with a certificate authority, certificate or password.

raises: CannotStart for what makes no sense or cannot be read; it names the file. No secret is held longer than needed,
and none is ever part of a sentence.
"""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from latchkey_tools.cloud import failure
from latchkey_tools.cloud.failure import LineError
from latchkey_tools.phone.problem import CannotStart, Problem

_PORTS = {"mqtts": 8883, "mqtt": 1883}
PATHS = ("ca", "certificate", "key", "password_file")
NAMES = ("broker", "user", *PATHS)


@dataclass(frozen=True)
class Broker:
    """url: mqtts://HOST:PORT, or mqtt:// in a network of one's own. Paths are absolute, empty for none."""

    host: str
    port: int
    tls: bool
    ca: str = ""
    certificate: str = ""
    key: str = ""
    user: str = ""
    password_file: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def context(self) -> ssl.SSLContext | None:
        """What TLS asks for; None without TLS. The host's name is always compared."""
        if not self.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
        except (OSError, ssl.SSLError) as error:
            raise CannotStart(f"{self.ca} cannot be read as a certificate authority ({_reason(error)}).")
        if self.certificate:
            _private(self.key or self.certificate)
            try:
                context.load_cert_chain(self.certificate, self.key or None, _no_password)
            except (OSError, ssl.SSLError) as error:
                raise CannotStart(f"{self.certificate} and its key cannot be read ({_reason(error)}).")
        return context

    def password(self) -> str | None:
        if not self.password_file:
            return None
        _private(self.password_file)
        try:
            return Path(self.password_file).read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise CannotStart(f"{self.password_file} cannot be read ({_reason(error)}).")


def broker(table: Mapping[str, Any], folder: Path, called: str = "broker") -> Broker:
    """A broker from a table with NAMES; paths are relative to the folder. called: where the table stands."""
    for name, value in table.items():
        if name not in NAMES:
            raise CannotStart(f"{called}: there is no setting {name!r}; there are {', '.join(NAMES)}.")
        if not isinstance(value, str):
            raise CannotStart(f"{called}: {name} must be a text in quotes.")
    url = table.get("broker", "")
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        port = 0
    if not port or parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise CannotStart(f"{called}: {url!r} is no broker: write mqtts://HOST:8883, say.")
    if parts.username or parts.password:
        raise CannotStart(f"{called}: name and password do not belong into the address: use user and password_file.")
    paths = {name: str(folder / table[name]) for name in PATHS if table.get(name)}
    if parts.scheme == "mqtt" and set(paths) & {"ca", "certificate", "key"}:
        raise CannotStart(f"{called}: certificates want mqtts://, the address says mqtt://.")
    if paths.get("key") and not paths.get("certificate"):
        raise CannotStart(f"{called}: a key without its certificate: name both.")
    return Broker(parts.hostname, port, parts.scheme == "mqtts", user=table.get("user", ""), **paths)


_SENTENCES = {
    failure.NO_NAME: "No computer is called {host}: check the broker's address, and the network of this computer.",
    failure.NO_BROKER: "No broker is at {broker} ({detail}): check the address, and that the broker runs.",
    failure.NO_ANSWER: "{broker} does not answer: the broker hangs, or a firewall stands in between.",
    failure.BAD_CERTIFICATE: "The certificate of {broker} is not to be trusted ({detail}): see that `ca` is the "
    "authority that signed it and that the address is the name in it.",
    failure.OWN_CERTIFICATE: "{broker} wants a certificate, and none or another one was shown: check `certificate` and "
    "`key`.",
    failure.NO_TLS: "{broker} does not speak TLS as it should ({detail}): check the port; 8883 is usual, 1883 is the "
    "one without TLS.",
    failure.NOT_LET_IN: "{broker} does not let this client in ({detail}): check user, password and certificate.",
    failure.NOT_SERVED: "{broker} refuses the connection ({detail}): try again later.",
    failure.NOT_ALLOWED: "{broker} does not allow this client to listen to the car: its access list must let it read "
    "latchkey/VIN/reply, state and online, and write latchkey/VIN/command.",
    failure.LOST: "The connection to {broker} broke off ({detail}): try again; if it wants a certificate, name one.",
}


def problem(error: LineError, broker: Broker) -> Problem:
    """The sentence for a person who cannot get to a broker."""
    sentence = _SENTENCES[error.kind].format(broker=broker, host=broker.host, detail=error.detail or "no reason given")
    return Problem(error.kind, sentence)


def _private(path: str) -> None:
    """A secret that others may read is none."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise CannotStart(f"{path} cannot be read ({_reason(error)}).")
    if os.name == "posix" and mode & 0o077:
        raise CannotStart(f"Others may read {path}: say `chmod 600 {path}`, and replace it if someone has.")


def _reason(error: Exception) -> str:
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__


def _no_password() -> str:
    """OpenSSL would ask at the terminal."""
    raise CannotStart("A key that wants a password cannot be used: store it without one, readable by you alone.")
