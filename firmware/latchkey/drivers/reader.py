"""The reader as the NFC link sees it: a card comes, answers, goes. Faults of the chip are cured here and stay here.

How the field is polled, and why so:
- every listing starts with the field off, so that all cards start afresh. To list again without that is what makes a
  card that lies still come and go every other time (ESPHome issue 9875);
- the field stays off between listings, so that neither chip nor card heats up;
- a card that is not wanted is halted and the next one listed with the field still on: the bank card in the wallet.

A tap is a card that was not there before (`reader_presence`). Every method gives way while it waits, and every wait for
the chip has an end. Methods of one Reader must not run at the same time.
"""

import asyncio
import time

from micropython import const

from latchkey.drivers.pn532 import Pn532
from latchkey.drivers.pn532_error import OVERDUE, TIMEOUT, CardError, Pn532Error
from latchkey.drivers.pn532_listing import Card
from latchkey.drivers.reader_health import FAULT, READY, RETRY_MS, Health
from latchkey.drivers.reader_presence import AGAIN, NEW, Presence

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable, Iterator

    from latchkey.chip import Clock, Level

# A card has lost its state when the field was off for 5.1 ms (NFC Forum, Digital Protocol), and must be ready 5 ms
# after it came on (ISO 14443-3 §5).
_CARD_STOP_MS = const(6)
_CARD_START_MS = const(5)

# A card is gone when it was missing for about this long, in at least two sweeps: longer than the drop-outs of a hand
# that trembles at the edge of the field, shorter than most need to take a card away and bring it back.
_GONE_MS = const(400)
_SWEEP_MS = const(50)  # what a sweep of an empty field takes at 115200 baud

_IDLE_MS = const(2)  # between two calls of idle()

_MOST_CARDS = const(4)  # in one sweep; each costs about 40 ms, and a wallet rarely shows more than three to a reader


