"""The point formulas of P-256, once, as programs for the field machine (p256_compact.py, p256_full.py).

A program is a bytes object, six bytes an instruction. Points are Jacobian: x = X/Z^2, y = Y/Z^3. Formulas: doubling
dbl-2001-b with 2YZ for Z (4M + 4S), addition add-1998-cmo-2 with the second point's Z^2 and Z^3 kept (11M + 3S), its
mixed form for an affine second point (8M + 3S), all for a = -3, https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html.
They do not hold for equal or opposite points or infinity; p256_engine.py says why those do not come up.

No program is longer than four doublings, about 1 ms on an ESP32 at 240 MHz, so that the caller can give way between
any two of them.
"""

from micropython import const

# The buffer: 100 words of the machine's own (two constants of 20, then 60 of work), then slots of 40 bytes each.
FIXED_WORDS_LEN = const(160)
SLOT_LEN = const(40)
SLOTS_OFF = const(400)

# Slots with secrets come first, so that they and the machine's working words can be wiped in one go.
X = const(0)  # the running point
Y = const(1)
Z = const(2)
_PX = const(3)  # the second point of an addition, with the square and the cube of its Z
_PY = const(4)
_PZ = const(5)
_PZZ = const(6)
_PZZZ = const(7)
T0 = const(8)
_T1 = const(9)
_T2 = const(10)
_T3 = const(11)
_T4 = const(12)
_T5 = const(13)
_TABLE = const(14)  # P, 3P, 5P ... 15P, each as X, Y, Z, Z^2, Z^3
_ENTRIES = const(8)
_ENTRY = const(5)
SECRET_SLOTS = const(54)

# Slots of constants, filled from p256_tables.py.
_ONE = const(54)  # 1, which multiplied takes a number out of Montgomery form
_UNIT = const(55)  # R mod p: 1 in Montgomery form
_INTO = const(56)  # R^2 mod p, which multiplied takes a number into Montgomery form
_B = const(57)  # the curve's b
_COMB = const(58)  # 32 affine points, see p256_engine.py
_TEETH_ENTRIES = const(32)
SLOT_COUNT = const(122)

# Where the engine writes digit and sign into a program that begins with PICK and LIN.
DIGIT_AT = const(5)
SIGN_AT = const(10)
PLUS = const(129)  # and 127 for minus


def _mul(target: int, a: int, b: int) -> bytes:
    return bytes((0, target, a, b, 1, 0))


def _sqr(target: int, a: int, times: int = 1) -> bytes:
    return bytes((1, target, a, a, times, 0))


def _lin(target: int, u: int, a: int, v: int, b: int) -> bytes:
    return bytes((2, target, a, b, 128 + u, 128 + v))


def _pick(target: int, table: int, entries: int, slots: int) -> bytes:
    return bytes((3, target, table, entries, slots, 0))


def _copy(target: int, source: int, slots: int) -> bytes:
    return _pick(target, source, 1, slots)


_DOUBLE_ONCE = b"".join(
    (
        _sqr(T0, Z),
        _lin(_T1, 3, X, -3, T0),
        _lin(_T2, 1, X, 1, T0),
        _mul(_T1, _T1, _T2),  # alpha = 3 (X - Z^2) (X + Z^2)
        _mul(Z, Y, Z),
        _lin(Z, 2, Z, 0, Z),
        _sqr(T0, Y),  # gamma
        _mul(_T2, X, T0),  # beta
        _sqr(X, _T1),
        _lin(X, 1, X, -8, _T2),
        _lin(_T2, 4, _T2, -1, X),
        _mul(_T2, _T1, _T2),
        _sqr(T0, T0),
        _lin(Y, 1, _T2, -8, T0),
    )
)


def _sum(u1: int, s1: int) -> bytes:
    """The second half of both additions: from H in T3, r in T5 and the slots of U1 and S1 to X and Y."""
    return b"".join(
        (
            _sqr(T0, _T3),
            _mul(_T1, T0, _T3),  # H^3
            _mul(T0, u1, T0),  # V
            _sqr(X, _T5),
            _lin(X, 1, X, -1, _T1),
            _lin(X, 1, X, -2, T0),
            _lin(T0, 1, T0, -1, X),
            _mul(T0, _T5, T0),
            _mul(_T1, s1, _T1),
            _lin(Y, 1, T0, -1, _T1),
        )
    )


