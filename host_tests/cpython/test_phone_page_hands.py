"""The phone page for every hand: by keyboard alone, read aloud, and asked before what cannot be undone."""

import pytest
from fakes.phone_page import browser, run, static_host
from latchkey.core import codes
from phone_in_hand import OTHER_KEY, SLOT, VIN, in_hand, until
from playwright.async_api import expect

pytestmark = pytest.mark.browser


def test_by_keyboard_read_aloud_and_asked():
    """One browser, a page for the keyboard and one for questions."""

    async def story(host):
        async with browser() as chromium:
            async with in_hand(chromium, host, False, False, address="") as hand:
                await hand.listen()
                for part in (chooses_its_car, pairs, opens, reaches_everything):
                    await part(hand)
            async with in_hand(chromium, host) as hand:
                for part in (
                    an_outage_is_told_of,
                    an_owner_removes_a_key,
                    another_car_is_asked_about,
                    forgetting_is_asked_about,
                ):
                    await part(hand)

    with static_host() as host:
        run(story(host))


async def chooses_its_car(hand):
    keys = hand.page.keyboard
    await expect(hand.page.get_by_label("VIN of the car")).to_be_focused()
    await keys.type("latchkey 0000")
    await keys.press("Enter")
    await expect(hand.page.get_by_role("alert")).to_contain_text("this has 12 characters")
    await expect(hand.page.get_by_label("VIN of the car")).to_be_focused()
    await keys.type("00001")
    await keys.press("Enter")
    await expect(hand.page.locator("#car-name")).to_have_text(VIN)
    await hand.reads("Not connected", "Find the car")
    await expect(hand.page.locator("#press")).to_be_focused()


async def pairs(hand):
    await hand.page.keyboard.press("Enter")
    await hand.reads("Not a key yet", "Pair")
    await expect(hand.page.get_by_role("main")).to_match_aria_snapshot("""
      - region "Not a key yet":
        - paragraph: Not a key yet
        - button "Pair"
        - status: This phone is not a key of this car yet.
        - region "Pair this phone":
          - heading "Pair this phone" [level=2]
          - list
    """)
    await hand.page.keyboard.press("Enter")
    await until(lambda: hand.world.shown)
    await hand.pass_ms(2_000)
    await expect(hand.page.get_by_role("progressbar", name="Left to tap the owner card")).to_be_visible()
    await hand.page.keyboard.press("Tab")
    await expect(hand.page.get_by_role("button", name="Stop waiting")).to_be_focused()
    await hand.page.keyboard.press("Enter")
    await hand.reads("Not a key yet", "Pair")
    await expect(hand.page.locator("#press")).to_be_focused()
    await hand.page.keyboard.press("Space")
    await hand.pass_ms(2_000)
    hand.beyond.say(hand.world.confirm(SLOT))
    await hand.reads("Locked", "Unlock")
    await expect(hand.page.locator("#press")).to_be_focused()
    said = await hand.announced()
    assert said[0].startswith("Stand near the car. A press connects; it opens nothing.")
    assert sum("Compare the short id below, then tap the owner card." in one for one in said) == 2
    assert said[-2] == "A press unlocks." and said[-1].startswith("This phone is a key of the car now.")
    assert not any(" s" in one.split() for one in said)  # seconds are not counted aloud


async def opens(hand):
    await hand.page.keyboard.press("Space")
    await hand.reads("Unlocked", "Lock")
    assert hand.world.done == [(codes.UNLOCK, SLOT)]
    assert await hand.announced() == ["Unlocking.", "A press locks."]
    await expect(hand.page.get_by_role("main")).to_match_aria_snapshot("""
      - region "Unlocked":
        - paragraph: Unlocked
        - button "Lock"
        - status: A press locks.
        - button "Lock"
        - button "Unlock"
        - group: More
      - group: Keys of this car
      - group: Settings
    """)


# What the focused control is called, its frame, and how far down it stands
_FOCUSED = """() => {
  const element = document.activeElement;
  const name = element.textContent.trim().split(/\\s{2,}/).at(-1);
  return [name, getComputedStyle(element).outlineStyle, element.getBoundingClientRect().top + scrollY];
}"""


