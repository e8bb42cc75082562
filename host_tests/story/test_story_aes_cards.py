"""AES cards at the car: claimed with, enrolled, torn away at every moment, copied, spoilt, revoked; and strangers'."""

from fakes.bench import Bench, codes
from fakes.bench_aes_cards import ActingAesCard, aes_card, enrolled_aes_card, key_of, uid_of
from fakes.bench_cards import KeyCard, Twisted, key_card
from fakes.bench_counters import Counters
from fakes.bench_disk import new_disk
from fakes.bench_gestures import PAST_CLAIM_MS, claim, claimed, enrol, open_enrolment
from latchkey.credentials import entries
from latchkey.protocol import aes_card as protocol
from plain_aes_card import FACTORY_KEY, AesCard

_OPENS = [codes.ACCEPTED, codes.ACCEPTED]  # unlock, authorise drive


def _opens(found):
    return found[:1] == [codes.ACCEPTED]


def test_a_blank_controller_is_claimed_with_two_aes_cards_which_get_keys_of_their_own_at_first_use():
    bench = Bench()
    first, second = aes_card(1), aes_card(2)

    async def story():
        assert await bench.tap(first) == [codes.NOT_A_KEY]  # a stranger's; it is not asked
        assert first.asked == 0
        assert (await claim(bench, first, second)) == [
            codes.ACCEPTED,
            codes.OWNER_ADDED,
            codes.ACCEPTED,
            codes.CLAIMED,
        ]
        assert first.keys[0] == second.keys[0] == FACTORY_KEY
        for card in (first, second):
            assert _opens(await bench.tap(card, 700, 1_500))
            assert card.keys[0] != FACTORY_KEY and card.versions[0] == 1
        assert first.keys[0] != second.keys[0]
        shown = [(key["kind"], key["role"], key["id"]) for key in bench.status()["keys"]]
        assert shown == [("AES card", "owner", first.short_id), ("AES card", "owner", second.short_id)]

    async def later():
        before = first.keys[0], second.keys[0]
        for card in (first, second, first):
            assert _opens(await bench.tap(card))
        assert (first.keys[0], second.keys[0]) == before
        assert first.wrong_in_all == second.wrong_in_all == 0

    bench.run(story())
    bench.run(later())


def test_during_the_claim_the_first_card_is_not_the_second():
    bench = Bench()
    first = aes_card(1)

    async def story():
        await bench.press(PAST_CLAIM_MS)
        await bench.tap(first, 700, 1_000)
        assert await bench.tap(first) == [codes.ALREADY_ENROLLED]
        assert first.keys[0] != FACTORY_KEY  # and that was its first use

    bench.run(story())


def test_an_owner_enrols_an_aes_card_as_a_driver_and_it_opens_enrolment_for_nobody():
    bench, owner, _ = claimed()
    new = aes_card(7)

    async def story():
        assert await enrol(bench, owner, new) == [codes.ACCEPTED, codes.ENROLLED]
        assert await bench.tap(new, 700, 1_500) == _OPENS
        assert new.keys[0] != FACTORY_KEY
        assert bench.status()["keys"][2]["role"] == "driver"
        assert codes.ACCEPTED in await open_enrolment(bench, new)  # locks; a driver's card is no owner's
        assert bench.status()["enrolment"] == "closed"

    bench.run(story())


def test_an_aes_owner_card_opens_enrolment_and_confirms():
    bench = Bench()
    owner = enrolled_aes_card(bench, 1, codes.OWNER)
    new = key_card(5)

    async def story():
        assert await enrol(bench, owner, new) == [codes.ACCEPTED, codes.ENROLLED]
        assert _opens(await bench.tap(new))

    bench.run(story())


def test_cards_of_strangers_are_never_asked_for_a_proof():
    """Neither new ones nor ones that somebody else has a key for; they are told from tags by nothing."""
    bench = Bench()
    bench.enrol(key_card(1), codes.OWNER)
    enrolled_aes_card(bench, 2, codes.DRIVER)
    strangers = (aes_card(9), aes_card(10, key=b"\x01" * 16), aes_card(11, hidden=True), aes_card(12, lrp=True))

    async def story():
        for card in strangers:
            assert await bench.tap(card) == [codes.NOT_A_KEY]
            assert (card.asked, card.wrong_in_all) == (0, 0)

    bench.run(story())


def test_a_copied_uid_opens_nothing():
    bench = Bench()
    enrolled_aes_card(bench, 2, codes.OWNER)
    copies = (AesCard(uid_of(2)), AesCard(uid_of(2), key=key_of(3)), KeyCard(b"\x01" * 32, uid_of(2)))

    async def story():
        assert await bench.tap(copies[0]) == [codes.WRONG_ANSWER]
        assert await bench.tap(copies[1]) == [codes.WRONG_ANSWER]
        assert await bench.tap(copies[2]) == [codes.NOT_A_KEY]
        assert copies[0].keys[0] == FACTORY_KEY  # the key was not given away
        assert bench.pulses() == []

    bench.run(story())


