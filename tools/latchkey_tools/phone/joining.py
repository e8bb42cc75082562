"""`latchkey phone pair`: which vehicle, then pairing, then what is kept of it."""

from latchkey_tools.phone import keys, link, seal, words
from latchkey_tools.phone.arguments import ROLES
from latchkey_tools.phone.desk import Desk
from latchkey_tools.phone.pairing import Pairing
from latchkey_tools.phone.problem import Problem

_LISTEN_S = 5.0


async def pair(desk: Desk) -> None:
    vin, name = await _which(desk)
    async with desk.stranger(vin, name) as vehicle:
        session = vehicle.session
        own = seal.short_id(session.point)
        new = await Pairing(vehicle, name, ROLES[desk.chosen.role], desk.progress).run()
        desk.keyring.pin(session.vin, session.vehicle_key)
        entry = await keys.entry_of(vehicle, session.point)
        role = words.word(words.ROLES, entry.keyRole) if entry else ""
        text = f"This phone, {own}, {'is now' if new else 'was already'} a key of {session.vin}"
        if entry:
            text += f": {role}, slot {entry.slot}"
        if entry and new and entry.keyRole != ROLES[desk.chosen.role]:
            text += f" (it asked for {desk.chosen.role}; the owner at the car decides)"
        desk.output.result(
            text + ". Try `latchkey phone unlock`.",
            vin=session.vin,
            vehicle_key=seal.short_id(session.vehicle_key),
            id=own,
            new=new,
            role=role,
            slot=entry.slot if entry else None,
            key_file=str(desk.keyring.key_file),
        )


async def _which(desk: Desk) -> tuple[str, str]:
    """VIN, empty where it is yet to be learnt, and name on the air of the vehicle to pair with."""
    if desk.vin:
        return desk.vin, seal.local_name(desk.vin)
    async with desk.progress.during("Listening for vehicles", _LISTEN_S):
        found = await link.heard(_LISTEN_S)
    names = sorted({told.local_name or device.name or "" for device, told in found})
    if not names:
        raise Problem("out of range", "No vehicle is in range: go closer and see that its controller has power.")
    if len(names) > 1:
        raise Problem(
            "several vehicles",
            f"{len(names)} vehicles are in range: say which one with `--vin`, as its page or console shows it.",
        )
    known = {seal.local_name(vin): vin for vin in desk.keyring.vehicles}
    return known.get(names[0], ""), names[0]
