"""`latchkey gateway run` as a process between two real brokers, a car on one of them, Home Assistant on the other."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from cloud_car import CloudCar, at_broker
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fakes.bench_process import ROOT
from fakes.mosquitto import mosquitto
from gateway_bench import PRIVATE
from latchkey_tools import cli
from latchkey_tools.phone.keyring import Keyring
from test_cloud_line import CERTIFICATES

pytestmark = pytest.mark.broker

_WAIT_S = 15.0


class Home:
    """Home Assistant's end: what its broker keeps, and its buttons."""

    def __init__(self, port):
        self.topics = {}
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *rest: client.subscribe("#", 1)
        self._client.on_message = self._heard
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _heard(self, client, userdata, message):
        self.topics[message.topic] = message.payload.decode()

    def press(self, topic, payload, retain=False):
        self._client.publish(topic, payload, 1, retain).wait_for_publish(5)

    def wait(self, topic, payload):
        """Until a topic says so."""
        until = time.monotonic() + _WAIT_S
        while time.monotonic() < until:
            if self.topics.get(topic) == payload:
                return
            time.sleep(0.02)
        raise AssertionError(f"{topic} is {self.topics.get(topic)!r} and not {payload!r}: {self.topics}")

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


def settings(folder, cars_port, owner_port, vin, unlock=True):
    """gateway.toml and a key that is enrolled at the car."""
    path = Path(folder) / "gateway.toml"
    path.write_text(
        f"""
unlock = {str(unlock).lower()}
keys = "keys"
[cars]
broker = "mqtts://127.0.0.1:{cars_port}"
ca = "{CERTIFICATES.pem("ca")}"
certificate = "{CERTIFICATES.pem("client")}"
key = "{CERTIFICATES.pem("client.key")}"
[owner]
broker = "mqtt://127.0.0.1:{owner_port}"
[[car]]
vin = "{vin}"
name = "Family car"
"""
    )
    return path


def keys(folder, car):
    ring = Keyring(Path(folder) / "keys", "gateway")
    ring.pin(car.vin, car.point)
    ring.key_file.write_bytes(PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    ring.key_file.chmod(0o600)


@contextlib.contextmanager
def gateway(path):
    """The process; what it logs is in process.log after its end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "latchkey_tools", "gateway", "run", "--config", str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tools")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.log = process.communicate(timeout=10)[1]


def test_a_gateways_life(tmp_path):
    car = CloudCar()
    car.enrol(PRIVATE)
    keys(tmp_path, car)
    vin = car.vin
    topic = {leaf: f"latchkey-gateway/{vin}/{leaf}" for leaf in ("set", "lock", "online", "sensors")}
    with (
        mosquitto(tmp_path / "cars", certificates=CERTIFICATES) as cars,
        mosquitto(tmp_path / "owner") as owner,
        at_broker(car, cars.port, CERTIFICATES),
        contextlib.closing(Home(owner.port)) as home,
    ):
        home.press(topic["set"], "UNLOCK", retain=True)
        path = settings(tmp_path, cars.port, owner.port, vin)
        with gateway(path) as process:
            home.wait(topic["online"], "online")
            home.wait(topic["lock"], "LOCKED")
            config = json.loads(home.topics[f"homeassistant/device/latchkey_{vin.lower()}/config"])
            assert config["components"]["lock"]["command_topic"] == topic["set"]
            home.press(topic["set"], "", retain=True)
            home.press(topic["set"], "UNLOCK")
            home.wait(topic["lock"], "UNLOCKED")
            assert car.moves() == ["unlock"]  # not twice: the retained one was dropped

            cars.stop()
            home.wait(topic["online"], "offline")
            cars.start()
            home.wait(topic["online"], "online")
            home.press(topic["set"], "LOCK")
            home.wait(topic["lock"], "LOCKED")

            owner.stop()
            home.topics.clear()
            owner.start()
            home.wait("latchkey-gateway/status", "online")
            home.wait(topic["lock"], "LOCKED")
            home.press(topic["set"], "UNLOCK")
            home.wait(topic["lock"], "UNLOCKED")
            assert json.loads(home.topics[topic["sensors"]])["order"] == "unlock: accepted"

            process.send_signal(signal.SIGTERM)
            home.wait("latchkey-gateway/status", "offline")
            assert process.wait(10) == 0
        assert "Traceback" not in process.log and "a retained unlock was dropped" in process.log
        assert str(PRIVATE.private_numbers().private_value) not in process.log
        with gateway(path) as process:
            home.wait("latchkey-gateway/status", "online")
            process.kill()
            home.wait("latchkey-gateway/status", "offline")  # its last will
        assert car.moves() == ["unlock", "lock", "unlock"]
    car.close()


def _fails(*arguments):
    """Exit code and sentence of a gateway that does not come up."""
    error = io.StringIO()
    with contextlib.redirect_stderr(error):
        code = cli.main(["gateway", *arguments])
    assert error.getvalue().startswith("latchkey gateway: ") and "Traceback" not in error.getvalue()
    return code, error.getvalue()


def test_what_cannot_start_says_why(tmp_path):
    car = CloudCar()
    path = settings(tmp_path, 1, 2, car.vin)
    code, sentence = _fails("run", "--config", str(path))
    assert code == 2 and "latchkey gateway enrol" in sentence
    keys(tmp_path, car)
    (tmp_path / "keys/gateway.pem").chmod(0o644)
    code, sentence = _fails("run", "--config", str(path))
    assert code == 2 and "chmod 600" in sentence
    path.write_text(path.read_text().replace(CERTIFICATES.pem("ca"), "/no/such/file"))
    code, sentence = _fails("run", "--config", str(path))
    assert code == 2 and "/no/such/file" in sentence
    code, sentence = _fails("run", "--config", str(tmp_path / "nothing.toml"))
    assert code == 2 and "nothing.toml" in sentence
    code, sentence = _fails("enrol", "short", "--config", str(path))
    assert code == 2 and "17 letters" in sentence
    car.close()
