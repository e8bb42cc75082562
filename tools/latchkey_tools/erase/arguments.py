"""What may be typed behind `latchkey erase`."""

import argparse

from latchkey_tools.flash.arguments import add_port

_WORDS = """\
Erase a board's whole flash: MicroPython, Latchkey, every key and setting, the journal. The vehicle's own key is gone
for good, so all phones, cloud keys and AES cards must be enrolled anew; Tesla-type cards can be claimed again.
Whoever holds the cable may do that: it is the only reset without an owner.

Exit codes: 0 done, 1 failed, 2 cannot start, also without `--yes`.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = _WORDS
    parser.add_argument("--yes", action="store_true", help="yes, lose all of that")
    add_port(parser)
