"""The contract of `bluetooth` as the ESP32 has it, in cases that hold over the fake and over the air.

A case gets a world: the probe's peripheral (fakes/radio_probe.py), and phones. Its `call` returns what the method
returned or the name of what it raised, as "!OSError"; `events(n)` waits for n events and returns all there are.
"""

CONNECT, DISCONNECT, WRITE, READ, DONE, MTU = 1, 2, 3, 4, 20, 21
FLAGS = b"\x02\x01\x06"
NAME = b"\x06\x09probe"


def _advertising(world):
    handles = world.call("probe_register")
    world.call("gap_advertise", 20_000, FLAGS, resp_data=NAME)
    return handles


def _connected(world, **options):
    """A world with one phone; returns (handles, phone)."""
    handles = _advertising(world)
    phone = world.connect(**options)
    assert world.events(1) == [(CONNECT, (0, 1, phone.address))]
    return handles, phone


def case_advertising_is_heard_with_its_scan_response(world):
    _advertising(world)
    assert world.scan() == (True, FLAGS, NAME)
    world.call("gap_advertise", 20_000, connectable=False)
    assert world.scan() == (False, FLAGS, NAME)
    world.call("gap_advertise", None)
    assert world.scan() is None


def case_advertising_stops_when_somebody_connects(world):
    _connected(world)
    assert world.scan() is None
    world.call("gap_advertise", 20_000)
    assert world.scan() == (True, FLAGS, NAME)


def case_four_connections_and_no_more(world):
    _advertising(world)
    phones = []
    for number in range(4):
        phones.append(world.connect())
        assert world.events(1) == [(CONNECT, (number, 1, phones[-1].address))]
        if number < 3:
            world.call("gap_advertise", 20_000)
    assert world.call("gap_advertise", 20_000) == "!OSError"
    assert world.scan() is None
    assert world.call("gap_advertise", 20_000, connectable=False) is None
    assert world.scan() == (False, FLAGS, NAME)
    phones[1].disconnect()
    assert world.events(1) == [(DISCONNECT, (1, 1, phones[1].address))]
    assert world.call("gap_advertise", 20_000) is None
    assert world.events(0) == []
    late = world.connect()
    assert world.events(1) == [(CONNECT, (1, 1, late.address))]  # the handle is used again


def case_a_connection_that_fails_is_told_without_a_handle(world):
    _advertising(world)
    world.fail_connect()
    assert world.events(1) == [(DISCONNECT, (0xFFFF, 0xFF, bytes(6)))]
    assert world.scan() is None
    world.call("gap_advertise", 20_000)
    phone = world.connect()
    assert world.events(1) == [(CONNECT, (0, 1, phone.address))]


def case_twenty_bytes_are_kept_and_the_rest_is_lost(world):
    handles, phone = _connected(world)
    assert phone.write("fff1", bytes(range(24))) == 0
    assert world.events(1) == [(WRITE, (0, handles[0]))]
    assert world.call("gatts_read", handles[0]) == bytes(range(20))
    assert world.call("gatts_read", handles[0]) == bytes(range(20))  # reading takes nothing away


def case_a_second_write_replaces_the_first(world):
    handles, phone = _connected(world)
    phone.write("fff1", b"first")
    phone.write("fff1", b"2nd")
    assert world.events(2) == [(WRITE, (0, handles[0]))] * 2
    assert world.call("gatts_read", handles[0]) == b"2nd"


def case_append_mode_collects_up_to_its_size(world):
    handles, phone = _connected(world)
    assert world.call("gatts_set_buffer", handles[0], 30, True) is None
    for piece in (b"a" * 15, b"b" * 10, b"c" * 10):
        assert phone.write("fff1", piece) == 0
    world.events(3)
    assert world.call("gatts_read", handles[0]) == b"a" * 15 + b"b" * 10 + b"c" * 5
    assert world.call("gatts_read", handles[0]) == b""
    phone.write("fff1", b"d")
    world.events(1)
    assert world.call("gatts_read", handles[0]) == b"d"


def case_a_local_write_makes_room(world):
    handles, phone = _connected(world)
    assert world.call("gatts_write", handles[0], bytes(40)) == 40
    phone.write("fff1", bytes(range(50)))
    world.events(1)
    assert world.call("gatts_read", handles[0]) == bytes(range(40))


def case_a_long_write_arrives_in_one_piece(world):
    handles, phone = _connected(world)
    world.call("gatts_set_buffer", handles[0], 512, True)
    long = bytes([n & 0xFF for n in range(512)])
    assert phone.write("fff1", long) == 0
    assert world.events(1) == [(WRITE, (0, handles[0]))]
    assert world.call("gatts_read", handles[0]) == long


