"""Random bytes that notice when they are not random: the only way from the chip's generator to a key or a challenge.

Each request draws 32 bytes from the chip, tests them, and mixes them into a pool with HKDF; what is handed out is
derived from the pool and the pool moves on, so earlier outputs cannot be computed from a later pool. The pool begins
with the stored seed. On the ESP32 the generator is a true one only while a radio is on (or the bootloader's noise
source): the first draw belongs after the radio is on, and the seed covers the case that it was not.

Health test: a draw that repeats the one before it, or holds a run of six equal bytes (the repetition count test of
NIST SP 800-90B section 4.4.1 with false alarms of 27 x 2^-40 a draw), counts as stuck; that also covers all-equal
bytes. A stuck generator is remembered until a reset, because a generator that was broken once is not trusted again.

Not protected against: a generator that is predictable and looks random. No test on the output can tell.
"""

import os

from micropython import const

from latchkey.crypto.digest import sha256
from latchkey.crypto.mac import hkdf
from latchkey.crypto.secret import wipe

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable

_DRAW = const(32)  # bytes drawn for each request; also the size of the pool
_RUN = const(6)  # so many equal bytes in a row do not happen
_INFO = b"latchkey entropy"


class EntropyError(Exception):
    """The generator is stuck: no key may be made from it."""


class Entropy:
    """A tested and mixed source of random bytes. One object for the whole application."""

    def __init__(self, draw: "Callable[[int], bytes]" = os.urandom, seed: "bytes | bytearray" = b"") -> None:
        """draw(n) gives n bytes of the chip's generator; seed is secret and from an earlier boot, or empty."""
        self.stuck = False
        self._draw = draw
        self._last = b""  # hash of the draw before: the draw itself need not lie about
        self._stream = bytearray(2 * _DRAW)  # the next pool, then 32 bytes to give out
        self._pool = memoryview(self._stream)[:_DRAW]
        self._given = memoryview(self._stream)[_DRAW:]
        hkdf(seed, b"", _INFO, self._stream)

    def fill(self, out: "bytearray | memoryview") -> None:
        """Fill out, any length, for a new key or pairing. EntropyError when the generator is or was stuck."""
        self._refresh()
        if self.stuck:
            raise EntropyError
        self._give(out)

    def fill_from_pool(self, out: "bytearray | memoryview") -> None:
        """Fill out, any length, even when the generator is stuck: for what enrolled keys need and nothing else.

        A challenge or an ephemeral key from here is as unpredictable as the seed and all draws so far. That keeps the
        car's owner from being locked out by a broken generator, whereas a new long-lived key must not be made so.
        """
        self._refresh()
        self._give(out)

    def _refresh(self) -> None:
        drawn = self._draw(_DRAW)
        seen = sha256(drawn)
        if len(drawn) != _DRAW or _longest_run(drawn) >= _RUN or seen == self._last:
            self.stuck = True
        self._last = seen
        hkdf(drawn, self._pool, _INFO, self._stream)

    def _give(self, out: "bytearray | memoryview") -> None:
        for start in range(0, len(out), _DRAW):
            end = min(start + _DRAW, len(out))
            out[start:end] = self._given[: end - start]
            hkdf(self._pool, b"", _INFO, self._stream)
        wipe(self._given)


def _longest_run(drawn: bytes) -> int:
    longest = run = 1
    for index in range(1, len(drawn)):
        run = run + 1 if drawn[index] == drawn[index - 1] else 1
        longest = max(longest, run)
    return longest
