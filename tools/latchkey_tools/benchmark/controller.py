"""One controller on the table: the compiled firmware in a MicroPython process, the PN532 model and a car, over TCP.

    async with Controller(folder, heap="192k") as controller:   # folder: its flash, which outlives it
        await controller.status(lambda status: status["claimed"])
        controller.reader.put(card)
        when, (word, name, ms) = await controller.heard("pulse")

Real time and real processes, as in `make run` but without a page; ports are of the system's choosing. Leaving it kills
the firmware, as a loss of power would; `cpu_s` is then what the process took from its start.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

from latchkey_tools.pn532_server import ReaderField
from latchkey_tools.simulator.car import Car
from latchkey_tools.simulator.firmware import interpreter
from latchkey_tools.simulator.harness import Harness
from latchkey_tools.simulator.wire import Message, format_input

ROOT = Path(__file__).resolve().parents[3]
FIRMWARE, TESTS = ROOT / "build/mpy", ROOT / "build/mpy-tests"
_HOST = "127.0.0.1"
_PATIENCE_S = 8.0
_LOOK_S = 0.005


class ControllerError(Exception):
    """The firmware did not do what was waited for. `last_words`: the last line that it printed."""

    def __init__(self, what: str, last_words: str) -> None:
        super().__init__(f"{what} {last_words}".strip())
        self.last_words = last_words


class Controller:
    """`reader`: see pn532_server. `car`: call changed() after doing something to it. `output`: what was printed."""

    def __init__(
        self,
        folder: Path,
        heap: str,
        module: str = "main",
        path: tuple[Path, ...] = (),
        firmware: Path | None = None,
        air: str | None = None,
    ) -> None:
        """module: what is run as the program; path: where it is looked for besides `firmware`, which is FIRMWARE.

        air: HOST:PORT of its radio, see latchkey_tools.radio; empty for none, None for the board's own.
        """
        self.reader = ReaderField(_HOST, 0)
        self.car = Car(self._now_ms(), jitter_ms=30)
        self.cpu_s = 0.0
        self._folder = folder
        self._air = air
        self._command = [interpreter(), "-X", f"heapsize={heap}", "-m", module]
        self._path = [*path, ROOT / "boards/simulator", firmware or FIRMWARE, ".frozen"]
        self._harness = Harness(self._greet, self._hear, lambda text: None, lambda: None)
        self._sent: dict[str, int] = {}
        self._heard: defaultdict[str, deque[tuple[int, Message]]] = defaultdict(deque)
        self._status: dict[str, Any] = {}
        self._reset_held = False
        self._stirred = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self.reader.start()
        port = await self._harness.listen(_HOST, 0)
        environment = {
            "MICROPYPATH": ":".join(str(entry) for entry in self._path),
            "HARNESS": f"{_HOST}:{port}",
            "READER": f"{_HOST}:{self.reader.port}",
            "FLASH": str(self._folder),
        }
        if self._air is not None:
            environment["AIR"] = self._air
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT
            )
        self._tasks.append(asyncio.create_task(self._keep_time()))
        return self

    async def __aexit__(self, *error: object) -> None:
        if not self._has_ended():
            os.kill(self._process.pid, signal.SIGKILL)
            self._has_ended(wait=True)
        if self._process.stdin is not None:
            self._process.stdin.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._harness.close()
        await self.reader.stop()

    # What can be done

    def changed(self) -> None:
        """Something has been done to the car: its wires are read anew."""
        self.car.advance(self._now_ms())
        for name, value in self.car.wires().items():
            if self._sent.get(name) != value:
                self._sent[name] = value
                self._harness.send(format_input(name, value))
        self._stirred.set()

    async def press_button(self, seconds: float) -> None:
        """The cabin button."""
        for pressed in (True, False):
            self.car.button = pressed
            self.changed()
            await asyncio.sleep(seconds if pressed else 0)

    def say(self, line: str) -> None:
        """A line for its console."""
        self._harness.send(line)

    async def ask(self, line: str) -> list[str]:
        """Say a line to the program itself; its answer is a line that begins with the same word, and tabs."""
        before = len(self.output)
        assert self._process.stdin is not None  # PIPE was asked for
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
        until = time.monotonic() + _PATIENCE_S
        while True:
            for answer in self.output[before:].splitlines(keepends=True):
                if answer.startswith(line + "\t") and answer.endswith("\n"):
                    return answer.split()[1:]
            self._check(until, line)
            await asyncio.sleep(_LOOK_S)

    # What can be seen

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> str:
        return self._log.read_text(errors="replace")

    async def heard(self, word: str, patience_s: float = _PATIENCE_S) -> tuple[int, Message]:
        """The next line of this kind that has not been given out: (ns of the monotonic clock, message)."""
        until = time.monotonic() + patience_s
        while not self._heard.get(word):
            self._check(until, word)
            await asyncio.sleep(_LOOK_S)
        return self._heard[word].popleft()

    async def verdict(self) -> dict[str, Any]:
        """The next verdict."""
        _, (_, *told) = await self.heard("verdict")
        verdict: dict[str, Any] = told[0]  # type: ignore[assignment]
        return verdict

    def forget(self) -> None:
        """Let heard() wait for what comes from now on."""
        self._heard.clear()

    async def status(self, good: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a status that is good."""
        until = time.monotonic() + _PATIENCE_S
        while not self._status or not good(self._status):
            self._check(until, "the status")
            await asyncio.sleep(_LOOK_S)
        return self._status

    def _check(self, until: float, what: str) -> None:
        if self._has_ended() or time.monotonic() > until:
            raise self._failed(what)

    def _failed(self, what: str) -> ControllerError:
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        state = "has ended" if self._has_ended() else "runs"
        return ControllerError(f"waited for {what} in vain; the firmware {state}.", "".join(lines[-1:]))

    def _has_ended(self, wait: bool = False) -> bool:
        if self._process.returncode is None:  # not poll(), which forgets what the process has used
            pid, status, usage = os.wait4(self._process.pid, 0 if wait else os.WNOHANG)
            if pid:
                self._process.returncode = os.waitstatus_to_exitcode(status)
                self.cpu_s = usage.ru_utime + usage.ru_stime
        return self._process.returncode is not None

    # The two ends of the harness

    @property
    def _log(self) -> Path:
        return self._folder / "output"

    def _greet(self) -> Iterator[str]:
        self.car.advance(self._now_ms())
        self._sent = self.car.wires()
        for name, value in self._sent.items():
            yield format_input(name, value)
        yield "ready"

    def _hear(self, message: Message) -> None:
        now = time.monotonic_ns()
        word, *arguments = message
        self.car.advance(self._now_ms())
        if word == "status":
            self._status = arguments[0]  # type: ignore[assignment]
            return
        if word == "out" and arguments[0] == "reader_reset":
            self._reset_reader(held=not arguments[1])
        elif word == "out":
            self.car.output(*arguments)  # type: ignore[arg-type]
        elif word == "pulse":
            self.car.pulse(*arguments)  # type: ignore[arg-type]
        elif word == "stop":
            self.car.stop(*arguments)  # type: ignore[arg-type]
        self._heard[str(word)].append((now, message))
        self.changed()

    def _reset_reader(self, held: bool) -> None:
        if self._reset_held and not held:
            self.reader.reset()
        self._reset_held = held

    async def _keep_time(self) -> None:
        while True:
            self._stirred.clear()
            due = self.car.next_event_ms()
            wait_s = None if due is None else max(0, due - self._now_ms()) / 1000
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._stirred.wait()
                continue
            self.changed()

    @staticmethod
    def _now_ms() -> int:
        return time.monotonic_ns() // 1_000_000