def test_a_key_card_that_names_an_aes_cards_uid_as_its_public_key_is_refused():
    bench = Bench()
    enrolled_aes_card(bench, 2, codes.OWNER)
    name = b"\x04" + entries.card_name(uid_of(2)) + b"\x90\x00"
    liar = Twisted(8, lambda count, apdu, answer: name if apdu[1] == 4 else answer)

    async def story():
        assert await bench.tap(liar) == [codes.BAD_POINT]

    bench.run(story())


def test_recorded_answers_prove_nothing_again():
    bench = Bench()
    card = enrolled_aes_card(bench, 2, codes.OWNER, ActingAesCard(2, {}))
    said = {}

    class Recorder(AesCard):
        """Gives the answers that the real card gave to commands of the same kind."""

        def transceive(self, apdu):
            return said.get(bytes(apdu[:2]), b"\x6a\x82"), 5

    answer = card.transceive

    def recording(apdu):
        got = answer(apdu)
        said[bytes(apdu[:2])] = got[0]
        return got

    card.transceive = recording

    async def story():
        assert _opens(await bench.tap(card))
        for _ in range(20):
            assert await bench.tap(Recorder(uid_of(2))) == [codes.WRONG_ANSWER]

    bench.run(story())


def test_cards_in_a_mode_that_is_not_spoken_are_refused_by_name_when_somebody_wants_to_enrol_them():
    bench, owner, _ = claimed()

    async def story():
        await open_enrolment(bench, owner)
        assert await bench.tap(aes_card(3, lrp=True)) == [codes.CARD_UNFIT]
        assert await bench.tap(aes_card(4, hidden=True)) == [codes.CARD_UNFIT]
        foreign = aes_card(5, key=b"\x01" * 16)
        foreign.versions[0] = 9
        assert await bench.tap(foreign) == [codes.UNKNOWN_KEY]
        assert foreign.asked == 0
        assert await bench.tap(aes_card(6)) == [codes.KEY_PINNED]

    bench.run(story())


def test_a_stuck_generator_makes_no_key_for_a_card_and_lets_enrolled_ones_open():
    bench, owner, _ = claimed()
    known = enrolled_aes_card(bench, 2, codes.DRIVER)

    async def story():
        await open_enrolment(bench, owner)
        bench.random.stuck = True
        new = aes_card(3)
        assert codes.NO_ENTROPY in (await bench.tap(new) + await bench.tap(new))
        assert new.keys[0] == FACTORY_KEY
        await bench.pass_ms(60_000)
        assert _opens(await bench.tap(known))

    bench.run(story())


def test_a_card_that_makes_everybody_wait_is_asked_again():
    bench = Bench()
    card = enrolled_aes_card(bench, 2, codes.OWNER)
    card.wrong_in_a_row = 50

    async def story():
        assert _opens(await bench.tap(card))
        assert card.wrong_in_a_row == 0

    bench.run(story())


def test_a_revoked_card_proves_itself_in_vain_and_comes_back_with_the_key_it_has():
    bench, owner, _ = claimed()
    card = enrolled_aes_card(bench, 2, codes.DRIVER)

    async def story():
        bench.type("revoke 2")
        await bench.pass_ms(1_500)
        assert await bench.tap(card) == [codes.REVOKED]
        assert await enrol(bench, owner, card) == [codes.ACCEPTED, codes.ENROLLED]
        assert await bench.tap(card) == _OPENS
        assert card.keys[0] == key_of(2)

    bench.run(story())


def test_a_desfire_card_with_an_application_made_for_us():
    bench, owner, _ = claimed()
    card = aes_card(3, names=(b"\xf0latchkey",), desfire=True)

    async def story():
        assert await enrol(bench, owner, card) == [codes.ACCEPTED, codes.ENROLLED]
        assert await bench.tap(card, 700, 1_500) == _OPENS
        assert card.keys[0] != FACTORY_KEY and await bench.tap(card) == [codes.ACCEPTED]

    bench.run(story())


def test_a_card_made_elsewhere_is_entered_over_the_cable_with_its_own_key():
    bench = claimed()[0]
    card = aes_card(5, key=key_of(5))
    card.versions[0] = 3

    async def story():
        bench.type("card %s %s driver" % (uid_of(5).hex(), key_of(5).hex()))
        await bench.pass_ms(1_500)
        assert bench.verdicts() == [codes.ACCEPTED, codes.ENROLLED]
        row = bench.rows()[1]
        assert (row["credential"], row["source"], row["action"]) == (2, "cabin", "enrol key")
        assert await bench.tap(card) == _OPENS
        assert card.keys[0] == key_of(5) and card.versions[0] == 3
        assert bench.status()["keys"][2]["role"] == "driver"
        bench.forget()
        bench.type("card %s %s owner" % (uid_of(5).hex(), key_of(6).hex()))
        await bench.pass_ms(1_500)
        assert bench.verdicts() == [codes.ACCEPTED, codes.ALREADY_ENROLLED]
        bench.forget()
        bench.type("card %s %s fleet" % (uid_of(6).hex(), key_of(6).hex()))
        bench.type("card %s %s driver" % (uid_of(6).hex(), key_of(6).hex()[2:]))
        bench.type("card %s %s driver" % (uid_of(6).hex() + "00", key_of(6).hex()))
        bench.type("card %s %s driver" % (uid_of(6).hex(), "z" * 32))
        await bench.pass_ms(300)
        assert bench.errors == ["not a card"] * 4 and bench.verdicts() == []
        bench.type("card %s %s none" % (uid_of(6).hex(), key_of(6).hex()))
        bench.type("card %s %s driver" % (uid_of(7).hex(), key_of(7).hex()))
        await bench.pass_ms(1_500)
        assert codes.NOT_PERMITTED in bench.verdicts()

    bench.run(story())


