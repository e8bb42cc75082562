"""A phone opens trunk and charge port over the air: what moves, what the phone is told, what light and journal say."""

from fakes.bench import Bench
from fakes.bench_cards import key_card
from fakes.bench_gestures import open_enrolment
from fakes.bench_phone import BenchPhone, add_key
from latchkey.core import codes
from latchkey.protocol import vehicle_command_numbers as numbers

_TRUNK, _FRUNK, _CHARGE_PORT = b"\x22\x02\x28\x01", b"\x22\x02\x30\x01", b"\x22\x02\x38\x03"  # move, move, open
_GREEN, _AMBER = 2, 3


def _bench():
    bench = Bench(air=True)
    return bench, bench.enrol(key_card(1), codes.OWNER)


async def _paired(bench, owner):
    phone = await BenchPhone(bench, 1).connect()
    await open_enrolment(bench, owner)
    phone.write(phone.unsigned(add_key(phone.key, codes.DRIVER)))
    await bench.pass_ms(100)
    await bench.tap(owner)
    await bench.pass_ms(1_500)
    assert await phone.handshake() == 0
    await bench.pass_ms(1_500)
    bench.forget()
    return phone


def _pulses(bench):
    """(name, ms) of everything driven since forget(), and its verdicts."""
    driven = [(name, ms) for _, name, ms in bench.notes if name in ("lock", "unlock", "trunk", "frunk", "charge_port")]
    return driven, bench.verdicts()


def test_a_phone_opens_what_the_board_has_and_the_lock_stays_locked():
    bench, owner = _bench()

    async def story():
        phone = await _paired(bench, owner)
        assert await phone.command(_TRUNK) == "done"
        await bench.pass_ms(1_500)
        assert _pulses(bench) == ([("trunk", 300)], [codes.ACCEPTED])
        assert bench.signal() == (_GREEN, 1, True, 1)
        (row,) = bench.rows()
        assert (row["source"], row["id"], row["action"]) == ("phone", phone.key_id.hex(), "open trunk")
        assert await phone.command(_CHARGE_PORT) == "done"
        assert await phone.command(_FRUNK) == ("fault", numbers.INVALID_COMMAND)
        assert _pulses(bench)[0] == [("trunk", 300), ("charge_port", 200)]
        assert bench.verdicts()[1:] == [codes.ACCEPTED, codes.NOT_WIRED]
        assert bench.status()["lock"] == bench.bolt.at == "locked"

    bench.run(story())


def test_a_phone_that_asks_again_and_again_is_told_busy_until_the_coil_has_rested():
    bench, owner = _bench()

    async def story():
        phone = await _paired(bench, owner)
        answers = []
        for _ in range(14):
            answers.append(await phone.command(_TRUNK, 150))
        assert answers[0] == "done" and answers.count("done") == len(bench.latches["trunk"].pulses) == 2
        assert answers.count(("fault", numbers.BUSY)) == 12
        await bench.pass_ms(3_000)
        assert bench.signal()[0] == _AMBER | _GREEN

    bench.run(story())


def test_on_the_road_nothing_opens_and_after_a_crash_everything_does():
    bench, owner = _bench()

    async def story():
        phone = await _paired(bench, owner)
        bench.wires["ignition"].level = 1
        bench.wires["speed"].level = 90
        await bench.pass_ms(2_000)
        for payload in (_TRUNK, _CHARGE_PORT):
            assert await phone.command(payload) == ("nominal", numbers.VEHICLE_NOT_IN_PARK)
        assert _pulses(bench) == ([], [codes.MOVING, codes.MOVING])
        bench.wires["crash"].level = 1
        bench.wires["speed"].level = 0
        await bench.pass_ms(4_000)
        await phone.handshake()  # what it signs by its last one has expired
        bench.forget()
        assert await phone.command(_TRUNK) == "done"
        assert _pulses(bench) == ([("trunk", 300)], [codes.ACCEPTED])

    bench.run(story())


def test_a_supply_that_sags_is_tried_once_and_a_loss_of_power_opens_nothing_afterwards():
    bench, owner = _bench()

    async def sagging():
        phone = await _paired(bench, owner)
        bench.wires["supply"].level = 8_000
        await bench.pass_ms(3_000)
        await phone.handshake()
        assert await phone.command(_TRUNK) == "done"  # and the power goes in the middle of the pulse

    async def afterwards():
        bench.forget()
        await bench.pass_ms(10_000)
        assert _pulses(bench) == ([], [])

    bench.run(sagging())
    assert len(bench.latches["trunk"].pulses) == 1
    bench.run(afterwards())
