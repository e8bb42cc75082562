"""How soon a card must answer: learnt when it is enrolled, held to at each tap, changed by the owner alone."""

from fakes.bench import Bench, codes
from fakes.bench_aes_cards import aes_card, enrolled_aes_card, key_of, uid_of
from fakes.bench_cards import key_card
from fakes.bench_gestures import claim, claimed, enrol
from fakes.scale import LONG
from latchkey.credentials import entries
from latchkey.credentials.registry import Registry
from latchkey.storage.records import Record

_OPENS = [codes.ACCEPTED, codes.ACCEPTED]  # unlock, authorise drive
_STAY_MS = 2_500  # long enough for two tries
_MARGIN_MS = 30
_STEP_MS = 4


class Relay:
    """Between reader and card: adds `late_ms` to the answers to proofs, for the next `times` of them (-1: all).

    begs: it asks for more time instead (S(WTX)), as often as it takes.
    """

    def __init__(self, card):
        self.card = card
        self.late_ms = 0
        self.times = -1
        self.asked = []  # INS of every command
        self.begs = False
        self._waits = None

    def __getattr__(self, name):
        return getattr(self.card, name)

    def transceive(self, apdu):
        answer, delay_ms = self.card.transceive(apdu)
        self.asked.append(apdu[1])
        if apdu[1] not in (0x11, 0xAF) or not self.times:
            return answer, delay_ms
        self.times -= 1
        if self.begs and self.late_ms:
            self._waits = [delay_ms + self.late_ms, answer]
            return None
        return answer, delay_ms + self.late_ms

    def late_answer(self):
        self._waits[0] -= 1
        return None if self._waits[0] > 0 else (self._waits[1], 0)


async def _limit(bench, words):
    """What the console answers to `limit WORDS`."""
    bench.chip.console.limits.clear()
    bench.type("limit " + words)
    await bench.pass_ms(1_500)
    return [int(line.split(" ")[2]) for line in bench.chip.console.limits]


def _limited(card, limit_ms):
    """A controller whose list holds this card as its only owner, with this limit; (bench, relay)."""
    bench = Bench()
    registry = Registry(Record(bench.disk.mount() + "/keys"), bench.marks, 64)
    registry.load()
    pace = entries.pace_of(limit_ms)
    if hasattr(card, "own_uid"):
        card.keys[0], card.versions[0] = key_of(7), 1
        name = entries.card_name(card.own_uid)
        steps = registry.add_steps(name, codes.OWNER, entries.AES_CARD, key_of(7), entries.SETTLED, pace)
    else:
        steps = registry.add_steps(card.public[1:], codes.OWNER, entries.KEYCARD, b"", 0, pace)
    for _ in steps:
        pass
    return bench, Relay(card)


def _cards():
    """Cards, and limits that they just keep."""
    cards = ((key_card(7), 200), (aes_card(7), 52))
    if LONG:
        cards += ((key_card(8, gauss=True), 200),)
    return cards


def _proofs(relay):
    return sum(ins in (0x11, 0x71) for ins in relay.asked)


def test_a_card_proves_itself_five_times_and_its_slowest_answer_and_the_margin_is_its_limit():
    """Learnt with one answer 40 ms late; so one up to 70 ms late is taken, and a later one refused after two tries."""
    late = 40
    sweep = range(0, 220, 10) if LONG else (late + _MARGIN_MS, late + _MARGIN_MS + _STEP_MS, 300, 1_200)
    for card, _ in _cards():
        bench, owner, _ = claimed()
        relay = Relay(card)
        relay.late_ms, relay.times = late, 1

        async def story(bench=bench, owner=owner, relay=relay):
            assert await enrol(bench, owner, relay) == [codes.ACCEPTED, codes.ENROLLED]
            assert _proofs(relay) == 5
            await bench.tap(relay, 700, 2_000)  # an AES card gets its key
            relay.times = -1
            for late_ms in sweep:
                relay.late_ms = late_ms
                relay.asked.clear()
                found = await bench.tap(relay, _STAY_MS, 3_000)
                if late_ms <= late + _MARGIN_MS:
                    assert codes.is_accepted(found[0]), (late_ms, found)
                else:
                    assert found == [codes.TOO_SLOW] and bench.pulses() == [], (late_ms, found)
                    assert _proofs(relay) == 2

        bench.run(story())


def test_the_owners_of_a_blank_controller_are_timed_as_well():
    bench = Bench()

    async def story():
        await claim(bench, key_card(1), aes_card(2))
        limits = await _limit(bench, "0") + await _limit(bench, "1")
        assert 150 + _MARGIN_MS < limits[0] < 220 and 8 + _MARGIN_MS < limits[1] < 80, limits

    bench.run(story())


def test_a_card_that_asks_for_more_time_gets_none_beyond_its_limit():
    for card, limit_ms in _cards():
        bench, relay = _limited(card, limit_ms)
        relay.begs = True

        async def story(bench=bench, relay=relay, limit_ms=limit_ms):
            relay.late_ms = 5
            assert codes.is_accepted((await bench.tap(relay, _STAY_MS, 3_000))[0])
            relay.late_ms = 4_000
            bench.forget()
            began = bench.time.elapsed_ms
            bench.model.put(relay)
            while not bench.told:
                await bench.pass_ms(5)
            assert bench.verdicts() == [codes.TOO_SLOW]
            assert bench.time.elapsed_ms - began < 2 * limit_ms + 600  # two tries, each with listing and selection
            bench.model.take_away(relay)
            await bench.pass_ms(1_000)
            assert bench.status()["reader"] == "ready"

        bench.run(story())


