"""A board's wiring as SVG, drawn from its data: what comes from the car on the left, what goes to it on the right.

It shows which GPIO is joined to what, and by which kind of circuit; not where the pin is on the header.
"""

from html import escape
from types import SimpleNamespace
from typing import NamedTuple

from latchkey_tools.boards.check import Use, uses

_ROW = 26
_TOP = 64
_LEFT, _RIGHT, _WIDTH = 310, 640, 1_010

_CIRCUITS = {
    "bolt_locked": "switch to ground",
    "bolt_unlocked": "switch to ground",
    "door": "switch to ground",
    "button": "switch to ground",
    "remote_off": "switch to ground",
    "ignition": "12 V, by optocoupler",
    "crash": "line of the airbag, by optocoupler",
    "speed": "12 V pulses, by optocoupler",
    "supply": "12 V, by divider",
    "lock": "motor driver IN1, 10 kΩ to ground",
    "unlock": "motor driver IN2, 10 kΩ to ground",
    "trunk": "MOSFET and diode, 10 kΩ to ground",
    "frunk": "MOSFET and diode, 10 kΩ to ground",
    "charge_port": "MOSFET and diode, 10 kΩ to ground",
    "drive_enable": "starter relay by MOSFET, 10 kΩ to ground",
    "buzzer": "active buzzer, by transistor",
}
_COLOURS = {"in": "#1f6feb", "pulse": "#b3261e", "level": "#8a5a00", "reader": "#1a7f37"}


class Line(NamedTuple):
    pin: int
    name: str
    circuit: str
    kind: str


def lines(board: SimpleNamespace) -> tuple[list[Line], list[Line]]:
    """(left, right)"""
    pulses = [name for name, _ in board.PULSES]
    left: list[Line] = []
    right: list[Line] = []
    for use in uses(board):
        line = Line(use.pin, use.name, circuit(use), _kind(use, pulses))
        (left if line.kind == "in" else right).append(line)
    return left, right


def circuit(use: Use) -> str:
    """What is between this pin and the world, in a few words."""
    if use.name in _CIRCUITS:
        return _CIRCUITS[use.name]
    if use.name.startswith("light_"):
        return "LED with 470 Ω"
    what = use.name.rpartition(" ")[2]
    return {"tx": "reader RX", "rx": "reader TX"}.get(what, f"reader {what}" if what != use.name else "reader RSTPDN")


def svg(board: SimpleNamespace) -> str:
    left, right = lines(board)
    height = _TOP + _ROW * max(len(left), len(right)) + 30
    size = f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="13"'
    box = f'x="{_LEFT}" y="40" width="{_RIGHT - _LEFT}" height="{height - 60}" rx="8"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f"<title>{escape(board.NAME)}: which pin is joined to what</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<rect {box} fill="#f2f4f7" stroke="#57606a"/>',
        _text((_LEFT + _RIGHT) // 2, 28, board.NAME, "middle", "#1f2328", "bold"),
        _text(20, 28, "from the car", "start", "#57606a"),
        _text(_WIDTH - 20, 28, "to reader and car", "end", "#57606a"),
    ]
    for side, rows in (("left", left), ("right", right)):
        for number, line in enumerate(rows):
            parts += _drawn(line, side, _TOP + number * _ROW)
    return "\n".join([*parts, "</svg>", ""])


def _drawn(line: Line, side: str, y: int) -> list[str]:
    colour = _COLOURS[line.kind]
    if side == "left":
        edge, far, inside, anchor, inner = _LEFT, _LEFT - 60, _LEFT + 8, "end", "start"
    else:
        edge, far, inside, anchor, inner = _RIGHT, _RIGHT + 60, _RIGHT - 8, "start", "end"
    away = -6 if side == "left" else 6
    return [
        f'<path d="M{edge} {y}H{far}" stroke="{colour}" stroke-width="2"/>',
        f'<circle cx="{edge}" cy="{y}" r="4" fill="{colour}"/>',
        _text(inside, y + 4, f"GPIO {line.pin}  {line.name}", inner, "#1f2328"),
        _text(far + away, y + 4, line.circuit, anchor, "#57606a"),
    ]


def _text(x: int, y: int, words: str, anchor: str, colour: str, weight: str = "normal") -> str:
    style = f' font-weight="{weight}"' if weight != "normal" else ""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}"{style}>{escape(words)}</text>'


def _kind(use: Use, pulses: list[str]) -> str:
    if use.name in pulses:
        return "pulse"
    if use.name in _CIRCUITS or use.name.startswith("light_"):
        return "level" if use.output else "in"
    return "reader"
