"""What is worth telling the cloud: one piece at a time, the most important first, and of what repeats a number.

States are told as they are when there is room for them, so that a hundred changes cost one message. Decisions are told
one by one where they are accepted; refusals are counted, by the vehicle, and told together, at most once a minute,
because anybody can cause as many of them as he likes. What the governor refuses is counted as well.
"""

import gc
import json

from micropython import const

from latchkey.core import codes, governor, words
from latchkey.core import remote as switches
from latchkey.core.facts import UNKNOWN, YES
from latchkey.core.words import word
from latchkey.credentials import entries

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.core.governor import Governor
    from latchkey.drivers.inputs import Inputs
    from latchkey.drivers.reader import Reader
    from latchkey.links.ble import BleLink
    from latchkey.links.cloud import CloudLink
    from latchkey.vehicle import Vehicle

_ONLINE = b"online"
_STATE = b"state"
_EVENT = b"event"
_DIAGNOSTIC = b"diagnostic"

_SUMMARY_S = const(60)
_ASK_AGAIN_S = const(10)  # after the governor has refused

# Seconds between diagnostics, by verbosity. The governor allows fewer where there are many.
_DIAGNOSTIC_S = (21_600, 3_600, 600, 60)

_NOTHING_YET = const(-1)

# What an event is about
_SUMMARY = const(0)
_DECISION = const(1)
_REFUSAL = const(2)


class Item:
    """One message. number: what told() is to know of it."""

    def __init__(self, kind: int, name: bytes, payload: bytes, qos: int, retain: bool, number: int) -> None:
        self.kind = kind
        self.name = name
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.number = number


