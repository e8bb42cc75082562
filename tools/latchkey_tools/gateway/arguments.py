"""What may be typed behind `latchkey gateway`. Nothing that takes long to load is loaded here."""

import argparse

from latchkey_tools.cloud.arguments import air

_WORDS = """\
A lock in Home Assistant for each car: a service between the cars' broker, which need not be trusted, and the owner's.
Whoever may write to the gateway's topics on the owner's broker can lock the cars, and with `unlock = true` open them.

Exit codes: 0 ended or done, 1 refused or failed, 2 cannot start.
"""
_CONFIG = "/etc/latchkey/gateway.toml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = _WORDS
    commands = parser.add_subparsers(dest="gateway_command", required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", default=_CONFIG, metavar="FILE", help=f"its settings ({_CONFIG})")
    run = "run the service, until SIGTERM"
    commands.add_parser("run", parents=[common], help=run, description=run.capitalize() + ".")
    words = "become a key of a car, over Bluetooth beside it: an owner's card lets the gateway in"
    enrol = commands.add_parser("enrol", parents=[common, air()], help=words, description=words.capitalize() + ".")
    enrol.add_argument("vin", metavar="VIN", help="17 characters, as the controller's page or console shows them")
