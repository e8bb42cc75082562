"""A newcomer's first ten minutes, clicked through in a browser on the real firmware: from a blank controller to a
revoked card, a phone that becomes a key and is lost, a power cut and a reader that dies. Nothing is faked but the car,
the cards and the air.
"""

import re
import tempfile
import time

import pytest
from fakes.bench_owner import SETTLED_S
from fakes.bench_process import ROOT, bench
from fakes.browser import chromium, page
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PICTURES = ROOT / "build/pictures"
REAL = {"FIRMWARE": "", "MICROPYTHON": "", "RADIO": "", "BROKER": ""}  # the simulator's own choice


class Newcomer:
    """Does what a person does with the page, and reads what a person reads."""

    def __init__(self, opened, simulator):
        self.page = opened
        self.simulator = simulator

    def told(self, text):
        expect(self.page.locator("#hint-text")).to_contain_text(text, timeout=10_000)

    def lock_is(self, word):
        expect(self.page.locator("#fact-lock dd").first).to_have_text(word, timeout=10_000)

    def decided(self, count, *words):
        """count: decisions on the list by now; words: all of them in the newest ones."""
        expect(self.page.locator("#feed li")).to_have_count(count, timeout=10_000)
        newest = self.page.locator("#feed")
        for word in words:
            expect(newest).to_contain_text(word)

    def tap(self, card):
        before = self.page.locator("#feed li").count()
        self.page.get_by_role("button", name=f"Tap {card}", exact=True).click()
        expect(self.page.locator("#feed li").nth(before)).to_be_attached(timeout=10_000)
        self.simulator.wait(lambda state: not any(card["in_field"] for card in state["cards"]), "the hand lets go")
        return self.page.locator("#feed li").first

    def phone(self, name="Phone 1"):
        """The phone's part of the page."""
        return self.page.locator(f'#phones [data-name="{name}"]')

    def press(self, button, phone="Phone 1"):
        self.page.get_by_role("button", name=f"{button}: {phone}", exact=True).click()

    def phone_says(self, text, phone="Phone 1"):
        expect(self.phone(phone).locator(".screen")).to_contain_text(text, timeout=10_000)

    def fits(self, *widths):
        """Nothing is cut off."""
        size = self.page.viewport_size
        for width in widths:
            self.page.set_viewport_size({**size, "width": width})
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width, width
        self.page.set_viewport_size(size)

    def hold_button(self, seconds):
        self.page.locator("#cabin-button").hover()
        self.page.mouse.down()
        self.page.wait_for_timeout(seconds * 1000)
        self.page.mouse.up()

    def picture(self, name):
        """In build/pictures; story-phone.png is the one that stands in boards/simulator."""
        self.page.screenshot(path=PICTURES / f"story-{name}.png", full_page=True)


def test_from_a_blank_controller_to_a_revoked_key():
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, bench(folder, **REAL) as simulator:
        simulator.running()
        with chromium() as browser, page(browser, simulator.page, 1280, 1000) as opened:
            newcomer = Newcomer(opened, simulator)
            for chapter in (
                claim,
                first_taps,
                drive_away,
                enrol_family,
                revoke_family,
                enrol_a_phone,
                use_the_phone,
                lose_the_phone,
                cut_the_power,
                lose_the_reader,
                crash,
            ):
                chapter(newcomer)
        assert simulator.state()["car"]["violations"] == []


def claim(newcomer):
    newcomer.lock_is("Locked")
    newcomer.told("This car has no owner yet")
    newcomer.hold_button(5.5)
    newcomer.told("Tap Owner 1: the first card")
    expect(newcomer.page.locator("#enrolment")).to_contain_text("first owner card")
    newcomer.tap("Owner 1")
    newcomer.told("Tap Owner 2")
    newcomer.picture("claim")
    newcomer.tap("Owner 2")
    newcomer.told("The car is yours")
    expect(newcomer.page.locator("#keys tbody tr")).to_have_count(2)
    expect(newcomer.page.locator("#keys")).to_contain_text("Owner 2")


