"""What may be typed behind `latchkey boards`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Check the boards' data: pins that are taken, input-only or there twice, and what does not fit."
    )
    parser.add_argument(
        "boards", nargs="*", metavar="BOARD", help="folders of boards/, or of your own (all of boards/)"
    )
    parser.add_argument("--write", action="store_true", help="put pin table and picture into each board's README")
