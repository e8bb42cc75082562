"""Multiplication on P-256 with a field machine: which programs run, in which order, with which digits.

The order never depends on a secret. Both ways use digits that are never zero (Workspace.set_scalar): sums of signs.

Any point: 64 windows of four signs, so odd digits from -15 to 15, out of a table of the eight odd multiples.
The base point: a comb of six teeth, 43 columns apart. Column j adds (s_j + s_(j+43) 2^43 + ... + s_(j+215) 2^215) G,
which is, up to the sign of its last tooth, one of 32 points: entry e of the table has the tooth t positive where bit t
of e is set, and 2^215 always.

The addition formulas do not hold for equal or opposite points and for infinity. These come up for no key in p256.py's
range, whatever the peer's point, because that has order n (odd K below n, every d and e a sum of odd multiples):
- a window adds dP to 16aP with 16a + d the upper bits of K, so the two are equal or opposite only for K = n - 2|d|,
  |d| <= 15, and K = n;
- a column adds eG to 2aG, where 2a + e and 2a - e are odd and, but for the last column, below n in size, hence not 0;
  in the last one 2a + e = K, and K - 2e = 0 modulo n holds for none of the 64 values of e (a test tries them all).
Z would be 0; the engine looks at it before the end, so that a computation gone wrong gives an error and no key.
"""

import os

from micropython import const

from latchkey.crypto import p256_programs as programs
from latchkey.crypto.p256_error import BAD_POINT, DEGENERATE, P256Error
from latchkey.crypto.p256_programs import DIGIT_AT, LAST_SIGN_AT, PLUS, SIGN_AT, T0, X, Y, Z
from latchkey.crypto.p256_workspace import Workspace
from latchkey.crypto.secret import wipe

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable, Generator

_WINDOWS = const(64)
_WINDOW_TOP = const(255)  # 4 * 64 signs
_COLUMNS = const(43)
_COMB_TOP = const(257)  # 6 * 43 signs
_G = bytes.fromhex(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
_SPARE = const(2)  # workspaces kept for later; as many run at once as were ever needed, and are then collected


class Engine:
    """A field machine and the workspaces for it."""

    def __init__(self, run: "Callable[..., object]") -> None:
        """run(0, buffer, program, length) is the machine. ValueError if it takes another point for the base point."""
        self._run = run
        self._spare: list[Workspace] = []
        beside = bytearray(_G)
        beside[63] ^= 1
        if not self.on_curve(_G) or self.on_curve(beside):
            raise ValueError

    def public_steps(
        self, private: "bytes | bytearray | memoryview", out: "bytearray | memoryview"
    ) -> "Generator[None, None, None]":
        """Fill out, 64 bytes X||Y, from a private key in range. P256Error DEGENERATE."""
        work = self._take()
        try:
            work.set_scalar(private, _COMB_TOP)
            self._draw_z(work)
            yield
            program = programs.FIRST_COLUMN
            for column in range(_COLUMNS - 1, -1, -1):
                _set_column(work, column)
                self._execute(work, work.pick_column)
                self._execute(work, program)
                program = programs.COLUMN
                yield
            yield from self._leave(work, out)
            work.pick_sign[LAST_SIGN_AT] = PLUS - 2 * work.negated
            self._execute(work, work.pick_sign)
            self._execute(work, programs.LEAVE_Y)
            work.take(Y, out, 32)
        finally:
            self._give_back(work)

    def shared_steps(
        self,
        private: "bytes | bytearray | memoryview",
        point: "bytes | bytearray | memoryview",
        out: "bytearray | memoryview",
    ) -> "Generator[None, None, None]":
        """Fill out, 32 bytes, with X of private times point, 64 bytes. P256Error BAD_POINT, DEGENERATE."""
        work = self._take()
        try:
            work.set_scalar(private, _WINDOW_TOP)
            _put_point(work, point)
            yield
            if not self._enter(work):
                raise P256Error(BAD_POINT)
            yield
            self._draw_z(work)
            self._execute(work, programs.FIRST_MULTIPLES)
            yield
            for program in programs.KEEP_MULTIPLES:
                self._execute(work, programs.ADD)
                self._execute(work, program)
                yield
            _set_window(work, _WINDOWS - 1)
            self._execute(work, work.pick_window)
            self._execute(work, programs.FIRST_WINDOW)
            for window in range(_WINDOWS - 2, -1, -1):
                self._execute(work, programs.FOUR_DOUBLINGS)
                yield
                _set_window(work, window)
                self._execute(work, work.pick_window)
                self._execute(work, programs.ADD)
                yield
            yield from self._leave(work, out)
        finally:
            self._give_back(work)

    def on_curve(self, point: "bytes | bytearray | memoryview") -> bool:
        """True where 64 bytes are two coordinates below p that satisfy y^2 = x^3 - 3x + b."""
        work = self._take()
        _put_point(work, point)
        valid = self._enter(work)
        self._give_back(work)
        return valid

    def _execute(self, work: Workspace, program: "bytes | bytearray") -> None:
        self._run(0, work.buffer, program, len(program))

    def _enter(self, work: Workspace) -> bool:
        """Take the point that was put into X and Y into Montgomery form. False where it is no point of the curve."""
        if not work.below_p(X) or not work.below_p(Y):
            return False
        self._execute(work, programs.ENTER)
        return work.is_zero(T0)

    def _draw_z(self, work: Workspace) -> None:
        """Draw the Z of the first point. It hides coordinates from averaging; a poor draw makes no result wrong."""
        drawn = bytearray(os.urandom(32))
        drawn[31] |= 1  # never 0
        work.put(Z, drawn, 0)
        wipe(drawn)

    def _leave(self, work: Workspace, out: "bytearray | memoryview") -> "Generator[None, None, None]":
        """Make the running point affine and write its X into out."""
        self._execute(work, programs.LEAVE_Z)
        if work.is_zero(T0):
            raise P256Error(DEGENERATE)
        yield
        for program in programs.INVERT:
            self._execute(work, program)
            yield
        self._execute(work, programs.LEAVE_X)
        work.take(X, out, 0)
        yield

    def _take(self) -> Workspace:
        return self._spare.pop() if self._spare else Workspace()

    def _give_back(self, work: Workspace) -> None:
        work.wipe()
        if len(self._spare) < _SPARE:
            self._spare.append(work)


def _put_point(work: Workspace, point: "bytes | bytearray | memoryview") -> None:
    work.put(X, point, 0)
    work.put(Y, point, 32)


def _set_window(work: Workspace, window: int) -> None:
    """Write the table index and the sign of a window, 0 the lowest, into its program."""
    four = work.scalar[32 - (window >> 1)] >> ((window & 1) << 2) & 15
    negative = 1 - (four >> 3)
    work.pick_window[DIGIT_AT] = (four ^ -negative) & 7
    work.pick_window[SIGN_AT] = PLUS - 2 * negative


def _set_column(work: Workspace, column: int) -> None:
    """Write the table index and the sign of a column of the comb into its program."""
    scalar = work.scalar
    index = 0
    for bit in range(column + 5 * _COLUMNS, -1, -_COLUMNS):
        index = index << 1 | scalar[32 - (bit >> 3)] >> (bit & 7) & 1
    negative = 1 - (index >> 5)
    work.pick_column[DIGIT_AT] = (index ^ -negative) & 31
    work.pick_column[SIGN_AT] = PLUS - 2 * negative
