"""Keeps one MicroPython process with the firmware alive, and leaves none behind.

A power cut is kill -9 and a new start; a crash is shown and followed by a new start, later each time. The process is in
a group of its own, so that Ctrl-C reaches this program alone, which then ends it in order. On Linux the kernel kills it
when this program dies without a chance to (PR_SET_PDEATHSIG, prctl(2)); elsewhere the firmware ends when its harness
closes.
"""

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_PR_SET_PDEATHSIG = 1
_LINE_LIMIT = 400  # characters of a log line that are kept
_OFF_S = 1.5  # long enough to be seen on the page
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 15.0
_STEADY_S = 10.0  # a run this long was no start-up crash: begin again with the short pause


class FirmwareError(Exception):
    """The firmware cannot be started; the message says what to do about it."""


def interpreter() -> str:
    """MicroPython's unix port: $MICROPYTHON, else beside this Python, else on the PATH. Raises FirmwareError."""
    asked = os.environ.get("MICROPYTHON", "")
    found = shutil.which(asked) if asked else _installed()
    if found:
        return found
    if asked:
        raise FirmwareError(f"MICROPYTHON={asked} is not a program: give the path of MicroPython's unix port.")
    raise FirmwareError(
        "MicroPython is not installed: run `make setup`, or set MICROPYTHON= to a unix build of it (1.26 or later)."
    )


def _installed() -> str | None:
    # Not resolve(): the python of a venv is a link to one that has no MicroPython beside it.
    beside = Path(sys.executable).parent / "micropython"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("micropython")


def command(main: Path, harness: str, reader: str, air: str, flash: Path) -> tuple[list[str], dict[str, str]]:
    """Command line and environment of the firmware. harness, reader, air: HOST:PORT, air empty
    without a radio; flash: the folder that is its flash."""
    path = [ROOT / "boards/simulator", ROOT / "firmware", ROOT / "firmware/latchkey/chip/unix", ".frozen"]
    environment = {
        "MICROPYPATH": ":".join(str(entry) for entry in path),
        "HARNESS": harness,
        "READER": reader,
        "AIR": air,
        "FLASH": str(flash),
        "PATH": os.environ.get("PATH", os.defpath),
    }
    return [interpreter(), str(main)], environment


class Firmware:
    """`build()` gives command line and environment, anew for each start. `log(stream, text)` gets each line of output;
    `changed()` is called when state, message or starts has changed; `died()` when the process has gone, for any
    reason."""

    def __init__(
        self,
        build: Callable[[], tuple[list[str], dict[str, str]]],
        log: Callable[[str, str], None],
        changed: Callable[[], None],
        died: Callable[[], None],
    ) -> None:
        self._build = build
        self._log = log
        self._changed = changed
        self._died = died
        self._process: asyncio.subprocess.Process | None = None
        self._last_words = ""  # the last line of stderr: where an exception has its name
        self._purpose = ""  # why we ended it ourselves; empty: it ended on its own
        self._between: Callable[[], None] | None = None
        self.state = "stopped"  # starting, running, off, crashed, stopped
        self.message = ""
        self.starts = 0

    async def keep(self) -> None:
        """Runs until cancelled; ends the process on the way out."""
        pause_s = _FIRST_PAUSE_S
        try:
            while True:
                began = time.monotonic()
                code = await self._run()
                if self._purpose:
                    self._say("off", self._purpose)
                    await asyncio.sleep(_OFF_S)
                    self._do_between()
                    pause_s = _FIRST_PAUSE_S
                    continue
                pause_s = _FIRST_PAUSE_S if time.monotonic() - began > _STEADY_S else pause_s
                why = f"{_exit_words(code)}: {self._last_words}" if self._last_words else _exit_words(code)
                self._say("crashed", f"The firmware ended ({why}) and starts again in {pause_s:.0f} s.")
                await asyncio.sleep(pause_s)
                self._do_between()
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        finally:
            self._kill()
            self._say("stopped", "The simulator is ending.")

    def snapshot(self) -> dict[str, object]:
        """For the page; plain JSON types."""
        return {"state": self.state, "message": self.message, "starts": self.starts}

    def connected(self) -> None:
        """It has reported over the harness: it runs."""
        if self.state == "starting":
            self._say("running", "")

    def power_cut(self, why: str, between: Callable[[], None] | None = None) -> None:
        """kill -9, a moment of darkness, between(), and a new start."""
        self._between = between or self._between
        if self._process is None:
            return  # it is dark already: between() is called before the start that comes anyway
        self._purpose = why
        self._kill()

    async def _run(self) -> int:
        self._purpose = self._last_words = ""
        self.starts += 1
        try:
            argv, environment = self._build()
            self._process = process = await asyncio.create_subprocess_exec(
                *argv,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                preexec_fn=dies_with() if sys.platform == "linux" else None,
            )
        except (OSError, FirmwareError) as error:
            self._last_words = str(error)
            return 127
        self._say("starting", "")
        try:
            await asyncio.gather(self._drain("out", process.stdout), self._drain("err", process.stderr))
            return await process.wait()
        finally:
            self._kill()
            await process.wait()
            self._process = None
            self._died()

    async def _drain(self, stream: str, pipe: asyncio.StreamReader | None) -> None:
        assert pipe is not None  # PIPE was asked for
        rest = b""
        while data := await pipe.read(4096):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._hear(stream, line)
            rest = rest[:_LINE_LIMIT]
        if rest:
            self._hear(stream, rest)

    def _hear(self, stream: str, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip()[:_LINE_LIMIT]
        if stream == "err" and text:
            self._last_words = text
        self._log(stream, text)

    def _kill(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def _do_between(self) -> None:
        between, self._between = self._between, None
        if between is not None:
            between()

    def _say(self, state: str, message: str) -> None:
        self.state, self.message = state, message
        if message:
            self._log("simulator", message)
        self._changed()


def _exit_words(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"


def dies_with() -> Callable[[], None]:
    """For a child process, on Linux: it is killed when this program dies."""
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl  # looked up here: little is safe between fork and exec

    def in_child() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died between fork and prctl: nobody else would tell us
            os._exit(1)

    return in_child
