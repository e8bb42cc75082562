"""The cloud on the bench: the broker, what is wrong with the way to it, and a cloud key that asks through it.

    faults   ok, down, half-open, slow, garbage, reset (of the way), flood (of the car, through its broker)

It tells the controller where the broker is; what the controller makes of that, it says itself (status, "cloud").
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from latchkey_tools.cloud import topics
from latchkey_tools.simulator import cloud_faults
from latchkey_tools.simulator.air import Air
from latchkey_tools.simulator.broker import Meeting
from latchkey_tools.simulator.flood import Flood
from latchkey_tools.simulator.orders import Order, OrderError
from latchkey_tools.simulator.settings import Settings, StartError
from latchkey_tools.simulator.wire import format_set

if TYPE_CHECKING:
    from latchkey_tools.simulator.cloud_key import CloudKey

FLOOD = "flood"
_SWITCHES = ("remote", "remote_unlock")
log = logging.getLogger(__name__)


class Cloud:
    """key: None with the reason why there is none. tell(line): to the controller, False where nobody is there."""

    def __init__(
        self,
        meeting: Meeting,
        key: "CloudKey | None",
        why_no_key: str,
        commands: Callable[[str], list[str]],
        tell: Callable[[str], bool],
        changed: Callable[[], None],
    ) -> None:
        self.fault = cloud_faults.OK
        self._meeting = meeting
        self._key = key
        self._why_no_key = why_no_key
        self._commands = commands
        self._tell = tell
        self._changed = changed
        self._vin = self._key_id = ""
        self._flood: Flood | None = None
        self._flooding: asyncio.Task[None] | None = None
        self._switching = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def names(self) -> dict[str, str]:
        """short id -> what the key is called."""
        return {self._key.short_id: self._key.name} if self._key else {}

    def lines(self) -> list[str]:
        """What a controller that has just started is told. Settings that it has already cost it nothing."""
        return [format_set(name, value) for name, value in self._meeting.car.items()]

    def look(self, status: dict[str, object]) -> None:
        """Note which car it is that is there."""
        vin, key_id = status.get("vin"), status.get("vehicle_key")
        if isinstance(vin, str) and isinstance(key_id, str) and vin:
            self._vin, self._key_id = vin, key_id

    def order(self, order: Order) -> None:
        """As orders.cloud() has checked it. Raises OrderError."""
        do = order.get("do", "")
        key = self._key_for(do) if do else None
        for name in _SWITCHES:
            if name in order and not self._tell(format_set(name, "on" if order[name] else "off")):
                raise OrderError("The firmware is not running: nobody can switch that.", 409)
        if key is not None and do == "stop":
            key.stop()
        elif key is not None:
            key.press(self._vin, self._key_id, do)

    def break_(self, fault: str) -> None:
        """Into another fault, or none of them (ok). Raises OrderError."""
        if self._meeting.proxy is None:
            why = self._meeting.why or "A broker elsewhere (BROKER=) is not broken from here: see to it there."
            raise OrderError(why, 409)
        if fault == FLOOD and not self._vin:
            raise OrderError("The controller has not said yet which car it is: wait until it runs.", 409)
        self.fault = fault
        task = asyncio.create_task(self._switch(fault))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._changed()

    async def close(self) -> None:
        if self._key is not None:
            await self._key.close()
        for task in [*self._tasks, *([self._flooding] if self._flooding else [])]:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def snapshot(self) -> dict[str, object]:
        """For the page; plain JSON types."""
        meeting = self._meeting
        return {
            "broker": meeting.kind,
            "address": str(meeting.tools) if meeting.tools else "",
            "why": meeting.why or ("" if self._runs() else "The broker has ended and is started again."),
            "can_break": meeting.proxy is not None,
            "fault": self.fault,
            "flood": self._flood.sent if self._flood else 0,
            "key": self._key.snapshot(self._vin) if self._key else None,
            "why_no_key": self._why_no_key,
            "commands": self._commands(self._vin) if meeting.tools else [],
        }

    def _runs(self) -> bool:
        return self._meeting.process is None or self._meeting.process.running

    def _key_for(self, do: str) -> "CloudKey":
        if self._key is None:
            raise OrderError(self._why_no_key, 409)
        if do != "stop" and self._key.doing:
            raise OrderError(f"The cloud key is busy ({self._key.doing}): wait, or stop it.", 409)
        if not self._vin:
            raise OrderError("The controller has not said yet which car it is: wait until it runs.", 409)
        return self._key

    async def _switch(self, fault: str) -> None:
        """One after the other, and only the newest counts."""
        proxy, tools = self._meeting.proxy, self._meeting.tools
        assert proxy is not None and tools is not None
        async with self._switching:
            if fault != self.fault:
                return
            if self._flooding is not None:
                self._flooding.cancel()
                await asyncio.gather(self._flooding, return_exceptions=True)
                self._flooding = self._flood = None
            try:
                await proxy.switch(cloud_faults.OK if fault == FLOOD else fault)
            except OSError as error:
                self.fault = cloud_faults.DOWN
                log.warning("The car's way to the broker cannot be opened again (%s): start anew.", error.strerror)
            if fault == FLOOD:
                self._flood = Flood(tools, topics.topic(self._vin, topics.COMMAND))
                self._flooding = asyncio.create_task(self._flood.run())
        self._changed()


def open_cloud(
    asked: Settings,
    meeting: Meeting,
    air: Air | None,
    page: Callable[[], str],
    tell: Callable[[str], bool],
    changed: Callable[[], None],
    stack: contextlib.AsyncExitStack,
) -> Cloud:
    """page(): the page's URL. tell, changed: see Cloud. Raises StartError."""
    key, why = _key(asked, meeting, air, changed)
    cloud = Cloud(meeting, key, why, lambda vin: commands(meeting, page(), vin), tell, changed)
    stack.push_async_callback(cloud.close)
    return cloud


def commands(meeting: Meeting, page: str, vin: str) -> list[str]:
    """What to type in the project's folder for a cloud key of one's own: enrol it once, then ask."""
    name = vin or "VIN"
    return [
        f"tools/latchkey cloud enrol {name} --simulator {page.rstrip('/')}",
        f"tools/latchkey cloud status {name} {meeting.options}",
    ]


def _key(
    asked: Settings, meeting: Meeting, air: Air | None, changed: Callable[[], None]
) -> "tuple[CloudKey | None, str]":
    if meeting.tools is None:
        return None, meeting.why
    if air is None or not air.phones:
        return None, "A cloud key is enrolled beside the car, over the simulated air, and there is none (RADIO=)."
    try:
        from latchkey_tools.phone.keyring import Keyring
        from latchkey_tools.phone.problem import CannotStart
        from latchkey_tools.simulator.cloud_key import CloudKey
    except ModuleNotFoundError as error:
        return None, f"The Python package {error.name} is missing: run `make setup`."
    try:
        return CloudKey(Keyring(asked.state / "phones", "cloud"), meeting.tools, changed), ""
    except CannotStart as error:
        raise StartError(str(error))
