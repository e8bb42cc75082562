"""NXP PN532 as a reader of ISO 14443 type A cards (UM0701-02 §7; `pn532_frame`, `pn532_dialogue` carry the bytes).

The chip does the radio protocol itself: anticollision, RATS, ISO-DEP blocks, chaining and waiting-time extensions.
What is decided here is how it is set up, and how long anything may take.

- One listing asks for cards a fixed number of times. Left alone the chip asks for ever, and a host that waits cannot do
  anything else.
- An APDU travels in InDataExchange, 262 bytes at most in one command; the MI bit chains longer ones, both ways.
- The time limit of exchange() is for the whole exchange. A card that keeps asking for more time does not get it.

It does not notice that the chip has been swapped for something else: see the warning in `pn532_frame`.
"""

import time

from micropython import const

from latchkey.drivers.pn532_dialogue import Dialogue
from latchkey.drivers.pn532_error import BAD_ANSWER, NO_ACK, REJECTED, TIMEOUT, CardError, Pn532Error
from latchkey.drivers.pn532_listing import Card, parse

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Iterator

    from latchkey.chip import Clock
    from latchkey.drivers.pn532_dialogue import Transport

# Commands, as they follow D4.
_GET_FIRMWARE_VERSION = b"\x02"
_SAM_NORMAL_MODE = b"\x14\x01\x14\x01"  # no SAM is fitted; this also ends the low-battery mode that follows power-up
_AUTOMATIC_RATS = b"\x12\x14"  # the chip's default, said again in case another program has used it
_TIMINGS = b"\x32\x02\x00\x0b\x0a"  # 102.4 ms for ATR_RES, 51.2 ms for raw commands: the defaults as well
_RETRIES = b"\x32\x05\xff\x01\x02"  # ATR, PSL: defaults. Listing: REQA three times, 6 ms apart, for slow cards
_FIELD_ON = b"\x32\x01\x01"
_FIELD_OFF = b"\x32\x01\x00"
_LIST_ONE = b"\x4a\x01\x00"  # one target, 106 kbit/s type A
_DESELECT_ALL = b"\x44\x00"
_EXCHANGE = const(0x40)

_MORE = const(0x40)  # MI, in Tg towards the chip and in the status from it
_STATUS = const(0x3F)
_TOO_SMALL = const(0x07)  # what the chip says itself when a buffer is too small for what the card sends
_CHUNK = const(262)  # data bytes in one InDataExchange

# How long answers may take. The chip's own work is done in a few ms. A listing with three tries, two cascade levels and
# RATS stays under 60 ms; phones were seen to take 100.
_QUICK_MS = const(200)
_LIST_MS = const(400)
_DESELECT_MS = const(300)


