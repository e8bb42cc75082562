"""Settings of the simulator, from the environment, because `make run` hands it through:

PORT, VPCD_PORT, PN532_PORT, HARNESS_PORT, USB_PORT, AIR_PORT, HCI_PORT
              where to listen, on 127.0.0.1; 0 takes any free port
BROKER_PORT, CLOUD_PORT
              the same for the broker, and for the car's way to it; where taken, another one is
READER        simulated (default), /dev/ttyUSB0 (a PN532 on a serial port), tcp:HOST:PORT (one that others simulate)
RADIO         simulated (default), none, or a real adapter by the name of its Bumble transport (usb:0)
BROKER        Mosquitto of this computer, or else amqtt (default); none; or mqtts://HOST:PORT, one elsewhere, met with
BROKER_CA, BROKER_CERT, BROKER_KEY, BROKER_USER, BROKER_PASSWORD_FILE
              its authority, a certificate with its key to show to it (PEM files), or name and password
MICROPYTHON   another unix build of MicroPython
FIRMWARE      another main.py to run (firmware/main.py)
STATE         folder of flash image and wallet; they survive restarts (build/simulator)
"""

import contextlib
import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from latchkey_tools.simulator.firmware import ROOT

_OUTSIDE = {
    "ca": "BROKER_CA",
    "certificate": "BROKER_CERT",
    "key": "BROKER_KEY",
    "user": "BROKER_USER",
    "password_file": "BROKER_PASSWORD_FILE",
}


class StartError(Exception):
    """The simulator cannot start; the message says in one sentence what to do."""


@dataclass(frozen=True)
class Settings:
    port: int
    vpcd_port: int
    pn532_port: int
    harness_port: int
    usb_port: int
    air_port: int
    hci_port: int
    broker_port: int
    cloud_port: int
    reader: str
    radio: str
    broker: str
    outside: Mapping[str, str]  # files and names for a broker elsewhere, as latchkey_tools.cloud.broker calls them
    state: Path
    firmware: Path


def settings(environment: Mapping[str, str]) -> Settings:
    """Reads the environment. Raises StartError where a value makes no sense."""
    return Settings(
        port=_port(environment, "PORT", 8080),
        vpcd_port=_port(environment, "VPCD_PORT", 35963),
        pn532_port=_port(environment, "PN532_PORT", 35901),
        harness_port=_port(environment, "HARNESS_PORT", 35902),
        usb_port=_port(environment, "USB_PORT", 35904),
        air_port=_port(environment, "AIR_PORT", 35903),
        hci_port=_port(environment, "HCI_PORT", 9544),
        broker_port=_port(environment, "BROKER_PORT", 8883),
        cloud_port=_port(environment, "CLOUD_PORT", 8884),
        reader=environment.get("READER", "") or "simulated",
        radio=environment.get("RADIO", "") or "simulated",
        broker=environment.get("BROKER", ""),
        outside={name: environment.get(variable, "") for name, variable in _OUTSIDE.items()},
        state=Path(environment.get("STATE", "") or ROOT / "build/simulator").absolute(),
        firmware=Path(environment.get("FIRMWARE", "") or ROOT / "firmware/main.py").absolute(),
    )


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "") or str(default)
    if not text.isdecimal() or int(text) > 65_535:
        raise StartError(f"{name}={text} is not a port: give a number from 0 to 65535.")
    return int(text)


@contextlib.contextmanager
def explained(part: str, name: str, port: int) -> Iterator[None]:
    """Turns a port that cannot be had into a StartError that names the part and the setting which moves it."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(
                f"Port {port} for {part} is taken: end the program that has it, or choose another with {name}=."
            )
        if error.errno == errno.EACCES:
            raise StartError(f"Port {port} for {part} is reserved for root: choose one above 1023 with {name}=.")
        raise
