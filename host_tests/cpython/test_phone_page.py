"""The phone page as a person has it: what a press does, what is shown and said, how the car is found."""

import pytest
from fakes.phone_page import browser, run, static_host
from latchkey.core import codes
from latchkey.links import phone_orders
from phone_in_hand import SLOT, VIN, in_hand, until
from playwright.async_api import expect

pytestmark = pytest.mark.browser

_UNLOCKED = (codes.UNLOCK, SLOT)
_LOCKED = (codes.LOCK, SLOT)
_STRANGER = {"enrolled": False, "connected": False}


def test_the_page_in_a_hand():
    """One browser; one page for the presses, and one for each way to find the car."""

    async def story(host):
        async with browser() as chromium:
            async with in_hand(chromium, host) as hand:
                for part in (
                    a_press_does_what_the_button_says,
                    everything_that_can_be_ordered,
                    every_refusal_has_words,
                    the_state_follows_the_car,
                    news_without_proof_change_nothing,
                    a_car_that_starts_anew_is_obeyed_at_the_same_press,
                    small_pieces_where_large_ones_fail,
                ):
                    await part(hand)
                    await hand.rest()
            for part, options in (
                (the_browser_s_own_list, _STRANGER),
                (another_car_with_this_name, {**_STRANGER, "address": f"#vin={VIN}&key=12345678"}),
                (it_is_found_again_without_a_press, {"connected": False, "remembers": True}),
            ):
                async with in_hand(chromium, host, **options) as hand:
                    await part(hand)

    with static_host() as host:
        run(story(host))


async def a_press_does_what_the_button_says(hand):
    await hand.listen()
    await hand.press()
    await hand.reads("Unlocked", "Lock")
    await hand.press()
    await hand.reads("Locked", "Unlock")
    assert hand.world.done == [_UNLOCKED, _LOCKED]
    assert await hand.announced() == ["Unlocking.", "A press locks.", "Locking.", "A press unlocks."]
    assert await hand.page.evaluate("document.activeElement.id") == "press"


async def everything_that_can_be_ordered(hand):
    await hand.order("Lock")  # again: it is what the person said
    await hand.order("Unlock")
    await hand.reads("Unlocked", "Lock")
    await hand.page.locator("#orders summary").click()
    for name, words in (
        ("Open trunk", "The trunk is released."),
        ("Open frunk", "The frunk is released."),
        ("Open charge port", "The charge port is released."),
        ("Allow driving", "Driving is allowed."),
    ):
        await hand.order(name)
        await hand.told(words)
    actions = [action for action, slot in hand.world.done]
    assert actions == [
        codes.LOCK,
        codes.UNLOCK,
        codes.OPEN_TRUNK,
        codes.OPEN_FRUNK,
        codes.OPEN_CHARGE_PORT,
        codes.AUTHORISE_DRIVE,
    ]


async def every_refusal_has_words(hand):
    """Each verdict that the firmware can give a phone, and one of them as it is seen."""
    said = await hand.page.evaluate(_WORDS, [[how == phone_orders._DECLINE, number] for _, how, number in _REFUSALS])
    for (verdict, _, _), (why, advice) in zip(_REFUSALS, said):
        assert why and advice and "does not know" not in why, verdict
    assert len({why for why, _ in said}) > 8
    hand.world.verdicts[codes.UNLOCK] = codes.MOVING
    await hand.press()
    await hand.told("The car is moving", "Stop first")
    await hand.reads("Locked", "Unlock")
    assert hand.world.done == []
    del hand.world.verdicts[codes.UNLOCK]
    await hand.press()
    await hand.reads("Unlocked", "Lock")
    await hand.told_nothing()


_REFUSALS = phone_orders._REFUSALS
_WORDS = """async (refusals) => {
  const { ofRefusal } = await import("./words.js");
  const of = ([declined, error]) => (declined ? { kind: "declined", error } : { kind: "fault", fault: error });
  return refusals.map(of).map(ofRefusal).map(({ why, advice }) => [why, advice]);
}"""


