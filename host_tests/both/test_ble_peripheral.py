"""The Bluetooth driver: connections, chunks in both directions, advertising and a radio that fails."""

from fakes.peripheral_world import GAP_NAME, NAME, SERVICE, World, frame, heard
from fakes.radio import Radio
from fakes.virtual_time import VirtualTime
from latchkey.drivers.ble_peripheral import ADVERTISING, FAULT, FULL, OFF, Peripheral

_DATA = b"\x02\x01\x06\x11\x07" + bytes(reversed(bytes.fromhex(SERVICE.replace("-", ""))))
_RESPONSE = bytes((1 + len(NAME), 9)) + NAME.encode()


def _both():
    """A world whose events wait to be polled, and one whose events come at once."""
    return World(), World(eager=True)


# Being found


def test_phones_find_service_and_name():
    world = World()
    assert world.radio.advertising == (True, _DATA, _RESPONSE)
    assert len(_DATA) == 21 and len(_RESPONSE) == 20
    assert world.radio.name == GAP_NAME.encode()
    phone = world.phone()
    phone.read(world.version)
    world.step()
    assert phone.answers == [(0, b"\x01")]


def test_characteristics_allow_what_clients_do_and_nothing_else():
    world = World()
    phone = world.phone()
    assert phone.subscribe(world.from_vehicle, False) == 6
    phone.write(world.from_vehicle, b"x")
    phone.read(world.to_vehicle)
    phone.write(world.version, b"x")
    assert [status for status, _ in phone.answers] == [3, 2, 3]


def test_nothing_is_asked_of_the_radio_before_start():
    world = World(start=False)
    assert world.peripheral.state == OFF
    assert world.radio.advertising is None
    assert world.peripheral.connected == 0


# Connections


def test_a_connection_is_handed_out_and_taken_back():
    for world in _both():
        before = world.time.ticks_ms()
        phone = world.phone()
        link = world.link(phone)
        assert link in world.peripheral.links and world.peripheral.connected == 1
        assert 0 <= world.time.ticks_diff(link.since, before) <= 10
        assert link.mtu == 23 and not link.overrun and not link.sending and link.idle_ms == 0
        assert link.serial != 0
        phone.disconnect()
        world.step()
        assert not link.connected and world.peripheral.connected == 0


def test_each_connection_has_another_serial():
    for world in _both():
        seen = []
        for _ in range(20):
            phone = world.phone()
            seen.append(world.link(phone).serial)
            phone.disconnect()
            world.step()
        assert len(set(seen)) == 20


def test_a_number_that_is_used_again_at_once_is_another_connection():
    world = World()
    first = world.phone()
    link = world.link(first)
    serial, number = link.serial, first.link
    first.write(world.to_vehicle, b"of the first")
    world.radio.poll()
    first.disconnect()
    world.radio.poll()  # the driver is not polled: it hears of both at once
    second = world.radio.connect()
    assert second.link == number
    second.write(world.to_vehicle, b"of the second")
    world.radio.poll()
    world.step()
    assert world.peripheral.connected == 1
    other = world.link(second)
    assert other.serial != serial
    assert world.received(other) == [b"of the second"]
    assert link is other or world.received(link) == []


def test_the_mtu_is_each_connections_own():
    for world in _both():
        small, large = world.phone(), world.phone(mtu=517)
        assert world.link(small).mtu == 23
        assert world.link(large).mtu == 256
        number = large.link
        large.disconnect()
        world.step()
        again = world.phone()
        assert again.link == number and world.link(again).mtu == 23


def test_four_phones_and_then_nobody_until_one_has_gone():
    for world in _both():
        phones = [world.phone() for _ in range(4)]
        assert world.peripheral.connected == 4 and world.peripheral.state == FULL
        assert world.radio.advertising == (False, _DATA, _RESPONSE)
        world.pass_ms(10_000)
        assert world.radio.advertising == (False, _DATA, _RESPONSE)
        phones[2].disconnect()
        world.step()
        assert world.peripheral.state == ADVERTISING
        assert world.radio.advertising == (True, _DATA, _RESPONSE)
        world.phone()
        assert world.peripheral.state == FULL


