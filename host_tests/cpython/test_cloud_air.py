"""A cloud key and a gateway, as typed, on the real firmware under MicroPython: they become keys of a car over Bumble's
air, and then ask it through Mosquitto."""

import contextlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from fakes import bench_owner
from fakes.bench_process import ROOT, bench
from fakes.mosquitto import mosquitto
from test_gateway_service import Home, gateway

pytestmark = pytest.mark.broker

_REAL = {"FIRMWARE": "", "MICROPYTHON": "", "RADIO": "simulated", "BROKER": ""}
_LIMIT_S = 60


class _Shell:
    """Runs `latchkey` beside a simulator."""

    def __init__(self, simulator, folder):
        self.simulator = simulator
        self._env = {**os.environ, "PYTHONPATH": str(ROOT / "tools"), "XDG_CONFIG_HOME": folder}

    def start(self, *arguments):
        return subprocess.Popen(
            [sys.executable, "-m", "latchkey_tools", *arguments],
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def enrol(self, *arguments):
        """Started before anybody is at the car; gives what it said at last."""
        process = self.start(*arguments, f"--simulator={self.simulator.page}")
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("At the car:"):
                break
        bench_owner.open_enrolment(self.simulator)
        bench_owner.confirm(self.simulator)
        out, error = process.communicate(timeout=_LIMIT_S)
        assert process.returncode == 0 and "Traceback" not in error, (said, error)
        assert "phone" not in "".join(said).lower().replace("latchkey phone", ""), said
        return out

    def run(self, *arguments):
        """Exit code, and the result as a program gets it."""
        process = self.start(*arguments, "--json")
        out, error = process.communicate(timeout=_LIMIT_S)
        assert "Traceback" not in error, error
        return process.returncode, json.loads(out)

    def bolt(self, position):
        self.simulator.wait(lambda state: state["car"]["bolt"] == position and not state["car"]["driven"], position)


def test_from_enrolment_to_a_lock_in_home_assistant():
    with tempfile.TemporaryDirectory() as folder, bench(f"{folder}/state", **_REAL) as simulator:
        simulator.running()
        vin = simulator.wait(lambda state: state["controller"]["vin"], "its name")["controller"]["vin"]
        bench_owner.claim(simulator)
        shell = _Shell(simulator, folder)
        config = Path(folder) / "gateway.toml"
        config.write_text('keys = "keys"\n')
        _enrolled(shell, vin, config)
        simulator.wait(lambda state: state["controller"]["cloud"]["state"] == "connected", "the broker")
        options = shlex.split(simulator.state()["cloud_here"]["commands"][1])[4:]
        _asked(shell, options)
        _served(shell, vin, options, config)
        assert simulator.state()["car"]["violations"] == []


def _enrolled(shell, vin, config):
    told = json.loads(shell.enrol("cloud", "enrol", vin, "--json"))
    assert (told["vin"], told["new"]) == (vin, True)
    key_file = Path(told["key_file"])
    assert key_file.stat().st_mode & 0o777 == 0o600
    rows = [row for row in shell.simulator.state()["controller"]["keys"] if row["kind"] == "cloud key"]
    assert [(row["id"], row["slot"], row["role"]) for row in rows] == [(told["id"], 0, "fleet manager")]
    # The gateway with the same key: nothing is to be done, and nobody has to be at the car.
    _copied(key_file, config.parent / "keys/gateway.pem")
    process = shell.start("gateway", "enrol", vin, "--config", str(config), f"--simulator={shell.simulator.page}")
    out, error = process.communicate(timeout=_LIMIT_S)
    assert process.returncode == 0 and f"was already a fleet manager of {vin}" in out, error
    # Over Bluetooth this key opens nothing.
    _copied(key_file, key_file.with_name("phone.pem"))
    _copied(key_file.with_suffix(".json"), key_file.with_name("phone.json"))
    code, told = shell.run("phone", "unlock", f"--simulator={shell.simulator.page}")
    assert code == 1 and told["error"]["number"] == 7
    shell.bolt("locked")


def _copied(path, other):
    other.parent.mkdir(exist_ok=True)
    other.write_bytes(path.read_bytes())
    other.chmod(0o600)


def _asked(shell, options):
    """`latchkey cloud`."""
    code, told = shell.run("cloud", "unlock", *options)
    assert code == 1 and "switched off" in told["error"]["text"]
    shell.simulator.post("cloud", {"remote_unlock": True})
    code, told = shell.run("cloud", "unlock", *options)
    assert code == 0 and told["confirmed"], told
    shell.bolt("unlocked")
    newest = next(row for row in shell.simulator.state()["verdicts"] if row["source"] == "cloud")
    assert (newest["action"], newest["accepted"]) == ("unlock", True)
    code, told = shell.run("cloud", "status", *options)
    assert code == 0 and (told["lock"], told["remote_unlock"]) == ("unlocked", True)


def _served(shell, vin, options, config):
    """`latchkey gateway`, by the same way to the cars' broker."""
    named = dict(zip(options[::2], options[1::2], strict=True))
    with mosquitto(Path(config).parent / "owner") as owner, contextlib.closing(Home(owner.port)) as home:
        config.write_text(
            f"""
keys = "keys"
[cars]
broker = "{named["--broker"]}"
ca = "{named["--ca"]}"
certificate = "{named["--cert"]}"
key = "{named["--key"]}"
[owner]
broker = "mqtt://127.0.0.1:{owner.port}"
[[car]]
vin = "{vin}"
"""
        )
        with gateway(config) as process:
            home.wait(f"latchkey-gateway/{vin}/lock", "UNLOCKED")
            home.press(f"latchkey-gateway/{vin}/set", "LOCK")
            home.wait(f"latchkey-gateway/{vin}/lock", "LOCKED")
            shell.bolt("locked")
            shell.simulator.post("faults", {"cloud": "down"})
            home.wait(f"latchkey-gateway/{vin}/online", "offline")
            bench_owner.tap(shell.simulator, "Owner 1")
            shell.bolt("unlocked")
        assert "Traceback" not in process.log
