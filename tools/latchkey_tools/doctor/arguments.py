"""What may be typed behind `latchkey doctor`."""

import argparse

from latchkey_tools.console.options import add_console

_WORDS = """\
Ask a controller over USB what is wrong, and what to do about it; the worst comes first. It changes nothing.

Exit codes: 0 all is well, 1 something is wrong, 2 nothing answers.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = _WORDS
    add_console(parser)
    parser.add_argument("--json", action="store_true", help="findings and the controller's own words as JSON")
