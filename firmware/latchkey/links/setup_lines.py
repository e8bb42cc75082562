"""What the console answers while somebody sets the controller up or asks what is wrong; loaded when somebody asks.

    about            `about {JSON}`: what runs here, and how chip, heap and flash are
    settings         `settings {JSON}`: what is set, of secrets the length
    try NAME HEX     a value to be tried, in hexadecimal UTF-8, none without; `try NAME+ HEX` is the next piece of it.
                     Answered by `tried NAME LENGTH`. In flash nothing changes
    try              use what is tried, from now on and until the next boot: `tried all COUNT`
    keep             store what is tried, all of it at once: `stored all`
    drop             forget it: `tried none 0`
    vin NAME         the 17 characters that the vehicle calls itself, from the next boot on; not while phones or cloud
                     keys know it by another. `stored vin`
    sleep            storage mode: all off until the board's wake input is active. Not with the ignition on

Lines stay short because a chip's serial port loses what comes while it writes flash. A value never appears.
"""

import gc
import json
import os
import sys

from micropython import const

from latchkey.core import lock
from latchkey.core.facts import YES
from latchkey.credentials import entries
from latchkey.credentials.identity import READY, VIN_LEN, IdentityError
from latchkey.storage.settings import LONGEST, NAMES, SettingsError

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable, Generator

    from latchkey.chip import Chip, Network
    from latchkey.links.recorder import Recorder
    from latchkey.storage.settings import Settings
    from latchkey.vehicle import Vehicle

    Under = tuple[Chip, "Network | None", "str | None"]

_SHOWN = ("broker", "user", "psk_identity", "dns", "wifi", "reconnect_percent")
_OF_VIN = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"  # ISO 3779
_KNOWS_IT = (entries.PHONE, entries.CLOUD_KEY)


def answer_steps(
    asked: "list[str]",
    settings: "Settings | None",
    vehicle: "Vehicle",
    under: "Under | None",
    write: "Callable[[str], None]",
) -> "Generator[None, None, None]":
    """Carry out one command, given as its words. under: chip, network and folder of the files."""
    try:
        if asked[0] == "about" and under is not None:
            gc.collect()
            write("about " + json.dumps(_about(vehicle, *under)))
        elif asked[0] == "vin" and len(asked) == 2:
            yield from _name_steps(asked[1], vehicle)
            write("stored vin")
        elif settings is None:
            write("error %s: there is no flash for it" % asked[0])
        elif asked[0] == "settings":
            write("settings " + json.dumps(_shown(settings.read())))
        elif asked[0] == "try":
            write(_tried(settings, asked[1:]))
        elif asked[0] == "keep":
            yield from _still_steps(settings.store_steps(settings.tried), vehicle)
            settings.tried = {}
            write("stored all")
        elif asked[0] == "drop":
            settings.tried = {}
            settings.generation += 1
            write("tried none 0")
        else:
            write("error not a command: " + asked[0])
    except (SettingsError, IdentityError, ValueError, MemoryError) as error:
        write("error %s: %s" % (asked[0], _why(error)))


def sleep_steps(
    vehicle: "Vehicle", chip: "Chip", recorder: "Recorder | None", write: "Callable[[str], None]"
) -> "Generator[None, None, None]":
    """Storage mode. Where it begins, nothing comes after it."""
    yield
    facts = vehicle.arbiter.facts
    try:
        if facts.ignition_on == YES or facts.moving() or vehicle.arbiter.lock.motor != lock.STILL:
            raise OSError("the vehicle is in use")
        chip.sleep(recorder.end if recorder is not None else None)  # the journal says so only where it comes true
    except (OSError, MemoryError) as error:
        write("error sleep: %s" % error)


def _why(error: Exception) -> object:
    if isinstance(error, IdentityError):
        return "flash refused the write; nothing changed"
    return "out of memory" if isinstance(error, MemoryError) else error


def _about(vehicle: "Vehicle", chip: "Chip", network: "Network | None", folder: "str | None") -> "dict[str, object]":
    told: "dict[str, object]" = {
        "application": sys.path[0][1:] if sys.path and sys.path[0].startswith("/app_") else "",
        "micropython": "%d.%d.%d" % sys.implementation.version[:3],
        "platform": sys.platform,
        "reset_cause": chip.reset_cause,
        "heap_free": gc.mem_free() if hasattr(gc, "mem_free") else -1,
        "flash_free": -1,
        "network": "none" if network is None else "up" if network.is_up() else "down",
        "rssi": getattr(network, "rssi", 0),
        "random_stuck": vehicle.generator is not None and vehicle.generator.stuck,
        "refused": vehicle.refused,
    }
    if folder is not None:
        try:
            numbers = os.statvfs(folder or "/")
            told["flash_free"] = numbers[0] * numbers[3]
        except OSError:
            pass
    return told


def _shown(values: "dict[str, str]") -> "dict[str, object]":
    return {name: value if name in _SHOWN else len(value) for name, value in values.items()}


def _tried(settings: "Settings", asked: "list[str]") -> str:
    """raises: SettingsError, ValueError."""
    if not asked:
        settings.generation += 1
        return "tried all %d" % len(settings.tried)
    name = asked[0]
    goes_on = name.endswith("+")
    if goes_on:
        name = name[:-1]
    if name not in NAMES:
        raise ValueError("no such setting")
    try:
        value = bytes.fromhex(asked[1] if len(asked) > 1 else "").decode()
    except ValueError:
        raise ValueError("not hexadecimal")
    if goes_on:
        value = settings.tried.get(name, "") + value
    if len(value) > LONGEST:
        raise ValueError("too long")
    settings.tried[name] = value
    return "tried %s %d" % (name, len(value))


def _name_steps(name: str, vehicle: "Vehicle") -> "Generator[None, None, None]":
    """raises: ValueError, IdentityError."""
    identity, registry = vehicle.custody.identity, vehicle.registry
    if identity is None or identity.state != READY:
        raise ValueError("the vehicle has no key yet")
    if len(name) != VIN_LEN or not all([character in _OF_VIN for character in name]):
        raise ValueError("it has 17 capital letters and digits, without I, O and Q")
    for number in range(registry.count):
        if registry.kind(number) in _KNOWS_IT and registry.condition(number) != entries.REVOKED:
            raise ValueError("phones or cloud keys know the vehicle by its name: remove them first")
    if name.encode() != identity.vin:
        yield from _still_steps(identity.rename_steps(name.encode()), vehicle)


def _still_steps(steps: "Generator[None, None, object]", vehicle: "Vehicle") -> "Generator[None, None, None]":
    """Flash is written only while the motor is still."""
    for _ in steps:
        yield
        while vehicle.arbiter.lock.motor != lock.STILL:
            yield
