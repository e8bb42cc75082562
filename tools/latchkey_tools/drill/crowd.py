"""Nine phones that take the places of others, each in a way of its own. They know the protocol, and no key.

Each is a Bumble host of its own on the air, and comes again as soon as it has lost its connection.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

from bumble import core, hci
from cryptography.hazmat.primitives.asymmetric import ec
from tesla_fleet_api.tesla.vehicle.bluetooth import WRITE_UUID

from latchkey_tools.drill.caller import LOST
from latchkey_tools.phone import request
from latchkey_tools.phone.frame import framed
from latchkey_tools.phone.session import Session
from latchkey_tools.radio import Radio
from latchkey_tools.radio_phone import Phone

_AGAIN_S = (0.01, 0.05)
_CONNECT_S = 10
_JOIN_S = 20
_FILL_S = 1.5
_SLOW_S = 0.9  # a frame that stands still for a second is given up
_GREET_S = 0.3
_FAILS_EVERY_S = 0.5  # the next connection fails whoever's it is, so not more often than its share
_FLOOD_S = 0.03  # a connection event


def _stranger() -> Session:
    return Session(ec.generate_private_key(ec.SECP256R1()))


async def _hold(phone: Phone) -> None:
    await phone.gone.wait()


async def _churn(phone: Phone) -> None:
    await phone.disconnect()


async def _write_slowly(phone: Phone) -> None:
    for byte in framed(_stranger().handshake().data):
        await phone.write(phone.find(WRITE_UUID), bytes((byte,)))
        await asyncio.sleep(_SLOW_S)


async def _write_nonsense(phone: Phone) -> None:
    while True:
        length = random.choice((0, 1, 40, 0x0400, 0xFFFF))
        data = length.to_bytes(2, "big") + random.randbytes(min(length, 60))
        await phone.write(phone.find(WRITE_UUID), data)
        await asyncio.sleep(_FLOOD_S)


async def _greet(phone: Phone, victim: bytes = b"") -> None:
    session = _stranger()
    session.point = victim or session.point
    while True:
        await phone.write(phone.find(WRITE_UUID), framed(session.handshake().data))
        await asyncio.sleep(_GREET_S)


async def _poll(phone: Phone) -> None:
    session = _stranger()
    while True:
        await phone.write(phone.find(WRITE_UUID), framed(session.plain(request.STATUS.payload).data))
        await asyncio.sleep(_FLOOD_S)


async def _poll_deaf(phone: Phone) -> None:
    phone.confirm_by_hand()
    await _poll(phone)


class Crowd:
    """radio: of the car, at `address`; port: where hosts join its air. victim: public key of the phone that has one."""

    def __init__(self, radio: Radio, port: int, address: hci.Address, victim: bytes) -> None:
        self.connections: dict[str, int] = {}  # by kind; of half-open ones the attempts
        self._radio = radio
        self._port = port
        self._address = address
        self._kinds: dict[str, Callable[[Phone], Awaitable[None]]] = {
            "hold": _hold,
            "churn": _churn,
            "half-open": self._fail,
            "slow writes": _write_slowly,
            "garbage": _write_nonsense,
            "strangers": _greet,
            "sniffed key": lambda phone: _greet(phone, victim),
            "polling": _poll,
            "deaf": _poll_deaf,
        }
        self._tasks: list[asyncio.Task[None]] = []

    async def come(self) -> None:
        """Returns when all nine are on the air and have had some time to fill the places."""
        joined = asyncio.Semaphore(0)
        for kind, behave in self._kinds.items():
            self._tasks.append(asyncio.create_task(self._come_again(kind, behave, joined)))
        for _ in self._tasks:
            await asyncio.wait_for(joined.acquire(), _JOIN_S)
        await asyncio.sleep(_FILL_S)

    def check(self) -> None:
        """Raises what has ended one of them: none does by itself."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def go(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _come_again(
        self, kind: str, behave: Callable[[Phone], Awaitable[None]], joined: asyncio.Semaphore
    ) -> None:
        async with Phone(self._port) as phone:
            self.connections[kind] = 0
            joined.release()
            while True:
                with contextlib.suppress(*LOST):
                    if behave == self._fail:
                        await asyncio.sleep(_FAILS_EVERY_S)
                        self._radio.fail(1)
                        self.connections[kind] += 1
                    await phone.connect(self._address, _CONNECT_S)
                    self.connections[kind] += 1
                    await _while_connected(phone, behave)
                await asyncio.sleep(random.uniform(*_AGAIN_S))

    async def _fail(self, phone: Phone) -> None:
        """The connection that was meant to fail was somebody else's: whoever came next."""
        await phone.disconnect()


async def _while_connected(phone: Phone, behave: Callable[[Phone], Awaitable[None]]) -> None:
    doing = asyncio.ensure_future(behave(phone))
    gone = asyncio.ensure_future(phone.gone.wait())
    try:
        await asyncio.wait((doing, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        doing.cancel()
        gone.cancel()
        await asyncio.gather(doing, gone, return_exceptions=True)
        with contextlib.suppress(core.BaseBumbleError):
            await phone.disconnect()
