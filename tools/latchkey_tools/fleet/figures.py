"""What is counted in a run, said in words, and whether it kept the bounds."""

from typing import NamedTuple

from latchkey_tools.fleet.controller import HOUR_S, governor
from latchkey_tools.fleet.simulation import Fleet

MOST_RECONNECTS = 0.01  # of the fleet, in any second
MOST_PUBLISHES = 60  # of one controller, in any hour
MOST_BYTES = 65_536


class Figures(NamedTuple):
    """Rates are of the whole fleet in a second; times in seconds."""

    controllers: int
    reconnects: int  # peak
    arrivals: int  # peak
    half_back_s: int  # after the broker's return
    all_back_s: int
    wanted: int  # while loud
    sent: int
    most_publishes: int  # of any controller, in any hour
    most_bytes: int
    locks_refused: int
    loud_s: int  # for how long anyone was

    @property
    def kept(self) -> bool:
        """All bounds hold."""
        return (
            self.reconnects <= MOST_RECONNECTS * self.controllers
            and self.most_publishes <= MOST_PUBLISHES
            and self.most_bytes <= MOST_BYTES
            and self.locks_refused == 0
            and self.loud_s <= HOUR_S
        )

    def lines(self) -> list[str]:
        share = 100 * self.reconnects / self.controllers
        return [
            f"{self.controllers:,} controllers, each with the governor of the firmware",
            "",
            "The broker is gone for an hour; all sessions end in one second.",
            f"  reconnects, at most in one second   {self.reconnects:>8,}   {share:.2f} % of the fleet, 1 % allowed",
            f"  of which arrive                     {self.arrivals:>8,}",
            f"  half of the fleet is back after     {self.half_back_s:>8,} s",
            f"  all of it after                     {self.all_back_s:>8,} s",
            "",
            "Then all are told, in one second, to be as loud as possible for ten years.",
            f"  messages wanted, a controller       {self.wanted / self.controllers:>8.1f}   in the hour after it",
            f"  messages sent, a controller         {self.sent / self.controllers:>8.1f}",
            f"  by the loudest one, in any hour     {self.most_publishes:>8,}   {MOST_PUBLISHES} allowed",
            f"  its bytes, TLS included, in any hour{self.most_bytes:>8,}   {MOST_BYTES:,} allowed",
            f"  lock states not sent                {self.locks_refused:>8,}   0 allowed",
            f"  loud for                            {self.loud_s:>8,} s {HOUR_S:,} s allowed",
            "",
            "All bounds are kept." if self.kept else "A BOUND IS BROKEN.",
        ]


def figures(fleet: Fleet) -> Figures:
    """Count what a run has left behind."""
    plan = fleet.plan
    hour = slice(plan.loud, plan.loud + HOUR_S)
    return Figures(
        controllers=len(fleet.controllers),
        reconnects=max(fleet.attempts),
        arrivals=max(fleet.arrivals),
        half_back_s=_back_after(fleet, 0.5),
        all_back_s=_back_after(fleet, 1),
        wanted=sum(fleet.wanted[hour]),
        sent=sum(fleet.sent[hour]),
        most_publishes=max(each.most_publishes() for each in fleet.controllers),
        most_bytes=max(each.most_bytes() for each in fleet.controllers),
        locks_refused=sum(each.refused[governor.LOCK_STATE] for each in fleet.controllers),
        loud_s=sum(fleet.loud),
    )


def _back_after(fleet: Fleet, share: float) -> int:
    """Seconds from the broker's return until so many are back; -1 for never."""
    wanted = share * len(fleet.controllers)
    back = 0
    for second in range(fleet.plan.back, fleet.plan.end):
        back += fleet.arrivals[second]
        if back >= wanted:
            return second - fleet.plan.back
    return -1
