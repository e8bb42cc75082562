"""How keys come into the list, from the blank controller on, by card and button."""

from fakes.bench import Bench, codes
from fakes.bench_cards import Clone, Twisted, key_card
from fakes.bench_gestures import PAST_CLAIM_MS, claim, claimed, enrol, open_enrolment, roles

_BLUE = 4


def test_a_blank_controller_is_claimed_with_two_cards_and_then_never_again():
    bench = Bench()
    first, second = key_card(1), key_card(2, gauss=True)

    async def story():
        assert await bench.tap(first) == [codes.UNKNOWN_KEY]
        assert not bench.status()["claimed"]
        assert await bench.press(PAST_CLAIM_MS) == [codes.ACCEPTED]
        assert bench.status()["enrolment"] == "claim"
        found = await bench.tap(first, 0, 2_000)
        assert found[-1] == codes.OWNER_ADDED and bench.signal() == (_BLUE, 1, False, 1)
        assert bench.status()["enrolment"] == "claim-second"
        assert await bench.tap(first) == [codes.ALREADY_ENROLLED]
        assert (await bench.tap(second, 0, 2_000))[-1] == codes.CLAIMED
        assert bench.pulses() == [] and bench.signal() == (_BLUE, 1, True, 1)
        assert roles(bench) == [("owner", "active"), ("owner", "active")]
        assert await bench.tap(second) == [codes.ACCEPTED, codes.ACCEPTED]
        assert await bench.press(PAST_CLAIM_MS) == [codes.ENROLMENT_CLOSED]
        assert bench.status()["enrolment"] == "closed"
        assert await bench.tap(key_card(3)) == [codes.UNKNOWN_KEY]

    bench.run(story())


def test_a_claim_with_one_card_ends_after_a_minute_and_leaves_one_owner():
    bench = Bench()
    owner = key_card(1)

    async def story():
        assert (await claim(bench, owner))[-1] == codes.OWNER_ADDED
        bench.forget()
        await bench.pass_ms(60_000)
        assert bench.verdicts() == [codes.ENROLMENT_CLOSED]
        assert await bench.tap(key_card(2)) == [codes.UNKNOWN_KEY]
        assert await bench.tap(owner) == [codes.ACCEPTED, codes.ACCEPTED]
        assert await enrol(bench, owner, key_card(2)) == [codes.ACCEPTED, codes.ENROLLED]

    bench.run(story())


def test_a_claim_without_a_card_ends_after_a_minute_and_the_controller_stays_blank():
    bench = Bench()

    async def story():
        await bench.press(PAST_CLAIM_MS)
        bench.forget()
        await bench.pass_ms(60_000)
        assert bench.verdicts() == [codes.ENROLMENT_CLOSED]
        assert (bench.status()["registry"], bench.status()["claimed"]) == ("blank", False)

    bench.run(story())


def test_a_short_press_locks_or_unlocks_and_claims_nothing():
    bench = Bench()

    async def story():
        assert await bench.press(300) == [codes.ACCEPTED]
        await bench.pass_ms(1_000)
        assert await bench.press(4_500) == []  # neither short nor long
        assert bench.status()["enrolment"] == "closed"
        assert await bench.press(300) == [codes.ACCEPTED]
        assert [name for _, name in bench.bolt.pulses] == ["unlock", "lock"]

    bench.run(story())


def test_a_new_card_is_pinned_and_the_owner_confirms_it_as_a_driver():
    bench, owner, _ = claimed()
    new = key_card(3)

    async def story():
        assert await open_enrolment(bench, owner) == [codes.ACCEPTED]
        assert bench.status()["enrolment"] == "open"
        assert await bench.tap(new) == [codes.KEY_PINNED]
        status = bench.status()
        assert (status["enrolment"], status["pinned"]) == ("pinned", new.short_id)
        assert bench.rows()[0]["id"] == new.short_id
        assert await bench.tap(owner, 700, 1_500) == [codes.ACCEPTED, codes.ENROLLED]
        assert bench.pulses() == []
        assert roles(bench)[2] == ("driver", "active")
        assert await bench.tap(new) == [codes.ACCEPTED, codes.ACCEPTED]
        assert await bench.tap(new) == [codes.ACCEPTED]
        assert await open_enrolment(bench, new) == [
            codes.ACCEPTED,
            codes.ALREADY,
        ]  # to a driver the button means nothing
        assert bench.status()["enrolment"] == "closed"

    bench.run(story())


def test_confirmed_with_the_button_held_the_new_card_becomes_an_owner():
    bench, owner, _ = claimed()
    new, third = key_card(3), key_card(4)

    async def story():
        await open_enrolment(bench, owner)
        await bench.tap(new)
        assert (await open_enrolment(bench, owner))[0] == codes.ACCEPTED
        await bench.pass_ms(1_000)
        assert roles(bench)[2] == ("owner", "active")
        assert await enrol(bench, new, third) == [codes.ACCEPTED, codes.ENROLLED]

    bench.run(story())


def test_the_light_blinks_blue_while_an_enrolment_is_open_and_is_dark_otherwise():
    bench = Bench()
    owner = bench.enrol(key_card(1), codes.OWNER)

    async def story():
        bench.forget()
        await bench.pass_ms(3_000)
        assert bench.blinks() == (0, 0)
        await open_enrolment(bench, owner)
        bench.forget()
        await bench.pass_ms(10_000)
        assert bench.blinks()[0] == 4
        assert 9 <= bench.blinks()[1] <= 11

    bench.run(story())


