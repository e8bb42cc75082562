"""The transports for SPI and I2C, access by access: how a frame is found, read and asked for again."""

import asyncio

from fakes.buses import KINDS, SpiPort, Wired
from fakes.reader_bench import EchoCard
from fakes.virtual_time import VirtualTime
from latchkey.drivers import pn532_error
from latchkey.drivers.pn532 import Pn532
from latchkey.drivers.pn532_error import Pn532Error
from latchkey.drivers.pn532_frame import DATA, NONE, Decoder
from latchkey.drivers.pn532_i2c import I2c
from latchkey.drivers.pn532_listing import Card
from latchkey.drivers.pn532_packet import end_of_frame
from latchkey.drivers.pn532_spi import Spi
from pn532_model.spi import Pn532Spi

_ACK = bytes.fromhex("0000ff00ff00")
_NACK = bytes.fromhex("0000ffff0000")
_ERROR = bytes.fromhex("0000ff01ff7f8100")
_VERSION_IS = bytes.fromhex("0000ff06fad50332010607e800")
_SAM = bytes.fromhex("0000ff05fbd4140114010200")


def _extended(size):
    body = b"\xd5" + bytes(size - 1)
    head = bytes([0, 0, 0xFF, 0xFF, 0xFF, size >> 8, size & 0xFF, -(size >> 8) - size & 0xFF])
    return head + body + b"\x2b\x00"


def _found(data):
    """What end_of_frame says of each beginning of `data`."""
    view = memoryview(bytearray(data))
    return [end_of_frame(view, count) for count in range(len(data) + 1)]


def test_the_end_of_a_frame_is_told_from_its_header():
    for frame in (_ACK, _NACK, _ERROR, _VERSION_IS):
        ends = _found(frame)
        assert ends[:5] == [0] * 5
        assert ends[5:] == [len(frame)] * (len(ends) - 5)


def test_an_extended_header_is_asked_for_before_its_frame():
    for size in (255, 256, 265):
        frame = _extended(size)
        ends = _found(frame[:20])
        assert ends[5:8] == [8] * 3 and ends[8:] == [len(frame)] * 13


def test_noise_before_a_frame_is_passed_over():
    for noise in (b"\x80\x55\x00\xff\x13", b"\x00" * 9, b"\xff\x00\xff\x12\x34", b"\x00\xff\x06\xfb"):
        data = noise + _VERSION_IS
        assert _found(data)[-1] == len(data)
    for noise in (b"", b"\x00", b"\x00\xff", b"\x55" * 30, b"\x00\xff\xff\xff\x01\x0a\xf4\x00\x00"):
        assert _found(noise)[-1] == 0
    assert _found(b"\x00\xff\xff\xff\x01\x0a\xf5\x00\x00")[-1] == 0  # 266 bytes are no frame


def _chip(kind):
    time = VirtualTime()
    wired = Wired(time, kind)
    return time, wired, Pn532(wired.transport(), time)


def test_each_way_to_the_chip_is_set_up_and_asked():
    for kind in KINDS:
        time, _, chip = _chip(kind)
        time.run(chip.start(), 2_000)
        assert chip.firmware == bytes.fromhex("32010607")
        assert time.elapsed_ms <= (150 if kind == "spi lsb" else 60)


def test_the_order_of_bits_costs_one_command_and_only_once():
    for kind, commands in (("spi", 1), ("spi lsb", 1)):
        time, wired, chip = _chip(kind)
        time.run(chip.start(), 2_000)
        assert wired.model.commands[0x14] == commands
        wired.bus.reset(True)
        wired.bus.reset(False)
        began = time.elapsed_ms
        time.run(chip.start(), 2_000)
        assert time.elapsed_ms - began <= 60
        assert wired.model.commands[0x14] == commands + 1


def _exchanged(kind, size):
    """What an answer of `size` bytes takes: (ms, us on the bus)."""
    time, wired, chip = _chip(kind)
    wired.model.put(EchoCard(delay_ms=0))
    answer = bytearray(size)
    apdu = bytes([at & 0xFF for at in range(size - 2)])

    async def story():
        await chip.start()
        await chip.field(True)
        assert await chip.list(Card())
        began = time.elapsed_ms, wired.port.line.spent_us
        assert await chip.exchange(apdu, answer, 1_000) == size
        assert bytes(answer) == apdu + b"\x90\x00"
        return time.elapsed_ms - began[0], wired.port.line.spent_us - began[1]

    return time.run(story(), 5_000)


def test_answers_of_all_lengths_on_all_buses():
    for kind in KINDS:
        for size in (3, 38, 39, 67, 250, 252, 253, 254, 262):
            _exchanged(kind, size)


def test_a_long_answer_is_read_twice_on_i2c_and_once_on_spi():
    read_us = []
    for kind in ("spi", "i2c"):
        short, long = _exchanged(kind, 38), _exchanged(kind, 39)
        read_us.append(long[1] - short[1])
        assert _exchanged(kind, 67)[0] <= 30
    assert read_us[0] < 100 and read_us[1] > 49 * 22, read_us


class _Log:
    """A bus that notes what is done to it."""

    def __init__(self, port, names):
        self.done = []
        for name in names:
            setattr(self, name, self._noting(name, getattr(port, name)))

    def _noting(self, name, method):
        def noted(*given):
            self.done.append((name, len(given[-1])))
            return method(*given)

        return noted


