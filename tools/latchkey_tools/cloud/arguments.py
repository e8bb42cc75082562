"""What may be typed behind `latchkey cloud`. Nothing that takes long to load is loaded here."""

import argparse

from latchkey_tools.phone.place import AIR, SIMULATOR

_WORDS = """\
A cloud key on this computer: asks a car through an MQTT broker that need not be trusted. Once, beside the car:
`latchkey cloud enrol VIN`, over Bluetooth, with an owner's card at hand. Then, from anywhere:
`latchkey cloud lock VIN --broker mqtts://HOST:8883 --ca ca.pem`.

The options of the broker may also stand in ~/.config/latchkey/cloud.toml: broker, ca, certificate, key, user,
password_file. Exit codes: 0 done, 1 refused or failed, 2 cannot start.
"""
BROKER_OPTIONS = ("broker", "ca", "certificate", "key", "user", "password_file")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = _WORDS
    commands = parser.add_subparsers(dest="cloud_command", required=True, metavar="COMMAND")
    common, where, broker = _common(), air(), _broker()

    def command(name: str, words: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        described = words[0].upper() + words[1:] + "."
        return commands.add_parser(name, parents=[common, *parents], help=words, description=described)

    command("keygen", "make the key file, and say the key's id")
    enrol = command("enrol", "become a key of a car, over Bluetooth: an owner at the car lets it in", where)
    enrol.add_argument("vin", metavar="VIN", help="17 characters, as the controller's page or console shows them")
    for name, words in (
        ("unlock", "unlock the car, where its owner allows that from far away"),
        ("lock", "lock the car"),
        ("status", "say whether it is locked, what is open, and who did what last"),
        ("wake", "wake the car"),
        ("revoke-drive", "forbid driving once the car stands, until an owner or a driver permits it at the car"),
        ("suspend-guests", "let no guest in until they are admitted again"),
        ("admit-guests", "let guests in again"),
    ):
        asked = command(name, words, broker)
        asked.add_argument("vin", nargs="?", default="", metavar="VIN", help="which car (the one enrolled last)")


def air() -> argparse.ArgumentParser:
    """Options for what is done over Bluetooth; also of `latchkey gateway enrol`."""
    options = argparse.ArgumentParser(add_help=False)
    where = options.add_mutually_exclusive_group()
    where.add_argument(
        "--air", nargs="?", const=AIR, metavar="HOST:PORT", help=f"over the simulator's air instead ({AIR})"
    )
    where.add_argument(
        "--simulator", nargs="?", const=SIMULATOR, metavar="URL", help=f"ask the simulator for both ({SIMULATOR})"
    )
    return options


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--name", default="cloud", metavar="KEY", help="which key file (cloud)")
    common.add_argument("--json", action="store_true", help="the result as JSON, for other programs")
    return common


def _broker() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--config", metavar="FILE", help="options of the broker (~/.config/latchkey/cloud.toml)")
    options.add_argument("--broker", metavar="URL", help="mqtts://HOST:PORT, or mqtt:// in a network of your own")
    options.add_argument("--ca", metavar="FILE", help="authority that signed the broker's certificate (the system's)")
    options.add_argument("--cert", dest="certificate", metavar="FILE", help="certificate to show to the broker")
    options.add_argument("--key", metavar="FILE", help="its private key; not the one that opens the car")
    options.add_argument("--user", metavar="NAME", help="name at the broker")
    options.add_argument("--password-file", metavar="FILE", help="file with the password, readable by you alone")
    options.add_argument("--wait", type=_seconds, default=10.0, metavar="N", help="seconds to wait for an answer (10)")
    return options


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 120:
        raise argparse.ArgumentTypeError("more than 0, at most 120")
    return seconds
