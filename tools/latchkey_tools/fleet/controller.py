"""One simulated controller: the firmware's governor, and the counts of what it let through."""

import importlib
import sys
from array import array
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[3]


def _governor_module():  # type: ignore[no-untyped-def]
    """The firmware's own module; beside MicroPython's const() it needs nothing."""
    for folder in (ROOT / "host_tests/shim", ROOT / "firmware"):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    return importlib.import_module("latchkey.core.governor")


governor = _governor_module()

# Bytes to the server, seen on the wire between MicroPython 1.29-preview and Mosquitto 2.0.11 with TLS 1.2,
# ECDHE-ECDSA-AES256-GCM-SHA384 and a client certificate of 348 bytes: 814 up to the end of CONNECT, and 29 more than
# its own length for each packet after that.
RECORD_LEN = 29
CONNECT_LEN = 814 - RECORD_LEN
SUBSCRIBE_LEN = 41
PING_LEN = 2
STATE_LEN = 339
DIAGNOSTIC_LEN = 200

HOUR_S = 3_600


class Controller:
    """Asks its governor before anything is sent, and keeps what was sent."""

    def __init__(self, chance: Random, seconds: int, wait_percent: int) -> None:
        self.governor = governor.Governor(RECORD_LEN, wait_percent)
        self.up = False
        self.session = 0  # rises with every connection and loss, so that what was meant for another is known
        self.telling = 0  # the same for the rhythm of its diagnostics
        self.publishes: list[int] = []  # when
        self.refused = [0] * governor.KINDS
        self._bytes = array("I", bytes(4 * (seconds // 60 + 1)))  # by minute
        self._chance = chance

    def send(self, kind: int, size: int, now_s: int) -> bool:
        """Send `size` bytes if the governor lets it."""
        if not self.governor.may(kind, size, now_s):
            self.refused[kind] += 1
            return False
        self._bytes[now_s // 60] += size + RECORD_LEN
        return True

    def publish(self, kind: int, size: int, now_s: int) -> bool:
        if not self.send(kind, size, now_s):
            return False
        self.publishes.append(now_s)
        return True

    def wait_s(self) -> int:
        """How long it waits before the next connection, in whole seconds from the next one on."""
        return 1 + int(self.governor.reconnect_delay_ms(self._fill)) // 1_000

    def most_publishes(self, span_s: int = HOUR_S) -> int:
        """In the fullest span, both ends included."""
        most = first = 0
        for last, second in enumerate(self.publishes):
            while second - self.publishes[first] > span_s:
                first += 1
            most = max(most, last - first + 1)
        return most

    def most_bytes(self) -> int:
        """In the fullest hour and the minute that it ends in: a little more than in any hour."""
        totals = [sum(self._bytes[minute : minute + 61]) for minute in range(max(1, len(self._bytes) - 60))]
        return max(totals)

    def _fill(self, buffer: bytearray) -> None:
        buffer[:] = self._chance.randbytes(len(buffer))
