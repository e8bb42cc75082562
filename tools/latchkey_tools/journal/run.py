"""One command of `latchkey journal` from start to exit code: 0 done, 1 wrong or refused, 2 cannot start."""

import argparse

from latchkey_tools.phone.ending import carried_out
from latchkey_tools.phone.output import Output


def main(chosen: argparse.Namespace) -> int:
    """chosen: as latchkey_tools.journal.arguments has it."""
    output = Output(chosen.journal_command, chosen.json, "latchkey journal")

    def work() -> None:
        from latchkey_tools.journal import commands

        commands.COMMANDS[chosen.journal_command](chosen, output)

    return carried_out(output, work)