async def the_state_follows_the_car(hand):
    """Somebody else unlocks it: the car says so to everybody, and the page asks."""
    hand.world.locked = False
    hand.world.dialogue.voice.broadcast_status(hand.world._status())
    hand.beyond.say(hand.world.sent())
    await hand.reads("Unlocked", "Lock")
    assert hand.world.done == []


async def news_without_proof_change_nothing(hand):
    hand.world.locked = False
    hand.world.dialogue.voice.broadcast_status(hand.world._status())
    lie = hand.world.sent()
    hand.world.locked = True
    asked = len(hand.radio.written)
    hand.beyond.say(lie)
    await until(lambda: len(hand.radio.written) > asked)
    await hand.reads("Locked", "Unlock")


async def a_car_that_starts_anew_is_obeyed_at_the_same_press(hand):
    """A new epoch, then a counter that another tab has used: each is mended within the press, and carried out once."""
    hand.world.boot()
    await hand.press()
    await hand.reads("Unlocked", "Lock")
    assert hand.world.done == [_UNLOCKED]
    hand.world.sessions.accept(2, SLOT, 50_000)
    await hand.press()
    await hand.reads("Locked", "Unlock")
    assert hand.world.done == [_UNLOCKED, _LOCKED]
    await hand.told_nothing()


async def small_pieces_where_large_ones_fail(hand):
    """An adapter that refuses long writes gets pieces of 20 bytes, once the car has forgotten what came of it."""
    hand.radio.largest = 20
    hand.radio.written.clear()
    await hand.press()
    await hand.reads("Unlocked", "Lock")
    assert hand.world.done == [_UNLOCKED] and max(hand.radio.written) == 20


async def the_browser_s_own_list(hand):
    hand.radio.powered = False
    await hand.press()
    await hand.told("Bluetooth is switched off", "Switch Bluetooth on")
    hand.radio.powered, hand.radio.permitted = True, False
    await hand.press()
    await hand.told("may not use Bluetooth", "site settings")
    hand.radio.permitted, hand.radio.picks = True, False
    await hand.press()
    await hand.told("No car was picked")
    hand.radio.picks, hand.beyond.silent = True, True
    await hand.press()
    await hand.reads("Looking for the car", "Connecting")
    await hand.told_nothing()
    await hand.pass_ms(2_500)
    await expect(hand.page.locator("#elapsed")).to_have_text("2 s")
    await hand.pass_ms(10_000)
    await hand.reads("Out of reach", "Connect")
    hand.beyond.silent = False
    await hand.pass_ms(13_000)  # it has been looking by itself since
    await hand.press()
    await hand.reads("Not a key yet", "Pair")


async def another_car_with_this_name(hand):
    """The key in the address of the page is not this car's. A real answer may still come, so it takes its time."""
    await hand.press()
    await until(lambda: hand.radio.written)
    await hand.settle()
    await hand.pass_ms(5_500)
    await hand.told("This is another car")
    await hand.reads("Not connected", "Connect")
    asked = len(hand.radio.written)
    await hand.pass_ms(15_000)
    await hand.settle()
    assert len(hand.radio.written) == asked  # it is not tried again by itself


async def it_is_found_again_without_a_press(hand):
    """Where the browser remembers the car. Connecting opens nothing. Nobody looking, it hangs up."""
    await hand.press()
    await hand.reads("Locked", "Unlock")
    await hand.page.reload()
    await hand.reads("Locked", "Unlock")
    await hand.look_away(True)
    await hand.pass_ms(29_000)
    assert hand.radio.connected
    await hand.pass_ms(2_000)
    await hand.reads("Not connected", "Connect")
    assert not hand.radio.connected
    await hand.look_away(False)
    await hand.pass_ms(600)
    await hand.reads("Locked", "Unlock")
    assert hand.world.done == []
