"""Somebody makes noise on the radio while an owner lets a phone in: what light and console say stays readable."""

from fakes.bench_gestures import open_enrolment
from fakes.bench_pairing import SHOWN_MS, car, confirm, enrol_phone
from fakes.bench_phone import TO_VEHICLE, UNLOCK, BenchPhone, add_key, legacy
from fakes.phone import Phone
from latchkey.core import codes
from latchkey.protocol import vehicle_command_numbers as numbers

_RED, _BLUE = 1, 4
_MOST_IN_A_MINUTE = 3 + 6 + 1  # a few at once, one more every ten seconds


async def _crowd(bench, numbers_):
    found = []
    for number in numbers_:
        found.append(await BenchPhone(bench, number).connect())
    return found


async def _noise(bench, crowd, wishes, ms):
    """All of them, as fast as they are listened to."""
    end = bench.time.elapsed_ms + ms
    turn = 0
    while bench.time.elapsed_ms < end:
        for phone in crowd:
            if phone.line.connected:
                wish = wishes[turn % len(wishes)]
                phone.write(legacy(wish) if turn & 1 else phone.unsigned(wish))
                turn += 1
        await bench.pass_ms(250)


def test_wishes_that_cannot_be_granted_are_told_now_and_then():
    bench, owner = car()
    known = enrol_phone(bench, 1, codes.DRIVER)

    async def story():
        crowd = await _crowd(bench, (2, 3, 4))
        bench.forget()
        never = [
            add_key(known.key, codes.OWNER),
            add_key(crowd[0].key, codes.SERVICE),
            add_key(bytes(64), codes.DRIVER),
        ]
        await _noise(bench, crowd, never, 30_000)
        assert 0 < len(bench.verdicts()) <= _MOST_IN_A_MINUTE
        await bench.pass_ms(30_000)
        await open_enrolment(bench, owner)
        bench.forget()
        crowd = await _crowd(bench, (2, 3, 4))
        await _noise(bench, crowd, never, 50_000)
        assert bench.status()["enrolment"] == "open"
        assert 0 < len(bench.verdicts()) <= _MOST_IN_A_MINUTE

    bench.run(story())


def test_a_parrot_does_not_fill_console_and_light():
    bench, owner = car()

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        await open_enrolment(bench, owner)
        crowd = await _crowd(bench, (2, 3))
        assert await phone.ask(phone.unsigned(add_key(phone.key, codes.DRIVER)), SHOWN_MS) == []
        bench.forget()
        await _noise(bench, crowd, [add_key(phone.key, codes.OWNER)], 20_000)
        assert len(bench.verdicts()) <= _MOST_IN_A_MINUTE
        await confirm(bench, owner)
        assert phone.outcome(phone.frames()) == ("keys", numbers.KEY_LIST_CHANGED)

    bench.run(story())


def test_an_alarm_is_shown_to_its_end_whatever_is_refused_meanwhile():
    bench, owner = car()

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        thieves = await _crowd(bench, (2, 3))
        await open_enrolment(bench, owner)
        assert await phone.ask(phone.unsigned(add_key(phone.key, codes.DRIVER)), SHOWN_MS) == []
        await bench.pass_ms(2_000)
        bench.forget()
        for thief in thieves:
            thief.write(thief.unsigned(add_key(thief.key, codes.DRIVER)))
            thief.write(legacy(add_key(thief.key, codes.DRIVER)))
            thief.write(thief.signed(UNLOCK))
            thief.write(Phone.handshake(thief))
        await bench.pass_ms(4_000)
        assert codes.KEY_CONFLICT in bench.verdicts() and len(bench.verdicts()) > 1
        colour, flashes, long, beeps = bench.signal()
        assert (colour & _RED, flashes, long, beeps) == (_RED, 8, False, 8)

    bench.run(story())


def test_a_key_that_opens_is_shown_also_during_an_alarm():
    bench, owner = car()

    async def story():
        await open_enrolment(bench, owner)
        for thief in await _crowd(bench, (2, 3)):
            await thief.ask(thief.unsigned(add_key(thief.key, codes.DRIVER)), SHOWN_MS)
        bench.forget()
        assert codes.ACCEPTED in await bench.tap(owner)
        await bench.pass_ms(2_000)
        assert bench.signal()[2]  # one long: done

    bench.run(story())


def test_who_writes_what_begins_no_message_loses_its_place():
    """Zeros are frames of no length. Once they cost a turn of the loop for each byte, and nobody was hung up on."""
    bench, owner = car()

    async def story():
        stranger = await BenchPhone(bench, 9).connect()
        await stranger.handshake()  # it has said something that makes sense
        for _ in range(12):
            if stranger.line.connected:
                stranger.line.write(bench.radio.handle(TO_VEHICLE), bytes(500))
            await bench.pass_ms(20)
        assert not stranger.line.connected
        assert (await bench.tap(owner))[0] == codes.ACCEPTED

    bench.run(story())
