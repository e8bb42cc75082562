"""The run as a picture: reconnects and messages of the whole fleet over time, as SVG."""

from collections.abc import Sequence

from latchkey_tools.fleet.controller import HOUR_S
from latchkey_tools.fleet.figures import MOST_PUBLISHES, MOST_RECONNECTS
from latchkey_tools.fleet.simulation import Fleet

_WIDTH, _HEIGHT = 860, 230  # of one panel, with room for its words
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 40, 40
_PEAK_S = 10  # what one point of a line stands for, in the panel of reconnects
_STEP_S = 60  # in that of messages
_INK, _FAINT, _AWAY, _LINE, _OTHER, _BOUND = "#222", "#ccc", "#f3e3e3", "#0b62a4", "#999", "#c0392b"


class Panel:
    """One diagram: seconds to the right, a rate upwards."""

    def __init__(self, top: int, seconds: int, most: float, title: str) -> None:
        self._top = top + _TOP
        self._seconds = seconds
        self._most = most
        self.parts = [_text(_LEFT, top + 24, title, size=15)]

    def _x(self, second: float) -> float:
        return _LEFT + second / self._seconds * (_WIDTH - _LEFT - _RIGHT)

    def _y(self, rate: float) -> float:
        return self._top + (1 - rate / self._most) * (_HEIGHT - _TOP - _BOTTOM)

    def shade(self, begin: int, end: int, words: str) -> None:
        x, width = self._x(begin), self._x(end) - self._x(begin)
        height = self._y(0) - self._top
        self.parts.append(
            f'<rect x="{x:.1f}" y="{self._top}" width="{width:.1f}" height="{height:.1f}" fill="{_AWAY}"/>'
        )
        self.parts.append(_text(x + 6, self._top + 14, words, size=12))

    def axes(self, marks: Sequence[float]) -> None:
        for rate in marks:
            y = self._y(rate)
            self.parts.append(_path([(_LEFT, y), (_WIDTH - _RIGHT, y)], _FAINT))
            self.parts.append(_text(_LEFT - 8, y + 4, f"{rate:,.0f}", size=12, anchor="end"))
        for minute in range(0, self._seconds // 60 + 1, 30):
            self.parts.append(_text(self._x(minute * 60), self._y(0) + 18, f"{minute}", size=12, anchor="middle"))
        self.parts.append(_text(_WIDTH - _RIGHT, self._y(0) + 34, "minutes", size=12, anchor="end"))

    def line(self, rates: Sequence[float], step_s: int, colour: str) -> None:
        self.parts.append(_path([(self._x((i + 0.5) * step_s), self._y(r)) for i, r in enumerate(rates)], colour, 1.4))

    def bound(self, rate: float, words: str) -> None:
        y = self._y(rate)
        self.parts.append(_path([(_LEFT, y), (_WIDTH - _RIGHT, y)], _BOUND, 1.4, "6 4"))
        self.parts.append(_text(_WIDTH - _RIGHT - 6, y - 5, words, size=12, anchor="end", colour=_BOUND))


def svg(fleet: Fleet) -> str:
    """Two panels, one above the other."""
    body = "\n".join([*_reconnects(fleet).parts, *_messages(fleet).parts])
    height = 2 * _HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
        ' font-family="sans-serif">\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>\n{body}\n</svg>\n'
    )


def _reconnects(fleet: Fleet) -> Panel:
    """The peak is what counts, so that each point is the fullest second of some."""
    fleet_size = len(fleet.controllers)
    bound = MOST_RECONNECTS * fleet_size
    top = max(1.2 * bound, 1.1 * max(fleet.attempts))
    panel = Panel(
        0, fleet.plan.end, top, f"Reconnects in the fullest second of every ten, of {fleet_size:,} controllers"
    )
    panel.shade(fleet.plan.gone, fleet.plan.back, "broker gone")
    panel.axes([0, bound / 2, bound])
    fullest = [max(fleet.attempts[at : at + _PEAK_S]) for at in range(0, len(fleet.attempts), _PEAK_S)]
    panel.line(fullest, _PEAK_S, _LINE)
    panel.bound(bound, "1 % of the fleet")
    return panel


def _messages(fleet: Fleet) -> Panel:
    """Averages over a minute, beside what the controllers wanted to say."""
    bound = MOST_PUBLISHES * len(fleet.controllers) / HOUR_S
    wanted, sent = _by_minute(fleet.wanted), _by_minute(fleet.sent)
    top = 1.15 * max(*wanted, *sent, bound)
    panel = Panel(_HEIGHT, fleet.plan.end, top, "Messages a second: wanted (grey) and sent (blue)")
    panel.shade(fleet.plan.loud, min(fleet.plan.loud + HOUR_S, fleet.plan.end), "told to be as loud as possible")
    panel.axes([0, max(wanted) / 2, max(wanted)])
    panel.line(wanted, _STEP_S, _OTHER)
    panel.line(sent, _STEP_S, _LINE)
    panel.bound(bound, f"{MOST_PUBLISHES} in an hour from each")
    return panel


def _by_minute(counts: Sequence[int]) -> list[float]:
    return [sum(counts[at : at + _STEP_S]) / _STEP_S for at in range(0, len(counts) - _STEP_S + 1, _STEP_S)]


def _path(points: Sequence[tuple[float, float]], colour: str, width: float = 1, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    at = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{at}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>'


def _text(x: float, y: float, words: str, size: int, anchor: str = "start", colour: str = _INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{words}</text>'
