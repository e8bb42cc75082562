"""The ESP32's chip package against the contract of latchkey.chip: pins, marks, cable, buses, watchdog, storage mode."""

from fakes import esp32_world
from fakes.bench_chip import Generator
from fakes.esp32_board import Board, Terminal, opened
from fakes.esp32_wifi import Station
from fakes.radio import Radio
from fakes.virtual_time import VirtualTime
from latchkey.chip import esp32 as chip_esp32


class _At:
    """A level or a voltage that somebody sets."""

    def __init__(self, level):
        self.level = level

    def value(self):
        return self.level


def _chip(board=None, **how):
    time = VirtualTime()
    world = esp32_world.fresh(time, **how)
    world.radio = Radio()
    world.station = Station(time)
    world.millivolts[35] = lambda: 1_145  # 12.6 V behind 100 k and 10 k
    terminal = Terminal()
    return time, world, opened(world, board or Board(), terminal, Generator(1)), terminal


def _refused(error, function, *given):
    try:
        function(*given)
    except error as refusal:
        return str(refusal)
    raise AssertionError("it was not refused")


def test_inputs_are_1_when_they_are_active_whatever_the_level():
    _, world, chip, _ = _chip()
    for name, number, active in (("door", 14, 0), ("crash", 16, 1), ("bolt_locked", 36, 0)):
        level = world.inputs[number] = _At(1 - active)
        wire = chip.wires()[name]
        assert wire.value() == 0
        level.level = active
        assert wire.value() == 1


def test_what_a_board_does_not_have_is_not_there():
    _, _, chip, _ = _chip(Board(SPEED=None, SUPPLY=None, INPUTS=(), LEVELS=(), RADIO=False, WIFI=False))
    assert chip.wires() == {}
    assert chip.level("buzzer") is None
    assert chip.radio() is None and chip.network(None) is None
    for refused in (chip.port, chip.spi, chip.i2c, chip.pulse):
        _refused(ValueError, refused, "elsewhere")


def test_outputs_begin_off_and_a_reset_line_begins_high():
    _, world, chip, _ = _chip()
    green, blue = chip.level("light_green"), chip.level("light_blue")
    assert (world.pad(22), world.pad(23)) == (0, 1)  # blue is on when low
    green.value(1), blue.value(1)
    assert (world.pad(22), world.pad(23)) == (1, 0)
    reset = chip.level("reader_reset")
    assert world.pad(18) == 1
    reset.value(0)
    assert world.pad(18) == 0


def test_the_supply_is_told_in_mv_at_the_car_and_a_sag_shows_within_a_quarter_second():
    time, world, chip, _ = _chip()
    supply = chip.wires()["supply"]
    assert 12_500 <= supply.value() <= 12_700
    world.millivolts[35] = lambda: 727  # 8 V
    for _ in range(50):
        time.advance(5)
        value = supply.value()
    assert 7_900 <= value < 9_000
    for _ in range(100):
        time.advance(5)
        value = supply.value()
    assert 7_900 <= value <= 8_100


def test_the_supply_goes_on_when_nobody_asked_for_a_week():
    time, world, chip, _ = _chip()
    supply = chip.wires()["supply"]
    time.advance(7 * 86_400_000)
    world.millivolts[35] = lambda: 727
    for _ in range(200):
        time.advance(20)
        supply.value()
    assert supply.value() < 8_100


def test_speed_by_pulses_is_told_each_second():
    time, world, chip, _ = _chip()
    speed = chip.wires()["speed"]

    def drive(kmh, seconds):
        hundredths = 0
        for _ in range(seconds * 200):
            time.advance(5)
            hundredths += kmh * 2_548 * 5 * 100 // 3_600_000
            while hundredths >= 100:
                hundredths -= 100
                world.edge(17, rising=False)
            told = speed.value()
        return told

    assert drive(0, 2) == 0
    for kmh in (7, 30, 130, 250):
        assert abs(drive(kmh, 3) - kmh) <= 3, kmh
    assert drive(0, 2) == 0
    world.edge(17, rising=True)  # the other edge does not count
    time.advance(1_000)
    assert speed.value() == 0


def test_speed_by_a_level_says_moving():
    _, world, chip, _ = _chip(Board(SPEED=(17, "up", 0, 0)))
    level = world.inputs[17] = _At(1)
    speed = chip.wires()["speed"]
    assert speed.value() == 0
    level.level = 0
    assert speed.value() > 5


