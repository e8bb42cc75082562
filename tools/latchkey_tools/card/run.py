"""One command of `latchkey card` from start to exit code: 0 done, 1 refused or failed, 2 cannot start."""

import argparse

from latchkey_tools.phone.ending import carried_out
from latchkey_tools.phone.output import Output


def main(chosen: argparse.Namespace) -> int:
    """chosen: as latchkey_tools.card.arguments has it."""

    def work() -> None:
        from latchkey_tools.card import commands  # whatever is missing is missed here

        does = {"site": commands.make_site, "make": commands.make, "enter": commands.enter, "limit": commands.limit}
        does[chosen.card_command](chosen, output)

    output = Output(chosen.card_command, chosen.json, "latchkey card")
    return carried_out(output, work)