def test_a_phone_that_is_dropped_is_gone_and_makes_room():
    for world in _both():
        phones = [world.phone() for _ in range(4)]
        link = world.link(phones[1])
        assert link.send(frame(60))
        phones[1].write(world.to_vehicle, b"unread")
        world.peripheral.drop(link)
        assert not link.connected and not link.send(frame(4)) and link.receive() is None
        world.peripheral.drop(link)  # once more changes nothing
        world.step(2)
        assert not phones[1].connected and [phone.connected for phone in phones].count(True) == 3
        assert world.peripheral.state == ADVERTISING
        newcomer = world.phone()
        assert world.link(newcomer) is link
        assert world.received(link) == [] and not link.sending
        assert heard(newcomer) == []


def test_advertising_goes_on_after_a_connection_that_failed():
    for world in _both():
        for _ in range(10):
            world.radio.fail_connect()
            assert world.radio.advertising is None
            world.step()
            assert world.radio.advertising == (True, _DATA, _RESPONSE)
        assert world.peripheral.connected == 0


def test_a_phone_may_connect_while_advertising_begins():
    """The event comes before gap_advertise() has returned, as it may on the ESP32."""
    world = World(eager=True)
    phones = []

    def connect(method):
        if method == "gap_advertise" and world.radio.advertising and world.radio.advertising[0] and len(phones) < 4:
            phones.append(world.radio.connect())

    world.radio.meanwhile = connect
    world.pass_ms(4_100)
    assert len(phones) == world.peripheral.connected == 4
    assert world.peripheral.state == FULL
    assert world.radio.advertising == (False, _DATA, _RESPONSE)


def test_whoever_finds_no_link_is_hung_up_on_and_may_come_again():
    """One comes and another goes between the count of free links and the order that they decide."""
    world = World(eager=True)
    phones = [world.phone() for _ in range(3)]
    calls = []

    def happen(method):
        if method != "gap_advertise":
            return
        calls.append(method)
        if len(calls) == 1:
            phones.append(world.radio.connect())
            phones[0].disconnect()
        elif len(calls) == 2:
            phones.append(world.radio.connect())

    world.radio.meanwhile = happen
    while len(calls) < 2:
        world.step()
    world.radio.meanwhile = None
    world.step(2)
    assert [phone.connected for phone in phones] == [False, True, True, True, False]
    assert world.peripheral.connected == 3 and world.peripheral.state == ADVERTISING
    again = world.phone()
    again.write(world.to_vehicle, b"mine")
    world.step()
    assert world.received(world.link(again)) == [b"mine"]


def _lose(world, event):
    """The next event of this kind is heard by nobody."""
    left = [event]

    def loses(told):
        if told in left:
            left.remove(told)
            return True
        return False

    world.radio.loses = loses


def test_whoever_came_unheard_is_hung_up_on_when_writing():
    for world in _both():
        _lose(world, 1)
        unheard = world.radio.connect()
        world.radio.poll()
        assert world.radio.advertising is None
        world.pass_ms(4_000)
        assert world.radio.advertising == (True, _DATA, _RESPONSE)
        other = world.phone()
        unheard.write(world.to_vehicle, b"x" * 40)
        other.write(world.to_vehicle, b"hello")
        world.step(2)
        assert not unheard.connected
        assert world.received(world.link(other)) == [b"hello"]
        calls = []
        world.radio.meanwhile = calls.append
        world.step(10)
        assert "active" in calls and "gap_disconnect" not in calls


def test_whoever_follows_under_the_number_of_one_who_came_unheard_stays():
    world = World()
    _lose(world, 1)
    unheard = world.radio.connect()
    world.radio.poll()
    world.pass_ms(4_100)
    unheard.write(world.to_vehicle, b"x")
    unheard.disconnect()
    world.radio.poll()  # the driver is not polled in between
    follower = world.radio.connect()
    assert follower.link == unheard.link
    world.radio.poll()
    world.step(3)
    assert follower.connected and world.link(follower).serial


