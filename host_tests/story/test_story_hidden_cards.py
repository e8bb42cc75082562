"""AES cards that show another UID at each tap: enrolled, torn away, revoked; strangers' see no wrong key."""

from fakes.bench import Bench, codes
from fakes.bench_aes_cards import aes_card, enrolled_aes_card, key_of, uid_of, waiting_aes_card
from fakes.bench_cards import key_card
from fakes.bench_gestures import enrol, open_enrolment
from fakes.scale import LONG
from latchkey.protocol import aes_card as protocol
from plain_aes_card import FACTORY_KEY, AesCard

_OPENS = [codes.ACCEPTED, codes.ACCEPTED]  # unlock, authorise drive


def _car():
    """A claimed controller with a radio, and so with a secret of its own; its first owner's card."""
    bench = Bench(air=True)
    bench.enrol(key_card(2), codes.OWNER)
    return bench, bench.enrol(key_card(1), codes.OWNER)


def _enrolled(card):
    """A controller that has enrolled this card as number 2; it was never used."""
    bench, owner = _car()

    async def story():
        assert await enrol(bench, owner, card) == [codes.ACCEPTED, codes.ENROLLED]
        assert card.keys == [FACTORY_KEY] * 5 and card.wrong_in_all == 0

    bench.run(story())
    return bench, owner


def _used(card):
    """The same, used once."""
    bench, owner = _enrolled(card)

    async def story():
        assert (await bench.tap(card, 700, 1_500))[0] == codes.ACCEPTED

    bench.run(story())
    return bench, owner


def test_it_gets_the_locator_and_a_key_of_its_own_at_first_use_and_opens_from_then_on():
    for given in ({}, {"names": (b"\xf0latchkey",), "desfire": True}):
        card = aes_card(7, hidden=True, **given)
        bench, _ = _enrolled(card)

        async def first_use(bench=bench, card=card):
            assert await bench.tap(card, 700, 1_500) == _OPENS
            assert card.uid[0] == 8 and len(card.uid) == 4
            assert FACTORY_KEY not in card.keys[:2] and card.keys[0] != card.keys[1]
            assert card.versions[0] == 1 and card.versions[1] > 0
            key = bench.status()["keys"][2]
            assert (key["kind"], key["id"]) == ("AES card", card.short_id)

        async def later(bench=bench, card=card):
            before = list(card.keys), list(card.versions)
            for _ in range(3):
                assert (await bench.tap(card))[0] == codes.ACCEPTED
                assert bench.rows()[0]["credential"] == 2
            assert (card.keys, card.versions) == before and card.wrong_in_all == 0

        bench.run(first_use())
        bench.run(later())


def test_two_of_them_are_told_apart():
    first, second = aes_card(7, hidden=True), aes_card(8, hidden=True)
    bench, owner = _used(first)

    async def story():
        assert await enrol(bench, owner, second) == [codes.ACCEPTED, codes.ENROLLED]
        for card, number in ((first, 2), (second, 3), (second, 3), (first, 2)):
            assert (await bench.tap(card, 700, 1_500))[0] == codes.ACCEPTED
            assert bench.rows()[0]["credential"] == number
        assert first.keys[0] != second.keys[0] and first.keys[1] == second.keys[1]
        assert first.wrong_in_all == second.wrong_in_all == 0

    bench.run(story())


def test_cards_of_strangers_see_no_wrong_key():
    mine = aes_card(7, hidden=True)
    bench, _ = _used(mine)
    others = aes_card(8, hidden=True, key=key_of(8))  # of another such vehicle: its locator has another version
    others.keys[1], others.versions[:2] = b"\x11" * 16, [1, mine.versions[1] ^ 0x55]
    foreign = aes_card(9, hidden=True, key=key_of(9))
    foreign.versions[:2] = [3, 3 if mine.versions[1] != 3 else 4]
    strangers = (aes_card(10, hidden=True), others, foreign, aes_card(11, hidden=True, lrp=True), aes_card(12))

    async def story():
        for card in strangers:
            assert await bench.tap(card) == [codes.NOT_A_KEY]
            assert (card.asked, card.wrong_in_all) == (0, 0)

    bench.run(story())


def test_a_stranger_whose_locator_happens_to_have_our_version_is_refused_and_counts_one_wrong_key():
    mine = aes_card(7, hidden=True)
    bench, _ = _used(mine)
    other = aes_card(8, hidden=True, key=key_of(8))
    other.keys[1], other.versions[:2] = b"\x11" * 16, [1, mine.versions[1]]

    async def story():
        assert await bench.tap(other) == [codes.WRONG_ANSWER]
        assert other.wrong_in_all == 1

    bench.run(story())


def test_while_one_waits_for_its_first_use_a_blank_one_of_a_stranger_is_asked_for_nothing_but_its_number():
    bench, _ = _enrolled(aes_card(7, hidden=True))
    stranger = aes_card(8, hidden=True)
    locked = aes_card(9, hidden=True, key=key_of(9))
    locked.versions[:2] = [2, 0]

    async def story():
        assert await bench.tap(stranger) == [codes.UNKNOWN_KEY]
        assert stranger.keys == [FACTORY_KEY] * 5 and stranger.wrong_in_all == 0
        assert await bench.tap(locked) == [codes.NOT_A_KEY]
        assert locked.asked == 0

    bench.run(story())


