"""A phone that leaves in the middle of its pairing, a controller that loses power there, a chip that cannot go on."""

from fakes.bench_cards import key_card
from fakes.bench_gestures import open_enrolment
from fakes.bench_pairing import SHOWN_MS, added, ask_unsigned, car, confirm, enrol_phone, pair, row_of
from fakes.bench_phone import UNLOCK, BenchPhone, add_key, legacy, remove_key
from fakes.phone import Phone
from latchkey.core import codes
from latchkey.protocol import vehicle_command_numbers as numbers

_ADDED = ("keys", numbers.KEY_LIST_CHANGED)
_FAILED = ("keys", numbers.UNDOCUMENTED_ERROR)


async def _pinned(bench, owner, phone):
    await open_enrolment(bench, owner)
    assert await phone.ask(phone.unsigned(add_key(phone.key, codes.DRIVER)), SHOWN_MS) == []
    assert bench.status()["pinned"] == phone.key_id.hex()


async def _leave(bench, phone):
    phone.line.disconnect()
    await bench.pass_ms(100)


def test_a_phone_that_comes_back_shows_itself_again_and_is_told():
    bench, owner = car()

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        await _pinned(bench, owner, phone)
        began = bench.time.elapsed_ms
        await _leave(bench, phone)
        assert bench.status()["enrolment"] == "pinned"
        await phone.connect()
        assert await phone.ask(phone.unsigned(add_key(phone.key, codes.OWNER)), SHOWN_MS) == []
        assert bench.status()["enrolment"] == "pinned"
        await bench.pass_ms(29_000 - (bench.time.elapsed_ms - began))  # showing itself again did not give it more time
        await confirm(bench, owner, held=True)
        assert phone.outcome(phone.frames()) == _ADDED
        assert row_of(bench, phone) == ("phone", 0, "owner", "active")

    bench.run(story())


def test_a_phone_that_has_left_is_a_key_all_the_same_and_nobody_else_is_told():
    bench, owner = car()

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        await _pinned(bench, owner, phone)
        await _leave(bench, phone)
        other = await BenchPhone(bench, 2).connect()  # in the same place of the radio
        await confirm(bench, owner)
        assert other.frames() == [] and other.said == []
        await phone.connect()
        assert await phone.handshake() == 0 and await phone.command(UNLOCK) == "done"

    bench.run(story())


def test_whoever_repeats_what_a_phone_has_shown_does_not_take_its_answer_away():
    """A public key goes by in the clear; to be told what became of it is the part of the phone that came first."""
    bench, owner = car()

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        parrots = [BenchPhone(bench, number) for number in (2, 3)]
        for parrot in parrots:
            await parrot.connect()
        await _pinned(bench, owner, phone)
        for parrot in parrots:
            for role in (codes.OWNER, codes.VEHICLE_MONITOR):
                for message in (parrot.unsigned, legacy):
                    await parrot.ask(message(add_key(phone.key, role)), SHOWN_MS)
        assert bench.status()["enrolment"] == "pinned"
        await bench.pass_ms(11_000)
        await BenchPhone(bench, 4).connect()  # takes the last place, so somebody must go
        await bench.pass_ms(1_000)
        assert phone.line.connected and not all([parrot.line.connected for parrot in parrots])
        await confirm(bench, owner)
        assert phone.outcome(phone.frames()) == _ADDED and phone.said == [added(owner)]
        assert row_of(bench, phone) == ("phone", 0, "driver", "active")

    bench.run(story())


def test_a_phone_waits_for_the_card_in_a_place_of_its_own():
    """Anybody may come and go while it waits; it has not signed anything yet."""
    bench, owner = car()

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        await _pinned(bench, owner, phone)
        for number in range(25):
            comer = await BenchPhone(bench, 100 + number % 3).connect()
            await comer.ask(Phone.handshake(comer), 800)
        assert phone.line.connected and bench.status()["enrolment"] == "pinned"
        await confirm(bench, owner)
        assert phone.outcome(phone.frames()) == _ADDED

    bench.run(story())