def first_taps(newcomer):
    newcomer.tap("Owner 1")
    newcomer.lock_is("Unlocked")
    expect(newcomer.page.locator("#fact-drive")).to_contain_text("Authorised")
    newcomer.told("Now tap the Stranger")
    refusal = newcomer.tap("Stranger")
    expect(refusal).to_contain_text("Refused")
    expect(refusal).to_contain_text("not of this vehicle")
    newcomer.lock_is("Unlocked")
    newcomer.picture("stranger")
    expect(newcomer.tap("Clone of Owner 1")).to_contain_text("claims to be Owner 1")
    expect(newcomer.tap("Transit tag")).to_contain_text("not a key card")
    newcomer.told("Enrol the Family card")


def drive_away(newcomer):
    newcomer.page.get_by_role("button", name="Drive off").click()
    expect(newcomer.page.locator("#fact-drive")).to_contain_text("Driving")
    expect(newcomer.page.locator("#fact-drive")).to_contain_text("50 km/h")
    newcomer.picture("driving")
    newcomer.page.get_by_role("button", name="Stop and park").click()
    expect(newcomer.page.locator("#fact-drive")).to_contain_text("engine off")


def enrol_family(newcomer):
    newcomer.page.get_by_label("Keep it pressed").check()
    newcomer.tap("Owner 1")
    newcomer.told("Enrolment is open")
    newcomer.page.get_by_label("Keep it pressed").uncheck()
    newcomer.tap("Family")
    newcomer.told("is pinned")
    expect(newcomer.page.locator("#enrolment")).to_contain_text("Pinned")
    newcomer.picture("pinned")
    time.sleep(SETTLED_S)
    newcomer.tap("Owner 1")
    newcomer.told("Revoke the Family card")
    expect(newcomer.page.locator("#keys tbody tr")).to_have_count(3)
    newcomer.tap("Family")
    newcomer.lock_is("Locked")


def revoke_family(newcomer):
    newcomer.page.get_by_role("button", name="Revoke Family").click()
    expect(newcomer.page.locator('#keys tr[data-state="revoked"]')).to_contain_text("Family")
    expect(newcomer.tap("Family")).to_contain_text("revoked")
    newcomer.lock_is("Locked")
    newcomer.picture("revoked")


def enrol_a_phone(newcomer):
    newcomer.told("Make Phone 1 a key")
    newcomer.phone_says("No key of this car yet")
    newcomer.press("Unlock")
    newcomer.phone_says("does not know this phone")
    newcomer.page.get_by_label("Keep it pressed").check()
    newcomer.tap("Owner 1")
    newcomer.told("press Pair on Phone 1")
    newcomer.page.get_by_label("Keep it pressed").uncheck()
    newcomer.press("Pair")
    newcomer.told("Phone 1 is pinned")
    own = newcomer.phone().locator(".phone-head code").text_content()
    expect(newcomer.phone().locator(".screen code")).to_have_text(own)
    expect(newcomer.page.locator("#enrolment")).to_contain_text(f"Phone 1 {own}")
    newcomer.picture("phone-pinned")
    time.sleep(SETTLED_S)
    newcomer.tap("Owner 1")
    newcomer.phone_says("This phone is now a key of the car: driver, slot 0.")
    expect(newcomer.page.locator("#keys tbody tr").last).to_contain_text("Phone 1")
    expect(newcomer.page.locator("#keys tbody tr").last).to_contain_text("phone, slot 0")
    expect(newcomer.page.locator("#phones-announcer")).to_contain_text("Phone 1: This phone is now a key")


