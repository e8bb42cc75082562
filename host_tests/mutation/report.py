"""What became of the faults, as a table and a list, and whether that is good enough."""

from typing import NamedTuple

from fakes.results import tell

NEEDED = 0.95


class Row(NamedTuple):
    """One module. told: outcome, by, reason, line, function, words, before of each fault; broken: why it has none."""

    module: str
    told: list[list]
    broken: str

    @property
    def killed(self) -> int:
        return sum(one[0] == "killed" for one in self.told)

    @property
    def excused(self) -> int:
        """Those that change nothing, by equivalent.py, and were not noticed."""
        return sum(one[0] != "killed" and bool(one[2]) for one in self.told)

    @property
    def left(self) -> list[list]:
        return [one for one in self.told if one[0] != "killed" and not one[2]]

    @property
    def part(self) -> float:
        counted = len(self.told) - self.excused
        return self.killed / counted if counted else 1.0


def report(rows: list[Row], sampled: bool) -> int:
    """Print it; returns the exit status. sampled: then a single fault weighs too much to be judged by its part."""
    print(f"{'module':<44}{'faults':>7}{'killed':>7}{'equal':>7}{'left':>6}{'part':>8}")
    for row in rows:
        if not row.broken:
            numbers = f"{len(row.told):>7}{row.killed:>7}{row.excused:>7}{len(row.left):>6}{row.part:>8.1%}"
            print(f"{row.module:<44}{numbers}")
    whole = Row("all of them", [one for row in rows for one in row.told], "")
    numbers = f"{len(whole.told):>7}{whole.killed:>7}{whole.excused:>7}{len(whole.left):>6}{whole.part:>8.1%}"
    print(f"{whole.module:<44}{numbers}")
    for row in rows:
        if row.broken:
            print(f"\n{row.module} could not be tried:\n{row.broken}")
        for outcome, _, _, line, function, words, before in row.left:
            print(f"  {row.module}:{line} {function or '(module)'}: {words}: {before}: {outcome}")
    words = f"{len(whole.told)} faults{' drawn' if sampled else ''} in {len(rows)} modules, {whole.killed} noticed"
    tell("F15", f"{words}, {whole.excused} change nothing", whole.part >= NEEDED)
    bad = any(row.broken or (row.left if sampled else row.part < NEEDED) for row in rows)
    return 1 if bad else 0
