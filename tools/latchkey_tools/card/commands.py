"""What each command of `latchkey card` does."""

import argparse
import json
from pathlib import Path
from typing import Any

from latchkey_tools.card import making, site
from latchkey_tools.card.host import Host
from latchkey_tools.console.cable import Cable
from latchkey_tools.console.options import console_port
from latchkey_tools.phone.output import Output
from latchkey_tools.phone.problem import CannotStart, Problem

_CARD_S = 20.0
_OUTCOME_S = 10.0
_ACCEPTED = 0
_ENROLLED = 5


def make_site(chosen: argparse.Namespace, output: Output) -> None:
    path = Path(chosen.file).expanduser()
    new = site.make(path)
    output.result(
        f"{path} {'holds a new site key: keep a copy where it is safe' if new else 'was there, and is kept'}.",
        file=str(path),
        new=new,
    )


def make(chosen: argparse.Namespace, output: Output) -> None:
    key = site.read(Path(chosen.site).expanduser())
    if bool(chosen.role) != bool(chosen.port or chosen.simulator):
        raise CannotStart("To enter the card at a controller say both --role and --port, else none of them.")
    with Host(chosen.reader) as host:
        listed = host.wait_card(_CARD_S)
        if listed is None:
            raise Problem("no card", "No card was laid on the reader.")
        made = making.make(host, listed, key)
    uid = made.uid.hex().upper()
    text = f"{made.kind} {uid} {'has got' if made.new else 'had'} its key."
    facts: dict[str, Any] = {"uid": uid, "kind": made.kind, "new": made.new}
    if chosen.role:
        number = _entered(chosen, made.uid, key)
        text += f" It is key {number} of the controller, a {chosen.role}'s."
        facts["number"] = number
    output.result(text, **facts)


def enter(chosen: argparse.Namespace, output: Output) -> None:
    key, uid = site.read(Path(chosen.site).expanduser()), site.uid_of(chosen.uid)
    number = _entered(chosen, uid, key)
    output.result(f"It is key {number} of the controller, a {chosen.role}'s.", number=number, uid=uid.hex().upper())


def limit(chosen: argparse.Namespace, output: Output) -> None:
    wanted = chosen.limit
    if wanted and wanted != "off" and not (wanted.isascii() and wanted.isdigit() and 0 < int(wanted) <= 1_000):
        raise CannotStart("A limit is 1 to 1000 ms, or off.", "no_limit")
    with Cable(console_port(chosen)) as cable:
        cable.status()
        cable.write(f"limit {chosen.number} {wanted}".rstrip())
        told = _limit_told(cable)
    words = f"must answer within {told} ms" if told else "may take as long as it likes"
    output.result(f"Card {chosen.number} {words}.", number=chosen.number, limit_ms=told)


def _limit_told(cable: Cable) -> int:
    for word, rest in cable.lines(_OUTCOME_S):
        if word == "limit":
            return int(rest.split(" ")[1])
        if word == "error":
            raise Problem("refused", f"The controller says: {rest}.")
        if word == "verdict" and not json.loads(rest)["accepted"]:
            raise Problem("refused", f"The controller refuses: {json.loads(rest)['text']}.")
    raise cable.silence()


def _entered(chosen: argparse.Namespace, uid: bytes, site_key: bytes) -> int:
    """Enter the card at the controller, with its own key; gives its number there. Raises Problem."""
    with Cable(console_port(chosen)) as cable:
        cable.status()
        cable.write(f"card {uid.hex()} {site.card_key(site_key, uid).hex()} {chosen.role}")
        for word, rest in cable.lines(_OUTCOME_S):
            if word == "error":
                raise Problem("refused", f"The controller says: {rest}.")
            if word == "verdict":
                row = json.loads(rest)
                if row["action"] == "enrol key" and row["verdict"] == _ENROLLED:
                    return int(row["credential"])
                if row["action"] == "enrol key" and row["verdict"] != _ACCEPTED:
                    raise Problem("refused", f"The controller refuses: {row['text']}.", number=row["verdict"])
        raise cable.silence()
