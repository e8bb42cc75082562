"""`latchkey provision` and `doctor`: against the real firmware at the simulator's USB port, and what each of them says
of everything that can be wrong."""

import atexit
import contextlib
import datetime
import io
import json
import socket
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fakes.bench_process import ROOT, bench
from latchkey_tools import cli
from latchkey_tools.console.cable import Cable
from latchkey_tools.doctor.findings import NOTE, WORST, WRONG, findings
from latchkey_tools.flash.progress import Progress
from latchkey_tools.phone.problem import Problem
from latchkey_tools.provision import certificates, trial, wishes

_FOLDERS = tempfile.TemporaryDirectory(prefix="latchkey-")
atexit.register(_FOLDERS.cleanup)
_VIN = "5YJ3E7EB1KF000316"
_WELL = {
    "claimed": True, "registry": "ready", "key_count": 2, "lock": "locked", "bolt": "locked", "reader": "ready",
    "radio": "advertising", "vin": _VIN, "supply_mv": 12_600, "crash": False, "crash_line_stuck": False,
    "minute": 1, "uptime_s": 7_200, "journal": {"state": "recording"}, "cloud": {"state": "connected"},
    "keys": [{"role": "owner", "state": "active"}, {"role": "owner", "state": "active"}],
}  # fmt: skip
_GUEST = {"role": "guest", "state": "active", "window": [1, 2]}
_CHIP = {"reset_cause": "power", "heap_free": 40_000, "flash_free": 900_000, "network": "up", "rssi": -60}


def _folder():
    return Path(tempfile.mkdtemp(dir=_FOLDERS.name))


def _run(*words):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = cli.main([*map(str, words), "--json"])
    return code, json.loads(out.getvalue())


class _Broker:
    """Lets everybody in and subscribe, over plain TCP, or refuses with a CONNACK of 4. connects: how many came."""

    def __init__(self, refuses=False):
        self.connects = 0
        self._refuses = refuses
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"mqtt://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connects += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection, contextlib.suppress(OSError):
            stream = connection.makefile("rwb")
            while head := stream.read(1):
                length = shift = 0
                while True:
                    byte = stream.read(1)[0]
                    length |= (byte & 127) << shift
                    shift += 7
                    if byte < 128:
                        break
                body = stream.read(length)
                if head[0] == 0x10:
                    stream.write(b"\x20\x02\x00" + (b"\x04" if self._refuses else b"\x00"))
                elif head[0] == 0x82:
                    granted, at = b"", 2
                    while at < len(body):
                        at += 3 + int.from_bytes(body[at : at + 2], "big")
                        granted += body[at - 1 : at]
                    stream.write(bytes((0x90, 2 + len(granted))) + body[:2] + granted)
                elif head[0] & 0xF6 == 0x32:
                    at = 2 + int.from_bytes(body[:2], "big")
                    stream.write(b"\x40\x02" + body[at : at + 2])
                stream.flush()

    def close(self):
        self._listening.close()


def test_a_controller_is_set_up_over_its_cable_and_asked_how_it_is():
    from fakes.emulated_board import micropython

    firmware = {"FIRMWARE": str(ROOT / "firmware/main.py"), "MICROPYTHON": micropython(), "RADIO": "simulated"}
    with bench(_folder(), **firmware) as simulator:
        simulator.wait(lambda state: (state["controller"] or {}).get("vin"), "its key")
        where = ("--simulator", simulator.page)
        code, answer = _run("doctor", *where)
        assert code == 1 and "blank" in answer["findings"][0]["what"] and answer["about"]["platform"] == "linux"
        refusing, broker = _Broker(refuses=True), _Broker()
        quickly = ("--reconnect-percent", "1", "--wait", "20")
        code, answer = _run("provision", *where, "--broker", refusing.url, *quickly)
        assert code == 1 and "user or password" in answer["error"]["text"] and refusing.connects
        assert _run("provision", *where)[1]["settings"] == {}, "what has not worked must not be stored"

        code, answer = _run("provision", *where, "--broker", broker.url, *quickly)
        assert code == 0, answer
        assert answer["settings"] == {"broker": broker.url, "reconnect_percent": "1"}
        assert answer["name"].startswith("LATCHKEY") and not answer["claimed"]
        connects = broker.connects
        # Again: nothing differs, so nothing is tried.
        assert _run("provision", *where, "--broker", broker.url, *quickly)[0] == 0
        assert broker.connects == connects

        assert _run("provision", *where, "--name", _VIN.lower())[0] == 0
        starts = simulator.state()["firmware"]["starts"]
        simulator.post("faults", {"power": "off"})
        simulator.running(starts + 1)
        simulator.wait(lambda state: (state["controller"] or {}).get("vin") == _VIN, "the name")
        assert _run("doctor", *where)[1]["about"]["network"] == "up"
        refusing.close()
        broker.close()


