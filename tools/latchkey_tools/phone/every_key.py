"""Every key of the vehicle, cards among them, for an owner's phone: `keys --all`, `suspend`, `admit`, `guest`, `time`.

The published protocol shows phones and cloud keys alone. These are orders of this vehicle's own, by the number that a
key has in its list and the state in which that key was told, so that what was meant for one key never meets another.
"""

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from google.protobuf.empty_pb2 import Empty
from google.protobuf.unknown_fields import UnknownFieldSet
from tesla_fleet_api.tesla.vehicle.proto.vcsec_pb2 import FromVCSECMessage

from latchkey_tools.phone import request, words
from latchkey_tools.phone.desk import Desk
from latchkey_tools.phone.problem import CannotStart, Problem
from latchkey_tools.phone.refusal import Refused
from latchkey_tools.phone.vehicle import Vehicle

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_OWN_FIELD, _BYTES = 1_000, 2
_GONE = ("key list", 12)
_SUSPENDED = 2
_WHILE_UNSET = 1
_LAST_MIN = 0xFFFFFFFF // 60
_KINDS = {1: "keycard", 2: "phone", 3: "cloud key", 4: "AES card"}
_STATES = {1: "active", 2: "suspended"}


@dataclass(frozen=True)
class Key:
    """A row. window: first minute since 2000, minute behind the last, flags; (0, 0, 0) for none."""

    number: int
    generation: int
    short_id: str
    kind: str
    role: str
    state: int
    window: tuple[int, int, int]

    def __str__(self) -> str:
        state = _STATES.get(self.state, "unknown")
        return f"#{self.number:<5} {self.short_id}  {self.kind:<9}  {self.role:<16}  {state}{_in_words(self.window)}"

    @property
    def named(self) -> str:
        """For sentences."""
        return f"{self.short_id}, {'an' if self.kind[0] in 'Au' else 'a'} {self.kind}"

    def as_json(self) -> dict[str, object]:
        first, end, flags = self.window
        return {
            "number": self.number,
            "id": self.short_id,
            "kind": self.kind,
            "role": self.role,
            "state": _STATES.get(self.state, "unknown"),
            "from": _moment(first).isoformat() if end else None,
            "until": _moment(end).isoformat() if end else None,
            "while_unset": bool(flags & _WHILE_UNSET),
        }


async def every(desk: Desk, vehicle: Vehicle) -> list[Key]:
    """The keys that are not revoked, by number."""
    found: list[Key] = []
    async with desk.progress.during("Asking for the keys", 120):
        while True:
            key = await _at(vehicle, found[-1].number + 1 if found else 0)
            if key is None:
                return found
            found.append(key)


async def show(desk: Desk) -> None:
    """`keys --all`."""
    async with desk.vehicle() as vehicle:
        found = await every(desk, vehicle)
        head = f"{'no.':<6} {'id':<8}  {'kind':<9}  {'role':<16}  state"
        text = "\n".join([head, *(str(key) for key in found)])
        desk.output.result(text, vin=vehicle.session.vin, keys=[key.as_json() for key in found])


async def suspend(desk: Desk) -> None:
    await _change(
        desk, request.suspend, lambda key: key.state == _SUSPENDED, "suspended: it opens nothing until admitted"
    )


async def admit(desk: Desk) -> None:
    await _change(desk, request.admit, lambda key: key.state != _SUSPENDED, "admitted again")