def test_a_second_unknown_key_ends_the_enrolment_with_an_alarm():
    bench, owner, _ = claimed()

    async def story():
        await open_enrolment(bench, owner)
        assert await bench.tap(key_card(3)) == [codes.KEY_PINNED]
        assert await bench.tap(key_card(3)) == [codes.KEY_PINNED]  # the same one again is no other
        assert await bench.tap(key_card(4), 0, 3_000) == [codes.KEY_CONFLICT]
        assert bench.signal()[1:] == (8, False, 8)
        assert bench.status()["enrolment"] == "closed"
        assert await bench.tap(owner) == [codes.ACCEPTED, codes.ACCEPTED]  # opens the car, and confirms nothing
        assert len(roles(bench)) == 2
        assert await bench.tap(key_card(3)) == [codes.UNKNOWN_KEY]

    bench.run(story())


def test_two_new_cards_in_one_wallet_are_not_both_let_in():
    bench, owner, _ = claimed()
    one, other = key_card(3), key_card(4)

    async def story():
        await open_enrolment(bench, owner)
        bench.model.put(one)
        found = await bench.tap(other, 3_000)
        bench.model.take_away(one)
        assert found[0] == codes.KEY_PINNED and len(roles(bench)) == 2

    bench.run(story())


def test_only_the_card_that_opened_confirms():
    bench, owner, other_owner = claimed()
    driver = bench.enrol(key_card(5), codes.DRIVER)

    async def story():
        await open_enrolment(bench, owner)
        assert await bench.tap(key_card(3)) == [codes.KEY_PINNED]
        for card in (other_owner, driver, Clone(9, owner)):
            await bench.tap(card)
            await open_enrolment(bench, card)
            assert bench.status()["enrolment"] == "pinned"
        assert len(roles(bench)) == 3
        assert await bench.tap(owner, 700, 1_500) == [codes.ACCEPTED, codes.ENROLLED]

    bench.run(story())


def test_an_enrolment_ends_by_itself_and_by_the_owners_card():
    bench, owner, _ = claimed()

    async def story():
        await open_enrolment(bench, owner)
        assert await bench.tap(owner) == [codes.ACCEPTED]
        assert bench.rows()[0]["action"] == "end enrolment"
        assert bench.status()["enrolment"] == "closed" and bench.pulses() == []
        await open_enrolment(bench, owner)
        bench.forget()
        await bench.pass_ms(59_000)
        assert bench.verdicts() == [codes.ENROLMENT_CLOSED]
        await open_enrolment(bench, owner)
        await bench.tap(key_card(3))
        bench.forget()
        await bench.pass_ms(28_000)
        assert bench.status()["enrolment"] == "pinned"
        await bench.pass_ms(2_000)
        assert bench.verdicts() == [codes.ENROLMENT_CLOSED]
        assert (await bench.tap(owner))[0] == codes.ACCEPTED  # too late: it opens the car
        assert bench.pulses() == ["unlock"] and len(roles(bench)) == 2

    bench.run(story())


def test_no_unlock_by_anyone_opens_an_enrolment():
    bench, owner, _ = claimed()
    driver = bench.enrol(key_card(5), codes.DRIVER)

    async def story():
        for unlock in (bench.tap(owner), bench.tap(driver), bench.press(300)):
            while bench.bolt.at != "locked":
                await bench.press(300)
                await bench.pass_ms(1_500)
            await unlock
            assert bench.bolt.at != "locked"
            assert bench.status()["enrolment"] == "closed"
            assert await bench.tap(key_card(3)) == [codes.UNKNOWN_KEY]
            await bench.pass_ms(20_000)
        assert len(roles(bench)) == 3

    bench.run(story())


def test_a_card_with_a_key_that_is_no_point_is_not_pinned():
    bench, owner, _ = claimed()
    off_curve = Twisted(3, lambda count, apdu, answer: answer[:64] + b"\x01" + answer[65:] if count == 3 else answer)

    async def story():
        await open_enrolment(bench, owner)
        assert await bench.tap(off_curve) == [codes.BAD_POINT]
        assert (bench.status()["enrolment"], bench.status()["pinned"]) == ("open", "")
        assert await bench.tap(key_card(4)) == [codes.KEY_PINNED]  # nobody is locked out by it

    bench.run(story())


def test_a_new_card_that_cannot_prove_its_key_is_not_pinned():
    bench, owner, _ = claimed()

    async def story():
        await open_enrolment(bench, owner)
        assert await bench.tap(Clone(3, key_card(4))) == [codes.WRONG_ANSWER]
        assert (bench.status()["enrolment"], bench.status()["pinned"]) == ("open", "")

    bench.run(story())


def test_keys_are_added_at_the_cabin_reader_only_where_there_is_one():
    """Somebody inside holds the button while the owner taps at the door: that unlocks, and opens no enrolment."""
    bench = Bench(places=(1, 2))
    owner = bench.enrol(key_card(1), codes.OWNER)

    async def story():
        assert await open_enrolment(bench, owner) == [codes.ACCEPTED]
        assert bench.status()["enrolment"] == "closed"
        assert bench.status()["lock"] == "unlocked"
        bench.model = bench.models[1]  # the reader in the cabin
        assert await open_enrolment(bench, owner) == [codes.ACCEPTED]
        assert bench.status()["enrolment"] == "open"
        bench.model = bench.models[0]
        assert await bench.tap(key_card(7)) == [codes.UNKNOWN_KEY]
        assert bench.status()["enrolment"] == "open"

    bench.run(story())
