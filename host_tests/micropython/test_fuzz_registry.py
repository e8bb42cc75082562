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

_folder = fresh_folder()
_path = _folder + "/keys"
_marks = Marks({"claimed": 1})
_registry = Registry(Record(_path), _marks, _CAPACITY)
_key = bytearray(64)
_outcomes = [0] * 4


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


def _write(body, generation):
    whole = b"LKR1" + generation.to_bytes(4, "big") + len(body).to_bytes(4, "big") + body
    for copy in (".a", ".b"):
        os.remove(_path + copy)  # many file systems flush a file that is cut to nothing and written again: slow
        with open(_path + copy, "wb") as file:
            file.write(whole)
            file.write(sha256(whole))


def _look():
    """Whatever was accepted must make sense."""
    owners = 0
    assert 0 < _registry.count <= _CAPACITY
    for number in range(_registry.count):
        condition = _registry.condition(number)
        if condition != entries.ABSENT:
            assert _registry.key(number, _key) and _registry.find(_key) == number
            assert entries.may_hold(_registry.role(number)) and condition <= entries.REVOKED
            assert 0 < _registry.entry_generation(number) <= _registry.generation
            owners += _registry.role(number) == OWNER and condition == entries.ACTIVE
    assert owners == _registry.owners()


def _one(number):
    generation = _MARKED - 1 + below(3)
    _write(_forged(number), generation)
    _marks.values["generation"] = _MARKED
    state = _registry.load()
    _outcomes[state] += 1
    if state != UNREADABLE:
        assert (state == OLDER) == (generation < _MARKED)
        _look()


def test_forged_lists_give_a_state_and_nothing_else():
    random.seed(20261120)
    for copy in (".a", ".b"):
        open(_path + copy, "wb").close()
    assert growth(_one, _ROUNDS) <= 512
    print(
        "%d lists: %d unreadable, %d ready, %d older"
        % (_ROUNDS, _outcomes[UNREADABLE], _outcomes[READY], _outcomes[OLDER])
    )
    assert not _outcomes[BLANK] and min(_outcomes[1:]) > _ROUNDS // 20
    remove(_folder)
