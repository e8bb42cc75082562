"""`latchkey erase` from start to exit code."""

import argparse

from latchkey_tools.flash.progress import Progress
from latchkey_tools.phone.ending import carried_out
from latchkey_tools.phone.output import Output
from latchkey_tools.phone.problem import CannotStart

LOST = (
    "the owners' and all other keys, the vehicle's own key and name, Wi-Fi and broker settings, the journal, and "
    "MicroPython"
)


def main(chosen: argparse.Namespace) -> int:
    output = Output("erase", chosen.json, "latchkey erase")
    return carried_out(output, lambda: _do(chosen, output))


def _do(chosen: argparse.Namespace, output: Output) -> None:
    from latchkey_tools.flash import ports

    port = ports.chosen(chosen.port)
    if not chosen.yes:
        raise CannotStart(
            f"This loses {LOST}. If that is what you want: `latchkey erase --yes --port {port}`.", "not_sure"
        )
    ports.probe(port)
    from latchkey_tools.flash.loader import Loader

    progress = Progress()
    progress.step(f"Erasing the flash at {port}; this takes up to a minute …")
    with Loader(port, progress) as loader:  # the chip's own loader cannot erase all of it: always with the stub
        loader.erase()
        name = loader.name
    output.result(
        f"The {name} at {port} is empty. `latchkey flash BOARD` makes it a controller again.", port=port, chip=name
    )
