"""AES cards that hide their UID: at each activation they show another one (08 and three random bytes), and the true one
only to whoever has proved a key. So they cannot be tracked, and the reader has to find out which key to ask for.

For that each card of this vehicle has the locator in its key 1: one key for all of them, derived from the vehicle's own
secret, which opens nothing and tells the UID. It is tried only on a card whose key 1 has the locator's version, 1 to
255, derived alike, which a card tells unasked. So strangers' cards see no wrong key, but for one in 255 of those that
are somebody else's cards for such a controller, and theirs count it once a tap.

The locator is put in at first use, before the card's own key (nfc_aes); until then the card is known by its key of
zeros, which is tried while enrolment is open or a card waits for its first use, and only where both keys have version
0. Wherever the card is pulled away it has one of both keys in each place, and the next tap goes on from there.

Not protected against: whoever has one card's locator, which is to say this vehicle's flash, tells this vehicle's cards.
Where the vehicle has lost its secret, or the board has neither radio nor network and so none, these cards are unfit.
"""

from micropython import const

from latchkey.core import codes
from latchkey.credentials.identity import LOCATOR_LEN
from latchkey.crypto.secret import wipe

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.credentials.custody import Custody
    from latchkey.links.nfc_aes import AesCards

_OWN = const(0)  # numbers of keys
_LOCATOR = const(1)
_FACTORY_VERSION = const(0)
_FACTORY_KEY = bytes(16)


class HiddenCards:
    """For one reader; `cards` carries what is said."""

    def __init__(self, cards: "AesCards", custody: "Custody") -> None:
        self._cards = cards
        self._custody = custody
        self._locator = bytearray(LOCATOR_LEN)  # the key, and its version behind it
        self._key = memoryview(self._locator)[: LOCATOR_LEN - 1]

    async def reveal(self, wants_keys: bool) -> int:
        """Learn the true UID of the card selected: ACCEPTED, and it is in the session; or a refusal.

        raises: CardError, Pn532Error, AesCardError.
        """
        cards, unknown = self._cards, codes.UNKNOWN_KEY if wants_keys else codes.NOT_A_KEY
        identity = self._custody.identity
        if identity is None or not identity.card_locator(self._locator):
            return codes.CARD_UNFIT if wants_keys else codes.NOT_A_KEY
        version = await cards.version_of(_LOCATOR)
        if version == self._locator[-1]:
            await cards.authenticate(_LOCATOR, self._key)
        elif version == _FACTORY_VERSION and (wants_keys or self._custody.registry.pending_cards):
            if await cards.version_of(_OWN) != _FACTORY_VERSION:
                return unknown
            await cards.authenticate(_OWN, _FACTORY_KEY)
        else:
            return unknown
        await cards.say(cards.session.get_card_uid())
        return codes.ACCEPTED

    async def put_locator(self) -> None:
        """Give the card, which has just proved its key of zeros, the locator, unless it has it. raises: as reveal()."""
        cards = self._cards
        if await cards.version_of(_LOCATOR) == _FACTORY_VERSION:
            await cards.say(cards.session.change_key(_LOCATOR, self._key, self._locator[-1], _FACTORY_KEY))

    def forget(self) -> None:
        """Wipe the locator."""
        wipe(self._locator)
