"""What a client may ask of the simulator: every field of every order, its type and its range. Nothing else gets in.

Each function takes the decoded JSON body and gives it back checked; OrderError says in one sentence what is wrong with
it. An order is taken whole or not at all: nothing has been applied when an error is raised.
"""

from collections.abc import Callable
from typing import Any

from latchkey_tools.cards import MADE
from latchkey_tools.simulator import cloud_faults
from latchkey_tools.simulator.car import INPUTS, LATCHES
from latchkey_tools.simulator.wire import VARIANTS

READER_FAULTS = (
    "dead",
    "hang",
    "no_ack",
    "no_answer",
    "bad_checksum",
    "partial",
    "slow",
)  # as the PN532 model calls them
PHONE_ORDERS = ("pair", "unlock", "lock", "drive", "trunk", "frunk", "charge_port", "remove", "stop")
CLOUD_FAULTS = (*cloud_faults.MODES, "flood")
CLOUD_ORDERS = ("enrol", "lock", "unlock", "status", "stop")
ERASE = "erase everything"
_CARDS_AT_ONCE = 16

Order = dict[str, Any]
_Check = Callable[[str, object], object]


class OrderError(Exception):
    """An order that cannot be carried out; `status` is the HTTP status that says so."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def car(body: object) -> Order:
    """POST /api/car."""
    return _fields(body, _CAR)


def faults(body: object) -> Order:
    """POST /api/faults."""
    return _fields(body, _FAULTS)


def card(body: object) -> Order:
    """POST /api/card."""
    return _fields(body, _CARD)


def phone(body: object) -> Order:
    """POST /api/phone: name, and beside it do, range or both; which (the phone to remove) with do: remove."""
    order = _fields(body, _PHONE)
    if "name" not in order or not {"do", "range"} & set(order):
        raise OrderError('Say which phone and what: {"name": "Phone 1", "do": "unlock"}, or "range" instead of "do".')
    if ("which" in order) != (order.get("do") == "remove"):
        raise OrderError('To remove a phone, and only then, say which: "do": "remove", "which": "Phone 2".')
    return order


def cloud(body: object) -> Order:
    """POST /api/cloud."""
    return _fields(body, _CLOUD)


def keys(body: object) -> Order:
    """POST /api/keys: hours, from now on, with guest; 0 for always."""
    order = _fields(body, _KEYS)
    if ("guest" in order) != ("hours" in order):
        raise OrderError('To say for how long a guest may come: {"guest": 3, "hours": 2}, and 0 hours for always.')
    return order


def reset(body: object) -> Order:
    """POST /api/reset. The words are asked for because nothing brings the keys back."""
    return _fields(body, _RESET)


def _fields(body: object, known: dict[str, _Check]) -> Order:
    if not isinstance(body, dict) or not body:
        raise OrderError(f"The body must be a JSON object with at least one of: {', '.join(known)}.")
    for name in body:
        if name not in known:
            raise OrderError(f"There is no field {name[:40]!r} here; there are: {', '.join(known)}.")
    return {name: known[name](name, value) for name, value in body.items()}


def _boolean(name: str, value: object) -> object:
    if not isinstance(value, bool):
        raise OrderError(f"{name} must be true or false.")
    return value


def _integer(least: int, most: int, unit: str) -> _Check:
    def check(name: str, value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise OrderError(f"{name} must be a whole number from {least} to {most}{unit}.")
        return value

    return check


def _one_of(*words: str) -> _Check:
    def check(name: str, value: object) -> object:
        if value not in words or not isinstance(value, str):
            raise OrderError(f"{name} must be one of: {', '.join(words)}.")
        return value

    return check


def _name_of(what: str) -> _Check:
    def check(name: str, value: object) -> object:
        if not isinstance(value, str) or not 0 < len(value) <= 40:
            raise OrderError(f"{name} must be the name of {what}.")
        return value

    return check


_card_name = _name_of("a card of the wallet")


def _card_names(name: str, value: object) -> object:
    if not isinstance(value, list) or not 0 < len(value) <= _CARDS_AT_ONCE:
        raise OrderError(f"{name} must be a list of one to {_CARDS_AT_ONCE} names of cards.")
    return [_card_name(name, entry) for entry in value]


def _unplug(name: str, value: object) -> object:
    if not isinstance(value, dict):
        raise OrderError(f'{name} must be an object like {{"speed": true}}.')
    for wire, state in value.items():
        if wire not in INPUTS:
            raise OrderError(f"There is no wire {wire[:40]!r}; there are: {', '.join(INPUTS)}.")
        _boolean(f"{name}.{wire}", state)
    return value


def _power_cut(name: str, value: object) -> object:
    if not isinstance(value, dict) or set(value) != {"write", "variant"}:
        raise OrderError(f'{name} must be an object like {{"write": 1, "variant": "half"}}.')
    return _fields(value, {"write": _integer(1, 100_000, ""), "variant": _one_of(*VARIANTS)})


_CAR: dict[str, _Check] = {
    "button": _boolean,
    "doors": _boolean,
    "ignition": _boolean,
    "speed": _integer(0, 300, " km/h"),
    "supply": _integer(0, 18_000, " mV"),
    "crash": _boolean,
    "jam": _boolean,
    "hand": _one_of("locked", "unlocked"),
    "close": _one_of(*LATCHES),
    "unplug": _unplug,
}
_FAULTS: dict[str, _Check] = {
    "reader": _one_of("none", *READER_FAULTS),
    "power_cut": _power_cut,
    "power": _one_of("off"),
    "cloud": _one_of(*CLOUD_FAULTS),
}
_CARD: dict[str, _Check] = {"put": _card_names, "take_away": _card_names, "tap": _card_name, "make": _one_of(*MADE)}
_PHONE: dict[str, _Check] = {
    "name": _name_of("a phone of the page"),
    "do": _one_of(*PHONE_ORDERS),
    "range": _boolean,
    "which": _name_of("a phone of the page"),
}
_CLOUD: dict[str, _Check] = {"do": _one_of(*CLOUD_ORDERS), "remote": _boolean, "remote_unlock": _boolean}
_NUMBER = _integer(0, 65_535, "")
_KEYS: dict[str, _Check] = {
    "revoke": _NUMBER,
    "suspend": _NUMBER,
    "admit": _NUMBER,
    "guest": _NUMBER,
    "hours": _integer(0, 8_760, " hours"),
    "time": _one_of("now"),
}
_RESET: dict[str, _Check] = {"confirm": _one_of(ERASE)}
