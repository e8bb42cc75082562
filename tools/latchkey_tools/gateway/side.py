"""One of the gateway's two connections: it is made again whenever it is lost, later and later.

The core is told up, down and what was heard; what the core wants published while there is no connection is dropped,
because an order that waits is an order that comes too late, and everything else is said anew after up.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence

from latchkey_tools.cloud import broker as brokers
from latchkey_tools.cloud.broker import Broker
from latchkey_tools.cloud.failure import LineError
from latchkey_tools.cloud.line import Line
from latchkey_tools.gateway.backoff import Backoff
from latchkey_tools.phone.problem import Problem

_LOG = logging.getLogger("latchkey.gateway")

Will = tuple[str, bytes]
Heard = Callable[[str, bytes, bool], None]


class Side:
    """name: for the log. up, down, heard: the core's ears. dropped: told how many messages came too fast."""

    def __init__(
        self,
        name: str,
        broker: Broker,
        identifier: str,
        topics: Sequence[str],
        up: Callable[[], None],
        down: Callable[[], None],
        heard: Heard,
        dropped: Callable[[int], None],
        will: Will | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._name = name
        self._broker = broker
        self._identifier = identifier
        self._topics = topics
        self._up = up
        self._down = down
        self._heard = heard
        self._dropped = dropped
        self._will = will
        self._backoff = backoff or Backoff()
        self._line: Line | None = None
        self._said = ""

    async def run(self) -> None:
        """For ever."""
        while True:
            began_s = time.monotonic()
            try:
                await self._session()
            except LineError as error:
                self._say(str(brokers.problem(error, self._broker)))
            except Problem as problem:  # a file that cannot be read any more
                self._say(str(problem))
            wait_s = self._backoff.next_s(time.monotonic() - began_s)
            await asyncio.sleep(wait_s)

    def publish(self, topic: str, payload: bytes, retain: bool) -> None:
        """At QoS 1. That a line is lost is found out where it is listened to."""
        if self._line is not None:
            with contextlib.suppress(LineError):
                self._line.publish(topic, payload, 1, retain)

    async def farewell(self, topic: str, payload: bytes) -> None:
        """Say a last word and hang up; the will is not executed then."""
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(LineError):
                line.publish(topic, payload, 1, True)
                await asyncio.sleep(0.05)

    async def _session(self) -> None:
        async with Line(self._broker, self._identifier, self._will) as line:
            await line.subscribe(self._topics)
            self._line = line
            self._say(f"connected to {self._broker}")
            self._up()
            try:
                await self._listen(line)
            finally:
                self._line = None
                self._down()

    async def _listen(self, line: Line) -> None:
        while True:
            message = await line.receive()
            self._heard(message.topic, message.payload, message.retained)
            if line.dropped:
                self._dropped(line.dropped)
                line.dropped = 0

    def _say(self, text: str) -> None:
        """The same thing again and again is said once."""
        if text != self._said:
            self._said = text
            _LOG.warning("%s side: %s", self._name, text)