class News:
    """Of one vehicle, for one broker."""

    def __init__(
        self, vehicle: "Vehicle", inputs: "Inputs", readers: "list[Reader]", phones: "BleLink | None" = None
    ) -> None:
        self._vehicle = vehicle
        self._inputs = inputs
        self._readers = readers
        self._phones = phones
        self._online = False  # told
        self._lock_told = _NOTHING_YET
        self._state_told = _NOTHING_YET
        self._row = 0  # of the journal, the next to be looked at
        self._refused = 0  # of the vehicle's refusals, told already
        self._summary_due_s = 0
        self._diagnostic_due_s = 0
        self._ask_at_s = 0
        self._lock_waits = False  # it was the state of the lock that the governor has refused

    def begin(self) -> None:
        """A session is open: nothing is known there. What was refused meanwhile becomes a number."""
        self._online = False
        self._lock_told = self._state_told = _NOTHING_YET
        self._ask_at_s = 0
        self._row = self._vehicle.journal.count
        self._diagnostic_due_s = self._vehicle.uptime_s + _SUMMARY_S

    def next(self, allowed: "Governor", link: "CloudLink") -> "Item | None":
        """What should be said now, None for nothing. Until told() or refused() it may come again."""
        vehicle = self._vehicle
        now_s = vehicle.uptime_s
        lock_now, state_now = self._signatures()
        if now_s < self._ask_at_s and (self._lock_waits or lock_now == self._lock_told):
            return None
        if not self._online:
            return Item(governor.LOCK_STATE, _ONLINE, b"1", 1, True, 0)
        if lock_now != self._lock_told or state_now != self._state_told:
            kind = governor.LOCK_STATE if lock_now != self._lock_told else governor.VEHICLE_STATE
            return Item(kind, _STATE, self._state(), 1, True, 0)
        event = self._event(now_s, allowed.verbosity(now_s))
        if event is not None:
            return event
        if now_s >= self._diagnostic_due_s:
            return Item(governor.DIAGNOSTIC, _DIAGNOSTIC, self._diagnostic(allowed, link), 0, False, 0)
        return None

    def told(self, item: Item, allowed: "Governor") -> None:
        """It was handed over."""
        now_s = self._vehicle.uptime_s
        if item.name == _ONLINE:
            self._online = True
        elif item.name == _STATE:
            self._lock_told, self._state_told = self._signatures()
        elif item.name == _EVENT:
            if item.number == _SUMMARY:
                self._refused = self._vehicle.refused
                self._summary_due_s = now_s + _SUMMARY_S
            else:
                self._row += 1
                self._refused += item.number == _REFUSAL
        else:
            self._diagnostic_due_s = now_s + _DIAGNOSTIC_S[allowed.verbosity(now_s)]
            for kind in range(governor.KINDS):
                allowed.told(kind, allowed.unsent(kind))

    def refused(self, item: Item, allowed: "Governor") -> None:
        """There is no allowance for it now: states wait, an event is counted, diagnostics are left out."""
        now_s = self._vehicle.uptime_s
        allowed.count(item.kind)
        if item.name == _EVENT:
            self._row += item.number != _SUMMARY
            self._summary_due_s = now_s + _SUMMARY_S
        elif item.name == _DIAGNOSTIC:
            self._diagnostic_due_s = now_s + _DIAGNOSTIC_S[allowed.verbosity(now_s)]
        else:
            self._ask_at_s = now_s + _ASK_AGAIN_S
            self._lock_waits = item.kind == governor.LOCK_STATE

    # States

    def _signatures(self) -> "tuple[int, int]":
        """Numbers that change when the lock does, and when anything else of the state does."""
        decided = self._vehicle.arbiter
        machine = decided.lock
        the_lock = machine.state * 16 + machine.bolt * 2 + machine.confirmed()
        rest = decided.facts.door_open + 4 * decided.drive.state + 16 * decided.facts.remote_allowed
        return the_lock, rest + 32 * self._vehicle.remote.switches

    def _state(self) -> bytes:
        vehicle = self._vehicle
        decided = vehicle.arbiter
        by = vehicle.decided
        door = decided.facts.door_open
        return json.dumps(
            {
                "lock": word(words.LOCKS, decided.lock.state),
                "confirmed": decided.lock.confirmed(),
                "doors_open": None if door == UNKNOWN else door == YES,
                "drive": word(words.DRIVES, decided.drive.state),
                "drive_revoked": decided.drive.revoked,
                "guests_suspended": vehicle.remote.is_set(switches.GUESTS_SUSPENDED),
                "by": word(words.SOURCES, by.source) if by.action else "",
                "key": self._id(by.key_id, by.credential).hex(),
                "action": word(words.ACTIONS, by.action),
                "verdict": words.verdict_name(vehicle.decided_verdict) if by.action else "",
                "remote": decided.facts.remote_allowed,
                "remote_unlock": vehicle.remote.is_set(switches.UNLOCK_ALLOWED),
                "uptime_s": vehicle.uptime_s,
                "journal": vehicle.journal.told(),
            }
        ).encode()

    # Events

    def _event(self, now_s: int, verbosity: int) -> "Item | None":
        """The next decision, or how many were refused."""
        vehicle = self._vehicle
        kind = self._read_on(verbosity)
        row = vehicle.journal.row(self._row)
        if row is not None:
            _, uptime_s, source, credential, action, verdict, key_id = row
            told = {
                "source": word(words.SOURCES, source),
                "action": word(words.ACTIONS, action),
                "verdict": words.verdict_name(verdict),
                "key": self._id(key_id, credential).hex(),
                "uptime_s": uptime_s,
            }
            return Item(governor.EVENT, _EVENT, json.dumps(told).encode(), 0, False, kind)
        refused = vehicle.refused - self._refused
        if refused and now_s >= self._summary_due_s:
            summary = {"refused": refused, "verdict": words.verdict_name(vehicle.refusal), "uptime_s": now_s}
            return Item(governor.EVENT, _EVENT, json.dumps(summary).encode(), 0, False, _SUMMARY)
        return None

    def _read_on(self, verbosity: int) -> int:
        """Pass over rows that are gone, refusals, and what SPARSE leaves out; returns what the next row is about."""
        journal = self._vehicle.journal
        self._row = max(self._row, journal.first)  # in one go: in a month without a broker there are many
        while self._row < journal.count:
            row = journal.row(self._row)
            kind = _DECISION if row is not None and codes.is_accepted(row[5]) else _REFUSAL
            if verbosity >= governor.DETAILED or (kind == _DECISION and verbosity == governor.NORMAL):
                return kind
            self._row += 1
        return _SUMMARY

    def _id(self, key_id: "bytes | bytearray", credential: int) -> "bytes | bytearray":
        """The short id of whoever asked, from the list of keys where it is not known otherwise."""
        if any(key_id) or credential < 0:
            return key_id if any(key_id) else b""
        key = bytearray(entries.KEY_LEN)
        return entries.short_id(key) if self._vehicle.registry.key(credential, key) else b""

    # Diagnostics

    def _diagnostic(self, allowed: "Governor", link: "CloudLink") -> bytes:
        vehicle = self._vehicle
        mem_free = getattr(gc, "mem_free", None)  # CPython has none
        return json.dumps(
            {
                "uptime_s": vehicle.uptime_s,
                "heap_free": mem_free() if mem_free is not None else None,
                "reader": word(words.READERS, self._readers[0].health) if self._readers else "",
                "radio": word(words.RADIOS, self._phones.peripheral.state) if self._phones else "none",
                "supply_mv": self._inputs.supply_mv if self._inputs.supply_mv >= 0 else None,
                "connects": link.connects,
                "retained_refused": link.retained,
                "unsent": [allowed.unsent(kind) for kind in range(governor.KINDS)],
            }
        ).encode()
