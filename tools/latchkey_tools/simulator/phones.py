"""The phones of the page, or the reason why there are none.

They are on the simulated air alone: with a real adapter a phone is a phone, and this computer cannot be both ends. What
they are made of (Bumble, bleak, the protocol's messages) is loaded with the first of them.
"""

import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from latchkey_tools.simulator import hint
from latchkey_tools.simulator.air import Air
from latchkey_tools.simulator.orders import Order, OrderError
from latchkey_tools.simulator.settings import Settings, StartError

if TYPE_CHECKING:
    from latchkey_tools.simulator.handset import Handset

_NAMES = {"Phone 1": "phone-1", "Phone 2": "phone-2"}  # what people call them -> key files


class Phones:
    """why: what prevents phones, in one sentence; empty where there are some."""

    def __init__(self, handsets: "list[Handset]", why: str = "") -> None:
        self.why = why
        self._handsets = {handset.name: handset for handset in handsets}
        self._vin, self._key_id = next((one.last_vin for one in handsets if one.last_vin), ""), ""

    @property
    def names(self) -> dict[str, str]:
        """short id -> what the phone is called."""
        return {one.short_id: name for name, one in self._handsets.items()}

    @property
    def hint(self) -> hint.Phones | None:
        """What a suggestion needs to know of them."""
        if not self._handsets:
            return None
        pairing = next((name for name, one in self._handsets.items() if one.doing == "pair"), "")
        return hint.Phones(frozenset(self.names), pairing)

    def snapshot(self) -> dict[str, object]:
        """For the page; plain JSON types."""
        return {"why": self.why, "phones": [one.snapshot(self._vin) for one in self._handsets.values()]}

    def linked(self, name: str) -> bool:
        """A phone of that name has a connection to the car."""
        return name in self._handsets and self._handsets[name].snapshot(self._vin)["linked"] is True

    def look(self, status: dict[str, object]) -> None:
        """Note which car it is that is there."""
        vin, key_id = status.get("vin"), status.get("vehicle_key")
        if isinstance(vin, str) and isinstance(key_id, str) and vin:
            self._vin, self._key_id = vin, key_id

    def order(self, order: Order) -> None:
        """As orders.phone() has checked it. Raises OrderError."""
        handset = self._handset(order["name"])
        other = self._handset(order["which"]) if "which" in order else None
        do = order.get("do", "")
        if do and do != "stop":
            self._check(handset, do)
        if "range" in order:
            handset.carry(order["range"])
        if do == "stop":
            handset.stop()
        elif do:
            handset.press(self._vin, self._key_id, do, other)

    async def close(self) -> None:
        for handset in self._handsets.values():
            await handset.close()

    def _handset(self, name: str) -> "Handset":
        if self.why:
            raise OrderError(self.why, 409)
        if name not in self._handsets:
            raise OrderError(f"There is no phone called {name!r}; there are: {', '.join(self._handsets)}.", 404)
        return self._handsets[name]

    def _check(self, handset: "Handset", do: str) -> None:
        if handset.doing:
            raise OrderError(f"{handset.name} is busy ({handset.doing.replace('_', ' ')}): wait, or stop it.", 409)
        if not self._vin:
            raise OrderError("The controller has not said yet which car it is: wait until it runs.", 409)


def open_phones(
    asked: Settings, air: Air | None, changed: Callable[[], None], stack: contextlib.AsyncExitStack
) -> Phones:
    """changed(): called when the phones' snapshot has changed. Raises StartError."""
    if air is None or not air.phones:
        return Phones([], _why(asked, air))
    try:
        from latchkey_tools.air_client import on_air
        from latchkey_tools.phone.keyring import Keyring
        from latchkey_tools.phone.problem import Problem
        from latchkey_tools.simulator.handset import Handset
    except ModuleNotFoundError as error:
        return Phones([], f"The Python package {error.name} is missing: run `make setup`.")
    logging.getLogger("bumble").setLevel(logging.CRITICAL)  # it is appalled by whoever gives up half-way
    host, _, port = air.phones.partition(":")
    stack.enter_context(on_air(int(port), host))
    try:
        handsets = [Handset(name, Keyring(asked.state / "phones", file), changed) for name, file in _NAMES.items()]
    except Problem as problem:
        raise StartError(str(problem))
    phones = Phones(handsets)
    stack.push_async_callback(phones.close)
    return phones


def _why(asked: Settings, air: Air | None) -> str:
    if air is None:
        return "This board has no Bluetooth radio."
    if asked.radio == "none":
        return "The radio is left out (RADIO=none): start with `make run` to have phones."
    if asked.radio != "simulated":
        return f"The controller uses a real Bluetooth adapter ({asked.radio}): take a real phone, or `latchkey phone`."
    return f"There is no simulated air: {air.words.removeprefix('none: ')}."
