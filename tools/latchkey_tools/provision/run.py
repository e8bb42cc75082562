"""`latchkey provision` from start to exit code."""

import argparse
from typing import Any

from latchkey_tools.flash.progress import Progress
from latchkey_tools.phone.ending import carried_out
from latchkey_tools.phone.output import Output
from latchkey_tools.phone.problem import CannotStart, Problem

_CLAIM = (
    "Claim it: hold the cabin button for 5 s, then lay two owner cards on the reader, one after the other. A phone: "
    "`latchkey phone pair`."
)


def main(chosen: argparse.Namespace) -> int:
    """chosen: as latchkey_tools.provision.arguments has it."""
    output = Output("provision", chosen.json, "latchkey provision")
    return carried_out(output, lambda: _do(chosen, output))


def _do(chosen: argparse.Namespace, output: Output) -> None:
    from latchkey_tools.console.cable import Cable
    from latchkey_tools.console.options import console_port
    from latchkey_tools.provision import trial, wishes

    name, wanted = wishes.name(chosen), wishes.settings(chosen)
    progress = Progress()
    port = console_port(chosen)
    said = []
    with Cable(port) as cable:
        status = cable.status()
        there = trial.present(cable)
        wanted = trial.differing(wanted, there)
        if name and name != status.get("vin"):
            said.append(_named(cable, name))
        if wanted:
            said.append(_set(chosen, cable, wanted, there, progress))
        there = trial.present(cable)
        claimed = bool(cable.status().get("claimed"))
    if name and name != status.get("vin"):
        said.append(_restarted(port))
    told = [*said, *_told(name or str(status.get("vin", "")), there), "It is claimed." if claimed else _CLAIM]
    output.result("\n".join(told), port=port, name=name or status.get("vin", ""), settings=there, claimed=claimed)


def _named(cable: Any, name: str) -> str:
    word, rest = cable.ask(f"vin {name}")
    if word == "error":
        raise Problem("not stored", f"The name was not taken: {rest.partition(': ')[2] or rest}.")
    return f"It is called {name} from its next start on."


def _set(
    chosen: argparse.Namespace, cable: Any, wanted: dict[str, str], there: dict[str, Any], progress: Progress
) -> str:
    from latchkey_tools.provision import trial

    for part in ("ca", "certificate", "user"):
        if wanted.get(part) and not wanted.get("broker", there.get("broker")):
            raise CannotStart("What is meant for a broker is of no use without one: give `--broker`, too.")
    trial.give(cable, wanted)
    outcome = "It was stored untried."
    if not chosen.untried and any(wanted.values()):
        outcome = trial.tried(cable, wanted, chosen.wait, progress)
        if not outcome and chosen.broker:
            outcome = trial.tried_here(chosen)
        elif not outcome:
            outcome = "It could not be tried: this controller has no network."
    trial.keep(cable)
    return f"{outcome} Stored: {', '.join(sorted(wanted))}."


def _restarted(port: str) -> str:
    """A board is started anew, so that its name counts; a simulated one has a switch on its page."""
    if "://" in port:
        return "Cut its power on the simulator's page, or start it anew, for the name to count."
    from latchkey_tools.flash.repl import Repl

    with Repl(port) as repl:
        repl.restart().close()
    return "It starts anew."


def _told(name: str, there: dict[str, Any]) -> list[str]:
    """What is set, and what not."""
    secret = {True: "set", False: "not set"}
    return [
        f"Name:     {name or 'it has none yet: it makes its key at the first start'}",
        f"Wi-Fi:    {there.get('wifi') or 'not set'}, password {secret['wifi_password' in there]}",
        f"Broker:   {there.get('broker') or 'not set: no cloud'}",
        f"          authority {secret['ca' in there]}, certificate {secret['certificate' in there]}, key "
        f"{secret['key' in there]}, user {there.get('user') or 'not set'}, password {secret['password' in there]}",
    ]
