"""What a phone becomes: the role it asks for, and never more than the owner's gesture grants.

Expected is what vehicle-command.md sections 2.3, 5.3 and 5.4 and the rules of enrolment say: a driver, or an owner
where the button is held as well and the phone asked to drive or to own; less where it asked for less.
"""

from fakes.bench_gestures import open_enrolment
from fakes.bench_pairing import SHOWN_MS, added, ask_unsigned, car, confirm, enrol_phone, pair, row_of
from fakes.bench_phone import UNLOCK, BenchPhone, add_key, legacy
from latchkey.core import codes
from latchkey.protocol import vehicle_command_numbers as numbers

_ADDED = ("keys", numbers.KEY_LIST_CHANGED)

_GRANTED = (
    # asked, the button held at the confirming tap, granted
    (codes.OWNER, False, "driver"),
    (codes.OWNER, True, "owner"),
    (codes.DRIVER, False, "driver"),
    (codes.DRIVER, True, "owner"),
    (codes.GUEST, False, "guest"),
    (codes.GUEST, True, "guest"),
    (codes.VEHICLE_MONITOR, False, "vehicle monitor"),
    (codes.VEHICLE_MONITOR, True, "vehicle monitor"),
    (codes.CHARGING_MANAGER, False, "charging manager"),
    (codes.CHARGING_MANAGER, True, "charging manager"),
    (codes.FLEET_MANAGER, False, "fleet manager"),
    (codes.FLEET_MANAGER, True, "fleet manager"),
)

_REFUSED = (
    # asked, what the phone is told at once
    (codes.SERVICE, numbers.ADDING_WITH_SERVICE_ROLE),
    (codes.NO_ROLE, numbers.ROLE_MISSING),
    (7, numbers.NO_PERMISSION_TO_ADD),  # no role has this number
    (9, numbers.NO_PERMISSION_TO_ADD),
    (127, numbers.NO_PERMISSION_TO_ADD),
)


def test_a_phone_gets_what_it_asks_for_and_never_more_than_the_gesture_grants():
    bench, owner = car()

    async def story():
        for slot, (asked, held, granted) in enumerate(_GRANTED):
            phone = await BenchPhone(bench, 100 + slot).connect()
            assert await pair(bench, owner, phone, asked, held) == _ADDED
            kind = "cloud key" if granted == "fleet manager" else "phone"
            assert row_of(bench, phone) == (kind, slot, granted, "active"), (asked, held)
            assert await phone.handshake() == 0
            phone.line.disconnect()
            await bench.pass_ms(100)
        assert bench.pulses() == []

    bench.run(story())


def test_a_role_that_no_phone_can_have_is_refused_at_once_and_the_next_phone_is_not_disturbed():
    bench, owner = car()

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        await open_enrolment(bench, owner)
        for asked, information in _REFUSED:
            assert await ask_unsigned(phone, add_key(phone.key, asked)) == ("keys", information), asked
            assert bench.status()["enrolment"] == "open" and bench.status()["pinned"] == ""
        other = await BenchPhone(bench, 2).connect()
        assert await other.ask(other.unsigned(add_key(other.key, codes.DRIVER)), SHOWN_MS) == []
        for asked, information in _REFUSED:  # it is not a second key that shows itself: it could not be added anyhow
            assert await ask_unsigned(phone, add_key(phone.key, asked)) == ("keys", information), asked
        assert bench.status()["pinned"] == other.key_id.hex()
        await confirm(bench, owner)
        assert other.outcome(other.frames()) == _ADDED
        assert await phone.handshake() == 1

    bench.run(story())


def test_the_older_envelope_is_told_to_wait_and_then_what_became_of_it():
    bench, owner = car()

    async def story():
        phone = await BenchPhone(bench, 1, chunk=18, mtu=0).connect()
        await open_enrolment(bench, owner)
        # Go and C++ ask in this form, C++ as if it were a card; what it is told is 3202 0800 3a02 0802 5204 2202 0801
        assert await phone.ask(legacy(add_key(phone.key, codes.DRIVER, 1)), SHOWN_MS) == []
        assert phone.said == [b"\x22\x02\x08\x01"]
        assert bench.status()["pinned"] == phone.key_id.hex()
        await confirm(bench, owner)
        assert phone.outcome(phone.frames()) == _ADDED and phone.said[1] == added(owner)
        assert row_of(bench, phone) == ("phone", 0, "driver", "active")
        assert await phone.handshake() == 0 and await phone.command(UNLOCK) == "done"

    bench.run(story())


def test_without_an_address_the_python_form_is_answered_to_all_and_with_one_it_hears_no_wait():
    bench, owner = car()

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        await open_enrolment(bench, owner)
        assert await phone.ask(phone.unsigned(add_key(phone.key, codes.OWNER)), SHOWN_MS) == []
        assert phone.said == []  # a WAIT would be taken for success
        await confirm(bench, owner)
        assert phone.outcome(phone.frames()) == _ADDED and phone.said == [added(owner)]

    bench.run(story())


def test_an_owner_s_phone_brings_another_key_and_the_card_still_decides():
    bench, owner = car()
    first = enrol_phone(bench, 1, codes.OWNER)
    new = BenchPhone(bench, 2)

    async def story():
        await first.connect()
        await first.handshake()
        add = add_key(new.key, codes.DRIVER)
        assert await first.command(add) == ("keys", numbers.NO_PERMISSION_TO_ADD)  # nobody holds enrolment open
        await open_enrolment(bench, owner)
        await first.handshake()
        assert await first.command(add) is None
        assert bench.status()["pinned"] == new.key_id.hex()
        await confirm(bench, owner)
        assert first.outcome(first.frames()) == _ADDED
        assert row_of(bench, new) == ("phone", 1, "driver", "active")
        await new.connect()
        assert await new.handshake() == 0

    bench.run(story())


def test_only_an_owner_s_phone_may_bring_another_key():
    bench, owner = car()
    others = [
        enrol_phone(bench, 1 + number, role)
        for number, role in enumerate((codes.DRIVER, codes.GUEST, codes.SERVICE, codes.FLEET_MANAGER))
    ]
    new = BenchPhone(bench, 9)

    async def story():
        for phone in others:
            await phone.connect()
            await open_enrolment(bench, owner)
            assert await phone.handshake() == 0
            assert await phone.command(add_key(new.key, codes.DRIVER)) == ("keys", numbers.NO_PERMISSION_TO_ADD)
            assert bench.status()["enrolment"] == "open" and bench.status()["pinned"] == ""
            await bench.tap(owner)  # once more: the owner thinks better of it
            assert bench.status()["enrolment"] == "closed"
            phone.line.disconnect()

    bench.run(story())


def test_what_a_phone_says_it_is_may_be_any_number():
    """The form factor is a claim of 32 bits, and one byte is kept of it."""
    bench, owner = car()

    async def story():
        for number, form in enumerate((0, 1, 255, 256, 0xFFFFFFFF)):
            phone = await BenchPhone(bench, 20 + number).connect()
            await open_enrolment(bench, owner)
            await phone.ask(phone.unsigned(add_key(phone.key, codes.DRIVER, form)), SHOWN_MS)
            await confirm(bench, owner)
            assert phone.outcome(phone.frames()) == _ADDED, form
            assert row_of(bench, phone) == ("phone", number, "driver", "active")
            phone.line.disconnect()
            await bench.pass_ms(100)

    bench.run(story())
