"""The field machines on 32 bits, as an ESP32 runs them: nothing overflows, and the answers are the same."""

import pytest
from fakes.narrow_viper import Overflow, Register, load
from fakes.p256_instructions import lin, mul, sqr
from fakes.p256_vectors import AGREEMENTS, P
from hypothesis import given, settings
from hypothesis import strategies as st
from latchkey.crypto import p256_programs as programs
from latchkey.crypto import p256_tables
from latchkey_tools.generate_p256 import CRYPTO, LIMBS, R

_SOURCES = {name: (CRYPTO / f"{name}.py").read_text() for name in ("p256_compact", "p256_full")}
_R_INVERSE = pow(R, -1, P)
_MOST = 3 * P - 1  # the greatest factor that the machines promise to take
# Among them the last ones: a round number of bits, and every second limb as full as it can be.
_EDGES = (
    0,
    1,
    P - 1,
    P,
    2 * P - 1,
    _MOST,
    (1 << 256) - 1,
    (1 << 257) - 1,
    sum(8191 << 26 * limb for limb in range(10)),
)
_NUMBERS = st.integers(0, _MOST) | st.sampled_from(_EDGES)
_COMBINATIONS = ((1, -1), (3, -3), (1, -8), (4, -1), (5, 5), (-5, -5), (-10, 0), (0, 10))


class _Machine:
    def __init__(self, name):
        self._run = load(_SOURCES[name])
        self.buffer = bytearray(programs.SLOTS_OFF + programs.SLOT_LEN * programs.SLOT_COUNT)
        self.buffer[: programs.FIXED_WORDS_LEN] = p256_tables.WORDS
        self.buffer[programs.SLOTS_OFF + programs.SLOT_LEN * programs.SECRET_SLOTS :] = p256_tables.SLOTS

    def put(self, slot, number):
        at = programs.SLOTS_OFF + programs.SLOT_LEN * slot
        for limb in range(LIMBS):
            self.buffer[at + 2 * limb : at + 2 * limb + 2] = (number >> 13 * limb & 8191).to_bytes(2, "little")

    def number(self, slot):
        at = programs.SLOTS_OFF + programs.SLOT_LEN * slot
        limbs = [int.from_bytes(self.buffer[at + 2 * limb : at + 2 * limb + 2], "little") for limb in range(LIMBS)]
        assert max(limbs) < 8192
        return sum(limb << 13 * index for index, limb in enumerate(limbs))

    def run(self, program):
        self._run(self.buffer, program)


def _result(name, program, a, b):
    machine = _Machine(name)
    machine.put(0, a)
    machine.put(1, b)
    machine.run(program)
    return machine.number(2)


@pytest.mark.parametrize("name", _SOURCES)
@given(a=_NUMBERS, b=_NUMBERS)
@settings(max_examples=60)
def test_products_and_squares(name, a, b):
    product = _result(name, mul(2, 0, 1), a, b)
    square = _result(name, sqr(2, 0), a, b)
    assert product % P == a * b * _R_INVERSE % P and 10 * product < 16 * P
    assert square % P == a * a * _R_INVERSE % P and 10 * square < 16 * P


@pytest.mark.parametrize("name", _SOURCES)
@given(a=_NUMBERS, b=_NUMBERS, factors=st.sampled_from(_COMBINATIONS))
@settings(max_examples=60)
def test_combinations(name, a, b, factors):
    u, v = factors
    result = _result(name, lin(2, u, 0, v, 1), a, b)
    assert result % P == (u * a + v * b) % P and 10 * result < 21 * P


@pytest.mark.parametrize("name", _SOURCES)
def test_every_limb_full(name):
    """No register overflows even with factors of 2^260 - 1, whose product no longer fits its slot."""
    machine = _Machine(name)
    machine.put(0, R - 1)
    for program in (mul(2, 0, 0), sqr(2, 0), lin(2, 5, 0, 5, 0)):
        machine.run(program)


def test_a_product_needs_what_it_begins_with():
    """Without INITIAL a limb turns negative, which a 64-bit port would read back as a large positive number."""
    machine = _Machine("p256_compact")
    machine.buffer[:80] = bytes(80)
    machine.put(0, 1)
    with pytest.raises(Overflow):
        machine.run(mul(2, 0, 0))


@pytest.mark.parametrize("name", _SOURCES)
def test_the_formulas_end_to_end(name):
    """One window and one column, with the whole tables in place."""
    machine = _Machine(name)
    peer = AGREEMENTS[0][2]
    machine.put(programs.X, int.from_bytes(peer[:32], "big"))
    machine.put(programs.Y, int.from_bytes(peer[32:], "big"))
    machine.run(programs.ENTER)
    assert machine.number(programs.T0) % P == 0
    machine.put(programs.Z, (1 << 256) - 1)
    machine.run(programs.FIRST_MULTIPLES)
    for program in programs.KEEP_MULTIPLES:
        machine.run(programs.ADD)
        machine.run(program)
    for program in (programs.FOUR_DOUBLINGS, programs.PICK_WINDOW, programs.ADD):
        machine.run(program)
    for program in (programs.PICK_COLUMN, programs.COLUMN):
        machine.run(program)
    for program in (*programs.INVERT, programs.LEAVE_X, programs.PICK_SIGN, programs.LEAVE_Y):
        machine.run(program)
    x, y = machine.number(programs.X), machine.number(programs.Y)
    assert (x * x * x - 3 * x + 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B - y * y) % P == 0


def test_the_narrow_viper_notices():
    with pytest.raises(Overflow):
        Register(1 << 30) + Register(1 << 30)
    with pytest.raises(Overflow):
        Register(50_000) * 50_000
    wide = load("def run(c, w, program, length):\n    ptr16(w)[0] = 65536\n")
    with pytest.raises(Overflow):
        wide(bytearray(4), b"")
    negative = load("def run(c, w, program, length):\n    w[0] = c - 1\n")
    with pytest.raises(Overflow):
        negative(bytearray(4), b"")
    outside = load("def run(c, w, program, length):\n    w[1] = c\n")
    with pytest.raises(Overflow):
        outside(bytearray(4), b"")
