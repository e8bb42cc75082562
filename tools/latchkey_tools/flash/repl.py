"""MicroPython's raw prompt on the board, by mpremote, with an end to every wait and words for every failure.

Entering interrupts the running application; its watchdog, which nobody feeds meanwhile, is given five minutes. So a
board that is left like this, because a cable was pulled, starts again by itself.
"""

import contextlib
import re
import struct
import time
from collections.abc import Iterator

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from latchkey_tools.flash import ports, startup
from latchkey_tools.phone.problem import CannotStart, Problem

_ANSWER_S = 10  # the longest that anything asked here takes: formatting flash, hashing a file
_ENTER_S = 0.4  # what is sent while a board starts is lost, so it is sent again
_PROMPT = b"raw REPL; CTRL-B to exit\r\n"
_HEARD_LEN = 8_000

_WATCHDOG = """
try:
    import machine
    machine.WDT(timeout=300_000)
except Exception:
    pass
"""


class BoardError(Exception):
    """What the board's Python raised. number: errno of an OSError, 0 else."""

    def __init__(self, text: str) -> None:
        lines = text.strip().splitlines() or [""]
        super().__init__(lines[-1])
        found = re.search(r"OSError: (?:\[Errno )?(\d+)", lines[-1])
        self.number = int(found[1]) if found else 0


class Repl:
    """A context: the prompt is there from entering on, and the port is closed whatever happens. raises: Problem."""

    def __init__(self, port: str, wait_s: float = 5.0) -> None:
        """wait_s: how long a board may take to give a prompt at all; the first start formats its flash."""
        self._port = port
        self._wait_s = wait_s
        self._transport: SerialTransport | None = None

    def __enter__(self) -> "Repl":
        try:
            with self._explained():
                self._open()
                self._enter()
                self.run(_WATCHDOG)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        if self._transport is not None:
            with contextlib.suppress(OSError, serial.SerialException):
                self._transport.close()
            self._transport = None

    def run(self, script: str) -> str:
        """Run a script; returns what it printed. raises: BoardError, Problem."""
        assert self._transport is not None
        with self._explained():
            try:
                out, error = self._transport.exec_raw(script, timeout=_ANSWER_S)
            except TransportExecError as failed:
                raise BoardError(failed.error_output)
            if error:
                raise BoardError(error.decode("utf-8", "replace"))
            return str(out.decode("utf-8", "replace")).replace("\r", "")

    def restart(self) -> serial.Serial:
        """A reset as by the button. Returns the port, open, so that no word of the start is missed."""
        assert self._transport is not None
        with contextlib.suppress(TransportError, OSError, serial.SerialException, struct.error):
            self._transport.exec_raw_no_follow("import machine\nmachine.reset()")
        opened: serial.Serial = self._transport.serial
        self._transport = None
        return opened

    def _open(self) -> None:
        until_s = time.monotonic() + ports.LET_GO_S
        while True:
            try:
                self._transport = SerialTransport(self._port, timeout=_ANSWER_S)
                return
            except TransportError:
                late = time.monotonic() > until_s
                try:
                    ports.probe(self._port)  # says why
                except CannotStart as why:
                    if late or why.name != "busy_port":
                        raise
                if late:
                    raise ports.lost(self._port)
            time.sleep(0.05)

    def _enter(self) -> None:
        """mpremote's own way waits for ever for a program that never stops talking."""
        assert self._transport is not None
        until_s = time.monotonic() + self._wait_s
        heard = b""
        while True:
            self._transport.serial.write(b"\r\x03\x03\r\x01")
            heard += self._listened(_ENTER_S, _PROMPT)
            if heard.endswith(_PROMPT):
                self._transport.serial.write(b"\r\x01")  # whatever is still on its way comes before the next prompt
                if self._listened(_ENTER_S, _PROMPT).endswith(_PROMPT):
                    return
            heard = heard[-_HEARD_LEN:]
            if time.monotonic() > until_s:
                text = heard.decode("utf-8", "replace")
                raise startup.meaning(text) or _no_prompt(self._port, text)

    def _listened(self, for_s: float, end: bytes) -> bytes:
        """What comes, up to `end`, which is left whole, or for so long."""
        assert self._transport is not None
        heard = b""
        until_s = time.monotonic() + for_s
        while time.monotonic() < until_s and not heard.endswith(end):
            if self._transport.serial.inWaiting():
                heard += self._transport.serial.read(1)
            else:
                time.sleep(0.005)
        return heard

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (serial.SerialException, OSError, struct.error):
            raise ports.lost(self._port)
        except TransportError as error:
            raise Problem(
                "no prompt",
                f"The board at {self._port} stopped answering ({str(error)[:100]}): press RESET and repeat the "
                "command; it goes on where it stopped.",
            )


def _no_prompt(port: str, heard: str) -> Problem:
    if heard.strip():
        return Problem(
            "not MicroPython",
            f"What runs on the board at {port} is not MicroPython, or does not let itself be interrupted: flash it "
            "without `--files-only`. Was it a controller with a frozen build, see boards/FROZEN.md.",
        )
    return Problem(
        "no answer",
        f"The board at {port} says nothing: press RESET and repeat the command. Is it the right port, and does the "
        "cable carry data?",
    )
