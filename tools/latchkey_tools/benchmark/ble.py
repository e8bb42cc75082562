"""A phone's handshake and its command by counters, on the bench, in virtual time; and the cipher they rest on."""

from latchkey_tools.benchmark.figures import COUNT, CPU, RATIO, WALL, Figure
from latchkey_tools.benchmark.scripts import rows

_BUDGETS = (
    ("operations on the curve begun", "0"),
    ("files of the list of keys opened for reading", ""),
    ("writes and erases of the flash", "0"),
)
_WORDS = {"handshake": "phone's handshake → answered", "command": "phone's command → pulse and reply"}

_BLOCKS = "15 block calls of cryptolib"
_GCM = "GCM seal, 200 bytes"
_MOST = 10.0  # times what the standard makes any implementation pay


def counted(found: list[list[str]]) -> list[Figure]:
    """found: what, then one number for each of _BUDGETS, then ms, as bench_ble.py prints them."""
    numbers = {what: [int(one) for one in counts] for what, *counts in found}
    figures = []
    for what, words in _WORDS.items():
        *counts, ms = numbers[what]
        for count, (name, budget) in zip(counts, _BUDGETS, strict=True):
            met = count == 0 if budget else None
            figures.append(Figure(f"{words}: {name}", str(count), COUNT, budget, met))
        figures.append(Figure(f"{words}: turns of the link and the radio, in virtual time", f"{ms} ms", WALL))
    return figures


def cipher(found: list[list[str]]) -> list[Figure]:
    """found: name, us, bytes of garbage, as bench_gcm.py prints them."""
    times = {name: float(us) for name, us, _ in found}
    ratio = times[_GCM] / times[_BLOCKS]
    name = f"AES-GCM, 200 bytes: times as long as {_BLOCKS}"
    figures = [Figure(name, f"{ratio:.1f}", RATIO, f"≤ {_MOST:.0f}", ratio <= _MOST)]
    for name, us, garbage in found:
        figures.append(Figure(name, f"{float(us):.1f} µs, {garbage} bytes", CPU, detail=True))
    return figures


def measure() -> list[Figure]:
    """Both. raises: BenchmarkError."""
    return [*counted(rows("bench_ble", "4m")), *cipher(rows("bench_gcm", "1m"))]