def test_a_blank_controller_takes_a_card_over_the_cable_as_an_owner_only():
    bench = Bench()

    async def story():
        for role, verdict in (("driver", codes.NOT_PERMITTED), ("owner", codes.ENROLLED)):
            bench.forget()
            bench.type("card %s %s %s" % (uid_of(5).hex(), key_of(5).hex(), role))
            await bench.pass_ms(1_500)
            assert bench.verdicts() == [codes.ACCEPTED, verdict]
        assert bench.status()["claimed"]
        assert _opens(await bench.tap(aes_card(5, key=key_of(5))))

    bench.run(story())


def _enrolled_and_not_used():
    bench, owner, _ = claimed()
    card = aes_card(7)

    async def story():
        assert await enrol(bench, owner, card) == [codes.ACCEPTED, codes.ENROLLED]

    bench.run(story())
    return bench, card


def test_wherever_the_card_is_lost_and_then_the_power_at_first_use_the_next_tap_opens():
    """Fourteen moments: select, version, proof, new key, proof. After each the controller loses its power as well."""
    reached = set()
    for moment in range(1, 30):
        bench, card = _enrolled_and_not_used()
        card.tear_at = moment

        async def first_use(bench=bench, card=card):
            bench.model.put(card)
            while card.tear_at and not bench.bolt.pulses:
                await bench.pass_ms(5)
            bench.model.take_away(card)

        bench.run(first_use())
        reached.add(card.keys[0] == FACTORY_KEY)
        if card.tear_at:
            break

        async def next_use(bench=bench, card=card, moment=moment):
            assert _opens(await bench.tap(card, 700, 1_500)), moment

        bench.run(next_use())
        assert card.keys[0] != FACTORY_KEY and card.wrong_in_all == 0
    assert moment > 14 and reached == {True, False}


def test_power_lost_before_the_first_proof_is_written_costs_nothing():
    """The entry stays pending, the card has its key: the next tap proves it, and only then it is settled."""
    bench, card = _enrolled_and_not_used()

    async def use():
        bench.model.put(card)
        while not bench.bolt.pulses:
            await bench.pass_ms(5)

    async def use_again():
        assert _opens(await bench.tap(card, 700, 1_500))

    async def attacked():
        copy = AesCard(uid_of(7))
        assert await bench.tap(copy) == [codes.WRONG_ANSWER]
        assert copy.keys[0] == FACTORY_KEY

    bench.run(use())
    bench.model.take_away(card)
    key = card.keys[0]
    bench.run(use_again())
    assert card.keys[0] == key
    bench.run(attacked())  # settled: nobody gets the key any more


def test_from_the_cards_last_answer_to_the_pulse_two_blocks_and_no_flash():
    spent = []
    for others in (0, 300):
        bench = Bench(disk=new_disk(512, 208 if others else 32))
        if others:
            bench.enrol_strangers(others)
        counters = Counters(bench)
        card = enrolled_aes_card(bench, 2, codes.OWNER, ActingAesCard(2, {}))
        plain = protocol.Block
        blocks = [0]
        at_last_answer = [0]

        class Counting(plain):
            def encrypt(self, block, out, blocks=blocks):
                blocks[0] += 1
                super().encrypt(block, out)

            def decrypt(self, block, out, blocks=blocks):
                blocks[0] += 1
                super().decrypt(block, out)

        def asked(at_last_answer=at_last_answer, blocks=blocks, counters=counters):
            at_last_answer[0] = blocks[0]
            counters.ask()

        card.acts = {3: asked}

        async def story(bench=bench, card=card):
            await bench.pass_ms(1_000)
            assert _opens(await bench.tap(card, 1_000, 2_000))

        protocol.Block = Counting
        try:
            bench.run(story())
        finally:
            protocol.Block = plain
        assert blocks[0] - at_last_answer[0] == 2
        assert [apdu[:2] for apdu in card.heard[:3]] == [b"\x00\xa4", b"\x90\x71", b"\x90\xaf"]
        spent.append(counters.spent[0])
    for one in spent:
        assert (one.curve, one.opened, one.flash, one.ms) == (0, 0, 0, 0), spent
