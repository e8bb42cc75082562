"""The reader's card slot: any virtual card that speaks vsmartcard's vpcd protocol connects, and lies on the reader.

    slot = CardSlot(reader)                     # anything with put(card) and take_away(card); 127.0.0.1:35963
    await slot.start(); slot.port; slot.card; await slot.stop()

The reader's side listens, the card connects: `vicc --type iso7816 --hostname 127.0.0.1 --port 35963`, or jCardSim with
com.licel.jcardsim.vsmartcard.host/port. A message is its length, 2 bytes big-endian, and then one control byte from
here (00 power off, 01 power on, 02 reset, 04 get ATR: answered with the ATR) or an APDU, answered with the R-APDU
(virtualsmartcard/doc, "vpcd"). One card at a time, as in a slot; a further one is switched off and let go.

A card that is slow, silent or talks nonsense costs a log line and the exchange it was in. Whoever can reach the port
can lay a card on the reader, as a person at the door can.
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from typing import Protocol

from latchkey_tools.models.pn532_model import Card

PORT = 35963
POWER_OFF = b"\x00"
POWER_ON = b"\x01"
RESET = b"\x02"
GET_ATR = b"\x04"

_ATR_S = 3.0  # a Java virtual machine that has just started takes a second over it
_ANSWER_S = 4.5  # shorter than the 5 s after which the PN532 gives up, so that the log says who was silent
_MOST_UNANSWERED = 4
log = logging.getLogger(__name__)


class Surface(Protocol):
    """Where cards are laid down, such as pn532_server.ReaderField."""

    def put(self, card: Card) -> None: ...
    def take_away(self, card: Card) -> None: ...


class CardError(Exception):
    """The virtual card does not keep to the protocol."""


def historical_bytes(atr: bytes) -> bytes:
    """Historical bytes of an ATR (ISO 7816-3 section 8.2). Raises CardError for what is no ATR."""
    if not 2 <= len(atr) <= 33 or atr[0] not in (0x3B, 0x3F):
        raise CardError(f"this is no ATR: {atr[:40].hex()}")
    place, indicator, count = 2, atr[1] >> 4, atr[1] & 0x0F
    while indicator:
        present = bin(indicator).count("1")
        following = place + present - 1
        if following >= len(atr):
            raise CardError(f"ATR too short: {atr.hex()}")
        indicator = atr[following] >> 4 if indicator & 8 else 0
        place += present
    if len(atr) < place + count:
        raise CardError(f"ATR too short: {atr.hex()}")
    return atr[place : place + count]


class VirtualCard(Card):
    """A card in the field whose answers come over a connection.

    Its UID is of the random kind (08 and 3 bytes), made from the ATR so that it stays the same; its ATS carries the
    ATR's historical bytes behind the interface bytes of a plastic key card.
    """

    def __init__(self, atr: bytes, send: Callable[[bytes], None]) -> None:
        history = historical_bytes(atr)
        self.uid = b"\x08" + hashlib.sha256(atr).digest()[:3]
        self.ats = bytes([5 + len(history)]) + b"\x78\x77\x91\x02" + history
        self._send = send
        self._unanswered = 0
        self._answer: bytes | None = None
        self._asked_at = 0.0

    def activated(self) -> None:
        """Reset the card, so that nothing stays selected from the last time."""
        self._send(RESET)

    def transceive(self, apdu: bytes) -> tuple[bytes, int] | None:
        """Pass an APDU on; a card that owes too many answers is not asked again."""
        if self._unanswered >= _MOST_UNANSWERED:
            return b"", 0
        self._unanswered += 1
        self._answer = None
        self._asked_at = time.monotonic()
        self._send(apdu)
        return None

    def late_answer(self) -> tuple[bytes, int] | None:
        """Give the answer when it has come, silence when it takes too long."""
        if self._answer is not None:
            return self._answer, 0
        if time.monotonic() - self._asked_at > _ANSWER_S:
            log.warning("card slot: the virtual card has not answered for %.1f s", _ANSWER_S)
            return b"", 0
        return None

    def heard(self, message: bytes) -> None:
        """Take a message from the card. Only the answer to the last APDU counts. Raises CardError."""
        if not self._unanswered:
            raise CardError("it speaks without being asked")
        if len(message) < 2:
            raise CardError(f"an R-APDU has at least 2 bytes, not {len(message)}")
        self._unanswered -= 1
        if not self._unanswered:
            self._answer = message


class CardSlot:
    """Listens for a virtual card and lays it on a surface as long as it is connected."""

    def __init__(self, surface: Surface, host: str = "127.0.0.1", port: int = PORT) -> None:
        self.port = port
        self.card: VirtualCard | None = None
        self._surface = surface
        self._host = host
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def start(self) -> None:
        """Listen. Raises OSError that names the address when it is taken."""
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self.port)
        except OSError as error:
            raise OSError(error.errno, f"card slot: cannot listen at {self._host}:{self.port}: {error}") from None
        self.port = self._server.sockets[0].getsockname()[1]
        log.info("card slot listens at %s:%d", self._host, self.port)

    async def stop(self) -> None:
        """Stop listening and throw the card out."""
        if self._server is None:
            return
        self._server.close()
        if self._writer is not None:
            self._tell(self._writer, POWER_OFF)
            self._writer.close()
            await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _tell(self, writer: asyncio.StreamWriter, message: bytes) -> None:
        if not writer.is_closing():
            writer.write(len(message).to_bytes(2, "big") + message)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = "%s:%d" % writer.get_extra_info("peername")[:2]
        if self._writer is not None:
            log.warning("card slot: %s is turned away, a card is in the slot already", peer)
            self._tell(writer, POWER_OFF)
            writer.close()
            return
        self._writer = writer
        try:
            await self._insert(peer, reader, writer)
        except asyncio.IncompleteReadError as error:
            if error.partial:
                log.warning("card slot: %s hung up in the middle of a message", peer)
            else:
                log.info("card slot: %s removed", peer)
        except (CardError, ConnectionError) as error:
            log.warning("card slot: %s thrown out: %s", peer, error)
        except TimeoutError:
            log.warning("card slot: %s thrown out: no ATR within %.1f s", peer, _ATR_S)
        finally:
            self._writer = None
            writer.close()

    async def _insert(self, peer: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tell(writer, POWER_ON)
        self._tell(writer, GET_ATR)
        async with asyncio.timeout(_ATR_S):
            atr = await _message(reader)
        card = VirtualCard(atr, lambda message: self._tell(writer, message))
        log.info("card slot: %s inserted, ATR %s, UID %s", peer, atr.hex(), card.uid.hex())
        self.card = card
        self._surface.put(card)
        try:
            while True:
                card.heard(await _message(reader))
        finally:
            self._surface.take_away(card)
            self.card = None


async def _message(reader: asyncio.StreamReader) -> bytes:
    size = int.from_bytes(await reader.readexactly(2), "big")
    if not size:
        raise CardError("a message without content")
    return await reader.readexactly(size)