def case_a_descriptor_takes_writes_of_its_own(world):
    handles, phone = _connected(world)
    assert phone.write("fff5", b"label") == 0
    assert world.events(1) == [(WRITE, (0, handles[1]))]
    assert world.call("gatts_read", handles[1]) == b"label"
    assert world.call("gatts_read", handles[0]) == b""


def case_a_read_is_asked_for_and_may_be_denied(world):
    handles, phone = _connected(world)
    world.call("gatts_write", handles[2], b"value")
    assert phone.read("fff2") == (0, b"value")
    assert world.events(1) == [(READ, (0, handles[2]))]
    world.call("probe_deny", 0x08)
    assert phone.read("fff2") == (0x08, b"")


def case_flags_are_kept(world):
    _, phone = _connected(world)
    assert phone.write("fff2", b"x") == 0x03
    assert phone.read("fff1") == (0x02, b"")
    assert phone.subscribe("fff3", True) == 0x06
    assert phone.subscribe("fff4", False) == 0x06
    assert world.events(0) == []


def case_what_is_sent_is_cut_to_the_mtu(world):
    handles, phone = _connected(world)
    assert phone.subscribe("fff3", False) == 0
    assert phone.subscribe("fff4", True) == 0
    world.call("gatts_notify", 0, handles[3], bytes(range(60)))
    assert phone.heard(1) == [("fff3", bytes(range(20)))]
    phone.exchange_mtu(50)
    assert world.events(1) == [(MTU, (0, 50))]
    world.call("gatts_notify", 0, handles[3], bytes(range(60)))
    world.call("gatts_indicate", 0, handles[4], bytes(range(1, 61)))
    assert phone.heard(2) == [("fff3", bytes(range(47))), ("fff4", bytes(range(1, 48)))]
    assert world.events(1) == [(DONE, (0, handles[4], 0))]


def case_the_smaller_mtu_counts(world):
    world.call("probe_register")
    assert world.call("config", "mtu") == 256
    assert world.call("config", mtu=120) is None
    assert world.call("config", "mtu") == 120
    world.call("gap_advertise", 20_000)
    phone = world.connect()
    world.events(1)
    phone.exchange_mtu(517)
    assert world.events(1) == [(MTU, (0, 120))]


def case_the_stored_value_is_sent_where_none_is_given(world):
    handles, phone = _connected(world)
    phone.subscribe("fff4", True)
    world.call("gatts_write", handles[4], b"stored")
    world.call("gatts_indicate", 0, handles[4])
    assert phone.heard(1) == [("fff4", b"stored")]


def case_nobody_subscribed_hears_nothing_and_yet_confirms(world):
    handles, phone = _connected(world)
    assert world.call("gatts_indicate", 0, handles[4], b"x") is None
    assert world.events(1) == [(DONE, (0, handles[4], 0))]
    assert phone.heard(0) == []


def case_one_indication_at_a_time(world):
    handles, phone = _connected(world, confirms=False)
    phone.subscribe("fff4", True)
    assert world.call("gatts_indicate", 0, handles[4], b"one") is None
    assert world.call("gatts_indicate", 0, handles[4], b"two") == "!OSError"
    assert phone.heard(1) == [("fff4", b"one")]
    assert world.events(0) == []
    phone.confirm()
    assert world.events(1) == [(DONE, (0, handles[4], 0))]
    assert world.call("gatts_indicate", 0, handles[4], b"two") is None
    assert phone.heard(1) == [("fff4", b"two")]


def case_each_connection_has_its_own_indication(world):
    handles, first = _connected(world, confirms=False)
    world.call("gap_advertise", 20_000)
    second = world.connect(confirms=False)
    world.events(1)
    for phone in (first, second):
        phone.subscribe("fff4", True)
    assert world.call("gatts_indicate", 0, handles[4], b"to the first") is None
    assert world.call("gatts_indicate", 1, handles[4], b"to the second") is None
    assert second.heard(1) == [("fff4", b"to the second")]
    assert first.heard(1) == [("fff4", b"to the first")]


def case_an_indication_ends_with_its_connection(world):
    handles, phone = _connected(world, confirms=False)
    world.call("gatts_indicate", 0, handles[4], b"x")
    phone.disconnect()
    assert world.events(2) == [(DONE, (0, handles[4], 7)), (DISCONNECT, (0, 1, phone.address))]


