"""What a board says while it starts, and what it means when that is not Latchkey. Text of ESP-IDF's loaders and of
MicroPython's inisetup.py, which is the same on all chips."""

from latchkey_tools.phone.problem import Problem

_SAYINGS = (
    # what stands in its output; how often at least; kind; sentence
    (
        "Brownout detector was triggered",
        2,
        "brown-out",
        "The board starts again and again because its supply breaks down (brown-out). Use a short, thick USB cable at "
        "a port that gives 500 mA, and take reader and motor off while flashing; then repeat the command.",
    ),
    (
        "waiting for download",
        1,
        "download mode",
        "The board waits for a download instead of starting: let go of BOOT, press RESET, and see that no wire pulls "
        "the strapping pin (GPIO0, on C3 GPIO9) low.",
    ),
    (
        "filesystem appears to be corrupted",
        1,
        "no file system",
        "MicroPython finds no file system it can use, and no empty flash either. Was another program on this board: "
        "`latchkey erase --yes`, then flash again. Was it a controller: its keys may be lost; try a start without "
        "the motor's supply first, because a weak supply reads wrong, too.",
    ),
    (
        "invalid header",
        2,
        "no MicroPython",
        "There is no program in the board's flash: flash it without `--files-only`.",
    ),
    (
        "flash read err",
        2,
        "flash unreadable",
        "The board cannot read its flash: something is wired to the pins of the flash (GPIO6 to 11 on an ESP32), or "
        "GPIO12 is pulled high at the start. Take the wires off and try again.",
    ),
    (
        "Guru Meditation Error",
        2,
        "crash loop",
        "MicroPython crashes while it starts: flash it again without `--files-only`; if that does not help, with "
        "another `--micropython VERSION`.",
    ),
)


def meaning(text: str) -> Problem | None:
    """What the board's own words say is wrong, None where they say nothing known."""
    for saying, times, kind, sentence in _SAYINGS:
        if text.count(saying) >= times:
            return Problem(kind, sentence)
    return None


def traceback(text: str) -> str:
    """The last line of the last traceback, empty without one."""
    _, found, rest = text.rpartition("Traceback (most recent call last):")
    if not found:
        return ""
    lines = [line.strip() for line in rest.splitlines() if line.strip()]
    ends = [line for line in lines if not line.startswith("File ") and not line.startswith(">>>")]
    return ends[0][:200] if ends else ""