def test_a_loss_of_power_before_the_write_forgets_the_phone_and_after_it_keeps_it():
    bench, owner = car()
    phone = BenchPhone(bench, 1)

    async def opened():
        await open_enrolment(bench, owner)

    async def shown():
        await phone.connect()
        assert await ask_unsigned(phone, add_key(phone.key, codes.DRIVER)) == ("keys", numbers.NO_PERMISSION_TO_ADD)
        await _pinned(bench, owner, phone)

    async def confirmed():
        assert bench.status()["enrolment"] == "closed"
        await bench.tap(owner)  # opens the car
        await phone.connect()
        assert await phone.handshake() == 1
        assert await pair(bench, owner, phone) == _ADDED

    async def used():
        assert row_of(bench, phone) == ("phone", 0, "driver", "active")
        await phone.connect()
        assert await phone.handshake() == 0 and await phone.command(UNLOCK) == "done"

    for part in (opened, shown, confirmed, used):
        bench.run(part())


def test_a_stuck_generator_lets_no_phone_in_and_keeps_none_out():
    bench, owner = car()
    known = enrol_phone(bench, 1, codes.OWNER)
    bench.random.stuck = True

    async def story():
        await known.connect()
        assert await known.handshake() == 0 and await known.command(UNLOCK) == "done"
        new = await BenchPhone(bench, 2).connect()
        await open_enrolment(bench, owner)
        assert await ask_unsigned(new, add_key(new.key, codes.DRIVER)) == _FAILED
        assert bench.verdicts()[-1] == codes.NO_ENTROPY
        assert await known.command(add_key(new.key, codes.DRIVER)) == _FAILED
        assert bench.status()["enrolment"] == "open" and bench.status()["pinned"] == ""
        await bench.pass_ms(3_000)
        assert bench.signal()[0] & 3 == 3  # amber
        assert await known.command(remove_key(bytes(owner.public[1:])), 500) == (
            "keys",
            numbers.NO_PERMISSION_TO_REMOVE,
        )

    bench.run(story())


def test_with_a_stuck_generator_and_a_full_flash_no_boot_is_like_the_last():
    """Or what was recorded in one boot would open the car in the next, at the same second of its uptime."""
    bench, _ = car()
    phone = enrol_phone(bench, 1, codes.OWNER)
    bench.random.stuck = bench.disk.full = True
    recorded = []
    epochs = set()

    async def story():
        await phone.connect()
        for message in recorded:
            assert phone.outcome(await phone.ask(message)) == ("fault", numbers.INCORRECT_EPOCH)
        phone.counter = 0
        assert await phone.handshake() == 0
        epochs.add(phone.epoch)
        recorded.append(bytes(phone.signed(UNLOCK)))
        assert phone.outcome(await phone.ask(recorded[-1])) == "done"

    for _ in range(3):
        bench.run(story())
    assert len(epochs) == 3


def test_with_a_stuck_generator_a_vehicle_makes_no_key_of_its_own_and_cards_open_it():
    bench, owner = car()
    bench.random.stuck = True

    async def story():
        await bench.pass_ms(15_000)
        assert bench.radio.advertising is None and bench.status()["vin"] == ""
        assert await bench.tap(owner) == [codes.ACCEPTED, codes.ACCEPTED]

    bench.run(story())


def test_a_full_flash_says_so_to_the_phone_and_the_keys_that_are_there_go_on():
    bench, owner = car()
    driver = bench.enrol(key_card(2), codes.DRIVER)
    known = enrol_phone(bench, 1, codes.OWNER)

    async def full():
        bench.disk.full = True
        phone = await BenchPhone(bench, 2).connect()
        assert await pair(bench, owner, phone) == _FAILED
        assert codes.STORAGE_FAILED in bench.verdicts()
        assert await phone.handshake() == 1 and row_of(bench, phone) is None
        await known.connect()
        await known.handshake()
        assert await known.command(UNLOCK) == "done"
        assert await known.command(remove_key(bytes(driver.public[1:])), 1_000) == _FAILED
        bench.disk.full = False
        assert await pair(bench, owner, phone) == _ADDED

    async def after():
        assert [key["state"] for key in bench.status()["keys"]] == ["active"] * 4

    bench.run(full())
    bench.run(after())
