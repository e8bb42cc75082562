"""The card slot against a vpcd client written from the protocol's text alone, good and bad ones."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from fakes.keycard_vectors import VECTORS
from fakes.reader_host import ReaderHost
from latchkey_tools import vpcd_slot
from latchkey_tools.models.plain_card import KeyCard
from latchkey_tools.pn532_server import ReaderField
from latchkey_tools.vpcd_slot import CardError, CardSlot, VirtualCard, historical_bytes

ATR = bytes.fromhex("3b8c80015500112233445566778899aac1")  # contactless form of PC/SC part 3: 12 historical bytes
HISTORY = "5500112233445566778899aa"


class Vicc:
    """A virtual card: connects, answers control bytes and APDUs. answer: APDU -> R-APDU, or None for silence."""

    def __init__(self, answer: Callable[[bytes], bytes | None], atr: bytes | None = ATR) -> None:
        self.answer = answer
        self.atr = atr
        self.controls: list[int] = []
        self.apdus: list[bytes] = []

    async def connect(self, port: int) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while True:
                size = int.from_bytes(await self.reader.readexactly(2), "big")
                await self._hear(await self.reader.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionError):
            self.writer.close()

    async def _hear(self, message: bytes) -> None:
        if len(message) == 1:
            self.controls.append(message[0])
            if message == b"\x04" and self.atr is not None:
                self.say(self.atr)
            return
        self.apdus.append(message)
        answer = self.answer(message)
        if answer is not None:
            self.say(answer)

    def say(self, message: bytes) -> None:
        self.writer.write(len(message).to_bytes(2, "big") + message)

    async def pull_out(self) -> None:
        self.writer.close()
        await self.gone()

    async def gone(self) -> None:
        async with asyncio.timeout(10):
            await asyncio.gather(self.task)


class Bench:
    """Reader, slot and a host that has woken the PN532; what the slot has logged."""

    def __init__(self) -> None:
        self.field = ReaderField(port=0)
        self.slot = CardSlot(self.field, port=0)
        self.log: list[str] = []

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.002)

    async def tap(self, card: Vicc) -> None:
        await card.connect(self.slot.port)
        await self.until(lambda: self.field.cards)


def _run(story: Callable[[Bench], Awaitable[None]]) -> list[str]:
    bench = Bench()
    handler = logging.Handler()
    handler.emit = lambda record: bench.log.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger(vpcd_slot.__name__)

    async def run() -> None:
        await bench.field.start()
        await bench.slot.start()
        bench.host = await ReaderHost.connect(bench.field.port)
        await bench.host.wake()
        try:
            await story(bench)
        finally:
            await bench.host.close()
            await bench.slot.stop()
            await bench.field.stop()

    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        asyncio.run(run())
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    return bench.log


def test_a_key_card_elsewhere_proves_itself_through_slot_and_reader() -> None:
    key = KeyCard(VECTORS[0].card_private)
    key.activated()

    async def story(bench: Bench) -> None:
        card = Vicc(lambda apdu: key.transceive(apdu)[0])
        await bench.tap(card)
        listed = await bench.host.ask("4a0100")
        assert listed[:16] == "4b01010044200408" and listed[22:] == "1178779102" + HISTORY
        assert await bench.host.ask("400100a404000a7465736c614c6f676963") == "41009000"
        assert await bench.host.ask("40018004000000") == "4100" + VECTORS[0].card_public.hex() + "9000"
        said = await bench.host.ask("4001" + VECTORS[0].apdu.hex())
        assert said == "4100" + VECTORS[0].rapdu.hex()
        assert card.controls == [1, 4, 2]
        await card.pull_out()
        await bench.until(lambda: not bench.field.cards)
        assert await bench.host.ask("0006") == "0101"

    log = _run(story)
    assert any("inserted, ATR 3b8c" in line for line in log) and any(line.endswith("removed") for line in log)


def test_each_activation_resets_the_card() -> None:
    async def story(bench: Bench) -> None:
        card = Vicc(lambda apdu: b"\x90\x00")
        await bench.tap(card)
        for _ in range(3):
            await bench.host.ask("4a0100")
            await bench.host.ask("320100")
        await bench.until(lambda: card.controls == [1, 4, 2, 2, 2])
        await card.pull_out()

    _run(story)


def test_a_second_card_is_switched_off_and_the_first_stays() -> None:
    async def story(bench: Bench) -> None:
        first, second = Vicc(lambda apdu: b"\x90\x00"), Vicc(lambda apdu: b"\x6a\x82")
        await bench.tap(first)
        await second.connect(bench.slot.port)
        await second.gone()
        assert second.controls == [0]
        await bench.host.ask("4a0100")
        assert await bench.host.ask("400100b0000000") == "41009000"
        await first.pull_out()
        await bench.until(lambda: not bench.field.cards)
        third = Vicc(lambda apdu: b"\x6a\x82")
        await bench.tap(third)
        await third.pull_out()

    assert any("turned away" in line for line in _run(story))


def test_a_card_pulled_out_in_the_middle_of_an_exchange_times_out() -> None:
    async def story(bench: Bench) -> None:
        card = Vicc(lambda apdu: None)
        await bench.tap(card)
        await bench.host.ask("4a0100")
        waiting = asyncio.create_task(bench.host.ask("400100b0000000"))
        await bench.until(lambda: card.apdus)
        await card.pull_out()
        assert await waiting == "4101"

    _run(story)


def test_a_silent_card_costs_one_exchange_and_a_log_line() -> None:
    async def story(bench: Bench) -> None:
        card = Vicc(lambda apdu: None if apdu[1] == 0xB0 else b"\x90\x00")
        await bench.tap(card)
        await bench.host.ask("4a0100")
        assert await bench.host.ask("400100b0000000") == "4101"
        card.say(b"\x6f\x00")  # the answer to the first APDU, too late
        assert await bench.host.ask("400100a4040000") == "41009000"
        await card.pull_out()

    before = vpcd_slot._ANSWER_S
    vpcd_slot._ANSWER_S = 0.2
    try:
        log = _run(story)
    finally:
        vpcd_slot._ANSWER_S = before
    assert any("has not answered for 0.2 s" in line for line in log)


def test_a_card_that_owes_too_many_answers_is_not_asked_again() -> None:
    sent: list[bytes] = []
    card = VirtualCard(ATR, sent.append)
    assert [card.transceive(bytes([n])) for n in range(6)] == [None] * 4 + [(b"", 0)] * 2
    assert len(sent) == 4
    for n in range(4):
        assert card.late_answer() is None
        card.heard(bytes([0x90, n]))
    assert card.late_answer() == (b"\x90\x03", 0)


def test_what_is_no_card_is_thrown_out_with_the_reason() -> None:
    async def no_atr(bench: Bench) -> None:
        card = Vicc(lambda apdu: b"\x90\x00", atr=None)
        await card.connect(bench.slot.port)
        await card.gone()
        await bench.until(lambda: bench.slot._writer is None)

    async def browser(bench: Bench) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", bench.slot.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        writer.write_eof()
        await reader.read()
        writer.close()

    def liar(message: bytes) -> Callable[[Bench], Awaitable[None]]:
        async def story(bench: Bench) -> None:
            card = Vicc(lambda apdu: message)
            await bench.tap(card)
            await bench.host.ask("4a0100")
            assert await bench.host.ask("400100b0000000") == "4101"
            await card.gone()
            assert not bench.field.cards

        return story

    async def chatterer(bench: Bench) -> None:
        card = Vicc(lambda apdu: b"\x90\x00")
        await bench.tap(card)
        card.say(b"\x90\x00")
        await card.gone()

    async def bad_atr(bench: Bench) -> None:
        card = Vicc(lambda apdu: b"\x90\x00", atr=b"\x3b\x8c\x80")
        await card.connect(bench.slot.port)
        await card.gone()
        assert not bench.field.cards

    before = vpcd_slot._ATR_S
    vpcd_slot._ATR_S = 0.2
    try:
        for story, words in (
            (no_atr, "no ATR within"),
            (browser, "in the middle of a message"),
            (liar(b"\x90"), "at least 2 bytes"),
            (liar(b""), "without content"),
            (chatterer, "without being asked"),
            (bad_atr, "ATR too short"),
        ):
            log = _run(story)
            assert any(words in line for line in log), (words, log)
    finally:
        vpcd_slot._ATR_S = before


def test_the_slot_closes_with_a_card_in_it() -> None:
    async def run() -> None:
        field = ReaderField(port=0)
        await field.start()
        slot = CardSlot(field, port=0)
        await slot.start()
        card = Vicc(lambda apdu: b"\x90\x00")
        await card.connect(slot.port)
        while not field.cards:
            await asyncio.sleep(0.002)
        await slot.stop()
        await card.gone()
        assert card.controls[-1] == 0
        while field.cards:
            await asyncio.sleep(0.002)
        await field.stop()

    asyncio.run(asyncio.wait_for(run(), 10))


def test_historical_bytes_of_real_atrs() -> None:
    for atr, history in (
        ("3b80800101", ""),
        ("3b8180018080", "80"),
        ("3b8c80015500112233445566778899aac1", "5500112233445566778899aa"),
        ("3bf81300008131fe454a434f5076323431b7", "4a434f5076323431"),  # JCOP 2.4.1, contact
        ("3b00", ""),
        ("3f652500220990009000", "2209900090"),
    ):
        assert historical_bytes(bytes.fromhex(atr)).hex() == history, atr
    for wrong in ("", "3b", "ff00", "3bff", "3b0f0102", "3b8080", "3bf8130000"):
        try:
            historical_bytes(bytes.fromhex(wrong))
        except CardError:
            continue
        raise AssertionError(wrong)