def test_one_late_answer_is_forgiven():
    for card, limit_ms in _cards():
        bench, relay = _limited(card, limit_ms)

        async def story(bench=bench, relay=relay):
            relay.late_ms, relay.times = 300, 1
            assert await bench.tap(relay, _STAY_MS, 3_000) == _OPENS or bench.pulses() == ["lock"]
            assert bench.pulses()

        bench.run(story())


def test_a_late_refusal_has_a_light_and_a_name_of_its_own():
    bench, relay = _limited(key_card(7), 200)

    async def story():
        relay.late_ms = 500
        await bench.tap(relay, _STAY_MS, 4_000)
        assert bench.signal() == (1, 7, False, 2)
        row = bench.rows()[0]
        assert row["credential"] == 0 and "too late" in row["text"]

    bench.run(story())


def test_a_card_that_gets_slower_tap_by_tap_does_not_take_its_limit_along():
    bench, relay = _limited(key_card(7), 200)

    async def story():
        for late_ms in range(0, _MARGIN_MS + 1, 10):
            relay.late_ms = late_ms
            assert codes.is_accepted((await bench.tap(relay, _STAY_MS, 3_000))[0]), late_ms
        relay.late_ms = _MARGIN_MS + 6
        assert await bench.tap(relay, _STAY_MS, 3_000) == [codes.TOO_SLOW]
        assert await _limit(bench, "0") == [200]

    bench.run(story())


def test_the_owner_widens_a_limit_or_takes_it_away_and_it_stays_so():
    bench, relay = _limited(key_card(7), 200)

    async def widen():
        relay.late_ms = 200
        assert await bench.tap(relay, _STAY_MS, 3_000) == [codes.TOO_SLOW]
        bench.forget()
        assert await _limit(bench, "0 402") == [404]
        rows = [(row["action"], row["verdict"]) for row in bench.rows()]
        assert rows == [("limit a card's answers", codes.ACCEPTED)] * 2, rows
        assert codes.is_accepted((await bench.tap(relay, _STAY_MS, 3_000))[0])

    async def later():
        assert codes.is_accepted((await bench.tap(relay, _STAY_MS, 3_000))[0])
        relay.late_ms = 400
        assert await bench.tap(relay, _STAY_MS, 3_000) == [codes.TOO_SLOW]
        assert await _limit(bench, "0 off") == [0]
        assert codes.is_accepted((await bench.tap(relay, _STAY_MS, 3_000))[0])

    async def at_last():
        assert await _limit(bench, "0") == [0]
        assert codes.is_accepted((await bench.tap(relay, _STAY_MS, 3_000))[0])

    for story in (widen, later, at_last):
        bench.run(story())


def test_what_is_wrong_with_a_limit_is_said_and_changes_nothing():
    bench, _ = _limited(key_card(7), 200)

    async def story():
        for words in ("0 0", "0 1001", "0 soon", "0 100 ms", "0 -5"):
            bench.forget()
            assert await _limit(bench, words) == []
            assert bench.errors and "limit NUMBER" in bench.errors[0], words
        bench.forget()
        for number in ("9", "65536", "4294967296"):
            bench.forget()
            assert await _limit(bench, number + " 100") == []
            assert bench.verdicts() == [codes.NO_SUCH_KEY], number
        assert await _limit(bench, "0") == [200]

    bench.run(story())


def test_a_card_from_before_there_were_limits_or_entered_over_the_cable_has_none():
    bench, owner, _ = claimed()
    old = enrolled_aes_card(bench, 2, codes.DRIVER)
    entered = aes_card(5, key=key_of(5))

    async def story():
        bench.type("card %s %s driver" % (uid_of(5).hex(), key_of(5).hex()))
        await bench.pass_ms(1_500)
        for number, card in ((0, owner), (2, old), (3, entered)):
            assert await _limit(bench, str(number)) == [0]
            relay = Relay(card)
            relay.late_ms = 400
            assert codes.is_accepted((await bench.tap(relay, _STAY_MS, 3_000))[0])
            relay.late_ms = 0
            assert await _limit(bench, "%d 250" % number) == [252]
            assert codes.is_accepted((await bench.tap(relay, _STAY_MS, 3_000))[0])
            relay.late_ms = 400
            assert await bench.tap(relay, _STAY_MS, 3_000) == [codes.TOO_SLOW]

    bench.run(story())


def test_a_card_that_leaves_in_the_middle_has_gone_and_was_not_slow():
    bench, relay = _limited(key_card(7), 200)

    async def story():
        bench.forget()
        bench.model.put(relay)
        while 0x11 not in relay.asked:
            await bench.pass_ms(1)
        bench.model.take_away(relay)
        await bench.pass_ms(1_500)
        assert bench.verdicts() == [codes.CARD_GONE]
        relay.asked.clear()
        assert codes.is_accepted((await bench.tap(relay))[0])

    bench.run(story())
