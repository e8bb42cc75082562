"""No two boots begin alike: not with a generator that is stuck, nor with a flash that takes nothing, nor with both."""

from fakes.marks import Marks
from fakes.scratch import fresh_folder, remove
from latchkey.crypto.entropy import Entropy
from latchkey.storage import seed

_ENOSPC = 28


def _stuck(count):
    return bytes(count)


def _boots(count, random, marks, full=False):
    """The seeds of so many boots in a row on one flash; all but the first find it full if they are to."""
    folder = fresh_folder()
    found = []
    try:
        for number in range(count):
            if full and number == 1:
                seed.open = _full
            found.append(seed.renewed(folder + "/seed", random, marks))
    finally:
        if hasattr(seed, "open"):
            del seed.open
        remove(folder)
    return found


def _full(path, mode):
    if mode == "wb":
        raise OSError(_ENOSPC)
    return open(path, mode)


def test_boots_with_a_stuck_generator_begin_differently():
    marks = Marks()
    found = _boots(20, _stuck, marks)
    assert len(set(found)) == 20 and {len(each) for each in found} == {32}
    assert marks.values == {}  # nothing was counted: the seed was replaced each time


def test_boots_with_a_stuck_generator_and_a_full_flash_begin_differently():
    marks = Marks()
    found = _boots(20, _stuck, marks, full=True)
    assert len(set(found)) == 20
    assert list(marks.values.values()) == [19]


def test_a_good_generator_is_enough_where_nothing_can_be_written():
    marks = Marks()
    marks.limit = 0
    draws = [0]

    def random(count):
        draws[0] += 1
        return bytes([draws[0] & 0xFF]) * count

    assert len(set(_boots(20, random, marks, full=True))) == 20


def test_what_is_given_out_differs_from_boot_to_boot():
    found = set()
    for kept in _boots(20, _stuck, Marks(), full=True):
        out = bytearray(16)
        entropy = Entropy(_stuck, kept)
        entropy.fill_from_pool(out)
        assert entropy.stuck
        found.add(bytes(out))
    assert len(found) == 20