class _Scripted:
    """A cable whose controller says what a test wants. asked: every line."""

    def __init__(self, statuses=(), network="up", settings=None, refuse=""):
        self.asked = []
        self.statuses = list(statuses)
        self._answers = {"about": {"network": network}, "settings": settings or {}}
        self._refuse = refuse

    def ask(self, line, answers=("stored",), for_s=5):
        self.asked.append(line)
        word = line.split()[0]
        if self._refuse and line.startswith(self._refuse):
            return "error", f"{word}: no room"
        if word in self._answers:
            return word, json.dumps(self._answers[word])
        if word == "try" and " " in line:
            _, name, *value = line.split()
            got = bytes.fromhex(value[0] if value else "").decode()
            self.values = getattr(self, "values", {})
            self.values[name.rstrip("+")] = self.values.get(name.rstrip("+"), "") * name.endswith("+") + got
            return "tried", f"{name.rstrip('+')} {len(self.values[name.rstrip('+')])}"
        return answers[0], "all"

    def status(self):
        return {"cloud": self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]}


def test_what_is_given_arrives_in_pieces_that_a_chip_can_take():
    cable = _Scripted([{}])
    wanted = {"ca": "QUJD" * 200, "wifi": "Müllers  Netz ", "user": ""}
    trial.give(cable, wanted)
    assert cable.values == wanted and max(len(line) for line in cable.asked) < 200
    cable = _Scripted([{}], refuse="try ca+")
    with pytest.raises(Problem, match=r"refuses ca \(no room\).*Nothing was stored"):
        trial.give(cable, wanted)
    assert cable.asked[-1] == "drop"


def test_a_trial_ends_in_words_and_what_fails_is_dropped():
    wanted = {"broker": "mqtts://a"}
    assert "connected to mqtts://a" in trial.tried(_Scripted([{"state": "connected"}]), wanted, 5, Progress())
    assert trial.tried(_Scripted([{"state": "off"}], network="none"), wanted, 5, Progress()) == ""
    assert "address in the Wi-Fi" in trial.tried(_Scripted([{"state": "off"}]), {"wifi": "x"}, 5, Progress())
    for cable, words in (
        (_Scripted([{"state": "waiting"}, {"state": "stopped", "why": "user or password"}]), "user or password"),
        (_Scripted([{"state": "waiting", "why": "no answer in time"}]), "no answer in time"),
        (_Scripted([{"state": "waiting"}], network="down"), "into the Wi-Fi"),
    ):
        with pytest.raises(Problem, match=words):
            trial.tried(cable, wanted, 0.05, Progress())
        assert cable.asked[-1] == "drop"


def test_a_secret_is_given_again_and_what_is_set_already_is_not():
    there = {"wifi": "home", "wifi_password": 9, "broker": "mqtts://a"}
    assert trial.differing({"wifi": "home", "wifi_password": "x" * 9, "broker": "mqtts://b"}, there) == {
        "wifi_password": "x" * 9,
        "broker": "mqtts://b",
    }
    assert trial.differing({"user": "", "password": ""}, there) == {}