def test_a_radio_that_refuses_connections_shows_itself_and_is_restarted():
    """Four phones of which nobody was told: the radio has no room, though no link is in use."""
    for world in _both():
        phones = []
        for _ in range(4):
            _lose(world, 1)
            phones.append(world.radio.connect())
            world.pass_ms(4_000)
        assert world.peripheral.connected == 0
        assert world.radio.advertising == (False, _DATA, _RESPONSE)
        assert world.peripheral.state == FULL
        world.pass_ms(3_500)
        assert world.radio.advertising == (True, _DATA, _RESPONSE)
        assert world.peripheral.state == ADVERTISING
        assert not any([phone.connected for phone in phones])


def test_a_radio_that_refuses_connections_is_not_restarted_under_a_phone():
    for world in _both():
        phone = world.phone()
        for _ in range(3):
            _lose(world, 1)
            world.radio.connect()
            world.pass_ms(4_000)
        world.pass_ms(60_000)
        assert phone.connected and world.peripheral.state == FULL
        assert world.radio.advertising == (False, _DATA, _RESPONSE)
        phone.disconnect()
        world.step(2)
        assert world.radio.advertising == (True, _DATA, _RESPONSE)


def test_an_end_that_nobody_is_told_of_frees_its_link_when_dropped():
    for world in _both():
        phones = [world.phone() for _ in range(4)]
        links = [world.link(phone) for phone in phones]
        _lose(world, 2)
        phones[0].disconnect()
        world.step(2)
        assert links[0].connected
        world.peripheral.drop(links[0])
        world.step(2)
        assert world.peripheral.state == ADVERTISING and world.peripheral.connected == 3
        _lose(world, 2)
        world.peripheral.drop(links[1])
        world.pass_ms(4_500)
        assert world.peripheral.connected == 2
        for _ in range(2):
            world.phone()
        assert world.peripheral.state == FULL


def test_the_number_of_an_end_that_nobody_was_told_of_belongs_to_the_next_phone():
    for world in _both():
        first = world.phone()
        link, number = world.link(first), first.link
        serial = link.serial
        _lose(world, 2)
        first.disconnect()
        world.step(2)
        assert link.connected
        second = world.radio.connect()
        assert second.link == number
        second.write(world.to_vehicle, b"second")
        world.step(2)
        assert world.peripheral.connected == 1
        assert world.link(second).serial != serial
        assert world.received(world.link(second)) == [b"second"]


def test_a_link_that_was_dropped_waits_for_the_radio_to_let_go():
    world = World()
    phone = world.phone()
    link = world.link(phone)
    world.peripheral.drop(link)
    for _ in range(100):
        world.time.advance(50)
        world.peripheral.poll()  # and nobody delivers the event
        assert not link.connected and not link.free
    world.step()
    assert link.free


# What phones write


def test_chunks_keep_their_boundaries_and_the_pauses_between_them():
    for world in _both():
        phone = world.phone()
        link = world.link(phone)
        for data, pause_ms in ((b"one", 0), (b"two", 20), (b"three", 1_500), (b"four", 70_000)):
            world.pass_ms(pause_ms)
            phone.write(world.to_vehicle, data)
            world.radio.poll()
        assert _timed(link) == [(b"one", 0), (b"two", 20), (b"three", 1_500), (b"four", 65_535)]
        phone.disconnect()
        world.pass_ms(500)
        again = world.phone()
        assert world.link(again) is link
        again.write(world.to_vehicle, b"first")
        world.radio.poll()
        assert _timed(link) == [(b"first", 0)]


