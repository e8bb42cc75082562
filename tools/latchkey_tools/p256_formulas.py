"""The point formulas of P-256, once, as programs for the field machine (p256_compact.py, p256_full.py).

generate_p256.py writes them into firmware/latchkey/crypto/p256_programs.py: as constants they take no room on a board
whose firmware is frozen, and half of it elsewhere. An instruction is six bytes, see p256_compact.py; here each comes
with a comment that says what it computes, and a program is a list of them.

Points are Jacobian: x = X/Z^2, y = Y/Z^3. Formulas: doubling dbl-2001-b with 2YZ for Z (4M + 4S), addition
add-1998-cmo-2 with the second point's Z^2 and Z^3 kept (11M + 3S), its mixed form for an affine second point (8M + 3S),
all for a = -3, https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html. They do not hold for equal or opposite
points or infinity; p256_engine.py says why those do not come up.

No program is longer than four doublings, about 1 ms on an ESP32 at 240 MHz, so that the caller can give way between
any two of them.
"""

Instruction = tuple[bytes, str]
Program = list[Instruction]

# Slots with secrets come first, so that they and the machine's working words can be wiped in one go.
X, Y, Z = range(3)  # the running point
PX, PY, PZ, PZZ, PZZZ = range(3, 8)  # the second point of an addition, with the square and the cube of its Z
T0, T1, T2, T3, T4, T5 = range(8, 14)
TABLE, ENTRIES, ENTRY = 14, 8, 5  # P, 3P, 5P ... 15P, each as X, Y, Z, Z^2, Z^3
SECRET_SLOTS = TABLE + ENTRIES * ENTRY
# Slots of constants, filled from p256_tables.py.
ONE = SECRET_SLOTS  # 1, which multiplied takes a number out of Montgomery form
UNIT = ONE + 1  # R mod p: 1 in Montgomery form
INTO = ONE + 2  # R^2 mod p, which multiplied takes a number into Montgomery form
B = ONE + 3  # the curve's b
COMB, TEETH_ENTRIES = ONE + 4, 32  # affine points, see p256_engine.py
SLOT_COUNT = COMB + 2 * TEETH_ENTRIES

_NAMES = (
    ["X", "Y", "Z", "PX", "PY", "PZ", "PZZ", "PZZZ", "T0", "T1", "T2", "T3", "T4", "T5"]
    + [f"{2 * entry + 1}P.{part}" for entry in range(ENTRIES) for part in ("X", "Y", "Z", "ZZ", "ZZZ")]
    + ["1", "R", "RR", "b", "comb"]
)


def mul(target: int, a: int, b: int) -> Program:
    return [(bytes((0, target, a, b, 1, 0)), f"{_NAMES[target]} = {_NAMES[a]} * {_NAMES[b]}")]


def sqr(target: int, a: int, times: int = 1) -> Program:
    power = "^2" if times == 1 else f"^(2^{times})"
    return [(bytes((1, target, a, a, times, 0)), f"{_NAMES[target]} = {_NAMES[a]}{power}")]


def lin(target: int, u: int, a: int, v: int, b: int) -> Program:
    second = f" {'-' if v < 0 else '+'} {abs(v)} {_NAMES[b]}" if v else ""
    return [(bytes((2, target, a, b, 128 + u, 128 + v)), f"{_NAMES[target]} = {u} {_NAMES[a]}{second}")]


def pick(target: int, table: int, entries: int, slots: int) -> Program:
    what = f"{_NAMES[target]} … = entry 0 of {entries}, {slots} slots each, from {_NAMES[table]} on"
    return [(bytes((3, target, table, entries, slots, 0)), what)]


def copy(target: int, source: int, slots: int) -> Program:
    return pick(target, source, 1, slots)


def sign(slot: int) -> Program:
    """Plus; the engine writes minus over it where it must."""
    return lin(slot, 1, slot, 0, slot)


def keep(entry: int) -> Program:
    """Store the running point as an entry of five slots."""
    square = entry + 3
    return copy(entry, X, 3) + sqr(square, Z) + mul(square + 1, square, Z)


def _sum(u1: int, s1: int) -> Program:
    """The second half of both additions: from H in T3, r in T5 and the slots of U1 and S1 to X and Y."""
    return (
        sqr(T0, T3)
        + mul(T1, T0, T3)  # H^3
        + mul(T0, u1, T0)  # V
        + sqr(X, T5)
        + lin(X, 1, X, -1, T1)
        + lin(X, 1, X, -2, T0)
        + lin(T0, 1, T0, -1, X)
        + mul(T0, T5, T0)
        + mul(T1, s1, T1)
        + lin(Y, 1, T0, -1, T1)
    )


