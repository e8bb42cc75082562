"""`latchkey cloud` as it is typed, through a real Mosquitto, to a car that answers as the firmware does."""

import atexit
import contextlib
import io
import json
import re
import tempfile
from pathlib import Path

import pytest
from cloud_car import CloudCar, at_broker
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fakes.mosquitto import free_port, mosquitto
from latchkey.core import codes
from latchkey.core import words as firmware_words
from latchkey.core.remote import GUESTS_SUSPENDED
from latchkey.protocol import vehicle_command_order as orders
from latchkey.protocol.protobuf import Reader
from latchkey.protocol.vehicle_command_order import Order
from latchkey_tools import cli
from latchkey_tools.cloud import arguments, commands, reports, words
from latchkey_tools.cloud.broker import NAMES, Broker
from latchkey_tools.gateway.picture import LOCKS
from latchkey_tools.phone import commands as phone_commands
from latchkey_tools.phone import refusal, request, seal
from latchkey_tools.phone import words as phone_words
from latchkey_tools.phone.keyring import Keyring
from latchkey_tools.phone.problem import NotPaired, WrongVehicle
from latchkey_tools.phone.refusal import Refused
from test_cloud_line import CERTIFICATES

pytestmark = pytest.mark.broker

PRIVATE = ec.derive_private_key((1 << 253) + 424242, ec.SECP256R1())
_OPEN = 2  # a reading of the door's wire (core/facts)
_FOLDERS = tempfile.TemporaryDirectory(prefix="latchkey-")
atexit.register(_FOLDERS.cleanup)


