"""How keys come into the list and leave it, from the blank controller on, by card, button and console.

Each story runs over the whole application; where the power is lost, the next run() boots from flash and marks.
"""

from fakes.bench import Bench, codes
from fakes.bench_cards import Clone, Twisted, key_card

_BLUE = 4
_PAST_CLAIM_MS = 5_300


async def _claim(bench, *owners):
    assert await bench.press(_PAST_CLAIM_MS) == [codes.ACCEPTED]
    found = []
    for owner in owners:
        found += await bench.tap(owner, 700, 1_000)
    return found


async def _open(bench, owner):
    """The owner's gesture: the button held while the card lies on the reader."""
    bench.wires["button"].level = 1
    await bench.pass_ms(100)
    found = await bench.tap(owner)
    bench.wires["button"].level = 0
    await bench.pass_ms(100)
    return found


async def _enrol(bench, owner, new):
    """Open, show the new card, confirm; returns the verdicts of the confirmation."""
    assert await _open(bench, owner) == [codes.ACCEPTED]
    assert await bench.tap(new) == [codes.KEY_PINNED]
    return await bench.tap(owner, 700, 1_500)


def _claimed():
    bench = Bench()
    return bench, bench.enrol(key_card(1), codes.OWNER), bench.enrol(key_card(2), codes.OWNER)


def _roles(bench):
    return [(key["role"], key["state"]) for key in bench.status()["keys"]]


def test_a_blank_controller_is_claimed_with_two_cards_and_then_never_again():
    bench = Bench()
    first, second = key_card(1), key_card(2, gauss=True)

    async def story():
        assert await bench.tap(first) == [codes.UNKNOWN_KEY]
        assert not bench.status()["claimed"]
        assert await bench.press(_PAST_CLAIM_MS) == [codes.ACCEPTED]
        assert bench.status()["enrolment"] == "claim"
        found = await bench.tap(first, 700, 2_000)
        assert found[-1] == codes.OWNER_ADDED and bench.signal() == (_BLUE, 1, False, 1)
        assert bench.status()["enrolment"] == "claim-second"
        assert await bench.tap(first) == [codes.ALREADY_ENROLLED]
        assert (await bench.tap(second, 700, 2_000))[-1] == codes.CLAIMED
        assert bench.pulses() == [] and bench.signal() == (_BLUE, 1, True, 1)
        assert _roles(bench) == [("owner", "active"), ("owner", "active")]
        assert await bench.tap(second) == [codes.ACCEPTED, codes.ACCEPTED]
        assert await bench.press(_PAST_CLAIM_MS) == [codes.ENROLMENT_CLOSED]
        assert bench.status()["enrolment"] == "closed"
        assert await bench.tap(key_card(3)) == [codes.UNKNOWN_KEY]

    bench.run(story())


def test_a_claim_with_one_card_ends_after_a_minute_and_leaves_one_owner():
    bench = Bench()
    owner = key_card(1)

    async def story():
        assert (await _claim(bench, owner))[-1] == codes.OWNER_ADDED
        bench.forget()
        await bench.pass_ms(60_000)
        assert bench.verdicts() == [codes.ENROLMENT_CLOSED]
        assert await bench.tap(key_card(2)) == [codes.UNKNOWN_KEY]
        assert await bench.tap(owner) == [codes.ACCEPTED, codes.ACCEPTED]
        assert await _enrol(bench, owner, key_card(2)) == [codes.ACCEPTED, codes.ENROLLED]

    bench.run(story())


def test_a_claim_without_a_card_ends_after_a_minute_and_the_controller_stays_blank():
    bench = Bench()

    async def story():
        await bench.press(_PAST_CLAIM_MS)
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
    bench, owner, _ = _claimed()
    new = key_card(3)

    async def story():
        assert await _open(bench, owner) == [codes.ACCEPTED]
        assert bench.status()["enrolment"] == "open"
        assert await bench.tap(new) == [codes.KEY_PINNED]
        status = bench.status()
        assert (status["enrolment"], status["pinned"]) == ("pinned", new.short_id)
        assert bench.rows()[0]["id"] == new.short_id
        assert await bench.tap(owner, 700, 1_500) == [codes.ACCEPTED, codes.ENROLLED]
        assert bench.pulses() == []
        assert _roles(bench)[2] == ("driver", "active")
        assert await bench.tap(new) == [codes.ACCEPTED, codes.ACCEPTED]
        assert await bench.tap(new) == [codes.ACCEPTED]
        assert await _open(bench, new) == [codes.ACCEPTED, codes.ALREADY]  # to a driver the button means nothing
        assert bench.status()["enrolment"] == "closed"

    bench.run(story())


