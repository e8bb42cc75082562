"""How keys leave the list, and what of it all outlives a loss of power.

Where the power is lost, the next run() boots from what flash and marks hold.
"""

from fakes.bench import Bench, codes
from fakes.bench_cards import key_card
from fakes.bench_gestures import PAST_CLAIM_MS, claim, claimed, enrol, open_enrolment, roles


def test_a_revoked_card_is_refused_for_ever_until_an_owner_enrols_it_again():
    bench, owner, _ = claimed()
    driver = bench.enrol(key_card(5), codes.DRIVER)

    async def revoke():
        bench.forget()
        bench.type("revoke 2")
        await bench.pass_ms(1_000)
        assert bench.verdicts() == [codes.ACCEPTED, codes.ACCEPTED]  # asked, and done
        assert roles(bench)[2] == ("driver", "revoked")
        assert await bench.tap(driver, 700, 3_000) == [codes.REVOKED]
        assert bench.signal() == (1, 4, False, 4) and bench.pulses() == []

    async def enrol_again():
        assert await bench.tap(driver) == [codes.REVOKED]
        assert await enrol(bench, owner, driver) == [codes.ACCEPTED, codes.ENROLLED]
        assert roles(bench)[2] == ("driver", "active") and len(roles(bench)) == 3
        assert await bench.tap(driver) == [codes.ACCEPTED, codes.ACCEPTED]

    bench.run(revoke())
    bench.run(enrol_again())


def test_the_console_refuses_what_cannot_be_revoked():
    bench, _, _ = claimed()

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
        assert roles(bench) == [("owner", "revoked"), ("owner", "active")]

    bench.run(story())


def test_with_a_stuck_generator_enrolled_cards_work_and_none_is_added():
    bench, owner, _ = claimed()
    bench.random.stuck = True

    async def story():
        assert await bench.tap(owner) == [codes.ACCEPTED, codes.ACCEPTED]
        assert await bench.tap(owner) == [codes.ACCEPTED]
        await open_enrolment(bench, owner)
        assert await bench.tap(key_card(3), 700, 3_600) == [codes.NO_ENTROPY]
        assert bench.signal() == (3, 6, False, 6)
        assert bench.status()["pinned"] == ""

    bench.run(story())


def test_what_is_half_open_does_not_survive_a_loss_of_power_and_what_was_told_does():
    bench = Bench()
    owners = (key_card(1), key_card(2))
    new = key_card(3)

    async def claim_without_a_card():
        await bench.press(PAST_CLAIM_MS)

    async def claim_with_one():
        assert bench.status()["enrolment"] == "closed"
        assert await bench.tap(owners[0]) == [codes.UNKNOWN_KEY]
        assert (await claim(bench, owners[0]))[-1] == codes.OWNER_ADDED

    async def open_it():
        assert await bench.tap(owners[1]) == [codes.UNKNOWN_KEY]  # the second half of the claim is over
        assert roles(bench) == [("owner", "active")]
        assert await open_enrolment(bench, owners[0]) == [codes.ACCEPTED]

    async def pin():
        assert bench.status()["enrolment"] == "closed"
        assert await bench.tap(new) == [codes.UNKNOWN_KEY]
        await open_enrolment(bench, owners[0])
        assert await bench.tap(new) == [codes.KEY_PINNED]

    async def confirm():
        assert bench.status()["enrolment"] == "closed"
        assert await enrol(bench, owners[0], new) == [codes.ACCEPTED, codes.ENROLLED]

    async def use():
        assert roles(bench) == [("owner", "active"), ("driver", "active")]
        assert codes.ACCEPTED in await bench.tap(new)

    for part in (claim_without_a_card, claim_with_one, open_it, pin, confirm, use):
        bench.run(part())


def test_a_restart_in_the_middle_of_a_write_leaves_the_old_list_or_the_new_one():
    new = key_card(3)
    seen = set()
    for after_ms in range(0, 60, 5):  # the write goes on in steps, one in each turn of 5 ms
        bench, owner, _ = claimed()

        async def begin(bench=bench, owner=owner, after_ms=after_ms):
            await open_enrolment(bench, owner)
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
            assert roles(bench)[2:] == ([("driver", "active")] if found[0] == codes.ACCEPTED else [])
            assert (await bench.tap(owner))[0] == codes.ACCEPTED

        bench.run(begin())
        bench.run(look())
    assert codes.ACCEPTED in seen
