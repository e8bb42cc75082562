"""The phone page for every eye: each state in light and dark, narrow and enlarged, with pictures of all of them."""

import pytest
from fakes.bench_process import ROOT
from fakes.phone_page import browser, run, static_host
from latchkey.core import codes
from phone_in_hand import OTHER_KEY, SLOT, in_hand, until
from playwright.async_api import expect

pytestmark = pytest.mark.browser

PICTURES = ROOT / "build/pictures"

_FAULTS = (ROOT / "host_tests/fakes/page_faults.js").read_text()


# Colours do not depend on the width, nor the width on colours. 320 px: 200 % of a 640 px screen; 32 px: 200 % letters.
_WAYS = (("light", 320, "32px"), ("light", 390, "16px"), ("dark", 320, "16px"))
_DARK = ("pairing", "locked", "refused", "unlocked")


class Gallery:
    """Looks at one page in all the ways it may be looked at, and keeps pictures."""

    def __init__(self, hand):
        self.hand = hand
        self.page = hand.page

    async def show(self, name):
        for scheme, width, size in _WAYS:
            await self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await self.page.set_viewport_size({"width": width, "height": 844})
            await self.page.evaluate("(size) => (document.documentElement.style.fontSize = size)", size)
            assert await self.page.evaluate(_FAULTS) == [], (name, scheme, width, size)
            if (scheme, size) == ("light", "16px") or (scheme == "dark" and name in _DARK):
                await self.page.screenshot(path=PICTURES / f"phone-{name}-{scheme}.png", full_page=True)


def test_every_state_can_be_seen():
    async def story(host):
        PICTURES.mkdir(parents=True, exist_ok=True)
        async with browser() as chromium:
            async with in_hand(chromium, host, False, False) as hand:
                await before_it_is_a_key(hand, Gallery(hand))
            async with in_hand(chromium, host) as hand:
                await as_a_key(hand, Gallery(hand))

    with static_host() as host:
        run(story(host))


async def before_it_is_a_key(hand, gallery):
    await hand.page.locator("#settings summary").click()
    await hand.page.locator("#where summary").click()
    await gallery.show("away")
    await hand.page.get_by_role("button", name="Use another car").click()
    await hand.page.get_by_role("button", name="Use this car").click()
    await expect(hand.page.locator("#vin-wrong")).to_contain_text("17 letters and digits")
    await gallery.show("setup")
    await hand.page.get_by_role("button", name="Cancel").click()
    await hand.page.locator("#settings summary").click()
    await hand.page.locator("#where summary").click()
    hand.beyond.silent = True
    await hand.press()
    await hand.pass_ms(1_500)
    await gallery.show("connecting")
    await hand.pass_ms(11_000)
    await hand.reads("Out of reach", "Connect")
    await gallery.show("out-of-reach")
    hand.beyond.silent = False
    await hand.pass_ms(13_000)
    await hand.press()
    await hand.reads("Not a key yet", "Pair")
    await gallery.show("stranger")
    await hand.press()
    await until(lambda: hand.world.shown)
    await hand.pass_ms(2_000)
    await expect(hand.page.locator("#countdown")).to_be_visible()
    await gallery.show("pairing")


async def as_a_key(hand, gallery):
    await gallery.show("locked")
    hand.world.verdicts[codes.UNLOCK] = codes.CRASHED
    await hand.press()
    await hand.told("The car declines for now")
    await gallery.show("refused")
    del hand.world.verdicts[codes.UNLOCK]
    hand.beyond.deaf = True
    await hand.press()
    await until(lambda: hand.world.done)
    await hand.pass_ms(1_500)
    await gallery.show("busy")
    asked = len(hand.radio.written)
    await hand.pass_ms(4_000)
    await until(lambda: len(hand.radio.written) > asked)
    await hand.pass_ms(5_500)
    await hand.reads("State unknown", "Unlock")
    await gallery.show("unknown")
    hand.beyond.deaf = False
    await hand.press()
    await hand.reads("Unlocked", "Lock")
    await hand.page.locator("#orders summary").click()
    await hand.order("Open trunk")
    await hand.told("The trunk is released")
    hand.world.enrol(SLOT + 1, OTHER_KEY, codes.DRIVER)
    hand.world.roles[SLOT] = codes.OWNER
    await hand.page.locator("#keys summary").click()
    await expect(hand.page.locator("#keys-list li")).to_have_count(2)
    await gallery.show("unlocked")
    await hand.page.locator("#settings summary").click()
    await hand.page.get_by_role("button", name="Forget this key").click()
    await expect(hand.page.get_by_role("dialog")).to_be_visible()
    await gallery.show("dialog")
