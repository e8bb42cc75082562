"""The NFC link: a card that comes to a reader becomes a request to the vehicle.

A tap's way, from antenna to motor:

    drivers/pn532        a card is listed and its answers come in as bytes
    drivers/reader       it was not there before: a tap
    links/nfc            this module: has it asked which key it is, and to prove it
    links/nfc_keycard    carries the questions and answers; links/nfc_aes those of AES cards
    protocol/keycard     what is said to the card, and whether its answer is right; protocol/aes_card
    credentials/registry which card of this vehicle that key is
    vehicle.request      role, validity, revocation, at this moment
    core/arbiter, lock   may it, and what does that move
    drivers/actuator     the pulse

From the card's last answer to the pulse there is no elliptic-curve operation that starts, no flash, and no await on
anything shared. A UID proves nothing; that of an enrolled AES card says that it is one, and which key to ask it for.
A random UID may hide such a one. During enrolment every card that is no key card is asked whether it is an AES card.

Several cards in the field: those that are no key of this vehicle are put to sleep and the next one is asked, so a bank
card or another car's key in the same wallet does not matter. Once a key has decided, the cards beside it belong to the
same hand and are passed over; otherwise two own cards in one wallet would unlock and lock again.

Not protected against: relays. A card answers wherever it is asked; links/nfc_pace limits how long it may take, no more.
"""

import asyncio
import gc
import time

from micropython import const

from latchkey.core import codes, intent
from latchkey.core.request import NOBODY, Request
from latchkey.credentials import entries
from latchkey.drivers.pn532_error import OVERDUE, CardError, Pn532Error
from latchkey.drivers.pn532_listing import Card
from latchkey.drivers.reader_health import FAULT
from latchkey.links.nfc_keycard import Keycards
from latchkey.links.nfc_pace import Pace

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Clock
    from latchkey.crypto.entropy import Entropy
    from latchkey.drivers.reader import Reader
    from latchkey.links.nfc_aes import AesCards
    from latchkey.protocol.ephemeral import Ephemeral
    from latchkey.vehicle import Vehicle

_SAME_HAND_MS = const(1_000)
_MOST_CARDS = const(8)  # in one go: a field that shows a new card at each look must not keep the vehicle attending
MARGIN_MS = const(30)  # by which a card may be slower than it was when it was enrolled