def test_marks_outlive_a_reset_and_only_what_was_committed():
    _, world, chip, _ = _chip()
    assert chip.marks.get("claimed") is None
    chip.marks.set("claimed", 1)
    chip.marks.set("generation", -5)
    assert world.nvs == {"latchkey": {"claimed": 1, "generation": -5}}
    again = type(chip.marks)()
    assert (again.get("claimed"), again.get("generation")) == (1, -5)
    world.broken_nvs = True
    assert again.get("claimed") is None
    _refused(OSError, again.set, "claimed", 0)


def test_only_littlefs_is_good_enough_for_keys():
    _, world, chip, _ = _chip()
    assert chip.mount() == "/data" == chip.mount()
    world.superblock = b"MSDOS5.0"
    assert "LittleFS2" in _refused(OSError, chip.mount)


def test_a_reader_may_be_on_any_of_the_three_buses():
    _, world, chip, _ = _chip()
    world.ports[2] = port = Terminal()
    line = chip.port("reader")
    line.write(b"\x55")
    assert port.said == b"\x55"
    door, cabin = chip.spi("door"), chip.spi("cabin")
    assert door[0] is cabin[0]  # one bus, or two drivers would reset each other's
    assert (world.pad(5), world.pad(2)) == (1, 1)
    assert door[2] is not None and cabin[2] is None
    lines, irq = chip.i2c("desk")
    assert lines is not None and irq is not None
    assert world.built == [("uart", 2, 32, 4), ("spi", 1, 18, 23, 19), ("i2c", 0, 22, 21)]


def test_the_first_random_bytes_are_drawn_with_a_radio_on():
    for board in (Board(), Board(RADIO=False), Board(RADIO=False, WIFI=False)):
        _, world, chip, _ = _chip(board)
        assert not world.radio.BLE().active() and not world.station.active()
        assert len(chip.random(32)) == 32
        assert world.radio.BLE().active() is board.RADIO
        assert world.station.active() is not board.RADIO
    _, world, chip, _ = _chip()
    world.radio.out_of_order = True
    assert len(chip.random(32)) == 32  # a radio that does not come up is no reason to stop


def test_it_runs_as_fast_as_it_can_and_says_why_it_was_reset():
    _, world, chip, _ = _chip(cause=3)
    assert (world.frequency, chip.reset_cause) == (240_000_000, "watchdog")
    _, world, chip, _ = _chip(Board(FREQUENCY_HZ=1_000_000_000), cause=77)
    assert (world.frequency, chip.reset_cause) == (160_000_000, "")


def test_the_watchdog_gives_building_a_minute_then_5_s_at_a_time_and_a_person_an_hour():
    time, world, chip, _ = _chip()
    time.advance(59_900)
    assert not world.bitten
    chip.alive(True)
    time.advance(4_900)
    assert not world.bitten
    chip.alive(True)
    time.advance(4_900)
    chip.release()
    time.advance(3_500_000)
    assert not world.bitten
    time.advance(200_000)
    assert world.bitten


def test_what_hangs_before_the_first_sign_of_life_is_bitten_too():
    time, world, chip, _ = _chip()
    time.advance(60_000)
    assert world.bitten
    time, world, chip, _ = _chip()
    chip.release()  # Ctrl-C as early as that
    time.advance(3_500_000)
    assert not world.bitten


def test_storage_mode_sleeps_until_the_button_with_radio_and_reader_off():
    _, world, chip, _ = _chip()
    world.inputs[13] = _At(1)
    chip.random(1)
    _refused(esp32_world.Stopped, chip.sleep)
    assert world.asleep and world.wakes == (13, False)
    assert not world.radio.BLE().active() and not world.station.active()
    assert (world.pad(18), world.held[18], world.held["asleep"]) == (0, True, True)
    assert chip.level("reader_reset") is not None  # as the next boot does
    assert (world.pad(18), world.held[18]) == (1, False)


def test_storage_mode_says_why_it_cannot_be():
    _, world, chip, _ = _chip()
    world.inputs[13] = _At(0)
    assert "button" in _refused(OSError, chip.sleep)
    _, world, chip, _ = _chip(Board(WAKE=None))
    assert "no input" in _refused(OSError, chip.sleep)
    assert not world.asleep


