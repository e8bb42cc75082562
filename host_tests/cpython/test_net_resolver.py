"""Names over real UDP, under both interpreters: no name server makes anybody wait but who asks."""

import pytest
from fakes.exploration import tell
from fakes.net_process import BOTH, MICROPYTHON, run
from latchkey.net import net_error as n
from latchkey_tools.outage.name_server import name_server

_HERE, _NOBODY = [127, 0, 0, 1], [127, 0, 0, 2]


@pytest.fixture
def server():
    with name_server() as running:
        yield running


def _asked(interpreter, server, servers=(_HERE,), **order):
    seen = run(interpreter, do="resolve", port=server.port, servers=list(servers), host="broker.example.com", **order)
    assert seen["fds"][0] == seen["fds"][1], seen
    assert seen["gap_cpu_ms"] <= 20, seen
    return seen


@pytest.mark.parametrize("interpreter", BOTH)
def test_an_address_is_found_two_hundred_times(interpreter, server):
    server.address = bytes((192, 0, 2, 7))
    seen = _asked(interpreter, server, times=200)
    assert seen["code"] == 0 and seen["address"] == [192, 0, 2, 7] and server.asked == 200


@pytest.mark.parametrize("interpreter", BOTH)
def test_a_server_that_takes_its_time_stops_nobody(interpreter, server):
    server.delay_s = 1.5
    seen = _asked(interpreter, server)
    assert seen["code"] == 0 and 1_450 <= seen["took_ms"] <= 2_500
    assert seen["slow_gaps"] <= 20 and seen["gap_ms"] < 1_000, seen  # a lookup that waits would be one gap of 1.5 s
    tell(f"{interpreter}, an answer after 1.5 s: longest gap {seen['gap_ms']:.1f} ms")


def test_where_nobody_listens_the_next_is_asked(server):
    seen = _asked(MICROPYTHON, server, (_NOBODY, _HERE))
    assert seen["code"] == 0 and seen["took_ms"] <= 3_000


@pytest.mark.parametrize(
    ("mode", "code"), [("unknown", n.NO_NAME), ("forged", n.NO_RESOLVER), ("garbage", n.NO_RESOLVER)]
)
def test_what_is_no_answer(mode, code, server):
    server.mode = mode
    assert _asked(MICROPYTHON, server)["code"] == code
