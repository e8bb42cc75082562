"""What the NFC link says to AES cards: which entry a card's UID belongs to, its proof, and a new key at enrolment.

A card is asked for a proof only where its UID is enrolled, and then of its own key, so that cards of strangers never
see a wrong key. Whoever copies a UID gets asked, and cannot answer. Cards that hide theirs are nfc_hidden's.

At enrolment the card has the key it was sold with, 16 zeros, and version 0; anything else is refused unless it is the
key that the list still holds. A key drawn for this card alone goes into the list first, PENDING. At its next tap the
card says by the key's version which of both it has:

    version 0     the key of zeros is proved, ChangeKey puts the new one in, and then that one is proved
    otherwise     the new key is proved: it was put in before, and the answer, or the power, was lost

Only a proof of the new key counts, and settles the entry. Wherever a card is pulled away or the power fails, the card
has one of both keys and the next tap goes on from there. The version decides nothing but which key to try.

Not protected against: between enrolment and first use, whoever lays down a blank card that shows the same UID gets the
key put into that one. The enrolled card then fails at once. Use a new card at once.
"""

from micropython import const

from latchkey.core import codes
from latchkey.credentials import entries
from latchkey.credentials.recognition import claim
from latchkey.crypto.entropy import EntropyError
from latchkey.crypto.secret import wipe
from latchkey.protocol import aes_card_error
from latchkey.protocol.aes_card import PROVED, SEND, AesSession
from latchkey.protocol.aes_card_error import AesCardError

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.core.request import Request
    from latchkey.credentials.custody import Custody
    from latchkey.crypto.entropy import Entropy
    from latchkey.drivers.pn532_listing import Card
    from latchkey.drivers.reader import Reader
    from latchkey.links.nfc_hidden import HiddenCards
    from latchkey.links.nfc_pace import Pace

_ANSWER_MS = const(500)  # a card needs 5 to 20 ms for each step
_DELAYS = const(8)  # after 50 wrong keys a card refuses once or more before it listens
_KEY_NUMBER = const(0)  # the application's master key, which alone may change keys
_FACTORY_VERSION = const(0)
_OWN_VERSION = const(1)
_FACTORY_KEY = bytes(16)
_NAMES = (b"\xd2\x76\x00\x00\x85\x01\x01", b"\xf0latchkey")  # DF names: of an NTAG 424 DNA; of ours on a DESFire card

_VERDICTS = {
    aes_card_error.NOT_A_KEY: codes.NOT_A_KEY,
    aes_card_error.WRONG_KEY: codes.WRONG_ANSWER,
    aes_card_error.WRONG_ANSWER: codes.WRONG_ANSWER,
    aes_card_error.LRP: codes.CARD_UNFIT,
    aes_card_error.NO_KEY: codes.CARD_UNFIT,
}


