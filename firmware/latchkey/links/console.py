"""The USB console: tells what the vehicle sees and decides, and takes commands from whoever holds the cable.

A cable to the board is physical access, which on stock MicroPython is full access; commands act as the cabin and are
noted like everything else. It tells `status {JSON}` when something has changed, `verdict {JSON}` for each decision.

    revoke NUMBER             revoke a key
    suspend NUMBER            let a key open nothing until it is admitted again: admit NUMBER
    guest NUMBER FROM UNTIL   when a guest may come, in UTC: 2026-11-20T18:00, or - for no bound; a fourth word `unset`
                              lets him come as well while the vehicle does not know the time. A driver becomes a guest
    guest NUMBER always       at any time
    time 2026-11-20T18:00     what time it is, in UTC
    limit NUMBER [MS|off]     how long a card may take to answer; answered by `limit NUMBER MS`, 0 for no limit
    card UID KEY ROLE         add an AES card made elsewhere: 14 and 32 hex digits, its own key 0; owner, driver, ...
    set remote on|off         all control by the cloud
    set remote_unlock on|off  unlocking by the cloud; off on a new controller
    set NAME VALUE            a setting (storage/settings.py), none without a value; answered by `stored NAME`
    journal read|begin        see links/journal_answer.py
    about, settings, try, keep, drop, vin, sleep    see links/setup_lines.py

Secrets never appear: keys are named by the first four bytes of their SHA-1.
"""

import asyncio
import json

from micropython import const

from latchkey.core import arbiter as timers
from latchkey.core import codes, lock, words
from latchkey.core.facts import UNKNOWN, YES
from latchkey.core.remote import UNLOCK_ALLOWED
from latchkey.core.request import Request
from latchkey.core.words import word
from latchkey.credentials import entries
from latchkey.credentials import key_list as keys
from latchkey.credentials.enrolment import PINNED
from latchkey.storage.settings import SettingsError

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Generator

    from latchkey.chip import Cable, Chip, Network
    from latchkey.drivers.inputs import Inputs
    from latchkey.drivers.reader import Reader
    from latchkey.links.ble import BleLink
    from latchkey.links.cloud_start import CloudStart
    from latchkey.links.recorder import Recorder
    from latchkey.storage.settings import Settings
    from latchkey.vehicle import Vehicle


_POLL_MS = const(20)
_BEAT_MS = const(1_000)  # countdowns move while nothing changes
_PHONES_APART_MS = const(500)  # anybody may connect and go as often as he likes
_SWITCHES = {
    # name: (off, on)
    "remote": (codes.FORBID_REMOTE, codes.ALLOW_REMOTE),
    "remote_unlock": (codes.FORBID_REMOTE_UNLOCK, codes.ALLOW_REMOTE_UNLOCK),
}
_OF_KEYS = ("revoke", "suspend", "admit", "guest", "time", "limit", "card")  # see key_lines.py
_OF_SETUP = ("about", "settings", "try", "keep", "drop", "vin", "sleep")  # see setup_lines.py
_KEYS_TOLD = const(32)  # the first ones; the line would outgrow a chip's heap


