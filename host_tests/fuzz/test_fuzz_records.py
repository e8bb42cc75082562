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

_folder = fresh_folder()
_path = _folder + "/record"
_record = Record(_path)
_buf = bytearray(64)
_outcomes = [0, 0, 0]


def _seal(data):
    """Make the length right, or nearly, and the sum right."""
    if len(data) > 44:
        data[8:12] = (len(data) - 44 + (below(40) == 0)).to_bytes(4, "big")
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


def _one(number):
    data = mutated(_SEED)
    if number % 2:
        _seal(data)
    for copy in (".a", ".b"):
        os.remove(_path + copy)  # many file systems flush a file that is cut to nothing and written again: slow
        with open(_path + copy, "wb") as file:
            file.write(data)
    found = _record.load(below(3) * 7)
    _outcomes[found] += 1
    assert found == (INTACT if _sound(data) else DAMAGED)
    if found == INTACT:
        assert sum(_record.body(_buf)) == len(data) - 44 and not _record.alone


def test_hurt_records_load_or_are_damaged():
    random.seed(1121)
    for copy in (".a", ".b"):
        open(_path + copy, "wb").close()
    assert growth(_one, _ROUNDS) <= 512
    print("%d records: %d intact, %d damaged" % (_ROUNDS, _outcomes[INTACT], _outcomes[DAMAGED]))
    assert not _outcomes[EMPTY] and _outcomes[INTACT] > _ROUNDS // 20 and _outcomes[DAMAGED] > _ROUNDS // 20
    remove(_folder)
