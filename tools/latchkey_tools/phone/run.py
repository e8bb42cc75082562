"""One command of `latchkey phone` from start to exit code: 0 done, 1 refused or failed, 2 cannot start."""

import argparse
import asyncio

from latchkey_tools.phone.ending import carried_out
from latchkey_tools.phone.output import Output
from latchkey_tools.phone.place import place

_REMEDY = "run `make setup` or `pip install -r tools/requirements.txt`"


def main(chosen: argparse.Namespace) -> int:
    """chosen: as latchkey_tools.phone.arguments has it."""

    def work() -> None:
        try:
            _do(chosen, output)
        except KeyboardInterrupt:
            if not getattr(chosen, "watch", False):  # which has no other end
                raise

    output = Output(chosen.phone_command, chosen.json)
    return carried_out(output, work, _REMEDY)


def _do(chosen: argparse.Namespace, output: Output) -> None:
    where = place(chosen.air, chosen.simulator)
    # Loading takes a third of a second, and whatever is missing is missed here.
    from latchkey_tools.phone import commands, every_key, joining, keys, watching
    from latchkey_tools.phone.desk import Desk

    desk = Desk(chosen, where, output)
    name = chosen.phone_command
    coroutines = {
        "pair": joining.pair,
        "unlock": commands.unlock,
        "lock": commands.lock,
        "status": watching.status,
        "keys": every_key.show if getattr(chosen, "all", False) else keys.keys,
        "suspend": every_key.suspend,
        "admit": every_key.admit,
        "guest": every_key.guest,
        "time": every_key.tell_time,
        "scan": commands.scan,
    }
    with where.entered():
        if name == "remove":
            keys.remove(desk)
        else:
            asyncio.run(coroutines.get(name, commands.order)(desk))
