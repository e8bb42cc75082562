"""Taps on a claimed controller: what each kind of card gets, in verdict, light, sound and movement."""

from fakes.bench import Bench, SlowArithmetic, codes
from fakes.bench_cards import Acting, Bank, Clone, key_card, tag, zero_card, zero_vehicle_private
from latchkey.crypto import p256

_GREEN, _RED, _AMBER = 2, 1, 3


def _bench(*drivers):
    """A claimed controller: card 1 is an owner."""
    bench = Bench()
    owner = bench.enrol(key_card(1), codes.OWNER)
    for card in drivers:
        bench.enrol(card, codes.DRIVER)
    return bench, owner


async def _tap(bench, card, stay_ms=700):
    """Tap, and wait until light and sound have said everything."""
    found = await bench.tap(card, stay_ms, 3_000)
    return found, bench.pulses(), bench.signal()


def test_a_tap_unlocks_and_permits_driving_and_the_next_one_locks():
    bench, owner = _bench()

    async def story():
        accepted = (_GREEN, 1, True, 1)
        assert await _tap(bench, owner) == ([codes.ACCEPTED, codes.ACCEPTED], ["unlock"], accepted)
        assert [row["action"] for row in bench.rows()] == ["unlock", "authorise drive"]
        status = bench.status()
        assert (status["lock"], status["confirmed"], status["drive"]) == ("unlocked", True, "authorised")
        assert await _tap(bench, owner) == ([codes.ACCEPTED], ["lock"], accepted)
        assert bench.status()["lock"] == bench.bolt.at == "locked"
        assert [row["credential"] for row in bench.rows()] == [0]

    bench.run(story())


def test_every_refusal_has_a_verdict_and_a_signal_of_its_own_and_moves_nothing():
    bench, owner = _bench()
    leaving = Acting(1, {4: lambda: bench.model.take_away(leaving)})
    garbled = Acting(1, {4: lambda: None})
    garbled.transceive = lambda apdu: (b"\x90\x00", 5)  # selects, and then has no key to show

    async def story():
        seen = []
        for card, verdict in (
            (tag(), codes.NOT_A_KEY),
            (Bank(), codes.NOT_A_KEY),
            (key_card(9), codes.UNKNOWN_KEY),
            (key_card(9, gauss=True), codes.UNKNOWN_KEY),
            (Clone(10, owner), codes.WRONG_ANSWER),
            (leaving, codes.CARD_GONE),
            (garbled, codes.CARD_ERROR),
        ):
            found, pulses, signal = await _tap(bench, card)
            assert (found, pulses) == ([verdict], []), (verdict, found)
            assert signal[0] in (_RED, _AMBER)
            seen.append((signal, verdict))
        for signal, verdict in seen:  # the same signal means the same verdict
            assert [v for s, v in seen if s == signal and v != verdict] == []
        assert bench.bolt.at == "locked"
        assert (await _tap(bench, owner))[1] == ["unlock"]

    bench.run(story())


def test_a_wallet_with_a_bank_card_a_strangers_key_and_the_own_card_opens():
    others = (tag(), Bank(), key_card(9))
    for first in others:
        bench, owner = _bench()

        async def story(bench=bench, owner=owner, first=first):
            bench.model.put(first)
            found = await bench.tap(owner, 1_200)
            assert found[-2:] == [codes.ACCEPTED, codes.ACCEPTED]
            assert found[:-2] in ([], [codes.UNKNOWN_KEY])
            assert bench.pulses() == ["unlock"]

        bench.run(story())


def test_two_own_cards_in_one_wallet_are_one_decision():
    driver = key_card(2)
    bench, owner = _bench(driver)

    async def story():
        bench.model.put(driver)
        assert await bench.tap(owner, 3_000) == [codes.ACCEPTED, codes.ACCEPTED]
        assert bench.pulses() == ["unlock"]
        bench.model.take_away(driver)
        await bench.pass_ms(1_000)
        assert await bench.tap(driver) == [codes.ACCEPTED]  # alone it decides again
        assert bench.bolt.at == "locked"

    bench.run(story())


def test_a_card_that_stays_is_one_tap_and_a_quick_second_one_is_another():
    bench, owner = _bench()

    async def story():
        assert await bench.tap(owner, 30_000) == [codes.ACCEPTED, codes.ACCEPTED]
        assert bench.pulses() == ["unlock"]
        assert await bench.tap(owner) == [codes.ACCEPTED]
        assert await bench.tap(owner) == [codes.ACCEPTED, codes.ALREADY]  # driving is permitted as it is
        assert await bench.tap(owner, 450, 550) == [codes.ACCEPTED]
        assert [name for _, name in bench.bolt.pulses] == ["unlock", "lock", "unlock", "lock"]

    bench.run(story())


def test_a_tap_during_the_movement_is_answered_and_joins_or_reverses_it():
    driver = key_card(2)
    bench, owner = _bench(driver)
    bench.bolt.jammed = True  # so that the movement lasts

    async def story():
        bench.model.put(owner)
        while not bench.bolt.pulses:
            await bench.pass_ms(5)
        bench.model.take_away(owner)
        await bench.pass_ms(1_200)  # a card that follows within a second is of the same hand
        found = await bench.tap(driver)
        assert found[0] == codes.JOINED, found

    bench.run(story())


