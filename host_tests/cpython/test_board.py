"""The firmware for an ESP32 on an emulated board: flashed, asked how it is, named, led into a Wi-Fi, over its cable.

The chip's modules are fakes (fakes/esp32_built_in.py); MicroPython, the file system and what lies in it are real. Needs
build/mpy, which `check.py --only compile` makes.
"""

import atexit
import contextlib
import io
import json
import tempfile
from pathlib import Path

import pytest
from fakes.emulated_board import ROOT, EmulatedBoard
from fakes.scale import LONG
from latchkey_tools import cli
from latchkey_tools.flash import application, boards
from littlefs import LittleFS

_FOLDERS = tempfile.TemporaryDirectory(prefix="latchkey-")
atexit.register(_FOLDERS.cleanup)
_BUILD = ROOT / "build/mpy"
_VIN = "5YJ3E7EB1KF000316"

pytestmark = pytest.mark.skipif(
    not (_BUILD / "main.mpy").exists(), reason="nothing is compiled: check.py --only compile"
)


def _folder(files):
    """With the image of a file system that holds these."""
    folder = Path(tempfile.mkdtemp(dir=_FOLDERS.name))
    disk = LittleFS(block_size=4096, block_count=256, read_size=32, prog_size=32, cache_size=128, lookahead_size=32)
    for path, content in files.items():
        if path.count("/") > 1:
            with contextlib.suppress(FileExistsError):
                disk.mkdir(path.rpartition("/")[0])
        with disk.open(path, "wb") as file:
            file.write(content)
    (folder / "files.bin").write_bytes(bytes(disk.context.buffer))
    return folder


def _run(board, *words):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = cli.main([*words, "--port", board.port, "--json"])
    return code, json.loads(out.getvalue())


def _flash(board):
    return _run(board, "flash", "esp32_devkitc", "--files-only", "--firmware", str(_BUILD))


def test_the_real_firmware_is_flashed_examined_and_set_up():
    made = application.compiled(boards.board("esp32_devkitc"), _BUILD)
    there = made.paths()
    if LONG:
        there = {}  # all of it over the cable: 150 files
    else:
        del there["/boot.py"], there["/main.py"], there[f"/{made.folder}/core_lock.mpy"]
    secret = _folder({}) / "secret"
    secret.write_text("secret of the house\n")
    with EmulatedBoard(_folder(there), esp32=True) as board:
        code, answer = _flash(board)
        assert code == 0 and answer["sent"] == (len(made.paths()) if LONG else 3) and not answer["claimed"], answer

        code, answer = _run(board, "doctor")
        assert answer["about"]["application"] == made.folder and answer["status"]["supply_mv"] in range(12_500, 12_700)
        assert code == 1 and any("reader" in one["what"] for one in answer["findings"]), answer["findings"]

        code, answer = _run(board, "provision", "--name", _VIN)
        assert code == 0, answer
        assert _run(board, "doctor")[1]["status"]["vin"] == _VIN

        wrong = _folder({}) / "wrong"
        wrong.write_text("another secret")
        words = ("provision", "--wifi", "home", "--wifi-password-file")
        code, answer = _run(board, *words, str(wrong), "--wait", "4")
        assert code == 1 and "into the Wi-Fi" in answer["error"]["text"], answer
        assert _run(board, "provision")[1]["settings"] == {}
        code, answer = _run(board, *words, str(secret), "--wait", "30")
        assert code == 0 and answer["settings"] == {"wifi": "home", "wifi_password": 19}, answer
        said = json.dumps(answer)
        assert "secret of the house" not in said

        # Flashing again sends nothing and takes nothing away.
        code, answer = _flash(board)
        assert code == 0 and answer["sent"] == 0
        assert _run(board, "provision")[1]["settings"] == {"wifi": "home", "wifi_password": 19}
        assert board.events.count("reset") == 3, "each flash and each naming starts it once"
