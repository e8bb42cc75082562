"""The reader on a strict model of the chip: taps, wallets, stickers, cards that leave in the middle."""

import asyncio

from fakes.reader_bench import BANK_UID, KEY_UID, Bench, EchoCard, MuteCard, RandomCard, Tag
from fakes.scale import LONG
from latchkey.drivers import reader_health
from latchkey.drivers.pn532_error import OVERDUE, CardError, Pn532Error
from latchkey.drivers.pn532_listing import Card

_APDU = b"\x80\x04\x00\x00\x00"


async def _came(bench, within_ms):
    """The UID of a card that comes within so many ms, or None."""
    card = Card()
    task = asyncio.create_task(bench.reader.wait_card(card))
    for _ in range(within_ms):
        if task.done():
            return card.uid
        await asyncio.sleep_ms(1)
    if task.done():
        return card.uid
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    return None


async def _taps(bench, for_ms):
    """How many taps the reader sees in that time."""
    end = bench.time.elapsed_ms + for_ms
    count = 0
    while bench.time.elapsed_ms < end:
        if await _came(bench, end - bench.time.elapsed_ms) is not None:
            count += 1
    return count


def test_a_card_that_comes_is_described_and_answers():
    bench = Bench()

    async def story():
        assert await _came(bench, 2_000) is None
        bench.model.put(EchoCard())
        began = bench.time.elapsed_ms
        card = Card()
        await bench.reader.wait_card(card)
        assert bench.time.elapsed_ms - began <= 250
        assert (card.uid, card.sak, card.atqa, card.iso_dep) == (KEY_UID, 0x20, 0x0044, True)
        assert card.ats == bytes.fromhex("0578779102")
        answer = bytearray(20)
        count = await bench.reader.transceive(_APDU, answer, 500)
        assert bytes(answer[:count]) == _APDU + b"\x90\x00"

    bench.run(story())
    assert bench.reader.health == reader_health.READY


def test_a_card_that_stays_is_one_tap():
    minutes = 60 if LONG else 2
    bench = Bench()
    card = EchoCard()
    bench.model.put(card)
    assert bench.run(_taps(bench, minutes * 60_000), minutes * 60_000 + 1_000) == 1
    assert card.activations > minutes * 200  # it was looked at all the time


def test_a_phone_that_stays_is_one_tap_although_its_uid_changes():
    bench = Bench()
    bench.model.put(RandomCard())
    assert bench.run(_taps(bench, 60_000)) == 1


def test_a_brief_drop_out_is_no_tap_and_a_real_one_is():
    for gap_ms, taps in ((20, 1), (100, 1), (250, 1), (900, 2)):
        bench = Bench()
        card = EchoCard()

        async def story(bench=bench, card=card, gap_ms=gap_ms):
            bench.model.put(card)
            seen = await _taps(bench, 1_000)
            bench.model.take_away(card)
            seen += await _taps(bench, gap_ms)
            bench.model.put(card)
            return seen + await _taps(bench, 2_000)

        assert bench.run(story()) == taps


def test_wait_gone_waits_for_the_empty_field():
    bench = Bench()
    card = EchoCard()

    async def story():
        bench.model.put(card)
        assert await _came(bench, 1_000) == KEY_UID
        task = asyncio.create_task(bench.reader.wait_gone())
        await asyncio.sleep_ms(5_000)
        assert not task.done()
        bench.model.take_away(card)
        left = bench.time.elapsed_ms
        assert await task
        assert 250 <= bench.time.elapsed_ms - left <= 700

    bench.run(story())


def test_wait_gone_says_when_another_card_comes():
    bench = Bench()

    async def story():
        bench.model.put(EchoCard(BANK_UID))
        assert await _came(bench, 1_000) == BANK_UID
        bench.model.put(EchoCard(KEY_UID))
        assert not await bench.reader.wait_gone()
        assert await _came(bench, 200) == KEY_UID

    bench.run(story())


def test_the_key_behind_a_bank_card():
    bench = Bench()
    bench.model.put(EchoCard(BANK_UID))
    bench.model.put(EchoCard(KEY_UID))

    async def story():
        card = Card()
        await bench.reader.wait_card(card)
        assert card.uid == BANK_UID
        activations = [each.activations for each in bench.model.cards]
        assert await bench.reader.next_in_field(card)
        assert card.uid == KEY_UID
        assert [each.activations for each in bench.model.cards] == [activations[0], 1]  # the field stayed on
        answer = bytearray(20)
        assert await bench.reader.transceive(_APDU, answer, 500) == 7
        assert not await bench.reader.next_in_field(card)
        assert card.uid == KEY_UID
        assert await _taps(bench, 10_000) == 0

    bench.run(story())