def test_days_between_two_chunks_are_a_pause():
    """Longer than half the circle of the ticks, so that their difference is negative."""
    world = World()
    phone = world.phone()
    phone.write(world.to_vehicle, b"one")
    world.step()
    world.time.advance(7 * 24 * 3_600_000)
    phone.write(world.to_vehicle, b"two")
    world.step()
    assert _timed(world.link(phone)) == [(b"one", 0), (b"two", 65_535)]


def _timed(link):
    """Chunks and the pauses before them."""
    told = []
    while True:
        chunk = link.receive()
        if chunk is None:
            return told
        told.append((bytes(chunk), link.idle_ms))


def test_a_chunk_stays_as_it_is_until_the_next_one_is_read():
    for world in _both():
        phone = world.phone()
        link = world.link(phone)
        phone.write(world.to_vehicle, b"A" * 200)
        world.step()
        chunk = link.receive()
        for _ in range(40):
            phone.write(world.to_vehicle, b"B" * 50)
            world.step()
        assert bytes(chunk) == b"A" * 200
        assert link.overrun


def test_four_phones_write_in_small_pieces_at_once():
    """As ESPHome does: 18 bytes at a time, without waiting for a response."""
    for world in _both():
        phones = [world.phone() for _ in range(4)]
        sent = [frame(183, 40 * n) for n in range(4)]
        for offset in range(0, 183, 18):
            for phone, data in zip(phones, sent):
                phone.write(world.to_vehicle, data[offset : offset + 18])
        world.step(4)  # sixteen events in each
        for phone, data in zip(phones, sent):
            link = world.link(phone)
            chunks = world.received(link)
            assert [len(chunk) for chunk in chunks] == [18] * 10 + [3]
            assert b"".join(chunks) == data and not link.overrun


def test_a_long_write_comes_in_one_piece():
    for world in _both():
        phone = world.phone(mtu=256)
        link = world.link(phone)
        for size in (1, 20, 21, 252, 253, 254, 261, 510, 511, 512):
            data = bytes([n * 7 & 0xFF for n in range(size)])
            phone.write(world.to_vehicle, data)
            world.step()
            assert world.received(link) == [data]
        assert not link.overrun


def test_what_has_no_room_breaks_the_stream_of_one_phone_only():
    for world in _both():
        greedy, modest = world.phone(), world.phone()
        link, other = world.link(greedy), world.link(modest)
        greedy.write(world.to_vehicle, b"1" * 512)
        greedy.write(world.to_vehicle, b"2" * 512)
        greedy.write(world.to_vehicle, b"3")
        modest.write(world.to_vehicle, b"as ever")
        world.step()
        assert link.overrun and not other.overrun
        assert world.received(other) == [b"as ever"]
        assert world.received(link) == [b"1" * 512]
        greedy.write(world.to_vehicle, b"4")
        world.step()
        assert world.received(link) == [] and link.overrun
        world.peripheral.drop(link)
        world.step(2)
        again = world.phone()
        again.write(world.to_vehicle, b"anew")
        world.step()
        assert not world.link(again).overrun
        assert world.received(world.link(again)) == [b"anew"]


def test_a_handler_without_memory_breaks_the_stream_and_goes_on():
    for world in _both():
        phone, other = world.phone(), world.phone()
        world.radio.short_of_memory = True
        phone.write(world.to_vehicle, b"lost")
        world.step()
        world.radio.short_of_memory = False
        other.write(world.to_vehicle, b"kept")
        world.step()
        assert world.link(phone).overrun
        assert world.received(world.link(phone)) == []
        assert world.received(world.link(other)) == [b"kept"]


def test_writes_of_nothing_are_nothing():
    world = World()
    phone = world.phone()
    for _ in range(300):
        phone.write(world.to_vehicle, b"")
        world.step()
        assert phone.answers.pop() == (0, b"")
    assert world.received(world.link(phone)) == [] and not world.link(phone).overrun


# What phones are sent


