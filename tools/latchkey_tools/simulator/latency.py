"""How long the car lets people wait: from a card's answer, or the press of a button on a phone, to the motor's pulse.

Measured from outside, where the simulator's sockets are: with the way of a line from the firmware's process to this
one, which a wire does not have. So it is for comparing (with the cloud well, and with the cloud broken), and a figure
of this computer, not of a board.

Pure: time is given, in seconds. A pulse counts for whoever the verdict behind it names. One that comes soon after
another is left out: it may have waited for the motor's dead time, and that is not what is measured.
"""

from collections import deque
from dataclasses import dataclass

CARD, PHONE, CONNECTING = "card", "phone", "phone, connecting"
_SETTLED_S = 0.9  # a pulse of 500 ms and 200 ms of dead time, with some to spare
_FORGOTTEN_S = 30.0  # a press that nothing came of
_KEPT = 400
_SHOWN = 60
_MOVES = ("lock", "unlock")


@dataclass(frozen=True)
class Sample:
    """ms from answer or press to pulse; fault: what was wrong with the cloud at the time, "ok" for nothing."""

    kind: str
    ms: float
    fault: str


class Latency:
    """`fault`: to be kept up to date by whoever knows it."""

    def __init__(self) -> None:
        self.fault = "ok"
        self._samples: deque[Sample] = deque(maxlen=_KEPT)
        self._count = 0
        self._answered_s: float | None = None
        self._pressed: tuple[float, str] | None = None
        self._waits: dict[str, float] = {}  # by source, of the pulse whose verdict is still to come
        self._pulsed_s = float("-inf")

    def card_answered(self, at_s: float | None) -> None:
        """The reader has handed over a card's answer; None where nobody can tell."""
        self._answered_s = at_s

    def pressed(self, at_s: float, linked: bool) -> None:
        """Unlock or Lock on a phone. linked: it need not connect first."""
        self._pressed = at_s, PHONE if linked else CONNECTING

    def pulsed(self, at_s: float) -> None:
        """The lock motor has begun to move."""
        settled = at_s - self._pulsed_s > _SETTLED_S
        self._pulsed_s = at_s
        self._waits.clear()
        if not settled:
            return
        if self._answered_s is not None:
            self._waits["keycard"] = at_s - self._answered_s
        if self._pressed is not None and at_s - self._pressed[0] < _FORGOTTEN_S:
            self._waits["phone"] = at_s - self._pressed[0]

    def decided(self, verdict: dict[str, object]) -> None:
        """What the controller has said, and of whom."""
        if not verdict.get("accepted") or verdict.get("action") not in _MOVES:
            return
        source = str(verdict.get("source"))
        wait_s = self._waits.pop(source, None)
        if wait_s is None or wait_s < 0:
            return
        kind = CARD
        if source == "phone" and self._pressed is not None:
            kind, self._pressed = self._pressed[1], None
        self._samples.append(Sample(kind, round(wait_s * 1000, 1), self.fault))
        self._count += 1

    def clear(self) -> None:
        self._samples.clear()

    def snapshot(self) -> dict[str, object]:
        """For the page; plain JSON types. rows: for each kind and condition (ok, broken) n, p50, p99 and max in ms."""
        newest = list(self._samples)[-_SHOWN:]
        return {
            "count": self._count,
            "samples": [{"kind": one.kind, "ms": one.ms, "fault": one.fault} for one in newest],
            "rows": [row for kind in (CARD, PHONE, CONNECTING) for row in self._rows(kind)],
        }

    def _rows(self, kind: str) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = []
        for condition in ("ok", "broken"):
            found = sorted(
                one.ms for one in self._samples if one.kind == kind and (one.fault == "ok") == (condition == "ok")
            )
            if found:
                figures = {"p50": percentile(found, 50), "p99": percentile(found, 99), "max": found[-1]}
                rows.append({"kind": kind, "cloud": condition, "n": len(found), **figures})
        return rows


def percentile(ordered: list[float], percent: int) -> float:
    """The smallest one that is not below `percent` of them (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
