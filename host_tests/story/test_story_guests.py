"""A guest's errand, a suspended key, and a lost card, at the whole application."""

from fakes.bench_cards import key_card
from fakes.bench_pairing import ask_unsigned, car, enrol_phone
from fakes.bench_phone import UNLOCK
from fakes.phone import own_order, parsed
from latchkey.core import codes
from latchkey.protocol import vehicle_command_numbers as numbers

_DONE = ("keys", numbers.KEY_LIST_CHANGED)
_OWNER, _GUEST = 0, 1
_ERRAND = "guest 1 2026-11-25T18:00 2026-11-25T18:01"
_SIX = 848_880_000 + 18 * 3_600  # 2026-11-25T18:00
_WRITTEN_MS = 2_000
_CLOCK, _TELL, _SUSPEND, _ADMIT, _LIMIT, _REVOKE = 8, 9, 10, 11, 12, 13
_SUSPEND_GUESTS, _ADMIT_GUESTS = 2, 3
_KEY_LIST = b"\x0a\x02\x08\x05"


def _car_with_a_guest():
    bench, owner = car()
    return bench, owner, bench.enrol(key_card(2), codes.DRIVER)  # a card is a driver's, until it gets a time


async def _say(bench, line):
    """Type a line; returns the verdicts that follow."""
    bench.forget()
    bench.type(line)
    await bench.pass_ms(_WRITTEN_MS)
    return bench.verdicts()


async def _present(*phones):
    for phone in phones:
        await phone.connect()
        assert await phone.handshake() == 0


