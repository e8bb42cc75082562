"""What an owner does with a controller on the table, and cards that know when they were listed.

Each tap is made with a card of its own that has the owner's key and a new number (UID): a reader knows a card again by
its number until it has been away for a while, and a vehicle knows it by its key alone.
"""

import asyncio
import itertools
import time
from typing import Any

from latchkey_tools.benchmark.controller import Controller
from latchkey_tools.cards import SoftwareKeyCard

OWNERS = (b"\x01" * 32, b"\x02" * 32)
OTHER, STRANGER = b"\x04" * 32, b"\x03" * 32
_PAST_CLAIM_S = 5.3  # the button must be held for 5 s
_NEXT_HAND_S = 0.15  # cards that come while the last one is being put to sleep count as the same hand
_numbers = itertools.count(1)


class TimedCard(SoftwareKeyCard):
    """`listed_ns`: when the reader had it, on the monotonic clock. `own_ms`: what the card took over its answers.

    quick: it answers at once, where only the number of taps matters.
    """

    def __init__(self, private: bytes, quick: bool = False) -> None:
        super().__init__(private, b"\x04" + next(_numbers).to_bytes(6, "big"))
        self.listed_ns = 0
        self.own_ms = 0
        self._quick = quick

    def activated(self) -> None:
        super().activated()
        self.listed_ns = self.listed_ns or time.monotonic_ns()

    def transceive(self, apdu: bytes) -> tuple[bytes, int]:
        answer, delay_ms = super().transceive(apdu)
        delay_ms = 1 if self._quick else delay_ms
        self.own_ms += delay_ms
        return answer, delay_ms


async def claim(controller: Controller) -> None:
    """Make a blank controller the owners' own: the button, then their two cards."""
    await controller.status(lambda status: status["registry"] == "blank" and status["reader"] == "ready")
    await controller.press_button(_PAST_CLAIM_S)
    for count, private in enumerate(OWNERS, 1):
        card = TimedCard(private)
        controller.reader.put(card)
        await controller.status(lambda status, count=count: status["key_count"] == count)  # type: ignore[misc]
        controller.reader.take_away(card)
        await asyncio.sleep(_NEXT_HAND_S)


async def tap(controller: Controller, private: bytes, quick: bool = True) -> dict[str, Any]:
    """Lay a card on the reader until it is decided; the verdict as the console tells it."""
    card = TimedCard(private, quick)
    controller.forget()
    controller.reader.put(card)
    verdict = await controller.verdict()
    controller.reader.take_away(card)
    await asyncio.sleep(_NEXT_HAND_S)
    return verdict


async def tap_until_pulse(controller: Controller) -> tuple[float, int]:
    """A tap of a card as slow as real ones: ms from listed to the pulse, and how many of them the card took."""
    card = TimedCard(OWNERS[0])
    controller.forget()
    controller.reader.put(card)
    when_ns, _ = await controller.heard("pulse")
    controller.reader.take_away(card)
    return (when_ns - card.listed_ns) / 1e6, card.own_ms
