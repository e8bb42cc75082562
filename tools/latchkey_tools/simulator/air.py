"""Opens the Bluetooth radio that RADIO= asks for, where the firmware's board has one.

Bumble, on which the air is built, may be missing: the simulator then says so and goes on without a radio, unless one
was asked for by name.
"""

import contextlib
import logging
import runpy
from dataclasses import dataclass

from latchkey_tools.simulator.firmware import ROOT
from latchkey_tools.simulator.settings import Settings, StartError, explained

_BOARD = ROOT / "boards/simulator/board.py"


@dataclass(frozen=True)
class Air:
    """firmware: HOST:PORT where the firmware finds its radio, empty without one. words: for whoever started this.
    phones: HOST:PORT for HCI hosts, empty where a phone is a real phone."""

    firmware: str
    words: str
    phones: str = ""


async def open_air(asked: Settings, stack: contextlib.AsyncExitStack) -> Air | None:
    """None where the board has no radio. Raises StartError."""
    if not runpy.run_path(str(_BOARD)).get("AIR"):
        return None
    if asked.radio == "none":
        return Air("", "none (RADIO=none)")
    try:
        from latchkey_tools.radio import Radio, RadioError
    except ModuleNotFoundError as error:
        if asked.radio == "simulated":
            return Air("", f"none: the Python package {error.name} is missing (run `make setup`)")
        raise StartError(f"RADIO={asked.radio} needs the Python package {error.name}: run `make setup`.")
    logging.getLogger("bumble").setLevel(logging.ERROR)  # its warnings tell of phones that come and go
    radio = Radio(air_port=asked.air_port, hci_port=asked.hci_port, adapter=asked.radio)
    stack.push_async_callback(radio.stop)
    try:
        with explained("the firmware's radio", "AIR_PORT", asked.air_port):
            await radio.start()
        with explained("phones on the air", "HCI_PORT", asked.hci_port):
            await radio.start_hci()
    except RadioError as error:
        raise StartError(f"RADIO={error}.")
    firmware = f"127.0.0.1:{radio.air_port}"
    if radio.hci_port is None:
        return Air(firmware, asked.radio)
    phones = f"127.0.0.1:{radio.hci_port}"
    return Air(firmware, f"{phones}  (HCI over TCP)", phones)
