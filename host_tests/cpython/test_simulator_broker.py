"""The simulator's broker: its certificates, its process, where it listens, and what is said when there is none.

With both brokers that may be there, Mosquitto and the embedded one; the tests with Mosquitto are marked.
"""

import asyncio
import contextlib
import os
import signal
import socket
import ssl
import stat
import tempfile
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from fakes.bench_process import alive, bench, children, environment, launch
from latchkey_tools.cloud.broker import Broker
from latchkey_tools.cloud.failure import LineError
from latchkey_tools.cloud.line import Line
from latchkey_tools.simulator import broker, broker_process, certificates
from latchkey_tools.simulator.broker_process import EMBEDDED, MOSQUITTO, BrokerProcess, free_port
from latchkey_tools.simulator.certificates import BROKER, CA, CAR, TOOLS, Certificates
from latchkey_tools.simulator.cloud import Cloud
from latchkey_tools.simulator.flood import PER_SECOND, Flood
from latchkey_tools.simulator.orders import OrderError
from latchkey_tools.simulator.settings import StartError, settings

BOTH = [pytest.param(MOSQUITTO, marks=pytest.mark.broker), EMBEDDED]
_FOLDER = tempfile.TemporaryDirectory(prefix="latchkey-broker-")


def folder():
    return Path(tempfile.mkdtemp(dir=_FOLDER.name))


@contextlib.asynccontextmanager
async def running(kind, where=None):
    """A process, and how the tools meet it."""
    where = where or folder()
    made = Certificates(where)
    process = BrokerProcess(kind, made, where, lambda: None, lambda text: None)
    await process.start(free_port(0))
    try:
        yield process, tools_of(made, process.port)
    finally:
        await process.stop()


def tools_of(made, port):
    return Broker("127.0.0.1", port, True, *(str(path) for path in (made.pem(CA), made.pem(TOOLS), made.key(TOOLS))))


# Certificates


def test_certificates_are_made_once_and_are_what_they_should_be():
    where = folder()
    made = Certificates(where)
    before = {path.name: path.read_bytes() for path in where.iterdir()}
    assert sorted(before) == ["broker.key", "broker.pem", "ca.pem", "car.key", "car.pem", "tools.key", "tools.pem"]
    Certificates(where)
    assert {path.name: path.read_bytes() for path in where.iterdir()} == before
    for path in where.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == (0o600 if path.suffix == ".key" else 0o644), path
    authority = x509.load_pem_x509_certificate(made.pem(CA).read_bytes())
    for name, purpose in ((BROKER, "SERVER_AUTH"), (CAR, "CLIENT_AUTH"), (TOOLS, "CLIENT_AUTH")):
        certificate = x509.load_pem_x509_certificate(made.pem(name).read_bytes())
        certificate.verify_directly_issued_by(authority)
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [getattr(ExtendedKeyUsageOID, purpose)]
        assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days > 20 * 365
        key = load_der_private_key(certificates.der_of_key(made.key(name)), None)
        assert key.public_key() == certificate.public_key() and key.curve.name == "secp256r1"
        assert x509.load_der_x509_certificate(certificates.der_of(made.pem(name))) == certificate


def test_a_missing_file_makes_all_of_them_anew():
    where = folder()
    authority = Certificates(where).pem(CA).read_bytes()
    (where / "tools.key").unlink()
    made = Certificates(where)
    assert made.pem(CA).read_bytes() != authority and (where / "tools.key").exists()


def test_they_satisfy_the_strict_rules_of_newer_pythons():
    made = Certificates(folder())
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.pem(BROKER), made.key(BROKER))
    server.load_verify_locations(made.pem(CA))
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=made.pem(CA))
    client.load_cert_chain(made.pem(CAR), made.key(CAR))
    for context in (server, client):
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    for name in ("127.0.0.1", "localhost"):
        assert handshake(server, client, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, client, "broker.example")


