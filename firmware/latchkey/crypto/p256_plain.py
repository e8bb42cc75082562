"""P-256 with the interpreter's own integers: the variant for ports without native code, and for CPython.

Written on its own, from the textbook (Jacobian coordinates, fixed windows of four bits, every special case of the
addition), so that it shares no formula with the native variants and the tests can hold one against the other.

Not protected against: anyone who can time it. Integer arithmetic, and the skipped zero digits, tell about the key;
integers cannot be wiped.
"""

from micropython import const

from latchkey.crypto.p256_error import BAD_POINT, DEGENERATE, P256Error

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Generator

_WINDOW = const(4)
_P = int.from_bytes(bytes.fromhex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"), "big")
_B = int.from_bytes(bytes.fromhex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"), "big")
_G = bytes.fromhex(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


class Plain:
    """The engine that p256 drives; its methods are the ones of p256_engine.Engine."""

    def public_steps(
        self, private: "bytes | bytearray | memoryview", out: "bytearray | memoryview"
    ) -> "Generator[None, None, None]":
        """Fill out, 64 bytes X||Y, from a private key in range."""
        x, y = yield from _multiply(int.from_bytes(private, "big"), _affine(_G))
        out[:32] = x.to_bytes(32, "big")
        out[32:] = y.to_bytes(32, "big")

    def shared_steps(
        self,
        private: "bytes | bytearray | memoryview",
        point: "bytes | bytearray | memoryview",
        out: "bytearray | memoryview",
    ) -> "Generator[None, None, None]":
        """Fill out, 32 bytes, with X of private times point, 64 bytes. P256Error BAD_POINT."""
        if not self.on_curve(point):
            raise P256Error(BAD_POINT)
        x, _ = yield from _multiply(int.from_bytes(private, "big"), _affine(point))
        out[:] = x.to_bytes(32, "big")

    def on_curve(self, point: "bytes | bytearray | memoryview") -> bool:
        """True where 64 bytes are two coordinates below p that satisfy y^2 = x^3 - 3x + b."""
        x, y, _ = _affine(point)
        return x < _P and y < _P and (x * x * x - 3 * x + _B - y * y) % _P == 0


def _affine(point: "bytes | bytearray | memoryview") -> tuple:
    view = memoryview(point)
    return int.from_bytes(view[:32], "big"), int.from_bytes(view[32:], "big"), 1


def _to_affine(point: tuple) -> tuple:
    x, y, z = point
    inverse = pow(z, _P - 2, _P)  # by Fermat: pow(z, -1, p) is silently 0 under MicroPython
    square = inverse * inverse % _P
    return x * square % _P, y * square % _P * inverse % _P


def _multiply(scalar: int, point: tuple) -> "Generator[None, None, tuple]":
    """The affine (x, y) of scalar * point, DEGENERATE for infinity. Gives way as the engine does."""
    table: "list[tuple | None]" = [None, point]
    for _ in range((1 << _WINDOW) - 2):
        table.append(_add(table[-1], point))
        yield
    result = None
    for shift in range(256 - _WINDOW, -_WINDOW, -_WINDOW):
        for _ in range(_WINDOW):
            result = _double(result)
        yield
        result = _add(result, table[scalar >> shift & (1 << _WINDOW) - 1])
        yield
    if result is None:
        raise P256Error(DEGENERATE)
    return _to_affine(result)


def _double(point: "tuple | None") -> "tuple | None":
    """Jacobian doubling; no point of this group has y = 0."""
    if point is None:
        return None
    x, y, z = point
    square = y * y % _P
    s = 4 * x * square % _P
    zz = z * z % _P
    m = 3 * (x - zz) * (x + zz) % _P
    x3 = (m * m - 2 * s) % _P
    return x3, (m * (s - x3) - 8 * square * square) % _P, 2 * y * z % _P


def _add(first: "tuple | None", second: "tuple | None") -> "tuple | None":
    """Jacobian addition with every special case: infinity on either side, equal points, opposite points."""
    if first is None:
        return second
    if second is None:
        return first
    x1, y1, z1 = first
    x2, y2, z2 = second
    zz1 = z1 * z1 % _P
    zz2 = z2 * z2 % _P
    u1 = x1 * zz2 % _P
    s1 = y1 * zz2 * z2 % _P
    h = (x2 * zz1 - u1) % _P
    r = (y2 * zz1 * z1 - s1) % _P
    if h == 0:
        return _double(first) if r == 0 else None
    hh = h * h % _P
    v = u1 * hh % _P
    hhh = h * hh % _P
    x3 = (r * r - hhh - 2 * v) % _P
    return x3, (r * (v - x3) - s1 * hhh) % _P, z1 * z2 * h % _P
