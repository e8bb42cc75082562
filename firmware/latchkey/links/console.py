"""The USB console: tells what the vehicle sees and decides, and takes commands from whoever holds the cable.

A cable to the board is physical access, which on stock MicroPython is full access; commands act as the cabin and are
noted like everything else. It tells `status {JSON}` when something has changed, `verdict {JSON}` for each decision.

    revoke NUMBER     revoke a key

Secrets never appear: keys are named by the first four bytes of their SHA-1.
"""

import asyncio
import json

from micropython import const

from latchkey.core import arbiter as timers
from latchkey.core import codes, words
from latchkey.core.facts import UNKNOWN, YES
from latchkey.core.request import Request
from latchkey.core.words import word
from latchkey.credentials import entries
from latchkey.credentials import registry as keys
from latchkey.credentials.enrolment import PINNED
from latchkey.crypto.digest import sha1

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Cable
    from latchkey.drivers.inputs import Inputs
    from latchkey.drivers.reader import Reader
    from latchkey.vehicle import Vehicle


_POLL_MS = const(20)
_BEAT_MS = const(1_000)  # countdowns move while nothing changes
_KEYS_TOLD = const(32)  # the first ones; the line would outgrow a chip's heap


class Console:
    """One cable. `cable`: readline() that never waits, write(line)."""

    def __init__(self, cable: "Cable", vehicle: "Vehicle", inputs: "Inputs", readers: "list[Reader]") -> None:
        self._cable = cable
        self._vehicle = vehicle
        self._inputs = inputs
        self._readers = readers
        self._request = Request(codes.CABIN)
        self._told = 0  # journal rows
        self._keys: "list[dict[str, object]]" = []
        self._keys_generation = -1  # of the list that `_keys` tells
        self._coming: "list[dict[str, object]]" = []  # the next one, while it is being read
        self._coming_generation = -1
        self._coming_number = 0
        self._key = bytearray(64)

    async def run(self) -> None:
        """Tell and listen for ever."""
        seen = None
        quiet_ms = 0
        while True:
            line = self._cable.readline()
            if line is not None:
                self._obey(line)
            self._tell_verdicts()
            self._read_a_key()
            health = self._readers[0].health if self._readers else 0
            now = (self._vehicle.revision, health, self._keys_generation)
            if now != seen or quiet_ms >= _BEAT_MS:
                seen = now
                quiet_ms = 0
                self._cable.write("status " + json.dumps(self.status()))
            quiet_ms += _POLL_MS
            await asyncio.sleep_ms(_POLL_MS)

    def status(self) -> "dict[str, object]":
        """A snapshot for people: plain JSON types."""
        vehicle = self._vehicle
        decided, custody, registry = vehicle.arbiter, vehicle.custody, vehicle.registry
        machine, facts, enrolment = decided.lock, decided.facts, custody.enrolment
        return {
            "uptime_s": vehicle.uptime_s,
            "lock": word(words.LOCKS, machine.state),
            "confirmed": machine.confirmed(),
            "bolt": word(words.BOLTS, machine.bolt),
            "doors_open": None if facts.door_open == UNKNOWN else facts.door_open == YES,
            "drive": word(words.DRIVES, decided.drive.state),
            "drive_s": vehicle.seconds_left(timers.DRIVE) or None,
            "moving": facts.moving(),
            "supply_mv": self._inputs.supply_mv if self._inputs.supply_mv >= 0 else None,
            "crash": decided.crash.phase != 0,
            "crash_line_stuck": decided.crash.stuck,
            "hold_s": vehicle.seconds_left(timers.HOLD),
            "rest_s": vehicle.seconds_left(timers.COOL),
            "enrolment": word(words.ENROLMENTS, enrolment.state),
            "enrolment_s": custody.seconds_left(),
            "pinned": _id_of(enrolment.pinned) if enrolment.state == PINNED else "",
            "claimed": registry.state != keys.BLANK,
            "registry": word(words.REGISTRIES, registry.state),
            "generation": registry.generation,
            "key_count": registry.count,
            "keys": self._keys,
            "reader": word(words.READERS, self._readers[0].health) if self._readers else "",
        }

    def _read_a_key(self) -> None:
        """Read one key from flash, one in each turn, until those of the list in force are known."""
        registry = self._vehicle.registry
        if registry.generation == self._keys_generation:
            return
        if registry.generation != self._coming_generation:
            self._coming_generation = registry.generation
            self._coming_number = 0
            self._coming = []
        number = self._coming_number
        if number == min(registry.count, _KEYS_TOLD):
            self._keys = self._coming
            self._keys_generation = self._coming_generation
            return
        self._coming_number = number + 1
        if registry.key(number, self._key):
            self._coming.append(
                {
                    "number": number,
                    "id": _id_of(self._key),
                    "role": word(words.ROLES, registry.role(number)),
                    "state": word(words.CONDITIONS, registry.condition(number)),
                }
            )

    def _tell_verdicts(self) -> None:
        journal = self._vehicle.journal
        while self._told < journal.count:
            row = journal.row(self._told)
            self._told += 1
            if row is not None:
                self._cable.write("verdict " + json.dumps(self._verdict(row)))

    def _verdict(self, row: "tuple[int, int, int, int, int, int, bytes]") -> "dict[str, object]":
        number, uptime_s, source, credential, action, verdict, key_id = row
        return {
            "seq": number,
            "uptime_s": uptime_s,
            "source": word(words.SOURCES, source),
            "credential": credential,
            "id": key_id.hex() if any(key_id) else self._id_of_number(credential),
            "action": word(words.ACTIONS, action),
            "verdict": verdict,
            "text": words.verdict_name(verdict),
            "accepted": codes.is_accepted(verdict),
        }

    def _id_of_number(self, number: int) -> str:
        return _id_of(self._key) if self._vehicle.registry.key(number, self._key) else ""

    def _obey(self, line: str) -> None:
        words = line.split()
        if len(words) == 2 and words[0] == "revoke" and words[1].isdigit():
            self._request.clear()
            self._request.action = codes.REVOKE_KEY
            self._request.argument = int(words[1])
            if self._vehicle.registry.condition(self._request.argument) == entries.ABSENT:
                self._vehicle.refuse(self._request, codes.NO_SUCH_KEY)
            else:
                self._vehicle.request(self._request)
        else:
            self._cable.write("error not a command: " + line[:40])


def _id_of(key64: bytearray) -> str:
    return sha1(b"\x04" + key64)[:4].hex()