DOUBLE = (
    sqr(T0, Z)
    + lin(T1, 3, X, -3, T0)
    + lin(T2, 1, X, 1, T0)
    + mul(T1, T1, T2)  # alpha = 3 (X - Z^2) (X + Z^2)
    + mul(Z, Y, Z)
    + lin(Z, 2, Z, 0, Z)
    + sqr(T0, Y)  # gamma
    + mul(T2, X, T0)  # beta
    + sqr(X, T1)
    + lin(X, 1, X, -8, T2)
    + lin(T2, 4, T2, -1, X)
    + mul(T2, T1, T2)
    + sqr(T0, T0)
    + lin(Y, 1, T2, -8, T0)
)
ADD = (
    sqr(T0, Z)
    + mul(T1, T0, Z)
    + mul(T2, X, PZZ)  # U1
    + mul(T3, PX, T0)  # U2
    + mul(T4, Y, PZZZ)  # S1
    + mul(T5, PY, T1)  # S2
    + lin(T3, 1, T3, -1, T2)
    + lin(T5, 1, T5, -1, T4)
    + mul(Z, Z, PZ)
    + mul(Z, Z, T3)
    + _sum(T2, T4)
)
ADD_AFFINE = (
    sqr(T0, Z)
    + mul(T1, T0, Z)
    + mul(T3, PX, T0)
    + mul(T5, PY, T1)
    + lin(T3, 1, T3, -1, X)
    + lin(T5, 1, T5, -1, Y)
    + mul(Z, Z, T3)
    + _sum(X, Y)
)
# From affine X and Y and any Z but 0 to the same point with that Z.
BLIND = sqr(T0, Z) + mul(X, X, T0) + mul(T0, T0, Z) + mul(Y, Y, T0)

# name -> what it is for, and the program, or several to be run one after the other with pauses between them
PROGRAMS: dict[str, tuple[str, Program | tuple[Program, ...]]] = {
    "ENTER": (
        "X and Y, put in as plain numbers, into Montgomery form; T0 is 0 modulo p where they satisfy the equation.",
        mul(X, X, INTO)
        + mul(Y, Y, INTO)
        + sqr(T0, X)
        + lin(T0, 1, T0, -3, UNIT)
        + mul(T0, T0, X)
        + lin(T0, 1, T0, 1, B)
        + sqr(T1, Y)
        + lin(T0, 1, T0, -1, T1)
        + mul(T0, T0, ONE),
    ),
    "FIRST_MULTIPLES": (
        "P with the Z drawn into the table, 2P as the second point of the additions that follow, P as running point.",
        BLIND + keep(TABLE) + DOUBLE + keep(PX) + copy(X, TABLE, 3),
    ),
    "KEEP_MULTIPLES": (
        "After each addition of 2P: the next odd multiple into the table.",
        tuple(keep(TABLE + ENTRY * index) for index in range(1, ENTRIES)),
    ),
    "PICK_WINDOW": ("A window's entry and its sign.", pick(PX, TABLE, ENTRIES, ENTRY) + sign(PY)),
    "FIRST_WINDOW": ("The first window takes its entry, the others double four times and add theirs.", copy(X, PX, 3)),
    "FOUR_DOUBLINGS": ("Four times the same.", DOUBLE * 4),
    "ADD": ("The second point to the running one.", ADD),
    "PICK_COLUMN": ("A column's point of the comb and its sign.", pick(PX, COMB, TEETH_ENTRIES, 2) + sign(PY)),
    "FIRST_COLUMN": ("The first column takes its point, with the Z drawn.", copy(X, PX, 2) + BLIND),
    "COLUMN": ("The others: a doubling and an addition.", DOUBLE + ADD_AFFINE),
    "LEAVE_Z": ("Z as a plain number in T0, to see whether it is 0.", mul(T0, Z, ONE)),
    "INVERT": (
        "1/Z = Z^(p - 2) in T5. The parts: 2^2-1, 2^4-1, 2^8-1, 2^16-1, 2^32-1; then p - 2 from its top word down.",
        (
            sqr(T0, Z) + mul(T0, T0, Z) + sqr(T1, T0, 2) + mul(T1, T1, T0) + sqr(T2, T1, 4) + mul(T2, T2, T1),
            sqr(T3, T2, 8) + mul(T3, T3, T2) + sqr(T4, T3, 16) + mul(T4, T4, T3),
            sqr(T5, T4, 32) + mul(T5, T5, Z),
            sqr(T5, T5, 32),
            sqr(T5, T5, 32),
            sqr(T5, T5, 32),
            sqr(T5, T5, 32) + mul(T5, T5, T4),
            sqr(T5, T5, 32) + mul(T5, T5, T4),
            sqr(T5, T5, 16) + mul(T5, T5, T3) + sqr(T5, T5, 8) + mul(T5, T5, T2),
            sqr(T5, T5, 4) + mul(T5, T5, T1) + sqr(T5, T5, 2) + mul(T5, T5, T0) + sqr(T5, T5, 2) + mul(T5, T5, Z),
        ),
    ),
    "LEAVE_X": ("The affine X as a plain number.", sqr(T0, T5) + mul(X, X, T0) + mul(X, X, ONE)),
    "PICK_SIGN": ("The sign of the result.", sign(Y)),
    "LEAVE_Y": ("The affine Y as a plain number.", mul(T0, T0, T5) + mul(Y, Y, T0) + mul(Y, Y, ONE)),
}
