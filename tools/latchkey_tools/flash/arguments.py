"""What may be typed behind `latchkey flash`. Nothing that takes long to load is loaded here."""

import argparse

VERSION = "1.26.1"

_WORDS = """\
Put MicroPython and Latchkey onto a board at a USB port, and see it start. What is there already is left alone, and so
are the keys: flash again as often as you like.

    latchkey flash                      which boards there are
    latchkey flash esp32_devkitc        everything, from a bare board on
    latchkey flash --files-only BOARD   Latchkey alone, onto a board that runs MicroPython

MicroPython's image is fetched from micropython.org once and kept in MPFLASH_FIRMWARE (~/.cache/latchkey/micropython);
`--image FILE` takes one that you have. Exit codes: 0 done, 1 failed, 2 cannot start.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = _WORDS
    parser.add_argument("board", nargs="?", default="", metavar="BOARD", help="a folder of boards/")
    parser.add_argument(
        "--image", metavar="FILE", help="MicroPython image (.bin) to write, instead of the official one"
    )
    parser.add_argument(
        "--micropython", default=VERSION, metavar="VERSION", help=f"official image to fetch ({VERSION})"
    )
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument("--files-only", action="store_true", help="leave MicroPython as it is")
    parts.add_argument("--image-only", action="store_true", help="write no files: for an image with Latchkey in it")
    parser.add_argument(
        "--firmware", metavar="FOLDER", help="compiled firmware to put on, instead of compiling it here"
    )
    parser.add_argument("--no-start", action="store_true", help="do not wait for the controller to report")
    add_port(parser)


def add_port(parser: argparse.ArgumentParser) -> None:
    """Options of everything that is done over USB with the board itself."""
    parser.add_argument("--port", metavar="PORT", help="serial port, /dev/ttyUSB0, say (the only one with a board)")
    parser.add_argument("--slow", action="store_true", help="115200 baud and no stub: for adapters that lose bytes")
    parser.add_argument("--json", action="store_true", help="the result as JSON, for other programs")
