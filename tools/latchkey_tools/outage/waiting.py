"""How long processes were ready to run and did not, because others had the processor.

Linux, Documentation/scheduler/sched-stats.rst: the second number of /proc/PID/schedstat, in ns. On a busy PC it is most
of what makes one tap later than another, and it says nothing about the firmware: a controller has its chip to itself.
"""

from pathlib import Path


def waited_ns(*pids: "int | str") -> int:
    """All of them together since they started; 0 from a kernel that does not count it."""
    return sum(_waited_ns(Path(f"/proc/{pid}/schedstat")) for pid in pids)


def _waited_ns(path: Path) -> int:
    try:
        return int(path.read_text().split()[1])
    except OSError:
        return 0
