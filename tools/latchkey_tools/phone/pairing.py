"""Becoming a key: the phone shows its public key, an owner at the car lets it in.

    1. the cabin button held while an owner's card lies on the reader opens enrolment;
    2. the vehicle notes the first key that shows itself, and tells its short id;
    3. the card once more lets that key in.

A key that shows itself while enrolment is closed is refused, and the light at the car says so. Then this phone waits
until it is open: the vehicle tells strangers its list of keys only while it is. One phone at a time: two that show
themselves end the enrolment.

Of the vehicle, its own key is what counts: it is pinned here, on first use, and its short id is for comparing with the
controller's page or console. A name that the controller made from its key leaves whoever stands in between 45 bits to
search; any other name leaves the comparison.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tesla_fleet_api.tesla.vehicle.proto.vcsec_pb2 import KeyFormFactor

from latchkey_tools.phone import request, seal
from latchkey_tools.phone.problem import NotGenuine, NotPaired, Problem, WrongVehicle
from latchkey_tools.phone.progress import Progress
from latchkey_tools.phone.refusal import Refused
from latchkey_tools.phone.vehicle import Vehicle

PATIENCE_S = 90.0
CONFIRM_S = 30.0
_AGAIN_S = 2.0
_NOTED_S = 1.0  # a vehicle that refuses has said so by then
_UNKNOWN_KEY = ("fault", 3)
_NOT_YOURS = ("fault", 7)
_CLOSED = ("key list", 5)
_THERE_ALREADY = ("key list", 13)


class Pairing:
    """name: of the vehicle on the air. role: number of the role to ask for; the vehicle may give a lower one.

    form: what kind of key it says it is, request.PHONE or CLOUD_KEY.
    """

    def __init__(
        self,
        vehicle: Vehicle,
        name: str,
        role: int,
        progress: Progress,
        patience_s: float = PATIENCE_S,
        form: KeyFormFactor = request.PHONE,
    ) -> None:
        self._vehicle = vehicle
        self._name = name
        self._show = request.show(vehicle.session.point, role, form)
        self._form = form
        self._progress = progress
        self._patience_s = patience_s
        self._until_s = 0.0
        self._told = False

    async def run(self) -> bool:
        """True when this phone has become a key, False when it was one. Raises Problem."""
        if await self._is_key():
            return False
        self._progress.say(self._who())
        self._until_s = self._now() + self._patience_s
        async with self._progress.during("Waiting for enrolment to be opened at the car", self._patience_s):
            while not await self._let_in():
                if self._now() >= self._until_s:
                    raise Problem(
                        "nobody came",
                        f"Nobody let this phone in within {self._patience_s:.0f} s: open enrolment at the car, cabin "
                        "button held while an owner's card lies on the reader, and pair again; a new controller wants "
                        "to be claimed with two cards first.",
                    )
        if not await self._is_key():
            raise NotPaired
        return True

    async def _is_key(self) -> bool:
        """Shake hands; learn the vehicle's key, where it gives itself the trouble for a stranger."""
        session = self._vehicle.session
        unnamed = not session.vin
        try:
            await self._vehicle.ask(None)
            known = True
        except NotPaired:
            known = False
        except NotGenuine:
            if not unnamed:
                raise
            raise Problem(
                "no name", "This vehicle's name does not follow from its key: give it with `--vin`, 17 characters."
            )
        except Refused as refusal:
            if (refusal.kind, refusal.number) != _UNKNOWN_KEY:
                raise
            return False
        if seal.local_name(session.vin) != self._name:
            raise WrongVehicle("The vehicle's name does not fit its key: go elsewhere, and say which one with `--vin`.")
        return known

    async def _let_in(self) -> bool:
        """Show the key once and wait for what becomes of it; False when it is to be shown again."""
        left_s = max(self._until_s - self._now(), _NOTED_S)
        try:
            async with self._noted():
                await self._vehicle.ask(self._show, left_s, tries=1)
            return True
        except Refused as refusal:
            if (refusal.kind, refusal.number) == _THERE_ALREADY:
                return True
            if (refusal.kind, refusal.number) != _CLOSED:
                raise
            self._ask_for_enrolment()
            await self._opened()
            return False
        except Problem as problem:
            if problem.kind not in ("no answer", "no connection"):
                raise
            return await self._is_key()

    async def _opened(self) -> None:
        """Wait until it seems that enrolment is open. To be asked for the list of keys disturbs nobody at the car."""
        while self._now() < self._until_s:
            await asyncio.sleep(_AGAIN_S)
            try:
                await self._vehicle.ask(request.KEY_LIST_FOR_STRANGERS)
                return
            except Refused as refusal:
                if (refusal.kind, refusal.number) != _NOT_YOURS:
                    raise

    @contextlib.asynccontextmanager
    async def _noted(self) -> AsyncIterator[None]:
        """A vehicle that stays silent has noted the key and waits for the card."""
        telling = asyncio.create_task(self._ask_for_card())
        try:
            yield
        finally:
            telling.cancel()

    def _ask_for_enrolment(self) -> None:
        if not self._told:
            self._told = True
            self._progress.say(
                "At the car: lay an owner's card on the reader and hold the cabin button, until the light flashes blue."
            )

    async def _ask_for_card(self) -> None:
        await asyncio.sleep(_NOTED_S)
        own = seal.short_id(self._vehicle.session.point)
        held = " (for another owner's phone hold the cabin button while you do)" if self._form == request.PHONE else ""
        self._progress.say(
            f"The vehicle has noted a new key. See that it shows {own}, then lay the owner's card on the reader once "
            f"more{held}."
        )
        async with self._progress.during("Waiting for the owner's card", CONFIRM_S):
            await asyncio.sleep(CONFIRM_S)

    def _who(self) -> str:
        session = self._vehicle.session
        own = "This phone" if self._form == request.PHONE else "This key  "
        lines = [f"{own}  {seal.short_id(session.point)}"]
        if session.vehicle_key:
            lines.append(f"Vehicle     {session.vin}, key {seal.short_id(session.vehicle_key)}")
        return "\n".join([*lines, "Compare them with what the controller's page or console shows."])

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
