"""`latchkey doctor` from start to exit code."""

import argparse
import contextlib
import json
from typing import Any

from latchkey_tools.phone.ending import carried_out
from latchkey_tools.phone.output import Output


def main(chosen: argparse.Namespace) -> int:
    """chosen: as latchkey_tools.doctor.arguments has it."""
    weights: list[int] = []
    output = Output("doctor", chosen.json, "latchkey doctor")
    code = carried_out(output, lambda: weights.append(_do(chosen, output)))
    if code:
        return 2  # nothing was found out
    return int(weights[0] > 1)


def _do(chosen: argparse.Namespace, output: Output) -> int:
    from latchkey_tools.console.cable import Cable
    from latchkey_tools.console.options import console_port
    from latchkey_tools.doctor.findings import findings

    port = console_port(chosen)
    with Cable(port) as cable:
        status = cable.status()
        about = asked(cable)
    found = findings(status, about)
    lines = [_heading(port, status, about)]
    lines += [f"{number}. {one.what}\n   {one.do}" for number, one in enumerate(found, 1)]
    if not found:
        lines.append("Nothing is wrong that it knows of.")
    output.result("\n".join(lines), findings=[one._asdict() for one in found], status=status, about=about)
    return max((one.weight for one in found), default=0)


def asked(cable: Any) -> dict[str, Any]:
    """What `about` tells; nothing where the firmware is older than the question."""
    word, rest = cable.ask("about", ("about",))
    with contextlib.suppress(ValueError):
        return dict(json.loads(rest)) if word == "about" else {}
    return {}


def _heading(port: str, status: dict[str, Any], about: dict[str, Any]) -> str:
    from latchkey_tools.status import duration

    runs = f"MicroPython {about['micropython']} ({about['platform']})" if about else "an older firmware"
    application = f", {about['application']}" if about.get("application") else ""
    name = status.get("vin") or "a controller without a name"
    heap = f", {about['heap_free'] // 1024} KB of heap free" if about.get("heap_free", -1) >= 0 else ""
    up = duration(int(status.get("uptime_s", 0)))
    return f"{name} at {port}: {runs}{application}, up for {up}{heap}, {status.get('key_count', 0)} keys."