def test_a_frame_goes_out_in_chunks_of_the_mtu():
    for world in _both():
        for mtu, most in ((23, 20), (100, 97), (256, 253)):
            phone = world.phone(mtu=mtu)
            data = frame(400)
            assert world.link(phone).send(data)
            assert world.link(phone).sending
            world.step(25)
            chunks = heard(phone)
            assert [len(chunk) for chunk in chunks[:-1]] == [most] * (len(chunks) - 1)
            assert b"".join(chunks) == data
            assert not world.link(phone).sending
            phone.disconnect()
            world.step()


def test_what_is_queued_goes_out_as_one_stream():
    for world in _both():
        phone = world.phone(mtu=256)
        frames = [frame(size, size) for size in (175, 30, 2, 253, 254, 3)]
        for data in frames:
            assert world.link(phone).send(data)
        world.step(20)
        stream = b"".join(frames)
        assert heard(phone) == [stream[at : at + 253] for at in range(0, len(stream), 253)]


def test_two_replies_that_fit_arrive_together_also_where_the_ring_ends():
    for world in _both():
        phone = world.phone(mtu=256)
        for first in range(12):
            replies = [frame(101, first), frame(94, first)]
            for data in replies:
                assert world.link(phone).send(data)
            world.step(2)
            assert heard(phone) == [b"".join(replies)]


def test_the_mtu_of_the_moment_counts():
    for world in _both():
        phone = world.phone(confirms=False)
        data = frame(183)
        assert world.link(phone).send(data)
        world.step()
        phone.exchange_mtu(517)
        phone.confirm()
        world.step(2)
        assert heard(phone) == [data[:20], data[20:]]


def test_the_next_chunk_waits_until_the_last_one_is_confirmed():
    for world in _both():
        phone = world.phone(confirms=False)
        link = world.link(phone)
        data = frame(50)
        assert link.unconfirmed_ms(world.time.ticks_ms()) == 0
        assert link.send(data)
        world.step()
        world.pass_ms(3_000)
        assert heard(phone) == [data[:20]]
        assert link.unconfirmed_ms(world.time.ticks_ms()) == 3_000
        phone.confirm()
        world.step(2)
        assert heard(phone) == [data[20:40]]
        assert link.unconfirmed_ms(world.time.ticks_ms()) <= 10
        world.pass_ms(1_000)
        assert 1_000 <= link.unconfirmed_ms(world.time.ticks_ms()) <= 1_010
        phone.confirm()
        world.step(2)
        phone.confirm()
        world.step(2)
        assert heard(phone) == [data[40:]]
        assert not link.sending and link.unconfirmed_ms(world.time.ticks_ms()) == 0


def test_a_phone_that_does_not_confirm_holds_up_nobody_else():
    for world in _both():
        silent, other = world.phone(confirms=False), world.phone()
        assert world.link(silent).send(frame(50)) and world.link(other).send(frame(50))
        world.step(5)
        assert len(heard(silent)) == 1
        assert b"".join(heard(other)) == frame(50)


def test_an_indication_that_failed_ends_the_connection():
    for world in _both():
        phone = world.phone(confirms=False)
        assert world.link(phone).send(frame(50))
        world.step()
        phone.refuse(13)
        world.step(3)
        assert not phone.connected and world.peripheral.connected == 0
        assert world.radio.advertising == (True, _DATA, _RESPONSE)


def test_an_indication_without_a_buffer_is_tried_again():
    for world in _both():
        phone = world.phone()
        link = world.link(phone)
        world.radio.congested = True
        assert link.send(frame(30))
        world.step()
        world.pass_ms(500)
        assert link.connected and link.sending and heard(phone) == []
        assert link.unconfirmed_ms(world.time.ticks_ms()) == 500
        world.radio.congested = False
        world.step(4)
        assert b"".join(heard(phone)) == frame(30) and not link.sending


def test_what_is_queued_is_a_copy_of_a_whole_frame():
    world = World()
    phone = world.phone(mtu=256)
    link = world.link(phone)
    data = bytearray(frame(100))
    assert link.send(memoryview(data))
    data[:] = bytes(100)
    for wrong in (b"", b"\x00", b"\x00\x01", b"\x00\x01ab"):
        assert not link.send(wrong)
    world.step(3)
    assert heard(phone) == [frame(100)]


