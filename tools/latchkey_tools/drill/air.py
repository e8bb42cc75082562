"""The air of the drill, a process of its own so that the card, the car and the clock do not wait for it.

Orders come as lines, answers go as lines of JSON, one for each order; the first answer comes unasked.

                     {"air": PORT}                         where the controller finds its radio
    pair VIN         {"paired": true}
    crowd            {"crowd": 9}                          they are all there
    open             {"seconds": 1.2, "tries": 3}          null where ten seconds were not enough
    look             {"silent": 0.2, "crowd": {…}}         longest without an advertisement; connections by kind
"""

import asyncio
import contextlib
import json
import logging
import sys
import time

from bumble import hci

from latchkey_tools.drill.caller import Caller
from latchkey_tools.drill.crowd import Crowd
from latchkey_tools.radio import Radio
from latchkey_tools.radio_phone import Phone


class Listener:
    """Hears advertisements from now on."""

    def __init__(self, phone: Phone, address: hci.Address) -> None:
        self._longest_s = 0.0
        self._last = time.monotonic()
        self._task = asyncio.create_task(self._listen(phone, address))

    @property
    def silent_s(self) -> float:
        """The longest time between two."""
        return max(self._longest_s, time.monotonic() - self._last)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self, phone: Phone, address: hci.Address) -> None:
        async with contextlib.aclosing(phone.scan()) as advertisements:
            async for heard in advertisements:
                if heard.address == address:
                    now = time.monotonic()
                    self._longest_s = max(self._longest_s, now - self._last)
                    self._last = now


def say(**answer: object) -> None:
    print(json.dumps(answer), flush=True)


async def lines() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _obey(radio: Radio, port: int, phone: Phone, ear: Phone) -> None:
    caller: Caller
    crowd: Crowd | None = None
    listener: Listener | None = None
    orders = await lines()
    say(air=radio.air_port)
    while line := (await orders.readline()).decode().split():
        order, *words = line
        if order == "pair":
            caller = Caller(phone, words[0])
            await caller.pair()
            say(paired=True)
        elif order == "crowd":
            crowd = Crowd(radio, port, caller.address, caller.session.point)
            await crowd.come()
            listener = Listener(ear, caller.address)
            say(crowd=len(crowd.connections))
        elif order == "open":
            seconds, tries = await caller.open()
            say(seconds=seconds, tries=tries)
            await caller.leave()
        elif order == "look" and listener is not None and crowd is not None:
            crowd.check()
            say(silent=listener.silent_s, crowd=crowd.connections)
    for guest in (listener, crowd):
        if guest is not None:
            await (guest.close() if isinstance(guest, Listener) else guest.go())


async def main() -> None:
    radio = Radio(air_port=0, hci_port=0)
    await radio.start()
    await radio.start_hci()
    port = radio.hci_port
    assert port is not None  # there is one where the air is simulated
    async with Phone(port) as phone, Phone(port) as ear:
        await _obey(radio, port, phone, ear)
    await radio.stop()


if __name__ == "__main__":
    logging.disable()  # what Bumble has to say about connections that fail is what this is for
    asyncio.run(main())
