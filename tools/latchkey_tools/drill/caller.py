"""The phone that has a key and wants to open: finds the car, connects, shakes hands, unlocks; tries until it works.

On the simulated air a connection is ready in some milliseconds. A real phone needs longer from the connection to its
first write, so it waits for 0.3 to 0.8 s, as long as some ten requests take (MTU, services, characteristics, the
subscription), each of one or two connection events of 30 to 50 ms. All else takes as long as it takes here.
"""

import asyncio
import random
import time

from bumble import core, hci
from cryptography.hazmat.primitives.asymmetric import ec
from tesla_fleet_api.tesla.vehicle.bluetooth import READ_UUID, WRITE_UUID

from latchkey_tools.phone import request, seal
from latchkey_tools.phone.exchange import Exchange
from latchkey_tools.phone.frame import Assembly, framed
from latchkey_tools.phone.request import Request
from latchkey_tools.phone.session import Session
from latchkey_tools.radio_phone import Phone

LOST = (core.BaseBumbleError, OSError, LookupError)  # TimeoutError and ConnectionError are OSErrors
PATIENCE_S = 10.0
_FINDS_ITS_WAY_S = (0.3, 0.8)
_AGAIN_S = (0.05, 0.15)
_AT_ONCE_S = (0.01, 0.05)  # where somebody else got the connection: the phone's own stack tries again
ANSWER_S = 1.0
_PAIRING_S = 20.0
_ATT_HEADER = 3
_DRIVER = 3


class Caller:
    """phone: on the air already. After find(): `address` of the car."""

    def __init__(self, phone: Phone, vin: str) -> None:
        self.session = Session(ec.generate_private_key(ec.SECP256R1()), vin)
        self.address: hci.Address
        self._phone = phone
        self._messages: asyncio.Queue[bytes] = asyncio.Queue()
        self._assembly = Assembly()

    async def find(self) -> None:
        """Scan until the car is heard."""
        name = seal.local_name(self.session.vin)
        advertisements = self._phone.scan()
        try:
            async for heard in advertisements:
                if heard.name == name:
                    self.address = heard.address
                    return
        finally:
            await advertisements.aclose()

    async def pair(self) -> None:
        """Show the key, with enrolment open, and wait until it is in the list. Raises Problem, OSError."""
        await self.find()
        await self.connect(_PAIRING_S)
        await self.ask(request.show(self.session.point, _DRIVER), _PAIRING_S)
        await self._phone.disconnect()

    async def open(self) -> tuple[float | None, int]:
        """Seconds until the car has answered that it is open, None where 10 are not enough, and how many tries."""
        began = time.monotonic()
        tries = 0
        await self.find()
        while (left_s := began + PATIENCE_S - time.monotonic()) > 0:
            tries += 1
            connected = False
            try:
                await self.connect(left_s)
                connected = True
                await self._find_its_way()
                await self.ask(request.UNLOCK, ANSWER_S)
                waited_s = time.monotonic() - began
                return (waited_s if waited_s <= PATIENCE_S else None), tries
            except LOST:
                await self._phone.disconnect()
                await asyncio.sleep(random.uniform(*(_AGAIN_S if connected else _AT_ONCE_S)))
        return None, tries

    async def leave(self) -> None:
        await self._phone.disconnect()

    async def connect(self, timeout_s: float) -> None:
        await self._phone.connect(self.address, timeout_s)
        self._messages = asyncio.Queue()
        self._assembly = Assembly()
        await self._phone.listen(self._phone.find(READ_UUID), self._hear)

    async def _find_its_way(self) -> None:
        try:
            await asyncio.wait_for(self._phone.gone.wait(), random.uniform(*_FINDS_ITS_WAY_S))
        except TimeoutError:
            return
        raise ConnectionResetError("hung up on before the first write")

    async def ask(self, wanted: Request, answer_s: float) -> None:
        """Raises TimeoutError, Problem."""
        exchange = Exchange(self.session, wanted)
        while exchange.answer is None:
            message = exchange.outgoing()
            if message is not None:
                await self._write(framed(message))
            exchange.take(await asyncio.wait_for(self._messages.get(), answer_s))

    async def _write(self, data: bytes) -> None:
        room = self._phone.mtu - _ATT_HEADER
        for at in range(0, len(data), room):
            await self._phone.write(self._phone.find(WRITE_UUID), data[at : at + room])

    def _hear(self, chunk: bytes) -> None:
        for message in self._assembly.take(chunk, asyncio.get_running_loop().time()):
            self._messages.put_nowait(message)
