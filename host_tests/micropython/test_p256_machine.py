"""The field machines against the interpreter's integers: every instruction, at the edges and at random, in both."""

import os

from fakes.p256_instructions import lin, mul, pick, sqr
from fakes.p256_vectors import EDGE_KEYS, N, P
from fakes.scale import LONG
from latchkey.crypto import p256_compact, p256_full
from latchkey.crypto import p256_programs as programs
from latchkey.crypto.p256_workspace import Workspace

_MACHINES = (p256_compact.run, p256_full.run)
_ROUNDS = 5000 if LONG else 200
_R = 1 << 260
_R_INVERSE = pow(_R, P - 2, P)
_EDGES = (0, 1, 2, 8191, 8192, P - 2, P - 1, P, P + 1, (1 << 256) - 1, 1 << 255, (1 << 224) - 1, (1 << 247) - 1)
# The combinations that the formulas use, then the widest that the machine promises.
_COMBINATIONS = (
    (1, -1),
    (1, 1),
    (3, -3),
    (2, 0),
    (1, -8),
    (4, -1),
    (1, -2),
    (1, 0),
    (-1, 0),
    (1, -3),
    (5, 5),
    (-5, -5),
)
_X, _Y, _OUT = 0, 1, 8


def _pairs():
    for a in _EDGES:
        for b in _EDGES:
            yield a, b
    for _ in range(_ROUNDS):
        yield int.from_bytes(os.urandom(32), "big"), int.from_bytes(os.urandom(32), "big")


def _number(work, slot):
    """What is in a slot, limb by limb, not reduced; every limb must be one."""
    at = programs.SLOTS_OFF + programs.SLOT_LEN * slot
    number = 0
    for limb in range(20):
        value = work.buffer[at + 2 * limb] | work.buffer[at + 2 * limb + 1] << 8
        assert value < 8192
        number |= value << 13 * limb
    return number


def _put(work, slot, number):
    work.put(slot, number.to_bytes(32, "big"), 0)
    assert _number(work, slot) == number


def _check(program, expected, bound, times=1):
    """Run a program on all pairs of numbers: congruent to the expected, and below bound / 10 times p."""
    work = Workspace()
    for run in _MACHINES:
        for a, b in _pairs():
            _put(work, _X, a)
            _put(work, _Y, b)
            run(0, work.buffer, program, len(program))
            result = _number(work, _OUT)
            assert result % P == expected(a, b) % P
            assert 10 * result < bound * P
            assert _number(work, _X) == a and _number(work, _Y) == b


def test_products():
    _check(mul(_OUT, _X, _Y), lambda a, b: a * b * _R_INVERSE, 16)


def test_squares():
    _check(sqr(_OUT, _X), lambda a, b: a * a * _R_INVERSE, 16)


def test_repeated_squares():
    def expected(a, b):
        for _ in range(33):
            a = a * a * _R_INVERSE % P
        return a

    _check(sqr(_OUT, _X, 33), expected, 16)


def test_combinations():
    for u, v in _COMBINATIONS:
        _check(lin(_OUT, u, _X, v, _Y), lambda a, b, u=u, v=v: u * a + v * b, 21)


def test_targets_may_be_sources():
    work = Workspace()
    cases = (
        (mul(_X, _X, _Y), lambda a, b: a * b * _R_INVERSE),
        (mul(_X, _Y, _X), lambda a, b: a * b * _R_INVERSE),
        (sqr(_X, _X, 2), lambda a, b: a * a * a * a * _R_INVERSE * _R_INVERSE * _R_INVERSE),
        (lin(_X, 4, _X, -1, _Y), lambda a, b: 4 * a - b),
        (lin(_X, 4, _Y, -1, _X), lambda a, b: 4 * b - a),
    )
    for run in _MACHINES:
        for program, expected in cases:
            for a, b in _pairs():
                _put(work, _X, a)
                _put(work, _Y, b)
                run(0, work.buffer, program, len(program))
                assert _number(work, _X) % P == expected(a, b) % P


def test_factors_at_the_limit_of_what_is_promised():
    """Numbers of almost 3p do not come from bytes: they are written limb by limb."""
    work = Workspace()
    big = 3 * P - 1
    at = programs.SLOTS_OFF
    for limb in range(20):
        work.buffer[at + 2 * limb] = big >> 13 * limb & 0xFF
        work.buffer[at + 2 * limb + 1] = big >> 13 * limb + 8 & 0x1F
    for run in _MACHINES:
        for program in (mul(_OUT, _X, _X), sqr(_OUT, _X)):
            run(0, work.buffer, program, 6)
            assert _number(work, _OUT) % P == _R_INVERSE
            assert 10 * _number(work, _OUT) < 16 * P


def test_pick_copies_the_entry_and_only_there():
    work = Workspace()
    for slot in range(programs.SECRET_SLOTS):
        _put(work, slot, 1000 + slot)
    for run in _MACHINES:
        for entry in range(8):
            program = bytearray(pick(3, 14, 8, 5))
            program[programs.DIGIT_AT] = entry
            run(0, work.buffer, program, 6)
            assert [_number(work, slot) for slot in range(2, 9)] == (
                [1002] + [1014 + 5 * entry + coordinate for coordinate in range(5)] + [1008]
            )


def test_numbers_come_out_reduced():
    work = Workspace()
    out = bytearray(34)
    for number in _EDGES:
        work.put(_X, number.to_bytes(32, "big"), 0)
        assert work.below_p(_X) == (number < P)
        work.put(_X, number.to_bytes(32, "big"), 0)
        assert work.is_zero(_X) == (number % P == 0)
        work.put(_X, b"\xee" + number.to_bytes(32, "big"), 1)
        work.take(_X, out, 1)
        assert out[0] == 0 and out[33] == 0
        assert int.from_bytes(out[1:33], "big") == number % P


def test_no_program_is_longer_than_four_doublings():
    """Weights in products, a square as a product: what the compact machine does."""

    def weight(program):
        return sum(program[at + 4] for at in range(0, len(program), 6) if program[at] < 2)

    limit = weight(programs.FOUR_DOUBLINGS)
    assert limit == 32
    names = ("ENTER", "FIRST_MULTIPLES", "FIRST_WINDOW", "FIRST_COLUMN", "COLUMN", "LEAVE_X", "LEAVE_Y")
    for name in names:
        assert weight(getattr(programs, name)) <= limit
    for program in programs.INVERT:
        assert weight(program) <= limit + 1
    for program in programs.KEEP_MULTIPLES:
        assert weight(programs.ADD) + weight(program) <= limit


def test_recoded_scalars_are_sums_of_signs():
    numbers = [int.from_bytes(key, "big") for key in EDGE_KEYS]
    numbers += [int.from_bytes(os.urandom(32), "big") % N for _ in range(_ROUNDS)]
    work = Workspace()
    for number in numbers:
        for top_bit in (255, 257):
            work.set_scalar(number.to_bytes(32, "big"), top_bit)
            signs = int.from_bytes(work.scalar, "big")
            total = sum((1 if signs >> bit & 1 else -1) << bit for bit in range(top_bit + 1))
            assert signs >> top_bit == 1
            assert work.negated == 1 - (number & 1)
            assert total == (N - number if work.negated else number)