def test_the_last_word_before_storage_mode_is_said_once_nothing_can_refuse_it():
    said = []
    _, world, chip, _ = _chip()
    button = world.inputs[13] = _At(0)
    _refused(OSError, chip.sleep, lambda: said.append(world.asleep))
    assert said == []
    button.level = 1
    world.radio.BLE().active(True)
    world.radio.out_of_order = True
    _refused(esp32_world.Stopped, chip.sleep, lambda: said.append(world.asleep))
    assert said == [False] and world.asleep


# The cable


def _sent(chip, terminal, turns):
    for _ in range(turns):
        chip.poll()
    return terminal.lines()


def test_the_cable_takes_lines_and_leaves_out_what_is_none():
    _, _, chip, terminal = _chip()
    terminal.type("set broker x\r\n\nrevoke 3\nhal")
    assert [chip.console.readline() for _ in range(4)] == ["set broker x", "revoke 3", None, None]
    terminal.type(b"f\n" + b"\xff\xfe\n" + b"x" * 1_700 + b"\nend\n")
    told = [chip.console.readline() for _ in range(40)]
    assert [line for line in told if line is not None] == ["half", "end"]


def test_the_cable_never_takes_more_than_the_port_sends_in_a_turn():
    _, _, chip, terminal = _chip()
    chip.console.write("verdict " + "v" * 500)
    assert _sent(chip, terminal, 9) == []
    assert _sent(chip, terminal, 1) == ["verdict " + "v" * 500]
    assert max(terminal.pieces) <= 57


def test_a_status_gives_way_to_what_waits_and_the_queue_has_an_end():
    _, _, chip, terminal = _chip()
    chip.console.write("status 1")
    chip.console.write("status 2")
    chip.console.write("verdict 1")
    assert _sent(chip, terminal, 10) == ["status 1", "verdict 1"]
    for number in range(100):
        chip.console.write("verdict %098d" % number)
    lines = _sent(chip, terminal, 1_000)
    assert 20 < len(lines) < 40 and lines[0].endswith("0")
    chip.console.write("status 3")
    assert _sent(chip, terminal, 2) == ["status 3"]


def test_a_line_longer_than_the_queue_goes_out_where_nothing_else_waits():
    _, _, chip, terminal = _chip()
    status = "status " + "s" * 8_000
    chip.console.write(status)
    chip.console.write("verdict 1")
    assert _sent(chip, terminal, 150) == [status, "verdict 1"]
    chip.console.write("verdict 2")
    chip.console.write("journal " + "j" * 8_000)  # something waits, so that it would be more than may
    chip.console.write("verdict 3")
    assert _sent(chip, terminal, 150) == ["verdict 2", "verdict 3"]


def test_whoever_waits_while_the_cable_is_full_loses_nothing():
    """A line of 340 bytes each 20 ms is more than 115,200 baud carry."""
    _, _, chip, terminal = _chip()
    told = heard = 0
    for turn in range(1_000):
        if turn % 4 == 0 and told < 50 and not chip.console.full():
            chip.console.write("journal rows %0325d" % told)
            told += 1
        chip.poll()
        terminal.pieces.clear()
        for line in terminal.lines():
            assert line.endswith("%04d" % heard)
            heard += 1
    assert told == heard == 50


def test_a_watchdog_that_has_bitten_in_vain_three_times_lets_the_rest_work_on():
    """And bites again once ten minutes have gone well, or after a loss of power."""

    def boot(kept, cause):
        time, world, _, _ = _chip(cause=1)
        world.kept, world.cause = kept, cause
        again = chip_esp32.open(Board())
        again.alive(False)
        for _ in range(20):
            time.advance(1_000)
            again.alive(False)
        return world, again

    kept = b"something else"
    for bites in (1, 2):
        world, _ = boot(kept, 3)
        assert world.bitten and world.kept == b"lk" + bytes((bites,))
        kept = world.kept
    world, chip = boot(kept, 3)
    assert not world.bitten
    for _ in range(600):
        chip.alive(True)
        chip.rest()
    assert boot(world.kept, 3)[0].bitten
    world, chip = boot(b"lk\x02", 3)
    for _ in range(1_300):  # nothing has mended
        chip.alive(False)
        chip.rest()
    for rests in (599, 600):  # together they are more than ten minutes, and were not one after the other
        assert world.kept == b"lk\x03"
        chip.alive(False)
        for _ in range(rests):
            chip.alive(True)
            chip.rest()
    assert world.kept == b"lk\x00"
    assert boot(b"lk\x07", 1)[0].kept == b"lk\x00"
    assert not boot(b"lk\xff", 3)[0].bitten
