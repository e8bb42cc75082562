"""A cloud key on the page: what an operator's server would be, with buttons.

It runs what `latchkey cloud` runs. Once it shows itself over the simulated air, beside the car, and an owner's card
admits it as a fleet manager; from then on it asks through the broker, by messages signed end to end. Each press is a
connection of its own: nothing is sent late because one has come back.

A toy: its private key lies in the simulator's folder, readable by its owner alone.
"""

import asyncio
import logging
import os
from collections.abc import Callable

from latchkey_tools.cloud import broker as brokers
from latchkey_tools.cloud.broker import Broker
from latchkey_tools.cloud.enrolment import FLEET_MANAGER
from latchkey_tools.cloud.failure import LineError
from latchkey_tools.cloud.line import Line
from latchkey_tools.cloud.remote import ANSWER_S, Remote
from latchkey_tools.phone import link, request, seal, watching, words
from latchkey_tools.phone.keyring import Keyring
from latchkey_tools.phone.pairing import Pairing
from latchkey_tools.phone.problem import Problem
from latchkey_tools.phone.session import Session
from latchkey_tools.phone.vehicle import Vehicle
from latchkey_tools.simulator import cloud_words as told
from latchkey_tools.simulator.handset_screen import Screen
from latchkey_tools.simulator.handset_words import DONE, WORKING, Said

_MOVES = {"lock": (request.LOCK, True), "unlock": (request.UNLOCK, False)}
_MOVES_S = 6.0
log = logging.getLogger(__name__)


class CloudKey:
    """`doing`: the order under way, empty between two. `changed()` is called when snapshot() has changed.

    raises: CannotStart for key files that cannot be used.
    """

    name = "Cloud"

    def __init__(self, keyring: Keyring, broker: Broker, changed: Callable[[], None]) -> None:
        private = keyring.private() if keyring.exists else keyring.make()
        self.doing = ""
        self.short_id = seal.short_id(seal.point_of(private))
        self._private = private
        self._keyring = keyring
        self._broker = broker
        self._changed = changed
        self._screen = Screen(self._say)
        self._sessions: dict[str, Session] = {}  # by car: a handshake is one of the few answers that it gives
        self._forgotten: set[str] = set()  # cars that have said since that they do not know this key
        self._said: Said | None = None
        self._work: asyncio.Task[Said] | None = None

    def press(self, vin: str, key_id: str, do: str) -> None:
        """Begin an order: enrol, lock, unlock, status. None may be under way."""
        self.doing = do
        self._say((WORKING, "…"))
        self._work = asyncio.create_task(self._carry_out(vin, key_id, do))
        self._work.add_done_callback(self._finished)

    def stop(self) -> None:
        if self._work is not None:
            self._work.cancel()

    async def close(self) -> None:
        self.stop()
        if self._work is not None:
            await asyncio.gather(self._work, return_exceptions=True)

    def is_key(self, vin: str) -> bool:
        return vin in self._keyring.vehicles and vin not in self._forgotten

    def snapshot(self, vin: str) -> dict[str, object]:
        """What the page shows; plain JSON types. vin: of the car that is there."""
        is_key = self.is_key(vin)
        state, text = self._said or (told.IS_KEY if is_key else told.NOT_YET)
        return {
            "id": self.short_id,
            "is_key": is_key,
            "doing": self.doing,
            "state": state,
            "text": text.replace("{id}", self.short_id),
        }

    async def _carry_out(self, vin: str, key_id: str, do: str) -> Said:
        try:
            if do == "enrol":
                return await self._enrol(vin, key_id)
            return await self._ask(vin, do)
        except LineError as error:
            return told.of(brokers.problem(error, self._broker))
        except Problem as problem:
            if told.knows_no_key(problem):
                self._forgotten.add(vin)
                self._sessions.pop(vin, None)
            return told.of(problem)
        except Exception as error:  # of a library: this key shall answer the next press all the same
            log.warning("%s: %r", self.name, error)
            return told.broken(error)

    async def _enrol(self, vin: str, key_id: str) -> Said:
        session = Session(self._private, vin, self._keyring.vehicles.get(vin, b""), key_id)
        name = seal.local_name(vin)
        async with Vehicle(session, name, self._screen, link.find) as vehicle:
            new = await Pairing(vehicle, name, FLEET_MANAGER, self._screen, form=request.CLOUD_KEY).run()
        await asyncio.to_thread(self._keyring.pin, vin, session.vehicle_key)
        self._forgotten.discard(vin)
        self._sessions.pop(vin, None)
        return DONE, f"This cloud key {'is now' if new else 'was already'} a fleet manager of the car."

    async def _ask(self, vin: str, do: str) -> Said:
        if vin not in self._keyring.vehicles:
            return told.NOT_YET
        session = self._sessions.get(vin)
        if session is None:
            session = self._sessions[vin] = Session(self._private, vin, self._keyring.vehicles[vin])
        async with self._screen.during("Connecting", 12), Line(self._broker, f"page-{os.urandom(4).hex()}") as line:
            car = Remote(line, session, ANSWER_S)
            await car.meet()
            async with self._screen.during("Waiting for the vehicle", 20):
                if do == "status":
                    status = (await car.ask(request.STATUS)).vehicleStatus
                    lock = words.word(words.LOCKS, status.vehicleLockState)
                    open_ = watching.in_words(watching.closures_of(status))
                    return DONE, f"The car's signed answer: {lock}; {open_}."
                asked, locked = _MOVES[do]
                await car.ask(asked)
            return await self._moved(car, locked)

    async def _moved(self, car: Remote, locked: bool) -> Said:
        """That an order was accepted does not say that the bolt moves."""
        word = "locked" if locked else "unlocked"
        async with self._screen.during("Waiting for the bolt", _MOVES_S):
            seen = await car.shown(lambda state: state.lock in (word, "jammed"), _MOVES_S)
        if car.state is not None and car.state.lock == "jammed":
            return told.JAMMED
        return told.MOVED[locked] if seen else told.NOT_SEEN

    def _finished(self, work: "asyncio.Task[Said]") -> None:
        self.doing = ""
        said = told.STOPPED if work.cancelled() else work.result()
        log.info("%s: %s", self.name, said[1])
        self._say(said)

    def _say(self, said: Said) -> None:
        self._said = said
        self._changed()
