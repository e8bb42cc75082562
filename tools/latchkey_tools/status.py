"""`latchkey status`: how the controller of a running simulator stands, in a few sentences or as JSON.

Reads `GET /api/state` (boards/simulator/README.md). For a car that is only in radio reach there is `latchkey phone
status`, for one far away `latchkey cloud status`.
"""

import argparse
import json
import sys
import urllib.request
from typing import Any

_URL = "http://127.0.0.1:8080"
_WAIT_S = 5.0
_LOCKS = {"unknown": "It is not known whether the vehicle is locked", "jammed": "The bolt is jammed"}


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.description = __doc__
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    command.add_argument("--simulator", default=_URL, metavar="URL", help=f"where it runs ({_URL})")
    command.add_argument("--json", action="store_true", help="the controller's own words, for other programs")


def main(chosen: argparse.Namespace) -> int:
    """Exit code: 0 told, 1 the controller says nothing, 2 there is no simulator."""
    try:
        with urllib.request.urlopen(chosen.simulator.rstrip("/") + "/api/state", timeout=_WAIT_S) as answer:
            state = json.load(answer)
        status = state["controller"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"latchkey status: no simulator answers at {chosen.simulator} ({error}). Start one with `make run`.")
        return 2
    if not status:
        print("The controller says nothing: it has no power, or has just been started.", file=sys.stderr)
        return 1
    print(json.dumps(status, indent=2) if chosen.json else "\n".join(sentences(status)))
    return 0


def sentences(status: dict[str, Any]) -> list[str]:
    """What a person wants to know, most important first. status: as the console tells it (links/console.py)."""
    if not status["claimed"]:
        return ["The controller is blank: hold its button for 5 s, then lay two owner cards on the reader."]
    told = [f"{_lock(status)} {_doors(status)}", f"Driving: {status['drive']}."]
    told.append(f"{_counted(status['key_count'], 'key')}. Reader: {status['reader'] or 'none'}. {_radio(status)}")
    return [*told, cloud(status), *_journal(status["journal"])]


def cloud(status: dict[str, Any]) -> str:
    """One sentence or two about the cloud, and what still works without it."""
    link = status["cloud"]
    if link["state"] == "off":
        return "No cloud is set."
    if link["state"] == "connected":
        return f"Cloud connected for {duration(link['since_s'])}. {_allowed(link)}"
    why = f" ({link['why']})" if link["why"] else ""
    return f"Cloud away for {duration(link['since_s'])}{why}: your card and phone work. {_allowed(link)}"


def duration(seconds: int) -> str:
    """In the two largest units; 59 s, 3 min, 2 h 5 min, 1 d 4 h."""
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _journal(told: dict[str, Any]) -> list[str]:
    """Nothing where it is as it should be."""
    found = {
        "damaged": "At the last start rows of the journal were missing or false: run `latchkey journal verify`.",
        "state lost": "At the last start the journal's key was gone: run `latchkey journal verify`, then `begin`.",
    }
    failing = ["The journal cannot be written: what happens is not recorded."] if told["state"] == "failing" else []
    return [*failing, *([found[told["found"]]] if told["found"] in found else [])]


def _lock(status: dict[str, Any]) -> str:
    lock = _LOCKS.get(status["lock"], str(status["lock"]).capitalize())
    return f"{lock}{', as the sensor shows' if status['confirmed'] else ''};"


def _doors(status: dict[str, Any]) -> str:
    known = {None: "doors are not wired", True: "a door is open", False: "doors closed"}
    return f"{known[status['doors_open']]}."


def _radio(status: dict[str, Any]) -> str:
    return "No radio." if status["radio"] == "none" else f"{_counted(status['phones'], 'phone')} connected."


def _allowed(link: dict[str, Any]) -> str:
    if not link["remote"]:
        return "Control from afar is switched off."
    return "From afar it may be locked" + (" and unlocked." if link["remote_unlock"] else "; unlocking is off.")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
