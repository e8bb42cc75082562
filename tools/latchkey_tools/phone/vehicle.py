"""A vehicle to be asked things: finds it, keeps a link to it, and asks once more where the link broke off in between.

    async with Vehicle(session, name, progress) as vehicle:
        answer = await vehicle.ask(request.UNLOCK)

Everything has a deadline; what it raises is a Problem. A request that got no answer may have been carried out all the
same, and the sentence says so.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

from bleak.backends.device import BLEDevice
from google.protobuf.message import DecodeError
from tesla_fleet_api.tesla.vehicle.proto.universal_message_pb2 import Domain, RoutableMessage
from tesla_fleet_api.tesla.vehicle.proto.vcsec_pb2 import FromVCSECMessage

from latchkey_tools.phone import link
from latchkey_tools.phone.exchange import Exchange
from latchkey_tools.phone.link import Link
from latchkey_tools.phone.problem import Problem
from latchkey_tools.phone.progress import Progress
from latchkey_tools.phone.radio import LinkError
from latchkey_tools.phone.request import Request
from latchkey_tools.phone.session import Session

AWAY = ("out of range", "no answer", "no connection")  # kinds of Problem that may be over in a moment
SCAN_S = 10.0
ANSWER_S = 5.0
_TRIES = 2


class OutOfRange(Problem):
    """The vehicle is not heard."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "out of range",
            f"The vehicle ({name}) is not heard: go closer and see that its controller has power; "
            "`latchkey phone scan` tells what is in range.",
        )


Find = Callable[[str, float], Awaitable[BLEDevice | None]]


class Vehicle:
    """name: on the air. session: with this vehicle; it outlives the link. find: what listens for it (link.find)."""

    def __init__(self, session: Session, name: str, progress: Progress, find: Find | None = None) -> None:
        self.session = session
        self._name = name
        self._progress = progress
        self._find = find or link.find
        self._link: Link | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.hang_up()

    @property
    def linked(self) -> bool:
        """A link stands."""
        return self._link is not None and self._link.alive

    async def hang_up(self) -> None:
        """End the link, if there is one; the next request makes a new one."""
        line, self._link = self._link, None
        if line is not None:
            await line.__aexit__()

    async def ask(self, request: Request | None, answer_s: float = ANSWER_S, tries: int = _TRIES) -> FromVCSECMessage:
        """The answer to a request; None: handshake only. answer_s: how long each message may wait for its own."""
        commanded = False
        for left in reversed(range(tries)):
            exchange = Exchange(self.session, request)
            try:
                return await self._converse(exchange, answer_s)
            except LinkError as error:
                commanded = commanded or exchange.commanded
                await self.hang_up()
                if not left:
                    raise _lost(str(error), commanded)
                self._progress.say("The link broke off; trying once more.")
            except OutOfRange:
                if commanded:
                    raise _lost("find", commanded)
                raise
        raise ValueError(f"{tries} tries")

    async def news(self, timeout_s: float) -> bool:
        """Wait for the vehicle to say that something has changed; False when it does not. Not authenticated: ask then.

        raises: LinkError.
        """
        if self._link is None:
            raise LinkError("lost")
        try:
            async with asyncio.timeout(timeout_s):
                while not _is_status(await self._link.receive(timeout_s)):
                    pass
        except TimeoutError:
            return False
        return True

    async def _converse(self, exchange: Exchange, answer_s: float) -> FromVCSECMessage:
        line = await self._connected()
        until_s = 0.0
        clock = asyncio.get_running_loop().time
        while exchange.answer is None:
            message = exchange.outgoing()
            if message is not None:
                await asyncio.sleep(exchange.pause_s)
                await line.send(message)
                until_s = clock() + answer_s
            try:
                exchange.take(await line.receive(until_s - clock()))
            except TimeoutError:
                raise LinkError("answer")
        return exchange.answer

    async def _connected(self) -> Link:
        if self._link is not None and self.linked:
            return self._link
        await self.hang_up()
        async with self._progress.during("Looking for the vehicle", SCAN_S):
            device = await self._find(self._name, SCAN_S)
        if device is None:
            raise OutOfRange(self._name)
        line = Link(device)
        async with self._progress.during("Connecting", link.CONNECT_S):
            await line.__aenter__()
        self._link = line
        return line


def _lost(doing: str, commanded: bool) -> Problem:
    if doing == "no vehicle":
        return Problem("no vehicle", "The device has the vehicle's name and speaks another language: go elsewhere.")
    if commanded:
        return Problem(
            "no answer",
            "The vehicle did not answer in time and may have done it all the same: look at it, or ask with "
            "`latchkey phone status`.",
        )
    return Problem(
        "no connection",
        f"The vehicle was found, but the connection failed ({doing}): go closer, and if other phones hold all of its "
        "places, try again in half a minute.",
    )


def _is_status(message: bytes) -> bool:
    """True for a status that the vehicle sends to everybody after a change."""
    envelope, told = RoutableMessage(), FromVCSECMessage()
    try:
        envelope.ParseFromString(message)
        told.ParseFromString(envelope.protobuf_message_as_bytes)
    except DecodeError:
        return False
    to = envelope.to_destination
    return (
        to.WhichOneof("sub_destination") == "domain"
        and to.domain == Domain.DOMAIN_BROADCAST
        and (told.HasField("vehicleStatus"))
    )
