"""One command of `latchkey cloud` from start to exit code: 0 done, 1 refused or failed, 2 cannot start."""

import argparse
import asyncio

from latchkey_tools.phone.ending import carried_out
from latchkey_tools.phone.output import Output
from latchkey_tools.phone.problem import Problem


def main(chosen: argparse.Namespace) -> int:
    """chosen: as latchkey_tools.cloud.arguments has it."""

    def work() -> None:
        try:
            _do(chosen, output)
        except Problem as problem:
            from latchkey_tools.cloud.words import retold

            raise retold(problem)

    output = Output(chosen.cloud_command, chosen.json, "latchkey cloud")
    return carried_out(output, work)


def _do(chosen: argparse.Namespace, output: Output) -> None:
    # Loading takes a third of a second, and whatever is missing is missed here.
    from latchkey_tools.cloud import commands, enrolment
    from latchkey_tools.cloud.desk import Desk
    from latchkey_tools.phone import seal
    from latchkey_tools.phone.place import place

    desk = Desk(chosen, output)
    name = chosen.cloud_command
    if name == "keygen":
        new = not desk.keyring.exists
        own = seal.short_id(seal.point_of(desk.keyring.make() if new else desk.keyring.private()))
        text = f"{desk.keyring.key_file} {'holds a new key' if new else 'was there, and is kept'}: {own}."
        output.result(text, id=own, new=new, key_file=str(desk.keyring.key_file))
    elif name == "enrol":
        where = place(chosen.air, chosen.simulator)
        vin = enrolment.vin_of(chosen.vin)
        with where.entered():
            asyncio.run(enrolment.Enrolment(desk.keyring, where, output, desk.progress).run(vin))
    else:
        coroutines = {
            "unlock": commands.unlock,
            "lock": commands.lock,
            "status": commands.status,
        }
        asyncio.run(coroutines.get(name, commands.order)(desk))
