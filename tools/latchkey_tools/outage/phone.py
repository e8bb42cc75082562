"""The air and a phone on it, a process of their own so that card and car do not wait for them; see drill/beside.

                        {"air": PORT, "pid": PID}       where the controller finds its radio; this process
show VIN ROLE FORM KEY  {"shown": true}                 with enrolment open; KEY is a public key in hex, or `own`
link                    {"linked": true}                connected, a secret agreed on, awake
press WHAT PID          {"pressed": [NS, NS]}           WHAT of MOVES, PID of the firmware; see press()
leave                   {"left": true}
"""

import asyncio
import logging
import os
import sys
import time

from latchkey_tools.drill.air import lines, say
from latchkey_tools.drill.caller import ANSWER_S, LOST, Caller
from latchkey_tools.outage.waiting import waited_ns
from latchkey_tools.phone import request
from latchkey_tools.phone.problem import Problem
from latchkey_tools.phone.request import Request
from latchkey_tools.radio import Radio
from latchkey_tools.radio_phone import Phone

MOVES = {
    "unlock": request.UNLOCK,
    "lock": request.LOCK,
    "trunk": request.TRUNK,
    "frunk": request.FRUNK,
    "charge_port": request.CHARGE_PORT,
}
_LINK_S = 20.0
_OWN = "own"


class Linked(Caller):
    """A phone that stays connected between two presses."""

    async def show(self, role: int, form: int, point: bytes) -> None:
        """Ask to let a key in, and wait until it is. Raises Problem, OSError."""
        await self.find()
        await self.connect(_LINK_S)
        await self.ask(request.show(point, role, form), _LINK_S)  # type: ignore[arg-type]
        await self.leave()

    async def link(self) -> None:
        await self.find()
        await self.connect(_LINK_S)
        await self.ask(request.WAKE, ANSWER_S)

    async def press(self, wanted: Request, firmware: str) -> tuple[int, int]:
        """When it was pressed, and how long this process and the firmware's had waited for a processor by then, in ns.

        Returns once the car has answered; 0, 0 where it refused, or did not answer.
        """
        pressed = time.monotonic_ns(), waited_ns("self", firmware)
        try:
            await self.ask(wanted, ANSWER_S)
        except (Problem, *LOST):
            return 0, 0
        return pressed


async def _obey(phone: Phone) -> None:
    caller: Linked | None = None
    orders = await lines()
    while line := (await orders.readline()).decode().split():
        order, *words = line
        if order == "show":
            vin, role, form, key = words
            caller = caller or Linked(phone, vin)
            await caller.show(int(role), int(form), caller.session.point if key == _OWN else bytes.fromhex(key))
            say(shown=True)
        elif caller is None:
            raise ValueError(f"{order} before show")
        elif order == "link":
            await caller.link()
            say(linked=True)
        elif order == "press":
            say(pressed=await caller.press(MOVES[words[0]], words[1]))
        elif order == "leave":
            await caller.leave()
            say(left=True)


async def main() -> None:
    radio = Radio(air_port=0, hci_port=0)
    await radio.start()
    await radio.start_hci()
    assert radio.hci_port is not None  # there is one where the air is simulated
    say(air=radio.air_port, pid=os.getpid())
    async with Phone(radio.hci_port) as phone:
        await _obey(phone)
    await radio.stop()


if __name__ == "__main__":
    logging.disable()
    sys.exit(asyncio.run(main()))
