"""What a phone may see of the vehicle: lock and closures, and the list of phones and cloud keys.

The lock reads LOCKED only where the bolt's sensor shows that; on a board without one, where the last movement went.
Never what is merely asked for. Whether somebody sits in the car nobody here knows, so the protocol's userPresence stays
unknown. Facts: vcsec.proto, VehicleStatus and WhitelistInfo.
"""

from micropython import const

from latchkey.core import codes, lock
from latchkey.core.facts import NO, YES
from latchkey.credentials import entries
from latchkey.protocol import vehicle_command_answer as answers
from latchkey.protocol import vehicle_command_numbers as numbers

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.credentials.registry import Registry
    from latchkey.protocol.vehicle_command_answer import Status
    from latchkey.protocol.vehicle_command_order import Order
    from latchkey.protocol.vehicle_command_voice import Voice
    from latchkey.vehicle import Vehicle

_DOORS = const(4)


def look(vehicle: "Vehicle", out: "Status", proven: bool) -> None:
    """Fill out with the present state. proven: a key of this vehicle asks, which may know of cloud and journal."""
    out.cloud = vehicle.cloud if proven else codes.NO_CLOUD
    out.cloud_s = vehicle.uptime_s - vehicle.cloud_since_s
    out.head_number = vehicle.journal.head_number
    out.head = vehicle.journal.head if proven else b""
    machine, facts = vehicle.arbiter.lock, vehicle.arbiter.facts
    out.lock = answers.LOCKED if _is_locked(machine) else answers.UNLOCKED
    for closure in range(len(out.closures)):
        out.closures[closure] = answers.CLOSURE_UNKNOWN
    if facts.door_open == YES:  # one wire for all doors: which of them it is nobody can tell
        out.closures[answers.FRONT_DRIVER_DOOR] = answers.OPEN
    elif facts.door_open == NO:
        for door in range(_DOORS):
            out.closures[door] = answers.CLOSED


def revision(vehicle: "Vehicle") -> int:
    """A number that changes whenever look() would find something else."""
    return (2 if _is_locked(vehicle.arbiter.lock) else 0) + 4 * vehicle.arbiter.facts.door_open


def tell_list(voice: "Voice", registry: "Registry") -> None:
    """Answer KEY_LIST."""
    taken = [slot for slot in range(entries.SLOTS) if registry.number_in(slot) >= 0]
    voice.key_list([(slot, registry.id_in(slot)) for slot in taken])


def tell_entry(voice: "Voice", registry: "Registry", wanted: "Order") -> None:
    """Answer KEY_ENTRY, which names a key by slot, by short id or by itself."""
    slot = _slot_of(registry, wanted)
    number = registry.number_in(slot)
    key = bytearray(entries.KEY_LEN)
    if number < 0 or not registry.key(number, key):
        voice.key_change(numbers.NOT_ON_LIST)
    else:
        voice.key_entry(slot, key, registry.id_in(slot), registry.role(number), registry.form(number))


def tell_key(voice: "Voice", registry: "Registry", wanted: "Order") -> None:
    """Answer TELL_KEY with the first key at or behind a number, cards among them; revoked ones are passed over.

    Number, entry generation, short id, kind, role, condition, first minute of a guest's window (since 2000-01-01 UTC),
    minute behind its last, flags.
    """
    key = bytearray(entries.KEY_LEN)
    for number in range(wanted.values[0], registry.count):
        if registry.kind(number) and registry.condition(number) != entries.REVOKED and registry.key(number, key):
            key_id = int.from_bytes(entries.short_id(key), "big")
            role, condition = registry.role(number), registry.condition(number)
            window = registry.window_of(number) or (0, 0, 0)
            generation, kind = registry.entry_generation(number), registry.kind(number)
            voice.own_key((number, generation, key_id, kind, role, condition) + window)
            return
    voice.key_change(numbers.NOT_ON_LIST)


def _slot_of(registry: "Registry", wanted: "Order") -> int:
    if wanted.has_key:
        return registry.slot_of(registry.find(wanted.key))
    if not wanted.has_id:
        return wanted.slot
    for slot in range(entries.SLOTS):
        if registry.number_in(slot) >= 0 and registry.id_in(slot) == wanted.key_id:
            return slot
    return -1


def _is_locked(machine: lock.Lock) -> bool:
    if machine.bolt == codes.NOT_FITTED:
        return machine.state == lock.LOCKED or machine.state == lock.UNLOCKING
    return machine.bolt == codes.AT_LOCKED