def test_a_look_at_spi_is_one_status_and_a_frame_is_one_select():
    time = VirtualTime()
    wired = Wired(time, "spi")
    log = _Log(wired.port, ("write", "readinto", "write_readinto"))
    select = wired.port.selects[0]
    edges = []

    class Select:
        def value(self, level):
            edges.append((level, len(log.done)))
            select.value(level)

    transport = Spi(log, Select())
    decoder = Decoder()

    async def story():
        await transport.wake()
        await transport.send(_SAM)
        log.done.clear()
        edges.clear()
        assert transport.receive(decoder) == 0
        assert log.done == [("write_readinto", 2)] and [level for level, _ in edges] == [0, 1]
        await asyncio.sleep_ms(1)
        log.done.clear()
        edges.clear()
        assert transport.receive(decoder) == 6
        assert log.done == [("write_readinto", 2), ("write", 1), ("readinto", 6)]
        assert edges == [(0, 0), (1, 1), (0, 1), (1, 3)]
        await asyncio.sleep_ms(1)
        log.done.clear()
        assert transport.receive(decoder) == 9
        assert log.done[1:] == [("write", 1), ("readinto", 6), ("readinto", 3)]

    time.run(story())


def test_a_look_at_i2c_is_one_byte_and_a_frame_is_one_read():
    time = VirtualTime()
    wired = Wired(time, "i2c")
    log = _Log(wired.port, ("writeto", "readfrom_into"))
    transport = I2c(log)
    decoder = Decoder()

    async def story():
        await transport.wake()
        await transport.send(_SAM)
        log.done.clear()
        assert transport.receive(decoder) == 0
        assert log.done == [("readfrom_into", 1)]
        await asyncio.sleep_ms(1)
        log.done.clear()
        assert transport.receive(decoder) == 7
        assert log.done == [("readfrom_into", 1), ("readfrom_into", 9)]
        await asyncio.sleep_ms(1)
        log.done.clear()
        assert transport.receive(decoder) == 10
        assert log.done == [("readfrom_into", 1), ("readfrom_into", 49)]
        assert decoder.next() != NONE and decoder.next() == DATA

    time.run(story())


def test_the_interrupt_line_spares_the_bus():
    for kind in ("spi", "i2c"):
        transfers = []
        for irq in ("", " irq"):
            time, wired, chip = _chip(kind + irq)
            wired.model.put(EchoCard(delay_ms=150))

            async def story(wired=wired, chip=chip, transfers=transfers):
                await chip.start()
                await chip.field(True)
                await chip.list(Card())
                began = wired.port.line.transfers
                await chip.exchange(b"\x80\x04", bytearray(20), 500)
                transfers.append(wired.port.line.transfers - began)

            time.run(story(), 5_000)
        assert transfers[1] * 4 < transfers[0], transfers


def test_a_chip_that_does_not_acknowledge_while_it_is_busy_is_asked_again():
    for nacks in (1, 10, 40):
        time, wired, chip = _chip("i2c")
        time.run(chip.start(), 2_000)
        wired.bus.fault("nack", nacks)
        time.run(chip.probe(), 2_000)
    wired.bus.fault("nack", -1)
    try:
        time.run(chip.probe(), 2_000)
        raise AssertionError("answered")
    except Pn532Error as error:
        assert error.code == pn532_error.BUS


def test_a_clock_that_is_held_as_long_as_the_data_sheet_allows():
    time, wired, chip = _chip("i2c")
    wired.bus.fault("stretch", -1, 1_000)
    time.run(chip.start(), 2_000)


def test_a_bus_that_hangs_is_given_up_after_three_accesses():
    time, wired, chip = _chip("i2c")
    time.run(chip.start(), 2_000)
    wired.bus.fault("shorted", -1)
    began = wired.port.line.transfers
    try:
        time.run(chip.probe(), 2_000)
        raise AssertionError("answered")
    except Pn532Error as error:
        assert error.code == pn532_error.BUS
    assert wired.port.line.transfers - began == 3


def test_two_chips_on_one_spi_do_not_disturb_each_other():
    """Each is woken while the other one is talked to; the port refuses to move a bit while both are selected."""
    time = VirtualTime()
    first, second = Pn532Spi(), Pn532Spi()
    port = SpiPort(time, [first, second])
    chips = [Pn532(Spi(port, pin), time) for pin in port.selects]

    async def busy(chip, offset_ms):
        await asyncio.sleep_ms(offset_ms)
        for _ in range(8):
            await chip.start()
            await chip.probe()

    async def story():
        tasks = [asyncio.create_task(busy(chip, 3 * at)) for at, chip in enumerate(chips)]
        for task in tasks:
            await task

    time.run(story(), 10_000)
    assert first.chip.commands[0x02] == second.chip.commands[0x02] == 16


def test_a_cancelled_wake_up_lets_go_of_the_chip_and_of_the_bus():
    time, wired, chip = _chip("spi")

    async def story():
        task = asyncio.create_task(chip.start())
        await asyncio.sleep_ms(1)
        assert wired.port.selects[0].level == 0
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        assert wired.port.selects[0].level == 1
        await chip.start()

    time.run(story(), 5_000)
    assert chip.firmware
