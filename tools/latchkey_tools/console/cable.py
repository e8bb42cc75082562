"""Lines to and from a controller over its USB port. A context; every wait has an end. raises: Problem.

A board with native USB is gone for a moment when it starts anew; that is waited for. What is no line of the console
(the loader's words, a traceback) is kept in `heard`, because it says why there is no status.
"""

import contextlib
import errno
import json
import time
from collections.abc import Iterator
from typing import Any

import serial

from latchkey_tools.flash import ports, startup
from latchkey_tools.phone.problem import Problem

_BAUD = 115_200
_READ_S = 0.1
_AWAY_S = 8.0  # native USB after a reset
_HEARD_LEN = 8_000
WORDS = ("status", "verdict", "stored", "error", "about", "settings", "tried", "limit", "journal")


class Cable:
    """port: as pyserial names it, also socket://HOST:PORT. opened: the port, where somebody has opened it already."""

    def __init__(self, port: str, opened: Any = None) -> None:
        self.port = port
        self.heard = ""
        self._serial: Any = opened
        self._rest = b""

    def __enter__(self) -> "Cable":
        if self._serial is None:
            ports.probe(self.port)
            self._open()
        else:
            self._serial.timeout = _READ_S
        return self

    def __exit__(self, *error: object) -> None:
        if self._serial is not None:
            inner = getattr(self._serial, "_socket", None)
            with contextlib.suppress(OSError, serial.SerialException):
                self._serial.close()
            if inner is not None:
                inner.close()  # pyserial leaves it open when the other end has gone first
            self._serial = None

    def write(self, line: str) -> None:
        try:
            self._serial.write(line.encode() + b"\n")
            self._serial.flush()
        except (OSError, serial.SerialException):
            raise ports.lost(self.port)

    def lines(self, for_s: float) -> Iterator[tuple[str, str]]:
        """What the console tells, as (word, rest), for so long at most."""
        until_s = time.monotonic() + for_s
        while time.monotonic() < until_s:
            *whole, self._rest = (self._rest + self._read()).split(b"\n")
            for raw in whole:
                line = raw.decode("utf-8", "replace").strip("\r\x04> ")
                word, _, rest = line.partition(" ")
                if word in WORDS:
                    yield word, rest
                else:
                    self.heard = (self.heard + line + "\n")[-_HEARD_LEN:]

    def status(self, for_s: float = 10.0) -> dict[str, Any]:
        """The next status that is whole."""
        for share in (0.8, 0.2):
            for word, rest in self.lines(for_s * share):
                if word == "status":
                    with contextlib.suppress(ValueError):
                        return dict(json.loads(rest))
            self.write("\r")  # a prompt answers an empty line, and a console does not
        raise self.silence()

    def ask(self, line: str, answers: tuple[str, ...] = ("stored",), for_s: float = 5.0) -> tuple[str, str]:
        """Send a line; returns the first answer, an error among them."""
        self.write(line)
        for word, rest in self.lines(for_s):
            if word in (*answers, "error"):
                return word, rest
        raise self.silence()

    def silence(self) -> Problem:
        """Why nothing was told."""
        text = self.heard + self._rest.decode("utf-8", "replace")
        known = startup.meaning(text)
        if known is not None:
            return known
        last = startup.traceback(text)
        if last:
            return Problem(
                "firmware failed",
                f"The firmware ended by itself ({last}): flash it again; if it happens again, report that line.",
            )
        if ">>>" in text or "MicroPython v" in text:
            return Problem(
                "no firmware", "MicroPython runs on the board, and Latchkey does not: run `latchkey flash BOARD`."
            )
        return Problem(
            "no answer",
            f"No controller tells anything at {self.port}: press RESET and try again. Is it the right port, does the "
            "cable carry data, and was the board flashed (`latchkey flash BOARD`)?",
        )

    def _open(self) -> None:
        until_s = time.monotonic() + ports.LET_GO_S
        while True:
            try:
                self._serial = serial.serial_for_url(self.port, _BAUD, timeout=_READ_S, write_timeout=5, exclusive=True)
                return
            except TypeError:
                raise Problem("no port", f"{self.port} is not a port.")
            except (OSError, serial.SerialException) as error:
                number = getattr(error, "errno", 0) or 0
                if number != errno.EAGAIN or time.monotonic() > until_s:
                    raise ports.explained(OSError(number, str(error)), self.port)
            time.sleep(0.05)

    def _read(self) -> bytes:
        try:
            return bytes(self._serial.read(max(1, min(4096, self._serial.in_waiting))))
        except (OSError, serial.SerialException):
            self.__exit__()
        until_s = time.monotonic() + _AWAY_S
        while time.monotonic() < until_s:
            time.sleep(0.1)
            with contextlib.suppress(Problem, OSError):
                ports.probe(self.port)
                self._open()
                return b""
        raise ports.lost(self.port)