def test_confirmed_with_the_button_held_the_new_card_becomes_an_owner():
    bench, owner, _ = _claimed()
    new, third = key_card(3), key_card(4)

    async def story():
        await _open(bench, owner)
        await bench.tap(new)
        assert (await _open(bench, owner))[0] == codes.ACCEPTED
        await bench.pass_ms(1_000)
        assert _roles(bench)[2] == ("owner", "active")
        assert await _enrol(bench, new, third) == [codes.ACCEPTED, codes.ENROLLED]

    bench.run(story())


def test_a_second_unknown_key_ends_the_enrolment_with_an_alarm():
    bench, owner, _ = _claimed()

    async def story():
        await _open(bench, owner)
        assert await bench.tap(key_card(3)) == [codes.KEY_PINNED]
        assert await bench.tap(key_card(3)) == [codes.KEY_PINNED]  # the same one again is no other
        assert await bench.tap(key_card(4), 700, 3_000) == [codes.KEY_CONFLICT]
        assert bench.signal()[1:] == (8, False, 8)
        assert bench.status()["enrolment"] == "closed"
        assert await bench.tap(owner) == [codes.ACCEPTED, codes.ACCEPTED]  # opens the car, and confirms nothing
        assert len(_roles(bench)) == 2
        assert await bench.tap(key_card(3)) == [codes.UNKNOWN_KEY]

    bench.run(story())


def test_two_new_cards_in_one_wallet_are_not_both_let_in():
    bench, owner, _ = _claimed()
    one, other = key_card(3), key_card(4)

    async def story():
        await _open(bench, owner)
        bench.model.put(one)
        found = await bench.tap(other, 3_000)
        bench.model.take_away(one)
        assert found[0] == codes.KEY_PINNED and len(_roles(bench)) == 2

    bench.run(story())


def test_only_the_card_that_opened_confirms():
    bench, owner, other_owner = _claimed()
    driver = bench.enrol(key_card(5), codes.DRIVER)

    async def story():
        await _open(bench, owner)
        assert await bench.tap(key_card(3)) == [codes.KEY_PINNED]
        for card in (other_owner, driver, Clone(9, owner)):
            await bench.tap(card)
            await _open(bench, card)
            assert bench.status()["enrolment"] == "pinned"
        assert len(_roles(bench)) == 3
        assert await bench.tap(owner, 700, 1_500) == [codes.ACCEPTED, codes.ENROLLED]

    bench.run(story())


def test_an_enrolment_ends_by_itself_and_by_the_owners_card():
    bench, owner, _ = _claimed()

    async def story():
        await _open(bench, owner)
        assert await bench.tap(owner) == [codes.ACCEPTED]
        assert bench.rows()[0]["action"] == "end enrolment"
        assert bench.status()["enrolment"] == "closed" and bench.pulses() == []
        await _open(bench, owner)
        bench.forget()
        await bench.pass_ms(59_000)
        assert bench.verdicts() == [codes.ENROLMENT_CLOSED]
        await _open(bench, owner)
        await bench.tap(key_card(3))
        bench.forget()
        await bench.pass_ms(28_000)
        assert bench.status()["enrolment"] == "pinned"
        await bench.pass_ms(2_000)
        assert bench.verdicts() == [codes.ENROLMENT_CLOSED]
        assert (await bench.tap(owner))[0] == codes.ACCEPTED  # too late: it opens the car
        assert bench.pulses() == ["unlock"] and len(_roles(bench)) == 2

    bench.run(story())


def test_no_unlock_by_anyone_opens_an_enrolment():
    bench, owner, _ = _claimed()
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
        assert len(_roles(bench)) == 3

    bench.run(story())


def test_a_revoked_card_is_refused_for_ever_until_an_owner_enrols_it_again():
    bench, owner, _ = _claimed()
    driver = bench.enrol(key_card(5), codes.DRIVER)

    async def revoke():
        bench.forget()
        bench.type("revoke 2")
        await bench.pass_ms(1_000)
        assert bench.verdicts() == [codes.ACCEPTED, codes.ACCEPTED]  # asked, and done
        assert _roles(bench)[2] == ("driver", "revoked")
        assert await bench.tap(driver, 700, 3_000) == [codes.REVOKED]
        assert bench.signal() == (1, 4, False, 4) and bench.pulses() == []

    async def enrol_again():
        assert await bench.tap(driver) == [codes.REVOKED]
        assert await _enrol(bench, owner, driver) == [codes.ACCEPTED, codes.ENROLLED]
        assert _roles(bench)[2] == ("driver", "active") and len(_roles(bench)) == 3
        assert await bench.tap(driver) == [codes.ACCEPTED, codes.ACCEPTED]

    bench.run(revoke())
    bench.run(enrol_again())


