"""The drill in virtual time: the whole application under MicroPython, and an air with connection events."""

from dataclasses import dataclass

from latchkey_tools.benchmark.scripts import BenchmarkError, rows
from latchkey_tools.drill.story import FLOOR_MS, RATIO, SERVED

KINDS = ("hold", "churn", "half-open", "slow writes", "garbage", "strangers", "sniffed key", "polling", "deaf")
ALL = "all"
_HEAP = "8m"
_SEED = "1"
_COLUMNS = 13  # that the script prints


@dataclass(frozen=True)
class Row:
    """One drill; of each triple the middle, the 99th percentile and the longest, in ms."""

    kind: str
    tries: int
    served: int
    waits_ms: tuple[int, int, int]
    idle_ms: tuple[int, int, int]
    taps_ms: tuple[int, int, int]
    silent_ms: int
    closed_ms: int

    @property
    def ratio(self) -> float:
        return self.taps_ms[1] / self.idle_ms[1]

    @property
    def served_enough(self) -> bool:
        return self.served >= SERVED * self.tries

    @property
    def taps_in_time(self) -> bool:
        return self.taps_ms[1] <= RATIO * self.idle_ms[1] + FLOOR_MS


def measure(kind: str, tries: int) -> Row:
    """kind: ALL, or one of KINDS for all nine. Raises BenchmarkError."""
    (found,) = rows("bench_drill", _HEAP, arguments=(kind, str(tries), _SEED))
    if len(found) != _COLUMNS:
        raise BenchmarkError(f"bench_drill: {found}")
    n = [int(number) for number in found]
    return Row(kind, n[0], n[1], (n[2], n[3], n[4]), (n[5], n[6], n[7]), (n[8], n[9], n[10]), n[11], n[12])
