"""One dialogue with a PN532: send a command, see it confirmed, take its answer.

The chip confirms a sound command with an ACK within 15 ms and answers when it is done; a command with a wrong checksum
gets no ACK. An ACK from the host makes the chip drop what it is doing, a NACK makes it repeat its last answer, and a
new command replaces the old one (UM0701-02 §6.2.1.3 to 6.2.1.5).

How long an answer took is told from looks at the transport, one in each turn: it came after the last look that did not
find it. So `took_ms` is never too long, however late the loop gets round to it, and too short by a turn at most, a
millisecond where nobody keeps the loop.

An answer counts only after the ACK of its own command. Whatever comes before that ACK belongs to the past, so the late
answer to a command that was given up, cancelled or timed out can never be taken for the answer to the next one.
"""

import asyncio
import time

from micropython import const

from latchkey.drivers.pn532_error import DAMAGED, NO_ACK, REJECTED, TIMEOUT, Pn532Error
from latchkey.drivers.pn532_frame import (
    ACK,
    ACK_FRAME,
    DATA,
    ERROR,
    HEAD,
    MAX_PAYLOAD,
    NACK_FRAME,
    NONE,
    TAIL,
    Decoder,
    seal,
)

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Iterator
    from typing import Protocol

    from latchkey.chip import Clock

    class Transport(Protocol):  # its contract is in pn532_uart
        async def wake(self) -> None: ...
        async def send(self, frame: "bytes | memoryview") -> None: ...
        def receive(self, decoder: Decoder) -> int: ...


_TFI_TO_CHIP = const(0xD4)
_BROKEN = const(-1)  # beside the kinds of frames: one arrived damaged, and nothing more comes

# The chip promises 15 ms. Serial adapters on a PC deliver late, and nfcpy has had good experience with 100.
_ACK_MS = const(100)

# Silence in the middle of an answer after which it will not go on: 500 times what a byte takes at 115200 baud.
_SILENCE_MS = const(50)

# After an abort the chip needs a moment, and what it had begun to send needs to arrive, to be thrown away.
_ABORT_MS = const(5)


class Dialogue:
    """Commands and answers over one transport.

    `command` is where the caller writes a command, from its code on, at most 264 bytes; ask() sends it. The answer is
    answer[offset : offset + returned length], without the answer code, until the next ask().
    """

    def __init__(self, transport: "Transport", clock: "Clock" = time) -> None:
        self._transport = transport
        self._clock = clock
        self._out = bytearray(HEAD + MAX_PAYLOAD + TAIL)
        self._out_view = memoryview(self._out)
        self._out[HEAD] = _TFI_TO_CHIP
        self.command = self._out_view[HEAD + 1 : HEAD + MAX_PAYLOAD]
        self._decoder = Decoder()
        self.answer = self._decoder.view
        self.offset = 0
        self.took_ms = 0  # from handing over the command to its answer
        self._looked_ms = 0  # the last look at the transport, and the one before
        self._before_ms = 0
        self._unsettled = False  # the chip may still be busy with a command whose answer nobody awaits any more
        self._meanwhile: "Iterator[None] | None" = None
        self._deadline = 0
        self._silent_from = 0

    async def wake(self) -> None:
        """Make a sleeping chip listen. raises: Pn532Error(BUS)."""
        await self._transport.wake()

    async def ask(self, length: int, timeout_ms: int, meanwhile: "Iterator[None] | None" = None) -> int:
        """Send the `length` bytes in `command` and wait for the answer; return the answer's length.

        in: timeout_ms counts from the ACK. meanwhile: an iterator that is advanced once for each turn of waiting,
        instead of sleeping, until it ends; none of its steps should take longer than 1 ms.
        raises: Pn532Error; the next ask() first clears up whatever this one left behind, also after a cancellation.
        """
        if self._unsettled:
            await self._abort()
        self._discard()
        begin = seal(self._out, length + 1)
        self._unsettled = True
        await self._transport.send(self._out_view[begin : HEAD + 1 + length + TAIL])
        sent_ms = self._before_ms = self._looked_ms = self._clock.ticks_ms()
        self._meanwhile = meanwhile
        await self._confirmed()
        count = await self._answered(self.command[0] + 1, timeout_ms)
        self.took_ms = self._clock.ticks_diff(self._before_ms, sent_ms)
        self._unsettled = False
        return count

    async def _abort(self) -> None:
        await self._transport.send(ACK_FRAME)
        await asyncio.sleep_ms(_ABORT_MS)

    def _discard(self) -> None:
        """Throw away what is waiting; at most a few buffers full, so that a babbling line cannot hold us here."""
        for _ in range(8):
            self._decoder.clear()
            if not self._transport.receive(self._decoder):
                break
        self._decoder.clear()

    async def _confirmed(self) -> None:
        """Wait for the ACK; everything else that comes first is a leftover."""
        self._start(_ACK_MS)
        failure = NO_ACK
        while True:
            kind = await self._frame()
            if kind == ACK:
                return
            if kind == ERROR:
                failure = REJECTED
            elif kind == NONE:
                raise Pn532Error(failure)

    async def _answered(self, code: int, timeout_ms: int) -> int:
        """Wait for the DATA frame with `code`. A damaged answer is asked for once more."""
        self._start(timeout_ms)
        repeated = False
        while True:
            kind = await self._frame()
            if kind == DATA and self._decoder.buffer[self._decoder.offset] == code:
                self.offset = self._decoder.offset + 1
                return self._decoder.length - 1
            if kind == ERROR:
                self._unsettled = False
                raise Pn532Error(REJECTED)
            if kind == NONE or (kind == _BROKEN and repeated):
                raise Pn532Error(DAMAGED if repeated or self._decoder.damaged else TIMEOUT)
            if kind == _BROKEN:
                repeated = True
                self._decoder.clear()
                await self._transport.send(NACK_FRAME)

    async def _frame(self) -> int:
        """The next frame of any kind; _BROKEN when one broke and silence followed; NONE when the deadline has passed.

        Every look at the transport costs a turn, so that no flood of bytes can keep other tasks from running.
        """
        while True:
            kind = self._decoder.next()
            if kind != NONE:
                return kind
            if self._is_silent():
                if self._decoder.partial:
                    self._decoder.give_up()
                    continue
                if self._decoder.damaged:
                    self._decoder.damaged = 0
                    return _BROKEN
            if self._is_past(self._deadline):
                return NONE
            await self._turn()
            self._before_ms, self._looked_ms = self._looked_ms, self._clock.ticks_ms()
            if self._transport.receive(self._decoder):
                self._heard()

    async def _turn(self) -> None:
        """A step of the other work that was handed in, or 1 ms of sleep."""
        if self._meanwhile is None:
            await asyncio.sleep_ms(1)
            return
        try:
            next(self._meanwhile)
        except StopIteration:
            self._meanwhile = None
        await asyncio.sleep_ms(0)

    def _start(self, timeout_ms: int) -> None:
        """A new wait begins now."""
        self._deadline = self._clock.ticks_add(self._clock.ticks_ms(), timeout_ms)
        self._decoder.damaged = 0
        self._heard()

    def _heard(self) -> None:
        self._silent_from = self._clock.ticks_add(self._clock.ticks_ms(), _SILENCE_MS)

    def _is_silent(self) -> bool:
        return self._is_past(self._silent_from)

    def _is_past(self, ticks: int) -> bool:
        return self._clock.ticks_diff(ticks, self._clock.ticks_ms()) <= 0
