"""The vehicle's passing key pair for keycards, made ahead of time so that a tap never waits for it.

A tap needs the public half E at once, and the X coordinate that E and the card's key share before it can check the
card's answer. E is computed while nobody is there, and so are the shared X of the cards seen last; any other card's is
computed while the card computes the same number itself. So no elliptic-curve work starts once a card has answered.

One E may serve any number of taps, as long as every challenge is fresh: what a card answers is a block cipher's output
under a key known only to the card and to whoever knew e. Renewing E after each accepted tap, and daily, limits what
somebody who reads the RAM can use. (Hashed Diffie-Hellman with one-sided ephemeral keys; the argument in full is in the
README's reference list.) The new pair takes the old one's place only when it is complete.

Not protected against: a card that is relayed from far away. Nothing here measures distance.
"""

import time

from micropython import const

from latchkey.crypto import p256
from latchkey.crypto.secret import wipe

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable, Generator

    from latchkey.chip import Clock

_CACHED = const(8)  # cards; 97 bytes each
_DAY_MS = const(86_400_000)


class _Known:
    """One card seen lately. `ready`: `shared` belongs to the present E."""

    def __init__(self) -> None:
        self.key = bytearray(64)
        self.shared = bytearray(32)
        self.ready = False


class Ephemeral:
    """`public`: E, 64 bytes X||Y, valid once `ready`. fill(buf) draws fresh random bytes."""

    def __init__(self, fill: "Callable[[bytearray | memoryview], None]", clock: "Clock" = time) -> None:
        self.public = bytearray(64)
        self.ready = False
        self._fill = fill
        self._clock = clock
        self._private = bytearray(32)
        self._next_private = bytearray(32)
        self._next_public = bytearray(64)
        self._known: "list[_Known]" = []  # newest first
        self._work: "Generator[None, None, None] | None" = None
        self._stale = True
        self._born = clock.ticks_ms()

    def work(self) -> bool:
        """Do one slice of at most a millisecond while nobody waits; False when there is nothing to do."""
        if self._work is None:
            self._work = self._next_job()
            if self._work is None:
                return False
        try:
            next(self._work)
        except StopIteration:
            self._work = None
        return True

    def renew(self) -> None:
        """A tap was accepted: make a new pair when there is time."""
        self._stale = True

    def give_up(self) -> None:
        """A card needs the curve now: what is being made ahead of time begins anew when there is time.

        So a reader needs one workspace of the curve and no second one, which a heap in use may not have in one piece.
        """
        if self._work is not None:
            self._work.close()
            self._work = None

    def remember(self, key64: bytearray) -> None:
        """This card's shared X shall be ready the next time. The key is copied."""
        entry = self._find(key64)
        if entry is not None:
            self._known.remove(entry)
        elif len(self._known) < _CACHED:
            entry = _Known()
        else:
            entry = self._known.pop()
        if entry.key != key64:
            entry.key[:] = key64
            entry.ready = False
            wipe(entry.shared)
        self._known.insert(0, entry)

    def shared_steps(self, key64: bytearray, out32: bytearray) -> "Generator[None, None, None]":
        """Put the X that E and this card's 64-byte key share into out32, giving way after each slice.

        raises: p256.P256Error for a key that is no point of the curve.
        """
        entry = self._find(key64)
        if entry is not None and entry.ready:
            out32[:] = entry.shared
            return
        self.give_up()
        yield from p256.shared_steps(self._private, key64, out32)

    def _next_job(self) -> "Generator[None, None, None] | None":
        if self._stale or self._clock.ticks_diff(self._clock.ticks_ms(), self._born) >= _DAY_MS:
            return self._renew_steps()
        for entry in self._known:
            if not entry.ready:
                return self._prepare_steps(entry)
        return None

    def _renew_steps(self) -> "Generator[None, None, None]":
        try:
            p256.new_private(self._fill, self._next_private)
            yield from p256.public_steps(self._next_private, self._next_public)
            self._private[:] = self._next_private
            self.public[:] = self._next_public
        finally:
            wipe(self._next_private)
        for entry in self._known:
            entry.ready = False
            wipe(entry.shared)
        self._born = self._clock.ticks_ms()
        self._stale = False
        self.ready = True

    def _prepare_steps(self, entry: _Known) -> "Generator[None, None, None]":
        """A card remembered anew meanwhile may have taken this place; then the result belongs to nobody."""
        key = bytes(entry.key)
        out = bytearray(32)
        try:
            yield from p256.shared_steps(self._private, key, out)
            if entry.key == key:
                entry.shared[:] = out
                entry.ready = True
        finally:
            wipe(out)

    def _find(self, key64: bytearray) -> "_Known | None":
        for entry in self._known:
            if entry.key == key64:
                return entry
        return None