def case_what_is_meant_for_one_client_does_not_reach_the_next(world):
    """The first goes and another comes before the firmware has heard of either."""
    handles, first = _connected(world)
    world.call("gap_advertise", 20_000)
    world.call("probe_wait", True)
    first.disconnect()
    second = world.connect()
    assert second.subscribe("fff3", False) == 0
    world.call("gatts_notify", 0, handles[3], b"secret")
    assert world.call("probe_wait", False) is None
    assert world.events(2) == [(DISCONNECT, (0, 1, first.address)), (CONNECT, (1, 1, second.address))]
    assert second.heard(0) == []
    world.call("gatts_notify", 1, handles[3], b"hello")
    assert second.heard(1) == [("fff3", b"hello")]


def case_the_firmware_hangs_up(world):
    _, phone = _connected(world)
    assert world.call("gap_disconnect", 1) is False
    assert world.call("gap_disconnect", 0) is True
    assert world.events(1) == [(DISCONNECT, (0, 1, phone.address))]
    assert phone.ended()
    assert world.call("gap_disconnect", 0) is False


def case_a_view_holds_only_while_the_handler_runs(world):
    _, phone = _connected(world)
    assert world.call("probe_kept") != phone.address


def case_a_handler_that_raises_is_forgotten(world):
    handles, phone = _connected(world)
    world.call("probe_raise")
    phone.write("fff1", b"meets the error")
    phone.write("fff1", b"nobody listens")
    assert world.events(0) == []
    assert world.call("gatts_read", handles[0]) == b"nobody listens"
    world.call("probe_listen")
    phone.write("fff1", b"again")
    assert world.events(1) == [(WRITE, (0, handles[0]))]


def case_the_name_is_told(world):
    world.call("probe_register")
    assert world.call("config", "gap_name") == b"MPY ESP32"
    name = "\U0001f511 Kestrel"
    assert world.call("config", gap_name=name) is None
    assert world.call("config", "gap_name") == name.encode()
    assert world.call("config", gap_name="n" * 32) == "!OSError"
    world.call("gap_advertise", 20_000)
    assert world.connect().name() == name.encode()


def case_the_address_is_public(world):
    assert world.call("config", "mac") == "!OSError"
    world.call("probe_register")
    assert world.call("config", "mac") == (0, b"\x02LK\x00\x00\x00")


def case_what_the_esp32_does_not_have_is_refused(world):
    world.call("probe_register")
    assert world.call("config", rxbuf=1024) == "!ValueError"
    assert world.call("config", "rxbuf") == "!ValueError"
    assert world.call("config", mtu=22) == "!OSError"
    assert world.call("config", "mtu", mtu=100) == "!TypeError"
    assert world.call("gattc_discover_services", 0) == "!AttributeError"
    assert world.call("gap_advertise", 20_000, bytes(32)) == "!OSError"
    assert world.call("gap_advertise", 19_000) == "!OSError"


def case_nothing_works_before_the_radio_is_on(world):
    assert world.call("active") is False
    for words in (
        ("gap_advertise", 20_000),
        ("gap_disconnect", 0),
        ("gatts_register_services", ()),
        ("gatts_read", 20),
        ("gatts_write", 20, b""),
        ("gatts_set_buffer", 20, 100),
        ("gatts_notify", 0, 20, b""),
        ("gatts_indicate", 0, 20, b""),
    ):
        assert world.call(*words) == "!OSError", words


def case_unknown_handles_are_refused(world):
    handles, _ = _connected(world)
    assert world.call("gatts_read", 999) == "!OSError"
    assert world.call("gatts_notify", 0, 999, b"") == "!OSError"
    assert world.call("gatts_notify", 1, handles[3], b"") == "!OSError"
    assert world.call("gatts_indicate", 1, handles[4], b"") == "!OSError"


def case_services_are_fixed_while_the_radio_is_used(world):
    _advertising(world)
    assert world.call("gatts_register_services", ()) == "!OSError"
    world.connect()
    world.events(1)
    assert world.call("gatts_register_services", ()) == "!OSError"


def case_switching_off_ends_everything_without_a_word(world):
    _, phone = _connected(world)
    assert world.call("active", False) is False
    assert phone.ended()
    assert world.events(0) == []
    handles = _advertising(world)
    again = world.connect()
    assert world.events(1) == [(CONNECT, (0, 1, again.address))]
    assert again.write("fff1", b"new") == 0
    assert world.call("gatts_read", handles[0]) == b"new"
