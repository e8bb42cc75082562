"""The cloud link's settings: what the owner has written, checked and made into what a connection is opened with."""

from binascii import a2b_base64, unhexlify

from micropython import const

from latchkey.net.mqtt_settings import MqttSettings
from latchkey.net.resolver import dotted
from latchkey.net.tls_client import TlsClient
from latchkey.storage.settings import SettingsError

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Network
    from latchkey.storage.settings import Settings

ALL_TOPIC = b"latchkey/all/set"

_TLS = "mqtts://"
_PLAIN = "mqtt://"
_TLS_PORT = const(8883)
_PLAIN_PORT = const(1883)

_KEEP_ALIVE_S = const(240)  # pings of 31 bytes every 3 minutes: under 1 KB an hour
_OFFLINE = b"0"


class WrongSetting(Exception):
    """str() says which, and what it should be."""


class CloudSettings:
    """name_servers: asked in turn, those of the network where there are none. wait_percent: of the waits of a fleet."""

    def __init__(self, host: str, port: int, tls: "TlsClient | None", name_servers: "tuple[bytes, ...]") -> None:
        self.host = host
        self.port = port
        self.tls = tls
        self.name_servers = name_servers
        self.wait_percent = 100
        self.user = b""
        self.password = b""

    def mqtt(self, vin: bytes) -> MqttSettings:
        """How the vehicle of this VIN opens its session. Its name there is the VIN in small letters."""
        topics = ((topic(vin, b"command"), 1), (topic(vin, b"set"), 0), (ALL_TOPIC, 0))
        will = topic(vin, b"online")
        return MqttSettings(vin.lower(), _KEEP_ALIVE_S, topics, will, _OFFLINE, self.user, self.password)


def topic(vin: bytes, name: bytes) -> bytes:
    return b"latchkey/" + vin + b"/" + name


def read(settings: "Settings", network: "Network") -> "CloudSettings | None":
    """None where no broker is set. raises: WrongSetting, NetError of TlsClient."""
    try:
        values = settings.read()
    except SettingsError as error:
        raise WrongSetting(str(error))
    broker = values.get("broker", "")
    if not broker:
        return None
    host, port, secured = _address(broker)
    tls = None
    if secured:
        tls = TlsClient(
            network,
            host,
            _base64(values, "ca"),
            _base64(values, "certificate"),
            _base64(values, "key"),
            values.get("psk_identity", "").encode(),
            _psk(values.get("psk", "")),
        )
    chosen = CloudSettings(host, port, tls, _name_servers(values.get("dns", "")))
    chosen.user = values.get("user", "").encode()
    chosen.password = values.get("password", "").encode()
    percent = values.get("reconnect_percent", "100")
    if not percent.isdigit() or not 1 <= int(percent) <= 100:
        raise WrongSetting("reconnect_percent must be 1 to 100")
    chosen.wait_percent = int(percent)
    return chosen


def _address(broker: str) -> "tuple[str, int, bool]":
    """(host, port, with TLS)"""
    secured = broker.startswith(_TLS)
    if not secured and not broker.startswith(_PLAIN):
        raise WrongSetting("broker must be mqtts://HOST:PORT")
    host, _, port = broker[len(_TLS if secured else _PLAIN) :].partition(":")
    if not host or (port and not (port.isdigit() and 0 < int(port) < 65_536)):
        raise WrongSetting("broker must be mqtts://HOST:PORT")
    return host, int(port) if port else (_TLS_PORT if secured else _PLAIN_PORT), secured


def _base64(values: "dict[str, str]", name: str) -> bytes:
    try:
        return a2b_base64(values.get(name, ""))
    except ValueError:
        raise WrongSetting(name + " must be DER in base64")


def _psk(text: str) -> bytes:
    try:
        psk = unhexlify(text)
    except ValueError:
        raise WrongSetting("psk must be hexadecimal")
    if text and len(psk) < 16:
        raise WrongSetting("psk must be 16 bytes or more")
    return psk


def _name_servers(text: str) -> "tuple[bytes, ...]":
    if not text:
        return ()
    address = dotted(text)
    if address is None:
        raise WrongSetting("dns must be an address, like 192.0.2.1")
    return (address,)
