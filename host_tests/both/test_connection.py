"""Connecting and shaking hands over a network that fails at every place: each socket is closed."""

import asyncio

from fakes.network import Network
from fakes.virtual_time import VirtualTime
from latchkey.net import net_error
from latchkey.net.connection import connect
from latchkey.net.net_error import NetError
from latchkey.net.tls_client import TlsClient

_ADDRESS = b"\x7f\0\0\x01"
_ALERT = b"\x15\x03\x03\0\x02\x02\x2a"
_HELLO = memoryview(b"hello")


def _client(network, **more):
    return TlsClient(network, "broker.example", b"ca", b"certificate", b"key", **more)


async def _spoken(time, network, tls, may_step=None):
    """Connects and writes one hello; returns the stream."""
    stream = await connect(network, _ADDRESS, 8883, tls, time, may_step=may_step)
    try:
        while not stream.write(_HELLO):
            await asyncio.sleep_ms(10)
    except BaseException:
        stream.close()
        raise
    return stream


def _outcome(time, network, tls=None):
    """The code, 0 when it was connected and closed again."""
    try:
        time.run(_spoken(time, network, tls)).close()
    except NetError as error:
        return error.code
    return 0


def test_a_connection_is_made_without_waiting_for_it():
    for connects_after in (0, 1, 20):
        time = VirtualTime()
        network = Network()
        network.connects_after = connects_after
        stream = time.run(_spoken(time, network, None))
        assert network.sockets[0].address == (_ADDRESS, 8883)
        assert network.sockets[0].sent == b"hello" and not stream.shaking
        stream.close()
        stream.close()
        assert network.all_closed()


def test_tls_shakes_hands_within_writes_and_reads_nothing_before():
    time = VirtualTime()
    network = Network()
    stream = time.run(connect(network, _ADDRESS, 8883, _client(network), time))
    view = memoryview(bytearray(10))
    for _ in range(3):
        assert stream.shaking and stream.write(_HELLO) == 0 and stream.read_into(view) == 0
    assert "readinto" not in network.calls
    assert stream.write(_HELLO) == 5 and not stream.shaking
    assert stream.read_into(view) == 0
    network.incoming = b"abc"
    assert stream.read_into(view) == 3 and bytes(view[:3]) == b"abc"
    assert network.context.loaded == [b"ca", (b"certificate", b"key")]


def test_no_step_is_made_while_a_card_is_there():
    time = VirtualTime()
    network = Network()
    allowed = []
    stream = time.run(connect(network, _ADDRESS, 8883, _client(network), time, may_step=lambda: bool(allowed)))
    for _ in range(50):
        assert stream.write(_HELLO) == 0
    assert "tls write" not in network.calls
    allowed.append(True)
    assert [stream.write(_HELLO) for _ in range(4)] == [0, 0, 0, 5]
    allowed.clear()
    assert stream.write(_HELLO) == 5  # hands are shaken


def test_every_way_of_not_connecting_has_its_code():
    for flags, error, code in (
        (12, OSError(111), net_error.REFUSED),
        (24, OSError(111), net_error.REFUSED),
        (8, OSError(113), net_error.UNREACHABLE),
        (28, OSError(104), net_error.CLOSED),
        (16, None, net_error.UNREACHABLE),
        (8, OSError(12), net_error.NO_MEMORY),
    ):
        network = Network()
        network.connect_flags = flags
        network.error = error
        assert _outcome(VirtualTime(), network) == code
        assert network.all_closed()


def test_a_peer_that_does_not_answer_is_given_five_seconds():
    time = VirtualTime()
    network = Network()
    network.connects_after = 1_000_000
    assert _outcome(time, network) == net_error.TIMEOUT
    assert 5_000 <= time.elapsed_ms <= 5_020 and network.all_closed()


def test_every_way_of_not_shaking_hands_has_its_code():
    for error, code in (
        (ValueError("The certificate is not correctly signed by the trusted CA"), net_error.BAD_CERTIFICATE),
        (OSError(-0x7780, "MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE"), net_error.TLS_REFUSED),
        (OSError(-0x7200), net_error.NOT_TLS),
        (OSError(-0x7A00), net_error.BAD_CERTIFICATE),
        (OSError(-0x21E2, "MBEDTLS_ERR_X509_INVALID_FORMAT"), net_error.BAD_CERTIFICATE),
        (OSError(-0x7280), net_error.CLOSED),
        (OSError(-0x7F00), net_error.NO_MEMORY),
        (OSError(12), net_error.NO_MEMORY),
        (OSError(32), net_error.CLOSED),
        (OSError(104), net_error.CLOSED),
        (MemoryError(), net_error.NO_MEMORY),
    ):
        network = Network()
        network.tls_error = error
        assert _outcome(VirtualTime(), network, _client(network)) == code, error
        assert network.all_closed()


