"""The broker's address: found, not found, forged, late, and remembered; every socket is closed."""

import asyncio

from fakes.network import Network
from fakes.virtual_time import VirtualTime
from latchkey.net import net_error
from latchkey.net.net_error import NetError
from latchkey.net.resolver import Resolver, dotted

_HOST = "broker.example.com"
_ADDRESS = bytes((192, 0, 2, 7))  # RFC 5737: for documentation
_SERVERS = (bytes((192, 0, 2, 53)), bytes((198, 51, 100, 53)))
_RANDOM = b"\x12\x34\xff\xfe"


def _fill(buffer):
    buffer[:] = _RANDOM


def _answer(query, flags=b"\x81\x80", address=_ADDRESS):
    """RFC 1035, section 4.1: the question once more, and one A record for it."""
    record = b"\xc0\x0c\0\x01\0\x01\0\0\x01\x2c\0\x04" + address
    return query[:2] + flags + b"\0\x01\0\x01\0\0\0\0" + query[12:] + record


def _world(answer=None):
    time = VirtualTime()
    network = Network(time)
    network.answer = answer or (lambda query, server: [(30, _answer(query))])
    return time, network, Resolver(network, time, _fill)


def _code(time, resolver, host=_HOST, servers=_SERVERS):
    try:
        time.run(resolver.resolve(host, servers))
    except NetError as error:
        return error.code
    raise AssertionError("it was found")


def test_an_address_is_asked_for_and_kept():
    time, network, resolver = _world()
    assert time.run(resolver.resolve(_HOST, _SERVERS)) == _ADDRESS
    assert (resolver.cached, resolver.cached_host) == (_ADDRESS, _HOST)
    (sock,) = network.sockets
    assert sock.address == (_SERVERS[0], 53) and sock.bound == (bytes(4), 0xFFFE)
    assert sock.sent[:2] == _RANDOM[:2] and sock.closes == 1
    assert 30 <= time.elapsed_ms <= 50


def test_a_dotted_address_asks_nobody():
    time, network, resolver = _world()
    assert time.run(resolver.resolve("10.0.0.255", ())) == b"\x0a\0\0\xff"
    assert not network.sockets


def test_what_is_no_dotted_address():
    for host in ("", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.a", "1..2.3", "1.2.3.0004", " 1.2.3.4", "1.2.3.-4"):
        assert dotted(host) is None, host
    assert dotted("001.02.3.0") == b"\x01\x02\x03\0"


def test_the_other_server_is_asked_when_one_is_silent():
    time, network, resolver = _world(lambda query, server: [(30, _answer(query))] if server == _SERVERS[1] else [])
    assert time.run(resolver.resolve(_HOST, _SERVERS)) == _ADDRESS
    assert 2_030 <= time.elapsed_ms <= 2_100 and network.all_closed()


def test_nobody_answers():
    time, network, resolver = _world(lambda query, server: [])
    assert _code(time, resolver) == net_error.NO_RESOLVER
    assert 8_000 <= time.elapsed_ms <= 8_100
    assert len(network.sockets) == 4 and network.all_closed()
    assert _code(time, resolver, servers=()) == net_error.NO_RESOLVER


def test_the_address_found_last_is_taken_when_nobody_answers():
    time, network, resolver = _world()
    time.run(resolver.resolve(_HOST, _SERVERS))
    for answer in (lambda query, server: [], lambda query, server: [(0, _answer(query, b"\x81\x83"))]):
        network.answer = answer
        assert time.run(resolver.resolve(_HOST, _SERVERS)) == _ADDRESS
        assert _code(time, resolver, "other.example.com") in (net_error.NO_RESOLVER, net_error.NO_NAME)


def test_a_name_that_does_not_exist():
    for flags in (b"\x81\x83", b"\x81\x82", b"\x81\x85"):
        time, network, resolver = _world(lambda query, server, flags=flags: [(0, _answer(query, flags))])
        assert _code(time, resolver) == net_error.NO_NAME
        assert network.all_closed()


def test_a_name_that_cannot_be_one_is_not_asked_for():
    for host in ("", "a b", "x" * 64, ".".join(["x"] * 200), "ä"):
        time, network, resolver = _world()
        assert _code(time, resolver, host) == net_error.NO_NAME
        assert time.elapsed_ms == 0 and network.all_closed()


def test_what_does_not_answer_the_query_is_passed_over():
    def answer(query, server):
        good = _answer(query)
        return (
            [
                (0, b""),
                (0, good[:11]),
                (0, b"\0\0" + good[2:]),
                (0, good.replace(b"\x06broker", b"\x06brokes")),
                (10, query),
            ]
            + [(20, b"\xff" * 512)] * 100
            + [(40, good)]
        )

    time, network, resolver = _world(answer)
    assert time.run(resolver.resolve(_HOST, _SERVERS)) == _ADDRESS
    assert time.elapsed_ms < 300 and network.all_closed()


def test_of_a_flood_of_answers_eight_are_looked_at_in_a_turn():
    time, network, resolver = _world(lambda query, server: [(0, b"\xff" * 20)] * 400 + [(0, _answer(query))])
    assert time.run(resolver.resolve(_HOST, _SERVERS)) == _ADDRESS
    assert 490 <= time.elapsed_ms <= 510 and network.all_closed()


def test_whatever_call_fails_the_sockets_are_closed():
    for error in (OSError(101), OSError(111), OSError(98), MemoryError()):
        for number in range(1, 40):
            time, network, resolver = _world()
            network.fail(number, error)
            try:
                assert time.run(resolver.resolve(_HOST, _SERVERS)) == _ADDRESS
            except NetError as failed:
                assert failed.code == net_error.NO_MEMORY and isinstance(error, MemoryError)
            assert network.all_closed(), number


def test_whenever_it_is_cancelled_the_sockets_are_closed():
    for ms in range(0, 60, 5):
        time, network, resolver = _world()

        async def cancelled(time=time, resolver=resolver, ms=ms):
            task = asyncio.create_task(resolver.resolve(_HOST, _SERVERS))
            await asyncio.sleep_ms(ms)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass

        time.run(cancelled())
        assert network.all_closed(), ms
