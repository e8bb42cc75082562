"""Opens the broker that BROKER= asks for, and says how the controller and the tools meet it.

On this computer's own broker the controller comes in by a way that can be broken (cloud_faults), the tools come in
directly: when the cloud is down for the car, it is there for everybody else, as it would be. A broker elsewhere is met
directly by both, and nothing is broken from here.

A missing broker never prevents a start: the car does not need one, which is the point of it.
"""

import base64
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from latchkey_tools.cloud import broker as brokers
from latchkey_tools.cloud.broker import Broker
from latchkey_tools.phone.problem import CannotStart
from latchkey_tools.simulator import broker_process, certificates
from latchkey_tools.simulator.broker_process import HOST, BrokerError, BrokerProcess
from latchkey_tools.simulator.certificates import Certificates
from latchkey_tools.simulator.cloud_faults import FaultProxy
from latchkey_tools.simulator.settings import Settings, StartError

OUTSIDE, NONE = "outside", "none"
_RECONNECT_PERCENT = "1"  # a fleet spreads its returns over minutes; the one who watches this car need not wait for it


@dataclass(frozen=True)
class Meeting:
    """kind: Mosquitto, amqtt, outside or none. why: the reason for none, in one sentence. tools: for whoever is no car.

    car: settings of the controller, name -> value, in the order in which it is to be told; empty values erase.
    """

    kind: str
    why: str = ""
    tools: Broker | None = None
    car: dict[str, str] = field(default_factory=dict)
    proxy: FaultProxy | None = None
    process: BrokerProcess | None = None

    @property
    def words(self) -> str:
        """For the terminal."""
        return f"none: {self.why}" if self.tools is None else f"{self.tools}  ({self.kind})"

    @property
    def options(self) -> str:
        """The options of `latchkey cloud` for this broker."""
        if self.tools is None:
            return ""
        at = self.tools
        words = [f"--broker {'mqtts' if at.tls else 'mqtt'}://{at}"]
        named = {"--ca": at.ca, "--cert": at.certificate, "--key": at.key, "--user": at.user}
        named["--password-file"] = at.password_file
        return " ".join([*words, *(f"{option} {_quoted(value)}" for option, value in named.items() if value)])


async def open_broker(
    asked: Settings, stack: contextlib.AsyncExitStack, changed: Callable[[], None], log: Callable[[str], None]
) -> Meeting:
    """changed(): called when the broker has gone or come. log: gets sentences. Raises StartError."""
    if asked.broker == NONE:
        return Meeting(NONE, "The broker is left out (BROKER=none).", car={"broker": ""})
    if asked.broker:
        return _elsewhere(asked)
    kind = broker_process.kind()
    if not kind:
        return Meeting(NONE, broker_process.MISSING, car={"broker": ""})
    folder = asked.state / "broker"
    try:
        made = Certificates(folder)
    except OSError as error:
        raise StartError(f"No certificates can be written into {folder} ({error.strerror}): see to the folder.")
    process = BrokerProcess(kind, made, folder, changed, log)
    stack.push_async_callback(process.stop)
    try:
        await process.start(_port(asked.broker_port, "the broker", "BROKER_PORT", log))
    except (BrokerError, OSError) as error:
        why = f"{kind} does not start ({error}): see to it, or leave it out with BROKER=none."
        return Meeting(NONE, why, car={"broker": ""})
    proxy = FaultProxy(HOST, process.port)
    stack.push_async_callback(proxy.close)
    await proxy.listen(_port(asked.cloud_port, "the car's way to the broker", "CLOUD_PORT", log))
    tools, car = (
        Broker(HOST, port, True, *(str(path) for path in (made.pem(certificates.CA), made.pem(who), made.key(who))))
        for who, port in ((certificates.TOOLS, process.port), (certificates.CAR, proxy.port))
    )
    return Meeting(kind, "", tools, _settings_of(car), proxy, process)


def _elsewhere(asked: Settings) -> Meeting:
    table = {name: value for name, value in asked.outside.items() if value}
    try:
        there = brokers.broker({"broker": asked.broker, **table}, Path.cwd(), "BROKER")
        return Meeting(OUTSIDE, "", there, _settings_of(there))
    except CannotStart as error:
        raise StartError(str(error))
    except (OSError, ValueError, TypeError) as error:
        raise StartError(f"The files of BROKER={asked.broker} cannot be read ({error}).")


def _settings_of(broker: Broker) -> dict[str, str]:
    """What the controller has to be told. Its address comes last: only then everything fits together."""
    broker.context()  # finds out what cannot be read, and says it in a sentence
    return {
        "ca": _base64(certificates.der_of(Path(broker.ca))) if broker.ca else "",
        "certificate": _base64(certificates.der_of(Path(broker.certificate))) if broker.certificate else "",
        "key": _base64(certificates.der_of_key(Path(broker.key or broker.certificate))) if broker.certificate else "",
        "user": broker.user,
        "password": broker.password() or "",
        "reconnect_percent": _RECONNECT_PERCENT,
        "broker": f"{'mqtts' if broker.tls else 'mqtt'}://{broker}",
    }


def _port(wanted: int, what: str, setting: str, log: Callable[[str], None]) -> int:
    """The one that was asked for, or another: a broker is no reason not to start."""
    port = broker_process.free_port(wanted)
    if wanted and port != wanted:
        log(f"Port {wanted} for {what} is taken; it listens on {port} instead ({setting}= chooses).")
    return port


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _quoted(path: str) -> str:
    return f"'{path}'" if " " in path else path
