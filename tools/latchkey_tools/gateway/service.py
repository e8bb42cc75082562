"""The gateway as a service: its core between its two connections, until it is told to stop."""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Callable

from latchkey_tools.cloud.broker import Broker
from latchkey_tools.gateway.core import CARS, OWNER, TICK_S, Core, Publish
from latchkey_tools.gateway.settings import Settings
from latchkey_tools.gateway.side import Side, Will

_LOG = logging.getLogger("latchkey.gateway")


class Service:
    """settings: for the brokers; the core has its own."""

    def __init__(self, core: Core, settings: Settings) -> None:
        self._core = core
        self._owner = self._side(
            OWNER,
            settings.owner,
            core.owner_topics,
            core.owner_up,
            core.owner_down,
            core.owner_heard,
            (core.topics.status, b"offline"),
        )
        self._cars = self._side(
            CARS, settings.cars, core.cars_topics, core.cars_up, core.cars_down, core.cars_heard, None
        )

    async def run(self) -> None:
        """Until SIGTERM or SIGINT. Raises whatever is a defect: who watches this service starts it again."""
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):  # Windows
                asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        works = (stopped.wait(), self._owner.run(), self._cars.run(), self._tick())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await self._owner.farewell(self._core.topics.status, b"offline")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    def _side(
        self,
        name: str,
        broker: Broker,
        topics: list[str],
        up: Callable[[float], None],
        down: Callable[[float], None],
        heard: Callable[[str, bytes, bool, float], None],
        will: Will | None,
    ) -> Side:
        return Side(
            name,
            broker,
            f"{self._core.gateway_id}-{name}".replace("_", "-"),
            topics,
            lambda: self._turn(up),
            lambda: self._turn(down),
            lambda topic, payload, retained: self._turn(lambda now_s: heard(topic, payload, retained, now_s)),
            lambda count: self._turn(lambda now_s: self._core.cars_dropped(count, now_s)),
            will,
        )

    def _turn(self, happens: Callable[[float], None]) -> None:
        """One thing that has come in, and everything that goes out because of it."""
        happens(time.monotonic())
        effects, self._core.out = self._core.out, []
        for effect in effects:
            if isinstance(effect, Publish):
                side = self._owner if effect.side == OWNER else self._cars
                side.publish(effect.topic, effect.payload, effect.retain)
            else:
                _LOG.log(logging.WARNING if effect.warning else logging.INFO, "%s", effect.text)

    async def _tick(self) -> None:
        while True:
            self._turn(self._core.tick)
            await asyncio.sleep(TICK_S)
