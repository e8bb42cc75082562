"""Boards: those in boards/ may be flashed, what is wrong is told in a sentence, pages and pictures follow the data."""

import ast
import copy
import runpy
import sys
from types import SimpleNamespace
from xml.etree import ElementTree

from fakes import esp32_world
from fakes.bench_chip import Generator
from fakes.esp32_board import Terminal, opened
from fakes.esp32_wifi import Station
from fakes.radio import Radio
from fakes.virtual_time import VirtualTime
from latchkey_tools import cli
from latchkey_tools.boards import chips, firmware, load, pages, picture
from latchkey_tools.boards.check import complaints, uses

BOARDS = {board.NAME: board for board in load.all_boards()}
_PINS = {"esp32": 40, "esp32s3": 49, "esp32c3": 22}


def _changed(name, **fields):
    board = copy.copy(BOARDS[name])
    for field, value in fields.items():
        setattr(board, field, value)
    return complaints(board)


def _moved(board, field, name, pin):
    """The rows of a field with one of them on another pin."""
    rows = [list(row) for row in getattr(BOARDS[board], field)]
    for row in rows:
        if row[0] == name:
            row[1] = pin
    return {field: tuple(tuple(row) for row in rows)}


def test_there_is_nothing_to_complain_of_in_the_boards_that_are_here():
    assert {board.MCU for board in BOARDS.values()} == set(chips.MCUS)
    for board in BOARDS.values():
        assert complaints(board) == []


def test_every_pin_that_is_not_free_is_refused_for_every_processor_and_says_why():
    for board in BOARDS.values():
        mcu = chips.MCUS[board.MCU]
        for pin, why in mcu.taken.items():
            words = _changed(board.NAME, **_moved(board.NAME, "PULSES", "lock", pin))
            assert any(f"lock cannot be on GPIO {pin}: {why}." in word for word in words), (board.NAME, pin, words)
    for kind, pins in chips.MCUS["esp32s3"].psram.items():
        for pin in pins:
            words = _changed("esp32s3_devkitc", PSRAM=kind, **_moved("esp32s3_devkitc", "LEVELS", "buzzer", pin))
            assert any("PSRAM" in word for word in words)
            assert _changed("esp32s3_devkitc", PSRAM="", **_moved("esp32s3_devkitc", "LEVELS", "buzzer", pin)) == []
    assert len(_changed("esp32_devkitc", PSRAM="quad")) == 2  # a WROVER: crash and speed


def test_no_pin_is_used_twice_and_none_that_is_not_there():
    assert _changed("esp32_devkitc", **_moved("esp32_devkitc", "LEVELS", "buzzer", 26)) == [
        "esp32_devkitc: GPIO 26 is both lock and buzzer: give one of them another pin."
    ]
    assert "does not have" in _changed("esp32_devkitc", **_moved("esp32_devkitc", "LEVELS", "buzzer", 20))[0]
    assert "does not have" in _changed("esp32c3_devkitm", **_moved("esp32c3_devkitm", "LEVELS", "buzzer", 33))[0]


def test_an_input_only_pin_takes_no_output_and_has_no_pull():
    one = "esp32_devkitc"
    assert any("an input and nothing else" in word for word in _changed(one, **_moved(one, "LEVELS", "buzzer", 34)))
    words = _changed(one, INPUTS=(*BOARDS[one].INPUTS[2:], ("bolt_locked", 36, "up", 0), ("bolt_unlocked", 39, "", 0)))
    assert words == ['esp32_devkitc: bolt_locked: GPIO 36 has no resistor of its own; write "" and fit one outside.']


def test_nothing_that_moves_is_on_a_pin_that_twitches_while_the_chip_starts():
    words = _changed("esp32_devkitc", **_moved("esp32_devkitc", "PULSES", "trunk", 14), INPUTS=())
    assert any("something would move" in word for word in words)
    assert not any("something would move" in word for word in _changed("esp32_devkitc"))


