"""What every command has at hand: key files, the way to the broker, progress and output."""

import argparse
import contextlib
import os
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from latchkey_tools.cloud import broker as brokers
from latchkey_tools.cloud.arguments import BROKER_OPTIONS
from latchkey_tools.cloud.broker import Broker
from latchkey_tools.cloud.enrolment import vin_of
from latchkey_tools.cloud.failure import LineError
from latchkey_tools.cloud.line import Line
from latchkey_tools.cloud.remote import Remote
from latchkey_tools.phone import keyring
from latchkey_tools.phone.keyring import Keyring
from latchkey_tools.phone.output import Output
from latchkey_tools.phone.problem import CannotStart
from latchkey_tools.phone.progress import Progress
from latchkey_tools.phone.session import Session

_CONNECT_S = 12


class Desk:
    """chosen: the arguments. Raises CannotStart where they, or the key files, make no sense."""

    def __init__(self, chosen: argparse.Namespace, output: Output) -> None:
        self.chosen = chosen
        self.output = output
        self.progress = Progress(sys.stderr)
        self.keyring = Keyring(keyring.folder(), chosen.name)

    @contextlib.asynccontextmanager
    async def car(self) -> AsyncIterator[Remote]:
        """The car that is meant, over its broker. Raises Problem."""
        vin = vin_of(self.chosen.vin) if self.chosen.vin else self.keyring.default
        if vin not in self.keyring.vehicles:
            raise CannotStart(
                f"This key was never enrolled at {vin or 'a car'}: run `latchkey cloud enrol VIN` beside it."
            )
        session = Session(self.keyring.private(), vin, self.keyring.vehicles[vin])
        broker = self._broker()
        try:
            async with contextlib.AsyncExitStack() as stack:
                async with self.progress.during(f"Connecting to {broker}", _CONNECT_S):
                    line = await stack.enter_async_context(Line(broker, f"latchkey-{os.urandom(6).hex()}"))
                car = Remote(line, session, self.chosen.wait)
                await car.meet()
                yield car
        except LineError as error:
            raise brokers.problem(error, broker)

    def _broker(self) -> Broker:
        """What was typed, and for the rest what the file says."""
        typed = {name: getattr(self.chosen, name) for name in BROKER_OPTIONS if getattr(self.chosen, name)}
        path = Path(self.chosen.config) if self.chosen.config else keyring.folder() / "cloud.toml"
        kept: dict[str, Any] = {}
        if self.chosen.config or path.exists():
            kept = toml(path)
        if not typed.get("broker") and not kept.get("broker"):
            raise CannotStart(f"Which broker? Say `--broker mqtts://HOST:8883`, or write it into {path}.")
        if not typed:
            return brokers.broker(kept, path.parent, str(path))
        kept = {name: str(path.parent / value) if name in brokers.PATHS else value for name, value in kept.items()}
        return brokers.broker({**kept, **typed}, Path.cwd(), "broker")


def toml(path: Path) -> dict[str, Any]:
    """A file of settings. Raises CannotStart."""
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise CannotStart(f"{path} cannot be read ({error.strerror}).")
    except ValueError as error:
        raise CannotStart(f"{path} is no TOML: {error}.")
