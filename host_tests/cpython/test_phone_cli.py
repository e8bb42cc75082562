"""`latchkey phone` as it is typed: what it prints, for people and for programs, and its exit codes. In virtual time."""

import asyncio
import atexit
import contextlib
import http.server
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fakes.bench_process import ROOT
from fakes.phone_range import Range
from fakes.virtual_time import VirtualTime
from latchkey.core import codes
from latchkey_tools import cli
from latchkey_tools.phone import seal, words
from latchkey_tools.phone.keyring import Keyring
from phone_bench import OTHER_PHONE, OTHER_VEHICLE, PHONE, SLOT, VEHICLE, VIN, key64, world
from phone_world import World

_NAME = seal.local_name(VIN)
_OWN = seal.short_id(seal.point_of(PHONE))
_OTHER = seal.short_id(seal.point_of(OTHER_PHONE))
_FOLDERS = tempfile.TemporaryDirectory(prefix="latchkey-")
atexit.register(_FOLDERS.cleanup)


class _Shell:
    """A person at a keyboard, a phone key that is paired, and the car in range. meanwhile: coroutines that go on."""

    def __init__(self, car=None):
        self.car = car or world()
        self.car.enrol(SLOT, key64(PHONE))
        self.near = Range(self.car, _NAME)
        self.meanwhile = []
        self.typed = ""
        self.terminal = False
        self.time = VirtualTime()
        self.config = Path(tempfile.mkdtemp(dir=_FOLDERS.name))
        ring = Keyring(self.config / "latchkey")
        ring.pin(VIN, seal.point_of(VEHICLE))
        ring.key_file.write_bytes(PHONE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        ring.key_file.chmod(0o600)

    def run(self, *arguments):
        """Gives the exit code, and what was said on stdout and stderr."""
        out, error = io.StringIO(), io.StringIO()
        keyboard = io.StringIO(self.typed)
        keyboard.isatty = lambda: self.terminal
        with (
            self.near.bleak(),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(error),
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setenv("XDG_CONFIG_HOME", str(self.config))
            patch.setattr(sys, "stdin", keyboard)
            patch.setattr(asyncio, "run", self._run)
            code = cli.main(["phone", *arguments])
        return code, out.getvalue(), error.getvalue()

    def says(self, *arguments):
        """What is printed by a command that must succeed, and say nothing else."""
        code, out, error = self.run(*arguments)
        assert (code, error) == (0, ""), error
        return out

    def fails(self, *arguments):
        """The exit code and the sentence of a command that must not succeed."""
        code, out, error = self.run(*arguments)
        assert out == "" and code, out
        sentence = error.splitlines()[-1]
        assert sentence.startswith("latchkey phone: ") and sentence.endswith(".") and "Traceback" not in error
        return code, sentence

    def json(self, *arguments):
        """The exit code and what a program gets."""
        code, out, _ = self.run(*arguments, "--json")
        return code, [json.loads(line) for line in out.splitlines()]

    def _run(self, coroutine):
        async def whole():
            others = [asyncio.create_task(one) for one in self.meanwhile]
            try:
                return await coroutine
            finally:
                for one in others:
                    one.cancel()

        return self.time.run(whole())

    @property
    def after_s(self):
        return self.time.elapsed_ms / 1000


# What is done


def test_unlock_and_lock():
    shell = _Shell()
    assert shell.says("unlock") == "Unlocked.\n"
    assert shell.says("lock") == "Locked.\n"
    assert shell.car.done == [(codes.UNLOCK, SLOT), (codes.LOCK, SLOT)]
    assert shell.json("unlock") == (
        0,
        [{"ok": True, "command": "unlock", "vin": VIN, "lock": "unlocked", "confirmed": True}],
    )
    assert shell.after_s < 1


def _car_with_rows():
    """What an owner's phone is told: two cards and this phone, the second card a guest's."""
    car = world()
    car.rows = {
        0: [3, 0x0A0B0C0D, 1, codes.OWNER, 1, (0, 0, 0)],
        4: [5, 0x11223344, 4, codes.GUEST, 1, (0, 0, 0)],
        7: [6, int(_OWN, 16), 2, codes.OWNER, 1, (0, 0, 0)],
    }
    return car


def test_an_owner_s_phone_sees_every_key_and_suspends_admits_and_removes_one():
    shell = _Shell(_car_with_rows())
    lines = shell.says("keys", "--all").splitlines()
    assert lines[1:3] == [
        "#0     0a0b0c0d  keycard    owner             active",
        "#4     11223344  AES card   guest             active",
    ]
    assert "suspended" in shell.says("suspend", "11223344") and shell.car.rows[4][4] == 2
    assert shell.json("suspend", "#4")[1][0]["key"]["state"] == "suspended"
    assert "admitted" in shell.says("admit", "#4") and shell.car.rows[4][4] == 1
    assert shell.says("remove", "#4", "--yes") == "Removed 11223344, an AES card.\n"
    assert list(shell.car.rows) == [0, 7]


def test_a_guest_gets_a_window_and_the_vehicle_the_time():
    shell = _Shell(_car_with_rows())
    until = ("--until", "2026-11-25T20:00+00:00")
    said = shell.says("guest", "#4", "--from", "2026-11-25T18:00+00:00", *until, "--while-unset")
    assert "may come from 2026-11-25" in said and "does not know the time" in said
    first = 848_880_000 // 60 + 18 * 60
    assert shell.car.rows[4][5] == (first, first + 120, 1)
    assert len(shell.car.told_s) == 1 and shell.car.told_s[0] > 848_000_000
    row = shell.json("keys", "--all")[1][0]["keys"][1]
    assert row["until"].startswith("2026-11-25T") and row["while_unset"]
    assert "at any time" in shell.says("guest", "11223344", "--always")
    assert shell.car.rows[4][5] == (0, 0, 0)
    assert "knows what time" in shell.says("time") and len(shell.car.told_s) == 2
    shell.says("unlock")  # tells it as well
    assert len(shell.car.told_s) == 3


def test_what_cannot_be_done_to_a_key_is_said():
    shell = _Shell(_car_with_rows())
    assert shell.fails("suspend", "ffffffff")[0] == 1 and "`latchkey phone keys --all`" in shell.fails("admit", "#9")[1]
    for wrong in (("suspend", "Anna"), ("guest", "#4"), ("guest", "#4", "--always", "--until", "2026-11-25")):
        assert shell.fails(*wrong)[0] == 2
    assert "no time" in shell.fails("guest", "#4", "--until", "tonight")[1]
    backwards = shell.fails("guest", "#4", "--from", "2026-11-25T18:00", "--until", "2026-11-25T17:00")
    assert backwards[0] == 2 and "before" in backwards[1]
    shell.car.verdicts[codes.SUSPEND_KEY] = codes.LAST_OWNER
    assert shell.fails("suspend", "#0")[0] == 1
    shell.car.verdicts[codes.SET_CLOCK] = codes.NOT_PERMITTED
    assert shell.says("lock") == "Locked.\n"  # a guest's phone may not tell the time, and need not


def test_the_other_orders():
    shell = _Shell()
    for command, action, word in (
        ("drive", codes.AUTHORISE_DRIVE, "ignition"),
        ("trunk", codes.OPEN_TRUNK, "trunk"),
        ("frunk", codes.OPEN_FRUNK, "front trunk"),
        ("charge-port", codes.OPEN_CHARGE_PORT, "charge port"),
        ("wake", codes.WAKE, "awake"),
        ("revoke-drive", codes.REVOKE_DRIVE, "revoked"),
        ("suspend-guests", codes.SUSPEND_GUESTS, "suspended"),
        ("admit-guests", codes.ADMIT_GUESTS, "admitted"),
        ("remote-off", codes.FORBID_REMOTE, "off"),
        ("remote-on", codes.ALLOW_REMOTE, "on"),
        ("remote-unlock-off", codes.FORBID_REMOTE_UNLOCK, "no longer"),
        ("remote-unlock-on", codes.ALLOW_REMOTE_UNLOCK, "may unlock"),
    ):
        assert word in shell.says(command)
        assert shell.car.done[-1] == (action, SLOT)


class _Slow(World):
    """A bolt that takes some looks to move, or never does."""

    looks = 5

    def _status(self):
        now = super()._status()
        self.looks -= 1
        if self.looks > 0:
            now.lock = 1 - now.lock
        return now


def test_done_is_what_the_bolt_shows():
    shell = _Shell(world(kind=_Slow))
    assert shell.run("unlock")[:2] == (0, "Unlocked.\n")
    assert 1 < shell.after_s < 3
    shell.car.looks = 1_000
    code, sentence = shell.fails("lock")
    assert code == 1 and "jammed" in sentence
    assert shell.json("lock")[1][0]["error"]["kind"] == "not moved"


def test_a_link_that_ends_after_the_order_was_accepted():
    shell = _Shell()
    shell.near.drops = [2]
    assert shell.json("unlock") == (
        0,
        [{"ok": True, "command": "unlock", "vin": VIN, "lock": "unlocked", "confirmed": False}],
    )


def test_status_in_words():
    shell = _Shell()
    closures = {}

    class Closures(World):
        def _status(self):
            now = super()._status()
            for closure, state in closures.items():
                now.closures[closure] = state
            return now

    shell = _Shell(world(kind=Closures))
    for told, text in (
        ({}, "Locked; everything is closed.\n"),
        ({4: 1, 6: 2}, "Locked; trunk open, charge port ajar.\n"),
        ({4: 3, 5: 3, 6: 3}, "Locked; the doors are closed.\n"),
        ({0: 1, 1: 3, 2: 3, 3: 3, 4: 3, 5: 3, 6: 3}, "Locked; a door open.\n"),
        ({0: 3, 1: 3, 2: 3, 3: 3, 4: 3, 5: 3, 6: 3}, "Locked; what is open is not known.\n"),
        ({1: 1}, "Locked; passenger's door open.\n"),
    ):
        closures.clear()
        closures.update(told)
        assert shell.says("status") == text
    code, (result,) = shell.json("status")
    assert code == 0 and result["lock"] == "locked" and result["sleep"] == "awake"
    assert result["closures"]["front_passenger_door"] == "open" and len(result["closures"]) == len(words.CLOSURES)


def test_status_says_for_how_long_the_cloud_is_away():
    cloud = []

    class Away(World):
        def _status(self):
            now = super()._status()
            now.cloud, now.cloud_s = cloud
            return now

    shell = _Shell(world(kind=Away))
    for said, text, seconds in (
        ((0, 0), "", None),
        ((1, 4_000), "", None),
        ((2, 0), " Cloud away for less than a minute: your card and phone work.", 0),
        ((2, 130), " Cloud away for 2 min: your card and phone work.", 130),
        ((2, 18_400), " Cloud away for 5 h 6 min: your card and phone work.", 18_400),
    ):
        cloud[:] = said
        assert shell.says("status") == f"Locked; everything is closed.{text}\n"
        assert shell.json("status")[1][0]["cloud_away_s"] == seconds


def test_watching_tells_each_change_through_lost_links_until_the_key_is_removed():
    shell = _Shell()
    car, near = shell.car, shell.near

    async def day():
        await asyncio.sleep(20)
        car.locked = False
        car.dialogue.voice.broadcast_status(car._status())
        near.deliver(car.sent())
        await asyncio.sleep(1)
        near.hang_up()
        near.heard = False
        await asyncio.sleep(60)
        car.locked = True
        near.heard = True
        await asyncio.sleep(60)
        car.locked = False  # and the news of it gets lost
        await asyncio.sleep(60)
        del car.keys.slots[SLOT]
        car.sessions.forget(SLOT)

    shell.meanwhile = [day()]
    code, results = shell.json("status", "--watch")
    assert code == 1
    assert [result.get("lock") for result in results] == ["locked", "unlocked", "locked", "unlocked", None]
    assert results[-1]["error"]["name"] == "unknown_key_id"
    assert 200 < shell.after_s < 230


def test_keys_are_listed_and_this_phone_is_marked():
    shell = _Shell()
    shell.car.enrol(0, key64(OTHER_PHONE), codes.DRIVER)
    rows = shell.says("keys").splitlines()
    assert rows[0].split() == ["slot", "id", "role", "form"]
    assert rows[1].split() == ["0", _OTHER, "driver", "cloud", "key"]
    assert rows[2].split() == ["3", _OWN, "owner", "cloud", "key", "this", "phone"]
    code, (result,) = shell.json("keys")
    assert code == 0
    assert [(key["slot"], key["id"], key["role"], key["this_phone"]) for key in result["keys"]] == [
        (0, _OTHER, "driver", False),
        (SLOT, _OWN, "owner", True),
    ]


def test_32_keys_are_listed_over_one_link():
    shell = _Shell()
    for slot in set(range(32)) - {SLOT}:
        shell.car.keys.enrol(slot, bytes([slot]) * 64, bytes(16))
        shell.car.roles[slot] = codes.GUEST
    assert len(shell.says("keys").splitlines()) == 33
    assert shell.near.links == 1


def test_a_key_is_removed_by_id_or_slot():
    for named in (_OTHER, _OTHER.upper(), "12"):
        shell = _Shell()
        shell.car.enrol(12, key64(OTHER_PHONE), codes.DRIVER)
        assert shell.says("remove", named, "--yes") == f"Removed {_OTHER} from slot 12.\n"
        assert set(shell.car.keys.slots) == {SLOT}


def test_a_person_is_asked_before_a_key_is_removed():
    for typed, code, slots in (("y\n", 0, {SLOT}), ("yes\n", 0, {SLOT}), ("\n", 1, {12, SLOT}), ("", 1, {12, SLOT})):
        shell = _Shell()
        shell.car.enrol(12, key64(OTHER_PHONE), codes.DRIVER)
        shell.terminal, shell.typed = True, typed
        given, _, asked = shell.run("remove", "12")
        assert given == code and set(shell.car.keys.slots) == slots
        assert f"Remove the driver key {_OTHER}" in asked and "slot 12" in asked


def test_the_key_of_this_phone_is_named_as_such():
    shell = _Shell()
    shell.terminal = True
    assert "Remove the key of this phone?" in shell.run("remove", _OWN)[2]


def test_nobody_there_to_be_asked():
    shell = _Shell()
    code, sentence = shell.fails("remove", "3")
    assert code == 2 and "--yes" in sentence and shell.near.links == 0


def test_keys_that_are_not_there():
    shell = _Shell()
    for named in ("0", "31", "00000000"):
        code, sentence = shell.fails("remove", named, "--yes")
        assert code == 1 and "no key" in sentence
    for named in ("32", "-1", "first", "123", "0000000g", "123456789"):
        code, sentence = shell.fails("remove", "--yes", "--", named)
        assert code == 2 and "slot (0 to 31)" in sentence


def test_two_keys_with_one_short_id_are_told_apart_by_their_slots(monkeypatch):
    shell = _Shell()
    shell.car.enrol(12, key64(OTHER_PHONE), codes.DRIVER)
    monkeypatch.setattr(seal, "short_id", lambda point: "00000000")
    code, sentence = shell.fails("remove", "00000000", "--yes")
    assert code == 1 and "2 keys" in sentence and "slot" in sentence
    assert set(shell.car.keys.slots) == {12, SLOT}
    shell.says("remove", "12", "--yes")
    assert set(shell.car.keys.slots) == {SLOT}


def test_a_removal_that_is_only_claimed_is_found_out():
    class Liar(World):
        def _change(self, order):
            self.dialogue.voice.key_change(0)

    shell = _Shell(world(kind=Liar))
    shell.car.enrol(12, key64(OTHER_PHONE))
    code, sentence = shell.fails("remove", "12", "--yes")
    assert code == 1 and "still has" in sentence


def test_scanning():
    shell = _Shell()
    shell.near.names += ["S0123456789abcdefC", "kettle"]
    code, out, _ = shell.run("scan", "--seconds", "2")
    assert code == 0
    first, second = out.splitlines()
    assert first.split() == [_NAME, "-50", "dBm", "02:4C:4B:00:00:00", VIN]
    assert second.split() == ["S0123456789abcdefC", "-51", "dBm", "02:4C:4B:00:00:01"]
    assert shell.json("scan")[1][0]["vehicles"][0]["vin"] == VIN
    shell.near.heard = False
    assert shell.run("scan")[:2] == (0, "No vehicle is in range.\n")
    for bad in ("0", "121", "x", "nan"):
        with pytest.raises(SystemExit) as raised, contextlib.redirect_stderr(io.StringIO()):
            cli.main(["phone", "scan", "--seconds", bad])
        assert raised.value.code == 2


# What is not done


def test_refusals_are_told_to_people_and_programs():
    for verdict, name, word in (
        (codes.NOT_PERMITTED, "insufficient_privileges", "role"),
        (codes.MOVING, "vehicle_not_in_park", "moving"),
        (codes.DOOR_OPEN, "closures_open", "door"),
        (codes.HELD, "disabled_for_user_command", "just did the opposite"),
        (codes.NOT_WIRED, "invalid_command", "no such output"),
        (codes.SUSPENDED, "inactive_key", "suspended"),
        (codes.DRIVE_REVOKED, "unauthorized", "revoked"),
    ):
        shell = _Shell()
        shell.car.verdicts[codes.LOCK] = verdict
        code, sentence = shell.fails("lock")
        assert code == 1 and word in sentence
        code, (result,) = shell.json("lock")
        assert code == 1 and not result["ok"] and result["error"]["name"] == name
        assert shell.car.done == []


def test_a_car_that_is_not_there():
    shell = _Shell()
    shell.near.heard = False
    code, sentence = shell.fails("unlock")
    assert code == 1 and "latchkey phone scan" in sentence


def test_a_phone_that_is_no_key_any_more():
    shell = _Shell()
    shell.car.keys.slots.clear()
    code, sentence = shell.fails("unlock")
    assert code == 1 and "latchkey phone pair" in sentence


def test_another_vehicle_in_its_place():
    other = world(OTHER_VEHICLE, VIN)
    shell = _Shell(other)
    code, (result,) = shell.json("unlock")
    assert code == 1 and result["error"]["kind"] == "wrong vehicle" and other.done == []


def test_nothing_is_sent_without_a_key_or_to_a_vehicle_never_paired_with():
    shell = _Shell()
    for arguments in (
        ("unlock", "--name", "other"),
        ("unlock", "--vin", "LATCHKEYAAAAAAAAA"),
        ("unlock", "--vin", "short"),
        ("unlock", "--name", "../phone"),
        ("unlock", "--air", "nowhere"),
        ("unlock", "--air", "host:99999"),
        ("unlock", "--simulator", "nowhere"),
    ):
        assert shell.fails(*arguments)[0] == 2
    (shell.config / "latchkey/phone.json").unlink()
    code, sentence = shell.fails("unlock")
    assert code == 2 and "latchkey phone pair" in sentence
    assert shell.near.links == 0


def test_the_name_of_a_vehicle_may_be_typed_in_small_letters():
    assert _Shell().says("unlock", "--vin", VIN.lower()) == "Unlocked.\n"


def test_being_interrupted():
    for arguments, code in ((("unlock",), 1), (("status", "--watch"), 0)):
        shell = _Shell()

        def interrupt(coroutine):
            coroutine.close()
            raise KeyboardInterrupt

        shell._run = interrupt
        assert shell.run(*arguments)[0] == code


# As a process


def _process(*arguments, **settings):
    env = {**os.environ, "PYTHONPATH": str(ROOT / "tools"), "XDG_CONFIG_HOME": _FOLDERS.name, **settings}
    done = subprocess.run(
        [sys.executable, "-m", "latchkey_tools", "phone", *arguments],
        env=env,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=30,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def test_help_needs_none_of_the_packages(tmp_path):
    for name in ("bleak", "bumble", "tesla_fleet_api", "cryptography", "google"):
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('{name}', name='{name}')")
    without = f"{tmp_path}{os.pathsep}{ROOT / 'tools'}"
    code, out, error = _process("--help", PYTHONPATH=without)
    assert (code, error) == (0, "")
    for command in ("pair", "unlock", "lock", "status", "keys", "remove", "drive", "trunk", "frunk", "wake", "scan"):
        assert f"\n    {command} " in out or f"\n    {command}\n" in out
    code, out, error = _process("unlock", PYTHONPATH=without)
    assert code == 2 and out == "" and "is missing: run `make setup`" in error and error.count("\n") == 1
    code, out, _ = _process("unlock", "--json", PYTHONPATH=without)
    assert code == 2 and json.loads(out)["error"]["name"] == "no_package"


def _script(path, *arguments):
    return subprocess.run([path, *arguments], capture_output=True, text=True, timeout=30, check=False, cwd="/")


def test_the_command_runs_from_anywhere_once_make_setup_has_run(tmp_path):
    script = ROOT / "tools/latchkey"
    (tmp_path / "latchkey").symlink_to(script)
    for path in (script, tmp_path / "latchkey"):
        done = _script(path, "phone", "--help")
        assert done.returncode == 0 and "unlock" in done.stdout
    (tmp_path / "elsewhere/tools").mkdir(parents=True)
    shutil.copy(script, tmp_path / "elsewhere/tools")
    done = _script(tmp_path / "elsewhere/tools/latchkey", "phone", "unlock")
    assert done.returncode == 2 and "make setup" in done.stderr and str(tmp_path) in done.stderr


def test_a_reader_that_goes_away():
    process = subprocess.Popen(
        [sys.executable, "-m", "latchkey_tools", "phone", "unlock", "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tools"), "XDG_CONFIG_HOME": f"{_FOLDERS.name}/none"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait(30) in (1, 2) and b"Traceback" not in error, error


def test_a_computer_without_bluetooth():
    code, out, error = _process("scan", DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={_FOLDERS.name}/nowhere")
    assert code == 2 and out == "" and error.count("\n") == 1
    assert "Bluetooth" in error and "--simulator" in error


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_an_air_that_is_not_there():
    code, _, error = _process("scan", "--air", f"127.0.0.1:{_free_port()}")
    assert code == 2 and "make run" in error and error.count("\n") == 1


@contextlib.contextmanager
def _simulator(answer, status=200):
    """Serves one answer to GET /api/state; gives the URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/api/state" else 404)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *words):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def test_what_a_simulator_may_answer():
    air = f"127.0.0.1:{_free_port()}"
    for answer, status, word in (
        ("{}", 200, "No simulator answers"),
        ("<html>", 200, "No simulator answers"),
        ("[]", 200, "No simulator answers"),
        ("{}", 404, "No simulator answers"),
        (json.dumps({"simulator": {}, "controller": {}}), 200, "RADIO=simulated"),
        (json.dumps({"simulator": {"air": ""}, "controller": {}}), 200, "RADIO=simulated"),
        (json.dumps({"simulator": {"air": air}, "controller": None}), 200, "not running"),
        (json.dumps({"simulator": {"air": air}, "controller": {}}), 200, "No simulated air"),
        (json.dumps({"simulator": {"air": 5}, "controller": {}}), 200, "No simulator answers"),
        (json.dumps({"simulator": {"air": "nowhere"}, "controller": {}}), 200, "HOST:PORT"),
    ):
        with _simulator(answer, status) as url:
            shell = _Shell()
            code, sentence = shell.fails("unlock", "--simulator", url)
            assert code == 2 and word in sentence, sentence


def test_what_is_there_may_be_something_else_than_a_simulator():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            line, _ = server.accept()
            with line:
                line.recv(1_000)
                line.sendall(b"SSH-2.0-nothing\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        code, sentence = _Shell().fails("unlock", "--simulator", f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join()
    assert code == 2 and "No simulator answers" in sentence


def test_the_simulator_says_where_the_air_is_and_which_vehicle():
    with socket.create_server(("127.0.0.1", 0)) as air:
        port = air.getsockname()[1]
        state = {
            "simulator": {"air": f"127.0.0.1:{port}"},
            "controller": {"vin": VIN, "vehicle_key": "00000000"},
        }
        with _simulator(json.dumps(state)) as url, pytest.MonkeyPatch.context() as patch:
            patch.setattr("latchkey_tools.air_client.on_air", lambda port, host: contextlib.nullcontext())
            shell = _Shell()
            code, (result,) = shell.json("unlock", "--simulator", url)
            assert code == 1 and result["error"]["kind"] == "wrong vehicle"
            state["controller"]["vehicle_key"] = seal.short_id(seal.point_of(VEHICLE))
        with _simulator(json.dumps(state)) as url, pytest.MonkeyPatch.context() as patch:
            patch.setattr("latchkey_tools.air_client.on_air", lambda port, host: contextlib.nullcontext())
            assert shell.says("unlock", "--simulator", url) == "Unlocked.\n"