def test_a_broker_that_refused_us_and_is_gone_has_left_an_alert():
    for left, code in (
        (_ALERT, net_error.TLS_REFUSED),
        (b"\x15\x03\x03\0\x02\x01\0", net_error.CLOSED),
        (_ALERT[:5], net_error.CLOSED),
        (b"\x16\x03\x03\0\x02\x02\x2a", net_error.CLOSED),
        (b"", net_error.CLOSED),
        (None, net_error.CLOSED),
    ):
        network = Network()
        network.tls_error = OSError(32)
        network.incoming = left
        assert _outcome(VirtualTime(), network, _client(network)) == code, left


def test_a_socket_that_tls_does_not_take_is_closed():
    for error, code in (
        (OSError(-0x7F00), net_error.NO_MEMORY),
        (OSError(-0x7100), net_error.BAD_SETTINGS),
        (MemoryError(), net_error.NO_MEMORY),
    ):
        network = Network()
        tls = _client(network)
        network.calls.clear()
        assert _outcome(VirtualTime(), network, tls) == 0
        network.fail(network.calls.index("wrap_socket") + 1, error)
        network.polls = 0
        assert _outcome(VirtualTime(), network, tls) == code
        assert network.all_closed()


def test_a_connection_that_ends_later_is_closed():
    for error in (OSError(104), OSError(-0x7780), ValueError(), OSError(-0x7100), None):
        time = VirtualTime()
        network = Network()
        stream = time.run(_spoken(time, network, _client(network)))
        network.error = error
        network.incoming = b""
        try:
            stream.read_into(memoryview(bytearray(4)))
            raise AssertionError("it was read")
        except NetError as lost:
            assert lost.code == (net_error.BAD_CERTIFICATE if isinstance(error, ValueError) else net_error.CLOSED)
        assert network.all_closed()
        for call in (stream.read_into, stream.write):
            try:
                call(memoryview(bytearray(4)))
                raise AssertionError("it was used")
            except NetError as lost:
                assert lost.code == net_error.CLOSED


def test_whatever_call_fails_the_socket_is_closed():
    """Every call in turn, and every error that it could raise."""
    for secure in (False, True):
        number = 1
        while True:
            for error in (OSError(5), OSError(12), MemoryError()):
                network = Network()
                tls = _client(network) if secure else None
                network.calls.clear()
                network.fail(number, error)
                code = _outcome(VirtualTime(), network, tls)
                assert network.all_closed(), (number, error)
                assert code or "setsockopt" in network.calls
            if len([call for call in network.calls if call != "close"]) < number:
                break
            number += 1
        assert number > 10


def test_whenever_it_is_cancelled_the_socket_is_closed():
    for secure in (False, True):
        for ms in range(0, 120, 5):
            time = VirtualTime()
            network = Network()
            network.connects_after = 6

            async def cancelled(time=time, network=network, ms=ms, secure=secure):
                task = asyncio.create_task(_spoken(time, network, _client(network) if secure else None))
                await asyncio.sleep_ms(ms)
                task.cancel()
                try:
                    (await task).close()
                except asyncio.CancelledError:
                    pass

            time.run(cancelled())
            assert network.all_closed(), ms


def test_who_is_believed_must_be_said():
    for settings in ({}, {"certificate": b"c", "key": b"k"}):
        try:
            TlsClient(Network(), "broker.example", **settings)
            raise AssertionError("everybody would be believed")
        except NetError as error:
            assert error.code == net_error.BAD_SETTINGS


def test_settings_that_cannot_be_read_are_told():
    for number in (1, 2, 3):
        for error, code in ((ValueError(), 14), (OSError(-0x2180), 14), (MemoryError(), 7)):
            network = Network()
            network.fail(number, error)
            try:
                _client(network)
                raise AssertionError("it was taken")
            except NetError as refused:
                assert refused.code == code


def test_with_a_pre_shared_key_no_certificate_will_do():
    network = Network()
    TlsClient(network, "broker.example", b"ca", psk_identity=b"me", psk=b"0123456789abcdef")
    assert network.context.psk_identity == b"me" and network.context.psk_key == b"0123456789abcdef"
    assert network.context.loaded == [["TLS-PSK-WITH-AES-128-GCM-SHA256"]]


def test_an_interpreter_without_pre_shared_keys_says_so():
    network = Network()
    network.has_psk = False
    try:
        TlsClient(network, "broker.example", psk_identity=b"me", psk=b"0123456789abcdef")
        raise AssertionError("it was taken")
    except NetError as error:
        assert error.code == net_error.NO_PSK
