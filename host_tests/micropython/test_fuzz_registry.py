"""Forged lists of keys in sound records: the answer is a state, never an exception, and never BLANK.

With all that it stands on the registry fills 35 KB of a 64-bit heap, so unlike the other parsers this one is not put
into 48 KB. That its heap does not grow is checked all the same.
"""

import os
import random

from fakes.marks import Marks
from fakes.mutation import below, growth, mutated
from fakes.scale import LONG, SHORT
from fakes.scratch import fresh_folder, remove
from latchkey.core.codes import DRIVER, FLEET_MANAGER, OWNER
from latchkey.credentials import entries
from latchkey.credentials.registry import BLANK, OLDER, READY, UNREADABLE, Registry
from latchkey.crypto.digest import sha256
from latchkey.storage.records import Record

_ROUNDS = 1_000_000 if LONG else 2_000 if SHORT else 20_000
_CAPACITY = 8
_WARM_UP = 1_000  # windows of guests take their room when the first list with some is read, and that is rare
_MARKED = 5


def _list():
    body = entries.header()
    for n in range(4):
        body += entries.entry(OWNER if n < 2 else DRIVER, n + 1, bytes([n + 1]) * 64)
    for n, (kind, role) in enumerate(((entries.PHONE, DRIVER), (entries.CLOUD_KEY, FLEET_MANAGER))):
        key = bytes([n + 5]) * 64
        body += entries.entry(role, n + 3, key, kind, entries.tail(key, bytes([n]) * 16, n, 9))
    return body


_SEED = _list()


def _forged(number):
    """A body that is hurt anywhere, or in the fields of one entry, where the parser decides."""
    if number % 2:
        return mutated(_SEED)
    at = entries.offset_of(below(6)) + below(2) * (entries.LEAD_LEN + entries.KEY_LEN)  # what leads, or what follows
    return _SEED[:at] + (mutated(_SEED[at : at + 24]) + bytes(24))[:24] + _SEED[at + 24 :]


class _Bench:
    """One registry on files; both copies are written anew for each round."""

    def __init__(self):
        self.folder = fresh_folder()
        self.outcomes = [0] * 4
        self._path = self.folder + "/keys"
        self._marks = Marks({"claimed": 1})
        self._registry = Registry(Record(self._path), self._marks, _CAPACITY)
        self._key = bytearray(64)
        self._k = bytearray(16)
        for copy in (".a", ".b"):
            open(self._path + copy, "wb").close()

    def one(self, number):
        generation = _MARKED - 1 + below(3)
        self._write(_forged(number), generation)
        self._marks.values["generation"] = _MARKED
        state = self._registry.load()
        self.outcomes[state] += 1
        if state != UNREADABLE:
            assert (state == OLDER) == (generation < _MARKED)
            self._look()

    def _write(self, body, generation):
        whole = b"LKR1" + generation.to_bytes(4, "big") + len(body).to_bytes(4, "big") + body
        for copy in (".a", ".b"):
            os.remove(
                self._path + copy
            )  # many file systems flush a file that is cut to nothing and written again: slow
            with open(self._path + copy, "wb") as file:
                file.write(whole)
                file.write(sha256(whole))

    def _look(self):
        """Whatever was accepted must make sense."""
        registry = self._registry
        owners = 0
        assert 0 < registry.count <= _CAPACITY
        for number in range(registry.count):
            condition = registry.condition(number)
            if condition != entries.ABSENT:
                assert registry.key(number, self._key) and registry.find(self._key) == number
                assert entries.may_hold(registry.kind(number), registry.role(number)) and condition <= entries.REVOKED
                self._look_at_slot(registry, number, condition)
                assert 0 < registry.entry_generation(number) <= registry.generation
                owners += registry.role(number) == OWNER and condition == entries.ACTIVE
        assert owners == registry.owners()

    def _look_at_slot(self, registry, number, condition):
        """A phone has a slot of its own unless it is revoked; its secret is whole or not given at all."""
        slot = registry.slot_of(number)
        is_phone = registry.kind(number) in (entries.PHONE, entries.CLOUD_KEY)
        has_slot = is_phone and condition != entries.REVOKED
        assert (slot >= 0) == has_slot and (not has_slot or registry.number_in(slot) == number)
        if registry.secret(number, self._k):
            assert has_slot and self._k in (bytes(16), b"\x01" * 16)


def test_forged_lists_give_a_state_and_nothing_else():
    random.seed(20261120)
    bench = _Bench()
    for number in range(_WARM_UP):
        bench.one(number)
    assert growth(bench.one, _ROUNDS) <= 512
    remove(bench.folder)
    outcomes = bench.outcomes
    counts = (sum(outcomes), outcomes[UNREADABLE], outcomes[READY], outcomes[OLDER])
    print("%d lists: %d unreadable, %d ready, %d older" % counts)
    assert not outcomes[BLANK] and min(outcomes[1:]) > _ROUNDS // 20