class Pn532:
    """One reader chip. Its methods must not run at the same time."""

    def __init__(self, transport: "Transport", clock: "Clock" = time) -> None:
        self._dialogue = Dialogue(transport, clock)
        self._clock = clock
        self._target = 1
        self._status = 0
        self.took_ms = 0  # of exchange(): how long the card and what lies between took, see Dialogue
        self.firmware = b""  # IC, version, revision, functions: 32 01 06 07 for a PN532 V1.6. For display only

    async def start(self) -> None:
        """Wake the chip and set it up; the field is off afterwards. raises: Pn532Error."""
        await self._dialogue.wake()
        try:
            await self._command(_SAM_NORMAL_MODE)
        except Pn532Error as error:
            if error.code != NO_ACK:
                raise
            await self._command(_SAM_NORMAL_MODE)  # lost while the oscillator was starting
        await self.probe()
        await self._optional(_AUTOMATIC_RATS)
        await self._optional(_TIMINGS)
        await self._command(_RETRIES)
        await self.field(False)

    async def probe(self) -> None:
        """Ask for the firmware version, whatever it is: the chip lives. raises: Pn532Error."""
        count = await self._command(_GET_FIRMWARE_VERSION)
        self.firmware = bytes(self._answer(count))

    async def field(self, on: bool) -> None:
        """Switch the radio field. raises: Pn532Error."""
        await self._command(_FIELD_ON if on else _FIELD_OFF)

    async def list(self, card: Card) -> bool:
        """Look for one card that is not halted, and activate it; True and `card` filled if there was one.

        An activated card answers the next listing by going idle, so every listing must be preceded by deselect() or by
        switching the field off; otherwise a card that lies still seems to come and go (ESPHome issue 9875).
        raises: Pn532Error.
        """
        count = await self._command(_LIST_ONE, _LIST_MS)
        if not parse(self._answer(count), card):
            return False
        self._target = card.target
        return True

    async def deselect(self) -> None:
        """Halt the active card, so that the next listing passes over it until the field goes off. raises: Pn532Error.

        The chip's status is not looked at: a card that has just left cannot confirm.
        """
        await self._optional(_DESELECT_ALL, _DESELECT_MS)

    async def exchange(
        self,
        apdu: "bytes | bytearray | memoryview",
        answer: "bytearray | memoryview",
        timeout_ms: int,
        meanwhile: "Iterator[None] | None" = None,
    ) -> int:
        """Send an APDU to the active card; return the length of its answer, which stands at the front of `answer`.

        in: apdu and answer of any length; timeout_ms for everything, retransmissions by the chip included.
        meanwhile: see Dialogue.ask().
        raises: Pn532Error; CardError, also when the answer does not fit `answer`.
        """
        deadline = self._clock.ticks_add(self._clock.ticks_ms(), timeout_ms)
        apdu = memoryview(apdu)
        sent = 0
        self.took_ms = 0
        while len(apdu) - sent > _CHUNK:
            await self._data_exchange(_MORE, apdu[sent : sent + _CHUNK], deadline, None)
            sent += _CHUNK
        count = await self._data_exchange(0, apdu[sent:], deadline, meanwhile)
        filled = self._keep(answer, 0, count)
        while self._status & _MORE:
            count = await self._data_exchange(0, b"", deadline, meanwhile)
            filled = self._keep(answer, filled, count)
        return filled

    async def _data_exchange(
        self, more: int, data: "bytes | memoryview", deadline: int, meanwhile: "Iterator[None] | None"
    ) -> int:
        """One InDataExchange; returns the length of the answer, status included, and keeps the status byte."""
        left_ms = self._clock.ticks_diff(deadline, self._clock.ticks_ms())
        if left_ms <= 0:
            raise Pn532Error(TIMEOUT)
        command = self._dialogue.command
        command[0] = _EXCHANGE
        command[1] = self._target | more
        command[2 : 2 + len(data)] = data
        count = await self._dialogue.ask(2 + len(data), left_ms, meanwhile)
        self.took_ms += self._dialogue.took_ms
        if count == 0:
            raise Pn532Error(BAD_ANSWER)
        self._status = self._dialogue.answer[self._dialogue.offset]
        if self._status & _STATUS:
            raise CardError(self._status & _STATUS)
        return count

    def _keep(self, answer: "bytearray | memoryview", filled: int, count: int) -> int:
        """Append the data of the last InDataExchange to `answer`; returns how much of it is filled now."""
        end = filled + count - 1
        if end > len(answer):
            raise CardError(_TOO_SMALL)
        answer[filled:end] = self._answer(count)[1:]
        return end

    async def _command(self, command: bytes, timeout_ms: int = _QUICK_MS) -> int:
        self._dialogue.command[0 : len(command)] = command
        return await self._dialogue.ask(len(command), timeout_ms)

    async def _optional(self, command: bytes, timeout_ms: int = _QUICK_MS) -> None:
        """A command that a chip may refuse without harm, such as one that only repeats a default."""
        try:
            await self._command(command, timeout_ms)
        except Pn532Error as error:
            if error.code != REJECTED:
                raise

    def _answer(self, count: int) -> memoryview:
        offset = self._dialogue.offset
        return self._dialogue.answer[offset : offset + count]