def test_the_console_refuses_what_cannot_be_revoked():
    bench, _, _ = _claimed()

    async def story():
        for line, verdicts in (
            ("revoke 9", [codes.NO_SUCH_KEY]),
            ("revoke 0", [codes.ACCEPTED, codes.ACCEPTED]),
            ("revoke 1", [codes.ACCEPTED, codes.LAST_OWNER]),
            ("revoke 99999", [codes.NO_SUCH_KEY]),
            ("revoke 99999999999999999999", [codes.NO_SUCH_KEY]),
            ("revoke", []),
            ("revoke x", []),
            ("", []),
        ):
            bench.forget()
            bench.type(line)
            await bench.pass_ms(1_000)
            assert bench.verdicts() == verdicts, line
            assert len(bench.errors) == (0 if verdicts else 1)
        assert _roles(bench) == [("owner", "revoked"), ("owner", "active")]

    bench.run(story())


def test_a_card_with_a_key_that_is_no_point_is_not_pinned():
    bench, owner, _ = _claimed()
    off_curve = Twisted(3, lambda count, apdu, answer: answer[:64] + b"\x01" + answer[65:] if count == 3 else answer)

    async def story():
        await _open(bench, owner)
        assert await bench.tap(off_curve) == [codes.BAD_POINT]
        assert (bench.status()["enrolment"], bench.status()["pinned"]) == ("open", "")
        assert await bench.tap(key_card(4)) == [codes.KEY_PINNED]  # nobody is locked out by it

    bench.run(story())


def test_a_new_card_that_cannot_prove_its_key_is_not_pinned():
    bench, owner, _ = _claimed()

    async def story():
        await _open(bench, owner)
        assert await bench.tap(Clone(3, key_card(4))) == [codes.WRONG_ANSWER]
        assert (bench.status()["enrolment"], bench.status()["pinned"]) == ("open", "")

    bench.run(story())


def test_with_a_stuck_generator_enrolled_cards_work_and_none_is_added():
    bench, owner, _ = _claimed()
    bench.random.stuck = True

    async def story():
        assert await bench.tap(owner) == [codes.ACCEPTED, codes.ACCEPTED]
        assert await bench.tap(owner) == [codes.ACCEPTED]
        await _open(bench, owner)
        assert await bench.tap(key_card(3), 700, 3_600) == [codes.NO_ENTROPY]
        assert bench.signal() == (3, 6, False, 6)
        assert bench.status()["pinned"] == ""

    bench.run(story())


def test_what_is_half_open_does_not_survive_a_loss_of_power_and_what_was_told_does():
    bench = Bench()
    owners = (key_card(1), key_card(2))
    new = key_card(3)

    async def claim_without_a_card():
        await bench.press(_PAST_CLAIM_MS)

    async def claim_with_one():
        assert bench.status()["enrolment"] == "closed"
        assert await bench.tap(owners[0]) == [codes.UNKNOWN_KEY]
        assert (await _claim(bench, owners[0]))[-1] == codes.OWNER_ADDED

    async def open_it():
        assert await bench.tap(owners[1]) == [codes.UNKNOWN_KEY]  # the second half of the claim is over
        assert _roles(bench) == [("owner", "active")]
        assert await _open(bench, owners[0]) == [codes.ACCEPTED]

    async def pin():
        assert bench.status()["enrolment"] == "closed"
        assert await bench.tap(new) == [codes.UNKNOWN_KEY]
        await _open(bench, owners[0])
        assert await bench.tap(new) == [codes.KEY_PINNED]

    async def confirm():
        assert bench.status()["enrolment"] == "closed"
        assert await _enrol(bench, owners[0], new) == [codes.ACCEPTED, codes.ENROLLED]

    async def use():
        assert _roles(bench) == [("owner", "active"), ("driver", "active")]
        assert codes.ACCEPTED in await bench.tap(new)

    for part in (claim_without_a_card, claim_with_one, open_it, pin, confirm, use):
        bench.run(part())


def test_a_restart_in_the_middle_of_a_write_leaves_the_old_list_or_the_new_one():
    new = key_card(3)
    seen = set()
    for after_ms in range(0, 60, 5):  # the write goes on in steps, one in each turn of 5 ms
        bench, owner, _ = _claimed()

        async def begin(bench=bench, owner=owner, after_ms=after_ms):
            await _open(bench, owner)
            await bench.tap(new)
            bench.model.put(owner)
            while bench.status()["enrolment"] == "pinned":
                await bench.pass_ms(5)
            await bench.pass_ms(after_ms)
            bench.model.take_away(owner)

        async def look(bench=bench, owner=owner):
            status = bench.status()
            assert status["registry"] == "ready" and status["enrolment"] == "closed"
            found = await bench.tap(new)
            seen.add(found[0])
            assert found in ([codes.UNKNOWN_KEY], [codes.ACCEPTED, codes.ACCEPTED])
            assert _roles(bench)[2:] == ([("driver", "active")] if found[0] == codes.ACCEPTED else [])
            assert (await bench.tap(owner))[0] == codes.ACCEPTED

        bench.run(begin())
        bench.run(look())
    assert codes.ACCEPTED in seen
