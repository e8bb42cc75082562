"""What may be typed behind `latchkey journal`. Nothing that takes long to load is loaded here."""

import argparse
import re

_WORDS = """\
What the controller has recorded: who opened, who was refused, how often, when it was started, and whether anybody has
changed that since. Once, with the controller on a USB cable: `latchkey journal begin --port PORT`. It makes a key that
only this computer keeps; later rows can be verified with it, and nobody who has the controller can change them unseen.

Times are seconds since the boot that a row names: the journal does not rely on a clock.
Exit codes: 0 read or verified, 1 something is wrong with the journal or it was refused, 2 cannot start.
"""
_SIMULATOR = "http://127.0.0.1:8080"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = _WORDS
    commands = parser.add_subparsers(dest="journal_command", required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--name", default="car", metavar="KEY", help="which car's key file (car)")
    common.add_argument("--json", action="store_true", help="the result as JSON, for other programs")
    online = argparse.ArgumentParser(add_help=False)
    of_online = online.add_mutually_exclusive_group()
    anywhere = argparse.ArgumentParser(add_help=False)
    of_anywhere = anywhere.add_mutually_exclusive_group()
    for group in (of_online, of_anywhere):
        group.add_argument("--port", metavar="PORT", help="a controller on a cable: /dev/ttyUSB0, COM3")
        group.add_argument(
            "--simulator", nargs="?", default=_SIMULATOR, const=_SIMULATOR, metavar="URL", help="the simulator's"
        )
    of_anywhere.add_argument("--files", metavar="FOLDER", help="a copy of the controller's folder `journal`")
    online.set_defaults(files=None)

    def command(name: str, words: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        described = words[0].upper() + words[1:] + "."
        return commands.add_parser(name, parents=[common, *parents], help=words, description=described)

    command("begin", "make a key and have the controller begin a chain of rows with it", online)
    read = command("read", "tell the rows in words, oldest first", anywhere)
    read.add_argument("--last", type=_number, default=0, metavar="N", help="only the last N rows")
    verify = command("verify", "say whether rows were changed, moved, made up or cut off", anywhere)
    verify.add_argument(
        "--head",
        action="append",
        default=[],
        type=_head,
        metavar="NUMBER:HEX",
        help="a head that a phone or the cloud was told (`latchkey phone status --json`); may be given again",
    )
    export = command("export", "write all rows to a file, by its name CSV or JSON Lines", anywhere)
    export.add_argument("file", metavar="FILE", help="NAME.csv or NAME.jsonl; one that is there is not written over")


def _number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1_000_000:
        raise argparse.ArgumentTypeError("a number of rows")
    return int(text)


def _head(text: str) -> str:
    if not re.fullmatch(r"\d{1,10}:[0-9a-f]{16}", text):
        raise argparse.ArgumentTypeError("a number, a colon and 16 hex digits, as the controller told it")
    return text
