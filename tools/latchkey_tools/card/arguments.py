"""What may be typed behind `latchkey card`. Nothing that takes long to load is loaded here."""

import argparse

from latchkey_tools.console.options import add_console

_WORDS = """\
Cards with AES (NTAG 424 DNA, DESFire EV2 and EV3) made here instead of at the car, each with a key of its own that is
derived from one site key (AN10922). A controller gets the keys of its cards, never the site key.

  latchkey card site ~/site.key                                     once: make the site key, and keep a copy safe
  latchkey card make --site ~/site.key --reader /dev/ttyUSB1        a blank card lies on a PN532: give it its key
  latchkey card enter UID --site ~/site.key --role driver --port /dev/ttyUSB0       enter it at the controller
  latchkey card limit NUMBER 200 --port /dev/ttyUSB0                how soon a card must answer, in ms; or: off

`make` with --role and --port does both. Cards that hide their UID are enrolled at the car alone. Exit codes: 0 done,
1 refused or failed, 2 cannot start.
"""
ROLES = ("owner", "driver", "guest", "service")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = _WORDS
    commands = parser.add_subparsers(dest="card_command", required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="the result as JSON, for other programs")

    def command(name: str, words: str) -> argparse.ArgumentParser:
        described = words[0].upper() + words[1:] + "."
        return commands.add_parser(name, parents=[common], help=words, description=described)

    site = command("site", "make a site key")
    site.add_argument("file", metavar="FILE", help="where; one that exists is kept")
    make = command("make", "give the blank card on the reader a key of its own")
    _site(make)
    make.add_argument(
        "--reader", required=True, metavar="PORT", help="a PN532 on a serial port, or tcp:HOST:PORT for a simulated one"
    )
    make.add_argument("--role", choices=ROLES, help="enter it at the controller as well, in this role")
    add_console(make)
    enter = command("enter", "enter a card that was made before at a controller")
    enter.add_argument("uid", metavar="UID", help="the card's number, 14 hex digits, as `make` has said it")
    _site(enter)
    enter.add_argument("--role", choices=ROLES, required=True)
    add_console(enter)
    limit = command("limit", "say how soon a card must answer, or change that")
    limit.add_argument(
        "number", type=int, metavar="NUMBER", help="of the card, as the controller's list of keys has it"
    )
    limit.add_argument("limit", nargs="?", default="", metavar="MS|off", help="1 to 1000 ms, or off")
    add_console(limit)


def _site(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--site", required=True, metavar="FILE", help="the site key's file")
