"""Hurt record files: a record loads or is damaged, and nothing else happens.

Lists of keys inside of sound records: micropython/test_fuzz_registry.
"""

import os
import random

from fakes.mutation import below, growth, mutated
from fakes.scale import LONG
from fakes.scratch import fresh_folder, remove
from latchkey.crypto.digest import sha256
from latchkey.storage.records import DAMAGED, EMPTY, INTACT, Record

_ROUNDS = 1_000_000 if LONG else 20_000


def _seal(data, too_long=0):
    """Make the sum right, and the length but for so many bytes."""
    if len(data) > 44:
        data[8:12] = (len(data) - 44 + too_long).to_bytes(4, "big")
        data[-32:] = sha256(memoryview(data)[:-32])


def _sound(data):
    """Whether the file is a record, by the format's own words."""
    return (
        len(data) >= 44
        and data[:4] == b"LKR1"
        and 0 < int.from_bytes(data[4:8], "big") < 1 << 30
        and int.from_bytes(data[8:12], "big") == len(data) - 44
        and sha256(memoryview(data)[:-32]) == data[-32:]
    )


_SEED = bytearray(b"LKR1" + (7).to_bytes(4, "big") + bytes(4) + bytes(range(150)) + bytes(32))
_seal(_SEED)


class _Bench:
    """One record on files; both copies are written anew for each round."""

    def __init__(self):
        self.folder = fresh_folder()
        self.outcomes = [0, 0, 0]
        self._path = self.folder + "/record"
        self._record = Record(self._path)
        self._buf = bytearray(64)
        for copy in (".a", ".b"):
            open(self._path + copy, "wb").close()

    def one(self, number):
        data = mutated(_SEED)
        if number % 2:
            _seal(data, int(below(40) == 0))
        for copy in (".a", ".b"):
            os.remove(
                self._path + copy
            )  # many file systems flush a file that is cut to nothing and written again: slow
            with open(self._path + copy, "wb") as file:
                file.write(data)
        found = self._record.load(below(3) * 7)
        self.outcomes[found] += 1
        assert found == (INTACT if _sound(data) else DAMAGED)
        if found == INTACT:
            assert sum(self._record.body(self._buf)) == len(data) - 44 and not self._record.alone


def test_hurt_records_load_or_are_damaged():
    random.seed(1121)
    bench = _Bench()
    assert growth(bench.one, _ROUNDS) <= 512
    remove(bench.folder)
    intact, damaged = bench.outcomes[INTACT], bench.outcomes[DAMAGED]
    print("%d records: %d intact, %d damaged" % (_ROUNDS, intact, damaged))
    assert not bench.outcomes[EMPTY] and min(intact, damaged) > _ROUNDS // 20
