"""What the phone page keeps: a key that nobody can copy, and itself, to open without internet; and where it cannot."""

import contextlib

import pytest
from fakes.phone_page import browser, run, static_host
from phone_in_hand import VIN, in_hand
from playwright.async_api import expect

pytestmark = pytest.mark.browser

_STORED = """async () => {
  const databases = await indexedDB.databases();
  const asked = indexedDB.open("latchkey-phone-key");
  const database = await new Promise((resolve) => (asked.onsuccess = () => resolve(asked.result)));
  const all = database.transaction("cars").objectStore("cars").getAll();
  const cars = await new Promise((resolve) => (all.onsuccess = () => resolve(all.result)));
  const refusals = [];
  for (const { privateKey } of cars) {
    for (const form of ["jwk", "pkcs8", "raw"]) {
      await crypto.subtle.exportKey(form, privateKey).catch(({ name }) => refusals.push(name));
    }
  }
  database.close();
  const kept = [];
  for (const name of await caches.keys()) kept.push(...await (await caches.open(name)).keys());
  return {
    databases: databases.map(({ name }) => name),
    vins: cars.map(({ vin }) => vin),
    usages: cars.map(({ privateKey }) => [privateKey.extractable, ...privateKey.usages]),
    refusals,
    kept: kept.map(({ url }) => url),
    elsewhere: [localStorage.length, sessionStorage.length, document.cookie],
  };
}"""


def test_what_is_kept_and_where_it_cannot_be():
    """One browser; its last page finds the server gone."""

    async def story(host):
        async with browser("--host-resolver-rules=MAP car.test 127.0.0.1") as chromium:
            for part in (
                a_new_version_is_kept_whole_or_not_at_all,
                where_it_cannot_work_it_says_why,
                it_stays_out_of_frames,
                what_the_browser_promises_is_what_is_said,
            ):
                await part(chromium, host)
            async with in_hand(chromium, host, keeps=True) as hand:
                await a_key_that_nobody_can_copy(hand, host)
                await it_can_be_installed(hand)
                await it_works_with_the_server_gone(hand, host)

    with static_host() as host:
        run(story(host))


async def a_key_that_nobody_can_copy(hand, host):
    await expect(hand.page.locator("#settings-offline")).to_contain_text("works without internet")
    stored = await hand.page.evaluate(_STORED)
    assert stored["databases"] == ["latchkey-phone-key"] and stored["vins"] == [VIN]
    assert stored["usages"] == [[False, "deriveBits"]]
    assert len(stored["refusals"]) == 3 and set(stored["refusals"]) <= {"InvalidAccessError", "NotSupportedError"}
    assert stored["elsewhere"] == [0, 0, ""]
    assert len(stored["kept"]) > 30 and all(url.startswith(host.url) for url in stored["kept"])


async def it_can_be_installed(hand):
    devtools = await hand.page.context.new_cdp_session(hand.page)
    assert (await devtools.send("Page.getAppManifest"))["errors"] == []
    problems = (await devtools.send("Page.getInstallabilityErrors"))["installabilityErrors"]
    assert [problem["errorId"] for problem in problems if problem["errorId"] != "in-incognito"] == []


async def it_works_with_the_server_gone(hand, host):
    own = await hand.own_key()
    host.stop()
    await hand.page.reload()
    await hand.reads("Not connected", "Find the car")
    await hand.press()
    await hand.press()
    await hand.reads("Unlocked", "Lock")
    assert await hand.own_key() == own


_RADIO = 'Object.defineProperty(Navigator.prototype, "bluetooth", { get: () => ({}), configurable: true });'
_NO_STORAGE = _RADIO + 'IDBFactory.prototype.open = () => { throw new DOMException("denied", "SecurityError"); };'
_NO_ROOM = _RADIO + 'IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };'
_UPDATE = """async () => {
  const registration = await navigator.serviceWorker.getRegistration();
  const found = new Promise((resolve) => (registration.onupdatefound = () => resolve(registration.installing)));
  registration.update().catch(() => {});
  const worker = await found;
  while (worker.state === "installing") await new Promise((resolve) => (worker.onstatechange = resolve));
  return [worker.state, registration.active.state];
}"""


@contextlib.asynccontextmanager
async def _opened(chromium, address, prepare, keeps=False):
    """A page in a profile of its own. prepare: a script that runs before those of the page. keeps: itself."""
    context = await chromium.new_context(service_workers="allow" if keeps else "block")
    await context.add_init_script(prepare)
    page = await context.new_page()
    await page.goto(address)
    yield page
    await context.close()


async def a_new_version_is_kept_whole_or_not_at_all(chromium, host):
    """A file that does not belong to the version is a half-copied upload, or worse: the old version stays."""
    async with _opened(chromium, host.url, _RADIO, True) as page:
        await expect(page.locator("#settings-offline")).to_contain_text("works without internet")
        before = await page.evaluate("caches.keys()")
        version = before[0].rsplit("-", 1)[1].encode()
        host.replaced["/sw.js"] = host.read("sw.js").replace(version, b"123456789abc")
        host.replaced["/words.js"] = b"// half of it"
        assert await page.evaluate(_UPDATE) == ["redundant", "activated"]
        assert await page.evaluate("caches.keys()") == before
    host.replaced.clear()


async def where_it_cannot_work_it_says_why(chromium, host):
    elsewhere = host.url.replace("127.0.0.1", "car.test")
    for prepare, address, words in (
        ("", elsewhere, ("This address cannot work", "plain http", "https")),
        ("delete Navigator.prototype.bluetooth", host.url, ("no Web Bluetooth", "Firefox and Safari", "Chrome")),
        (_NO_ROOM, f"{host.url}#vin={VIN}", ("keeps nothing", "private windows", "ordinary window")),
        (_NO_STORAGE, host.url, ("keeps nothing", "private windows", "ordinary window")),
    ):
        async with _opened(chromium, address, prepare) as page:
            for word in words:
                await expect(page.locator("#blocked")).to_contain_text(word)
            await expect(page.locator("#where")).to_contain_text("on Android, Windows, macOS, Linux and ChromeOS.")
            await expect(page.locator("#where li").first).to_be_visible()
            for part in ("#press", "#setup", "#keys", "#settings"):
                await expect(page.locator(part)).to_be_hidden()


async def it_stays_out_of_frames(chromium, host):
    """Whatever headers its host sends."""
    host.replaced["/frame.html"] = b"<iframe src='./' width=600 height=600></iframe>"
    async with _opened(chromium, host.url + "frame.html", _RADIO) as page:
        await expect(page.frame_locator("iframe").locator("#blocked")).to_contain_text("inside another one")


async def what_the_browser_promises_is_what_is_said(chromium, host):
    for answer, words in (
        ("return true", "stays in this browser"),
        ("return false", "has not promised"),
        ("throw new TypeError()", "has not promised"),
    ):
        storage = "StorageManager.prototype.persisted = async () => false;"
        storage += "StorageManager.prototype.persist = async () => { %s };" % answer
        async with _opened(chromium, f"{host.url}#vin={VIN}", _RADIO + storage) as page:
            await page.locator("#settings summary").click()
            await expect(page.locator("#settings-kept")).to_contain_text(words)
