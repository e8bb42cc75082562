"""The phone page as a key of the real firmware: over the simulated air, in a browser, from a blank controller on.

Nothing is faked but the car, the cards and the browser's radio, which is bridged to the air call by call.
"""

import asyncio
import tempfile

import pytest
from fakes.bench_owner import SETTLED_S
from fakes.bench_process import ROOT, bench
from fakes.phone_page import browser, phone, run, soon
from fakes.web_bluetooth import OnAir, WebBluetooth
from playwright.async_api import expect

pytestmark = pytest.mark.browser

PICTURES = ROOT / "build/pictures"
REAL = {"FIRMWARE": "", "MICROPYTHON": "", "RADIO": "simulated"}  # the simulator's own choice
expect.set_options(timeout=10_000)


class Owner:
    """At the car, with cards; and with the phone page in hand."""

    def __init__(self, simulator, radio, page):
        self.simulator = simulator
        self.radio = radio
        self.page = page

    async def see(self, condition, what=""):
        """Waits while the phone goes on."""
        return await asyncio.to_thread(self.simulator.wait, condition, what)

    async def do(self, path, **order):
        await asyncio.to_thread(self.simulator.post, path, order)

    async def tap(self, card):
        before = (await self.see(lambda state: True))["verdicts"]
        await self.do("card", tap=card)
        await self.see(lambda state: state["verdicts"][: len(before)] != before, "a verdict on the card")
        await self.see(lambda state: not any(card["in_field"] for card in state["cards"]), "the hand lets go")

    async def enrolment(self, name):
        await self.see(lambda state: state["controller"] and state["controller"]["enrolment"] == name, name)
        await asyncio.sleep(SETTLED_S)

    async def bolt(self, position):
        await self.see(lambda state: state["car"]["bolt"] == position and not state["car"]["driven"], position)

    async def press(self):
        await self.page.locator("#press").click()

    async def reads(self, state, does):
        await soon(self.page, "#state", state)
        await soon(self.page, "#press-label", does)
        await expect(self.page.locator("#state")).to_have_text(state)
        await expect(self.page.locator("#press")).to_have_accessible_name(does)

    async def told(self, text):
        await soon(self.page, "#notice", text)
        await expect(self.page.locator("#notice")).to_contain_text(text)

    async def picture(self, name):
        await self.page.screenshot(path=PICTURES / f"phone-story-{name}.png", full_page=True)


def test_a_phone_page_is_a_key_of_the_real_firmware():
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, bench(folder, **REAL) as simulator:
        run(_life(simulator))
        assert simulator.state()["car"]["violations"] == []


async def _life(simulator):
    state = await asyncio.to_thread(simulator.wait, lambda state: (state["controller"] or {}).get("vin"), "its name")
    link = simulator.page + "phone/#vin={vin}&key={vehicle_key}".format(**state["controller"])
    air = OnAir(int(state["simulator"]["air"].split(":")[1]))
    async with browser() as chromium:
        async with phone(chromium, simulator.page, None, width=1280) as page:
            await expect(page.get_by_role("link", name="Phone key of this car")).to_have_attribute("href", link)
        radio = WebBluetooth(air)
        async with phone(chromium, link, radio, keeps=True) as page:
            owner = Owner(simulator, radio, page)
            await claim(owner)
            for chapter in (meets_the_car, is_paired, opens_and_locks, is_refused, goes_away, sees_a_new_start):
                await chapter(owner)
            radio = WebBluetooth(air)
            async with phone(chromium, link, radio) as page:
                await removes_another_phone(owner, Owner(simulator, radio, page))
        async with phone(chromium, simulator.page, None, width=1280) as page:
            await expect(page.locator("#feed")).to_contain_text("asked to unlock")


async def claim(owner):
    await owner.do("car", button=True)
    await owner.enrolment("claim")
    await owner.do("car", button=False)
    await owner.tap("Owner 1")
    await owner.enrolment("claim-second")
    await owner.tap("Owner 2")
    await owner.see(lambda state: state["controller"]["claimed"] and state["controller"]["enrolment"] == "closed")


async def meets_the_car(owner):
    await owner.reads("Not connected", "Find the car")
    await owner.press()
    await owner.reads("Not a key yet", "Pair")
    await owner.press()
    await owner.told("takes no new key now")
    await owner.reads("Not a key yet", "Pair")


