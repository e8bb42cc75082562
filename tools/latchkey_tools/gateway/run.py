"""`latchkey gateway` from start to exit code: 0 ended or done, 1 refused or failed, 2 cannot start."""

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from latchkey_tools.phone.ending import carried_out
from latchkey_tools.phone.output import Output
from latchkey_tools.phone.problem import CannotStart, Problem

_KEY_NAME = "gateway"


def main(chosen: argparse.Namespace) -> int:
    """chosen: as latchkey_tools.gateway.arguments has it."""

    def work() -> None:
        try:
            if chosen.gateway_command == "run":
                _serve(chosen)
            else:
                _enrol(chosen, output)
        except KeyboardInterrupt:
            raise Problem("broken off", "Broken off.")

    output = Output(chosen.gateway_command, False, "latchkey gateway")
    return carried_out(output, work)


def _enrol(chosen: argparse.Namespace, output: Output) -> None:
    from latchkey_tools.cloud.desk import toml
    from latchkey_tools.cloud.enrolment import Enrolment, vin_of
    from latchkey_tools.gateway import settings
    from latchkey_tools.phone.keyring import Keyring
    from latchkey_tools.phone.place import place
    from latchkey_tools.phone.progress import Progress

    path = Path(chosen.config)
    keyring = Keyring(settings.keys(toml(path), path), _KEY_NAME)
    where = place(chosen.air, chosen.simulator)
    vin = vin_of(chosen.vin)
    with where.entered():
        asyncio.run(Enrolment(keyring, where, output, Progress(sys.stderr)).run(vin))


def _serve(chosen: argparse.Namespace) -> None:
    from latchkey_tools.gateway import settings
    from latchkey_tools.gateway.core import Core
    from latchkey_tools.gateway.service import Service
    from latchkey_tools.phone.keyring import Keyring

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    chosen_settings = settings.read(Path(chosen.config))
    keyring = Keyring(chosen_settings.keys, _KEY_NAME)
    strangers = [car.vin for car in chosen_settings.vehicles if car.vin not in keyring.vehicles]
    if strangers or not keyring.exists:
        raise CannotStart(
            f"The gateway's key is not enrolled at {strangers[0] if strangers else 'any car'}: run "
            "`latchkey gateway enrol VIN` beside it."
        )
    for broker in (chosen_settings.cars, chosen_settings.owner):  # what cannot be read is said now
        broker.context()
        broker.password()
    core = Core(chosen_settings, keyring.private(), keyring.vehicles)
    asyncio.run(Service(core, chosen_settings).run())
