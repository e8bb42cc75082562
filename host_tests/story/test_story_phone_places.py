"""Who keeps a place at the radio, and what goes before phones: the rules of links/ble, one at a time.

What they are worth against a crowd is measured in test_story_drill.py.
"""

from fakes.bench_cards import key_card
from fakes.bench_pairing import car, enrol_phone
from fakes.bench_phone import STATUS, UNLOCK, BenchPhone
from fakes.phone import Phone
from latchkey.core import codes

_TURNS_MS = 40  # until somebody who has lost his place is gone


def _alone(lines):
    return [line.connected for line in lines]


async def _strangers(bench, count):
    """So many phones that say nothing, one right after the other."""
    lines = []
    for _ in range(count):
        while bench.radio.advertising is None or not bench.radio.advertising[0]:
            await bench.pass_ms(5)
        lines.append(bench.radio.connect())
        await bench.pass_ms(10)
    return lines


def test_the_oldest_goes_when_the_last_place_is_taken_and_its_second_is_over():
    bench, _ = car()

    async def story():
        first, second, third = await _strangers(bench, 3)
        await bench.pass_ms(2_000)
        assert _alone((first, second, third)) == [True] * 3  # nobody wants their places
        (fourth,) = await _strangers(bench, 1)
        await bench.pass_ms(_TURNS_MS)
        assert _alone((first, second, third, fourth)) == [False, True, True, True]
        assert bench.radio.advertising[0]

    bench.run(story())


def test_four_that_have_just_come_have_a_second_each():
    bench, _ = car()

    async def story():
        lines = await _strangers(bench, 4)
        await bench.pass_ms(900)
        assert _alone(lines) == [True] * 4 and not bench.radio.advertising[0]
        await bench.pass_ms(100 + _TURNS_MS)
        assert _alone(lines) == [False, True, True, True]

    bench.run(story())


def test_who_has_named_a_key_goes_after_those_who_have_not_and_who_has_signed_stays():
    bench, _ = car()
    named, proven = enrol_phone(bench, 1, codes.DRIVER), enrol_phone(bench, 2, codes.DRIVER)

    async def story():
        for phone in (named, proven):
            await phone.connect()
            assert await phone.handshake() == 0
        assert await proven.command(UNLOCK) == "done"
        lines = [named.line, proven.line]
        lines += await _strangers(bench, 1)
        await bench.pass_ms(1_500)
        lines += await _strangers(bench, 1)
        await bench.pass_ms(_TURNS_MS)
        assert _alone(lines) == [True, True, False, True]  # the first one is older, but it has named a key
        lines += await _strangers(bench, 1)
        await bench.pass_ms(_TURNS_MS)
        assert _alone(lines) == [False, True, False, True, True]  # the others have their second
        lines += await _strangers(bench, 1)
        await bench.pass_ms(20_000)
        assert _alone(lines) == [False, True, False, False, False, False]  # who says nothing goes in the end

    bench.run(story())


async def _named_after(bench, phone, ms):
    """Four take all places; the oldest names a key after so many ms. When it has lost its place, in ms."""
    phone.begin(bench.radio.connect())
    came = bench.time.elapsed_ms
    await bench.pass_ms(500)
    await _strangers(bench, 3)
    await bench.pass_ms(ms - (bench.time.elapsed_ms - came))
    phone.write(Phone.handshake(phone))
    while phone.line.connected:
        await bench.pass_ms(5)
    return bench.time.elapsed_ms - came


def test_who_names_a_key_late_has_some_time_left_to_sign():
    for ms, at_least, at_most in ((600, 1_000, 1_050), (950, 1_240, 1_300)):
        bench, _ = car()
        phone = enrol_phone(bench, 1, codes.DRIVER)
        assert at_least <= bench.run(_named_after(bench, phone, ms)) <= at_most, ms


def test_while_a_card_is_asked_a_phone_that_asks_all_the_time_waits():
    bench, _ = car()
    slow = bench.enrol(key_card(2, slow_ms=600), codes.DRIVER)

    async def story():
        await bench.pass_ms(2_000)
        phone = await BenchPhone(bench, 1).connect()
        await bench.pass_ms(5_000)
        for _ in range(3):
            assert len(await phone.ask(phone.unsigned(STATUS))) == 1
        bench.model.put(slow)
        while not bench.vehicle.attends:
            await bench.pass_ms(1)
        began = bench.time.elapsed_ms
        answered = asked = 0
        while bench.vehicle.attends:
            if bench.time.elapsed_ms >= began + 120 * asked:
                asked += 1
                phone.write(phone.unsigned(STATUS))
            await bench.pass_ms(5)
            answered += len(phone.frames()) if bench.vehicle.attends else 0
        assert asked >= 5 and 1 <= answered <= 3, (asked, answered)
        await bench.pass_ms(1_000)
        assert answered + len(phone.frames()) == asked

    bench.run(story())


def test_phones_that_come_and_go_do_not_make_the_console_talk():
    bench, _ = car()
    told = []
    heard = bench._heard

    def counted(kind, words):
        told.append(kind)
        heard(kind, words)

    bench._heard = counted

    async def story():
        await bench.pass_ms(3_000)
        told.clear()
        for _ in range(200):
            (line,) = await _strangers(bench, 1)
            line.disconnect()
            await bench.pass_ms(40)
        return bench.time.elapsed_ms

    seconds = bench.run(story()) / 1_000
    assert 8 <= len(told) <= 3 * seconds, (len(told), seconds)
