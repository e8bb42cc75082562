"""`latchkey phone` as a person uses it, on the real firmware: processes of their own, Bumble's air, a simulated car."""

import json
import os
import signal
import subprocess
import sys
import tempfile

from fakes import bench_owner
from fakes.bench_process import ROOT, bench

_REAL = {"FIRMWARE": "", "MICROPYTHON": "", "RADIO": "simulated"}
_LIMIT_S = 60


class _Phones:
    """Runs `latchkey phone` against a simulator. All phones keep their keys in one folder, each under its name."""

    def __init__(self, simulator, folder):
        self.simulator = simulator
        self._env = {**os.environ, "PYTHONPATH": str(ROOT / "tools"), "XDG_CONFIG_HOME": folder}

    def start(self, *arguments):
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "latchkey_tools",
                "phone",
                *arguments,
                "--json",
                f"--simulator={self.simulator.page}",
            ],
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments):
        """Gives the exit code and what a program gets."""
        return self.end(self.start(*arguments))

    def end(self, process):
        out, error = process.communicate(timeout=_LIMIT_S)
        assert "Traceback" not in error, error
        return process.returncode, json.loads(out)

    def does(self, *arguments):
        """The result of a command that must succeed."""
        code, result = self.run(*arguments)
        assert code == 0 and result["ok"], result
        return result

    def pair(self, *arguments, as_owner):
        """Started before anybody is at the car."""
        process = self.start("pair", *arguments)
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("At the car:"):
                break
        bench_owner.open_enrolment(self.simulator)
        bench_owner.confirm(self.simulator, as_owner=as_owner)
        code, result = self.end(process)
        assert code == 0, (result, said)
        return result

    def bolt(self, position):
        self.simulator.wait(lambda state: state["car"]["bolt"] == position and not state["car"]["driven"], position)

    def newest(self):
        """The newest decision on a phone's wish; the time of day it tells unasked."""
        rows = self.simulator.state()["verdicts"]
        return next(row for row in rows if row["source"] == "phone" and row["action"] != "set the clock")


def test_a_phones_life():
    with tempfile.TemporaryDirectory() as folder, bench(f"{folder}/state", **_REAL) as simulator:
        simulator.running()
        simulator.wait(lambda state: state["controller"]["vin"], "its name")
        phones = _Phones(simulator, folder)
        for chapter in (stranger, owner, family, power_cut, watching, lost):
            chapter(phones)
        assert simulator.state()["car"]["violations"] == []


def stranger(phones):
    code, result = phones.run("unlock")
    assert code == 2 and "latchkey phone pair" in result["error"]["text"]
    (vehicle,) = phones.does("scan", "--seconds", "1")["vehicles"]
    assert vehicle["name"].startswith("S") and vehicle["vin"] == ""


def owner(phones):
    bench_owner.claim(phones.simulator)
    result = phones.pair("--role", "owner", as_owner=True)
    controller = phones.simulator.state()["controller"]
    assert result["new"] and (result["role"], result["slot"]) == ("owner", 0)
    assert (result["vin"], result["vehicle_key"]) == (controller["vin"], controller["vehicle_key"])
    assert [row["id"] for row in controller["keys"] if row["kind"] == "phone"] == [result["id"]]
    assert phones.does("unlock")["confirmed"]
    phones.bolt("unlocked")
    newest = phones.newest()
    assert (newest["action"], newest["accepted"], newest["id"]) == ("unlock", True, result["id"])
    assert phones.does("status")["lock"] == "unlocked"
    assert phones.does("lock")["confirmed"]
    phones.bolt("locked")


def family(phones):
    result = phones.pair("--role", "owner", "--name", "family", as_owner=False)
    assert result["role"] == "driver" and result["slot"] == 1
    keys = phones.does("keys")["keys"]
    assert [(key["slot"], key["role"], key["this_phone"]) for key in keys] == [(0, "owner", True), (1, "driver", False)]
    assert keys[1]["id"] == result["id"]
    phones.does("drive", "--name", "family")
    code, refusal = phones.run("remove", "0", "--yes", "--name", "family")
    assert code == 1 and (refusal["error"]["kind"], refusal["error"]["number"]) == ("key list", 7)


def power_cut(phones):
    phones.simulator.post("faults", {"power": "off"})
    phones.simulator.running(starts=2)
    phones.simulator.wait(lambda state: (state["controller"] or {}).get("radio") == "advertising", "advertising")
    phones.does("unlock", "--name", "family")
    phones.bolt("unlocked")


def watching(phones):
    process = phones.start("status", "--watch")
    assert json.loads(process.stdout.readline())["lock"] == "unlocked"
    bench_owner.tap(phones.simulator, "Owner 1")
    assert json.loads(process.stdout.readline())["lock"] == "locked"
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=_LIMIT_S)
    assert (process.returncode, out) == (0, "") and "Traceback" not in error


def lost(phones):
    """The owner removes the family's phone."""
    removed = phones.does("remove", "1", "--yes")["key"]
    assert removed["role"] == "driver"
    code, refusal = phones.run("unlock", "--name", "family")
    assert code == 1 and refusal["error"]["name"] in ("not_paired", "unknown_key_id")
    phones.bolt("locked")
    assert [row["state"] for row in phones.simulator.state()["controller"]["keys"] if row["id"] == removed["id"]] in (
        [],
        ["revoked"],
    )
