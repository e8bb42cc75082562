"""Tells a stranger, in a way that it can check, that this is the vehicle and that its key is not enrolled.

That needs the curve, so it is done for one of them at a time, in slices, at most every 4 s; the others get a plain
refusal. A client that waits to be enrolled asks every 5 s.
"""

import time

from micropython import const

from latchkey.credentials.entries import K_LEN
from latchkey.crypto.p256_error import P256Error
from latchkey.crypto.secret import wipe
from latchkey.links.owed import Owed, deliver
from latchkey.protocol import vehicle_command_numbers as numbers

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Generator

    from latchkey.chip import Clock
    from latchkey.credentials.identity import Identity
    from latchkey.links.owed import Client
    from latchkey.protocol.vehicle_command import Dialogue

_APART_MS = const(4_000)


class Strangers:
    """identity: READY."""

    def __init__(self, identity: "Identity", dialogue: "Dialogue", clock: "Clock" = time) -> None:
        self._identity = identity
        self._dialogue = dialogue
        self._clock = clock
        self._owed = Owed()
        self._steps: "Generator[None, None, None] | None" = None
        self._k = bytearray(K_LEN)
        self._last_at = clock.ticks_add(clock.ticks_ms(), -_APART_MS)

    @property
    def waiting(self) -> bool:
        """An answer is being computed."""
        return self._steps is not None

    def greet(self, client: "Client", busy: bool) -> None:
        """A handshake with a key that nobody knows. busy: there is no time for it now."""
        dialogue, now = self._dialogue, self._clock.ticks_ms()
        soon = 0 <= self._clock.ticks_diff(now, self._last_at) < _APART_MS
        if soon or busy or self._steps is not None:
            dialogue.voice.refuse(numbers.UNKNOWN_KEY_ID)
            return
        self._last_at = now
        self._owed.keep(client, dialogue.voice.path, dialogue.order.key)
        self._steps = self._identity.k_steps(self._owed.key, self._k)

    def work(self) -> None:
        """One slice; at the end the answer."""
        steps, client = self._steps, self._owed.asker()
        if steps is None:
            return
        fault = 0
        try:
            if client is not None:
                next(steps)
                return
        except StopIteration:
            pass
        except P256Error:
            fault = numbers.BAD_PARAMETER  # its key is none
        except MemoryError:
            fault = numbers.UNKNOWN_KEY_ID
        self._steps = self._owed.client = None  # before the answer: it is not given twice, whatever becomes of it
        try:
            steps.close()
            if client is not None:
                self._answer(client, fault)
        except MemoryError:
            pass  # the client asks again
        finally:
            wipe(self._k)

    def _answer(self, client: "Client", fault: int) -> None:
        if fault:
            self._dialogue.voice.later_refusal(self._owed.path, fault)
        else:
            self._dialogue.voice.introduce(self._owed.path, self._k)
        deliver(self._dialogue, client)