class AesCards:
    """For one reader. request, name: as of Keycards; the name is entries.card_name() of the UID.

    secret: after prove(), the card's key from enrolment on, 16 bytes, and entries.SETTLED or PENDING, until forget().
    was_pending: an enrolled card has proved its key for the first time. session: with the card at issue.
    """

    def __init__(
        self, reader: "Reader", pace: "Pace", custody: "Custody", entropy: "Entropy", request: "Request"
    ) -> None:
        self.name = bytearray(entries.KEY_LEN)
        self.secret = bytearray(entries.K_LEN + 1)
        self.was_pending = False
        self._request = request
        self._reader = reader
        self._pace = pace
        self._custody = custody
        self._registry = custody.registry
        self._hidden: "HiddenCards | None" = None  # loaded when such a card comes
        self._entropy = entropy
        self.session = AesSession()
        self._key_view = memoryview(self.secret)[: entries.K_LEN]
        self._rnd_a = bytearray(16)
        self._answer = bytearray(96)

    async def prove(self, card: "Card", wants_keys: bool) -> int:
        """Let the active card prove the key of the entry that its UID belongs to. Returns ACCEPTED or a refusal.

        wants_keys: enrolment is open, so that a card that is not enrolled, or no more, may prove the key it has now.
        raises: CardError, Pn532Error.
        """
        self.was_pending = False
        if not card.has_random_uid:
            self._claim(card.uid)
        try:
            await self._select()
            return await (self._reveal(wants_keys) if card.has_random_uid else self._ask(card.uid, wants_keys, None))
        except AesCardError as error:
            return _VERDICTS.get(error.code, codes.CARD_ERROR)
        except EntropyError:
            return codes.NO_ENTROPY

    async def _reveal(self, wants_keys: bool) -> int:
        """prove() for a card that hides its UID."""
        if self._hidden is None:
            from latchkey.links.nfc_hidden import HiddenCards

            self._hidden = HiddenCards(self, self._custody)
        refusal = await self._hidden.reveal(wants_keys)
        if refusal:
            return refusal
        uid = bytes(self.session.uid)
        self._claim(uid)
        return await self._ask(uid, wants_keys, self._hidden)

    def _claim(self, uid: bytes) -> None:
        self.name[:] = entries.card_name(uid)
        claim(self._registry, self._request, self._registry.find_aes_card(uid), self.name)

    async def _ask(self, uid: bytes, wants_keys: bool, hidden: "HiddenCards | None") -> int:
        """The application is selected, and the UID known: ask for the proof."""
        number = self._request.credential
        condition = self._registry.condition(number)
        if wants_keys and (condition == entries.ABSENT or condition == entries.REVOKED):
            return await self._offered(number) if len(uid) == entries.UID_LEN else codes.CARD_UNFIT
        return await self._proved(number, hidden)

    async def _proved(self, number: int, hidden: "HiddenCards | None") -> int:
        if not self._registry.card_key(number, self.secret):
            return codes.UNKNOWN_KEY
        self._pace.hold(self._registry.pace(number))
        pending = self.secret[entries.K_LEN] == entries.PENDING
        if pending and await self.version_of(_KEY_NUMBER) == _FACTORY_VERSION:
            await self.authenticate(_KEY_NUMBER, _FACTORY_KEY)
            if hidden is not None:
                await hidden.put_locator()
            await self.say(self.session.change_key(_KEY_NUMBER, self._key_view, _OWN_VERSION))
        await self.authenticate(_KEY_NUMBER, self._key_view, True)
        self.was_pending = pending
        return codes.ACCEPTED

    async def _offered(self, number: int) -> int:
        """A card that may be enrolled: fills secret."""
        if self._entropy.stuck:
            return codes.NO_ENTROPY
        self._pace.learn()
        if await self.version_of(_KEY_NUMBER) == _FACTORY_VERSION:
            await self.authenticate(_KEY_NUMBER, _FACTORY_KEY, True)
            self._entropy.fill(self._key_view)
            self.secret[entries.K_LEN] = entries.PENDING
        elif self._registry.card_key(number, self.secret):
            await self.authenticate(_KEY_NUMBER, self._key_view, True)
            self.secret[entries.K_LEN] = entries.SETTLED
        else:
            return codes.UNKNOWN_KEY
        return codes.ACCEPTED

    def forget(self) -> None:
        """Wipe what was secret about this card."""
        self.session.end()
        if self._hidden is not None:
            self._hidden.forget()
        wipe(self.secret)
        wipe(self._rnd_a)

    def was_let_in(self) -> None:
        """Its request was accepted: nothing to do for the next time."""

    async def _select(self) -> None:
        try:
            await self.say(self.session.begin(_NAMES[0]))
        except AesCardError as error:
            if error.code != aes_card_error.NOT_A_KEY:
                raise
            await self.say(self.session.begin(_NAMES[1]))

    async def version_of(self, number: int) -> int:
        """The version of a key of the application selected. raises: AesCardError."""
        await self.say(self.session.get_key_version(number))
        return self.session.key_version

    async def authenticate(self, number: int, key: "bytes | memoryview", timed: bool = False) -> None:
        """Returns if the card has proved its key `number` to be this one; timed: in time, as often as its pace wants.

        raises: AesCardError.
        """
        delays = _DELAYS
        proofs = self._pace.proofs if timed else 1
        while proofs:
            self._entropy.fill_from_pool(self._rnd_a)
            try:
                step = await self.say(self.session.authenticate(number, key, self._rnd_a), timed)
            except AesCardError as error:
                if error.code != aes_card_error.DELAYED or not delays:
                    raise
                delays -= 1
                await self._select()
                continue
            if step != PROVED:
                raise AesCardError(aes_card_error.WRONG_ANSWER)
            proofs -= 1

    async def say(self, step: int, timed: bool = False) -> int:
        """Send what the session wants to send, until it has what it needs; returns what that is."""
        while step == SEND:
            if timed:
                count = await self._pace.ask(self.session.apdu(), self._answer)
            else:
                count = await self._reader.transceive(self.session.apdu(), self._answer, _ANSWER_MS)
            step = self.session.feed(memoryview(self._answer)[:count])
        return step