def test_a_copy_opens_nothing():
    card = aes_card(7, hidden=True)
    bench, _ = _used(card)
    blank = AesCard(uid_of(7), hidden=True)
    shown = AesCard(uid_of(7))
    liar = AesCard(uid_of(7), hidden=True)  # knows even the locator, as somebody who has read the flash of the vehicle
    liar.keys[1], liar.versions[:2] = card.keys[1], [1, card.versions[1]]

    async def story():
        assert await bench.tap(blank) == [codes.NOT_A_KEY]
        assert await bench.tap(shown) == [codes.WRONG_ANSWER]
        assert await bench.tap(liar) == [codes.WRONG_ANSWER]
        assert bench.pulses() == [] and blank.keys == [FACTORY_KEY] * 5
        assert (await bench.tap(card))[0] == codes.ACCEPTED

    bench.run(story())


def test_what_cannot_be_enrolled_is_refused_by_name():
    bench, owner = _car()
    foreign = aes_card(5, hidden=True, key=key_of(5))
    foreign.versions[0] = 9
    taken = aes_card(6, hidden=True)
    taken.versions[1] = 9
    lacking = aes_card(7, hidden=True, names=(b"\xf0latchkey",), desfire=True)  # its application has a single key
    del lacking.keys[1:], lacking.versions[1:]

    async def story():
        await open_enrolment(bench, owner)
        for card, verdict in (
            (foreign, codes.UNKNOWN_KEY),
            (taken, codes.UNKNOWN_KEY),
            (lacking, codes.CARD_UNFIT),
            (aes_card(8, hidden=True, lrp=True), codes.CARD_UNFIT),
        ):
            assert await bench.tap(card) == [verdict]
            assert card.wrong_in_all == 0

    bench.run(story())


def test_a_vehicle_without_a_secret_of_its_own_enrols_none():
    bench = Bench()  # neither radio nor network
    owner = bench.enrol(key_card(1), codes.OWNER)
    enrolled_aes_card(bench, 2, codes.DRIVER)

    async def story():
        card = aes_card(8, hidden=True)
        assert await bench.tap(card) == [codes.NOT_A_KEY]
        await open_enrolment(bench, owner)
        assert await bench.tap(card) == [codes.CARD_UNFIT]
        assert card.asked == 0

    bench.run(story())


def test_a_revoked_one_proves_itself_in_vain_and_comes_back_with_the_keys_it_has():
    card = aes_card(7, hidden=True)
    bench, owner = _used(card)
    keys = list(card.keys)

    async def story():
        bench.type("revoke 2")
        await bench.pass_ms(1_500)
        assert await bench.tap(card) == [codes.REVOKED]
        assert await enrol(bench, owner, card) == [codes.ACCEPTED, codes.ENROLLED]
        assert (await bench.tap(card))[0] == codes.ACCEPTED
        assert card.keys == keys

    bench.run(story())


def test_wherever_it_is_lost_and_then_the_power_at_first_use_the_next_tap_opens():
    """Moments: select, versions, proof, number, locator, new key, proof. After each the controller loses its power."""
    reached = set()
    for moment in range(1, 60) if LONG else (8, 15, 24, 25, 26, 27, 28, 29, 30, 31, 32, 36, 60):
        card = aes_card(7, hidden=True)
        bench, _ = _car()
        waiting_aes_card(bench, 7, codes.DRIVER, card)
        card.tear_at = moment

        async def first_use(bench=bench, card=card):
            bench.model.put(card)
            while card.tear_at and not bench.bolt.pulses:
                await bench.pass_ms(5)
            bench.model.take_away(card)

        bench.run(first_use())
        reached.add((card.keys[1] == FACTORY_KEY, card.keys[0] == FACTORY_KEY))
        if card.tear_at:
            break

        async def next_use(bench=bench, card=card, moment=moment):
            assert (await bench.tap(card, 700, 1_500))[0] == codes.ACCEPTED, moment

        bench.run(next_use())
        assert FACTORY_KEY not in card.keys[:2] and card.wrong_in_all == 0, moment
    assert moment > 36 and reached == {(True, True), (False, True), (False, False)}, (moment, reached)


def test_from_its_last_answer_to_the_pulse_there_are_two_blocks():
    card = aes_card(7, hidden=True)
    bench, _ = _used(card)
    plain, blocks, asked_at = protocol.Block, [0], [0]
    answer = card.transceive

    class Counting(plain):
        def encrypt(self, block, out):
            blocks[0] += 1
            super().encrypt(block, out)

        def decrypt(self, block, out):
            blocks[0] += 1
            super().decrypt(block, out)

    def counted(apdu):
        asked_at[0] = blocks[0]
        return answer(apdu)

    card.transceive = counted
    bench.bolt.on_pulse = lambda: asked_at.append(blocks[0] - asked_at[0])

    async def story():
        assert (await bench.tap(card))[0] == codes.ACCEPTED

    protocol.Block = Counting
    try:
        bench.run(story())
    finally:
        protocol.Block = plain
    assert asked_at[1:] == [2]