def test_three_cards_in_a_wallet():
    bench = Bench()
    uids = [bytes((4, 1, 2, 3, 4, 5, number)) for number in range(3)]
    for uid in uids:
        bench.model.put(EchoCard(uid))

    async def story():
        card = Card()
        await bench.reader.wait_card(card)
        seen = [card.uid]
        while await bench.reader.next_in_field(card):
            seen.append(card.uid)
        assert seen == uids
        assert await _taps(bench, 5_000) == 0

    bench.run(story())


def test_a_sticker_beneath_the_reader_hides_no_key():
    bench = Bench()
    key = EchoCard()

    async def story():
        bench.model.put(Tag(b"\x04\x99\x99\x99\x99\x99\x99"))
        assert await _taps(bench, 60_000) == 1
        for _ in range(3):
            bench.model.put(key)
            assert await _came(bench, 500) == KEY_UID
            bench.model.take_away(key)
            assert await _taps(bench, 2_000) == 0

    bench.run(story())


def test_two_stickers_beneath_the_reader_hide_no_key():
    bench = Bench()

    async def story():
        bench.model.put(EchoCard(BANK_UID))
        bench.model.put(EchoCard(b"\x04\x99\x99\x99\x99\x99\x99"))
        assert await _taps(bench, 5_000) == 2
        bench.model.put(EchoCard(KEY_UID))
        assert await _came(bench, 500) == KEY_UID

    bench.run(story())


def test_a_chip_that_lets_go_instead_of_halting():  # seen in libnfc issue 476: each listing gives the same card
    bench = Bench()
    bench.model._slow[0x44] = bench.model._radio.release
    bench.model.put(EchoCard())

    async def story():
        card = Card()
        await bench.reader.wait_card(card)
        assert not await bench.reader.next_in_field(card)
        began = bench.model.commands[0x4A], bench.model.commands[0x32]
        assert await _taps(bench, 10_000) == 0
        sweeps = (bench.model.commands[0x32] - began[1]) / 2  # the field goes on and off once in each
        assert bench.model.commands[0x4A] - began[0] <= 2 * sweeps + 2

    bench.run(story())


def test_again_activates_the_same_card():
    bench = Bench()
    for key in (EchoCard(), RandomCard()):

        async def story(key=key):
            bench.model.put(EchoCard(BANK_UID))
            bench.model.put(key)
            card = Card()
            await bench.reader.wait_card(card)
            assert await bench.reader.next_in_field(card)
            answer = bytearray(20)
            for _ in range(3):
                assert await bench.reader.again(card)
                assert await bench.reader.transceive(_APDU, answer, 500) == 7
            bench.model.take_away(key)
            assert not await bench.reader.again(card)
            for each in bench.model.cards:
                bench.model.take_away(each)
            assert await bench.reader.wait_gone()

        bench.run(story())


def test_apdus_of_all_lengths_there_and_back():
    bench = Bench()
    bench.model.put(EchoCard(delay_ms=0))

    async def story():
        await bench.reader.wait_card(Card())
        answer = bytearray(1_100)
        for size in (1, 61, 251, 252, 253, 261, 262, 263, 524, 525, 1_024):
            apdu = bytes([at & 0xFF for at in range(size)])
            count = await bench.reader.transceive(apdu, answer, 2_000)
            assert bytes(answer[:count]) == apdu + b"\x90\x00"

    bench.run(story())


def test_a_card_pulled_away_in_the_middle():
    bench = Bench()
    card = EchoCard(delay_ms=200)

    async def story():
        bench.model.put(card)
        await bench.reader.wait_card(Card())

        async def pull():
            await asyncio.sleep_ms(100)
            bench.model.take_away(card)

        task = asyncio.create_task(pull())
        try:
            await bench.reader.transceive(_APDU, bytearray(20), 2_000)
        except CardError as error:
            assert error.is_gone()
            await task
            return True

    assert bench.run(story())
    assert bench.reader.health == reader_health.READY


def test_a_card_that_begs_for_time_for_ever_is_the_cards_fault():
    bench = Bench()
    bench.model.put(MuteCard())

    async def story():
        await bench.reader.wait_card(Card())
        began = bench.time.elapsed_ms
        try:
            await bench.reader.transceive(_APDU, bytearray(20), 500)
        except CardError:
            assert bench.time.elapsed_ms - began <= 600
            assert bench.reader.health == reader_health.READY
            return await _taps(bench, 2_000)

    assert bench.run(story()) == 0


def _took(bench, delay_ms, hold_ms=0):
    """What the reader says that a card's answer took; hold_ms: the loop is held for so long from the 10th ms on."""

    async def hold():
        await asyncio.sleep_ms(10)
        bench.time.advance(hold_ms)

    async def story():
        bench.model.put(EchoCard(delay_ms=delay_ms))
        await bench.reader.wait_card(Card())
        task = asyncio.create_task(hold())
        await bench.reader.transceive(_APDU, bytearray(20), 1_000)
        await task
        return bench.reader.took_ms

    return bench.run(story())


