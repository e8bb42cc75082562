"""The `latchkey` command: one subcommand per tool, each with its own words of help."""

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Gives the exit code: 0 done, 1 refused or failed, 2 cannot start."""
    parser = argparse.ArgumentParser(prog="latchkey", description="Tools for the Latchkey vehicle access controller.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _simulator(commands)
    chosen = parser.parse_args(arguments)
    return int(chosen.run(chosen))


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
