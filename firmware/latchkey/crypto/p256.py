"""Key agreement on P-256 (FIPS 186-4 D.1.2.3, SEC 1 section 3.3.1): a public key, a shared secret, in small steps.

A private key is 32 bytes big-endian, a public key 64 bytes X||Y; prefixes belong to the protocols. Work is done by one
of three variants of the same arithmetic:

FULL     native code, unrolled; meant to be loaded as .mpy, because compiling it takes a heap of 128 KB (64-bit port)
COMPACT  native code a fifth of that size, two thirds as fast; compiled from source on a heap of 80 KB (64-bit port)
PLAIN    integers of the interpreter, for ports without native code, and for CPython

FULL and COMPACT run a sequence of operations and of memory addresses that depends on no secret, on coordinates
randomised anew each time. PLAIN does neither: its time depends on the key. A variant that cannot be loaded, or that
fails its known answer, gives way to the next one.

The *_steps() generators give way about every millisecond on an ESP32 at 240 MHz and may be interleaved: each has a
workspace of its own. The first is there from the start; every further one at the same time takes 6 KB of heap, and
MemoryError in its first step if there is no room. One that is left half way must be closed with close(), which wipes
its workspace and hands it back; one that was merely dropped harms nobody, but its secrets stay in the heap until they
are collected, because MicroPython does not run the `finally` of a dropped generator.

Private keys lie in [2^64, n - 2^64]. Outside this range (where no key drawn at random ever falls) lie zero, n, and the
few scalars for which the addition formulas of FULL and COMPACT do not hold; inside it they hold for every key and every
point (p256_engine.py says why). P256Error(DEGENERATE) therefore means that a computation went wrong.

Not protected against: whoever reads the RAM while it works, power and radiation measurements, faults.
"""

from micropython import const

from latchkey.crypto.p256_error import BAD_POINT, DEGENERATE, PRIVATE_RANGE, UNAVAILABLE, P256Error
from latchkey.crypto.secret import wipe

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable, Generator
    from typing import Protocol

    class _Engine(Protocol):
        def public_steps(self, private: bytes | bytearray | memoryview, out: bytearray | memoryview) -> Generator: ...
        def shared_steps(
            self,
            private: bytes | bytearray | memoryview,
            point: bytes | bytearray | memoryview,
            out: bytearray | memoryview,
        ) -> Generator: ...
        def on_curve(self, point: bytes | bytearray | memoryview) -> bool: ...


__all__ = ("BAD_POINT", "DEGENERATE", "PRIVATE_RANGE", "UNAVAILABLE", "P256Error")

FULL = const(1)
COMPACT = const(2)
PLAIN = const(3)

_GREATEST = bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e83f3b9cac2fc632551")  # n - 2^64
_ATTEMPTS = const(4)  # one draw in 2^32 is out of range; four in a row mean that the source is broken

_engine: "_Engine | None" = None
_engines: "dict[int, _Engine]" = {}  # those loaded so far, each with a workspace found while the heap was in one piece
_variant = 0
_operations = 0


def public_steps(
    private: "bytes | bytearray | memoryview", out: "bytearray | memoryview"
) -> "Generator[None, None, None]":
    """Compute the public key of a private key: a generator of None; out, 64 bytes, is filled when it ends.

    private, 32 bytes, is read in the first step only. Raises P256Error PRIVATE_RANGE, DEGENERATE.
    """
    _begin(private)
    yield from _loaded().public_steps(private, out)


def shared_steps(
    private: "bytes | bytearray | memoryview",
    point: "bytes | bytearray | memoryview",
    out: "bytearray | memoryview",
) -> "Generator[None, None, None]":
    """Compute the X coordinate both sides of an ECDH share: a generator of None; out, 32 bytes, is filled at the end.

    private, 32 bytes, and point, the peer's 64, are read in the first step only, and the point is checked.
    Raises P256Error PRIVATE_RANGE, BAD_POINT, DEGENERATE.
    """
    if len(point) != 64:
        raise P256Error(BAD_POINT)
    _begin(private)
    yield from _loaded().shared_steps(private, point, out)


def public(private: "bytes | bytearray | memoryview") -> bytes:
    """The public key, 64 bytes, of a private key; public_steps() run to its end."""
    out = bytearray(64)
    for _ in public_steps(private, out):
        pass
    return bytes(out)


def shared(private: "bytes | bytearray | memoryview", point: "bytes | bytearray | memoryview") -> bytes:
    """The shared X coordinate, 32 bytes; shared_steps() run to its end."""
    out = bytearray(32)
    for _ in shared_steps(private, point, out):
        pass
    return bytes(out)


def on_curve(point: "bytes | bytearray | memoryview") -> bool:
    """True for 64 bytes X||Y with both below p that satisfy the curve's equation (so infinity has no encoding).

    The group has prime order: a point on the curve needs no other check (SEC 1 section 3.2.2.1).
    """
    return len(point) == 64 and _loaded().on_curve(point)


def new_private(fill: "Callable[[bytearray | memoryview], None]", out: "bytearray | memoryview") -> None:
    """Draw a private key into out, 32 bytes, by calling fill(out). PRIVATE_RANGE if none is usable."""
    for _ in range(_ATTEMPTS):
        fill(out)
        if _in_range(out):
            return
    wipe(out)
    raise P256Error(PRIVATE_RANGE)


def operations() -> int:
    """How many multiplications on the curve have begun since the start."""
    return _operations


def use(variant: int) -> None:
    """Work with FULL, COMPACT or PLAIN from now on. UNAVAILABLE, and no change, if it cannot be loaded."""
    global _engine, _variant
    try:
        _engine = _load(variant)
    except Exception:  # an import fails in too many ways to name: no room, wrong architecture, no native code
        raise P256Error(UNAVAILABLE)
    _variant = variant


def variant() -> int:
    """The variant in use. The first call loads one; at boot, while the heap is in one piece, is the time for it."""
    _loaded()
    return _variant


def _begin(private: "bytes | bytearray | memoryview") -> None:
    global _operations
    if not _in_range(private):
        raise P256Error(PRIVATE_RANGE)
    _operations += 1


def _in_range(private: "bytes | bytearray | memoryview") -> bool:
    """Length and range, by a subtraction without branches: time tells nothing about a key that passes."""
    if len(private) != 32:
        return False
    high = borrow = 0
    for index in range(24):
        high |= private[index]
    for index in range(31, -1, -1):
        borrow = (_GREATEST[index] - private[index] + borrow) >> 8
    return high != 0 and borrow == 0


def _loaded() -> "_Engine":
    global _engine, _variant
    if _engine is None:
        _engine, _variant = _fastest()
    return _engine


def _fastest() -> "tuple[_Engine, int]":
    for variant in (FULL, COMPACT):
        try:
            return _load(variant), variant
        except Exception:  # as in use(); the next one serves
            pass
    return _load(PLAIN), PLAIN


def _load(variant: int) -> "_Engine":
    if variant not in _engines:
        _engines[variant] = _make(variant)
    return _engines[variant]


def _make(variant: int) -> "_Engine":
    if variant == PLAIN:
        from latchkey.crypto.p256_plain import Plain

        return Plain()
    if variant == FULL:
        from latchkey.crypto.p256_full import run
    elif variant == COMPACT:
        from latchkey.crypto.p256_compact import run
    else:
        raise ValueError
    from latchkey.crypto.p256_engine import Engine

    return Engine(run)
