"""Where the vehicle is: within reach of this computer's Bluetooth adapter, or on the air of a simulator."""

import contextlib
import json
import logging
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from latchkey_tools.phone.problem import CannotStart

AIR = "127.0.0.1:9544"
SIMULATOR = "http://127.0.0.1:8080"
_WAIT_S = 3
_START = "start it with `make run`"


@dataclass(frozen=True)
class Place:
    """air: host and port of a simulated one, None for the real one. vin, key_id: of the vehicle that is there, as far
    as somebody other than the radio says so."""

    air: tuple[str, int] | None = None
    vin: str = ""
    key_id: str = ""

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Lets bleak work here. Raises CannotStart."""
        if self.air is None:
            yield
            return
        from latchkey_tools.air_client import on_air

        host, port = self.air
        try:
            socket.create_connection(self.air, _WAIT_S).close()
        except OSError as error:
            raise CannotStart(
                f"No simulated air is at {host}:{port} ({error.strerror or error}): {_START}, or say where it is with "
                "`--air HOST:PORT`.",
                "no_simulator",
            )
        logging.getLogger("bumble").setLevel(logging.CRITICAL)  # it warns of devices that come and go
        with on_air(port, host):
            yield


def place(air: str | None, simulator: str | None) -> Place:
    """What the options say: `--air` or `--simulator`, None where they are not given. Raises CannotStart."""
    if simulator is not None:
        return _beside(simulator)
    return Place(_address(air)) if air is not None else Place()


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise CannotStart(f"{text!r} is no HOST:PORT: write `--air={AIR}`, say, or nothing behind `--air`.")
    return host, int(port)


def _beside(url: str) -> Place:
    """Ask the simulator itself. A person who reads its page would trust it no less."""
    import http.client
    import urllib.error
    import urllib.request

    if not url.startswith(("http://", "https://")):
        raise CannotStart(f"{url!r} is no URL: write `--simulator={SIMULATOR}`, say, or nothing behind `--simulator`.")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url.rstrip("/") + "/api/state", timeout=_WAIT_S) as answer:
            state: Any = json.load(answer)
        air, controller = _text(state["simulator"], "air"), state["controller"]
        vin, key_id = (_text(controller or {}, name) for name in ("vin", "vehicle_key"))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        reason = getattr(error, "reason", None) or error
        raise CannotStart(f"No simulator answers at {url} ({reason}): {_START}.", "no_simulator")
    if not air:
        raise CannotStart(f"The simulator at {url} has no air for phones: start it with `make run RADIO=simulated`.")
    if controller is None:
        raise CannotStart("The simulated controller is not running: see its page.", "no_simulator")
    return Place(_address(air), vin, key_id)


def _text(content: Any, name: str) -> str:
    """A field, "" where there is none. Raises TypeError, AttributeError for what is no text, or no object."""
    value = content.get(name, "")
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value