_ADD = b"".join(
    (
        _sqr(T0, Z),
        _mul(_T1, T0, Z),
        _mul(_T2, X, _PZZ),  # U1
        _mul(_T3, _PX, T0),  # U2
        _mul(_T4, Y, _PZZZ),  # S1
        _mul(_T5, _PY, _T1),  # S2
        _lin(_T3, 1, _T3, -1, _T2),
        _lin(_T5, 1, _T5, -1, _T4),
        _mul(Z, Z, _PZ),
        _mul(Z, Z, _T3),
        _sum(_T2, _T4),
    )
)
_ADD_AFFINE = b"".join(
    (
        _sqr(T0, Z),
        _mul(_T1, T0, Z),
        _mul(_T3, _PX, T0),
        _mul(_T5, _PY, _T1),
        _lin(_T3, 1, _T3, -1, X),
        _lin(_T5, 1, _T5, -1, Y),
        _mul(Z, Z, _T3),
        _sum(X, Y),
    )
)


def _keep(entry: int) -> bytes:
    """Store the running point as an entry of five slots."""
    square = entry + 3
    return _copy(entry, X, 3) + _sqr(square, Z) + _mul(square + 1, square, Z)


# X and Y, put in as plain numbers, into Montgomery form; T0 becomes 0 modulo p where they satisfy the equation.
ENTER = b"".join(
    (
        _mul(X, X, _INTO),
        _mul(Y, Y, _INTO),
        _sqr(T0, X),
        _lin(T0, 1, T0, -3, _UNIT),
        _mul(T0, T0, X),
        _lin(T0, 1, T0, 1, _B),
        _sqr(_T1, Y),
        _lin(T0, 1, T0, -1, _T1),
        _mul(T0, T0, _ONE),
    )
)

# From affine X and Y and any Z but 0 to the same point with that Z.
_BLIND = _sqr(T0, Z) + _mul(X, X, T0) + _mul(T0, T0, Z) + _mul(Y, Y, T0)

# From there P as first entry of the table, 2P as the second point of all additions that follow, P as the running point;
# then the other odd multiples.
FIRST_MULTIPLES = _BLIND + _keep(_TABLE) + _DOUBLE_ONCE + _keep(_PX) + _copy(X, _TABLE, 3)
ODD_MULTIPLES = tuple(_ADD + _keep(_TABLE + _ENTRY * index) for index in range(1, _ENTRIES))

# Windows of four bits: the first takes its entry, the others double four times and add theirs.
FIRST_WINDOW = _pick(_PX, _TABLE, _ENTRIES, _ENTRY) + _lin(_PY, 1, _PY, 0, _PY) + _copy(X, _PX, 3)
FOUR_DOUBLINGS = _DOUBLE_ONCE * 4
WINDOW = _pick(_PX, _TABLE, _ENTRIES, _ENTRY) + _lin(_PY, 1, _PY, 0, _PY) + _ADD

# The comb: Z as above for the first column, then a doubling and an addition a column.
FIRST_COLUMN = _pick(_PX, _COMB, _TEETH_ENTRIES, 2) + _lin(_PY, 1, _PY, 0, _PY) + _copy(X, _PX, 2) + _BLIND
COLUMN = _pick(_PX, _COMB, _TEETH_ENTRIES, 2) + _lin(_PY, 1, _PY, 0, _PY) + _DOUBLE_ONCE + _ADD_AFFINE

# 1/Z = Z^(p - 2) in T5. Exponents of the parts: 2^2-1, 2^4-1, 2^8-1, 2^16-1, 2^32-1; then p - 2 from its top word down.
INVERT = (
    _sqr(T0, Z) + _mul(T0, T0, Z) + _sqr(_T1, T0, 2) + _mul(_T1, _T1, T0) + _sqr(_T2, _T1, 4) + _mul(_T2, _T2, _T1),
    _sqr(_T3, _T2, 8) + _mul(_T3, _T3, _T2) + _sqr(_T4, _T3, 16) + _mul(_T4, _T4, _T3),
    _sqr(_T5, _T4, 32) + _mul(_T5, _T5, Z),
    _sqr(_T5, _T5, 32),
    _sqr(_T5, _T5, 32),
    _sqr(_T5, _T5, 32),
    _sqr(_T5, _T5, 32) + _mul(_T5, _T5, _T4),
    _sqr(_T5, _T5, 32) + _mul(_T5, _T5, _T4),
    _sqr(_T5, _T5, 16) + _mul(_T5, _T5, _T3) + _sqr(_T5, _T5, 8) + _mul(_T5, _T5, _T2),
    _sqr(_T5, _T5, 4)
    + _mul(_T5, _T5, _T1)
    + _sqr(_T5, _T5, 2)
    + _mul(_T5, _T5, T0)
    + _sqr(_T5, _T5, 2)
    + _mul(_T5, _T5, Z),
)

# Results as plain numbers: Z in T0 to see whether it is 0; the affine X; and the affine Y, with a sign.
LEAVE_Z = _mul(T0, Z, _ONE)
LEAVE_X = _sqr(T0, _T5) + _mul(X, X, T0) + _mul(X, X, _ONE)
LEAVE_Y = _mul(T0, T0, _T5) + _lin(Y, 1, Y, 0, Y) + _mul(Y, Y, T0) + _mul(Y, Y, _ONE)