def use_the_phone(newcomer):
    newcomer.told("Unlock with Phone 1")
    newcomer.press("Unlock")
    newcomer.lock_is("Unlocked")
    newcomer.phone_says("Unlocked.")
    newest = newcomer.page.locator("#feed li").first
    expect(newest).to_contain_text("Phone 1 asked to unlock")
    expect(newest).to_contain_text("Accepted")
    newcomer.told("You have seen it all")
    expect(newcomer.page.locator("#chip-bluetooth")).to_contain_text("advertising · 1 connected")
    vehicle, key = newcomer.page.locator("#vehicle code").all_text_contents()
    controller = newcomer.simulator.state()["controller"]
    assert (vehicle, key) == (controller["vin"], controller["vehicle_key"])
    expect(newcomer.page.locator("#light")).to_contain_text("off")
    newcomer.page.wait_for_timeout(200)  # until its ring has faded
    newcomer.picture("phone")
    newcomer.page.get_by_role("button", name="Copy the car's name").click()
    expect(newcomer.page.get_by_role("button", name="Copy the car's name")).to_have_text(re.compile("Copied|Selected"))
    newcomer.fits(820, 320)
    newcomer.page.get_by_label("Out of range: Phone 1").check()
    newcomer.phone_says("Out of range")
    expect(newcomer.page.locator("#chip-bluetooth")).not_to_contain_text("connected")
    newcomer.page.get_by_label("Out of range: Phone 1").uncheck()
    newcomer.phone().get_by_role("button", name="Trunk: Phone 1").press("Enter")
    newcomer.phone_says("The trunk is being opened.")
    expect(newcomer.page.locator("#fact-doors")).to_contain_text("trunk open")
    newcomer.page.get_by_role("button", name="Close trunk").click()
    newcomer.press("Lock")
    newcomer.lock_is("Locked")


def lose_the_phone(newcomer):
    newcomer.page.get_by_role("button", name="Revoke Phone 1").click()
    newcomer.simulator.wait(lambda state: _phones(state) == [], "the phone is no key any more")
    newcomer.press("Unlock")
    newcomer.phone_says("does not know this phone")
    newcomer.lock_is("Locked")


def _phones(state):
    keys = state["controller"]["keys"]
    return [key["id"] for key in keys if key["kind"] == "phone" and key["state"] == "active"]


def cut_the_power(newcomer):
    """Torn in the middle of a write: everyone is still known, and who was revoked still is."""
    newcomer.page.locator("#cut-write").fill("1")
    newcomer.page.locator("#cut-variant").select_option("half")
    newcomer.page.locator("#arm-cut").click()
    expect(newcomer.page.locator("#armed")).to_contain_text("Armed")
    newcomer.page.get_by_role("button", name="Revoke Owner 2").click()
    newcomer.told("The power is off")
    newcomer.simulator.running(starts=2)
    expect(newcomer.page.locator("#keys tbody tr")).to_have_count(4)
    assert _phones(newcomer.simulator.state()) == []
    expect(newcomer.tap("Family")).to_contain_text("revoked")
    newcomer.tap("Owner 1")
    newcomer.lock_is("Unlocked")


def lose_the_reader(newcomer):
    newcomer.page.locator("#reader-fault").select_option("dead")
    expect(newcomer.page.locator("#chip-reader")).to_contain_text("does not answer", timeout=15_000)
    newcomer.picture("reader-dead")
    newcomer.page.locator("#reader-fault").select_option("none")
    expect(newcomer.page.locator("#chip-reader")).to_contain_text("ready", timeout=15_000)
    # The card was seen just before the reader died: until it has missed a few sweeps it counts as still lying there.
    newcomer.page.wait_for_timeout(1_000)
    newcomer.tap("Owner 1")
    newcomer.lock_is("Locked")


def crash(newcomer):
    newcomer.page.get_by_label("Crash sensor").check()
    newcomer.lock_is("Crash: open")
    newcomer.simulator.wait(lambda state: state["car"]["bolt"] == "unlocked", "the bolt is drawn")
    newcomer.picture("crash")
    newcomer.page.get_by_label("Crash sensor").uncheck()