def _pem(subject="car", key=None, days=30, authority=False, issuer=None):
    """(certificate, key) as files."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=60))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(authority, None), True)
        .sign(key, hashes.SHA256())
    )
    folder = _folder()
    pem = serialization.Encoding.PEM
    (folder / "c.pem").write_bytes(made.public_bytes(pem))
    form = serialization.PrivateFormat.PKCS8
    (folder / "k.pem").write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    (folder / "locked.pem").write_bytes(key.private_bytes(pem, form, serialization.BestAvailableEncryption(b"x")))
    return str(folder / "c.pem"), str(folder / "k.pem"), str(folder / "locked.pem")


def test_certificates_are_made_into_what_the_controller_takes_or_refused_in_words():
    import base64

    ca, _, _ = _pem("authority", authority=True)
    assert x509.load_der_x509_certificate(base64.b64decode(certificates.authority(ca)))
    own, key, locked = _pem()
    packed, packed_key = certificates.own(own, key)
    assert x509.load_der_x509_certificate(base64.b64decode(packed)).subject.rfc4514_string() == "CN=car"
    assert serialization.load_der_private_key(base64.b64decode(packed_key), None)
    other, other_key, _ = _pem()
    old, _, _ = _pem(days=-1, authority=True)
    bundle = _folder() / "bundle.pem"
    bundle.write_text(Path(ca).read_text() + Path(own).read_text())
    long, long_key, _ = _pem(key=rsa.generate_private_key(65537, 3072))
    for work, words in (
        (lambda: certificates.authority(own), "is no authority"),
        (lambda: certificates.authority(key), "no certificate in PEM"),
        (lambda: certificates.authority(old), "has expired"),
        (lambda: certificates.authority(str(bundle)), "holds 2 certificates"),
        (lambda: certificates.authority("/no/such"), "cannot be read"),
        (lambda: certificates.own(own, other_key), "is not the key of"),
        (lambda: certificates.own(own, own), "no private key"),
        (lambda: certificates.own(own, locked), "wants a password"),
        (lambda: certificates.own(long, long_key), "too long"),
    ):
        with pytest.raises(Problem, match=words):
            work()
    assert other


def test_what_makes_no_sense_is_refused_before_anything_is_sent(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    secret = _folder() / "secret"
    secret.write_text("swordfish\n")
    short = _folder() / "short"
    short.write_text("1234567")

    def chosen(**given):
        names = "name wifi wifi_password_file broker ca cert key user password_file dns reconnect_percent"
        return SimpleNamespace(**{**dict.fromkeys(names.split()), **given})

    assert wishes.settings(chosen()) == {} and wishes.name(chosen(name=_VIN.lower())) == _VIN
    assert wishes.settings(chosen(wifi="home", wifi_password_file=str(secret))) == {
        "wifi": "home",
        "wifi_password": "swordfish",
    }
    assert wishes.settings(chosen(broker="", wifi="")) == {"broker": "", "wifi": "", "wifi_password": ""}
    for given, words in (
        ({"wifi": "home"}, "Nobody is here"),
        ({"wifi": "home", "wifi_password_file": str(short)}, "8 to 63"),
        ({"wifi": "x" * 33}, "32 characters"),
        ({"broker": "mqtts://user:secret@host"}, "no broker"),
        ({"broker": "http://host"}, "no broker"),
        ({"cert": "a"}, "go together"),
        ({"dns": "dns.example"}, "wants an address"),
        ({"reconnect_percent": "0"}, "1 to 100"),
    ):
        with pytest.raises(Problem, match=words) as caught:
            wishes.settings(chosen(**given))
        assert "secret" not in str(caught.value).replace("user:secret", "")
    for name in ("short", "5YJ3E7EB1KF00031I"):
        with pytest.raises(Problem, match="17 letters"):
            wishes.name(chosen(name=name))


@pytest.mark.parametrize(
    ("status", "about", "weight", "words"),
    [
        ({"registry": "unreadable"}, {}, WORST, "cannot be read"),
        ({"registry": "older"}, {}, WORST, "older list"),
        ({"claimed": False}, {}, WRONG, "blank"),
        ({"keys": _WELL["keys"][:1]}, {}, WRONG, "only one owner"),
        ({"vin": ""}, {}, WRONG, "no key of its own"),
        ({"minute": None, "keys": [*_WELL["keys"], _GUEST]}, {}, NOTE, "time"),
        ({"lock": "jammed"}, {}, WORST, "jammed"),
        ({"lock": "unknown", "bolt": "between"}, {}, WORST, "neither"),
        ({"crash_line_stuck": True}, {}, WRONG, "stuck"),
        ({"crash": True}, {}, NOTE, "crash was seen"),
        ({"supply_mv": 8_400}, {}, WORST, "8.4 V"),
        ({"supply_mv": 11_000}, {}, NOTE, "11.0 V"),
        ({"reader": "fault"}, {}, WORST, "does not answer"),
        ({"reader": "resetting"}, {}, WRONG, "fell silent"),
        ({"radio": "fault"}, {}, WRONG, "radio"),
        ({"journal": {"state": "failing"}}, {}, WRONG, "journal"),
        ({"cloud": {"state": "stopped", "why": "bad certificate"}}, {}, WRONG, "bad certificate"),
        ({"cloud": {"state": "waiting", "away": True, "since_s": 9_000, "why": "x"}}, {}, WRONG, "away"),
        ({"cloud": {"state": "waiting", "away": True, "since_s": 9}}, {}, NOTE, "away"),
        ({"cloud": {"state": "waiting"}}, {"network": "down"}, WRONG, "no Wi-Fi"),
        ({}, {"rssi": -85}, NOTE, "weak"),
        ({}, {"reset_cause": "watchdog"}, WRONG, "watchdog"),
        ({"uptime_s": 20}, {}, NOTE, "switched on"),
        ({}, {"random_stuck": True}, WRONG, "random numbers"),
        ({}, {"heap_free": 9_000}, WRONG, "9,000 bytes"),
        ({}, {"flash_free": 20_000}, WRONG, "19 KB"),
    ],
)  # fmt: skip
def test_each_fault_is_one_finding_that_says_what_to_do(status, about, weight, words):
    found = findings({**_WELL, **status}, {**_CHIP, **about})
    assert len(found) == 1, found
    assert found[0].weight == weight and words in found[0].what and len(found[0].do) > 15


def test_the_worst_comes_first_and_where_nothing_is_wrong_nothing_is_said():
    assert findings(_WELL, _CHIP) == [] and findings({}, {}) == []
    found = findings({**_WELL, "reader": "fault", "crash": True, "radio": "fault"}, _CHIP)
    assert [one.weight for one in found] == [WORST, WRONG, NOTE]


def test_a_cable_that_nobody_answers_at_says_why(monkeypatch):
    for heard, name in (
        (b"Brownout detector was triggered\n" * 2, "brown-out"),
        (b'Traceback (most recent call last):\n  File "main.py"\nMemoryError: \n', "firmware_failed"),
        (b"MicroPython v1.26.1 on 2025\n>>> ", "no_firmware"),
        (b"", "no_answer"),
    ):
        server = socket.create_server(("127.0.0.1", 0))
        with Cable(f"socket://127.0.0.1:{server.getsockname()[1]}") as cable:
            other, _ = server.accept()
            other.sendall(heard)
            with pytest.raises(Problem) as caught:
                cable.status(0.4)
            other.close()
        server.close()
        assert caught.value.name == name


def test_there_is_no_simulator():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for command in ("doctor", "provision"):
        code, answer = _run(command, "--simulator", f"http://127.0.0.1:{port}")
        assert code == 2 and answer["error"]["name"] == "no_simulator"