class Shell:
    """A person far away with a cloud key that is enrolled at the car; options: of the broker, put to every command."""

    def __init__(self, car, options=()):
        self.car = car
        self.config = Path(tempfile.mkdtemp(dir=_FOLDERS.name))
        self._options = options
        ring = Keyring(self.config / "latchkey", "cloud")
        ring.pin(car.vin, car.point)
        ring.key_file.write_bytes(PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        ring.key_file.chmod(0o600)

    def run(self, command, *arguments):
        """Gives the exit code, and what was said on stdout and stderr."""
        out, error = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(error),
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setenv("XDG_CONFIG_HOME", str(self.config))
            code = cli.main(["cloud", command, *arguments, *self._options])
        return code, out.getvalue(), error.getvalue()

    def says(self, command, *arguments):
        code, out, error = self.run(command, *arguments)
        assert code == 0, error
        return out

    def fails(self, command, *arguments):
        """The exit code and the sentence."""
        code, out, error = self.run(command, *arguments)
        assert code and out == "", out
        sentence = error.splitlines()[-1]
        assert sentence.startswith("latchkey cloud: ") and sentence.endswith(".") and "Traceback" not in error, error
        return code, sentence


@contextlib.contextmanager
def far_away(enrolled=True, wait="1"):
    """A shell, and the car that it can reach."""
    folder = Path(tempfile.mkdtemp(dir=_FOLDERS.name))
    car = CloudCar()
    if enrolled:
        car.enrol(PRIVATE)
    try:
        with mosquitto(folder, certificates=CERTIFICATES) as broker, at_broker(car, broker.port, CERTIFICATES) as there:
            options = ["--broker", f"mqtts://127.0.0.1:{broker.port}", "--ca", CERTIFICATES.pem("ca"), "--wait", wait]
            options += ["--cert", CERTIFICATES.pem("client"), "--key", CERTIFICATES.pem("client.key")]
            yield Shell(car, options), there
    finally:
        car.close()


def test_unlock_lock_status_and_wake():
    with far_away() as (shell, there):
        assert shell.says("unlock") == "Unlocked.\n"
        assert shell.car.moves() == ["unlock"]
        there.later(30)
        assert shell.says("lock", shell.car.vin.lower()) == "Locked.\n"
        assert shell.car.moves() == ["unlock", "lock"]
        there.later(30)
        status = shell.says("status")
        own = seal.short_id(seal.point_of(PRIVATE))
        last = f"Last: lock by cloud {own}: accepted (as the broker tells it, unsigned)."
        assert status == f"Locked; the doors are closed.\n{last}\n"
        there.later(30)
        assert shell.says("wake") == "The car is awake.\n"
        told = json.loads(shell.says("status", "--json"))
        assert (told["ok"], told["vin"], told["lock"], told["remote"]) == (True, shell.car.vin, "locked", True)
        assert json.loads(shell.says("lock", "--json"))["confirmed"] is True


def test_driving_and_guests():
    with far_away() as (shell, there):
        vehicle = shell.car.world.vehicle
        assert shell.says("suspend-guests").startswith("Guests are suspended")
        assert vehicle.remote.is_set(GUESTS_SUSPENDED)
        assert shell.says("admit-guests") == "Guests are admitted again.\n"
        assert not vehicle.remote.is_set(GUESTS_SUSPENDED)
        there.later(60)
        assert shell.says("revoke-drive").startswith("Driving is revoked")
        assert vehicle.arbiter.drive.revoked
        there.call(lambda: vehicle.sense_speed(_OPEN))
        assert "moves" in shell.fails("revoke-drive")[1]


def test_a_phones_orders_about_the_cloud_are_none_of_the_clouds():
    """Each of our own orders is the one that the firmware takes it for, and the cloud may not let itself in."""
    order = Order(Reader())
    for asked, kind in (
        (request.REVOKE_DRIVE, orders.REVOKE_DRIVE),
        (request.SUSPEND_GUESTS, orders.SUSPEND_GUESTS),
        (request.ADMIT_GUESTS, orders.ADMIT_GUESTS),
        (request.FORBID_REMOTE, orders.FORBID_REMOTE),
        (request.ALLOW_REMOTE, orders.ALLOW_REMOTE),
        (request.FORBID_REMOTE_UNLOCK, orders.FORBID_REMOTE_UNLOCK),
        (request.ALLOW_REMOTE_UNLOCK, orders.ALLOW_REMOTE_UNLOCK),
    ):
        assert order.read(bytearray(asked.payload)) == kind
        assert asked in [row[0] for row in phone_commands.ORDERS.values()]
    asked_by_cloud = [row[0] for row in commands.ORDERS.values()]
    assert request.ALLOW_REMOTE not in asked_by_cloud and request.ALLOW_REMOTE_UNLOCK not in asked_by_cloud


def test_everything_that_a_controller_says_is_understood():
    """No word of the firmware's is dropped as if it made no sense."""
    for vocabulary in (firmware_words.LOCKS, firmware_words.DRIVES, firmware_words.SOURCES, firmware_words.ACTIONS):
        for said in filter(None, vocabulary.split(",")):
            assert reports.state(json.dumps({"lock": said}).encode()).lock == said
    for line in firmware_words._VERDICTS.strip().splitlines():
        said = line.split(" ", 1)[1]
        assert reports.state(json.dumps({"verdict": said}).encode()).verdict == said
    assert set(filter(None, firmware_words.LOCKS.split(","))) == {*LOCKS, "unknown"}


def test_what_the_car_refuses_is_said_with_its_reason():
    with far_away() as (shell, there):
        vehicle = shell.car.world.vehicle
        there.call(lambda: vehicle.sense_door(_OPEN))
        code, sentence = shell.fails("lock")
        assert code == 1 and "door is open" in sentence
        there.call(lambda: vehicle.sense_speed(_OPEN))
        assert "moves" in shell.fails("unlock")[1]
        there.call(lambda: setattr(vehicle.arbiter.facts, "remote_allowed", False))
        code, out, _ = shell.run("unlock", "--json")
        error = json.loads(out)["error"]
        assert (code, error["kind"], error["number"]) == (1, "fault", 21) and "switched off" in error["text"]
        assert shell.car.moves() == []


def test_a_car_that_is_away_or_silent():
    with far_away() as (shell, there):
        there.car.silent = True
        code, sentence = shell.fails("unlock")
        assert code == 1 and "did not answer this key within 1 s; nothing was ordered" in sentence
        there.stop()
        _until(lambda: "not connected to the broker" in shell.fails("lock")[1])
        assert "It was locked" in shell.fails("lock")[1] and shell.car.moves() == []


def _until(true, tries=20):
    for _ in range(tries):
        if true():
            return
    raise AssertionError("it did not become so")


def test_an_order_that_is_not_answered_may_have_been_carried_out():
    with far_away() as (shell, there):
        there.car.dumb = True
        code, sentence = shell.fails("unlock")
        assert code == 1 and "may have done it all the same" in sentence
        assert there.car.moves() == ["unlock"]


def test_a_key_that_the_car_does_not_know():
    with far_away(enrolled=False) as (shell, _):
        code, sentence = shell.fails("unlock")
        assert code == 1 and "`latchkey cloud enrol`" in sentence and shell.car.moves() == []


def test_a_car_that_has_answered_often_enough():
    with far_away() as (shell, there):
        for _ in range(5):  # two answers each
            shell.says("status")
        code, sentence = shell.fails("status")
        assert code == 1 and "nor more than 20 times an hour" in sentence
        there.later(60)
        assert shell.says("status").startswith("Locked; ")


def test_a_car_with_another_key_than_the_pinned_one():
    with far_away() as (shell, _):
        other = seal.point_of(ec.derive_private_key(77, ec.SECP256R1()))
        Keyring(shell.config / "latchkey", "cloud").pin(shell.car.vin, other)
        code, sentence = shell.fails("unlock")
        assert code == 1 and "somebody pretends" in sentence and shell.car.moves() == []


def test_what_cannot_start_says_why():
    car = CloudCar()
    shell = Shell(car)
    code, sentence = shell.fails("unlock")
    assert code == 2 and "Which broker?" in sentence
    code, sentence = shell.fails("unlock", "--broker", f"mqtt://127.0.0.1:{free_port()}")
    assert code == 1 and "No broker is at" in sentence
    code, sentence = shell.fails("unlock", "X" * 17, "--broker", "mqtt://h")
    assert code == 2 and "never enrolled" in sentence
    code, sentence = shell.fails("unlock", "short", "--broker", "mqtt://h")
    assert code == 2 and "17 letters" in sentence
    code, sentence = shell.fails("unlock", "--broker", "mqtts://h", "--ca", "/no/such/file")
    assert code == 2 and "/no/such/file" in sentence
    code, sentence = shell.fails("status", "--config", "/no/such/file")
    assert code == 2 and "/no/such/file" in sentence
    (shell.config / "latchkey/cloud.toml").write_text("broker = ")
    code, sentence = shell.fails("status")
    assert code == 2 and "no TOML" in sentence
    (shell.config / "latchkey/cloud.pem").chmod(0o640)
    code, sentence = shell.fails("status", "--broker", "mqtt://h")
    assert code == 2 and "chmod 600" in sentence
    car.close()


def test_the_brokers_options_may_stand_in_a_file():
    with far_away() as (shell, _):
        url = shell._options[1]
        (shell.config / "latchkey/ca.pem").write_text(Path(CERTIFICATES.pem("ca")).read_text())
        lines = [f'broker = "{url}"', 'ca = "ca.pem"', f'certificate = "{CERTIFICATES.pem("client")}"']
        lines.append(f'key = "{CERTIFICATES.pem("client.key")}"')
        (shell.config / "latchkey/cloud.toml").write_text("\n".join(lines))
        shell._options = ["--wait", "1"]
        assert shell.says("unlock") == "Unlocked.\n"
        shell._options = ["--wait", "1", "--broker", url]
        assert shell.says("lock") == "Locked.\n"


def test_keygen_makes_a_key_once_and_keeps_it_to_itself():
    car = CloudCar()
    shell = Shell(car)
    first = shell.says("keygen", "--name", "second")
    path = shell.config / "latchkey/second.pem"
    assert path.stat().st_mode & 0o777 == 0o600 and "holds a new key" in first
    before = path.read_bytes()
    assert "is kept" in shell.says("keygen", "--name", "second") and path.read_bytes() == before
    assert re.fullmatch("[0-9a-f]{8}", json.loads(shell.says("keygen", "--name", "second", "--json"))["id"])
    car.close()


def test_no_sentence_speaks_of_a_phone_where_there_is_none():
    """Those that a cloud key can get: of faults, and of what the vehicle declines."""
    for kind, numbers in (("fault", phone_words.FAULTS), ("declined", phone_words.DECLINED)):
        for number in numbers:
            text = str(words.retold(Refused(kind, number)))
            assert "phone status" not in text and "this phone" not in text.lower(), text
            assert "go closer" not in text and text.endswith("."), text
    assert "latchkey cloud enrol" in str(words.retold(NotPaired()))
    assert "pretends" in str(words.retold(WrongVehicle("x")))
    assert {kind for kind, _ in words._SENTENCES} <= set(refusal._KINDS)


def test_the_options_are_those_of_a_broker():
    assert set(arguments.BROKER_OPTIONS) == set(NAMES)
    assert set(NAMES) - {"broker"} < set(Broker.__dataclass_fields__)


def test_the_role_asked_for_is_a_fleet_managers():
    from latchkey_tools.cloud.enrolment import FLEET_MANAGER

    assert FLEET_MANAGER == codes.FLEET_MANAGER