def test_a_card_that_needs_nine_tenths_of_a_second_opens():
    slow = key_card(2, slow_ms=750)
    bench, _ = _bench(slow)

    async def story():
        assert (await bench.tap(slow, 1_500))[0] == codes.ACCEPTED
        assert bench.pulses() == ["unlock"]

    bench.run(story())


def test_a_card_that_needs_too_long_is_asked_twice_and_then_refused():
    slow = key_card(2, slow_ms=1_500)
    bench, _ = _bench(slow)

    async def story():
        assert await bench.tap(slow, 4_500) == [codes.CARD_GONE]
        assert bench.pulses() == []
        assert bench.status()["reader"] == "ready"

    bench.run(story())


def test_a_broken_contact_is_tried_once_more():
    status_bad_crc = 0x02
    for at in (1, 2, 3):
        bench, _ = _bench()
        faults = [1]

        def fail(bench=bench, faults=faults):
            if faults:
                faults.pop()
                bench.model.fault("status", 1, status_bad_crc)  # strikes the exchange after this one

        card = Acting(1, {at: fail})

        async def story(bench=bench, card=card, faults=faults):
            assert await bench.tap(card, 1_200) == [codes.ACCEPTED, codes.ACCEPTED]
            assert not faults and card.activations > 1

        bench.run(story())


def test_a_card_pulled_away_at_any_moment_moves_nothing_and_opens_when_it_comes_back():
    for gauss in (False, True):
        for at in range(0, 5 - gauss):
            bench, _ = _bench()
            cards = []

            def leave(bench=bench, cards=cards):
                bench.model.take_away(cards[0])

            cards.append(Acting(1, {at: leave}, gauss))

            async def story(bench=bench, card=cards[0]):
                assert await bench.tap(card, 1_500) == [codes.CARD_GONE]
                assert bench.pulses() == []
                card.acts.clear()
                assert await bench.tap(card) == [codes.ACCEPTED, codes.ACCEPTED]

            bench.run(story())


def test_a_card_that_comes_back_at_once_after_being_pulled_away_is_let_in():
    bench, _ = _bench()
    cards = []
    cards.append(Acting(1, {4: lambda: bench.model.take_away(cards[0])}))

    async def story():
        bench.forget()
        bench.model.put(cards[0])
        while cards[0] in bench.model.cards:
            await bench.pass_ms(5)
        await bench.pass_ms(100)
        cards[0].acts.clear()
        assert await bench.tap(cards[0], 1_500) == [codes.ACCEPTED, codes.ACCEPTED]

    bench.run(story())


def test_a_card_that_was_pulled_away_and_comes_back_after_the_refusal_is_asked_anew():
    for refused_ms in (0, 300, 500, 900):  # a card counts as gone when it was missing for 400 ms
        bench, _ = _bench()
        card = Acting(1, {4: lambda bench=bench: bench.model.take_away(bench.model.cards[0])})

        async def story(bench=bench, card=card, refused_ms=refused_ms):
            bench.forget()
            bench.model.put(card)
            while not bench.told:
                await bench.pass_ms(5)
            assert bench.verdicts() == [codes.CARD_GONE]
            await bench.pass_ms(refused_ms)
            card.acts.clear()
            assert await bench.tap(card, 2_000) == [codes.ACCEPTED, codes.ACCEPTED]

        bench.run(story())


def test_a_clone_does_not_keep_the_owner_out_who_comes_right_after_it():
    bench, owner = _bench()
    clone = Clone(9, owner)

    async def story():
        bench.forget()
        bench.model.put(clone)
        while not bench.told:
            await bench.pass_ms(5)
        assert bench.verdicts() == [codes.WRONG_ANSWER]
        assert await bench.tap(owner, 2_000) == [codes.ACCEPTED, codes.ACCEPTED]  # beside the clone, which stays

    bench.run(story())


def test_a_shared_x_that_begins_with_zeros_opens():
    bench = Bench()
    card = bench.enrol(zero_card(), codes.OWNER)
    original = p256.new_private

    def fixed(fill, out):
        out[:] = zero_vehicle_private()

    async def story():
        assert await bench.tap(card) == [codes.ACCEPTED, codes.ACCEPTED]  # while the card computes
        await bench.pass_ms(500)
        assert await bench.tap(card) == [codes.ACCEPTED]  # prepared

    p256.new_private = fixed
    try:
        bench.run(story())
    finally:
        p256.new_private = original


def test_arithmetic_for_a_card_that_has_left_is_ended_and_wiped():
    bench, _ = _bench()
    original = p256.shared_steps
    running = []

    def watched(private, point, out):
        running.append(1)
        try:
            yield from original(private, point, out)
        finally:
            running.pop()  # a generator that is merely dropped never comes here under MicroPython

    card = Acting(1, {4: lambda: bench.model.take_away(card)})

    async def story():
        for _ in range(3):
            assert await bench.tap(card, 1_500) == [codes.CARD_GONE]
        assert running == []

    p256.shared_steps = watched
    try:
        with SlowArithmetic(bench.time, 3):
            bench.run(story())
    finally:
        p256.shared_steps = original
