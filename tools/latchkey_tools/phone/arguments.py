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
    keys = command("keys", "list the phones and cloud keys that the vehicle knows")
    keys.add_argument("--all", action="store_true", help="cards as well, with their numbers; needs an owner's phone")
    remove = command("remove", "take a key from the vehicle; needs an owner's phone")
    remove.add_argument("key", metavar="KEY", help="short id (8 hex digits), slot (0 to 31), or #number for a card")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    for name, what in (
        ("suspend", "let one key open nothing until it is admitted again; owners only"),
        ("admit", "let a suspended key open again; owners only"),
        ("guest", "say when a guest may come, and make a driver one; owners only"),
    ):
        guest = command(name, what)
        guest.add_argument("key", metavar="KEY", help="short id (8 hex digits) or #number, as in `keys --all`")
    guest.add_argument("--from", dest="since", default="", metavar="TIME", help="2026-11-25T18:00, in local time")
    guest.add_argument("--until", default="", metavar="TIME", help="from then on no more")
    guest.add_argument("--while-unset", action="store_true", help="also while the vehicle does not know the time")
    guest.add_argument("--always", action="store_true", help="at any time")
    command("time", "tell the vehicle the time, for guests' windows; owners and drivers")
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