async def enrolment_opens(owner):
    await owner.do("car", button=True)
    await owner.tap("Owner 1")
    await owner.enrolment("open")
    await owner.do("car", button=False)


async def is_paired(owner):
    """As an owner: the cabin button is held at the tap that confirms."""
    await enrolment_opens(owner)
    await owner.press()
    await expect(owner.page.locator("#countdown")).to_be_visible()
    await owner.enrolment("pinned")
    state = await owner.see(lambda state: state["controller"]["enrolment"] == "pinned", "pinned")
    assert state["controller"]["pinned"] == await owner.page.locator("#own-id").text_content()
    await owner.picture("pinned")
    await owner.do("car", button=True)
    await owner.tap("Owner 1")
    await owner.do("car", button=False)
    await owner.told("is a key of the car now")
    await owner.reads("Locked", "Unlock")
    await expect(owner.page.locator("#settings-offline")).to_contain_text("works without internet")


async def opens_and_locks(owner):
    await owner.press()
    await owner.bolt("unlocked")
    await owner.reads("Unlocked", "Lock")
    told = (await owner.see(lambda state: True))["verdicts"]
    verdict = next(row for row in told if row["action"] != "set the clock")  # which the page does beside it
    own = await owner.page.locator("#own-id").text_content()
    assert (verdict["source"], verdict["action"], verdict["accepted"], verdict["id"]) == ("phone", "unlock", True, own)
    await owner.picture("unlocked")
    await owner.press()
    await owner.bolt("locked")
    await owner.reads("Locked", "Unlock")
    await owner.tap("Owner 2")  # somebody else opens it: the page sees it without being asked
    await owner.reads("Unlocked", "Lock")
    await owner.bolt("unlocked")


async def is_refused(owner):
    await owner.page.locator("#orders summary").click()
    trunk = owner.page.get_by_role("button", name="Open trunk")
    await trunk.click()
    await owner.told("The trunk is released")
    await owner.see(lambda state: state["car"]["latches"]["trunk"] != "shut", "the trunk springs open")
    await owner.do("car", speed=50)
    await owner.see(lambda state: state["controller"]["moving"], "moving")
    await trunk.click()
    await owner.told("The car is moving")
    await owner.reads("Unlocked", "Lock")
    await owner.picture("refused")
    await owner.do("car", speed=0)
    await owner.see(lambda state: not state["controller"]["moving"], "standing")


async def goes_away(owner):
    await owner.radio.move(False)
    await owner.reads("Out of reach", "Connect")
    await owner.press()
    await owner.reads("Out of reach", "Connect")
    await owner.picture("away")
    await owner.radio.move(True)
    await owner.reads("Unlocked", "Lock")


async def sees_a_new_start(owner):
    """A new start is a new epoch; the page finds back by itself, and its next press counts."""
    await owner.do("faults", power="off")
    await owner.see(lambda state: state["firmware"]["starts"] == 2 and state["controller"], "started again")
    await owner.reads("Unlocked", "Lock")
    await owner.press()
    await owner.bolt("locked")
    await owner.reads("Locked", "Unlock")


async def removes_another_phone(owner, family):
    """A second phone becomes a driver's key and opens; the owner's page takes it off the list, and it is told so."""
    await family.press()
    await family.reads("Not a key yet", "Pair")
    await enrolment_opens(owner)
    await family.press()
    await owner.enrolment("pinned")
    await owner.tap("Owner 1")
    await family.told("is a key of the car now")
    await family.press()
    await family.bolt("unlocked")
    await owner.reads("Unlocked", "Lock")  # both phones see it
    await owner.page.locator("#keys summary").click()
    rows = owner.page.locator("#keys-list li")
    await expect(rows).to_contain_text(["Phone · owner · this phone", "Phone · driver"])
    await owner.picture("keys")
    await rows.get_by_role("button").click()
    await owner.page.get_by_role("button", name="Remove it").click()
    await expect(owner.page.locator("#keys-progress")).to_contain_text("was removed")
    await expect(rows).to_have_count(1)
    await family.press()
    await family.told("no longer a key of this car")
    await family.reads("No longer a key", "Pair")
    await family.bolt("unlocked")
    await family.picture("removed")
