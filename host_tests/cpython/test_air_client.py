"""bleak over the simulated air, and an unmodified client of bleak's finding and calling the car through it."""

import asyncio
import itertools
import statistics
import time

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakDeviceNotFoundError, BleakError
from bleak_retry_connector import establish_connection
from cryptography.hazmat.primitives.asymmetric import ec
from fakes import radio_cases
from fakes.radio_air import world
from latchkey_tools.air_client import on_air
from latchkey_tools.radio_hci import CENTRALS
from tesla_fleet_api import TeslaBluetooth
from tesla_fleet_api.tesla.vehicle.bluetooth import READ_UUID, SERVICE_UUID, VERSION_UUID, WRITE_UUID

_VIN = "5YJ3E1EA7KF000316"
_NAME = TeslaBluetooth().get_name(_VIN).encode()
_TABLE = ((WRITE_UUID, 0x0C), (READ_UUID, 0x20), (VERSION_UUID, 0x02))
_DATA = radio_cases.FLAGS + b"\x11\x07" + bytes(reversed(bytes.fromhex(SERVICE_UUID.replace("-", ""))))
_RESPONSE = bytes([1 + len(_NAME), 0x09]) + _NAME


def _car(whole):
    """A peripheral that looks like a car; returns the handles of its three characteristics."""
    handles = whole.call("probe_table", SERVICE_UUID, _TABLE)
    whole.call("gatts_set_buffer", handles[0], 512, True)
    whole.call("config", gap_name="\U0001f511 Kestrel")
    whole.call("gap_advertise", 20_000, _DATA, resp_data=_RESPONSE)
    return handles


def _vehicle():
    return TeslaBluetooth().vehicles.createBluetooth(_VIN, ec.generate_private_key(ec.SECP256R1()))


def test_an_unmodified_client_finds_the_car_and_exchanges_frames():
    with world() as whole, on_air(whole.air.hci_port):
        to_car, from_car, _ = _car(whole)

        async def story():
            car = _vehicle()
            device = await car.find_vehicle()
            assert device.name == _NAME.decode()
            await car.connect()
            heard = []
            car._buffer.receive_data = heard.append
            frame = bytes(range(256)) + bytes(50)  # longer than one write: as bleak does it, in one call
            await car.client.write_gatt_char(WRITE_UUID, frame, True)
            assert await whole.ask("gatts_read", to_car) == frame
            await whole.ask("gatts_indicate", 0, from_car, b"\x00\x02hi")
            while not heard:
                await asyncio.sleep(0.001)
            assert heard == [bytearray(b"\x00\x02hi")]
            assert car.client.is_connected
            await car.disconnect()
            assert not car.client.is_connected

        whole.wait(story())


def test_the_car_tells_its_name():
    with world() as whole, on_air(whole.air.hci_port):
        _car(whole)

        async def story():
            phone = TeslaBluetooth()
            device = await BleakScanner.find_device_by_name(_NAME.decode())
            return await phone.query_display_name(device)

        assert whole.wait(story()) == "Kestrel"


def test_scanning_keeps_to_its_filter_and_its_time():
    with world() as whole, on_air(whole.air.hci_port):
        _car(whole)

        async def story():
            found = await BleakScanner.discover(timeout=0.15, service_uuids=[SERVICE_UUID], return_adv=True)
            ((device, told),) = found.values()
            assert device.name == told.local_name == _NAME.decode()
            assert told.service_uuids == [SERVICE_UUID]
            other = "00000311-b2d1-43f0-9b88-960cebf8b91e"
            assert await BleakScanner.discover(timeout=0.15, service_uuids=[other]) == []
            assert await BleakScanner.find_device_by_name("elsewhere", timeout=0.15) is None

        whole.wait(story())


def test_the_end_of_a_connection_is_told():
    with world() as whole, on_air(whole.air.hci_port):
        _car(whole)
        gone = []

        async def story():
            device = await BleakScanner.find_device_by_name(_NAME.decode())
            client = BleakClient(device, disconnected_callback=gone.append)
            await client.connect()
            with pytest.raises(BleakError):
                await client.connect()
            with pytest.raises(BleakError):
                await client.write_gatt_char(WRITE_UUID, bytes(client.mtu_size - 2), False)
            with pytest.raises(BleakError):
                await client.write_gatt_char(VERSION_UUID, b"x", True)
            await whole.ask("gap_disconnect", 0)
            while not gone:
                await asyncio.sleep(0.001)
            assert gone == [client] and not client.is_connected
            with pytest.raises(BleakError):
                await client.write_gatt_char(WRITE_UUID, b"x", True)
            await whole.ask("gap_advertise", 20_000)
            await client.connect()
            await client.disconnect()
            assert gone == [client] * 2

        whole.wait(story())


def test_a_car_that_is_not_there_is_not_found():
    with world() as whole, on_air(whole.air.hci_port):

        async def story():
            with pytest.raises(BleakDeviceNotFoundError):
                await BleakClient("02:4C:4B:00:00:00", timeout=0.2).connect()
            await whole.ask("probe_table", SERVICE_UUID, _TABLE)
            await whole.ask("gap_advertise", 20_000)
            async with BleakClient("02:4C:4B:00:00:00") as client:
                assert client.is_connected

        whole.wait(story())


def test_whoever_gives_up_half_way_is_not_on_the_air_any_more():
    """Once more often than the air has room for: whatever stayed behind would take the last place."""
    with world() as whole, on_air(whole.air.hci_port):
        _car(whole)

        async def give_up(after_s):
            client = BleakClient("02:4C:4B:00:00:00")
            connecting = asyncio.create_task(client.connect())
            await asyncio.sleep(after_s)
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            if client.is_connected:
                await client.disconnect()
            await whole.ask("gap_advertise", 20_000)
            return connecting.cancelled()

        moments, given_up = itertools.cycle(range(12)), 0
        while given_up <= CENTRALS:
            given_up += whole.wait(give_up(next(moments) * 0.003))

        async def connect():
            async with BleakClient("02:4C:4B:00:00:00") as client:
                return client.is_connected

        assert whole.wait(connect())


def test_the_air_is_bleaks_only_while_it_lasts():
    with on_air(1):
        assert BleakClient("02:4C:4B:00:00:00").backend_id == "air"
    assert BleakClient("02:4C:4B:00:00:00").backend_id != "air"


@pytest.mark.timing
def test_connecting_and_round_trips_take_milliseconds():
    with world() as whole, on_air(whole.air.hci_port):
        _, from_car, _ = _car(whole)

        async def story():
            device = await BleakScanner.find_device_by_name(_NAME.decode())
            began = time.perf_counter()
            client = await establish_connection(BleakClient, device, "car")
            connect_ms = (time.perf_counter() - began) * 1000
            heard = asyncio.Queue()
            await client.start_notify(READ_UUID, lambda sender, data: heard.put_nowait(data))
            times = []
            for _ in range(50):
                began = time.perf_counter()
                await client.write_gatt_char(WRITE_UUID, bytes(181), True)
                await whole.ask("gatts_indicate", 0, from_car, bytes(181))
                await heard.get()
                times.append((time.perf_counter() - began) * 1000)
            return connect_ms, statistics.median(times)

        connect_ms, median_ms = whole.wait(story())
        print(f"connect and discover {connect_ms:.0f} ms; write and indication {median_ms:.1f} ms")
        assert median_ms < 50
