"""The entropy source: what it does when the chip's generator works, repeats, sticks, or has no noise at boot."""

import os

from latchkey.crypto.entropy import Entropy, EntropyError


class _Script:
    """A generator that gives what it is told; asked for more, it fails."""

    def __init__(self, *draws):
        self._draws = list(draws)

    def __call__(self, length):
        assert length == 32
        return self._draws.pop(0)


def _draw(first):
    return bytes((first + 7 * index) & 0xFF for index in range(32))


def _filled(entropy, length=32):
    out = bytearray(length)
    entropy.fill(out)
    return out


def _refuses(entropy):
    out = bytearray(32)
    try:
        entropy.fill(out)
    except EntropyError:
        return out == bytes(32)
    return False


def test_the_chips_own_generator_is_not_stuck():
    entropy = Entropy()
    outputs = [bytes(_filled(entropy)) for _ in range(20)]
    assert not entropy.stuck
    assert len(set(outputs)) == 20


def test_output_is_not_the_draw_and_depends_on_it():
    assert _filled(Entropy(_Script(_draw(1)))) != _draw(1)
    assert _filled(Entropy(_Script(_draw(1)))) == _filled(Entropy(_Script(_draw(1))))
    assert _filled(Entropy(_Script(_draw(1)))) != _filled(Entropy(_Script(_draw(2))))


def test_a_seed_makes_equal_draws_differ():
    plain = _filled(Entropy(_Script(_draw(1))))
    one = _filled(Entropy(_Script(_draw(1)), b"seed of this controller"))
    two = _filled(Entropy(_Script(_draw(1)), b"seed of another"))
    assert plain != one and plain != two and one != two


def test_long_outputs_are_filled_and_never_repeat():
    out = _filled(Entropy(_Script(_draw(1))), 100)
    pieces = [bytes(out[start : start + 32]) for start in (0, 32, 64)]
    assert len(set(pieces)) == 3
    assert bytes(out[96:]) != bytes(4)
    view = bytearray(b"\xee" * 40)
    Entropy(os.urandom).fill(memoryview(view)[4:36])
    assert view[:4] == b"\xee" * 4 and view[36:] == b"\xee" * 4 and view[4:36] != b"\xee" * 32


def test_a_repeated_draw_is_noticed():
    entropy = Entropy(_Script(_draw(1), _draw(2), _draw(2)))
    _filled(entropy)
    _filled(entropy)
    assert not entropy.stuck
    assert _refuses(entropy)
    assert entropy.stuck


def test_equal_bytes_in_a_row_are_noticed():
    for value in (0x00, 0xFF, 0x5A):
        assert _refuses(Entropy(_Script(bytes((value,)) * 32)))
        assert _refuses(Entropy(_Script(_draw(1)[:26] + bytes((value,)) * 6)))
        assert not _refuses(Entropy(_Script(_draw(1)[:27] + bytes((value,)) * 5)))


def test_a_short_draw_is_noticed():
    assert _refuses(Entropy(_Script(_draw(1)[:31])))


def test_once_stuck_it_stays_so_but_enrolled_keys_are_still_served():
    seed = b"seed of this controller"
    entropy = Entropy(_Script(bytes(32), _draw(1), bytes(32), bytes(32)), seed)
    assert _refuses(entropy)
    assert _refuses(entropy)
    first, second = bytearray(16), bytearray(16)
    entropy.fill_from_pool(first)
    entropy.fill_from_pool(second)
    assert first != second and first != bytes(16) and second != bytes(16)
