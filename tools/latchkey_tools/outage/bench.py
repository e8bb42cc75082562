"""The controller on the table, its owner's card, a phone beside it, and a cloud key: what a drill does and sees there.

A tap is timed from the card's last answer, as the reader hands it over, to the moment at which the firmware has driven
the motor; a press from the finger on the phone, before anything is signed, to the same moment. The firmware's process
tells that moment itself (host_tests/bench/bench_outage.py), all processes share one clock, and so nothing counts that
happens on this side of a socket. With each goes how long the processes on the way had waited for a processor. The lock
motor may run ten times in 20 s; here it is cool again after each pulse.
"""

import asyncio
import os
import random
import time
from collections import deque
from pathlib import Path
from typing import Any, NamedTuple

from latchkey_tools.benchmark.controller import TESTS, Controller, ControllerError
from latchkey_tools.benchmark.owner import OWNERS, TimedCard, claim
from latchkey_tools.cloud.enrolment import FLEET_MANAGER
from latchkey_tools.drill.beside import Beside
from latchkey_tools.outage.figures import Sample
from latchkey_tools.outage.waiting import waited_ns
from latchkey_tools.phone.request import CLOUD_KEY, PHONE
from latchkey_tools.simulator.car import COILS, LATCHES
from latchkey_tools.simulator.wire import Message, format_set

HEAP = "1m"
_DRIVER = 3
_HAND_S = 1.0  # until a person has come back with the card; the vehicle computes the key's secret meanwhile
_TAP_S = 3.0
_MOTOR_S = 0.75  # pulse of 500 ms, dead time of 200 ms
_GAP_S = (0.05, 0.45)
_PRESS_S = 0.38  # four of them, and each latch's coil has rested
_CONNECT_S = 20.0
_LOOK_S = 0.02
_ANSWERS = 64  # of the reader; the last one before a pulse is among them
_FAILED_LINK = "failed and starts again"


class Watched(Controller):
    """A controller whose every word counts. accepted: orders of the cloud that it has followed."""

    def __init__(self, folder: Path, air: int) -> None:
        super().__init__(folder, HEAP, "bench_outage", (TESTS / "bench",), air=f"127.0.0.1:{air}")
        self.accepted = 0
        self.restarted = False
        self.whys: set[str] = set()
        self.states: list[str] = []
        self.received = 0  # since then
        self._received = 0
        self._uptime_s = 0

    def _hear(self, message: Message) -> None:
        word, *told = message
        if word == "verdict":
            verdict: dict[str, Any] = told[0]  # type: ignore[assignment]
            self.accepted += verdict["source"] == "cloud" and verdict["accepted"]
        elif word == "status":
            status: dict[str, Any] = told[0]  # type: ignore[assignment]
            self.restarted = self.restarted or status["uptime_s"] < self._uptime_s
            self._uptime_s = status["uptime_s"]
            cloud = status["cloud"]
            self.whys.add(cloud.get("why", ""))
            self.received += max(0, cloud.get("received", 0) - self._received)
            self._received = cloud.get("received", 0)
            if not self.states or self.states[-1] != cloud["state"]:
                self.states.append(cloud["state"])
        super()._hear(message)

    def look_anew(self) -> None:
        """Forget what the cloud link has said of itself."""
        self.whys = set()
        self.states = []
        self.received = 0


class _Pulse(NamedTuple):
    """The last one: the how many-th, when, and for how long the firmware and the phone had waited for a processor."""

    number: int
    at_us: int
    waited_ns: int
    watched_ns: int