async def guest(desk: Desk) -> None:
    """When a guest may come; the vehicle is told the time before."""
    asked = desk.chosen
    if asked.always == bool(asked.until or asked.since):
        raise CannotStart("Say when the guest may come: `--from` and `--until`, or `--always`.")
    from_s = seconds_of(asked.since) if asked.since else 0
    until_s = seconds_of(asked.until) if asked.until else 0 if asked.always else 0xFFFFFFFF
    if not asked.always and until_s // 60 <= (from_s + 59) // 60:
        raise CannotStart("The window ends before it has begun.")
    flags = _WHILE_UNSET if asked.while_unset else 0
    wanted = (0, 0, 0) if asked.always else ((from_s + 59) // 60, until_s // 60, flags)

    def order(number: int, generation: int) -> request.Request:
        return request.limit(number, generation, from_s, until_s, flags)

    async def first(vehicle: Vehicle) -> None:
        if not asked.always:
            await vehicle.ask(request.set_clock(_now_s()))

    said = "may come at any time" if asked.always else f"may come{_in_words(wanted)}"
    await _change(desk, order, lambda key: key.window == wanted, said, first)


async def remove(desk: Desk, vehicle: Vehicle, key: Key) -> None:
    """Take a key away by its number."""
    await vehicle.ask(request.revoke(key.number, key.generation))
    left = await _at(vehicle, key.number)
    if left is not None and left.number == key.number:
        raise Problem("not removed", f"The vehicle still has {key.short_id}: try again.")
    desk.output.result(f"Removed {key.named}.", vin=vehicle.session.vin, key=key.as_json())


async def tell_time(desk: Desk) -> None:
    """`time`."""
    async with desk.vehicle() as vehicle:
        await vehicle.ask(request.set_clock(_now_s()))
        desk.output.result("The vehicle knows what time it is.", vin=vehicle.session.vin)


async def mention_time(vehicle: Vehicle) -> None:
    """Tell the time beside something else, for the guests' sake; whatever comes of it, that was done."""
    if not vehicle.linked:
        return
    try:
        await vehicle.ask(request.set_clock(_now_s()), tries=1)
    except Problem:
        pass  # a guest's phone may not, an older controller cannot


def seconds_of(text: str) -> int:
    """Seconds since 2000 of a time as people here write it, in this computer's zone. Raises CannotStart."""
    try:
        seconds = int((datetime.fromisoformat(text).astimezone() - EPOCH).total_seconds())
    except (ValueError, OverflowError):
        seconds = -1
    if not 0 <= seconds <= 0xFFFFFFFF:
        raise CannotStart(f"{text!r} is no time: say it as 2026-11-25T18:00, or 2026-11-25T18:00+01:00.")
    return seconds


def key_of(told: FromVCSECMessage) -> Key | None:
    """What the vehicle tells of a key in a field of its own; None where it tells nothing."""
    for own in UnknownFieldSet(told):
        if own.field_number == _OWN_FIELD and own.wire_type == _BYTES:
            fields = {field.field_number: field.data for field in UnknownFieldSet(Empty.FromString(own.data))}
            number, generation, key_id, kind, role, state, first, end, flags = (fields.get(n, 0) for n in range(1, 10))
            kind_word = _KINDS.get(kind, "unknown")
            role_word = words.word(words.ROLES, role)
            return Key(number, generation, f"{key_id:08x}", kind_word, role_word, state, (first, end, flags))
    return None


async def _at(vehicle: Vehicle, number: int) -> Key | None:
    """The key of this number, or the next one."""
    try:
        told = await vehicle.ask(request.tell_key(number))
    except Refused as refusal:
        if (refusal.kind, refusal.number) != _GONE:
            raise
        return None
    key = key_of(told)
    if key is None:
        raise Problem("no list", "The vehicle does not tell its keys in a way that this program knows: update both.")
    return key


async def _change(
    desk: Desk,
    order: Callable[[int, int], request.Request],
    done: Callable[[Key], bool],
    said: str,
    first: Callable[[Vehicle], Awaitable[None]] | None = None,
) -> None:
    """Change one key, and look whether that was done: the answer to a change is not sealed."""
    wanted = _wanted_key(desk.chosen.key)
    async with desk.vehicle() as vehicle:
        if first is not None:
            await first(vehicle)
        key = chosen(wanted, await every(desk, vehicle))
        await vehicle.ask(order(key.number, key.generation))
        after = await _at(vehicle, key.number)
        if after is None or after.number != key.number or not done(after):
            raise Problem("not done", f"The vehicle still has {key.short_id} as it was: try again.")
        desk.output.result(f"{key.named}: {said}.", vin=vehicle.session.vin, key=after.as_json())


def _wanted_key(text: str) -> str:
    """Raises CannotStart for what is neither a short id nor a number."""
    wanted = text.lower()
    if not re.fullmatch(r"[0-9a-f]{8}|#[0-9]{1,5}", wanted):
        raise CannotStart(
            f"{text!r} is neither a short id (8 hex digits) nor a number (#7), as in `latchkey phone keys --all`."
        )
    return wanted


def chosen(wanted: str, found: list[Key]) -> Key:
    matching = [key for key in found if wanted in (key.short_id, f"#{key.number}")]
    if not matching:
        raise Problem("no such key", f"The vehicle has no key {wanted}: `latchkey phone keys --all` lists them.")
    if len(matching) > 1:
        raise Problem("two such keys", f"The vehicle has {len(matching)} keys with the id {wanted}: say its #number.")
    return matching[0]


def _moment(minutes: int) -> datetime:
    return (EPOCH + timedelta(minutes=minutes)).astimezone()


def _in_words(window: tuple[int, int, int]) -> str:
    first, end, flags = window
    if not end:
        return ""
    since = f" from {_moment(first):%Y-%m-%d %H:%M}" if first else ""
    until = f" until {_moment(end):%Y-%m-%d %H:%M}" if end < _LAST_MIN else ""
    return since + until + (", also while the vehicle does not know the time" if flags & _WHILE_UNSET else "")


def _now_s() -> int:
    return int(time.time() - EPOCH.timestamp())
