"""What somebody without a key can try at the reader, and that none of it moves the bolt or locks anybody out."""

from fakes.bench import Bench, codes
from fakes.bench_cards import Clone, Twisted, key_card
from fakes.scale import LONG
from pn532_model import Card
from pn532_model.field import IDLE

_OK = b"\x90\x00"


def _bench():
    bench = Bench()
    return bench, bench.enrol(key_card(1), codes.OWNER)


class Recorded(Card):
    """Knows nothing but what another card has answered: to an APDU heard before the same, to any other the next one."""

    def __init__(self, uid, heard):
        self.uid = uid
        self.proofs_asked = 0
        self._heard = heard
        self._proofs = [answer for apdu, answer in heard if apdu[1] == 0x11]

    def transceive(self, apdu):
        apdu = bytes(apdu)
        for known, answer in self._heard:
            if known == apdu:
                return answer, 10
        if apdu[1] != 0x11:
            return b"\x6d\x00", 1
        self.proofs_asked += 1
        return self._proofs[self.proofs_asked % len(self._proofs)], 150


def test_answers_recorded_in_fifty_sessions_open_nothing_and_no_challenge_comes_twice():
    sessions = 400 if LONG else 50
    bench, _ = _bench()
    heard = []

    def record(count, apdu, answer):
        heard.append((apdu, answer))
        return answer

    owner = Twisted(1, record)
    recorded = Recorded(owner.uid, heard)

    async def listen():
        for _ in range(sessions):
            assert (await bench.tap(owner, 450, 550))[0] in (codes.ACCEPTED, codes.HOT)

    async def replay():
        for _ in range(sessions):
            assert await bench.tap(recorded, 450, 550) == [codes.WRONG_ANSWER]
            assert bench.pulses() == []

    bench.run(listen(), sessions * 2_000)
    recorded = Recorded(owner.uid, heard)
    bench.run(replay(), sessions * 2_000)  # after a restart
    assert recorded.proofs_asked == sessions
    proofs = [apdu for apdu, _ in heard if apdu[1] == 0x11]
    assert len(proofs) == sessions and len({apdu[70:86] for apdu in proofs}) == sessions
    assert len({apdu[5:70] for apdu in proofs}) > sessions // 4  # the vehicle's key goes by as well


def test_an_enrolled_card_that_claims_to_be_another_one_is_no_more_than_a_stranger():
    bench, owner = _bench()
    bench.enrol(key_card(2), codes.GUEST)
    pretender = Clone(2, owner)

    async def story():
        assert await bench.tap(pretender) == [codes.WRONG_ANSWER]
        bench.wires["button"].level = 1
        await bench.pass_ms(100)
        assert await bench.tap(pretender) == [codes.WRONG_ANSWER]
        bench.wires["button"].level = 0
        await bench.pass_ms(100)
        assert bench.status()["enrolment"] == "closed" and bench.bolt.pulses == []

    bench.run(story())


def test_strangers_without_end_lock_nobody_out():
    bench, owner = _bench()
    stranger, clone = key_card(7), Clone(8, owner)

    async def story():
        for _ in range(20):
            assert await bench.tap(stranger, 450, 550) == [codes.UNKNOWN_KEY]
            assert await bench.tap(clone, 450, 550) == [codes.WRONG_ANSWER]
        assert await bench.tap(owner) == [codes.ACCEPTED, codes.ACCEPTED]

    bench.run(story())


class Restless(Card):
    """Another card at each look, none of which stays to answer; halting it means nothing to it."""

    def __init__(self, field):
        self.looks = 0
        self._field = field
        self._request = field.request
        field.request = self._requested

    def _requested(self):
        for seat in self._field.seats:
            if seat.card is self:
                seat.state = IDLE
        return self._request()

    def activated(self):
        self.looks += 1
        self.uid = b"\x04" + self.looks.to_bytes(6, "big")

    def transceive(self, apdu):
        return b"", 0


def test_a_field_that_shows_a_new_card_at_each_look_does_not_keep_the_vehicle_attending():
    bench, owner = _bench()
    card = Restless(bench.model.field)

    async def story():
        attended_ms = longest_ms = 0
        bench.model.put(card)
        for _ in range(6_000):
            await bench.pass_ms(5)
            attended_ms = attended_ms + 5 if bench.vehicle.attends else 0
            longest_ms = max(longest_ms, attended_ms)
        assert card.looks > 20 and longest_ms < 10_000, (card.looks, longest_ms)
        bench.model.take_away(card)
        await bench.pass_ms(2_000)
        assert await bench.tap(owner) == [codes.ACCEPTED, codes.ACCEPTED]

    bench.run(story())


class Dice:
    """Small numbers, the same on both interpreters."""

    def __init__(self, seed):
        self._state = seed

    def roll(self, below):
        self._state = (self._state * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        return (self._state >> 8) % below

    def bytes(self, count):
        return bytes([self.roll(256) for _ in range(count)])


def _mutated(dice, answer):
    """An answer with something wrong about it; sometimes nothing of it is left."""
    kind = dice.roll(7)
    if kind == 0:
        return answer[: dice.roll(len(answer))]
    if kind == 1:
        return answer + dice.bytes(1 + dice.roll(250))
    if kind == 2:
        return dice.bytes(dice.roll(300))
    if kind == 3:
        return answer[:-2] + dice.bytes(2)
    if kind == 4:
        return b"\x61" + dice.bytes(1)  # more to fetch, for ever
    if kind == 5:
        return b"\x6c" + dice.bytes(1)  # wrong Le, for ever
    at = dice.roll(len(answer))
    return answer[:at] + bytes([answer[at] ^ (1 << dice.roll(8))]) + answer[at + 1 :]


def test_a_card_that_answers_nonsense_is_refused_and_the_next_one_is_served():
    rounds = 1_000 if LONG else 40
    bench, owner = _bench()
    dice = Dice(5)
    where = [0]

    def twist(count, apdu, answer):
        return _mutated(dice, answer) if count >= where[0] else answer

    liar = Twisted(3, twist)
    clone = Clone(4, owner)
    seen = set()

    async def story():
        for number in range(rounds):
            where[0] = 1 + number % 4
            liar.public = (owner if number & 4 else clone).public
            found = await bench.tap(liar, 1_500, 700)
            assert bench.pulses() == [] and not [verdict for verdict in found if codes.is_accepted(verdict)]
            assert len(found) == 1, found
            seen.update(found)
        for verdict in (codes.NOT_A_KEY, codes.CARD_ERROR, codes.WRONG_ANSWER, codes.UNKNOWN_KEY):
            assert verdict in seen
        assert await bench.tap(owner) == [codes.ACCEPTED, codes.ACCEPTED]

    bench.run(story(), rounds * 4_000 + 60_000)


def test_a_key_that_lies_on_no_curve_is_refused_before_any_arithmetic():
    """Small subgroups and twists: only keys in the list are ever multiplied outside of an enrolment."""
    bench, owner = _bench()
    twisted = Twisted(3, lambda count, apdu, answer: b"\x04" + bytes(63) + b"\x01" + _OK if count == 3 else answer)

    async def story():
        assert await bench.tap(twisted) == [codes.UNKNOWN_KEY]
        assert await bench.tap(owner) == [codes.ACCEPTED, codes.ACCEPTED]

    bench.run(story())
