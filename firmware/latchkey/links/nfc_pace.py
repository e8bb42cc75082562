"""How soon a card must answer: while it is enrolled it shows how quick it is, and is held to that ever after.

Timed is what nobody can have fetched beforehand, because the reader's random numbers are in the question: a key card's
challenge, both steps of an AES card's proof. A card that is being enrolled proves itself five times; its slowest answer
and a margin is its limit. At a tap the wait ends there, so a card that asks for more time (S(WTX), which the PN532
grants by itself) gains none. The limit never moves by itself, or a relay that begins gently could stretch it.

What an answer took is never overstated (see drivers/pn532_dialogue), so a busy loop refuses no honest card, and gives a
relay one turn more.

It raises the cost of a relay and is no defence: a relay that is quicker than the margin is let in.
"""

from micropython import const

from latchkey.credentials import entries
from latchkey.drivers.pn532_error import OVERDUE, CardError

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Iterator

    from latchkey.drivers.reader import Reader

_PROOF_MS = const(1_000)  # a Java card computes for 100 to 250 ms
_PROOFS = const(5)


class Pace:
    """For one reader. limit_ms: of the card at issue, 0 for none. proofs: how often it has to prove itself."""

    def __init__(self, reader: "Reader", margin_ms: int) -> None:
        self.limit_ms = 0
        self.proofs = 1
        self._reader = reader
        self._margin_ms = margin_ms
        self._slowest_ms = 0

    def hold(self, pace: int) -> None:
        """A card whose entry has this pace (entries.PACE_MS), 0 for none."""
        self.limit_ms = pace * entries.PACE_MS
        self.proofs = 1

    def learn(self) -> None:
        """A card that is to be enrolled."""
        self.limit_ms = 0
        self.proofs = _PROOFS
        self._slowest_ms = 0

    def learnt(self) -> int:
        """The pace to hold it to: what it has shown since learn(), or, where it was known, the one that it has."""
        if self.proofs == 1:
            return self.limit_ms // entries.PACE_MS
        return entries.pace_of(self._slowest_ms + self._margin_ms)

    async def ask(
        self, apdu: memoryview, answer: "bytearray | memoryview", meanwhile: "Iterator[None] | None" = None
    ) -> int:
        """As Reader.transceive(), within the limit. raises: CardError, OVERDUE for what came too late; Pn532Error."""
        count = await self._reader.transceive(apdu, answer, self.limit_ms or _PROOF_MS, meanwhile)
        took_ms = self._reader.took_ms
        if self.limit_ms and took_ms > self.limit_ms:
            raise CardError(OVERDUE)
        self._slowest_ms = max(self._slowest_ms, took_ms)
        return count
