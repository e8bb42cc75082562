"""The AIR wire takes what it says and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from latchkey_tools.radio_wire import Order, WireError, format_event, parse

_TAIL = "-b2d1-43f0-9b88-960cebf8b91e"


def test_orders_are_read():
    assert parse("silent") == Order("silent")
    assert parse("name 6869") == Order("name", data=b"hi")
    assert parse("mtu 256") == Order("mtu", number=256)
    assert parse(f"service 0 0 00000211{_TAIL}") == Order("service", uuid=f"00000211{_TAIL}")
    assert parse("characteristic 16 12 fff1") == Order("characteristic", handle=16, number=12, uuid="fff1")
    assert parse("advertise 100000 1 020106 -") == Order(
        "advertise", number=100_000, connectable=True, data=b"\x02\x01\x06"
    )
    assert parse("indicate 3 18 00ff") == Order("indicate", 3, 18, data=b"\x00\xff")
    assert parse("value 0 8 -") == Order("value", number=8)


def test_events_are_written():
    assert format_event("connect", 0, 1, b"\xc0\x00\x00\x00\x00\x01") == b"connect 0 1 c00000000001\n"
    assert format_event("write", 2, 16, b"") == b"write 2 16 -\n"
    assert format_event("failed") == b"failed\n"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "silent 1",
        "drop",
        "drop 8",
        "drop -1",
        "drop ٣",
        "mtu 22",
        "mtu 528",
        "name",
        "name 6",
        "name " + "00" * 32,
        "notify 0 16 " + "00" * 513,
        "notify 0 16",
        "advertise 1000 1 - -",
        "advertise 100000 2 - -",
        "advertise 100000 1 " + "00" * 32 + " -",
        "characteristic 16 12 fff",
        "characteristic 16 12 -",
        "characteristic 65536 12 fff1",
        "value 0 256 -",
        "wrote  0",
    ],
)
def test_anything_else_is_refused(line):
    with pytest.raises(WireError):
        parse(line)


@given(
    st.one_of(
        st.text(), st.lists(st.sampled_from(["notify", "value", "advertise", "0", "16", "-", "00", "zz"])).map(" ".join)
    )
)
def test_nothing_but_the_declared_error_comes_out(line):
    try:
        order = parse(line)
    except WireError:
        return
    assert 0 <= order.link < 8 and len(order.data) <= 512 and len(order.response) <= 31
