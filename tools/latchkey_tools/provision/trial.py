"""Gives settings to the controller, lets it try them, and keeps them, all at once, or drops them. raises: Problem.

Until they are kept nothing in flash has changed: a cable that is pulled, or a loss of power, leaves what was there.
"""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from latchkey_tools.console.cable import Cable
from latchkey_tools.flash.progress import Progress
from latchkey_tools.phone.problem import Problem
from latchkey_tools.provision.wishes import SECRETS

_PIECE_LEN = 80  # bytes at once, twice as many characters: a chip's serial port holds 256 while it writes flash
_ABOUT_EVERY_S = 2.0
_REFUSED = "Nothing was stored; what was set before still is."


def present(cable: Cable) -> dict[str, Any]:
    """What is set: of secrets the length."""
    word, rest = cable.ask("settings", ("settings",))
    if word == "error":
        raise Problem("older firmware", "This firmware is older than this tool: run `latchkey flash BOARD`; keys stay.")
    return dict(json.loads(rest))


def about(cable: Cable) -> dict[str, Any]:
    word, rest = cable.ask("about", ("about",))
    return dict(json.loads(rest)) if word == "about" else {}


def give(cable: Cable, wanted: dict[str, str]) -> None:
    """Each value, piece by piece; what arrives is compared by its length."""
    for name, value in wanted.items():
        data = value.encode()
        for at in range(0, max(1, len(data)), _PIECE_LEN):
            # A character of several bytes must not be torn: everything longer than a piece is ASCII.
            piece = data if not value.isascii() else data[at : at + _PIECE_LEN]
            word, rest = cable.ask(f"try {name}{'+' if at else ''} {piece.hex()}".rstrip(), ("tried",))
            if word == "error":
                raise _refused(cable, f"The controller refuses {name} ({rest.partition(': ')[2] or rest}).")
            if not value.isascii():
                break
        if rest != f"{name} {len(value)}":
            raise _refused(cable, f"Of {name} something else arrived than was sent: try again with another cable.")


def tried(cable: Cable, wanted: dict[str, str], for_s: float, progress: Progress) -> str:
    """Watch the controller try; returns what it came to, in words. What fails is dropped."""
    before = present(cable)
    broker = wanted.get("broker", before.get("broker", ""))
    cable.ask("try", ("tried",))
    network = about(cable).get("network", "none")
    if network == "none":
        return ""
    until_s = time.monotonic() + for_s
    asked_s = 0.0
    why = ""
    progress.step("The controller tries …")
    while time.monotonic() < until_s:
        link = cable.status().get("cloud", {})
        why = str(link.get("why", ""))
        if broker and link.get("state") == "connected":
            return f"The controller has connected to {broker}."
        if broker and link.get("state") == "stopped":
            raise _refused(cable, f"The controller could not connect: {why or 'no reason given'}.")
        if time.monotonic() - asked_s > _ABOUT_EVERY_S:
            asked_s = time.monotonic()
            network = about(cable).get("network", "none")
        if not broker and network == "up":
            return "The controller has an address in the Wi-Fi."
    if network == "down":
        raise _refused(
            cable, "The controller did not get into the Wi-Fi: check its name, password, and that it has 2.4 GHz."
        )
    raise _refused(cable, f"The controller did not reach {broker} in {for_s:.0f} s ({why or 'no reason given'}).")


def tried_here(chosen: Any) -> str:
    """The same broker from this computer, where the controller has no network of its own to try with."""
    from latchkey_tools.cloud import broker as brokers
    from latchkey_tools.cloud.failure import LineError
    from latchkey_tools.cloud.line import Line

    names = {"broker": "broker", "ca": "ca", "certificate": "cert", "key": "key", "user": "user"}
    table = {name: getattr(chosen, option) for name, option in names.items() if getattr(chosen, option)}
    if chosen.password_file:
        table["password_file"] = chosen.password_file
    broker = brokers.broker(table, Path.cwd(), "broker")

    async def meet() -> None:
        async with Line(broker, "latchkey-provision"):
            pass

    try:
        asyncio.run(meet())
    except LineError as error:
        raise brokers.problem(error, broker)
    return f"{chosen.broker} was tried from this computer, not from the controller, which has no network."


def keep(cable: Cable) -> None:
    word, rest = cable.ask("keep", ("stored",), 15)
    if word == "error":
        raise _refused(cable, f"The controller could not store it ({rest.partition(': ')[2]}).")


def drop(cable: Cable) -> None:
    cable.ask("drop", ("tried",))


def differing(wanted: dict[str, str], there: dict[str, Any]) -> dict[str, str]:
    """What is not set like that yet; a secret is only known by its length, so it is always given again."""
    return {
        name: value
        for name, value in wanted.items()
        if (name in SECRETS and (value or there.get(name))) or (name not in SECRETS and there.get(name, "") != value)
    }


def _refused(cable: Cable, sentence: str) -> Problem:
    drop(cable)
    return Problem("not stored", f"{sentence} {_REFUSED}")
