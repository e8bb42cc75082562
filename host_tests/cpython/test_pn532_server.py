"""The simulated reader over TCP, and the bridge to a serial port, met with literal frames as a driver sends them."""

import asyncio
import logging
import os
import pty
import time
from collections.abc import Awaitable, Callable

from fakes.reader_host import ACK, SAM_DONE, VERSION, VERSION_IS, WAKE_SAM, ReaderHost
from latchkey_tools.models.pn532_model import Card, Tag
from latchkey_tools.pn532_bridge import PortError, SerialBridge, open_port
from latchkey_tools.pn532_server import ReaderField

TAG = Tag(bytes.fromhex("04112233445566"))
TAG_LISTED = "4b01010044000704112233445566"


def _with_field(story: Callable[[ReaderField], Awaitable[None]]) -> None:
    async def run() -> None:
        field = ReaderField(port=0)
        await field.start()
        try:
            await story(field)
        finally:
            await field.stop()

    asyncio.run(run())


def test_a_card_put_down_is_listed_and_one_taken_away_is_not() -> None:
    async def story(field: ReaderField) -> None:
        host = await ReaderHost.connect(field.port)
        await host.wake()
        assert await host.ask("4a0100") == "4b00"
        field.put(TAG)
        assert field.cards == [TAG]
        assert await host.ask("4a0100") == TAG_LISTED
        field.take_away(TAG)
        assert await host.ask("4a0100") == "4b00"
        await host.close()

    _with_field(story)


def test_the_chip_outlives_its_host_and_a_newer_host_has_the_line() -> None:
    async def story(field: ReaderField) -> None:
        first = await ReaderHost.connect(field.port)
        await first.exchange(WAKE_SAM, ACK + SAM_DONE)
        await first.close()
        second = await ReaderHost.connect(field.port)
        await second.exchange(VERSION, ACK + VERSION_IS)
        third = await ReaderHost.connect(field.port)
        await third.exchange(VERSION, ACK + VERSION_IS)
        async with asyncio.timeout(5):
            assert await second.reader.read() == b""
        await second.close()
        await third.close()

    _with_field(story)


def test_faults_come_and_go_and_the_reset_pin_cures_a_hang() -> None:
    async def story(field: ReaderField) -> None:
        host = await ReaderHost.connect(field.port)
        field.fault("dead", -1)
        host.writer.write(WAKE_SAM)
        assert await host.silent()
        field.clear_faults()
        await host.exchange(WAKE_SAM, ACK + SAM_DONE)
        field.fault("hang", -1)
        host.writer.write(VERSION)
        assert await host.silent()
        field.reset()
        host.writer.write(VERSION)
        assert await host.silent()
        await host.exchange(WAKE_SAM, ACK + SAM_DONE)
        field.power_cycle()
        host.writer.write(VERSION)
        assert await host.silent()
        await host.close()

    _with_field(story)


def test_a_card_that_fails_is_logged_and_the_reader_lives_on() -> None:
    class Broken(Card):
        uid = b"\x04\x01\x02\x03\x04\x05\x06"

        def transceive(self, apdu: bytes) -> tuple[bytes, int]:
            raise RuntimeError("out of order")

    async def story(field: ReaderField) -> None:
        field.put(Broken())
        host = await ReaderHost.connect(field.port)
        await host.wake()
        await host.ask("4a0100")
        await host.exchange(bytes.fromhex("0000ff04fcd44001b03b00"), ACK)
        assert await host.silent()
        await host.exchange(VERSION, ACK + VERSION_IS)
        await host.close()

    seen: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("latchkey_tools.pn532_server")
    logger.addHandler(handler)
    try:
        _with_field(story)
    finally:
        logger.removeHandler(handler)
    assert "a card in the field failed" in seen


def test_an_idle_reader_costs_no_processor_time() -> None:
    async def story(field: ReaderField) -> None:
        await asyncio.sleep(0.05)
        before = time.process_time()
        await asyncio.sleep(0.4)
        assert time.process_time() - before < 0.1

    _with_field(story)


def test_a_taken_port_is_named() -> None:
    async def story(field: ReaderField) -> None:
        second = ReaderField(port=field.port)
        try:
            await second.start()
        except OSError as error:
            assert f"127.0.0.1:{field.port}" in str(error)
        else:
            raise AssertionError("two listen at one port")

    _with_field(story)


def test_the_bridge_carries_bytes_both_ways() -> None:
    async def run() -> None:
        chip_end, port_end = pty.openpty()
        bridge = SerialBridge(os.ttyname(port_end), port=0)
        await bridge.start()
        host = await ReaderHost.connect(bridge.port)
        every_byte = bytes(range(256))
        host.writer.write(every_byte)
        got = b""
        async with asyncio.timeout(5):
            while len(got) < 256:
                got += await asyncio.to_thread(os.read, chip_end, 256)
            assert got == every_byte
            os.write(chip_end, every_byte)
            assert await host.reader.readexactly(256) == every_byte
        await host.close()
        await bridge.stop()
        os.close(chip_end)
        os.close(port_end)

    asyncio.run(run())


def test_a_reader_that_was_unplugged_is_found_again(tmp_path: object) -> None:
    async def run() -> None:
        link = os.path.join(str(tmp_path), "reader")
        chip_end, port_end = pty.openpty()
        os.symlink(os.ttyname(port_end), link)
        bridge = SerialBridge(link, port=0)
        await bridge.start()
        host = await ReaderHost.connect(bridge.port)
        os.unlink(link)
        os.close(port_end)
        os.close(chip_end)
        await asyncio.sleep(0.1)
        chip_end, port_end = pty.openpty()
        os.symlink(os.ttyname(port_end), link)
        os.set_blocking(chip_end, False)
        async with asyncio.timeout(10):
            while True:
                host.writer.write(VERSION)
                await asyncio.sleep(0.05)
                try:
                    assert os.read(chip_end, 9) == VERSION
                    break
                except BlockingIOError:
                    continue
        await host.close()
        await bridge.stop()
        os.close(chip_end)
        os.close(port_end)

    asyncio.run(run())


def test_what_is_wrong_with_a_port_is_said_in_words(tmp_path: object) -> None:
    chip_end, port_end = pty.openpty()
    name = os.ttyname(port_end)
    holder = open_port(name)
    plain = os.path.join(str(tmp_path), "plain")
    with open(plain, "w"):
        pass
    expected = {
        "/dev/no-such-port": "there is no such port",
        name: "another program has it open",
        plain: "this is no serial port",
    }
    for path, words in expected.items():
        try:
            open_port(path).close()
        except PortError as error:
            assert str(error).startswith(path + ": ") and words in str(error), error
        else:
            raise AssertionError(path)
    holder.close()
    os.close(chip_end)
    os.close(port_end)