def test_a_queue_that_is_full_takes_nothing_and_goes_on():
    for world in _both():
        phone = world.phone(mtu=256)
        link = world.link(phone)
        sent = b""
        for turn in range(60):
            data = frame(150 + turn, turn)
            while not link.send(data):
                assert link.sending
                world.step()
                got = b"".join(heard(phone))
                assert sent.startswith(got)
                sent = sent[len(got) :]
            sent += data
        world.step(30)
        assert b"".join(heard(phone)) == sent
        assert not link.send(bytes(769)) and link.send(frame(768))


def test_what_was_queued_ends_with_its_connection():
    for world in _both():
        phone = world.phone()
        assert world.link(phone).send(frame(183))
        world.step(2)
        phone.disconnect()
        world.step()
        again = world.phone()
        world.step(5)
        assert heard(again) == [] and not world.link(again).sending


# A radio that fails


def test_a_radio_that_cannot_be_switched_on_is_tried_again():
    for eager in (False, True):
        world = World(eager, start=False)
        world.radio.out_of_order = True
        world.pass_ms(100_000)
        assert world.peripheral.state == FAULT and world.peripheral.connected == 0
        world.radio.out_of_order = False
        world.pass_ms(31_000)
        assert world.peripheral.state == ADVERTISING
        assert world.radio.advertising == (True, _DATA, _RESPONSE)


def test_a_radio_that_is_warmed_up_says_nothing_until_it_is_started():
    for broken in (False, True):
        time, radio = VirtualTime(), Radio()
        peripheral = Peripheral(radio, time)
        radio.out_of_order = broken
        peripheral.warm_up()
        for _ in range(1_000):
            time.advance(5)
            radio.poll()
            peripheral.poll()
        assert radio.BLE().active() is not broken
        assert peripheral.state == OFF and radio.advertising is None
        radio.out_of_order = False
        peripheral.start(NAME, GAP_NAME)
        peripheral.poll()
        peripheral.poll()
        assert peripheral.state == ADVERTISING and radio.advertising == (True, _DATA, _RESPONSE)


def test_a_dead_radio_is_left_alone_for_longer_each_time():
    world = World()
    tried = []
    switch_on = world.radio.switch_on
    world.pass_ms(30_000)

    def count():
        tried.append(world.time.elapsed_ms)
        return switch_on()

    world.radio.BLE()._open_air = count
    died = world.time.elapsed_ms
    world.radio.break_down()
    world.radio.out_of_order = True
    world.pass_ms(130_000)
    pauses = [after - before for before, after in zip([died] + tried, tried)]
    assert [round(pause / 1_000) for pause in pauses] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_radio_that_was_steady_is_back_soon():
    world = World()
    offs = []
    for steady_ms in (30_000, 1_000, 1_000, 20_000, 120_000):
        world.pass_ms(steady_ms)
        world.radio.break_down()
        world.step()
        began = world.time.elapsed_ms
        while world.radio.advertising is None:
            world.step()
        offs.append(round((world.time.elapsed_ms - began) / 1_000))
    assert offs == [1, 2, 4, 8, 1]


def test_a_radio_that_died_comes_back_with_nobody_connected():
    for world in _both():
        phones = [world.phone() for _ in range(3)]
        link = world.link(phones[0])
        serial = link.serial
        assert link.send(frame(100))
        world.radio.break_down()
        world.step()
        assert world.peripheral.state == FAULT and world.peripheral.connected == 0
        world.pass_ms(2_500)
        assert world.peripheral.state == ADVERTISING
        again = world.phone()
        again.write(world.to_vehicle, b"hello")
        world.step(3)
        assert world.link(again).serial > serial
        assert world.received(world.link(again)) == [b"hello"] and heard(again) == []
