"""`latchkey phone keys` and `latchkey phone remove`: the phones and cloud keys that the vehicle knows.

Cards have their own numbers, and are shown to owners' phones alone: every_key.py.
"""

import asyncio
import re
import sys
from dataclasses import dataclass

from tesla_fleet_api.tesla.vehicle.proto.vcsec_pb2 import WhitelistEntryInfo

from latchkey_tools.phone import every_key, request, seal, words
from latchkey_tools.phone.desk import Desk
from latchkey_tools.phone.problem import CannotStart, Problem
from latchkey_tools.phone.refusal import Refused
from latchkey_tools.phone.request import Request
from latchkey_tools.phone.vehicle import Vehicle

_SLOTS = 32
_GONE = ("key list", 12)


@dataclass(frozen=True)
class Key:
    """A row of the list. point: its public key, 65 bytes."""

    slot: int
    point: bytes
    role: str
    form: str
    own: bool

    @property
    def short_id(self) -> str:
        return seal.short_id(self.point)

    def __str__(self) -> str:
        mark = "  this phone" if self.own else ""
        return f"{self.slot:>4}  {self.short_id}  {self.role:<16}  {self.form}{mark}"

    def as_json(self) -> dict[str, object]:
        return {
            "slot": self.slot,
            "id": self.short_id,
            "role": self.role,
            "form": self.form,
            "this_phone": self.own,
            "public_key": self.point.hex(),
        }


async def keys(desk: Desk) -> None:
    async with desk.vehicle() as vehicle:
        found = await _listed(desk, vehicle)
        text = "\n".join([f"slot  {'id':<8}  {'role':<16}  form", *(str(key) for key in found)])
        desk.output.result(text, vin=vehicle.session.vin, keys=[key.as_json() for key in found])


def remove(desk: Desk) -> None:
    """Not a coroutine: the link is not held, nor the event loop, while a person thinks."""
    wanted = desk.chosen.key.lower()
    is_slot = re.fullmatch(r"[0-9]{1,2}", wanted) and int(wanted) < _SLOTS
    if not is_slot and not re.fullmatch(r"[0-9a-f]{8}|#[0-9]{1,5}", wanted):
        raise CannotStart(
            f"{desk.chosen.key!r} is neither a short id (8 hex digits) nor a slot (0 to 31) nor a number (#7)."
        )
    if not desk.chosen.yes and not sys.stdin.isatty():
        raise CannotStart("Nobody is here to be asked: say `--yes` to remove a key without a question.")
    key = None
    if not desk.chosen.yes:
        key = asyncio.run(_find(desk, wanted))
        if not _agreed(key):
            raise Problem("not agreed", "Nothing was removed.")
    asyncio.run(_remove(desk, wanted, key))


async def _find(desk: Desk, wanted: str) -> Key | every_key.Key:
    async with desk.vehicle() as vehicle:
        return await _meant(desk, vehicle, wanted)


async def _meant(desk: Desk, vehicle: Vehicle, wanted: str) -> Key | every_key.Key:
    """A card has a number and no slot."""
    if wanted.startswith("#"):
        return every_key.chosen(wanted, await every_key.every(desk, vehicle))
    return _chosen(wanted, await _listed(desk, vehicle))


async def _remove(desk: Desk, wanted: str, key: Key | every_key.Key | None) -> None:
    """key: what was agreed to; None: whatever is meant."""
    async with desk.vehicle() as vehicle:
        key = key or await _meant(desk, vehicle, wanted)
        if isinstance(key, every_key.Key):
            await every_key.remove(desk, vehicle, key)
            return
        await vehicle.ask(request.remove(key.point))
        if await entry_of(vehicle, key.point):
            raise Problem("not removed", f"The vehicle still has {key.short_id}: try again.")
        desk.output.result(f"Removed {key.short_id} from slot {key.slot}.", vin=vehicle.session.vin, key=key.as_json())


async def entry_of(vehicle: Vehicle, point: bytes) -> WhitelistEntryInfo | None:
    """What the vehicle has noted of a key; None where it does not have it."""
    return await _entry(vehicle, request.entry_of(point))


async def _listed(desk: Desk, vehicle: Vehicle) -> list[Key]:
    async with desk.progress.during("Asking for the keys", 30):
        mask = (await vehicle.ask(request.KEY_LIST)).whitelistInfo.slotMask
        found = [await _entry(vehicle, request.entry_in(slot)) for slot in range(_SLOTS) if mask >> slot & 1]
    return [_key(vehicle, entry) for entry in found if entry is not None]


async def _entry(vehicle: Vehicle, asked: Request) -> WhitelistEntryInfo | None:
    """None for a key that has been removed since the list was made."""
    try:
        return (await vehicle.ask(asked)).whitelistEntryInfo
    except Refused as refusal:
        if (refusal.kind, refusal.number) != _GONE:
            raise
        return None


def _key(vehicle: Vehicle, entry: WhitelistEntryInfo) -> Key:
    point = entry.publicKey.PublicKeyRaw
    role = words.word(words.ROLES, entry.keyRole)
    form = words.word(words.FORMS, entry.metadataForKey.keyFormFactor)
    return Key(entry.slot, point, role, form, point == vehicle.session.point)


def _chosen(wanted: str, found: list[Key]) -> Key:
    matching = [key for key in found if wanted == key.short_id or (len(wanted) < 3 and int(wanted) == key.slot)]
    if not matching:
        raise Problem("no such key", f"The vehicle has no key {wanted}: `latchkey phone keys` lists them.")
    if len(matching) > 1:
        raise Problem("two such keys", f"The vehicle has {len(matching)} keys with the id {wanted}: name the slot.")
    return matching[0]


def _agreed(key: Key | every_key.Key) -> bool:
    if isinstance(key, every_key.Key):
        whose = f"the {key.role} key {key.short_id} ({key.kind}, #{key.number})"
    elif key.own:
        whose = "the key of this phone"
    else:
        whose = f"the {key.role} key {key.short_id} ({key.form}, slot {key.slot})"
    print(f"Remove {whose}? It will not open the vehicle any more. [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