class Console:
    """One cable. `cable`: readline() that never waits, write(line)."""

    def __init__(
        self,
        cable: "Cable",
        vehicle: "Vehicle",
        inputs: "Inputs",
        readers: "list[Reader]",
        phones: "BleLink | None" = None,
        cloud: "CloudStart | None" = None,
        settings: "Settings | None" = None,
        recorder: "Recorder | None" = None,
        under: "tuple[Chip, Network | None, str | None] | None" = None,
    ) -> None:
        """under: chip, network and folder of the files, for whoever asks about them."""
        self._cable = cable
        self._vehicle = vehicle
        self._inputs = inputs
        self._readers = readers
        self._phones = phones
        self._cloud = cloud
        self._settings = settings
        self._recorder = recorder
        self._under = under
        self._answer: "Generator[None, None, None] | None" = None  # about the journal, being told
        self._change: "Generator[None, None, bool] | None" = None  # of a setting, under way
        self._changed = ""
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
        phones_seen: object = None
        quiet_ms = 0
        while True:
            if self._change is not None:
                self._go_on(self._change)
            elif self._answer is not None:
                self._tell_on(self._answer)
            else:
                line = self._cable.readline()
                if line is not None:
                    self._obey(line)
            self._tell_verdicts()
            self._read_a_key()
            health = self._readers[0].health if self._readers else 0
            phones = (self._phones.peripheral.state, self._phones.peripheral.connected) if self._phones else 0
            now = (self._vehicle.revision, health, self._keys_generation)
            patience_ms = _BEAT_MS if phones == phones_seen else _PHONES_APART_MS
            if now != seen or quiet_ms >= patience_ms:
                seen = now
                phones_seen = phones
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
            "minute": vehicle.now_min if vehicle.wall.known else None,
            "enrolment": word(words.ENROLMENTS, enrolment.state),
            "enrolment_s": custody.seconds_left(),
            "pinned": entries.short_id(enrolment.pinned).hex() if enrolment.state == PINNED else "",
            "claimed": registry.state != keys.BLANK,
            "registry": word(words.REGISTRIES, registry.state),
            "generation": registry.generation,
            "key_count": registry.count,
            "keys": self._keys,
            "reader": word(words.READERS, self._readers[0].health) if self._readers else "",
            "radio": word(words.RADIOS, self._phones.peripheral.state) if self._phones else "none",
            "phones": self._phones.peripheral.connected if self._phones else 0,
            "vin": custody.identity.vin.decode() if custody.identity else "",
            "vehicle_key": custody.identity.short_id() if custody.identity else "",
            "cloud": self._cloud_status(),
            "journal": self._journal_status(),
        }

    def _journal_status(self) -> "dict[str, object]":
        recorder = self._recorder
        return {
            "state": word(words.JOURNALS, recorder.state) if recorder is not None else "none",
            "found": word(words.ENDINGS, recorder.chain.found + 1) if recorder is not None else "",
            "head": self._vehicle.journal.told(),
        }

    def _cloud_status(self) -> "dict[str, object]":
        cloud = self._cloud.link if self._cloud is not None else None
        vehicle = self._vehicle
        switched: "dict[str, object]" = {
            "remote": vehicle.arbiter.facts.remote_allowed,
            "remote_unlock": vehicle.remote.is_set(UNLOCK_ALLOWED),
        }
        if cloud is None:
            switched["state"] = word(words.CLOUDS, 0)
            return switched
        switched["state"] = word(words.CLOUDS, cloud.state)
        switched["away"] = cloud.state != 0 and not cloud.connected
        switched["since_s"] = vehicle.uptime_s - vehicle.cloud_since_s
        switched["why"] = cloud.why
        switched["wait_s"] = cloud.wait_s
        switched["received"] = cloud.received
        switched["sent"] = cloud.sent
        switched["shed"] = cloud.shed
        return switched

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
            told: "dict[str, object]" = {
                "number": number,
                "id": entries.short_id(self._key).hex(),
                "kind": word(words.KINDS, registry.kind(number)),
                "slot": registry.slot_of(number),
                "role": word(words.ROLES, registry.role(number)),
                "state": word(words.CONDITIONS, registry.condition(number)),
            }
            window = registry.window_of(number)
            if window is not None:
                told["window"] = window
            self._coming.append(told)

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
        return entries.short_id(self._key).hex() if self._vehicle.registry.key(number, self._key) else ""

    def _obey(self, line: str) -> None:
        words = line.split()
        if words and words[0] in _OF_KEYS:
            from latchkey.links.key_lines import obey  # seldom needed

            answer = obey(words, self._request, self._vehicle)
            if answer:
                self._cable.write(answer)
        elif len(words) == 3 and words[0] == "set" and words[1] in _SWITCHES and words[2] in ("on", "off"):
            self._ask(_SWITCHES[words[1]][words[2] == "on"])
            self._cable.write("stored " + words[1])
        elif 2 <= len(words) <= 3 and words[0] == "set" and self._settings is not None:
            self._changed = words[1]
            self._change = self._settings.change_steps(words[1], words[2] if len(words) == 3 else "")
        elif words[:1] == ["journal"] and self._recorder is not None:
            from latchkey.links.journal_answer import answer_steps  # rarely asked for, and not small

            self._answer = answer_steps(self._recorder, words, self._cable.write)
        elif words and words[0] in _OF_SETUP:
            from latchkey.links import setup_lines  # rarely asked for

            if words == ["sleep"] and self._under is not None:
                self._answer = setup_lines.sleep_steps(self._vehicle, self._under[0], self._recorder, self._cable.write)
                return
            self._answer = setup_lines.answer_steps(
                words, self._settings, self._vehicle, self._under, self._cable.write
            )
        else:
            self._cable.write("error not a command: " + " ".join(words[:1])[:40])  # what follows may be a password

    def _ask(self, action: int) -> None:
        self._request.clear()
        self._request.action = action
        self._vehicle.request(self._request)

    def _tell_on(self, answer: "Generator[None, None, None]") -> None:
        """A piece of an answer, which reads flash, so not while a card is being asked."""
        if not self._vehicle.attends and not self._cable.full():
            try:
                next(answer)
            except StopIteration:
                self._answer = None

    def _go_on(self, change: "Generator[None, None, bool]") -> None:
        """One step of a change of the settings, which is flash, so not while the motor moves."""
        if self._vehicle.arbiter.lock.motor != lock.STILL:
            return
        try:
            next(change)
            return
        except StopIteration:
            self._cable.write("stored " + self._changed)
        except (SettingsError, MemoryError) as error:
            self._cable.write("error %s: %s" % (self._changed, error or "out of memory"))
        self._change = None