def test_how_long_an_answer_took_is_told_to_the_millisecond():
    at_once = _took(Bench(), 0)
    assert 0 < at_once < 20  # the line and the air
    for delay_ms in (1, 7, 30, 150, 600):
        assert abs(_took(Bench(), delay_ms) - at_once - delay_ms) <= 1


def test_a_loop_that_is_held_never_makes_an_answer_late():
    honest = _took(Bench(), 40)
    for hold_ms in (5, 30, 80, 300):
        assert honest - max(hold_ms, 36) <= _took(Bench(), 40, hold_ms) <= honest


def test_a_wait_that_is_cut_says_so_and_the_same_card_answers_the_next_time():
    bench = Bench()
    card = EchoCard(delay_ms=200)
    bench.model.put(card)

    async def story():
        await bench.reader.wait_card(Card())
        began = bench.time.elapsed_ms
        try:
            await bench.reader.transceive(_APDU, bytearray(20), 100)
        except CardError as error:
            assert error.status == OVERDUE and error.is_gone()
        assert bench.time.elapsed_ms - began < 200
        assert bench.reader.health == reader_health.READY
        assert await bench.reader.again(Card())
        return await bench.reader.transceive(_APDU, bytearray(20), 300)

    assert bench.run(story()) == len(_APDU) + 2


def test_a_reader_that_fails_in_the_middle_gives_the_card_another_chance():
    bench = Bench()
    bench.model.put(EchoCard())

    async def story():
        await bench.reader.wait_card(Card())
        bench.model.fault("no_ack")
        try:
            await bench.reader.transceive(_APDU, bytearray(20), 500)
        except Pn532Error:
            assert bench.reader.health == reader_health.PROBING
            assert await _came(bench, 1_000) == KEY_UID
            return await _taps(bench, 2_000)

    assert bench.run(story()) == 0


def test_other_work_goes_on_while_the_card_computes():
    bench = Bench()
    bench.model.put(EchoCard(delay_ms=200))
    steps = []

    def work():
        for step in range(60):
            steps.append(step)
            bench.time.advance(1)
            yield

    async def story():
        await bench.reader.wait_card(Card())
        began = bench.time.elapsed_ms
        await bench.reader.transceive(_APDU, bytearray(20), 1_000, work())
        return bench.time.elapsed_ms - began

    took_ms = bench.run(story())
    assert len(steps) == 60
    assert 200 <= took_ms <= 225


def test_idle_is_called_between_listings():
    bench = Bench()
    calls = []

    async def story():
        task = asyncio.create_task(bench.reader.wait_card(Card(), lambda: calls.append(1)))
        await asyncio.sleep_ms(10_000)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass

    bench.run(story())
    assert 2_000 <= len(calls) <= 5_000


def test_an_empty_field_is_polled_at_the_pace_that_was_asked_for():
    for pace_ms, most in ((50, 10_000 // 50), (100, 10_000 // 100), (1_000, 10)):
        bench = Bench(pace_ms=pace_ms)
        bench.run(_came(bench, 10_000))
        listings = bench.model.commands[0x4A]
        assert most // 2 <= listings <= most


def test_the_field_is_off_between_listings():
    bench = Bench()
    on = []

    async def story():
        await _came(bench, 500)
        task = asyncio.create_task(bench.reader.wait_card(Card(), lambda: on.append(bench.model.field.on)))
        await asyncio.sleep_ms(5_000)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass

    bench.run(story())
    assert on and not any(on)


def test_a_cancelled_wait_leaves_the_reader_usable():
    bench = Bench()

    async def story():
        for within_ms in range(1, 160, 6):
            assert await _came(bench, within_ms) is None
        bench.model.put(EchoCard())
        assert await _came(bench, 1_000) == KEY_UID

    bench.run(story())


def test_a_cancelled_sweep_does_not_leave_the_next_one_with_cards_that_sit_out():
    bench = Bench()
    bench.model.put(EchoCard())

    async def story():
        assert await _came(bench, 1_000) == KEY_UID
        interrupted = 0
        for within_ms in range(1, 90, 2):
            assert await _came(bench, 160) is None  # a whole sweep, which leaves the field off
            assert await _came(bench, within_ms) is None  # a part of one
            if not bench.model.field.on:
                continue
            interrupted += 1
            listings = bench.model.commands[0x4A]
            task = asyncio.create_task(bench.reader.wait_card(Card()))
            while bench.model.field.on:
                await asyncio.sleep_ms(1)
            assert bench.model.commands[0x4A] == listings
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass
        assert interrupted > 10

    bench.run(story())
