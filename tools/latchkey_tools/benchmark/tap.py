"""A tap by counters, the turns of each task, and the lookup of a card: on the bench, in virtual time."""

from latchkey_tools.benchmark.figures import COUNT, CPU, RATIO, Figure
from latchkey_tools.benchmark.scripts import rows

_BUDGETS = (
    ("operations on the curve begun", 0),
    ("AES blocks", 2),
    ("files opened", 0),
    ("reads, writes and erases of the flash", 0),
    ("awaits", 0),
)
_LONGEST_US = 1_000
_TASKS = {
    "vehicle": "the vehicle's loop",
    "nfc": "the NFC link",
    "ble": "the Bluetooth link",
    "console": "the console",
}
_FLAT = 1.2


def counted(found: list[list[str]]) -> list[Figure]:
    """found: cards, tap, then one number for each of _BUDGETS, as bench_tap.py prints them."""
    cases = [f"{tap} tap, {cards} card{'' if cards == '1' else 's'}" for cards, tap, *_ in found]
    figures = []
    for at, (what, most) in enumerate(_BUDGETS, 2):
        numbers = [int(row[at]) for row in found]
        same = len(set(numbers)) == 1
        shown = str(numbers[0]) if same else ", ".join(f"{n} ({case})" for n, case in zip(numbers, cases, strict=True))
        budget = f"≤ {most}" if most else "0"
        figures.append(Figure(f"card's answer → pulse: {what}", shown, COUNT, budget, max(numbers) <= most))
    return figures


def turns(found: list[list[str]]) -> list[Figure]:
    """found: task, us of its longest turn, how many turns, doing what."""
    longest = {name: (int(us), int(count), doing) for name, us, count, doing in found}
    figures = []
    for name, words in _TASKS.items():
        us, count, doing = longest[name]
        shown = f"{us} µs, in “{doing}”" if us > _LONGEST_US else f"{us} µs of {count:,} turns"
        what = f"longest stretch without giving way: {words}"
        figures.append(Figure(what, shown, CPU, "≤ 1 ms", us <= _LONGEST_US))
    return figures


def lookup(found: list[list[str]]) -> list[Figure]:
    """found: what, us with one card, us with a thousand."""
    figures = []
    for what, alone, among in found:
        ratio = float(among) / float(alone)
        shown = f"{ratio:.2f} ({float(among):.1f} µs)"
        figures.append(Figure(f"lookup, 1,000 cards : 1 card, {what}", shown, RATIO, f"≤ {_FLAT}", ratio <= _FLAT))
    return figures


def measure() -> list[Figure]:
    """All three. raises: BenchmarkError."""
    return [
        *counted(rows("bench_tap", "4m")),
        *turns(rows("bench_turns", "16m")),
        *lookup(rows("bench_lookup", "1m")),
    ]
