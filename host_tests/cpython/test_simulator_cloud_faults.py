"""The way between car and broker, broken in every manner: what passes, what does not, and that nothing is left."""

import asyncio
import contextlib
import os
import random
import socket

import pytest
from latchkey.protocol.mqtt import Decoder
from latchkey_tools.simulator import cloud_faults, flood
from latchkey_tools.simulator.cloud_faults import DOWN, GARBAGE, HALF_OPEN, MODES, OK, RESET, SLOW, FaultProxy

_SOON_S = 5.0
_QUIET_S = 0.15  # as long as is waited for what must not come


class Echo:
    """A broker that says everything twice over, as far as anybody here can tell. seen: connections so far."""

    def __init__(self):
        self.seen = 0
        self.writers = set()

    async def serve(self, reader, writer):
        self.seen += 1
        self.writers.add(writer)
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        self.writers.discard(writer)
        writer.close()


def live(story):
    """story(way, echo) is a coroutine; afterwards nothing of it is left."""

    async def whole():
        echo = Echo()
        server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
        way = FaultProxy("127.0.0.1", server.sockets[0].getsockname()[1])
        await way.listen(0)
        try:
            await story(way, echo)
        finally:
            await way.close()
            server.close()
            for writer in list(echo.writers):
                writer.transport.abort()
            await asyncio.sleep(0.05)
        assert way.connections == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}

    before = len(os.listdir("/dev/fd"))
    asyncio.run(whole())
    assert len(os.listdir("/dev/fd")) == before


@contextlib.asynccontextmanager
async def car(way):
    reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", way.port), _SOON_S)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def says(line, data):
    reader, writer = line
    writer.write(data)
    return await asyncio.wait_for(reader.readexactly(len(data)), _SOON_S)


async def nothing_comes(line):
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(line[0].read(1), _QUIET_S)


async def is_reset(line):
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(line[0].read(1), _SOON_S)


def test_bytes_pass_whole_and_in_order():
    async def story(way, echo):
        sent = random.Random(1).randbytes(400_000)
        async with car(way) as (reader, writer):
            writer.write(sent)
            assert await asyncio.wait_for(reader.readexactly(len(sent)), _SOON_S) == sent

    live(story)


def test_down_refuses_and_resets_and_is_up_again_on_the_same_port():
    async def story(way, echo):
        async with car(way) as line:
            await says(line, b"hello")
            port = way.port
            await way.switch(DOWN)
            await is_reset(line)
        for _ in range(3):
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
        assert way.broken == 1
        await way.switch(OK)
        async with car(way) as line:
            assert way.port == port and await says(line, b"again") == b"again"

    live(story)


def test_half_open_stands_and_says_nothing_until_it_goes_on():
    async def story(way, echo):
        async with car(way) as old:
            await says(old, b"hello")
            await way.switch(HALF_OPEN)
            old[1].write(b"are you there?")
            await nothing_comes(old)
            async with car(way) as new:
                new[1].write(b"and you?")
                await nothing_comes(new)
                assert echo.seen == 1, "the broker has not heard of it"
                await way.switch(OK)
                assert await asyncio.wait_for(new[0].readexactly(8), _SOON_S) == b"and you?"
            assert await asyncio.wait_for(old[0].readexactly(14), _SOON_S) == b"are you there?"

    live(story)


def test_slow_is_a_byte_at_a_time_and_the_rest_at_once_when_it_is_over(monkeypatch):
    monkeypatch.setattr(cloud_faults, "_BYTE_S", 0.05)

    async def story(way, echo):
        clock = asyncio.get_running_loop().time
        await way.switch(SLOW)
        async with car(way) as (reader, writer):
            began = clock()
            writer.write(bytes(range(200)))
            first = [await asyncio.wait_for(reader.read(100), _SOON_S) for _ in range(6)]
            assert first == [bytes([number]) for number in range(6)]
            assert clock() - began > 5 * 0.05
            await way.switch(OK)
            assert await asyncio.wait_for(reader.readexactly(194), 1) == bytes(range(6, 200))

    live(story)