def test_each_field_that_makes_no_sense_is_told():
    one = "esp32_devkitc"
    cases = (
        ({"MCU": "esp8266"}, "known are esp32"),
        ({"NAME": "other"}, "make them the same"),
        ({"PSRAM": "octal"}, "PSRAM"),
        ({"FREQUENCY_HZ": 300_000_000}, "FREQUENCY_HZ"),
        ({"PULSE_MS": 1_001}, "PULSE_MS must be 1 to 1000"),
        ({"PULSES": (("lock", 26),), "OPENERS": ()}, "must have lock and unlock"),
        ({"PULSES": (("lock", 26), ("unlock", 27))}, "not one of PULSES"),
        ({"OPENERS": ((4, "trunk", 300),)}, "5 is the trunk"),
        ({"OPENERS": ((5, "lock", 300),)}, "beside lock and unlock"),
        ({"OPENERS": ((5, "trunk", 0),)}, "1 to 1000 ms"),
        ({"DRIVE_OUTPUT": "engine"}, "not among LEVELS"),
        ({"INPUTS": (("button", 13, "up", 0),)}, "wants an input `ignition`"),
        ({"INPUTS": (("bolt_locked", 36, "", 0), ("ignition", 34, "", 0))}, "go together"),
        ({"INPUTS": (("horn", 13, "up", 0),)}, "'horn'"),
        ({"INPUTS": (("ignition", 34, "sideways", 0),)}, "'sideways'"),
        ({"INPUTS": (("ignition", 34, "", 2),)}, "0 or 1"),
        ({"LEVELS": (("horn", 13, 1),), "DRIVE_OUTPUT": None}, "'horn'"),
        ({"LEVELS": (("buzzer", "D19", 1),), "DRIVE_OUTPUT": None}, "number of a GPIO"),
        ({"LEVELS": ("buzzer", 19, 1)}, "mind the comma"),
        ({"WAKE": "door handle"}, "not among INPUTS"),
        ({"WAKE": "crash", "INPUTS": (("crash", 22, "up", 0), ("ignition", 34, "", 0)), "LEVELS": ()}, "cannot wake"),
        ({"READERS": (("elsewhere", 3, None),)}, "in none of PORTS"),
        ({"READERS": (("reader", 4, None),)}, "1 (door), 2 (cabin) or 3"),
        ({"READERS": (("reader", 3, "horn"),)}, "not among RESETS"),
        ({"READERS": (), "INPUTS": (("ignition", 34, "", 0),)}, "nobody could ever claim it"),
        ({"PORTS": (("reader", 0, 32, 4),)}, "UART 0; an esp32 has 1, 2"),
        ({"I2CS": (("desk", 0, 22, 19, None),), "READERS": (("i2c:desk", 3, None),)}, "wants a reset line"),
        ({"SPIS": (("a", 1, 14, 13, 16, 17, None), ("b", 1, 14, 16, 13, 2, None))}, "other pins"),
        ({"SUPPLY": (25, 100_000, 10_000)}, "measure"),
        ({"SUPPLY": (35, 100_000, 33_000)}, "at 16 V"),
        ({"SPEED": (17, "up", 0, 7)}, "pulses for a km"),
        ({"SPEED": (17, "up")}, "None or a row of 4"),
        ({"PACE_MS": -1}, "PACE_MS"),
    )
    for fields, words in cases:
        told = _changed(one, **fields)
        assert any(words in sentence for sentence in told), (fields, told)
        assert all(sentence.startswith(("esp32_devkitc: ", "other: ")) and sentence.endswith(".") for sentence in told)


def test_a_chip_gives_no_more_pulses_than_its_rmt_has_channels():
    lids = (("lock", 4), ("unlock", 5), ("trunk", 10))
    words = _changed("esp32c3_devkitm", PULSES=lids, OPENERS=((5, "trunk", 300),), INPUTS=(), READERS=())
    assert any("can give pulses on 2 outputs" in sentence for sentence in words)


def test_a_field_that_is_missing_is_named():
    board = SimpleNamespace(NAME="new", FOLDER="new")
    assert "MCU" in complaints(board)[0] and "boards/README.md" in complaints(board)[0]


def test_two_readers_may_share_a_bus_and_its_pins_count_once():
    rows = (("a", 2, 14, 13, 16, 17, None), ("b", 2, 14, 13, 16, 4, None))
    fields = {"SPIS": rows, "PORTS": (), "READERS": (("spi:a", 1, None), ("spi:b", 2, None)), "SPEED": None}
    inputs = (("ignition", 34, "", 0), ("button", 32, "up", 0))
    assert _changed("esp32_devkitc", **fields, INPUTS=inputs) == []


