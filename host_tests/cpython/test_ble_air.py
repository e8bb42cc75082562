"""The Bluetooth driver in a MicroPython process over the simulated air, with phones that are Bumble hosts.

It sends each frame back to whoever wrote it: fakes/peripheral_echo.py.
"""

import asyncio
import contextlib

from bleak import BleakClient, BleakScanner
from fakes.radio_air import world
from latchkey_tools.air_client import on_air
from latchkey_tools.radio import ADDRESS, Radio
from latchkey_tools.radio_phone import Phone
from tesla_fleet_api import TeslaBluetooth
from tesla_fleet_api.tesla.vehicle.bluetooth import READ_UUID, SERVICE_UUID, VERSION_UUID, WRITE_UUID

_ECHO = "peripheral_echo.py"
_NAME = "S1a87a5a75f3df858C"


def _frame(size, first=0):
    return (size - 2).to_bytes(2, "big") + bytes([(first + n) & 0xFF for n in range(size - 2)])


async def _heard(port, wanted):
    """The first advertisement under our name that is as connectable as wanted."""
    async with Phone(port) as scanner, contextlib.aclosing(scanner.scan()) as heard:
        async for advertisement in heard:
            if advertisement.name == _NAME and advertisement.connectable == wanted:
                return advertisement


class _Caller:
    """A phone that listens, and waits for as many bytes as it has written."""

    def __init__(self, phone):
        self.phone = phone
        self.heard = b""

    async def begin(self, port, mtu):
        await _heard(port, True)
        await self.phone.connect(ADDRESS + "/P", timeout_s=3, mtu=mtu)
        await self.phone.listen(self.phone.find(READ_UUID), self._hear)

    def _hear(self, data):
        self.heard += bytes(data)

    async def echo(self, frame, size, response):
        for at in range(0, len(frame), size):
            await self.phone.write(self.phone.find(WRITE_UUID), frame[at : at + size], response=response)
        while len(self.heard) < len(frame):
            await asyncio.sleep(0.001)
        heard, self.heard = self.heard, b""
        return heard


def test_four_phones_are_echoed_and_a_fifth_is_told_that_there_is_no_room():
    with world(_ECHO) as whole:
        port = whole.air.hci_port

        async def story():
            async with whole.phone() as a, whole.phone() as b, whole.phone() as c, whole.phone() as d:
                callers = [_Caller(phone) for phone in (a, b, c, d)]
                for caller, mtu in zip(callers, (23, 64, 247, 517), strict=True):
                    await caller.begin(port, mtu)
                assert [caller.phone.mtu for caller in callers] == [23, 64, 247, 256]
                assert (await _heard(port, False)).services == (SERVICE_UUID,)
                frames = [_frame(183, 50 * n) for n in range(4)]
                pairs = list(zip(callers, frames, strict=True))
                assert await asyncio.gather(*[one.echo(data, 18, False) for one, data in pairs]) == frames
                for size in (261, 512):  # longer than an MTU: long writes
                    frames = [_frame(size, 50 * n) for n in range(4)]
                    pairs = list(zip(callers, frames, strict=True))
                    assert await asyncio.gather(*[one.echo(data, 512, True) for one, data in pairs]) == frames
                await b.disconnect()
                await _heard(port, True)

        whole.wait(story())


def test_an_unmodified_client_finds_the_vehicle_its_name_and_its_version():
    with world(_ECHO) as whole, on_air(whole.air.hci_port):

        async def story():
            device = await BleakScanner.find_device_by_name(_NAME)
            assert await TeslaBluetooth().query_display_name(device) == "Kestrel"
            async with BleakClient(device) as client:
                assert await client.read_gatt_char(VERSION_UUID) == b"\x01"

        whole.wait(story())


def test_a_radio_that_goes_and_comes_back_is_found_again():
    with world(_ECHO) as whole:
        place = whole.air.air_port

        async def story():
            async with whole.phone() as phone:
                await _Caller(phone).begin(whole.air.hci_port, 247)
            await whole.air.stop()
            whole.air = Radio(air_port=place, hci_port=0)
            await whole.air.start()
            await whole.air.start_hci()
            async with Phone(whole.air.hci_port) as phone:
                caller = _Caller(phone)
                await caller.begin(whole.air.hci_port, 247)
                assert await caller.echo(_frame(100), 100, True) == _frame(100)

        whole.wait(story())