class Reader:
    """One reader: `chip`, its reset pin if wired, the pause between listings."""

    def __init__(
        self, chip: Pn532, reset_pin: "Level | None" = None, clock: "Clock" = time, pace_ms: int = 100
    ) -> None:
        self._chip = chip
        self._clock = clock
        self._pace_ms = pace_ms
        self._health = Health(chip, reset_pin)
        self._presence = Presence(max(2, 1 + _GONE_MS // (pace_ms + _SWEEP_MS)))
        self._listed = Card()
        self._active = b""  # what the card given out last is known by
        self._field_is_on = True  # for all we know
        self._seen_all = False
        self.turns = 0  # a sign of life: grows whatever the reader is used for, and while it is at fault

    @property
    def took_ms(self) -> int:
        """How long the last answer took; see Dialogue, and Pn532.exchange() for what counts as one."""
        return self._chip.took_ms

    @property
    def health(self) -> int:
        """READY, PROBING, REINITIALISING, RESETTING or FAULT of `reader_health`."""
        return self._health.state

    def on_health(self, callback: "Callable[[int], None]") -> None:
        """Call `callback(state)` at each change of health, from inside whichever method notices it."""
        self._health.on_change = callback

    async def wait_card(self, card: Card, idle: "Callable[[], None] | None" = None) -> None:
        """Wait until a card comes that was not there before; it is active then, and `card` describes it.

        in: idle() is called between listings, once in about 2 ms; it may work for 1 ms.
        Reader faults are cured inside, for as long as that takes.
        """
        while True:
            if await self._sweep(card):
                self._active = self._presence.keep(card)
                return
            await self._pause(idle)

    async def wait_gone(self, idle: "Callable[[], None] | None" = None) -> bool:
        """Wait until all known cards are gone: True. Or until one comes that was not there before: False.

        After False that one is given out by wait_card(). As long as the reader does not work, nobody counts as gone.
        """
        card = Card()
        while not self._presence.is_empty():
            if await self._sweep(card):
                return False
            await self._pause(idle)
        return True

    async def next_in_field(self, card: Card) -> bool:
        """Halt the active card and activate another one that was not there before; False if there is none.

        After False `card` is as it was, but no card is active.
        """
        try:
            await self._chip.deselect()
            found = await self._walk(card, None)
        except Pn532Error:
            self._health.failed()
            return False
        if found:
            self._active = self._presence.keep(card)
        return found

    async def again(self, card: Card) -> bool:
        """Activate the card given out last once more, after switching the field off and on; False if it has gone.

        One that has gone is new when it comes back, however soon.
        """
        try:
            await self._fresh_field()
            if await self._walk(card, self._active):
                return True
            self._presence.forget(self._active)
            return False
        except Pn532Error:
            self._health.failed()
            return False

    async def transceive(
        self,
        apdu: "bytes | bytearray | memoryview",
        answer: "bytearray | memoryview",
        timeout_ms: int,
        meanwhile: "Iterator[None] | None" = None,
    ) -> int:
        """Send an APDU to the active card; return the length of its answer, which stands at the front of `answer`.

        in: timeout_ms for the whole exchange. meanwhile: an iterator that is advanced once for each turn of waiting.
        raises: CardError, OVERDUE after the time limit where the chip proves to be alive; Pn532Error when the reader
        failed; the next wait_card() or wait_gone() cures it, and the card, which had no chance, is new to it once more.
        """
        self._live()
        try:
            return await self._chip.exchange(apdu, answer, timeout_ms, meanwhile)
        except Pn532Error as error:
            self._health.failed()
            if error.code != TIMEOUT:
                self._presence.forget(self._active)
                raise
        await self._prove_alive()
        raise CardError(OVERDUE)

    async def _prove_alive(self) -> None:
        """The chip has not answered in time. raises: Pn532Error, if it is not just the card that takes too long."""
        try:
            await self._health.cure()
        except Pn532Error:
            self._health.failed()
            self._presence.forget(self._active)
            raise
        self._health.worked()

    def _live(self) -> None:
        self.turns = (self.turns + 1) & 0xFFFFFF

    async def _sweep(self, card: Card) -> bool:
        """Look at all cards in the field, up to the first new one: True, and it is active. Faults climb the ladder."""
        self._live()
        try:
            await self._health.cure()
            await self._fresh_field()
            found = await self._walk(card, None)
            if not found:
                if self._seen_all:
                    self._presence.end()
                await self._chip.field(False)
        except Pn532Error:
            self._health.failed()
            self._field_is_on = True
            return False
        self._field_is_on = found
        self._health.worked()
        return found

    async def _fresh_field(self) -> None:
        """Switch the field on so that all cards in it start afresh."""
        if self._field_is_on:
            await self._chip.field(False)
            await asyncio.sleep_ms(_CARD_STOP_MS)
        self._field_is_on = True
        self._presence.begin()
        await self._chip.field(True)
        await asyncio.sleep_ms(_CARD_START_MS)

    async def _walk(self, card: Card, wanted: "bytes | None") -> bool:
        """List one card after the other, halting each, until one has the name `wanted`, or is new where that is None.

        True: that card is active, and `card` describes it.
        """
        self._seen_all = True
        for _ in range(_MOST_CARDS):
            if not await self._chip.list(self._listed):
                return False
            met = self._presence.meet(self._listed)
            if met == AGAIN:
                return False
            if met == NEW if wanted is None else self._presence.name(self._listed) == wanted:
                card.copy(self._listed)
                return True
            await self._chip.deselect()
        self._seen_all = False  # whoever was not reached may still be there
        return False

    async def _pause(self, idle: "Callable[[], None] | None") -> None:
        """Wait for the next listing. While the ladder is climbed there is no time to lose."""
        if self._health.state not in (READY, FAULT):
            return
        pause_ms = self._pace_ms if self._health.state == READY else RETRY_MS
        end = self._clock.ticks_add(self._clock.ticks_ms(), pause_ms)
        while self._clock.ticks_diff(end, self._clock.ticks_ms()) > 0:
            if idle is not None:
                idle()
            await asyncio.sleep_ms(_IDLE_MS)
