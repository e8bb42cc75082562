"""The phone page and whoever stands between it and the car, or takes the car away: what is said, and not believed."""

import pytest
from fakes.phone_page import browser, run, static_host
from latchkey.core import codes
from latchkey.protocol import vehicle_command_numbers as numbers
from phone_in_hand import SLOT, in_hand, until
from playwright.async_api import expect

pytestmark = pytest.mark.browser

_UNLOCKED = (codes.UNLOCK, SLOT)


def test_what_stands_between():
    """One page for all of it. Each part begins with a car that is locked and in reach."""

    async def story(host):
        async with browser() as chromium, in_hand(chromium, host) as hand:
            for part in (
                a_car_that_does_not_answer,
                a_car_that_falls_silent,
                a_lie_is_not_believed,
                an_answer_without_proof_is_none,
                a_denial_without_proof_is_not_believed,
                a_fault_without_proof_repeats_nothing,
                a_link_that_breaks_in_the_middle,
                a_key_that_was_removed,
            ):
                await part(hand)
                await hand.rest()

    with static_host() as host:
        run(story(host))


async def a_car_that_does_not_answer(hand):
    asked = len(hand.radio.written)
    hand.beyond.deaf = True
    await hand.press()
    await until(lambda: hand.world.done)
    await hand.pass_ms(1_500)
    await expect(hand.page.locator("#elapsed")).to_have_text("1 s")
    await hand.reads("Unlocking…", "Unlocking")
    await hand.page.keyboard.press("Enter")  # on the same button: it does nothing now
    await hand.pass_ms(4_000)
    await hand.told("whether the car acted is not known", "Look at the car")
    await until(lambda: len(hand.radio.written) == asked + 2)
    assert hand.world.done == [_UNLOCKED]  # it was sent once, and not again
    hand.beyond.deaf = False
    await hand.pass_ms(5_500)  # the question how it stands was not answered either
    await hand.reads("State unknown", "Unlock")
    await hand.look_away(False)  # whoever looks again is told anew
    await hand.reads("Unlocked", "Lock")


async def a_car_that_falls_silent(hand):
    """Nobody has pressed anything: what was known of the lock is known no more."""
    asked = len(hand.radio.written)
    hand.beyond.deaf = True
    await hand.look_away(False)
    await until(lambda: len(hand.radio.written) > asked)
    await hand.pass_ms(5_500)
    await hand.reads("State unknown", "Unlock")
    await hand.told("did not answer in time")
    hand.beyond.deaf = False
    await hand.look_away(False)
    await hand.reads("Locked", "Unlock")
    await hand.told_nothing()


async def a_lie_is_not_believed(hand):
    """Somebody spoils what the car says."""
    lies = []

    def spoil(chunks):
        lies.append(chunks)
        return [bytes(chunk[:-21]) + bytes((chunk[-21] ^ 1,)) + bytes(chunk[-20:]) for chunk in chunks]

    hand.beyond.spoil = spoil
    await hand.press()
    await until(lambda: lies)
    hand.beyond.spoil = lambda chunks: chunks
    await hand.settle()
    await hand.pass_ms(5_500)
    await hand.told("cannot prove that it is the car", "look at the car")
    await hand.reads("Unlocked", "Lock")


async def an_answer_without_proof_is_none(hand):
    """Somebody keeps the command, and says himself that all is well."""
    kept = []

    def keep(chunks):
        hand.beyond.spoil = lambda chunks: chunks
        kept.append(chunks)
        hand.world.locked = True
        hand.world.dialogue.voice.clear()
        hand.world.dialogue.voice.accept()
        return hand.world.sent()

    hand.beyond.spoil = keep
    await hand.press()
    await until(lambda: kept)
    await hand.settle()
    await hand.pass_ms(5_500)
    await hand.told("cannot prove that it is the car")
    await hand.reads("Locked", "Unlock")


async def a_denial_without_proof_is_not_believed(hand):
    """Anybody can say that this key is unknown: the page asks again in a way that only the car can answer."""

    def deny(chunks):
        hand.beyond.spoil = lambda chunks: chunks
        hand.world.dialogue.voice.clear()
        hand.world.dialogue.voice.refuse(numbers.UNKNOWN_KEY_ID)
        return hand.world.sent()

    hand.beyond.spoil = deny
    await hand.press()
    await hand.told("not a key of the car")
    await hand.reads("Unlocked", "Lock")


async def a_fault_without_proof_repeats_nothing(hand):
    """Anybody can say that the car has started anew; the command, which was carried out, is not made anew."""

    def excuse(chunks):
        hand.beyond.spoil = lambda chunks: chunks
        hand.world.dialogue.voice.clear()
        hand.world.dialogue.voice.refuse(numbers.INCORRECT_EPOCH)
        return hand.world.sent()

    hand.beyond.spoil = excuse
    await hand.press()
    await hand.told("started anew")
    await hand.reads("Unlocked", "Lock")
    assert hand.world.done == [_UNLOCKED]


async def a_link_that_breaks_in_the_middle(hand):
    hand.beyond.deaf = True
    await hand.press()
    await until(lambda: hand.world.done)
    await hand.reads("Unlocking…", "Unlocking")
    hand.beyond.deaf = False
    await hand.radio.move(False)
    await hand.told("whether the car acted is not known")
    await hand.reads("Out of reach", "Connect")
    await hand.radio.move(True)
    await hand.pass_ms(10_000)
    await hand.reads("Unlocked", "Lock")  # it had acted
    assert hand.world.done == [_UNLOCKED]


async def a_key_that_was_removed(hand):
    key = hand.world.keys.slots.pop(SLOT)
    hand.world.sessions.forget(SLOT)
    await hand.press()
    await hand.told("no longer a key of this car", "An owner removed it")
    await hand.reads("No longer a key", "Pair")
    assert hand.world.done == []
    hand.world.keys.slots[SLOT] = key
    await hand.radio.move(False)
    await hand.radio.move(True)
    await hand.pass_ms(10_000)
