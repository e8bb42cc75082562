"""gateway.toml: two brokers and the cars. Anything unknown or missing is said by name, and nothing starts.

    unlock = false                    # whether UNLOCK from the owner's broker opens a car
    keys = "/var/lib/latchkey"        # folder of gateway.pem and gateway.json (~/.config/latchkey)
    silence_min = 180                 # a connected car that says nothing for so long is a problem; 0: never

    [cars]                            # the broker of the cars; it need not be trusted
    broker = "mqtts://cars.example:8883"

    [owner]                           # Home Assistant's broker: who may write here, may move the cars
    broker = "mqtts://home.example:8883"
    prefix = "latchkey-gateway"
    discovery = "homeassistant"

    [[car]]
    vin = "LATCHKEY123456789"
    name = "Family car"

Both brokers also take ca, certificate, key, user and password_file. Paths are relative to the file.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latchkey_tools.cloud import broker as brokers
from latchkey_tools.cloud.broker import Broker
from latchkey_tools.cloud.desk import toml
from latchkey_tools.cloud.enrolment import vin_of
from latchkey_tools.phone import keyring
from latchkey_tools.phone.problem import CannotStart

_WHOLE = ("unlock", "keys", "silence_min", "cars", "owner", "car")
_BRANCH = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+){0,3}")
_MOST_CARS = 500


@dataclass(frozen=True)
class CarSettings:
    vin: str
    name: str


@dataclass(frozen=True)
class Settings:
    """cars: the untrusted broker, owner: the trusted one. prefix, discovery: branches of topics on the latter."""

    cars: Broker
    owner: Broker
    prefix: str
    discovery: str
    vehicles: tuple[CarSettings, ...]
    unlock: bool
    silence_s: float
    keys: Path


def read(path: Path) -> Settings:
    """Raises CannotStart."""
    table = toml(path)
    _known(table, _WHOLE, str(path))
    owner = dict(_table(table, "owner", path))
    prefix = _branch(owner.pop("prefix", "latchkey-gateway"), "prefix")
    discovery = _branch(owner.pop("discovery", "homeassistant"), "discovery")
    cars_broker = brokers.broker(_table(table, "cars", path), path.parent, f"{path} [cars]")
    owners_broker = brokers.broker(owner, path.parent, f"{path} [owner]")
    if _same(cars_broker, owners_broker):
        raise CannotStart(
            f"{path}: [cars] and [owner] are the same client of the same broker, so that whoever reaches the cars' "
            "topics could order: use two brokers, or two users that may each write their own topics only."
        )
    if "/" in prefix or prefix == "latchkey":
        raise CannotStart(f"{path}: prefix must be one word, and another one than latchkey, which is the cars'.")
    return Settings(
        cars_broker,
        owners_broker,
        prefix,
        discovery,
        _vehicles(table.get("car"), path),
        _of(bool, table.get("unlock", False), f"{path}: unlock must be true or false."),
        60.0 * max(0, _of(int, table.get("silence_min", 180), f"{path}: silence_min must be a whole number.")),
        keys(table, path),
    )


def keys(table: dict[str, Any], path: Path) -> Path:
    """The folder of the key files."""
    named = table.get("keys")
    return path.parent / _of(str, named, f"{path}: keys must be a text in quotes.") if named else keyring.folder()


def _vehicles(rows: Any, path: Path) -> tuple[CarSettings, ...]:
    if not isinstance(rows, list) or not rows or len(rows) > _MOST_CARS:
        raise CannotStart(f"{path}: name 1 to {_MOST_CARS} cars, each in a table [[car]] with vin and name.")
    found: dict[str, CarSettings] = {}
    for row in rows:
        _known(_of(dict, row, f"{path}: a car is a table [[car]]."), ("vin", "name"), f"{path} [[car]]")
        vin = vin_of(str(row.get("vin", "")))
        if vin in found:
            raise CannotStart(f"{path}: {vin} stands there twice.")
        found[vin] = CarSettings(vin, _of(str, row.get("name", vin), f"{path}: name must be a text in quotes."))
    return tuple(found.values())


def _same(one: Broker, other: Broker) -> bool:
    return (one.host, one.port, one.user, one.certificate) == (other.host, other.port, other.user, other.certificate)


def _known(table: dict[str, Any], names: tuple[str, ...], called: str) -> None:
    for name in table:
        if name not in names:
            raise CannotStart(f"{called}: there is no setting {name!r}; there are {', '.join(names)}.")


def _table(whole: dict[str, Any], name: str, path: Path) -> dict[str, Any]:
    return _of(dict, whole.get(name), f"{path}: a table [{name}] with its broker is missing.")


def _branch(value: Any, called: str) -> str:
    text = _of(str, value, f"{called} must be a text in quotes.")
    if not _BRANCH.fullmatch(text):
        raise CannotStart(f"{called}: {text!r} is no branch of topics: letters, digits, - and _ are.")
    return text


def _of(kind: type, value: Any, sentence: str) -> Any:
    if type(value) is not kind:
        raise CannotStart(sentence)
    return value
