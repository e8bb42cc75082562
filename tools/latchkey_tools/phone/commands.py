"""The commands of `latchkey phone`, but for pairing. Each raises Problem where it was not done."""

import asyncio

from latchkey_tools.phone import link, request, seal, words
from latchkey_tools.phone.desk import Desk
from latchkey_tools.phone.every_key import mention_time
from latchkey_tools.phone.problem import Problem
from latchkey_tools.phone.progress import Progress
from latchkey_tools.phone.request import Request
from latchkey_tools.phone.vehicle import AWAY, Vehicle

_LOCKED = 1
_MOVES_S = 4.0  # two tries of 1.5 s with a pause between them; then the vehicle calls it jammed
_LOOK_S = 0.4

# command -> what it asks for, and what is said when that was accepted
ORDERS = {
    "drive": (request.DRIVE, "Driving is permitted for the next minutes: switch the ignition on."),
    "trunk": (request.TRUNK, "The trunk is being opened."),
    "frunk": (request.FRUNK, "The front trunk is being opened."),
    "charge-port": (request.CHARGE_PORT, "The charge port is being opened."),
    "wake": (request.WAKE, "The vehicle is awake."),
    "revoke-drive": (request.REVOKE_DRIVE, "Driving is revoked, until an owner or a driver permits it at the car."),
    "suspend-guests": (request.SUSPEND_GUESTS, "Guests are suspended."),
    "admit-guests": (request.ADMIT_GUESTS, "Guests are admitted again."),
    "remote-off": (request.FORBID_REMOTE, "Remote control is off: cloud keys can do nothing."),
    "remote-on": (request.ALLOW_REMOTE, "Remote control is on."),
    "remote-unlock-off": (request.FORBID_REMOTE_UNLOCK, "Cloud keys can no longer unlock."),
    "remote-unlock-on": (request.ALLOW_REMOTE_UNLOCK, "Cloud keys may unlock, six times an hour."),
}


async def order(desk: Desk) -> None:
    """One of ORDERS."""
    asked, words_when_done = ORDERS[desk.chosen.phone_command]
    async with desk.vehicle() as vehicle:
        await _ask(vehicle, asked, desk)
        desk.output.result(words_when_done, vin=vehicle.session.vin)


async def unlock(desk: Desk) -> None:
    await _move(desk, request.UNLOCK, locked=False)


async def lock(desk: Desk) -> None:
    await _move(desk, request.LOCK, locked=True)


async def scan(desk: Desk) -> None:
    """Tell which vehicles are in range."""
    seconds = desk.chosen.seconds
    async with desk.progress.during("Listening", seconds):
        found = await link.heard(seconds)
    known = {seal.local_name(vin): vin for vin in desk.keyring.vehicles}
    rows = [
        {"name": name, "address": device.address, "rssi": told.rssi, "vin": known.get(name, "")}
        for device, told in found
        for name in [told.local_name or device.name or ""]
    ]
    lines = [f"{row['name']}  {row['rssi']:>4} dBm  {row['address']}  {row['vin']}".rstrip() for row in rows]
    desk.output.result("\n".join(lines) or "No vehicle is in range.", vehicles=rows)


async def _ask(vehicle: Vehicle, asked: Request, desk: Desk) -> None:
    async with desk.progress.during("Waiting for the vehicle", 30):
        await vehicle.ask(asked)


async def _move(desk: Desk, asked: Request, locked: bool) -> None:
    """Ask, then look at the bolt: that the order was accepted does not say that it moves."""
    async with desk.vehicle() as vehicle:
        await _ask(vehicle, asked, desk)
        seen = await look(vehicle, locked, desk.progress)
        word = words.LOCKS[int(locked)]
        if seen is False:
            raise Problem(
                "not moved",
                f"The vehicle accepted it and is not {word} after {_MOVES_S:.0f} s: look at it, the bolt may be "
                "jammed; a card works as before.",
            )
        await mention_time(vehicle)
        text = f"{word.capitalize()}." if seen else "Accepted; the link ended before the bolt was seen to move."
        desk.output.result(text, vin=vehicle.session.vin, lock=word, confirmed=bool(seen))


async def look(vehicle: Vehicle, locked: bool, progress: Progress) -> bool | None:
    """True when it shows itself so, False when it does not in time, None when it could not be asked."""
    clock = asyncio.get_running_loop().time
    until_s = clock() + _MOVES_S
    async with progress.during("Waiting for the bolt", _MOVES_S):
        while True:
            try:
                told = (await vehicle.ask(request.STATUS, tries=1)).vehicleStatus
            except Problem as problem:
                if problem.kind not in AWAY:
                    raise
                return None
            if (told.vehicleLockState == _LOCKED) == locked:
                return True
            if clock() > until_s:
                return False
            await asyncio.sleep(_LOOK_S)
