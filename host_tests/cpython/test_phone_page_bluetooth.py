"""The phone page on Chromium's own Web Bluetooth, with an adapter and a car that DevTools make up.

Chromium's list of devices, its filter by name, connecting, discovery, subscribing, writing and the end of a connection
are the real ones here. DevTools (domain BluetoothEmulation) cannot make the car say anything: what is said goes through
web_bluetooth.py in the other tests.
"""

import asyncio
import base64

import pytest
from fakes.phone import parsed
from fakes.phone_page import browser, phone, run, static_host
from fakes.web_bluetooth import FROM_CAR, SERVICE, TO_CAR
from latchkey.protocol.vehicle_command_identity import local_name
from playwright.async_api import expect

pytestmark = pytest.mark.browser

_VIN = "LATCHKEY000000001"
_CCCD = "00002902-0000-1000-8000-00805f9b34fb"
_ADDRESS = "02:4C:4B:00:00:01"
_OTHER_ADDRESS = "02:4C:4B:00:00:02"


class Emulated:
    """An adapter in reach of two cars, and the person at Chromium's list. `seen`: what Chromium asked of the car."""

    def __init__(self, devices, prompts):
        self._devices = devices
        self._list = prompts
        self.seen = []
        self.written = b""
        self.offered = []
        self.picks = True
        self._turn = asyncio.Lock()
        self._prompts = set()
        self._working = set()
        self._names = {}  # characteristic id -> uuid
        devices.on("BluetoothEmulation.gattOperationReceived", lambda event: self._do(self._operate(event)))
        devices.on("BluetoothEmulation.characteristicOperationReceived", lambda event: self._do(self._value(event)))
        prompts.on("DeviceAccess.deviceRequestPrompted", lambda event: self._do(self._prompt(event)))

    async def begin(self):
        await self._devices.send("BluetoothEmulation.enable", {"state": "powered-on", "leSupported": True})
        await self._list.send("DeviceAccess.enable")
        for address, vin in ((_ADDRESS, _VIN), (_OTHER_ADDRESS, "LATCHKEY000000002")):
            car = {"address": address, "name": local_name(vin.encode()), "manufacturerData": []}
            await self._devices.send(
                "BluetoothEmulation.simulatePreconnectedPeripheral", {**car, "knownServiceUuids": [SERVICE]}
            )

    async def hang_up(self):
        """The car ends the connection."""
        await self._devices.send("BluetoothEmulation.simulateGATTDisconnection", {"address": _ADDRESS})

    def _do(self, work):
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _prompt(self, event):
        """The event comes twice; Chromium can take one answer."""
        if event["id"] in self._prompts:
            return
        self._prompts.add(event["id"])
        self.offered = [device["id"] for device in event["devices"]]
        if self.picks:
            chosen = {"id": event["id"], "deviceId": event["devices"][0]["id"]}
            await self._list.send("DeviceAccess.selectPrompt", chosen)
        else:
            await self._list.send("DeviceAccess.cancelPrompt", {"id": event["id"]})

    async def _operate(self, event):
        """One after the other: what there is to discover must be there before it is."""
        async with self._turn:
            self.seen.append(event["type"])
            answer = {"address": event["address"], "type": event["type"], "code": 0}
            await self._devices.send("BluetoothEmulation.simulateGATTOperationResponse", answer)
            if event["type"] == "connection":
                await self._grow(event["address"])

    async def _grow(self, address):
        service = await self._devices.send(
            "BluetoothEmulation.addService", {"address": address, "serviceUuid": SERVICE}
        )
        for uuid, properties in (
            (TO_CAR, {"write": True, "writeWithoutResponse": True}),
            (FROM_CAR, {"indicate": True}),
        ):
            about = {"serviceId": service["serviceId"], "characteristicUuid": uuid, "properties": properties}
            made = await self._devices.send("BluetoothEmulation.addCharacteristic", about)
            self._names[made["characteristicId"]] = uuid
            if "indicate" in properties:
                about = {"characteristicId": made["characteristicId"], "descriptorUuid": _CCCD}
                await self._devices.send("BluetoothEmulation.addDescriptor", about)

    async def _value(self, event):
        self.seen.append((self._names[event["characteristicId"]], event["type"], event.get("writeType", "")))
        if event["type"] == "write":
            self.written += base64.b64decode(event["data"])
        answer = {"characteristicId": event["characteristicId"], "type": event["type"], "code": 0}
        await self._devices.send("BluetoothEmulation.simulateCharacteristicOperationResponse", answer)


def test_chromiums_own_bluetooth():
    async def story(host):
        async with (
            browser("--enable-experimental-web-platform-features") as chromium,
            phone(chromium, f"{host.url}#vin={_VIN}", None) as page,
        ):
            devices = await chromium.new_browser_cdp_session()
            emulated = Emulated(devices, await page.context.new_cdp_session(page))
            await emulated.begin()
            await meets(page, emulated)

    with static_host() as host:
        run(story(host))


async def meets(page, emulated):
    press, state, notice = (page.locator(one) for one in ("#press", "#state", "#notice"))
    await expect(press).to_have_accessible_name("Find the car")
    emulated.picks = False
    await press.click()
    await expect(notice).to_contain_text("No car was picked")
    emulated.picks = True
    await press.click()
    while not emulated.written:
        await asyncio.sleep(0.01)
    assert emulated.offered == [_ADDRESS]  # not the other car, which is as near
    assert emulated.seen == [
        "connection",
        "discovery",
        (FROM_CAR, "subscribe-to-notifications", ""),
        (TO_CAR, "write", "write-with-response"),
    ]
    length, greeting = int.from_bytes(emulated.written[:2], "big"), emulated.written[2:]
    fields = parsed(greeting, messages=((6,), (7,), (14,)))
    assert length == len(greeting) and fields[(6, 1)] == 2 and len(fields[(14, 1)]) == 65
    await expect(state).to_have_text("Looking for the car")
    await emulated.hang_up()
    await expect(state).to_have_text("Out of reach")
