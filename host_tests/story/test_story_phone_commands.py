"""What a phone's command does to the car, and what the phone is told where the car will not."""

from fakes.bench_pairing import car, enrol_phone
from fakes.bench_phone import LOCK, STATUS, UNLOCK
from fakes.phone import GCM, HMAC
from latchkey.core import codes
from latchkey.protocol import vehicle_command_numbers as numbers

_WAKE, _SECURE, _DRIVE = b"\x10\x1e", b"\x10\x1d", b"\x10\x14"
_FRUNK = b"\x22\x02\x30\x01"
_DISABLED = ("nominal", numbers.DISABLED_FOR_USER_COMMAND)
_SETTLED_MS = 1_500


def _car():
    bench, card = car()
    return bench, card, enrol_phone(bench, 1, codes.DRIVER)


async def _command(bench, phone, payload):
    """A command with a fresh clock; the car has come to rest afterwards."""
    await phone.handshake()
    answer = await phone.command(payload)
    await bench.pass_ms(_SETTLED_MS)
    return answer


def test_each_command_moves_its_part_and_nothing_else():
    bench, _, phone = _car()

    async def story():
        await phone.connect()
        for payload, pulses, drive in (
            (UNLOCK, ["unlock"], "denied"),
            (UNLOCK, [], "denied"),  # it is so already
            (_WAKE, [], "denied"),
            (_SECURE, ["lock"], "denied"),
            (LOCK, [], "denied"),
            (_DRIVE, [], "authorised"),
            (UNLOCK, ["unlock"], "authorised"),
            (LOCK, ["lock"], "authorised"),
        ):
            bench.forget()
            assert await _command(bench, phone, payload) == "done", payload
            assert (bench.pulses(), bench.status()["drive"]) == (pulses, drive)
            assert len(bench.verdicts()) == 1 and bench.rows()[0]["id"] == phone.key_id.hex()

    bench.run(story())


def test_what_the_car_knows_nothing_of_is_refused_by_name():
    bench, _, phone = _car()

    async def story():
        await phone.connect()
        for payload in (
            _FRUNK,  # this board has no latch for it
            b"\x22\x02\x08\x03",  # a door that opens by itself
            b"\x22\x02\x28\x04",  # a trunk that closes by itself
            b"\x22\x04\x28\x01\x38\x03",  # two at once
            b"\x22\x02\x40\x03",  # tonneau
            b"\x22\x00",
            b"\x10\x63",
            b"\x0a\x02\x08\x63",
            b"\x50\x01",
            b"",
        ):
            bench.forget()
            assert await _command(bench, phone, payload) == ("fault", numbers.INVALID_COMMAND), payload
            assert bench.pulses() == []
        assert await _command(bench, phone, b"\x10") == ("fault", numbers.DECODING)
        assert await _command(bench, phone, UNLOCK) == "done"

    bench.run(story())


def test_the_domain_of_the_car_server_says_that_it_is_not_here():
    """Two clients greet both domains before they unlock, and give up where one of them is silent."""
    bench, _, phone = _car()
    get_data = b"\x12\x02\x0a\x00"

    async def story():
        await phone.connect()
        for form in (GCM, HMAC):
            for phone.flags in (0, 2):
                phone.domain, phone.counter = 3, 0
                assert await phone.handshake() == 0
                (reply,) = await phone.ask(phone.signed(get_data, form))
                payload = phone.opened(reply, form) if phone.flags else reply[(10,)]
                assert payload == b"\x0a\x13\x08\x01\x12\x0f\x0a\x0dnot available"
                assert reply[(7, 1)] == 3
                (reply,) = await phone.ask(phone.signed(UNLOCK, form))
                assert (12, 2) not in reply  # whatever the order: it is not a command here
                phone.domain, phone.counter = 2, 0
                bench.forget()
                assert await phone.handshake() == 0
        phone.flags = 2
        assert bench.pulses() == [] and await phone.command(UNLOCK) == "done"

    bench.run(story())


