"""Damaged and forged lists of keys, by the thousand: the answer is a state, never an exception, and never BLANK.

Half of the files are hurt anywhere, half get a sum that is right again, so that the parser behind it is reached. On
compiled firmware it runs in the heap that is 48 KB on 32 bits (-X heapsize=49152w).
"""

import gc
import os
import random

from fakes.marks import Marks
from fakes.scale import LONG
from fakes.scratch import fresh_folder, remove
from latchkey.credentials import entries
from latchkey.credentials.registry import BLANK, OLDER, READY, UNREADABLE, Registry
from latchkey.crypto.digest import sha256
from latchkey.storage.records import Record

_FILES = 1_000_000 if LONG else 20_000
_CAPACITY = 6
_HEAD_LEN = 12


def _seed_file():
    body = bytearray(entries.header())
    for n in range(4):
        body.extend(entries.entry(2 if n < 2 else 3, n + 1, bytes([n + 1]) * 64))
    return b"LKR1" + (5).to_bytes(4, "big") + len(body).to_bytes(4, "big") + body + bytes(32)


def _below(limit):
    return random.getrandbits(24) % limit


_TELLING = (0, 1, 2, 3, 4, 8, 0x7F, 0x80, 0xFF)


def _mutate(data):
    """Hurt a file in one to four places, in place or by returning a shorter or longer one."""
    for _ in range(1 + _below(4)):
        kind = _below(8)
        if not data:
            return data
        at = _below(len(data))
        if kind < 3:
            data[at] = random.getrandbits(8)
        elif kind == 3:
            data[at] ^= 1 << _below(8)
        elif kind == 4 and len(data) > _HEAD_LEN:
            data[7] = _below(8)  # the generation
        elif kind == 5:  # the fields of an entry are where the parser decides
            lead = _HEAD_LEN + 96 * _below(5) + _below(8)
            if lead < len(data):
                data[lead] = _TELLING[_below(len(_TELLING))]
        elif kind == 6:
            data = data[:at] + bytearray(data[at + 1 + _below(100) :])
        else:
            data = data[:at] + bytearray(data[_below(len(data)) :][:96]) + data[at:]
    return data


def _seal(data):
    """Make length and sum right again."""
    if len(data) >= _HEAD_LEN + 32:
        data[8:12] = (len(data) - _HEAD_LEN - 32).to_bytes(4, "big")
        data[-32:] = sha256(memoryview(data)[:-32])


def _look(registry):
    """Whatever was accepted must make sense."""
    out = bytearray(64)
    owners = 0
    assert 0 < registry.count <= _CAPACITY
    for number in range(registry.count):
        condition = registry.condition(number)
        if condition:
            assert registry.key(number, out) and registry.find(out) == number
            assert entries.may_hold(registry.role(number)) and condition <= entries.REVOKED
            assert 0 < registry.entry_generation(number) <= registry.generation
            owners += registry.role(number) == 2 and condition == entries.ACTIVE
    assert owners == registry.owners()


def test_mutated_lists_give_a_state_and_nothing_else():
    random.seed(20261120)
    folder = fresh_folder()
    paths = (folder + "/keys.a", folder + "/keys.b")
    seed = _seed_file()
    marks = Marks({"claimed": 1, "generation": 5})
    registry = Registry(Record(folder + "/keys"), marks, _CAPACITY)
    counts = [0, 0, 0, 0]
    before = most = 0
    for n in range(_FILES):
        data = _mutate(bytearray(seed))
        if n & 1:
            _seal(data)
        for path in paths:
            if n:
                os.remove(path)  # many file systems flush a file that is cut to nothing and written again: slow
            with open(path, "wb") as file:
                file.write(data)
        marks.values["generation"] = 5  # a newer list has raised it
        state = registry.load()
        counts[state] += 1
        if state in (READY, OLDER):
            _look(registry)
        if n % 1000 == 100:
            gc.collect()
            before = before or gc.mem_alloc()
            most = max(most, gc.mem_alloc() - before)
    remove(folder)
    print(
        "%d files: %d unreadable, %d ready, %d older; heap grew by %d bytes"
        % (_FILES, counts[UNREADABLE], counts[READY], counts[OLDER], most)
    )
    assert not counts[BLANK] and counts[READY] and counts[OLDER] and counts[UNREADABLE]
    assert most <= 512