def test_garbage_for_the_new_and_an_end_for_the_old():
    async def story(way, echo):
        async with car(way) as old:
            await says(old, b"hello")
            await way.switch(GARBAGE)
            await is_reset(old)
        async with car(way) as (reader, writer):
            writer.write(b"\x16\x03\x01")
            noise = await asyncio.wait_for(reader.readexactly(600), _SOON_S)
            assert len(set(noise)) > 100
        assert echo.seen == 1

    live(story)


def test_reset_comes_with_the_first_word():
    async def story(way, echo):
        async with car(way) as old:
            await says(old, b"hello")
            await way.switch(RESET)
            await is_reset(old)
        async with car(way) as new:
            await nothing_comes(new)
            new[1].write(b"\x16")
            await is_reset(new)
        assert echo.seen == 1

    live(story)


def test_an_end_passes_too_and_so_does_a_broker_that_is_not_there():
    async def story(way, echo):
        async with car(way) as line:
            await says(line, b"hello")
            next(iter(echo.writers)).transport.abort()
            await is_reset(line)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            alone = FaultProxy("127.0.0.1", taken.getsockname()[1])
            await alone.listen(0)
            async with car(alone) as line:
                await is_reset(line)
            await alone.close()

    live(story)


def test_little_lies_on_the_way_when_the_car_does_not_fetch_it():
    """What the car has not fetched when a flood ends would reach it for a long time after."""

    async def story(way, echo):
        accepted = 0
        reader, writer = await asyncio.open_connection("127.0.0.1", way.port, limit=1_024)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        await says((reader, writer), b"hello")
        (broker,) = echo.writers
        broker.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        broker.transport.set_write_buffer_limits(high=4_096)
        with contextlib.suppress(TimeoutError):
            while accepted < 4_000_000:  # as if there were no end to what fits
                broker.write(bytes(4_096))
                async with asyncio.timeout(0.3):
                    await broker.drain()
                accepted += 4_096
        writer.transport.abort()
        assert 0 < accepted < 400_000

    live(story)


def test_two_hundred_changes_with_cars_that_come_and_go_leave_nothing(monkeypatch):
    """Whatever a car gets to hear, outside of garbage, is the beginning of what it has said."""
    monkeypatch.setattr(cloud_faults, "_BYTE_S", 0.001)
    monkeypatch.setattr(cloud_faults, "_CONNECT_S", 0.5)
    seen = dict.fromkeys(MODES, 0)

    async def story(way, echo):
        drawn = random.Random(7)
        lines = []
        for step in range(200):
            mode = drawn.choice(MODES)
            await way.switch(mode)
            seen[mode] += 1
            with contextlib.suppress(ConnectionRefusedError):
                lines.append(
                    [*await asyncio.open_connection("127.0.0.1", way.port), step.to_bytes(2, "big") * 40, mode]
                )
            for line in drawn.sample(lines, min(3, len(lines))):
                with contextlib.suppress(ConnectionError):
                    line[1].write(line[2])
            await asyncio.sleep(drawn.choice((0, 0, 0.001, 0.01)))
            while len(lines) > 8:
                await look(lines.pop(drawn.randrange(len(lines))))
        for line in lines:
            await look(line)

    async def look(line):
        reader, writer, word, mode = line
        with contextlib.suppress(ConnectionError, TimeoutError):
            heard = await asyncio.wait_for(reader.read(10_000), 0.01)
            assert mode in (GARBAGE, RESET) or (word * 200).startswith(heard)
        writer.transport.abort()

    live(story)
    assert min(seen.values()) > 20


def test_the_flood_is_mqtt_as_the_controller_takes_it_apart():
    """Its own client writes the packets: are they what they should be?"""
    topic = "latchkey/LATCHKEY123456789/command"
    packet = flood.publish(topic, bytes(flood.PAYLOAD_LEN))
    decoder = Decoder(2_048)
    taken = 0
    view = memoryview(packet)
    while taken < len(packet):
        taken += decoder.feed(view[taken:])
    assert (bytes(decoder.packet.topic), bytes(decoder.packet.payload)) == (topic.encode(), bytes(200))
    assert flood.publish("a", b"b") == b"\x30\x04\x00\x01ab"
    assert flood.connect("me") == b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x00\x00\x02me"