async def reaches_everything(hand):
    """By Tab alone, in the order of sight, each with a frame around it; summaries open by Enter."""
    reached = []
    for summary in ("#orders", "#keys", "#settings", "#where"):
        await hand.page.locator(f"{summary} summary").press("Enter")
    await expect(hand.page.locator("#keys-list li")).to_have_count(1)
    await hand.page.locator("#press").focus()
    for _ in range(16):
        reached.append(await hand.page.evaluate(_FOCUSED))
        await hand.page.keyboard.press("Tab")
    names = [name for name, _, _ in reached]
    assert names[:12] == [
        "Lock",
        "Lock",
        "Unlock",
        "More",
        "Open trunk",
        "Open frunk",
        "Open charge port",
        "Allow driving",
        "Keys of this car",
        "Read again",
        "Settings",
        "Use another car…",
    ]
    assert {"Forget this key…", "Where this page works"} <= set(names)
    assert {style for _, style, _ in reached[:14]} == {"solid"}
    heights = [top for _, _, top in reached[:14]]
    assert heights == sorted(heights)


async def an_outage_is_told_of(hand):
    hand.world.cloud = 2, 7_500
    await hand.page.locator("#press").click()
    await expect(hand.page.locator("#about")).to_contain_text("Cloud away for 2 h: your card and this phone work.")
    hand.world.cloud = 1, 0
    await hand.page.locator("#press").click()
    await expect(hand.page.locator("#about")).not_to_contain_text("Cloud")


async def an_owner_removes_a_key(hand):
    hand.world.enrol(9, OTHER_KEY, codes.DRIVER)
    await hand.page.locator("#keys summary").click()
    rows = hand.page.locator("#keys-list li")
    await expect(rows).to_have_count(2)
    assert await rows.get_by_role("button").count() == 0  # a driver's list
    hand.world.roles[SLOT] = codes.OWNER
    await hand.page.get_by_role("button", name="Read again").click()
    remove = rows.get_by_role("button")
    await expect(remove).to_have_count(1)
    await remove.click()
    await hand.page.keyboard.press("Escape")
    await expect(hand.page.get_by_role("dialog")).to_be_hidden()
    assert 9 in hand.world.keys.slots
    await remove.click()
    await hand.page.get_by_role("button", name="Remove it").click()
    await expect(hand.page.locator("#keys-progress")).to_contain_text("was removed")
    await expect(rows).to_have_count(1)
    assert list(hand.world.keys.slots) == [SLOT]


async def another_car_is_asked_about(hand):
    """A link that somebody sent does not quietly change the car."""
    own = await hand.own_key()
    for answer, vin in (("Stay with " + VIN, VIN), ("Use it", "5YJ30123456789ABC")):
        await hand.page.evaluate("location.hash = 'vin=5YJ30123456789ABC&key=04b5fead'")
        await hand.page.get_by_role("button", name=answer).click()
        await expect(hand.page.get_by_role("dialog")).to_be_hidden()
        await expect(hand.page.locator("#car-name")).to_have_text(vin)
    await hand.reads("Not connected", "Find the car")
    await hand.page.locator("#settings summary").click()
    await expect(hand.page.locator("#settings-car")).to_have_text("must be 04b5fead")
    await hand.page.get_by_role("button", name="Use another car").click()
    await hand.page.get_by_label("VIN of the car").fill(VIN)
    await hand.page.keyboard.press("Enter")
    await expect(hand.page.locator("#car-name")).to_have_text(VIN)
    assert await hand.own_key() == own
    await expect(hand.page.locator("#settings-car")).to_contain_text("and no other will do")


async def forgetting_is_asked_about(hand):
    forget = hand.page.get_by_role("button", name="Forget this key")
    own = await hand.own_key()
    await forget.click()
    await hand.page.get_by_role("button", name="Keep it").click()
    assert await hand.own_key() == own
    await forget.click()
    await hand.page.get_by_role("button", name="Forget it").click()
    await expect(hand.page.get_by_label("VIN of the car")).to_be_focused()
    assert await hand.own_key() != own
