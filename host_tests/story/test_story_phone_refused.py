"""Why a phone does not become a key, and what it is told: each refusal of vehicle-command.md section 5.3."""

from fakes.bench import Bench, SlowArithmetic
from fakes.bench_cards import key_card
from fakes.bench_gestures import PAST_CLAIM_MS, open_enrolment
from fakes.bench_pairing import SHOWN_MS, ask_older, ask_unsigned, car, confirm, enrol_phone, fill_slots, pair, row_of
from fakes.bench_phone import UNLOCK, BenchPhone, add_key, legacy, remove_key
from fakes.phone import Phone
from latchkey.core import codes
from latchkey.protocol import vehicle_command_numbers as numbers

_ADDED = ("keys", numbers.KEY_LIST_CHANGED)
_NO_PERMISSION = ("keys", numbers.NO_PERMISSION_TO_ADD)
_ALARM_FLASHES = 8


async def _shown(bench, phone, payload=None):
    """The phone shows its key, and nothing else happens yet."""
    payload = payload or add_key(phone.key, codes.DRIVER)
    assert await phone.ask(phone.unsigned(payload), SHOWN_MS) == []
    assert bench.status()["pinned"] == phone.key_id.hex()


async def _unmoved(bench, phone):
    """The list is as it was, and the phone is no key."""
    assert row_of(bench, phone) is None and bench.pulses() == []
    assert await phone.handshake() == 1
    assert await phone.command(UNLOCK) == ("fault", numbers.UNKNOWN_KEY_ID)


def test_outside_of_enrolment_every_form_is_refused():
    bench, owner = car()
    first = enrol_phone(bench, 1, codes.OWNER)

    async def story():
        phone = await BenchPhone(bench, 2).connect()
        add = add_key(phone.key, codes.DRIVER)
        assert await ask_unsigned(phone, add) == _NO_PERMISSION
        assert await ask_older(phone, add) == _NO_PERMISSION
        await first.connect()
        await first.handshake()
        assert await first.command(add) == _NO_PERMISSION
        assert bench.verdicts() == [codes.ENROLMENT_CLOSED] * 3
        assert {row["source"] for row in bench.rows()} == {"phone"}
        await bench.tap(owner)  # opening is not enrolling
        assert await ask_unsigned(phone, add) == _NO_PERMISSION
        bench.forget()
        await _unmoved(bench, phone)
        assert bench.status()["enrolment"] == "closed"

    bench.run(story())


def test_a_blank_controller_is_claimed_by_cards_alone():
    bench = Bench(air=True)

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        add = add_key(phone.key, codes.OWNER)
        assert await ask_unsigned(phone, add) == _NO_PERMISSION
        await bench.press(PAST_CLAIM_MS)
        for state in ("claim", "claim-second"):
            assert bench.status()["enrolment"] == state
            assert await ask_unsigned(phone, add) == _NO_PERMISSION
            assert await ask_older(phone, add) == _NO_PERMISSION
            assert await ask_unsigned(phone, b"\x0a\x02\x08\x05") == ("fault", numbers.INSUFFICIENT_PRIVILEGES)
            assert bench.status()["enrolment"] == state
            await bench.tap(key_card(1 if state == "claim" else 2), 0, 1_500)
        assert [key["kind"] for key in bench.status()["keys"]] == ["keycard", "keycard"]
        await _unmoved(bench, phone)

    bench.run(story())


def test_a_key_that_is_enrolled_already_or_none_at_all():
    bench, owner = car()
    known = enrol_phone(bench, 1, codes.GUEST)

    async def story():
        phone = await BenchPhone(bench, 2).connect()
        await open_enrolment(bench, owner)
        already, invalid = ("keys", numbers.ALREADY_ON_LIST), ("keys", numbers.INVALID_PUBLIC_KEY)
        for key, answer in (
            (known.key, already),  # as it is, and not as an owner
            (bytes(owner.public[1:]), already),  # a card is no phone, whoever knows its public key
            (bytes(64), invalid),
            (phone.key[:63] + bytes((phone.key[63] ^ 1,)), invalid),
            (b"\xff" * 64, invalid),
        ):
            assert await ask_unsigned(phone, add_key(key, codes.OWNER)) == answer
            assert await ask_older(phone, add_key(key, codes.OWNER)) == answer
        short = b"\x82\x01\x2b\x2a\x27\x0a\x23\x0a\x21\x02" + phone.key[:32] + b"\x20\x03\x32\x00"
        assert await ask_unsigned(phone, short) == invalid  # a compressed point
        assert bench.status()["enrolment"] == "open" and bench.status()["pinned"] == ""
        assert row_of(bench, known) == ("phone", 0, "guest", "active")

    bench.run(story())


def test_a_stranger_is_told_that_he_is_none_of_the_vehicle_s_and_one_whose_key_is_no_point_as_well():
    bench, _ = car()

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        assert await phone.handshake() == 1
        await bench.pass_ms(4_000)
        good = phone.key
        for bad in (bytes(64), good[:63] + bytes((good[63] ^ 1,)), b"\xff" * 64):
            phone.key = bad
            (reply,) = await phone.ask(Phone.handshake(phone), 600)
            assert reply[(12, 2)] == numbers.BAD_PARAMETER
            await bench.pass_ms(4_000)
        phone.key = good
        assert await phone.handshake() == 1
        (reply,) = await phone.ask(Phone.handshake(phone), 600)  # at once again: there is no time for that
        assert reply[(12, 2)] == numbers.UNKNOWN_KEY_ID

    bench.run(story())