def test_a_guest_s_errand():
    bench, owner, guest = _car_with_a_guest()

    async def errand():
        assert await bench.tap(guest) == [codes.ACCEPTED] * 2  # not limited yet
        assert await _say(bench, _ERRAND) == [codes.ACCEPTED] * 2
        assert await bench.tap(guest) == [codes.CLOCK_UNSET] and bench.pulses() == []
        assert bench.status()["minute"] is None
        assert await _say(bench, "time 2026-11-25T17:59") == [codes.ACCEPTED]
        assert await bench.tap(guest) == [codes.OUTSIDE_WINDOW]
        await bench.pass_ms(60_000)
        assert codes.ACCEPTED in await bench.tap(guest) and bench.pulses() == ["lock"]
        assert bench.status()["keys"][1]["window"] == [_SIX // 60, _SIX // 60 + 1, 0]
        await bench.pass_ms(60_000)
        assert await bench.tap(guest) == [codes.OUTSIDE_WINDOW]
        assert codes.ACCEPTED in await bench.tap(owner)

    async def after_a_loss_of_power():
        assert await bench.tap(guest) == [codes.CLOCK_UNSET]
        assert codes.ACCEPTED in await bench.tap(owner)
        assert await _say(bench, "guest 1 - 2026-11-25T18:05 unset") == [codes.ACCEPTED] * 2
        assert codes.ACCEPTED in await bench.tap(guest)  # the mark says 18:00, a minute after it was told
        assert await _say(bench, "guest 1 always") == [codes.ACCEPTED] * 2
        assert codes.ACCEPTED in await bench.tap(guest)

    bench.run(errand())
    assert bench.marks.values["minute"] == _SIX // 60  # once, a minute after it was told
    bench.run(after_a_loss_of_power())


def test_what_is_typed_wrongly_is_answered_with_what_would_be_right():
    bench, _, _ = _car_with_a_guest()

    async def story():
        for line in (
            "guest",
            "guest x 2026-11-25T18:00 -",
            "guest 1",
            "guest 1 tonight",
            "guest 1 2026-11-25T18:00",
            "guest 1 2026-11-25T24:00 -",
            "guest 1 2026-02-29T18:00 -",
            "guest 1 2026-11-25T18:00 - maybe",
            "time",
            "time 18:00",
            "time 2026-13-01T00:00",
            "time +026-11-25T18:00",
            "time 2019-11-25T18:00",
            "suspend",
            "suspend 1 2",
            "revoke one",
        ):
            assert await _say(bench, line) == [] and len(bench.errors) == 1, line
        assert await _say(bench, "guest 0 always") == [codes.ACCEPTED, codes.NOT_PERMITTED]
        assert await _say(bench, "guest 7 always") == [codes.NO_SUCH_KEY]
        assert await _say(bench, "guest 1 2026-11-25T18:00 2026-11-25T18:00") == [codes.ACCEPTED, codes.NOT_PERMITTED]
        assert bench.status()["generation"] == 2

    bench.run(story())


def test_a_phone_tells_the_time_and_nobody_is_bothered_with_it():
    bench, _, guest = _car_with_a_guest()
    driver, stranger = enrol_phone(bench, 1, codes.DRIVER), enrol_phone(bench, 2, codes.GUEST)

    async def story():
        await _say(bench, _ERRAND)
        await _present(driver, stranger)
        bench.forget()
        assert await stranger.command(own_order(_CLOCK, _SIX)) == ("fault", numbers.INSUFFICIENT_PRIVILEGES)
        assert bench.verdicts() == [codes.NOT_PERMITTED] and not bench.notes
        assert await bench.tap(guest) == [codes.CLOCK_UNSET]
        bench.forget()
        assert await driver.command(own_order(_CLOCK, _SIX)) == "done"
        assert bench.verdicts() == [codes.ACCEPTED] and not bench.notes  # a row in the journal, and no light
        bench.forget()
        assert await driver.command(own_order(_CLOCK, _SIX + 5)) == "done"
        assert await driver.command(own_order(_CLOCK, _SIX - 900)) == ("nominal", numbers.DISABLED_FOR_USER_COMMAND)
        assert bench.verdicts() == []
        assert codes.ACCEPTED in await bench.tap(guest)

    bench.run(story())


def test_a_driver_who_lies_about_the_time_ends_no_window_for_longer_than_an_owner_stays_away():
    bench, _, guest = _car_with_a_guest()
    driver, owner = enrol_phone(bench, 1, codes.DRIVER), enrol_phone(bench, 2, codes.OWNER)

    async def story():
        await _say(bench, _ERRAND)
        await _present(driver, owner)
        assert await driver.command(own_order(_CLOCK, _SIX + 900 * 86_400)) == "done"
        assert await bench.tap(guest) == [codes.OUTSIDE_WINDOW]
        assert await driver.command(own_order(_CLOCK, _SIX)) == ("nominal", numbers.DISABLED_FOR_USER_COMMAND)
        assert await owner.command(own_order(_CLOCK, _SIX)) == "done"
        assert codes.ACCEPTED in await bench.tap(guest)

    bench.run(story())


def test_the_time_is_not_written_down_beside_a_card():
    bench, _, _ = _car_with_a_guest()

    async def story():
        assert await _say(bench, "time 2026-11-25T18:00") == [codes.ACCEPTED]
        await bench.pass_ms(50_000)
        bench.vehicle.attends |= 8  # a reader that this car has not
        await bench.pass_ms(20_000)
        assert "minute" not in bench.marks.values
        bench.vehicle.attends &= ~8
        await bench.pass_ms(100)
        assert bench.marks.values["minute"] == _SIX // 60 + 1

    bench.run(story())


async def _entries(phone):
    """What an owner's phone is told of the keys: [(number, entry generation, id, kind, role, condition)]."""
    found, number = [], 0
    assert await phone.handshake() == 0  # its messages live by the clock that they are told here
    while True:
        answer = await phone.command(own_order(_TELL, number))
        if answer[0] == "keys":
            assert answer[1] == numbers.NOT_ON_LIST
            return found
        told = parsed(answer[1], messages=((1_000,),))
        found.append(tuple(told.get((1_000, field), 0) for field in range(1, 7)))
        number = found[-1][0] + 1


def test_a_lost_card_is_suspended_and_then_revoked_with_an_owner_s_phone():
    bench, owner, guest = _car_with_a_guest()
    lost = bench.enrol(key_card(3), codes.OWNER)
    phone = enrol_phone(bench, 1, codes.OWNER)

    async def story():
        await _present(phone)
        listed = await _entries(phone)
        assert [row[0] for row in listed] == [0, 1, 2, 3]
        assert [row[2] for row in listed[:3]] == [int(card.short_id, 16) for card in (owner, guest, lost)]
        assert [row[3:] for row in listed] == [(1, 2, 1), (1, 3, 1), (1, 2, 1), (2, 2, 1)]
        number, generation = listed[2][:2]
        assert await phone.command(own_order(_SUSPEND, number, generation), _WRITTEN_MS) == _DONE
        assert await bench.tap(lost) == [codes.SUSPENDED]
        assert (await _entries(phone))[2][5] == 2
        # what was told before the change counts no more
        stale = ("keys", numbers.UNDOCUMENTED_ERROR)
        assert await phone.command(own_order(_REVOKE, number, generation), _WRITTEN_MS) == stale
        generation = (await _entries(phone))[2][1]
        assert await phone.command(own_order(_ADMIT, number, generation), _WRITTEN_MS) == _DONE
        assert codes.ACCEPTED in await bench.tap(lost)
        generation = (await _entries(phone))[2][1]
        assert await phone.command(own_order(_REVOKE, number, generation), _WRITTEN_MS) == _DONE
        assert await bench.tap(lost) == [codes.REVOKED]
        assert [row[0] for row in await _entries(phone)] == [0, 1, 3]
        # the last owner's card stays, and so does the phone that asks
        for number, said in ((0, numbers.NO_PERMISSION_TO_REMOVE), (3, numbers.CANNOT_REMOVE_ONESELF)):
            generation = bench.vehicle.registry.entry_generation(number)
            for change in (_SUSPEND, _REVOKE):
                assert await phone.handshake() == 0
                assert await phone.command(own_order(change, number, generation), _WRITTEN_MS) == ("keys", said)
        assert codes.ACCEPTED in await bench.tap(owner)

    bench.run(story())


def test_an_owner_s_phone_gives_a_guest_a_window():
    bench, _, guest = _car_with_a_guest()
    phone, other = enrol_phone(bench, 1, codes.OWNER), enrol_phone(bench, 2, codes.GUEST)

    async def story():
        await _present(phone, other)
        assert await phone.command(own_order(_CLOCK, _SIX)) == "done"
        for number in (1, 3):
            generation = bench.vehicle.registry.entry_generation(number)
            order = own_order(_LIMIT, number, generation, _SIX + 60, _SIX + 3_600)
            assert await phone.command(order, _WRITTEN_MS) == _DONE
        assert await bench.tap(guest) == [codes.OUTSIDE_WINDOW]
        assert await other.handshake() == 0
        assert await other.command(UNLOCK) == ("fault", numbers.INACTIVE_KEY)
        for window in ((_SIX + 60, 0, 0), (0, 0, 1), (_SIX, 0, 1)):  # no end is not "at any time"
            order = own_order(_LIMIT, 1, bench.vehicle.registry.entry_generation(1), *window)
            assert await phone.handshake() == 0
            assert await phone.command(order, _WRITTEN_MS) == ("keys", numbers.NO_PERMISSION_TO_REMOVE), window
            assert bench.vehicle.registry.window_of(1) is not None, window
        await bench.pass_ms(60_000)
        assert codes.ACCEPTED in await bench.tap(guest)
        await _present(other)
        assert await other.command(UNLOCK) == "done"

    bench.run(story())


def test_a_guest_whose_time_is_over_or_whom_nobody_admits_is_told_nothing_more_on_a_connection_that_lasts():
    bench, card, _ = _car_with_a_guest()
    owner, other = enrol_phone(bench, 1, codes.OWNER), enrol_phone(bench, 2, codes.GUEST)

    async def told(phone):
        """Whether a change at the lock reaches the phone, and the list of keys when it asks for that unsigned."""
        phone.frames()
        await bench.tap(card)
        unasked = len(phone.frames())
        answer = await ask_unsigned(phone, _KEY_LIST)
        assert bool(unasked) == (answer[0] != "fault"), (unasked, answer)
        return bool(unasked)

    async def story():
        await _present(owner, other)
        assert await owner.command(own_order(_CLOCK, _SIX)) == "done"
        assert await other.command(UNLOCK) == "done" and await told(other)
        assert await owner.command(own_order(_SUSPEND_GUESTS)) == "done"
        assert not await told(other)
        assert await owner.command(own_order(_ADMIT_GUESTS)) == "done"
        assert await other.handshake() == 0
        assert await other.command(UNLOCK) == "done" and await told(other)
        assert await _say(bench, "guest 3 2026-11-25T18:00 2026-11-25T18:05") == [codes.ACCEPTED] * 2
        assert await other.handshake() == 0
        assert await other.command(UNLOCK) == "done" and await told(other)
        await bench.pass_ms(300_000)
        assert not await told(other) and await told(owner)

    bench.run(story())


def test_a_key_that_is_suspended_on_the_console_opens_nothing_until_it_is_admitted():
    bench, owner, guest = _car_with_a_guest()

    async def story():
        assert await _say(bench, "suspend 1") == [codes.ACCEPTED] * 2
        assert await bench.tap(guest) == [codes.SUSPENDED]
        assert await _say(bench, "suspend 0") == [codes.ACCEPTED, codes.LAST_OWNER]
        assert codes.ACCEPTED in await bench.tap(owner)

    async def after_a_loss_of_power():
        assert await bench.tap(guest) == [codes.SUSPENDED]
        assert await _say(bench, "admit 1") == [codes.ACCEPTED] * 2
        assert codes.ACCEPTED in await bench.tap(guest)

    bench.run(story())
    bench.run(after_a_loss_of_power())