def test_lock_gives_way_to_a_card_and_unlock_waits_for_no_lock():
    bench, card, phone = _car()

    async def story():
        await phone.connect()
        await phone.handshake()
        bench.model.put(card)
        while bench.pulses() == []:
            await bench.pass_ms(5)
        assert await phone.command(LOCK) == ("fault", numbers.BUSY)
        assert await phone.command(UNLOCK) == "done"  # it goes that way already
        bench.model.take_away(card)
        await bench.pass_ms(5_000)
        assert bench.pulses() == ["unlock"]
        bench.forget()
        await phone.handshake()
        assert await phone.command(LOCK) == "done" and await phone.command(UNLOCK) == "done"
        await bench.pass_ms(_SETTLED_MS)
        assert bench.pulses() == ["lock", "unlock"] and bench.verdicts() == [codes.ACCEPTED, codes.QUEUED]

    bench.run(story())


def test_what_a_phone_did_is_held_against_whoever_is_not_at_the_car():
    bench, _, phone = _car()

    async def story():
        await phone.connect()
        assert await _command(bench, phone, UNLOCK) == "done"
        assert 25 <= bench.status()["hold_s"] <= 30
        assert await _command(bench, phone, LOCK) == "done"  # itself it does not hold back
        await bench.pass_ms(30_000)
        assert bench.status()["hold_s"] == 0

    bench.run(story())


def test_a_motor_that_must_rest_says_so_to_the_phone_and_has_two_more_for_a_card():
    bench, card, phone = _car()

    async def story():
        await phone.connect()
        answers = []
        for payload in (UNLOCK, LOCK) * 4 + (UNLOCK, UNLOCK):
            await phone.handshake()
            answers.append(await phone.command(payload, 800))
        assert answers == ["done"] * 8 + [_DISABLED] * 2
        assert (await bench.tap(card))[0] == codes.ACCEPTED
        assert (await bench.tap(card))[0] == codes.ACCEPTED
        assert await _command(bench, phone, UNLOCK) == _DISABLED

    bench.run(story())


def test_after_a_crash_a_phone_opens_and_does_not_lock():
    bench, card, phone = _car()

    async def story():
        await phone.connect()
        bench.wires["crash"].level = 1
        await bench.pass_ms(2_000)
        assert bench.bolt.at == "unlocked"
        bench.wires["crash"].level = 0
        for payload in (LOCK, _SECURE):
            assert await _command(bench, phone, payload) == _DISABLED
        assert await _command(bench, phone, UNLOCK) == "done"
        await bench.pass_ms(70_000)
        assert await _command(bench, phone, LOCK) == _DISABLED  # a card may, by now
        assert codes.ACCEPTED in await bench.tap(card)

    bench.run(story())


def test_with_a_weak_battery_a_phone_may_try_to_open_and_not_to_lock():
    bench, _, phone = _car()

    async def story():
        await phone.connect()
        bench.wires["supply"].level = 8_000
        await bench.pass_ms(3_000)
        assert await _command(bench, phone, UNLOCK) == "done" and bench.bolt.at == "unlocked"
        assert await _command(bench, phone, LOCK) == _DISABLED
        bench.wires["supply"].level = 12_600
        await bench.pass_ms(3_000)
        assert await _command(bench, phone, LOCK) == "done"

    bench.run(story())


def test_a_bolt_that_does_not_move_is_not_reported_as_moved():
    bench, _, phone = _car()

    async def story():
        await phone.connect()
        bench.bolt.jammed = True
        assert await _command(bench, phone, UNLOCK) == "done"  # it was ordered; what came of it the status says
        await bench.pass_ms(5_000)
        assert bench.status()["lock"] == "jammed"
        assert await _command(bench, phone, STATUS) == ("status", 1)
        bench.bolt.jammed = False
        assert await _command(bench, phone, UNLOCK) == "done"
        assert await _command(bench, phone, STATUS) == ("status", 0)

    bench.run(story())


def test_a_board_that_can_permit_nobody_to_drive_says_so():
    bench, _, phone = _car()
    bench._board.DRIVE_OUTPUT = None

    async def story():
        await phone.connect()
        assert await _command(bench, phone, _DRIVE) == ("fault", numbers.INVALID_COMMAND)
        assert bench.verdicts() == [codes.NOT_WIRED]

    bench.run(story())
