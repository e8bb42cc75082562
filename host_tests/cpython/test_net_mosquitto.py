"""The firmware's net against Debian's Mosquitto: TLS with a client certificate, a pre-shared key, will, half-open."""

import time

import pytest
from fakes.exploration import tell
from fakes.mosquitto import mosquitto
from fakes.net_process import BOTH, CPYTHON, MICROPYTHON, run, started, tls
from latchkey.net import net_error as n
from latchkey_tools.outage.certificates import Certificates

pytestmark = pytest.mark.broker

_COMMAND, _ONLINE = "latchkey/x/command", "latchkey/x/online"
_PSK = "000102030405060708090a0b0c0d0e0f"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secure(tmp_path_factory, certificates):
    with mosquitto(tmp_path_factory.mktemp("secure"), certificates=certificates) as broker:
        yield broker


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    with mosquitto(tmp_path_factory.mktemp("plain")) as broker:
        yield broker


def _observer(broker, topic, ms, **order):
    return started(
        CPYTHON, do="stay", port=broker.port, client_id="observer", keeps=9, topics=[[topic, 1]], ms=ms, **order
    )


def _texts(seen):
    return [(bytes.fromhex(row[2]).decode(), row[3]) for row in seen["got"]]


@pytest.mark.parametrize("interpreter", BOTH)
@pytest.mark.parametrize("server_name", ["127.0.0.1", "localhost"])
def test_tls_with_a_client_certificate(interpreter, server_name, secure, certificates):
    said = [[_COMMAND, f"message {number}", 1, False] for number in range(5)]
    order = {
        "port": secure.port,
        "server_name": server_name,
        "ms": 1_500,
        "keeps": 9,
        "publish": said,
        **tls(certificates),
    }
    seen = run(interpreter, do="stay", **order)
    assert seen["code"] == 0 and _texts(seen) == [(row[1], False) for row in said]
    assert seen["fds"][0] == seen["fds"][1] and seen["gap_cpu_ms"] <= 20
    tell(f"{interpreter}, Mosquitto with TLS: longest step of TLS {seen['tls_cpu_ms']:.1f} ms of processor time")


@pytest.mark.parametrize("interpreter", BOTH)
@pytest.mark.parametrize("who", ["", "stranger", "no client"])
def test_a_client_certificate_that_will_not_do(interpreter, who, secure, certificates):
    seen = run(interpreter, do="fail", port=secure.port, times=8, abreast=1, **tls(certificates, who))
    assert seen["codes"] == {str(n.TLS_REFUSED): 8} and seen["fds"][0] == seen["fds"][1]


def test_another_name_than_the_certificate_s(secure, certificates):
    seen = run(MICROPYTHON, do="fail", port=secure.port, server_name="broker.example", times=8, **tls(certificates))
    assert seen["codes"] == {str(n.BAD_CERTIFICATE): 8}


def test_a_pre_shared_key(tmp_path):
    with mosquitto(tmp_path, psk=("latchkeyabc123def", _PSK)) as broker:
        order = {"port": broker.port, "identity": "latchkeyabc123def", "psk": _PSK}
        said = [[_COMMAND, "by a shared key", 1, False]]
        seen = run(MICROPYTHON, do="stay", ms=800, keeps=9, publish=said, **order)
        assert seen["code"] == 0 and _texts(seen) == [("by a shared key", False)]
        for wrong in ({"psk": _PSK[::-1]}, {"identity": "somebody"}):
            seen = run(MICROPYTHON, do="fail", times=8, abreast=1, **(order | wrong))
            assert set(seen["codes"]) <= {str(n.TLS_REFUSED), str(n.NOT_TLS)}, seen
            assert seen["fds"][0] == seen["fds"][1]


def test_the_will_is_sent_for_one_who_dies_and_not_for_one_who_leaves(plain):
    with _observer(plain, _ONLINE, 3_000) as observer:
        observer.ready()
        order = {"port": plain.port, "will": _ONLINE, "publish": [[_ONLINE, "1", 1, True]]}
        assert run(MICROPYTHON, do="stay", ms=500, **order)["code"] == 0
        with started(MICROPYTHON, do="stay", ms=20_000, **order) as client:
            client.ready()
            time.sleep(0.5)
            client.kill()
        assert _texts(observer.result()) == [("1", False), ("1", False), ("0", False)]
    seen = run(CPYTHON, do="stay", port=plain.port, client_id="later", keeps=9, topics=[[_ONLINE, 1]], ms=300)
    assert _texts(seen) == [("0", True)]


def test_nothing_is_kept_for_us_while_we_are_away_but_what_is_retained(plain):
    topic = "latchkey/z/command"
    order = {"port": plain.port, "topics": [[topic, 1]], "ms": 400, "keeps": 9}
    assert run(MICROPYTHON, do="stay", **order)["code"] == 0
    said = [[topic, "queued", 1, False], [topic, "retained", 1, True]]
    run(CPYTHON, do="stay", port=plain.port, client_id="sender", topics=[], ms=400, publish=said)
    assert _texts(run(MICROPYTHON, do="stay", **order)) == [("retained", True)]


def test_a_broker_that_is_stopped_by_a_signal_is_noticed(tmp_path, certificates):
    with mosquitto(tmp_path, certificates=certificates) as broker:
        order = {"port": broker.port, "keep_alive_s": 2, "ms": 20_000, **tls(certificates)}
        with started(MICROPYTHON, do="stay", **order) as client:
            client.ready()
            broker.freeze()
            seen = client.result()
        broker.thaw()
    assert seen["code"] == n.SILENT and 2_500 <= seen["took_ms"] <= 5_000
    assert seen["gap_cpu_ms"] <= 20 and seen["fds"][0] == seen["fds"][1]


def test_a_broker_that_dies_is_noticed_at_once_and_found_again(tmp_path):
    with mosquitto(tmp_path) as broker:
        with started(MICROPYTHON, do="stay", port=broker.port, ms=20_000) as client:
            client.ready()
            broker.stop()
            seen = client.result()
        assert seen["code"] == n.CLOSED and seen["took_ms"] < 3_000
        assert run(MICROPYTHON, do="fail", port=broker.port, times=8)["codes"] == {str(n.REFUSED): 8}
        broker.start()
        assert run(MICROPYTHON, do="fail", port=broker.port, times=8, abreast=1)["codes"] == {"0": 8}


def test_a_second_one_of_the_same_name_ends_the_first(plain):
    with started(MICROPYTHON, do="stay", port=plain.port, ms=20_000) as client:
        client.ready()
        assert run(MICROPYTHON, do="stay", port=plain.port, ms=200)["code"] == 0
        assert client.result()["code"] == n.CLOSED
