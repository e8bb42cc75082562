"""What goes wrong between this computer and a broker, found out from what the libraries raise and log."""

import socket
import ssl

NO_NAME = "no such name"
NO_BROKER = "no broker"
NO_ANSWER = "no answer from the broker"
BAD_CERTIFICATE = "bad certificate"
OWN_CERTIFICATE = "certificate refused"
NO_TLS = "no TLS"
NOT_LET_IN = "not let in"
NOT_SERVED = "not served"
NOT_ALLOWED = "not allowed"
LOST = "connection lost"

# Return codes of CONNACK (MQTT 3.1.1, 3.2.2.3)
_LET_IN_CODES = (4, 5)

# What a server's TLS alert is called in OpenSSL's words when it is the client's certificate that it does not want.
_ALERTS: tuple[str, ...] = (
    "CERTIFICATE_REQUIRED",
    "ALERT_UNKNOWN_CA",
    "BAD_CERTIFICATE",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_UNKNOWN",
)
_ALERTS += ("CERTIFICATE_REVOKED", "UNSUPPORTED_CERTIFICATE", "ALERT_HANDSHAKE_FAILURE", "ALERT_ACCESS_DENIED")


class LineError(Exception):
    """kind: one of the above. detail: in the words of a library; nothing secret."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind} ({detail})" if detail else kind)
        self.kind = kind
        self.detail = detail


def of_connecting(error: Exception) -> LineError:
    """What an exception of connecting means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return LineError(BAD_CERTIFICATE, error.verify_message)
    if isinstance(error, ssl.SSLError):
        return of_log(str(error)) or LineError(NO_TLS, error.reason or "")
    if isinstance(error, socket.gaierror):
        return LineError(NO_NAME, error.strerror or "")
    if isinstance(error, TimeoutError):
        return LineError(NO_ANSWER)
    if isinstance(error, OSError):
        return LineError(NO_BROKER, error.strerror or "")
    return LineError(NO_BROKER, type(error).__name__)


def of_log(text: str) -> LineError | None:
    """What a line that paho logs says of the end of a connection, where it is the broker's word on a certificate."""
    return LineError(OWN_CERTIFICATE) if any(alert in text for alert in _ALERTS) else None


def of_refusal(code: int, name: str) -> LineError:
    """What a broker's CONNACK says."""
    return LineError(NOT_LET_IN if code in _LET_IN_CODES else NOT_SERVED, name)
