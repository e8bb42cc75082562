"""How the drills are shown: a line for each as soon as it is over, and one table for the README."""

import platform
from collections.abc import Iterator, Sequence

from latchkey_tools.outage.figures import EXTRA_MS, FLOOR_MS, RATIO, Found, Sample, Timed, at, own, together, whole

BEGIN = "<!-- made by `make drills`, do not edit -->"
END = "<!-- end of the drills -->"
_WIDTH = 45
_HEAD = f"{'tap p50, p99, max: idle → drilled, ratio':<43}  {'press: idle → drilled, ratio':<43}  files  heap"

BUDGET = (
    f"Budget of taps and presses: drilled p99 ≤ {RATIO:.2f} × idle p99 + {FLOOR_MS:.0f} ms, longest ≤ longest when idle"
    f" + {EXTRA_MS:.0f} ms. Idle is measured before each row, connected to Mosquitto by TLS with a client certificate."
    " Where the clock says more, the time is judged without that in which other processes of this PC had the processor"
    " although the firmware was ready to run, and the row says so."
)
NOTE = (
    "Real processes: MicroPython with the firmware from .mpy, reader, car, a phone on Bumble's air, Debian's Mosquitto"
    " and a hostile broker. A tap counts from the card's last answer to the driven motor, a press from the finger on"
    " the phone to the driven motor or latch, in ms. Heap: bytes less after a row than before it, each time connected."
)


def caption() -> str:
    return f"Measured on a PC ({platform.machine()}, {platform.system()}). Nothing here is measured on an ESP32."


def head() -> Iterator[str]:
    """Above the lines."""
    yield caption()
    yield BUDGET
    yield NOTE
    yield ""
    yield f"{'':<{_WIDTH}}  {_HEAD}"


def line(found: Found) -> str:
    """One row. It ends with what was missed, or how the fault was seen."""
    missed = found.missed()
    said = "; ".join(missed) if missed else found.struck
    again = ", measured a second time" if found.again else ""
    again += "".join(f"; {words}" for words in _waits(found))
    return (
        f"{found.row:<{_WIDTH}}  {_timed(found.taps)}  {_timed(found.presses)}  {_files(found)}  {found.grown:>5}"
        f"  {'MISSED: ' if missed else ''}{said}{again}"
    )


def summary(rows: Sequence[Found]) -> Iterator[str]:
    """Below the lines."""
    everything = together(rows)
    yield ""
    yield f"{everything.row:<{_WIDTH}}  {_timed(everything.taps)}  {_timed(everything.presses)}"
    taps, presses = len(everything.taps.drilled), len(everything.presses.drilled)
    yield f"{taps} taps and {presses} presses drilled; {everything.replayed} recorded commands accepted."
    yield f"{len(rows) - len(_missed(rows))} of {len(rows)} rows are within their budgets."
    for found in _missed(rows):
        yield f"MISSED: {found.row}: {'; '.join(found.missed())}"


def markdown(rows: Sequence[Found]) -> Iterator[str]:
    """One table, and what must be known to read it."""
    yield f"{caption()} `make drills`, {len(rows)} rows, {_taps(rows)} taps."
    yield ""
    yield "| what is wrong | tap, idle | tap, drilled | p99:p99 | press, idle | drilled | p99:p99 | heap | files |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for found in (*rows, together(rows)):
        name = f"**{found.row}: {'; '.join(found.missed())}**" if found.missed() else found.row
        name += "".join(f" ({words})" for words in _waits(found))
        yield f"| {name} | {_cells(found.taps)} | {_cells(found.presses)} | {found.grown} | {_files(found)} |"
    yield ""
    yield f"In ms: p50, p99, longest. {NOTE} {BUDGET}"
    yield ""
    yield (
        f"{len(rows) - len(_missed(rows))} of {len(rows)} rows are within their budgets. The controller was one"
        f" process throughout, and restarted no link; of recorded commands {together(rows).replayed} were accepted."
        f"{_reconnects(rows)}"
        if not any(found.restarted or found.links_restarted for found in rows)
        else "**The controller, or a link of it, restarted.**"
    )


def _missed(rows: Sequence[Found]) -> list[Found]:
    return [found for found in rows if found.missed()]


def _taps(rows: Sequence[Found]) -> int:
    return sum(len(found.taps.idle) + len(found.taps.drilled) for found in rows)


def _reconnects(rows: Sequence[Found]) -> str:
    """How long the car was away after its broker was there again."""
    seconds = [second for found in rows for second in found.reconnects_s]
    if not seconds:
        return ""
    spread = ", ".join(f"{second:.1f}" for second in seconds)
    return f" After a killed broker was there again, it was connected in {spread} s (reconnect_percent 1)."


def _waits(found: Found) -> Iterator[str]:
    """Where the clock alone would have said no: what is left without the waits for a processor."""
    for what, timed in (("taps", found.taps), ("presses", found.presses)):
        if not timed.by_the_clock:
            left = [f"{at(own(samples), 0.99):.1f}" for samples in (timed.idle, timed.drilled)]
            yield f"{what} without waits for this PC's processor: p99 {left[0]} → {left[1]}"


def _spread(samples: list[Sample]) -> str:
    return ", ".join(f"{at(whole(samples), part):.1f}" for part in (0.5, 0.99, 1.0))


def _timed(timed: Timed) -> str:
    return f"{_spread(timed.idle):>16} → {_spread(timed.drilled):>16} {timed.ratio:>5.2f}"


def _cells(timed: Timed) -> str:
    return f"{_spread(timed.idle)} | {_spread(timed.drilled)} | {timed.ratio:.2f}"


def _files(found: Found) -> str:
    return f"{found.files[0]} → {found.files[1]}"
