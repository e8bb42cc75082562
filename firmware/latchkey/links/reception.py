"""The one Responder of this vehicle, made as soon as the vehicle has a key of its own. Shared by all links that speak
the vehicle-command protocol, because counters and epoch are the vehicle's and not a link's.

A new controller makes its key at the first boot, and only while a radio is on: before that the chip's random numbers
are not good enough (ESP-IDF, Random Number Generation).
"""

import asyncio
import time

from micropython import const

from latchkey.core import lock
from latchkey.credentials import identity as identities
from latchkey.links.responder import Responder

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable

    from latchkey.chip import Clock
    from latchkey.credentials.identity import Identity
    from latchkey.crypto.entropy import Entropy
    from latchkey.vehicle import Vehicle

_BUSY_RETRY_MS = const(20)
MAKE_AGAIN_MS = const(10_000)  # after an attempt that failed


class Reception:
    """responder: None until the vehicle has its key. unmade: the key is missing although that was tried."""

    def __init__(
        self,
        vehicle: "Vehicle",
        identity: "Identity",
        entropy: "Entropy",
        clock: "Clock" = time,
        keys_public: bool = False,
    ) -> None:
        """keys_public: as the Responder's."""
        self.responder: "Responder | None" = None
        self.identity = identity
        self.unmade = False
        self._vehicle = vehicle
        self._entropy = entropy
        self._clock = clock
        self._keys_public = keys_public
        self._making = False
        if identity.state == identities.READY:
            self._open()  # now, while the heap is in one piece

    @property
    def unserved(self) -> bool:
        """Nobody can be answered, and that will not mend itself soon."""
        return self.unmade or self.identity.state == identities.UNREADABLE

    async def make(self, warm_up: "Callable[[], object]") -> None:
        """One attempt to make the vehicle's key where there is none. warm_up: switches a radio on."""
        if self._making or self.responder is not None:
            return
        self._making = True
        try:
            warm_up()
            for _ in self.identity.make_steps(self._entropy.fill):
                while self._vehicle.arbiter.lock.motor != lock.STILL:
                    await asyncio.sleep_ms(_BUSY_RETRY_MS)
                await asyncio.sleep_ms(0)
        except (identities.IdentityError, MemoryError) as error:
            print("The vehicle's key cannot be made (%r): nobody can be answered yet." % error)
        finally:
            self._making = False
        self.unmade = self.identity.state != identities.READY
        if not self.unmade:
            self._open()

    def _open(self) -> None:
        self.responder = Responder(self._vehicle, self.identity, self._entropy, self._clock, self._keys_public)
