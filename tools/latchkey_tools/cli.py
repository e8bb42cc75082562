"""The `latchkey` command: one subcommand per tool, each with its own words of help."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

_TOOLS = {
    "flash": "put MicroPython and Latchkey onto a board, keys stay",
    "provision": "set a controller up over USB: name, Wi-Fi, broker",
    "doctor": "say what is wrong with a controller, and what to do",
    "erase": "make a board blank: every key is lost",
    "boards": "check the boards' data: pins, names, what does not fit",
    "phone": "be a phone key over Bluetooth: pair, unlock, lock, status, keys",
    "cloud": "be a cloud key over MQTT: enrol, unlock, lock, status",
    "card": "make AES cards on this computer, enter them, limit their answers",
    "journal": "what the controller has recorded: read, verify, export",
    "gateway": "cars as locks in Home Assistant: run, enrol",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Gives the exit code: 0 done, 1 refused or failed, 2 cannot start."""
    chosen = parser().parse_args(arguments)
    return int(chosen.run(chosen))


def parser() -> argparse.ArgumentParser:
    """What may be typed; `run` is what then carries it out."""
    whole = argparse.ArgumentParser(prog="latchkey", description="Tools for the Latchkey vehicle access controller.")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _simulator(commands)
    _status(commands)
    for name, words in _TOOLS.items():
        _tool(commands, name, words)
    return whole


def _simulator(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from latchkey_tools.simulator import settings

    command = commands.add_parser(
        "simulator",
        help="run the firmware on this computer, beside a simulated car and reader",
        description=settings.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=_run_simulator)


def _run_simulator(chosen: argparse.Namespace) -> int:
    try:
        from latchkey_tools.simulator import run
    except ModuleNotFoundError as error:
        print(f"latchkey simulator: the Python package {error.name} is missing: run `make setup`.", file=sys.stderr)
        return 2
    return run.main()


def _status(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from latchkey_tools import status

    command = commands.add_parser("status", help="how the simulated controller stands")
    status.add_arguments(command)
    command.set_defaults(run=status.main)


def _tool(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, words: str) -> None:
    """A tool in a package of its own: `arguments` says what may be typed, `run` carries it out."""
    command = commands.add_parser(name, help=words)
    import_module(f"latchkey_tools.{name}.arguments").add_arguments(command)
    command.set_defaults(run=_run_tool, tool=name)


def _run_tool(chosen: argparse.Namespace) -> int:
    return int(import_module(f"latchkey_tools.{chosen.tool}.run").main(chosen))
