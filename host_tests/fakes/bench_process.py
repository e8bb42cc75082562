"""The simulator as a process of its own, on ports of the system's choosing, and a client that speaks its API.

with bench(folder, firmware) as simulator:
    simulator.post("car", {"button": True})
    simulator.wait(lambda state: state["car"]["bolt"] == "unlocked")
"""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STANDIN = ROOT / "host_tests/fakes/standin_firmware.py"
_PORTS = (
    "PORT",
    "VPCD_PORT",
    "PN532_PORT",
    "HARNESS_PORT",
    "USB_PORT",
    "AIR_PORT",
    "HCI_PORT",
    "BROKER_PORT",
    "CLOUD_PORT",
)
_START_S, _WAIT_S = 15.0, 12.0


def environment(folder, **settings):
    """Free ports, the stand-in as firmware, no radio (it takes a second to load), no broker; settings replace these."""
    chosen = {
        **{name: "0" for name in _PORTS},
        "RADIO": "none",
        "BROKER": "none",
        "STATE": str(folder),
        "FIRMWARE": str(STANDIN),
        "MICROPYTHON": sys.executable,
        "PYTHONPATH": str(ROOT / "tools"),
    }
    return {**os.environ, **chosen, **settings}


def launch(settings):
    """Starts `latchkey simulator`; what it says goes to pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "latchkey_tools", "simulator"],
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Bench:
    """A running simulator. page: its URL; port: of the page; addresses: the lines it printed."""

    def __init__(self, process):
        self.process = process
        self.addresses = []
        for line in process.stdout:
            self.addresses.append(line.strip())
            if line.strip().startswith("Open "):
                self.page = line.split()[1]
                break
        else:
            raise RuntimeError("the simulator did not start: " + process.stderr.read())
        self.port = int(self.page.rsplit(":", 1)[1].strip("/"))

    def request(self, method, path, body=None, headers=None):
        """Gives (status, decoded JSON or raw bytes, headers). body: str is sent as it is, anything else as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            data = body if isinstance(body, str) or body is None else json.dumps(body)
            given = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, data, {**given, **(headers or {})})
            answer = connection.getresponse()
            raw = answer.read()
            kind = answer.headers.get("content-type", "")
            return answer.status, json.loads(raw) if kind == "application/json" else raw, answer.headers

    def post(self, path, body):
        """Sends an order that is to be carried out."""
        status, answer, _ = self.request("POST", "/api/" + path, body)
        assert status == 200, (path, body, answer)
        return answer

    def state(self):
        return self.request("GET", "/api/state")[1]

    def wait(self, condition, what=""):
        """Polls until condition(state) holds and gives that state."""
        until = time.monotonic() + _WAIT_S
        while time.monotonic() < until:
            state = self.state()
            if condition(state):
                return state
            time.sleep(0.02)
        del state["cards"], state["simulator"]
        log = "\n".join(line["text"] for line in self.request("GET", "/api/log")[1][-25:])
        raise AssertionError(f"{what or 'what was waited for'} did not happen\n{json.dumps(state)[:2000]}\n{log}")

    def running(self, starts=1):
        """Waits until the firmware has reported after its n-th start."""
        return self.wait(
            lambda state: state["firmware"]["state"] == "running" and state["firmware"]["starts"] >= starts, "running"
        )


@contextlib.contextmanager
def bench(folder, **settings):
    """A simulator that is ended, and waited for, whatever happens."""
    process = launch(environment(folder, **settings))
    try:
        yield Bench(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise


def children(pid):
    """Process ids of the children of pid (Linux)."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def alive(pid):
    """A process that runs; a zombie that nobody has reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