def test_the_command_says_it_and_ends_with_its_code(capsys, tmp_path):
    assert cli.main(["boards"]) == 0
    assert "esp32_devkitc: 19 pins" in capsys.readouterr().out
    assert cli.main(["boards", "no_such"]) == 2
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/board.py").write_text((load.FOLDER / "esp32_devkitc/board.py").read_text())
    assert cli.main(["boards", str(tmp_path / "mine")]) == 1
    assert "its folder 'mine'" in capsys.readouterr().out


def test_pages_and_pictures_are_those_of_the_data():
    for board in BOARDS.values():
        folder = load.FOLDER / board.NAME
        assert pages.block(board) in (folder / "README.md").read_text(), "run `make boards`"
        drawn = (folder / "wiring.svg").read_text()
        assert drawn == picture.svg(board), "run `make boards`"
        ElementTree.fromstring(drawn)
        for use in uses(board):
            assert f"GPIO {use.pin}  {use.name}<" in drawn


def test_the_page_of_all_boards_tells_every_field_and_every_board():
    page = (load.FOLDER / "README.md").read_text()
    for board in BOARDS.values():
        assert f"({board.NAME}/README.md)" in page and f"`{board.IMAGE}`" in page
        for field in vars(board):
            assert field == "FOLDER" or f"`{field}`" in page, field


def test_the_firmware_opens_every_board_and_boot_leaves_every_output_off():
    for board in BOARDS.values():
        time = VirtualTime()
        world = esp32_world.fresh(time, channels=chips.MCUS[board.MCU].pulses, pins=_PINS[board.MCU])
        world.radio, world.station = Radio(), Station(time)
        sys.modules["board"] = board
        try:
            runpy.run_path(str(load.ROOT / "firmware/boot.py"))
        finally:
            del sys.modules["board"]
        for _, pin in board.PULSES:
            assert world.outputs[pin] == 0
        for _, pin, active in board.LEVELS:
            assert world.outputs[pin] == 1 - active
        if board.SUPPLY:
            world.millivolts[board.SUPPLY[0]] = lambda: 1_100
        world.ports[board.PORTS[0][1]] = Terminal()
        chip = opened(world, board, Terminal(), Generator(1))
        wires = chip.wires()
        assert set(wires) >= {name for name, *_ in board.INPUTS}
        outputs = [chip.pulse(name) for name, _ in board.PULSES]
        assert not any(world.pad(pin) for _, pin in board.PULSES) and len(outputs) == len(board.PULSES)
        for port, _, reset in board.READERS:
            chip.port(port)
            assert reset is None or chip.level(reset) is not None


def _imported_at_once(path):
    """Modules that a source imports when it is loaded, as they are called once compiled."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("latchkey."):
            stem = node.module[len("latchkey.") :].replace(".", "_")
            found |= {stem} | {f"{stem}_{alias.name}" for alias in node.names}
    return found


def test_a_board_gets_its_own_chip_and_buses_and_all_that_those_import():
    root = load.ROOT / "firmware"
    modules = {}
    for path in root.rglob("*.py"):
        parts = [part for part in path.relative_to(root).with_suffix("").parts if part != "__init__"]
        modules["_".join(parts[1:] if parts[0] == "latchkey" and len(parts) > 1 else parts)] = path
    bare = copy.copy(BOARDS["esp32_devkitc"])
    bare.WIFI, bare.WAKE = False, None
    spi = copy.copy(bare)
    spi.READERS = (("spi:door", 1, None),)
    for board in (*BOARDS.values(), bare, spi):
        there = {name for name in modules if firmware.wanted(name, board)}
        for name in there:
            lacking = _imported_at_once(modules[name]) & set(modules) - there
            assert not lacking, (name, lacking)
        assert not [name for name in there if name.startswith("chip_unix")] and "chip_esp32" in there
    assert firmware.wanted("drivers_pn532_spi", spi) and not firmware.wanted("drivers_pn532_spi", bare)
    assert firmware.wanted("net_connection", BOARDS["esp32_devkitc"]) and not firmware.wanted("net_connection", bare)
