"""The way to a real broker, and everything that can be in it: each failure has a kind and a sentence of its own."""

import asyncio
import os
import socket
import tempfile
import threading
import time
from pathlib import Path

import pytest
from fakes.mosquitto import free_port, mosquitto
from latchkey_tools.cloud import broker as brokers
from latchkey_tools.cloud import failure, line
from latchkey_tools.cloud.broker import Broker
from latchkey_tools.cloud.failure import LineError
from latchkey_tools.cloud.line import Line
from latchkey_tools.outage.certificates import BAD_BROKERS, Certificates
from latchkey_tools.phone.problem import CannotStart

pytestmark = pytest.mark.broker

_FOLDER = tempfile.TemporaryDirectory(prefix="latchkey-line-")
CERTIFICATES = Certificates(_FOLDER.name)
for _file in Path(_FOLDER.name).glob("*.key.pem"):
    _file.chmod(0o600)


def plain(port):
    return Broker("127.0.0.1", port, False)


def secure(port, client="client", ca="ca"):
    shown = {"certificate": CERTIFICATES.pem(client), "key": CERTIFICATES.pem(client + ".key")} if client else {}
    return Broker("127.0.0.1", port, True, CERTIFICATES.pem(ca), **shown)


def failing(broker, **options):
    """The kind of failure of connecting, its sentence, and how long it took."""

    async def attempt():
        async with Line(broker, "attempt", **options) as one:
            await one.subscribe(["a/b"])

    began_s = time.monotonic()
    with pytest.raises(LineError) as caught:
        asyncio.run(attempt())
    sentence = str(brokers.problem(caught.value, broker))
    assert sentence.endswith(".") and "None" not in sentence
    return caught.value.kind, sentence, time.monotonic() - began_s


def test_messages_go_both_ways_and_wills_are_executed():
    async def conversation(broker):
        async with Line(broker, "listener") as listener:
            await listener.subscribe(["a/state", "a/online"])
            async with Line(broker, "speaker", ("a/online", b"0")) as speaker:
                speaker.publish("a/online", b"1", 1, True)
                speaker.publish("a/state", b"x" * 2_000, 1)
                heard = [await listener.receive() for _ in range(2)]
                speaker._client.socket().shutdown(socket.SHUT_RDWR)  # lost, not ended
                heard.append(await listener.receive())
            return heard

    with mosquitto(Path(_FOLDER.name) / "both", certificates=CERTIFICATES) as broker:
        heard = asyncio.run(conversation(secure(broker.port)))
        kept = asyncio.run(_first(secure(broker.port), "a/online"))
    assert [(message.topic, message.payload[:1], message.retained) for message in heard] == [
        ("a/online", b"1", False),
        ("a/state", b"x", False),
        ("a/online", b"0", False),
    ]
    assert (kept.payload, kept.retained) == (b"0", True)


async def _first(broker, topic):
    async with Line(broker, "second") as one:
        await one.subscribe([topic])
        return await one.receive()


def test_a_certificate_of_ours_that_the_broker_does_not_want_is_told_at_once():
    with mosquitto(Path(_FOLDER.name) / "demands", certificates=CERTIFICATES) as broker:
        for client in ("", "stranger"):
            kind, sentence, took_s = failing(secure(broker.port, client))
            assert kind == failure.OWN_CERTIFICATE and "`certificate`" in sentence
            assert took_s < 3
        assert failing(secure(broker.port, ca="unknown"))[0] == failure.BAD_CERTIFICATE
        assert failing(plain(broker.port))[0] in (failure.LOST, failure.OWN_CERTIFICATE)


def test_a_broker_with_a_bad_certificate_is_not_spoken_to():
    for number, name in enumerate(BAD_BROKERS):
        made = _Renamed(name)
        with mosquitto(Path(_FOLDER.name) / f"bad{number}", certificates=made, demands_client=False) as broker:
            kind, sentence, _ = failing(secure(broker.port))
            assert kind == failure.BAD_CERTIFICATE and "`ca`" in sentence, name


class _Renamed:
    """The certificates, with one of the bad ones as the broker's."""

    def __init__(self, name):
        self._name = name

    def pem(self, file):
        return CERTIFICATES.pem(file.replace("broker", self._name))


def test_without_a_broker():
    kind, sentence, _ = failing(plain(free_port()))
    assert kind == failure.NO_BROKER and "refused" in sentence.lower()
    assert failing(Broker("no-such-name.invalid", 1883, False))[0] == failure.NO_NAME


def test_a_password_that_is_wrong():
    folder = Path(_FOLDER.name) / "password"
    folder.mkdir()
    words, secret = folder / "passwords", folder / "secret"
    words.write_text("")
    secret.write_text("not this one\n")
    secret.chmod(0o600)
    settings = ("allow_anonymous false", f"password_file {words}")
    with mosquitto(folder, settings=settings) as broker:
        kind, sentence, _ = failing(Broker("127.0.0.1", broker.port, False, user="somebody", password_file=str(secret)))
    assert kind == failure.NOT_LET_IN and "not this one" not in sentence


class _Server:
    """Accepts one connection and says something; then: what it answers to the client's next packet."""

    def __init__(self, says, hangs_up, then=b""):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._says, self._hangs_up, self._then = says, hangs_up, then
        self._held = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        connection, _ = self._socket.accept()
        self._held.append(connection)
        connection.recv(1_000)
        connection.sendall(self._says)
        if self._hangs_up:
            if self._then:
                connection.recv(1_000)
                connection.sendall(self._then)
            connection.close()

    def close(self):
        self._thread.join(5)
        for connection in self._held:
            connection.close()
        self._socket.close()


