"""The harness over TCP: one firmware at a time, told everything before `ready`, and nothing it sends can end it."""

import asyncio
import contextlib

from latchkey_tools.simulator.harness import Harness
from latchkey_tools.simulator.wire import LINE_LIMIT


class Ear:
    """What the bench would be told."""

    def __init__(self):
        self.heard = []
        self.complaints = []
        self.left = 0
        self.stirred = asyncio.Event()
        self.harness = Harness(lambda: ("in button 0", "ready"), self.hear, self.complain, self.leave)

    def hear(self, message):
        self.heard.append(message)
        self.stirred.set()

    def complain(self, text):
        self.complaints.append(text)
        self.stirred.set()

    def leave(self):
        self.left += 1
        self.stirred.set()

    async def until(self, condition):
        async with asyncio.timeout(5):
            while not condition():
                self.stirred.clear()
                await self.stirred.wait()


@contextlib.asynccontextmanager
async def connection(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def run(scenario):
    async def whole():
        ear = Ear()
        port = await ear.harness.listen("127.0.0.1", 0)
        try:
            await scenario(ear, port)
        finally:
            await ear.harness.close()

    asyncio.run(whole())


def test_a_firmware_is_told_its_inputs_and_then_ready():
    async def scenario(ear, port):
        async with connection(port) as (reader, _):
            assert await reader.readline() == b"in button 0\n"
            assert await reader.readline() == b"ready\n"
            assert ear.harness.send("in button 1")
            assert await reader.readline() == b"in button 1\n"
        await ear.until(lambda: ear.left == 1)
        assert not ear.harness.connected and not ear.harness.send("in button 0")

    run(scenario)


def test_a_newer_firmware_takes_the_place_of_an_older_one():
    async def scenario(ear, port):
        async with connection(port) as (older, _):
            await older.readline()
            async with connection(port) as (newer, writer):
                await newer.readline()
                with contextlib.suppress(ConnectionError):
                    assert await older.read() in (b"ready\n", b"")
                assert ear.left == 1
                writer.write(b"cut\n")
                await ear.until(lambda: ear.heard == [("cut",)])

    run(scenario)


def test_nonsense_is_complained_about_and_the_rest_is_heard():
    async def scenario(ear, port):
        async with connection(port) as (_, writer):
            writer.write(b"\xff\xfe\nstop\n" + b"x" * (LINE_LIMIT + 10) + b"\nstop lock\n")
            await ear.until(lambda: ear.heard)
            assert ear.heard == [("stop", "lock")]
            await ear.until(lambda: len(ear.complaints) == 3)
            assert ear.harness.connected

    run(scenario)


def test_a_firmware_that_does_not_listen_is_let_go():
    async def scenario(ear, port):
        async with connection(port) as (reader, _):
            await reader.readline()
            for _ in range(2_000_000):  # more than any socket buffer; it ends long before
                if not ear.harness.send("in speed 100"):
                    break
                if not ear.harness.connected:
                    break
            assert not ear.harness.connected and ear.left == 1
            assert "does not read" in ear.complaints[0]

    run(scenario)
