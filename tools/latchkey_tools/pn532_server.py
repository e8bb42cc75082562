"""The simulated reader: a PN532 model in real time behind a TCP port, and the cards that lie on it.

    reader = ReaderField()                      # 127.0.0.1:35901; port=0 lets the system choose, see reader.port
    await reader.start()
    reader.put(card)                            # models.pn532_model.Card says what a card is; cards.py has a wallet
    reader.take_away(card)
    reader.cards                                # list, in the order in which they were put there
    reader.fault("hang", -1)                    # a name of FAULTS, how often; -1: until cleared
    reader.clear_faults()
    reader.reset()                              # the reset pin pulled and let go: the chip forgets everything
    reader.power_cycle()                        # the reader's supply interrupted: the same without the pin
    reader.answered_s                           # when it said its last word that was more than an ACK, time.monotonic()
    reader.on_answer = note                     # called with that time whenever it has changed
    await reader.stop()

The firmware connects as a driver opens a UART and sends host frames (HSU). The chip outlives its host: a restarted
firmware finds it as the last one left it, as on a board. All methods are for the event loop's own thread. A card whose
code fails is logged and counts as silent. For a real PN532 on a serial port see pn532_bridge.py.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from latchkey_tools.host_line import HostLine
from latchkey_tools.models.pn532_model import Card, Pn532Model

PORT = 35901
_ACK_LEN = 6
log = logging.getLogger(__name__)


class ReaderField:
    """A PN532 with its field, reachable over TCP."""

    def __init__(self, host: str = "127.0.0.1", port: int = PORT) -> None:
        self._chip = Pn532Model()
        self._line = HostLine("reader", host, port, self._hear)
        self._stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.answered_s: float | None = None
        self.on_answer: Callable[[float], None] | None = None

    @property
    def port(self) -> int:
        """Port on which it listens."""
        return self._line.port

    @property
    def cards(self) -> list[Card]:
        """Cards in the field."""
        return self._chip.cards

    async def start(self) -> None:
        """Listen and let the chip's time run. Raises OSError when the address is taken."""
        await self._line.start()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End the connection and the chip's time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._line.stop()

    def put(self, card: Card) -> None:
        """Lay a card on the reader."""
        self._chip.put(card)
        self._stirred.set()

    def take_away(self, card: Card) -> None:
        """Take a card from the reader; nothing happens when it does not lie there."""
        self._chip.take_away(card)
        self._stirred.set()

    def fault(self, name: str, times: int = 1, argument: int = 0) -> None:
        """Let something go wrong. Raises ValueError for a name that is not in FAULTS."""
        self._chip.fault(name, times, argument)
        self._stirred.set()

    def clear_faults(self) -> None:
        """Let everything work again."""
        self._chip.clear_faults()
        self._stirred.set()

    def reset(self) -> None:
        """Pulse the reset pin."""
        self._chip.reset(True)
        self._chip.reset(False)
        self._stirred.set()

    def power_cycle(self) -> None:
        """Interrupt the reader's supply."""
        self._chip.power_cycle()
        self._stirred.set()

    def _hear(self, data: bytes) -> None:
        self._advance()
        self._chip.feed(data)
        self._stirred.set()

    def _advance(self) -> None:
        now_ms = time.monotonic_ns() // 1_000_000
        try:
            self._chip.tick(now_ms)
        except Exception:
            log.exception("a card in the field failed")
        if out := self._chip.take():
            if len(out) > _ACK_LEN:
                self.answered_s = time.monotonic()
                if self.on_answer is not None:
                    self.on_answer(self.answered_s)
            self._line.write(out)

    async def _run(self) -> None:
        while True:
            self._stirred.clear()
            self._advance()
            wait_ms = self._chip.wait_ms()
            try:
                async with asyncio.timeout(None if wait_ms is None else max(wait_ms, 1) / 1000):
                    await self._stirred.wait()
            except TimeoutError:
                pass
