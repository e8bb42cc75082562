"""A car to be asked things over a line: one request after the other, each with a deadline.

    car = Remote(line, session)
    await car.meet()
    await car.ask(request.LOCK)
    await car.shown(lambda state: state.lock == "locked", 6)

The broker is believed in nothing: answers are the car's own, sealed for this key. What the car tells of itself on its
broker (`state`, `online`) is unsigned, good for showing and for a better sentence. A car answers at most 20 times an
hour and keys that it does not know not at all, so that nothing is asked twice here.
"""

import asyncio
from collections.abc import Callable

from tesla_fleet_api.tesla.vehicle.proto.vcsec_pb2 import FromVCSECMessage

from latchkey_tools.cloud import reports, topics
from latchkey_tools.cloud.line import Line, Message
from latchkey_tools.cloud.reports import State
from latchkey_tools.phone.exchange import Exchange
from latchkey_tools.phone.problem import Problem
from latchkey_tools.phone.request import Request
from latchkey_tools.phone.session import Session

ANSWER_S = 10.0
_KNOWN_S = 1.0  # what the broker has kept is there by then


class Remote:
    """session: with this car, its key pinned. answer_s: how long an answer may take."""

    def __init__(self, line: Line, session: Session, answer_s: float = ANSWER_S) -> None:
        self.session = session
        self.state: State | None = None
        self.online: bool | None = None
        self._line = line
        self._answer_s = answer_s

    async def meet(self) -> None:
        """Listen, and learn what the broker has kept of the car. Raises LineError, Problem for a car that is away."""
        vin = self.session.vin
        await self._line.subscribe(topics.topic(vin, leaf) for leaf in (topics.REPLY, topics.STATE, topics.ONLINE))
        await self._until(lambda message: self.online is not None and self.state is not None, _KNOWN_S)
        if self.online is False:
            last = f" It was {self.state.lock} when it was last heard." if self.state and self.state.lock else ""
            raise Problem(
                "car offline",
                f"The car is not connected to the broker.{last} Cards and phones at the car work as always; try again "
                "when it is back.",
            )

    async def ask(self, request: Request) -> FromVCSECMessage:
        """The answer. Raises LineError; Problem where the car refuses or keeps silent."""
        exchange = Exchange(self.session, request)
        while exchange.answer is None:
            message = exchange.outgoing()
            if message is not None:
                await asyncio.sleep(exchange.pause_s)
                self._line.publish(topics.topic(self.session.vin, topics.COMMAND), message, qos=1)
            if not await self._until(lambda heard: self._answers(exchange, heard), self._answer_s):
                raise self._silence(exchange.commanded)
        return exchange.answer

    async def shown(self, wanted: Callable[[State], bool], timeout_s: float) -> bool:
        """Wait until the car's state, as its broker has it, is so; False when it does not become so in time."""
        if self.state is not None and wanted(self.state):
            return True
        return await self._until(lambda heard: self.state is not None and wanted(self.state), timeout_s)

    def _answers(self, exchange: Exchange, heard: Message) -> bool:
        """True where the exchange has come a step further."""
        if topics.parted(heard.topic)[1] != topics.REPLY:
            return False
        exchange.take(heard.payload)
        return exchange.answer is not None or exchange.due

    async def _until(self, enough: Callable[[Message], bool], timeout_s: float) -> bool:
        """Take what comes until it is enough; False when that does not happen in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    heard = await self._line.receive()
                    if topics.parted(heard.topic)[0] == self.session.vin and len(heard.payload) <= topics.MESSAGE_LIMIT:
                        self._note(heard)
                        if enough(heard):
                            return True
        except TimeoutError:
            return False

    def _note(self, heard: Message) -> None:
        leaf = topics.parted(heard.topic)[1]
        if leaf == topics.STATE:
            self.state = reports.state(heard.payload) or self.state
        elif leaf == topics.ONLINE:
            self.online = reports.online(heard.payload)

    def _silence(self, commanded: bool) -> Problem:
        seconds = f"{self._answer_s:.0f} s"
        if commanded:
            return Problem(
                "no answer",
                f"The car did not answer within {seconds} and may have done it all the same: look at its state, or ask "
                "with `latchkey cloud status` in some minutes (a car answers at most 20 times an hour).",
            )
        connected = "is connected and" if self.online else "(which the broker does not know)"
        return Problem(
            "no answer",
            f"The car {connected} did not answer this key within {seconds}; nothing was ordered. It does not answer "
            "keys that it does not know (`latchkey cloud enrol`), nor more than 20 times an hour: try again in some "
            "minutes.",
        )