class Bench:
    """controller: running. phone: see phone.py."""

    def __init__(self, controller: Watched, phone: Beside) -> None:
        self.controller = controller
        self.vin = ""
        self._phone = phone
        self._settings: dict[str, str] = {}
        self._press = 0
        self._answers: deque[tuple[float, int]] = deque(maxlen=_ANSWERS)
        controller.reader.on_answer = self._note_answer

    def _note_answer(self, at_s: float) -> None:
        self._answers.append((at_s * 1e6, waited_ns(self.controller.pid)))

    async def furnish(self, cloud_key: bytes) -> None:
        """Claim it, and let in a phone and a cloud key. cloud_key: the public one, 65 bytes."""
        await self.controller.ask(f"watch {self._phone.said['pid']}")
        await claim(self.controller)
        status = await self.controller.status(lambda status: status["vin"] and status["radio"] == "advertising")
        self.vin = status["vin"]
        await self._let_in(f"show {self.vin} {_DRIVER} {int(PHONE)} own")
        await self._let_in(f"show {self.vin} {FLEET_MANAGER} {int(CLOUD_KEY)} {cloud_key.hex()}")
        await self.set("remote", "on")
        await self.set("remote_unlock", "on")

    async def _let_in(self, order: str) -> None:
        """The owner's gesture, a key that shows itself, the owner's card once more."""
        controller = self.controller
        controller.car.button = True
        controller.changed()
        await self._lay()
        controller.car.button = False
        controller.changed()
        await controller.status(lambda status: status["enrolment"] == "open")
        showing = asyncio.create_task(self._phone.do(order))
        await controller.status(lambda status: status["enrolment"] == "pinned")
        await asyncio.sleep(_HAND_S)
        await self._lay()
        await showing
        await controller.status(lambda status: status["enrolment"] not in ("open", "pinned"))
        await asyncio.sleep(_HAND_S)

    async def _lay(self) -> None:
        card = TimedCard(OWNERS[0])
        self.controller.forget()
        self.controller.reader.put(card)
        while (await self.controller.verdict())["source"] != "keycard":
            pass  # of the key that was let in
        self.controller.reader.take_away(card)
        await asyncio.sleep(random.uniform(*_GAP_S))

    # Settings

    async def set(self, name: str, value: str) -> None:
        """One setting, where it is not that already."""
        if self._settings.get(name, "") != value:
            self.controller.say(format_set(name, value))
            await self.controller.heard("stored")
            self._settings[name] = value

    async def use(self, settings: dict[str, str]) -> None:
        """Another broker, or the same one anew: waits and allowances begin from the start, too."""
        await self.set("broker", "")
        for name, value in settings.items():
            if name != "broker":
                await self.set(name, value)
        await self.set("broker", settings["broker"])

    async def connected(self) -> float:
        """Wait until the cloud is connected; seconds that took. Raises ControllerError."""
        began = time.monotonic()
        while (await self.cloud())["state"] != "connected":
            if time.monotonic() - began > _CONNECT_S:
                raise ControllerError(f"the cloud is not connected after {_CONNECT_S:.0f} s:", str(await self.cloud()))
            await asyncio.sleep(_LOOK_S)
        return time.monotonic() - began

    async def cloud(self) -> dict[str, Any]:
        """What the console said last of the cloud."""
        cloud: dict[str, Any] = (await self.controller.status(lambda status: True))["cloud"]
        return cloud

    # Opening

    async def tap(self) -> Sample | None:
        """An owner's card: from its last answer to the motor, None where that did not move. Then the motor rests."""
        before = await self._driven()
        card = TimedCard(OWNERS[0])
        self.controller.forget()
        self.controller.reader.put(card)
        try:
            await self.controller.heard("pulse", _TAP_S)
        except ControllerError:
            pass
        finally:
            self.controller.reader.take_away(card)
        after = await self._driven()
        await asyncio.sleep(_MOTOR_S + random.uniform(*_GAP_S))
        if after.number != before.number + 1:
            return None
        answered_us, waited = max(answer for answer in self._answers if answer[0] < after.at_us)
        return Sample((after.at_us - answered_us) / 1e3, (after.waited_ns - waited) / 1e6)

    async def link(self) -> None:
        """The phone connects, if it is not connected."""
        await self._phone.do("link")

    async def leave(self) -> None:
        await self._phone.do("leave")

    async def press(self) -> Sample | None:
        """The next button of a phone that is connected: from the press to the pulse, None where there was none."""
        moves = (self._bolt(), *LATCHES)
        self._press += 1
        before = await self._driven()
        said = await self._phone.do(f"press {moves[self._press % len(moves)]} {self.controller.pid}")
        after = await self._driven()
        await asyncio.sleep(_PRESS_S)
        pressed_ns, waited = said["pressed"]
        if after.number != before.number + 1 or not pressed_ns:
            return None
        return Sample(after.at_us / 1e3 - pressed_ns / 1e6, (after.waited_ns + after.watched_ns - waited) / 1e6)

    def _bolt(self) -> str:
        return COILS[self.controller.car.bolt() != "unlocked"]

    async def _driven(self) -> _Pulse:
        return _Pulse(*(int(number) for number in await self.controller.ask("driven")))

    # What it costs

    async def free(self) -> int:
        """Bytes of the heap, after a collection."""
        (free,) = await self.controller.ask("memory")
        return int(free)

    def files(self) -> int:
        """Descriptors that the firmware's process has open."""
        return len(os.listdir(f"/proc/{self.controller.pid}/fd"))

    def links_restarted(self) -> int:
        """Since it started."""
        return self.controller.output.count(_FAILED_LINK)