def test_a_broker_that_is_none():
    patch = pytest.MonkeyPatch()
    patch.setattr(line, "CONNECT_S", 1.0)
    patch.setattr(line, "_TCP_S", 0.5)
    try:
        for says, hangs_up, make, kinds in (
            (b"", False, plain, (failure.NO_ANSWER,)),
            (b"", False, secure, (failure.NO_ANSWER,)),
            (b"", True, plain, (failure.LOST,)),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", True, plain, (failure.LOST, failure.NO_ANSWER)),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", True, secure, (failure.NO_TLS,)),
            (b"\x30\xff\xff\xff\x7f" + bytes(60), True, plain, (failure.LOST,)),
            (b"\x20\x02\x00\x03", False, plain, (failure.NOT_SERVED,)),
            (b"\x20\x02\x00\x05", False, plain, (failure.NOT_LET_IN,)),
            (b"\x20\x02\x00\x00\x30\x00", False, plain, (failure.LOST, failure.NO_ANSWER)),
            (b"\x20\x02\x00\x00\x90\x01", True, plain, (failure.LOST,)),
        ):
            server = _Server(says, hangs_up)
            kind, _, _ = failing(make(server.port))
            server.close()
            assert kind in kinds, (says, make, kind)
    finally:
        patch.undo()


def test_a_topic_that_may_not_be_listened_to():
    """Mosquitto accepts such a subscription and sends nothing; a broker that says so is believed."""
    server = _Server(b"\x20\x02\x00\x00", True, b"\x90\x03\x00\x01\x80")
    kind, sentence, _ = failing(plain(server.port))
    server.close()
    assert kind == failure.NOT_ALLOWED and "latchkey/VIN/reply" in sentence


def test_nothing_is_left_open_by_a_hundred_failures():
    port = free_port()

    async def attempts():
        for _ in range(100):
            with pytest.raises(LineError):
                async with Line(plain(port), "again"):
                    pass

    asyncio.run(attempts())
    before = len(os.listdir("/proc/self/fd"))
    asyncio.run(attempts())
    assert len(os.listdir("/proc/self/fd")) <= before


def test_a_lost_line_is_told_to_whoever_listens_and_whoever_speaks():
    async def conversation(broker):
        async with Line(plain(broker.port), "one") as one:
            listening = asyncio.create_task(one.receive())
            await asyncio.sleep(0.05)
            broker.stop()
            with pytest.raises(LineError) as caught:
                await listening
            with pytest.raises(LineError):
                one.publish("a", b"")
            return caught.value.kind

    with mosquitto(Path(_FOLDER.name) / "lost") as broker:
        assert asyncio.run(conversation(broker)) == failure.LOST


def test_a_broker_that_hangs_is_noticed():
    """Half-open: the connection stands, and nobody answers."""

    async def conversation(broker):
        async with Line(plain(broker.port), "one", keep_alive_s=2) as one:
            broker.freeze()
            try:
                with pytest.raises(LineError) as caught:
                    async with asyncio.timeout(10):
                        await one.receive()
            finally:
                broker.thaw()
            return caught.value.kind

    with mosquitto(Path(_FOLDER.name) / "hangs") as broker:
        assert asyncio.run(conversation(broker)) in (failure.NO_ANSWER, failure.LOST)


def test_what_comes_faster_than_it_is_fetched_is_dropped_and_counted():
    async def flood(broker):
        async with Line(plain(broker.port), "deaf") as deaf, Line(plain(broker.port), "loud") as loud:
            await deaf.subscribe(["a"])
            for number in range(line._ROOM + 50):
                loud.publish("a", b"%d" % number)
            for _ in range(200):
                await asyncio.sleep(0.01)
                if deaf.dropped >= 50:
                    break
            return deaf.dropped, await deaf.receive()

    with mosquitto(Path(_FOLDER.name) / "flood") as broker:
        dropped, first = asyncio.run(flood(broker))
    assert dropped == 50 and first.payload == b"0"


def test_addresses():
    folder = Path("/somewhere")
    made = brokers.broker({"broker": "mqtts://cars.example", "ca": "ca.pem", "user": "me"}, folder)
    assert made == Broker("cars.example", 8883, True, "/somewhere/ca.pem", user="me")
    assert brokers.broker({"broker": "mqtt://[::1]:1"}, folder) == Broker("::1", 1, False)
    for table, word in (
        ({}, "no broker"),
        ({"broker": "cars.example:8883"}, "no broker"),
        ({"broker": "http://cars.example"}, "no broker"),
        ({"broker": "mqtts://cars.example:70000"}, "no broker"),
        ({"broker": "mqtts://cars.example/x"}, "no broker"),
        ({"broker": "mqtts://me:secret@cars.example"}, "password_file"),
        ({"broker": "mqtt://cars.example", "ca": "ca.pem"}, "mqtts://"),
        ({"broker": "mqtts://cars.example", "key": "key.pem"}, "certificate"),
        ({"broker": "mqtts://cars.example", "colour": "red"}, "colour"),
        ({"broker": "mqtts://cars.example", "user": 1}, "text"),
    ):
        with pytest.raises(CannotStart) as caught:
            brokers.broker(table, folder)
        assert word in str(caught.value) and "secret" not in str(caught.value), table


def test_secrets_that_others_may_read_are_not_used():
    path = Path(_FOLDER.name) / "open"
    path.write_text("secret")
    path.chmod(0o644)
    with pytest.raises(CannotStart, match="chmod 600"):
        Broker("h", 1, False, user="me", password_file=str(path)).password()
    with pytest.raises(CannotStart, match="chmod 600"):
        Broker("h", 1, True, certificate=CERTIFICATES.pem("client"), key=str(path)).context()
    for wrong in ({"ca": str(path)}, {"certificate": str(path) + "x"}):
        with pytest.raises(CannotStart, match="cannot be read"):
            Broker("h", 1, True, **wrong).context()
