"""`--port` and `--simulator`: where a controller's USB console is."""

import argparse
import json
import urllib.request

from latchkey_tools.phone.place import SIMULATOR
from latchkey_tools.phone.problem import CannotStart

_WAIT_S = 3


def add_console(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--port", metavar="PORT", help="serial port, /dev/ttyUSB0, say (the only one with a board)")
    where.add_argument(
        "--simulator", nargs="?", const=SIMULATOR, metavar="URL", help=f"the simulated controller ({SIMULATOR})"
    )


def console_port(chosen: argparse.Namespace) -> str:
    """A port for Cable. raises: CannotStart."""
    if chosen.simulator is None:
        from latchkey_tools.flash import ports

        return ports.chosen(chosen.port)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(chosen.simulator.rstrip("/") + "/api/state", timeout=_WAIT_S) as answer:
            return "socket://" + str(json.load(answer)["simulator"]["usb"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotStart(
            f"No simulator answers at {chosen.simulator} ({error}): start it with `make run`.", "no_simulator"
        )
