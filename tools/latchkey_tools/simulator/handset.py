"""A phone on the page: a real client on the simulated air, with buttons.

It runs what `latchkey phone` runs (exchange, session, link), over a Bumble host that joins the air through the port for
HCI hosts. So each press looks for the car, connects, shakes hands and signs a command; the link is held for a while
after the last one. One command at a time; none outlasts the deadlines of that client, pairing included.

A toy phone: its private key lies in the simulator's folder, readable by its owner alone. Distance is not simulated:
a phone out of range hears nothing and its link has ended at once, where a real one would hang for some seconds.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from bleak.backends.device import BLEDevice

from latchkey_tools.phone import keys, link, request, seal, words
from latchkey_tools.phone.arguments import ROLES
from latchkey_tools.phone.commands import ORDERS, look
from latchkey_tools.phone.keyring import Keyring
from latchkey_tools.phone.pairing import Pairing
from latchkey_tools.phone.problem import Problem
from latchkey_tools.phone.request import Request
from latchkey_tools.phone.session import Session
from latchkey_tools.phone.vehicle import Vehicle
from latchkey_tools.simulator import handset_words as told
from latchkey_tools.simulator.handset_screen import Screen

HOLD_S = 30.0
_LISTEN_S = 4.0  # everybody hears everything at once here: whoever has heard nothing by then never will
_MOVES = {"unlock": (request.UNLOCK, False), "lock": (request.LOCK, True)}
log = logging.getLogger(__name__)


class Handset:
    """One phone. `doing`: the order under way, empty between two. `changed()` is called when snapshot() has changed.

    raises: CannotStart for key files that cannot be used.
    """

    def __init__(self, name: str, keyring: Keyring, changed: Callable[[], None]) -> None:
        self.name = name
        self.doing = ""
        self._private = keyring.private() if keyring.exists else keyring.make()
        self.point = seal.point_of(self._private)
        self.short_id = seal.short_id(self.point)
        self._keyring = keyring
        self._changed = changed
        self._screen = Screen(self._say)
        self._near = asyncio.Event()
        self._near.set()
        self._vehicle: Vehicle | None = None
        self._expected = ""  # short id of the car's key, as far as somebody other than the radio says so
        self._is_key = False
        self._said: told.Said | None = None  # what the last order ended with, or says at present
        self._why_stopped = told.STOPPED
        self._tasks: set[asyncio.Task[object]] = set()
        self._work: asyncio.Task[told.Said] | None = None
        self._hold: asyncio.TimerHandle | None = None

    @property
    def near(self) -> bool:
        return self._near.is_set()

    @property
    def last_vin(self) -> str:
        """The car that this phone was paired with last, empty for none."""
        return self._keyring.default

    def press(self, vin: str, key_id: str, do: str, other: "Handset | None" = None) -> None:
        """Begin an order; none may be under way. vin, key_id: of the car that is there. other: whom to remove."""
        vehicle = self._meet(vin, key_id)
        if self._hold is not None:
            self._hold.cancel()
        self.doing, self._why_stopped = do, told.STOPPED
        self._say((told.WORKING, "…"))
        self._work = asyncio.create_task(self._carry_out(vehicle, do, other))
        self._work.add_done_callback(self._finished)

    def stop(self) -> None:
        """Break off what is under way, if anything is."""
        if self._work is not None:
            self._work.cancel()

    def carry(self, near: bool) -> None:
        """Into the car's range, or out of it."""
        if near == self.near:
            return
        (self._near.set if near else self._near.clear)()
        if near and not self.doing:
            self._said = None
        elif not near:
            self._why_stopped = told.CARRIED_AWAY
            self.stop()
            self._hang_up()
            self._said = self._said if self.doing else told.CARRIED_AWAY
        self._changed()

    async def close(self) -> None:
        """End whatever is under way. The link ends with the air."""
        if self._hold is not None:
            self._hold.cancel()
        self.stop()
        tasks = [task for task in (*self._tasks, self._work) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def snapshot(self, vin: str) -> dict[str, object]:
        """What the page shows; plain JSON types. vin: of the car that is there."""
        met = self._vehicle is not None and self._vehicle.session.vin == vin
        is_key = self._is_key if met else vin in self._keyring.vehicles
        state, text = self._said or (told.IS_KEY if is_key else told.NOT_YET)
        return {
            "name": self.name,
            "id": self.short_id,
            "is_key": is_key,
            "range": self.near,
            "linked": self._vehicle is not None and self._vehicle.linked,
            "doing": self.doing,
            "state": state,
            "text": text.replace("{id}", self.short_id),
        }

    # Orders

    async def _carry_out(self, vehicle: Vehicle, do: str, other: "Handset | None") -> told.Said:
        try:
            return told.DONE, await self._done(vehicle, do, other)
        except Problem as problem:
            if told.knows_no_key(problem):
                self._is_key = False
                self._hang_up()  # places are few, and strangers do not keep theirs for long anyway
            return told.of(problem)
        except Exception as error:  # of bleak or Bumble: this phone shall answer the next press all the same
            log.warning("%s: %r", self.name, error)
            self._hang_up()
            return told.broken(error)

    async def _done(self, vehicle: Vehicle, do: str, other: "Handset | None") -> str:
        """What to say when it has been done. Raises Problem."""
        if do == "pair":
            return await self._pair(vehicle)
        if do == "remove" and other is not None:
            await self._ask(vehicle, request.remove(other.point))
            if await keys.entry_of(vehicle, other.point):
                raise Problem("not removed", told.NOT_REMOVED)
            return f"{other.name} is no key of this car any more."
        if do in _MOVES:
            asked, locked = _MOVES[do]
            await self._ask(vehicle, asked)
            seen = await look(vehicle, locked, self._screen)
            if seen is False:
                raise Problem("not moved", told.NOT_MOVED)
            return told.MOVED[locked] if seen else told.NOT_SEEN
        asked, words_when_done = ORDERS[do.replace("_", "-")]
        await self._ask(vehicle, asked)
        return words_when_done

    async def _ask(self, vehicle: Vehicle, asked: Request) -> None:
        async with self._screen.during("Waiting for the vehicle", 30):
            await vehicle.ask(asked)
        self._is_key = True

    async def _pair(self, vehicle: Vehicle) -> str:
        session = vehicle.session
        role = ROLES["driver"]  # an owner's gesture at the car may make it an owner's phone
        new = await Pairing(vehicle, seal.local_name(session.vin), role, self._screen).run()
        await asyncio.to_thread(self._keyring.pin, session.vin, session.vehicle_key)
        self._is_key = True
        entry = await keys.entry_of(vehicle, session.point)
        known_as = f": {words.word(words.ROLES, entry.keyRole)}, slot {entry.slot}" if entry else ""
        return f"This phone {'is now' if new else 'was already'} a key of the car{known_as}."

    def _finished(self, work: "asyncio.Task[told.Said]") -> None:
        self.doing = ""
        if work.cancelled():
            self._hang_up()
        said = self._why_stopped if work.cancelled() else work.result()
        log.info("%s: %s", self.name, said[1])
        if self.near:
            self._hold = asyncio.get_running_loop().call_later(HOLD_S, self._hang_up)
        self._say(said)

    def _say(self, said: told.Said) -> None:
        self._said = said
        self._changed()

    # The link

    def _meet(self, vin: str, key_id: str) -> Vehicle:
        """The car that is there; the session with it outlives links and power cuts."""
        vehicle = self._vehicle
        if vehicle is not None and (vehicle.session.vin, self._expected) == (vin, key_id):
            return vehicle
        self._hang_up()
        pinned = self._keyring.vehicles.get(vin, b"")
        session = Session(self._private, vin, pinned, key_id)
        self._expected, self._is_key = key_id, bool(pinned)
        self._vehicle = Vehicle(session, seal.local_name(vin), self._screen, self._find)
        return self._vehicle

    async def _find(self, name: str, limit_s: float) -> BLEDevice | None:
        """Listen for the car; whoever is not near hears nothing until it is."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LISTEN_S):  # Python 3.11's wait_for() may swallow a cancellation
                await self._near.wait()
        return await link.find(name, min(limit_s, _LISTEN_S)) if self.near else None

    def _hang_up(self) -> None:
        if self._vehicle is None:
            return
        task = asyncio.create_task(self._vehicle.hang_up())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: self._changed())
