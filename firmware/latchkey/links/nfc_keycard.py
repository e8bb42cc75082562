"""What the NFC link says to a card with a key pair: which key is it, and has it that key?

The vehicle's half of the key agreement is there before the card comes. The X that both share is computed while the card
computes it, so that nothing on the curve begins once it has answered. For an enrolled card the proof is checked against
the key in the list, never against the one that the card has just sent.
"""

import asyncio

from micropython import const

from latchkey.core import codes
from latchkey.core.request import NOBODY
from latchkey.credentials import entries
from latchkey.credentials.recognition import claim
from latchkey.crypto import p256
from latchkey.crypto.secret import wipe
from latchkey.protocol import keycard
from latchkey.protocol.keycard import KeycardError, Session

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Iterator

    from latchkey.core.request import Request
    from latchkey.crypto.entropy import Entropy
    from latchkey.drivers.pn532_listing import Card
    from latchkey.drivers.reader import Reader
    from latchkey.links.nfc_pace import Pace
    from latchkey.protocol.ephemeral import Ephemeral
    from latchkey.vehicle import Vehicle

_ANSWER_MS = const(500)  # selection and key: a card needs 5 to 30 ms

_VERDICT_OF_ERROR = {
    keycard.NOT_A_KEY: codes.NOT_A_KEY,
    keycard.CARD_ERROR: codes.CARD_ERROR,
    keycard.WRONG_ANSWER: codes.WRONG_ANSWER,
}


class Keycards:
    """For one reader. request: prove() says in it who the card claims to be. name: the key, 64 bytes, then proved."""

    secret: "bytearray | None" = None  # a key pair's is the card's own
    was_pending = False

    def __init__(
        self,
        reader: "Reader",
        pace: "Pace",
        vehicle: "Vehicle",
        ephemeral: "Ephemeral",
        entropy: "Entropy",
        request: "Request",
    ) -> None:
        self.name = bytearray(entries.KEY_LEN)
        self._request = request
        self._reader = reader
        self._pace = pace
        self._vehicle = vehicle
        self._ephemeral = ephemeral
        self._entropy = entropy
        self._session = Session()
        self._answer = bytearray(264)
        self._answer_view = memoryview(self._answer)
        self._challenge = bytearray(16)
        self._shared = bytearray(32)

    async def prove(self, card: "Card", wants_keys: bool) -> int:
        """Let the active card prove the key that it says it has. Returns ACCEPTED or a refusal.

        wants_keys: enrolment is open, so that an unknown key may prove itself.
        raises: CardError, Pn532Error.
        """
        try:
            await self._say(self._session.begin())
            refusal = self._recognise(wants_keys)
            return refusal or await self._proved()
        except KeycardError as error:
            return _VERDICT_OF_ERROR.get(error.code, codes.CARD_ERROR)
        except p256.P256Error:
            return codes.BAD_POINT

    def forget(self) -> None:
        """Wipe what was secret about this card."""
        wipe(self._shared)

    def was_let_in(self) -> None:
        """Its request was accepted: what it shares with the vehicle shall be ready the next time, on a new pair."""
        self._ephemeral.remember(self.name)
        self._ephemeral.renew()

    async def _proved(self) -> int:
        steps = self._ephemeral.shared_steps(self.name, self._shared)
        try:
            _first_step(steps)
            await self._challenged(steps)
            for _ in steps:
                await asyncio.sleep_ms(0)
        finally:
            steps.close()  # wipes what a card that has left makes useless; MicroPython does not do it by itself
        self._session.verify(self._shared)
        for _ in range(1, self._pace.proofs):
            await self._challenged(None)
            self._session.verify(self._shared)
        return codes.ACCEPTED

    async def _challenged(self, meanwhile: "Iterator[None] | None") -> None:
        """Let the card answer a fresh challenge, in time."""
        self._entropy.fill_from_pool(self._challenge)
        await self._say(self._session.challenge(self._ephemeral.public, self._challenge), True, meanwhile)

    async def _say(self, step: int, timed: bool = False, meanwhile: "Iterator[None] | None" = None) -> None:
        """Send what the session wants to send, until it has what it needs."""
        while step == keycard.SEND:
            apdu = self._session.apdu()
            if timed:
                count = await self._pace.ask(apdu, self._answer_view, meanwhile)
            else:
                count = await self._reader.transceive(apdu, self._answer_view, _ANSWER_MS)
            step = self._session.feed(self._answer_view[:count])

    def _recognise(self, wants_keys: bool) -> int:
        """Which key does the card claim to have? Fills name with the key to check against."""
        vehicle = self._vehicle
        registry = vehicle.registry
        number = registry.find(self._session.public_key)
        if registry.kind(number) == entries.AES_CARD:
            return codes.BAD_POINT  # a card that names another one's UID as its public key
        claim(registry, self._request, number, self._session.public_key)
        self._pace.hold(registry.pace(number))
        if wants_keys and (number == NOBODY or registry.condition(number) == entries.REVOKED):
            if self._entropy.stuck:
                return codes.NO_ENTROPY
            self._pace.learn()
        if number != NOBODY and registry.key(number, self.name):
            return codes.ACCEPTED
        self.name[:] = self._session.public_key
        if not wants_keys:
            return vehicle.verdict_on_strangers()
        self._ephemeral.give_up()
        return codes.ACCEPTED if p256.on_curve(self.name) else codes.BAD_POINT


def _first_step(steps: "Iterator[None]") -> None:
    """Let the work on the shared secret begin before the card is asked, so that none begins after it has answered."""
    for _ in steps:
        return
