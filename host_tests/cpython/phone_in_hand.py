"""The phone page in a browser, beside a World instead of a car: a person's eyes and fingers.

async with in_hand(chromium, host) as hand:      # connected, and a key of the car
    await hand.press()
    await hand.reads("Unlocked", "Lock")
"""

import asyncio
import contextlib

from fakes.phone_page import phone, soon
from fakes.web_bluetooth import InWorld, WebBluetooth
from latchkey.core import codes
from latchkey.crypto import p256
from latchkey.protocol.vehicle_command_identity import local_name
from phone_world import World
from playwright.async_api import expect

VIN = "LATCHKEY000000001"
VEHICLE = ((1 << 255) + 12345).to_bytes(32, "big")
SLOT = 5
OTHER_KEY = p256.public(b"\x07" * 32)

_OWN_KEY = """async (vin) => {
  const { Keystore } = await import("./keystore.js");
  const { hex } = await import("./bytes.js");
  return hex((await (await Keystore.open()).take(vin, "")).publicKey);
}"""
_LISTEN = """() => {
  window.announced = [];
  const listen = (element, options, said) => new MutationObserver(() => {
    const text = element.hidden ? "" : element.textContent.trim();
    if (text && said(text)) window.announced.push(text);
  }).observe(element, { childList: true, characterData: true, subtree: true, ...options });
  listen(document.getElementById("about"), {}, () => true); // each change is read, even to the same words
  listen(document.getElementById("notice"), { attributes: true }, (text) => window.announced.at(-1) !== text);
}"""


async def until(condition):
    """Waits while the page goes on."""
    while not condition():
        await asyncio.sleep(0.005)


_HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""

# How many operations of WebCrypto are under way: a script sees 0 only when what waited for them has gone on
_COUNT = """
window.ciphering = 0;
for (const name of ["encrypt", "decrypt", "sign", "verify", "digest", "deriveBits", "importKey"]) {
  const inner = SubtleCrypto.prototype[name];
  SubtleCrypto.prototype[name] = async function (...values) {
    window.ciphering += 1;
    try {
      return await inner.apply(this, values);
    } finally {
      window.ciphering -= 1;
    }
  };
}
"""


class Hand:
    def __init__(self, page, radio, beyond):
        self.page = page
        self.radio = radio
        self.beyond = beyond
        self.world = beyond.world

    async def own_key(self):
        """The page's public key, 64 bytes; made where there is none."""
        return bytes.fromhex(await self.page.evaluate(_OWN_KEY, VIN))[1:]

    async def enrol(self, role=codes.DRIVER):
        self.world.enrol(SLOT, await self.own_key(), role)

    async def press(self):
        await self.page.locator("#press").click()

    async def order(self, name):
        """Press a button by its name, not the round one."""
        await self.page.locator("#orders").get_by_role("button", name=name, exact=True).click()

    async def reads(self, state, does):
        await soon(self.page, "#state", state)
        await soon(self.page, "#press-label", does)
        await expect(self.page.locator("#state")).to_have_text(state)
        await expect(self.page.locator("#press")).to_have_accessible_name(does)

    async def told(self, *texts):
        for text in texts:
            await soon(self.page, "#notice", text)
            await expect(self.page.locator("#notice")).to_contain_text(text)

    async def told_nothing(self):
        await expect(self.page.locator("#notice")).to_be_hidden()

    async def pass_ms(self, ms):
        """Time goes by at once, for the page."""
        await self.page.clock.run_for(ms)

    async def look_away(self, hidden):
        """As a browser does with a page that nobody sees, or sees again; headless ones see all pages."""
        await self.page.evaluate(_HIDE, hidden)

    async def rest(self):
        """The car is locked again, and what was done forgotten."""
        if not self.world.locked:
            await self.order("Lock")
        await self.reads("Locked", "Unlock")
        self.world.done.clear()

    async def settle(self):
        """Whatever the car has said, the page has taken it in."""
        await self.radio.told()
        while await self.page.evaluate("window.ciphering"):
            await asyncio.sleep(0.005)

    async def listen(self):
        """From now on `announced` collects what a screen reader is given to say."""
        await self.page.evaluate(_LISTEN)

    async def announced(self):
        return await self.page.evaluate("window.announced.splice(0)")


@contextlib.asynccontextmanager
async def in_hand(chromium, host, enrolled=True, connected=True, remembers=False, address=f"#vin={VIN}", **options):
    """enrolled: as a driver. connected: the car was picked in the browser's list."""
    world = World(VIN.encode(), VEHICLE, 180)
    beyond = InWorld(world, local_name(VIN.encode()))
    radio = WebBluetooth(beyond, remembers)
    async with phone(chromium, host.url + address, radio, _COUNT, own_time=True, **options) as page:
        hand = Hand(page, radio, beyond)
        if address:
            await expect(page.locator("#press")).to_be_visible()
        if enrolled:
            await hand.enrol()
        if connected:
            await hand.press()
            await hand.reads(*(("Locked", "Unlock") if enrolled else ("Not a key yet", "Pair")))
        yield hand