class NfcLink:
    """Reader `number` of this board, at one place (intent.DOOR, CABIN or BOTH).

    enrols: keys may be added here. Not at a door while there is a reader in the cabin, or an owner who taps outside
    would confirm what somebody inside has shown. margin_ms: see Pace.
    """

    def __init__(
        self,
        reader: "Reader",
        place: int,
        vehicle: "Vehicle",
        ephemeral: "Ephemeral",
        entropy: "Entropy",
        clock: "Clock" = time,
        number: int = 0,
        enrols: bool = True,
        margin_ms: int = MARGIN_MS,
    ) -> None:
        self._number = number
        self._enrols = enrols
        self._reader = reader
        self._place = place
        self._vehicle = vehicle
        self._ephemeral = ephemeral
        self._entropy = entropy
        self._clock = clock
        self._card = Card()
        self._request = request = Request(codes.KEYCARD)
        self._pace = Pace(reader, margin_ms)
        self._keycards = Keycards(reader, self._pace, vehicle, ephemeral, entropy, request)
        self._aes: "AesCards | None" = None  # 15 KB of a 64-bit heap, loaded where such cards are known or offered
        self._asked: "Keycards | AesCards" = self._keycards  # whoever speaks to the card at issue
        reader.on_health(self._on_health)
        self._retried = False
        self._same_hand = False
        self._same_hand_until = 0  # means nothing without the flag, because ticks wrap

    @property
    def turns(self) -> int:
        """A sign of life: it changes as long as somebody uses the reader."""
        return self._reader.turns

    async def run(self) -> None:
        """Serve cards for ever. Reader faults are cured in drivers/reader and do not come out of it."""
        if self._vehicle.registry.has_aes_cards():
            self._aes_cards()
        while not self._ephemeral.ready:
            self._ephemeral.work()
            await asyncio.sleep_ms(0)
        while True:
            await self._reader.wait_card(self._card, self._idle)
            self._vehicle.attends |= 1 << self._number
            try:
                self._end_same_hand()
                if self._same_hand:
                    await self._pass_over()
                else:
                    await self._serve()
            except Pn532Error:
                pass  # the reader failed, not the card; its health says so, and a card that stays will be new again
            finally:
                self._vehicle.attends &= ~(1 << self._number)

    def _on_health(self, health: int) -> None:
        self._vehicle.reader_at_fault(self._number, health == FAULT)

    def _idle(self) -> None:
        """Between two listings, every few ms."""
        self._end_same_hand()
        try:
            self._ephemeral.work()
        except MemoryError:
            pass  # another time; a tap makes do without what would have been prepared

    def _end_same_hand(self) -> None:
        if self._same_hand and self._clock.ticks_diff(self._clock.ticks_ms(), self._same_hand_until) >= 0:
            self._same_hand = False

    async def _serve(self) -> None:
        """A card has come: ask it, and the ones beside it, until one has proved a key and the vehicle has decided.

        Refusals of the others are told as they come, except that a tag beside something better is not worth a word.
        """
        told = False
        refusal = codes.NOT_A_KEY
        for _ in range(_MOST_CARDS):
            refusal = await self._tap()
            if not refusal:
                await self._decided()
                return
            if refusal != codes.NOT_A_KEY:
                self._vehicle.refuse(self._request, refusal)
                told = True
            if not await self._reader.next_in_field(self._card):
                break
        if not told:
            self._vehicle.refuse(self._request, refusal)

    async def _decided(self) -> None:
        if self._retried:
            # The second try has put cards beside this one to sleep unseen: they will look new, and are the same hand.
            self._same_hand = True
            self._same_hand_until = self._clock.ticks_add(self._clock.ticks_ms(), _SAME_HAND_MS)
        await self._pass_over()

    async def _tap(self) -> int:
        """One card: which key is it, can it prove that, and what does the vehicle say? Returns a refusal of this link,
        or ACCEPTED when the vehicle was asked (and has noted its own verdict). A broken contact is tried twice.
        """
        self._retried = False
        try:
            refusal = await self._prove_twice()
            if not refusal:
                self._ask_vehicle()
                if self._asked.was_pending:
                    self._vehicle.custody.settle_card(self._request.credential)
        except MemoryError:
            gc.collect()
            refusal = codes.NO_MEMORY
        finally:
            self._asked.forget()
        return refusal

    async def _prove_twice(self) -> int:
        """_prove(), and once more at once where the contact broke, or the card's proof came too late."""
        try:
            return await self._prove()
        except CardError:
            self._retried = True
        if not await self._reader.again(self._card):
            return codes.CARD_GONE
        try:
            return await self._prove()
        except CardError as error:
            return codes.TOO_SLOW if error.status == OVERDUE and self._pace.limit_ms else codes.CARD_GONE

    async def _prove(self) -> int:
        """Ask the active card for its proof; ACCEPTED when it has given it, else the refusal.

        raises: CardError, Pn532Error.
        """
        self._request.clear()
        if not self._card.iso_dep:
            return codes.NOT_A_KEY
        if self._vehicle.registry.find_aes_card(self._card.uid) == NOBODY:
            self._asked = self._keycards
            refusal = await self._keycards.prove(self._card, self._wants_keys())
            if refusal != codes.NOT_A_KEY or not self._may_be_aes_card():
                return refusal
        self._asked = aes_cards = self._aes_cards()
        return await aes_cards.prove(self._card, self._wants_keys())

    def _aes_cards(self) -> "AesCards":
        if self._aes is None:
            from latchkey.links.nfc_aes import AesCards

            self._aes = AesCards(self._reader, self._pace, self._vehicle.custody, self._entropy, self._request)
        return self._aes

    def _may_be_aes_card(self) -> bool:
        """Whether it is worth while to ask a card that shows no UID of ours."""
        if self._wants_keys():
            return True
        return self._card.has_random_uid and (self._aes is not None or self._vehicle.registry.has_aes_cards())

    def _wants_keys(self) -> bool:
        """An unknown key at this reader shall prove itself and be shown."""
        return self._enrols and self._vehicle.custody.wants_keys()

    def _ask_vehicle(self) -> None:
        """The card has proved its key. During enrolment an unknown key is shown; everything else is a request."""
        vehicle, request, asked = self._vehicle, self._request, self._asked
        condition = vehicle.registry.condition(request.credential)
        if self._wants_keys() and (condition == entries.ABSENT or condition == entries.REVOKED):
            request.credential = NOBODY
            vehicle.show_key(request, asked.name, asked.secret, self._pace.learnt())
            return
        if self._enrols and vehicle.custody.claims():
            vehicle.refuse(request, codes.ALREADY_ENROLLED)
            return
        action = vehicle.meaning_of_tap(request.credential, self._place, self._enrols)
        request.action = action
        if not codes.is_accepted(vehicle.request(request)):
            return
        if intent.also_authorises_drive(self._place, action) and vehicle.may_drive(request.credential):
            request.action = codes.AUTHORISE_DRIVE
            vehicle.request(request)
        asked.was_let_in()

    async def _pass_over(self) -> None:
        """Cards beside the one that has decided are no taps of their own."""
        while await self._reader.next_in_field(self._card):
            pass
