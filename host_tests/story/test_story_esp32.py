"""The whole application as main builds it on chip/esp32: what opens, and what is a reason for a reset."""

import asyncio

from fakes.bench import codes
from fakes.bench_cards import key_card
from fakes.esp32_bench import Esp32Bench
from fakes.esp32_board import Board
from fakes.scale import LONG, SHORT
from latchkey.credentials import entries
from latchkey.credentials.windows import MOST, block_of
from latchkey.crypto.digest import sha256
from latchkey.storage.records import Record

_WITHIN_MS = 10_000


def _bench(**board):
    bench = Esp32Bench(Board(**board))
    return bench, bench.enrol(key_card(1), codes.OWNER)


async def _for_ever(*_):
    while True:
        await asyncio.sleep_ms(1_000)


def _broken():
    raise OSError(5)


def _cancelled():
    raise asyncio.CancelledError


async def _steps(bench, count, ms=100):
    """Let time pass in steps, up to a bite of the watchdog; how long it took, or None."""
    for step in range(count):
        if bench.world.bitten:
            return step * ms
        await bench.pass_ms(ms)
    return None


def test_a_tap_opens_and_the_pulse_ends_while_the_processor_stands_still():
    bench, owner = _bench()

    async def story():
        assert await bench.tap(owner) == [codes.ACCEPTED, codes.ACCEPTED]
        assert (bench.pulses(), bench.bolt.at) == (["unlock"], "unlocked")
        assert bench.world.pad(33) == 1  # driving is permitted
        assert bench.status()["lock"] == "unlocked"
        bench.model.put(owner)
        while not bench.world.pad(26):
            await asyncio.sleep_ms(5)
        bench.time.advance(400)  # everything stands still
        assert bench.world.pad(26) == 1
        bench.time.advance(100)
        assert (bench.world.pad(26), bench.world.pad(27)) == (0, 0)
        assert not bench.world.bitten

    bench.run(story())
    assert not bench.failures


def test_the_trunk_opens_by_a_pulse_of_its_own():
    bench, _ = _bench()

    async def story():
        latch = bench.vehicle.latches[codes.OPEN_TRUNK]
        assert latch.open() and bench.world.pad(25) == 1
        bench.time.advance(301)
        assert bench.world.pad(25) == 0

    bench.run(story())


def test_a_crash_that_comes_while_locking_turns_the_motor_round():
    bench, owner = _bench()

    async def story():
        await bench.tap(owner)
        bench.model.put(owner)
        while not bench.world.pad(26):
            await asyncio.sleep_ms(1)
        bench.wires["crash"].level = 1
        await bench.pass_ms(700)
        assert bench.bolt.at == "unlocked" and not bench.world.pad(26)

    bench.run(story())


def test_a_quiet_minute_is_no_reason_for_a_reset():
    bench, owner = _bench()

    async def story():
        assert await _steps(bench, 60, 1_000) is None
        assert await bench.tap(owner) == [codes.ACCEPTED, codes.ACCEPTED]

    bench.run(story())