def handshake(server, client, name):
    """Both ends in memory; True when both are content."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [server.wrap_bio(to_server, to_client, True), client.wrap_bio(to_client, to_server, server_hostname=name)]
    done = set()
    for _ in range(10):
        for end in ends:
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
                done.add(end)
    return len(done) == 2


# The process


@pytest.mark.parametrize("kind", BOTH)
def test_it_speaks_tls_keeps_what_is_retained_and_tells_of_the_lost(kind):
    async def conversation():
        async with running(kind) as (_, tools), Line(tools, "one") as listener:
            await listener.subscribe(["car/state", "car/online", "car/command"])
            async with Line(tools, "car", ("car/online", b"0")) as car:
                car.publish("car/state", b"locked", 1, True)
                car.publish("car/online", b"1", 1, True)
                heard = [await listener.receive() for _ in range(2)]
                car._client.socket().shutdown(socket.SHUT_RDWR)  # lost, not ended
                heard.append(await listener.receive())
            async with Line(tools, "late") as late:
                await late.subscribe(["car/state"])
                heard.append(await late.receive())
            return [(message.topic, message.payload, message.retained) for message in heard]

    assert asyncio.run(conversation()) == [
        ("car/state", b"locked", False),
        ("car/online", b"1", False),
        ("car/online", b"0", False),
        ("car/state", b"locked", True),
    ]


@pytest.mark.broker
def test_mosquitto_lets_nobody_in_without_a_certificate():
    async def attempt():
        async with running(MOSQUITTO) as (_, tools):
            stranger = Broker(tools.host, tools.port, True, tools.ca)
            with pytest.raises(LineError):
                async with Line(stranger, "stranger"):
                    pass

    asyncio.run(attempt())


@pytest.mark.parametrize("kind", BOTH)
def test_it_is_started_again_and_leaves_nobody_behind(kind, monkeypatch):
    monkeypatch.setattr(broker_process, "_PAUSE_S", 0.1)

    async def life():
        async with running(kind) as (process, tools):
            first = process._process.pid
            os.kill(first, signal.SIGKILL)
            async with asyncio.timeout(10):
                while process.running:
                    await asyncio.sleep(0.01)
                while not process.running:
                    await asyncio.sleep(0.01)
            async with Line(tools, "again"):
                pass
            return first, process._process.pid

    for pid in asyncio.run(life()):
        assert not alive(pid)


@pytest.mark.broker
def test_a_flood_is_as_strong_as_it_says_and_ends():
    async def flooded():
        async with running(MOSQUITTO) as (_, tools), Line(tools, "listener") as listener:
            await listener.subscribe(["car/command"])
            flood = Flood(tools, "car/command")
            pouring = asyncio.create_task(flood.run())
            sizes = {len((await listener.receive()).payload)}
            began, before = time.monotonic(), flood.sent
            while time.monotonic() < began + 1.5:
                sizes.add(len((await listener.receive()).payload))
            rate = (flood.sent - before) / (time.monotonic() - began)
            pouring.cancel()
            await asyncio.gather(pouring, return_exceptions=True)
            after = flood.sent
            await asyncio.sleep(0.1)
            return rate, sizes, flood.sent - after

    rate, sizes, late = asyncio.run(flooded())
    assert 0.5 * PER_SECOND < rate < 1.1 * PER_SECOND
    assert (sizes, late) == ({200}, 0)


# Where it is, and where there is none


def test_a_taken_port_is_said_and_another_one_used():
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])
        with tempfile.TemporaryDirectory() as state, bench(state, BROKER="", BROKER_PORT=taken) as simulator:
            (said,) = [line for line in simulator.addresses if "is taken" in line]
            assert f"Port {taken} for the broker is taken" in said and "BROKER_PORT=" in said
            assert not simulator.running()["cloud_here"]["address"].endswith(f":{taken}")


def test_the_controller_is_told_where_its_broker_is_and_both_end_with_the_simulator():
    with tempfile.TemporaryDirectory() as state, bench(state, BROKER="") as simulator:
        here = simulator.running()["cloud_here"]
        assert (here["why"], here["can_break"], here["fault"]) == ("", True, "ok")
        lines = [line["text"] for line in simulator.request("GET", "/api/log")[1]]
        told = [line.split()[1] for line in lines if line.startswith("set ")]
        assert told == ["ca", "certificate", "key", "user", "password", "reconnect_percent", "broker"]
        port = int(here["address"].rpartition(":")[2])
        assert f"--broker mqtts://127.0.0.1:{port} --ca {state}/broker/ca.pem" in here["commands"][1]
        both = children(simulator.process.pid)
        assert len(both) == 2
        simulator.process.terminate()
        simulator.process.wait(10)
        assert not any(alive(pid) for pid in both)


def test_without_a_broker_everything_else_runs_and_says_so(monkeypatch):
    monkeypatch.setattr(broker_process, "mosquitto", lambda: "")
    monkeypatch.setattr(broker_process.importlib.util, "find_spec", lambda name: None)
    assert broker_process.kind() == ""

    async def opened():
        async with contextlib.AsyncExitStack() as stack:
            return await broker.open_broker(settings({"STATE": str(folder())}), stack, lambda: None, print)

    meeting = asyncio.run(opened())
    assert "install Mosquitto" in meeting.why and meeting.tools is None and meeting.options == ""
    cloud = Cloud(meeting, None, meeting.why, lambda vin: ["never shown"], lambda line: True, lambda: None)
    assert cloud.lines() == ["set broker"]
    assert cloud.snapshot()["why"] == meeting.why and cloud.snapshot()["commands"] == []
    for order in (lambda: cloud.break_("down"), lambda: cloud.order({"do": "lock"})):
        with pytest.raises(OrderError, match="install Mosquitto"):
            order()


def test_a_broker_elsewhere_is_met_as_the_settings_say():
    made = Certificates(folder())
    secret = Path(_FOLDER.name, "password")
    secret.write_text("hush\n")
    secret.chmod(0o600)
    asked = {
        "BROKER": "mqtts://broker.example:8884",
        "BROKER_CA": str(made.pem(CA)),
        "BROKER_CERT": str(made.pem(TOOLS)),
        "BROKER_KEY": str(made.key(TOOLS)),
        "BROKER_USER": "me",
        "BROKER_PASSWORD_FILE": str(secret),
    }

    async def opened(environment):
        async with contextlib.AsyncExitStack() as stack:
            return await broker.open_broker(settings(environment), stack, lambda: None, print)

    meeting = asyncio.run(opened(asked))
    assert (meeting.kind, meeting.words) == ("outside", "broker.example:8884  (outside)")
    assert list(meeting.car)[-1] == "broker" and meeting.car["broker"] == "mqtts://broker.example:8884"
    assert (meeting.car["user"], meeting.car["password"]) == ("me", "hush")
    assert all(len(line) < 1_600 for line in Cloud(meeting, None, "", lambda vin: [], print, print).lines())
    assert "--user me" in meeting.options and "hush" not in meeting.options
    with pytest.raises(OrderError, match="not broken from here"):
        Cloud(meeting, None, "", lambda vin: [], print, print).break_("down")
    for changed, word in (
        ({"BROKER": "ftp://broker.example"}, "ftp://broker.example"),
        ({"BROKER_CA": "/nowhere/ca.pem"}, "/nowhere/ca.pem"),
        ({"BROKER_CERT": str(made.pem(CA)), "BROKER_KEY": str(made.pem(CA))}, "ca.pem"),
        ({"BROKER": "mqtt://broker.example"}, "certificates want mqtts"),
    ):
        with pytest.raises(StartError, match=word):
            asyncio.run(opened({**asked, **changed}))


def test_a_wrong_broker_is_said_in_one_sentence():
    with tempfile.TemporaryDirectory() as state:
        process = launch(environment(state, BROKER="ftp://nowhere"))
        _, said = process.communicate(timeout=15)
        assert process.returncode == 2 and "ftp://nowhere" in said and said.count("\n") == 1
