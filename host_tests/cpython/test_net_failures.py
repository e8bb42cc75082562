"""The firmware's net, under both interpreters, against a broker that fails it in every way, two hundred times each.

At the end there are as many open file descriptors as at the start, the heap is what it was, every attempt has ended
with the code that is meant for it, and no task had to wait for longer than 20 ms of processor time, TLS apart.
"""

import pytest
from fakes.exploration import tell
from fakes.net_process import BOTH, CPYTHON, MICROPYTHON, run, tls
from fakes.scale import LONG
from latchkey.net import net_error as n
from latchkey_tools.outage.certificates import BAD_BROKERS, Certificates
from latchkey_tools.outage.hostile_process import hostile_broker

_TIMES = {MICROPYTHON: 200, CPYTHON: 200 if LONG else 40}
_SOME = ("refuse", "silent", "connack", "wrong", "expired")  # for CPython, unless there is time; no car runs that

# mode of the broker, its options, ours, codes that may come of it
_PLAIN = (
    ("refuse", {}, {}, {n.REFUSED}),
    ("swallow", {}, {"connect_ms": 20}, {n.TIMEOUT}),
    ("reset", {}, {}, {n.CLOSED}),
    ("close", {}, {}, {n.CLOSED}),
    ("silent", {}, {"open_ms": 20}, {n.TIMEOUT}),
    ("garbage", {}, {}, {n.BAD_PACKET, n.TOO_LONG}),
    ("connack", {"code": 3}, {}, {n.UNAVAILABLE}),
    ("honest", {}, {"cancel_ms": 60}, {-1, 0}),
    ("huge", {"after_s": 0}, {"stay_ms": 2_000}, {n.TOO_LONG}),
    ("large", {"after_s": 0}, {"stay_ms": 2_000}, {n.TOO_LONG}),
    ("wrong", {"after_s": 0}, {"stay_ms": 2_000}, {n.BAD_PACKET}),
    ("malformed", {"after_s": 0}, {"stay_ms": 5_000}, {n.BAD_PACKET, n.TOO_LONG}),
    ("slow", {"after_s": 0}, {"open_ms": 60, "topics": [["a", 0], ["b", 0]]}, {n.TIMEOUT}),
)
_SECURE = (
    ("refuse", {}, {}, {n.REFUSED}),
    ("reset", {}, {}, {n.CLOSED}),
    ("close", {}, {}, {n.CLOSED}),
    ("silent", {}, {"open_ms": 20}, {n.TIMEOUT}),
    ("drip", {}, {"open_ms": 20}, {n.TIMEOUT}),
    ("garbage", {}, {}, {n.NOT_TLS}),
    ("mute", {}, {"open_ms": 60}, {n.TIMEOUT}),
    ("connack", {"code": 5}, {}, {n.NOT_AUTHORISED}),
    ("honest", {}, {"cancel_ms": 120}, {-1, 0}),
    *(("certificate", {"name": name}, {}, {n.BAD_CERTIFICATE}) for name in BAD_BROKERS),
)


def _name(row):
    return row[1].get("name", row[0]).replace(" ", "_")


def _cases(rows):
    chosen = [(row, interpreter) for interpreter in BOTH for row in rows]
    if not LONG:
        chosen = [
            (row, interpreter) for row, interpreter in chosen if interpreter == MICROPYTHON or _name(row) in _SOME
        ]
    return [pytest.param(*case, id=f"{_name(case[0])}-{case[1]}") for case in chosen]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def plain_broker():
    with hostile_broker() as broker:
        yield broker


@pytest.fixture(scope="module")
def secure_broker(certificates):
    with hostile_broker(certificates) as broker:
        yield broker


def _fails_as_it_should(interpreter, broker, row, who):
    mode, options, order, codes = row
    times = _TIMES[interpreter]
    broker.change(mode, **options)
    seen = run(interpreter, do="fail", port=broker.port, times=times, **order, **who)
    assert {int(code) for code in seen["codes"]} <= codes, seen
    assert sum(seen["codes"].values()) == times
    assert seen["fds"][0] == seen["fds"][1], seen
    # One object that stays at each attempt would be 6,400 bytes.
    assert seen["heap"][1] - seen["heap"][0] <= 4_096, seen
    assert seen["gap_cpu_ms"] <= 20, seen
    # Whatever waits for the broker in a call would do so at every attempt; what others do here does so now and then.
    assert seen["slow_gaps"] <= times // 4, seen
    tell(
        f"{times} attempts, {interpreter}, {'TLS' if who else 'plain'}, {_name(row)}: {seen['fds'][0]} file "
        f"descriptors before, {seen['fds'][1]} after; longest gap {seen['gap_ms']:.1f} ms ({seen['gap_cpu_ms']:.1f} ms "
        f"of processor time), longest step of TLS {seen['tls_cpu_ms']:.1f} ms"
    )


@pytest.mark.parametrize(("row", "interpreter"), _cases(_PLAIN))
def test_without_tls(interpreter, row, plain_broker):
    _fails_as_it_should(interpreter, plain_broker, row, {})


@pytest.mark.parametrize(("row", "interpreter"), _cases(_SECURE))
def test_with_tls(interpreter, row, secure_broker, certificates):
    _fails_as_it_should(interpreter, secure_broker, row, tls(certificates))
