"""What may be typed behind `latchkey phone`. Nothing that takes long to load is loaded here."""

import argparse

from latchkey_tools.phone.place import AIR, SIMULATOR

ROLES = {"owner": 2, "driver": 3, "vehicle-monitor": 5, "charging-manager": 6, "guest": 8}

_WORDS = """\
A phone key on this computer, over its Bluetooth adapter. Make it a key once with `latchkey phone pair`; an owner's card
has to be at hand. Then `latchkey phone unlock`.

Exit codes: 0 done, 1 refused or failed, 2 cannot start.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = _WORDS
    commands = parser.add_subparsers(dest="phone_command", required=True, metavar="COMMAND")
    common = _common()

    def command(name: str, words: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[common], help=words, description=words[0].upper() + words[1:] + ".")

    pair = command("pair", "become a key of a vehicle: an owner at the car lets this phone in")
    pair.add_argument("--role", choices=ROLES, default="driver", help="the role to ask for (driver)")
    command("unlock", "unlock the vehicle")
    command("lock", "lock the vehicle")
    status = command("status", "say whether it is locked and what is open")
    status.add_argument("--watch", action="store_true", help="go on, and say each change until Ctrl-C")
    command("keys", "list the phones and cloud keys that the vehicle knows")
    remove = command("remove", "take a key from the vehicle; needs an owner's phone")
    remove.add_argument("key", metavar="ID-or-SLOT", help="short id (8 hex digits) or slot (0 to 31), as in `keys`")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    command("drive", "permit driving")
    command("trunk", "open the trunk")
    command("frunk", "open the front trunk")
    command("charge-port", "open the charge port")
    command("wake", "wake the vehicle")
    command("revoke-drive", "forbid driving once the vehicle stands, until someone at it permits it; owners only")
    command("suspend-guests", "let no guest in until they are admitted again; owners only")
    command("admit-guests", "let guests in again; owners only")
    command("remote-off", "switch remote control by cloud keys off; owners only")
    command("remote-on", "switch remote control on; owners only")
    command("remote-unlock-off", "let cloud keys lock but not unlock; owners only")
    command("remote-unlock-on", "let cloud keys unlock, too; owners only")
    scan = command("scan", "tell which vehicles are in range")
    scan.add_argument("--seconds", type=_seconds, default=5.0, metavar="N", help="how long to listen (5)")


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--vin", default="", metavar="VIN", help="which vehicle (the one paired last)")
    common.add_argument("--name", default="phone", metavar="KEY", help="which key file (phone)")
    common.add_argument("--json", action="store_true", help="the result as JSON, for other programs")
    where = common.add_mutually_exclusive_group()
    where.add_argument(
        "--air", nargs="?", const=AIR, metavar="HOST:PORT", help=f"over the simulator's air instead ({AIR})"
    )
    where.add_argument(
        "--simulator", nargs="?", const=SIMULATOR, metavar="URL", help=f"ask the simulator for both ({SIMULATOR})"
    )
    return common


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 120:
        raise argparse.ArgumentTypeError("more than 0, at most 120")
    return seconds
