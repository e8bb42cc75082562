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
from latchkey.core.codes import DRIVER, OWNER
from latchkey.credentials import entries
from latchkey.credentials.registry import BLANK, OLDER, READY, UNREADABLE, Registry
from latchkey.crypto.digest import sha256
from latchkey.storage.records import Record

_ROUNDS = 1_000_000 if LONG else 2_000 if SHORT else 20_000
_CAPACITY = 6
_MARKED = 5


def _list():
    body = entries.header()
    for n in range(4):
        body += entries.entry(OWNER if n < 2 else DRIVER, n + 1, bytes([n + 1]) * 64)
    return body


_SEED = _list()


def _forged(number):
    """A body that is hurt anywhere, or in the fields of one entry, where the parser decides."""
    if number % 2:
        return mutated(_SEED)
    at = entries.offset_of(below(4))
    return _SEED[:at] + (mutated(_SEED[at : at + 8]) + bytes(8))[:8] + _SEED[at + 8 :]


class _Bench:
    """One registry on files; both copies are written anew for each round."""

    def __init__(self):
        self.folder = fresh_folder()
        self.outcomes = [0] * 4
        self._path = self.folder + "/keys"
        self._marks = Marks({"claimed": 1})
        self._registry = Registry(Record(self._path), self._marks, _CAPACITY)
        self._key = bytearray(64)
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
                assert entries.may_hold(registry.role(number)) and condition <= entries.REVOKED
                assert 0 < registry.entry_generation(number) <= registry.generation
                owners += registry.role(number) == OWNER and condition == entries.ACTIVE
        assert owners == registry.owners()


def test_forged_lists_give_a_state_and_nothing_else():
    random.seed(20261120)
    bench = _Bench()
    assert growth(bench.one, _ROUNDS) <= 512
    remove(bench.folder)
    outcomes = bench.outcomes
    counts = (_ROUNDS, outcomes[UNREADABLE], outcomes[READY], outcomes[OLDER])
    print("%d lists: %d unreadable, %d ready, %d older" % counts)
    assert not outcomes[BLANK] and min(outcomes[1:]) > _ROUNDS // 20
