"""A board without a reader: the cabin button is the owner's only gesture, and phones are the only keys."""

from fakes.bench import Bench, codes
from fakes.bench_pairing import WRITTEN_MS, row_of
from fakes.bench_phone import LOCK, UNLOCK, BenchPhone, add_key, remove_key
from latchkey.protocol import vehicle_command_numbers as numbers


def _bench():
    return Bench(places=(), air=True)


async def _shown(bench, phone, role):
    phone.write(phone.unsigned(add_key(phone.key, role)))
    await bench.pass_ms(100)
    return phone.outcome(phone.frames())


async def _greeting(bench, number):
    """A phone that has said hello; one that says nothing for 10 s loses its place."""
    phone = await BenchPhone(bench, number).connect()
    await phone.handshake()
    return phone


async def _claimed(bench, role=codes.OWNER):
    """The first phone becomes the owner's."""
    phone = await BenchPhone(bench, 1).connect()
    assert await bench.press(5_200) == [codes.ACCEPTED]
    assert bench.status()["enrolment"] == "open"
    assert await _shown(bench, phone, role) is None
    assert bench.status()["pinned"] == phone.key_id.hex()
    assert await bench.press(1_500) == [codes.ACCEPTED]
    await bench.pass_ms(WRITTEN_MS)
    assert phone.outcome(phone.frames()) == ("keys", numbers.KEY_LIST_CHANGED)
    assert await phone.handshake() == 0
    phone.lifetime = 40
    return phone


def test_the_first_phone_is_claimed_by_hand_and_becomes_the_owners():
    bench = _bench()

    async def story():
        phone = await _claimed(bench, codes.DRIVER)
        assert row_of(bench, phone) == ("phone", 0, "owner", "active")
        assert bench.status()["claimed"] and bench.status()["registry"] == "ready"
        bench.forget()
        assert await phone.command(UNLOCK) == "done"
        await bench.pass_ms(1_000)
        assert await phone.command(LOCK) == "done"
        await bench.pass_ms(1_000)
        assert bench.pulses() == ["unlock", "lock"]

    bench.run(story())


def test_a_short_press_locks_and_unlocks_and_opens_nothing():
    bench = _bench()

    async def story():
        assert await bench.press(300) == [codes.ACCEPTED]
        await bench.pass_ms(1_000)
        assert bench.pulses() == ["unlock"]
        assert await bench.press(3_000) == []
        assert bench.status()["enrolment"] == "closed" and not bench.status()["claimed"]

    bench.run(story())


def test_a_claimed_one_opens_after_10_s_and_the_press_that_confirms_says_which_role():
    bench = _bench()

    async def story():
        owner = await _claimed(bench)
        second, third = await _greeting(bench, 2), await _greeting(bench, 3)
        assert await bench.press(6_000) == []
        assert await _shown(bench, second, codes.DRIVER) == ("keys", numbers.NO_PERMISSION_TO_ADD)
        for phone, asked, press_ms, role in (
            (second, codes.OWNER, 1_500, "driver"),
            (third, codes.DRIVER, 5_200, "owner"),
        ):
            assert await bench.press(10_200) == [codes.ACCEPTED]
            assert await _shown(bench, phone, asked) is None
            assert (await bench.press(press_ms))[0] == codes.ACCEPTED
            await bench.pass_ms(WRITTEN_MS)
            assert row_of(bench, phone)[2] == role
        assert await owner.command(remove_key(third.key), 2_000) == ("keys", numbers.KEY_LIST_CHANGED)
        assert row_of(bench, third)[3] == "revoked"

    bench.run(story())


def test_a_press_ends_an_enrolment_in_which_nothing_has_shown_itself():
    bench = _bench()

    async def story():
        await _claimed(bench)
        assert await bench.press(10_200) == [codes.ACCEPTED]
        assert await bench.press(1_200) == [codes.ACCEPTED]
        assert bench.status()["enrolment"] == "closed"
        assert bench.rows()[-1]["action"] == "end enrolment"

    bench.run(story())


def test_a_phone_that_nobody_confirms_is_forgotten_and_two_are_an_alarm():
    bench = _bench()

    async def story():
        await _claimed(bench)
        phone, other = await _greeting(bench, 2), await _greeting(bench, 3)
        assert await bench.press(10_200) == [codes.ACCEPTED]
        assert await _shown(bench, phone, codes.DRIVER) is None
        await bench.pass_ms(31_000)
        assert phone.outcome(phone.frames()) == ("keys", numbers.NO_TAP_IN_TIME)
        assert await bench.press(10_200) == [codes.ACCEPTED]
        assert await _shown(bench, phone, codes.DRIVER) is None
        assert await _shown(bench, other, codes.DRIVER) == ("keys", numbers.DENIED)
        await bench.pass_ms(100)
        assert phone.outcome(phone.frames()) == ("keys", numbers.DENIED)
        assert await bench.press(1_500) == []
        assert bench.status()["key_count"] == 1

    bench.run(story())


def test_not_while_the_vehicle_moves():
    bench = _bench()

    async def story():
        bench.wires["speed"].level = 40
        await bench.pass_ms(500)
        assert await bench.press(5_200) == [codes.MOVING]
        assert bench.status()["enrolment"] == "closed"

    bench.run(story())


def test_the_last_owners_phone_stays():
    bench = _bench()

    async def story():
        owner = await _claimed(bench)
        bench.forget()
        bench.type("revoke 0")
        await bench.pass_ms(1_000)
        assert bench.verdicts()[-1] == codes.LAST_OWNER
        assert await owner.command(UNLOCK) == "done"

    bench.run(story())


def test_beside_a_reader_the_button_alone_opens_nothing():
    bench = Bench(air=True)

    async def story():
        assert await bench.press(5_200) == [codes.ACCEPTED]
        assert bench.status()["enrolment"] == "claim"
        phone = await BenchPhone(bench, 1).connect()
        assert await _shown(bench, phone, codes.OWNER) == ("keys", numbers.NO_PERMISSION_TO_ADD)

    bench.run(story())


def test_a_press_that_began_to_end_an_enrolment_does_not_confirm_who_shows_up_meanwhile():
    bench = _bench()

    async def story():
        await _claimed(bench)
        thief = await _greeting(bench, 9)
        assert await bench.press(10_200) == [codes.ACCEPTED]
        bench.forget()
        bench.wires["button"].level = 1
        await bench.pass_ms(300)
        assert await _shown(bench, thief, codes.OWNER) is None
        await bench.pass_ms(1_100)
        bench.wires["button"].level = 0
        await bench.pass_ms(100)
        assert bench.verdicts()[-1] == codes.BUSY
        await bench.pass_ms(31_000)
        assert bench.status()["key_count"] == 1

    bench.run(story())
