"""Settings of the simulator, from the environment, because `make run` hands it through:

PORT, VPCD_PORT, PN532_PORT, HARNESS_PORT, AIR_PORT, HCI_PORT
              where to listen, on 127.0.0.1; 0 takes any free port
READER        simulated (default), /dev/ttyUSB0 (a PN532 on a serial port), tcp:HOST:PORT (one that others simulate)
RADIO         simulated (default; `make run` says none), or a real adapter by the name of its Bumble transport (usb:0)
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


class StartError(Exception):
    """The simulator cannot start; the message says in one sentence what to do."""


@dataclass(frozen=True)
class Settings:
    port: int
    vpcd_port: int
    pn532_port: int
    harness_port: int
    air_port: int
    hci_port: int
    reader: str
    radio: str
    state: Path
    firmware: Path


def settings(environment: Mapping[str, str]) -> Settings:
    """Reads the environment. Raises StartError where a value makes no sense."""
    return Settings(
        port=_port(environment, "PORT", 8080),
        vpcd_port=_port(environment, "VPCD_PORT", 35963),
        pn532_port=_port(environment, "PN532_PORT", 35901),
        harness_port=_port(environment, "HARNESS_PORT", 35902),
        air_port=_port(environment, "AIR_PORT", 35903),
        hci_port=_port(environment, "HCI_PORT", 9544),
        reader=environment.get("READER", "") or "simulated",
        radio=environment.get("RADIO", "") or "simulated",
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