def test_a_dead_nfc_task_starves_the_watchdog():
    for begun_ms in range(0, 37 * (100 if LONG else 2 if SHORT else 12), 37):
        bench, _ = _bench()

        async def story(bench=bench, begun_ms=begun_ms):
            await bench.pass_ms(begun_ms)
            bench.link("nfc")._reader._sweep = _for_ever
            assert await _steps(bench, _WITHIN_MS // 100) is not None

        bench.run(story())


def test_a_dead_bluetooth_task_starves_the_watchdog_even_when_it_starts_again_and_again():
    for death in (_cancelled, _broken):
        bench, _ = _bench()

        async def story(bench=bench, death=death):
            bench.link("ble").peripheral.poll = death
            assert await _steps(bench, _WITHIN_MS // 100) is not None

        bench.run(story())


def test_a_vehicle_loop_that_fails_ends_the_program_and_nobody_feeds_the_watchdog():
    bench, _ = _bench()

    async def story():
        bench.vehicle.tick = _broken
        assert await _steps(bench, _WITHIN_MS // 100) is not None

    try:
        bench.run(story())
    except OSError as error:
        assert error.args[0] == 5
    assert bench.world.bitten


def test_neither_a_reader_nor_a_radio_out_of_order_is_a_reason_for_a_reset():
    bench, owner = _bench()

    async def story():
        bench.ports[0].cut = True
        bench.radio.out_of_order = True
        bench.radio.BLE().active(False)
        assert await _steps(bench, 20, 1_000) is None
        bench.ports[0].cut = False
        await bench.pass_ms(3_000)
        assert await bench.tap(owner) == [codes.ACCEPTED, codes.ACCEPTED]

    bench.run(story())


def test_a_dead_network_is_no_reason_for_a_reset():
    for fault in ("near", "stuck", "deaf", "mute"):
        bench, owner = _bench()

        async def story(bench=bench, owner=owner, fault=fault):
            bench.type("set wifi home")
            await bench.pass_ms(500)
            bench.type("set wifi_password elsewhere")
            setattr(bench.world.station, fault, fault != "near")
            bench.link("cloud").run = _for_ever
            assert await _steps(bench, 15, 1_000) is None
            assert ("connect" in [order for _, order in bench.world.station.orders]) is (fault != "mute")
            assert await bench.tap(owner) == [codes.ACCEPTED, codes.ACCEPTED]

        bench.run(story())


def test_a_long_answer_goes_down_the_cable_whole_and_holds_nobody_up():
    bench, owner = _bench()

    async def story():
        for _ in range(4):
            await bench.tap(owner)
        await bench.pass_ms(15_000)  # until all of it is in flash
        bench.forget()
        bench.type("journal read")
        await bench.pass_ms(300)
        assert (await bench.tap(owner))[0] == codes.ACCEPTED
        await bench.pass_ms(3_000)
        lengths = [int(line.split()[-1]) for line in bench.answers if line.startswith("journal file")]
        rows = "".join([line.split()[-1] for line in bench.answers if line.startswith("journal rows")])
        assert bench.answers[-1].startswith("journal end") and len(rows) >= 2 * sum(lengths) >= 400
        assert max(bench.terminal.pieces) <= 57

    bench.run(story())


def _enrol_guests(bench):
    """As many as may have windows, in an empty list."""
    keys = [(1000 + n).to_bytes(4, "big") * 16 for n in range(MOST)]
    body = entries.header()
    for key in keys:
        lead = entries.lead(codes.GUEST, entries.ACTIVE, 1, entries.KEYCARD, entries.WINDOWED)
        body += lead + key + bytes(entries.TAIL_LEN)
    for number, key in enumerate(keys):
        body += block_of(number, sha256(key)[:16], 848_880_000, 848_883_600, 1)
    for _ in Record(bench.disk.mount() + "/keys").change_steps(0, body):
        pass


def test_the_status_of_thirty_two_guests_with_windows_goes_down_the_cable():
    bench = Esp32Bench()
    _enrol_guests(bench)

    async def story():
        await bench.pass_ms(3_000)
        keys = bench.status()["keys"]
        assert len(keys) == 32 and all([key["window"] == [14_148_000, 14_148_060, 1] for key in keys])
        assert 4_000 < bench.status_length() < 6_000
        before = bench.status()["uptime_s"]
        await bench.pass_ms(5_000)
        assert bench.status()["uptime_s"] - before >= 3

    bench.run(story())
    assert not bench.failures


def test_the_journal_says_that_it_ended_on_purpose_where_storage_mode_has_begun_and_not_where_it_was_refused():
    for wake, found in ((None, "cut"), ("button", "clean")):
        bench, _ = _bench(WAKE=wake)

        async def story(bench=bench):
            await bench.pass_ms(3_000)
            bench.type("sleep")
            await bench.pass_ms(100)

        async def found_again(bench=bench):
            await bench.pass_ms(3_000)
            return bench.status()["journal"]["found"]

        bench.run(story())
        assert bench.world.asleep is (wake is not None)
        bench.disk.cut_power()
        assert bench.run(found_again()) == found


def test_storage_mode_is_entered_at_rest_and_says_why_not_otherwise():
    bench, _ = _bench()

    async def story():
        bench.wires["ignition"].level = 1
        await bench.pass_ms(100)
        bench.type("sleep")
        await bench.pass_ms(100)
        assert bench.answers[-1] == "error sleep: the vehicle is in use" and not bench.world.asleep
        bench.wires["ignition"].level = 0
        bench.wires["button"].level = 1
        await bench.pass_ms(100)
        bench.type("sleep")
        await bench.pass_ms(100)
        assert "button" in bench.answers[-1] and not bench.world.asleep
        bench.wires["button"].level = 0
        await bench.pass_ms(3_000)  # the press has moved the bolt
        bench.type("sleep")
        await bench.pass_ms(100)
        assert bench.world.asleep and bench.world.held[18]

    bench.run(story())


def test_a_board_with_nothing_but_a_lock_and_a_button_works():
    bare = {"INPUTS": (("button", 13, "up", 0),), "PULSES": (("lock", 26), ("unlock", 27)), "OPENERS": (), "LEVELS": ()}
    bench, owner = _bench(SPEED=None, SUPPLY=None, DRIVE_OUTPUT=None, RADIO=False, WIFI=False, **bare)

    async def story():
        assert codes.is_accepted((await bench.tap(owner))[0])
        assert bench.pulses() == ["unlock"]
        assert codes.is_accepted((await bench.press(300))[0])
        assert await _steps(bench, 100) is None

    bench.run(story())