def test_with_32_slots_taken_a_phone_is_told_so_and_comes_in_when_one_is_free():
    bench, owner = car()
    first = enrol_phone(bench, 1, codes.OWNER)
    fill_slots(bench)

    async def story():
        phone = await BenchPhone(bench, 2).connect()
        assert await pair(bench, owner, phone) == ("keys", numbers.LIST_FULL)
        assert codes.REGISTRY_FULL in bench.verdicts()
        bench.forget()
        await _unmoved(bench, phone)
        await first.connect()
        await first.handshake()
        assert await first.command(remove_key(bytes((7,)) * 64), 1_000) == _ADDED
        assert await pair(bench, owner, phone) == _ADDED
        assert await phone.handshake() == 0 and await phone.command(UNLOCK) == "done"

    bench.run(story())


def test_without_the_card_in_time_the_phone_is_told_so_after_half_a_minute():
    bench, owner = car()

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        for message in (phone.unsigned, legacy):
            await open_enrolment(bench, owner)
            began = bench.time.elapsed_ms
            await phone.ask(message(add_key(phone.key, codes.DRIVER)), SHOWN_MS)
            while bench.status()["enrolment"] == "pinned":
                assert phone.frames() == []
                await bench.pass_ms(100)
            assert 29_500 < bench.time.elapsed_ms - began < 30_500
            assert phone.outcome(phone.frames()) == ("keys", numbers.NO_TAP_IN_TIME)
            assert bench.verdicts()[-1] == codes.ENROLMENT_CLOSED
            await bench.tap(owner)  # too late: it opens the car, or locks it
            assert row_of(bench, phone) is None

    bench.run(story())


def test_an_enrolment_that_nobody_uses_is_over_after_a_minute_and_one_that_is_cancelled_at_once():
    bench, owner = car()

    async def story():
        await open_enrolment(bench, owner)
        await bench.pass_ms(60_000)
        phone = await BenchPhone(bench, 1).connect()
        add = add_key(phone.key, codes.DRIVER)
        assert await ask_unsigned(phone, add) == _NO_PERMISSION
        await open_enrolment(bench, owner)
        assert await bench.tap(owner) == [codes.ACCEPTED]  # once more, and nothing was pinned
        assert bench.status()["enrolment"] == "closed"
        assert await ask_unsigned(phone, add) == _NO_PERMISSION
        bench.forget()
        await _unmoved(bench, phone)

    bench.run(story())


def test_two_phones_at_once_are_an_alarm_and_neither_comes_in():
    bench, owner = car()

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        other = await BenchPhone(bench, 2).connect()
        for ask in (ask_unsigned, ask_older):
            await open_enrolment(bench, owner)
            await _shown(bench, phone)
            await bench.pass_ms(1_000)
            bench.forget()
            assert await ask(other, add_key(other.key, codes.DRIVER)) == ("keys", numbers.DENIED)
            assert phone.outcome(phone.frames()) == ("keys", numbers.DENIED)
            assert bench.verdicts() == [codes.KEY_CONFLICT] and bench.rows()[0]["id"] == other.key_id.hex()
            await bench.pass_ms(4_000)
            assert bench.signal()[1:] == (_ALARM_FLASHES, False, _ALARM_FLASHES)
            assert bench.status()["enrolment"] == "closed"
            await bench.tap(owner)  # confirms nothing
        assert len(bench.status()["keys"]) == 1

    bench.run(story())


def test_a_card_beside_a_phone_is_an_alarm_as_well():
    bench, owner = car()

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        await open_enrolment(bench, owner)
        await _shown(bench, phone)
        assert await bench.tap(key_card(7)) == [codes.KEY_CONFLICT]
        assert phone.outcome(phone.frames()) == ("keys", numbers.DENIED)
        await open_enrolment(bench, owner)
        assert await bench.tap(key_card(7)) == [codes.KEY_PINNED]
        assert await ask_unsigned(phone, add_key(phone.key, codes.DRIVER)) == ("keys", numbers.DENIED)
        await bench.tap(owner)
        assert len(bench.status()["keys"]) == 1

    bench.run(story())


def test_another_owner_s_card_confirms_nothing():
    bench, owner = car()
    other = bench.enrol(key_card(2), codes.OWNER)

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        await open_enrolment(bench, owner)
        await _shown(bench, phone)
        await bench.tap(other)
        await open_enrolment(bench, other)
        assert bench.status()["enrolment"] == "pinned" and row_of(bench, phone) is None
        await confirm(bench, owner)
        assert phone.outcome(phone.frames()) == _ADDED

    bench.run(story())


def test_while_a_key_is_being_written_the_next_one_must_wait():
    bench, owner = car()

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        other = await BenchPhone(bench, 2).connect()
        await open_enrolment(bench, owner)
        await _shown(bench, phone)
        with SlowArithmetic(bench.time, 20):
            await bench.tap(owner, 400, 0)
            assert bench.status()["enrolment"] == "writing"
            for key in (other.key, phone.key):
                answer = await ask_unsigned(other, add_key(key, codes.DRIVER))
                assert bench.status()["enrolment"] == "writing"
                assert answer == _NO_PERMISSION
            while bench.status()["enrolment"] == "writing":
                await bench.pass_ms(100)
        await bench.pass_ms(500)
        assert phone.outcome(phone.frames()) == _ADDED
        assert len(bench.status()["keys"]) == 2 and row_of(bench, other) is None

    bench.run(story())
