"""The index of hash prefixes against a dict, with prefixes that crowd into few places."""

import random

from fakes.scale import LONG
from latchkey.credentials.index import ROOM_STEP, Index
from latchkey.credentials.roll import Roll

_CAPACITY = 24


def _index():
    index = Index()
    index.grow()
    return index


def _prefix(n):
    """Distinct for each n below 256, with only three homes among them, one of them the last place of the table."""
    return b"\x00\x05" + bytes(13) + bytes([n]) if n % 3 else bytes([0xFF, 0xFF - n % 2]) + bytes(13) + bytes([n])


def test_crowded_prefixes_are_found_until_they_are_removed():
    random.seed(7)
    index = _index()
    known = {}
    free = list(range(_CAPACITY))
    most = 0
    for _ in range(200_000 if LONG else 20_000):
        n = random.getrandbits(6)
        if n in known:
            index.remove(known[n])
            free.append(known.pop(n))
        elif free:
            known[n] = free.pop()
            index.insert(known[n], _prefix(n))
        most = max(most, len(known))
        probe = random.getrandbits(6)
        assert index.find(_prefix(probe)) == known.get(probe, -1)
    assert most == _CAPACITY
    for n in range(64):
        assert index.find(_prefix(n)) == known.get(n, -1)
    index.clear()
    assert all(index.find(_prefix(n)) == -1 for n in range(64))


def test_a_number_matches_its_own_prefix_only():
    index = _index()
    index.insert(2, _prefix(9))
    assert index.matches(2, _prefix(9)) and not index.matches(2, _prefix(10))
    for at in range(16):
        other = bytearray(_prefix(9))
        other[at] ^= 1
        assert index.find(other) == -1 and not index.matches(2, other)


def test_what_was_known_is_found_after_each_growth():
    index = Index()
    for number in range(5 * ROOM_STEP):
        if number == index.room:
            index.grow()
        index.insert(number, _spread(number))
        if number % 3 == 1:
            index.remove(number)
        if number % ROOM_STEP == 0:
            assert all(index.find(_spread(n)) == (-1 if n % 3 == 1 else n) for n in range(number + 1))
    assert index.room == 5 * ROOM_STEP and index.find(_spread(5 * ROOM_STEP)) == -1


def _spread(number):
    """A prefix for each number below 65,536, several with the same home in a small table."""
    return bytes([number * 7 & 255, number >> 3 & 255]) + bytes(12) + number.to_bytes(2, "big")


def test_room_that_could_be_made_only_in_part_is_made_whole_at_the_next_try():
    """The heap was full half-way; a roll whose arrays differ in length would lose an entry that is written already."""
    roll = Roll(200)
    roll.index = full = _FullIndex()
    for _ in range(2):
        try:
            roll.reserve(0)
        except MemoryError:
            continue
        raise AssertionError("room in a full heap")
    assert len(roll._kinds) == len(roll._generations) == ROOM_STEP, "a second try takes no more of it"
    full.full = False
    for number in range(ROOM_STEP + 1):
        roll.reserve(number)
        roll.assign(number, bytes((number,)) + bytes(15))
        roll.set(number, 1, number & 1, 1, number)
        roll.set_pace(number, number)
    assert roll.count == ROOM_STEP + 1 and full.room == 2 * ROOM_STEP
    assert all((roll.pace(n), roll.generation(n), roll.role(n)) == (n, n, n & 1) for n in range(roll.count))


class _FullIndex(Index):
    full = True

    def grow(self):
        if self.full:
            raise MemoryError
        super().grow()
