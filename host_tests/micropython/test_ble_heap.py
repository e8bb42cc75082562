"""What Bluetooth takes from the heap: its buffers once, and after that nothing that stays.

The handler takes nothing at all beside what gatts_read() returns, and a poll() in which nothing is due takes nothing.
"""

import gc

import micropython
from fakes.peripheral_world import World, frame, heard
from fakes.virtual_time import VirtualTime
from latchkey.drivers.ble_peripheral import ADVERTISING, OFF, Peripheral


class _Still:
    """A radio whose methods take nothing from the heap; what a phone writes is always the same."""

    FLAG_READ = FLAG_WRITE = FLAG_WRITE_NO_RESPONSE = FLAG_INDICATE = 0

    def __init__(self):
        self.on = False
        self.handler = None
        self.written = bytes(18)
        self.indicated = 0

    def BLE(self):
        return self

    def UUID(self, value):
        return value

    def active(self, wanted=None):
        if wanted is not None:
            self.on = wanted
        return self.on

    def config(self, gap_name, mtu):
        assert gap_name and mtu == 256

    def irq(self, handler):
        self.handler = handler

    def gatts_register_services(self, services):
        return ((16, 18, 21),)

    def gatts_set_buffer(self, handle, length, append):
        assert (handle, length, append) == (16, 512, True)

    def gatts_write(self, handle, data):
        assert handle == 21

    def gap_advertise(self, interval_us, adv_data, resp_data, connectable):
        assert interval_us == 100_000

    def gap_disconnect(self, conn_handle):
        return True

    def gatts_read(self, handle):
        return self.written

    def gatts_indicate(self, conn_handle, handle, data):
        self.indicated += 1


def _still():
    radio, time = _Still(), VirtualTime()
    peripheral = Peripheral(radio, time)
    peripheral.start("S1a87a5a75f3df858C", "Kestrel")
    for _ in range(3):
        time.advance(5)
        peripheral.poll()
    assert peripheral.state == ADVERTISING
    return radio, time, peripheral


def test_the_handler_takes_nothing_from_the_heap():
    radio, _, peripheral = _still()
    handler = radio.handler
    address = memoryview(bytes(6))
    events = []
    for number in range(5):  # the fifth finds no link
        events.append((1, (number, 1, address)))
        events.append((21, (number, 256)))
        for _ in range(40):  # more than there is room for
            events.append((3, (number, 16)))
        events.append((4, (number, 21)))
        events.append((20, (number, 18, 0)))
    events.append((2, (0xFFFF, 0xFF, address)))
    events.append((2, (2, 1, address)))
    micropython.heap_lock()
    try:
        for event, data in events:
            handler(event, data)
    finally:
        micropython.heap_unlock()
    peripheral.poll()
    assert [link.connected for link in peripheral.links] == [True, True, False, True]
    assert all([link.overrun and link.mtu == 256 for link in peripheral.links if link.connected])
    for link in peripheral.links:
        count = 0
        while link.receive() is not None:
            count += 1
        assert count == (29 if link.connected else 0)


def test_a_poll_in_which_nothing_is_due_takes_nothing_from_the_heap():
    radio, time, peripheral = _still()
    for number in range(4):
        radio.handler(1, (number, 1, None))
    peripheral.poll()
    for link in peripheral.links:
        assert link.send(frame(40))
    peripheral.poll()
    assert radio.indicated == 4
    waited = 0
    micropython.heap_lock()
    try:
        for _ in range(100):
            time.advance(5)
            peripheral.poll()
            for link in peripheral.links:
                if link.receive() is None and link.sending:
                    waited += link.unconfirmed_ms(time.ticks_ms())
        connected = peripheral.connected
    finally:
        micropython.heap_unlock()
    assert waited > 0 and connected == 4


def _exchange(world, phones, count):
    """So many frames in each direction, over all phones."""
    for number in range(count):
        phone = phones[number % 4]
        link = world.link(phone)
        phone.write_chunks(world.to_vehicle, frame(60, number), 18)
        assert link.send(frame(175, number))
        world.step(12)
        assert b"".join(world.received(link)) == frame(60, number)
        assert b"".join(heard(phone)) == frame(175, number)
        phone.answers.clear()


def test_a_thousand_frames_leave_nothing_on_the_heap():
    world = World()
    phones = [world.phone(mtu=mtu) for mtu in (0, 64, 256, 517)]
    _exchange(world, phones, 20)
    gc.collect()
    before = gc.mem_alloc()
    _exchange(world, phones, 1_000)
    gc.collect()
    assert gc.mem_alloc() <= before


def test_coming_and_going_leaves_nothing_on_the_heap():
    world = World()
    used = []
    for turn in range(220):
        phone = world.phone(mtu=256)
        phone.write(world.to_vehicle, bytes(512))
        world.link(phone).send(frame(300))
        world.step()
        phone.disconnect()
        world.step(2)
        if turn in (19, 219):
            phone = None
            gc.collect()
            used.append(gc.mem_alloc())
    assert used[1] <= used[0]


def test_the_links_take_what_they_say():
    """Four rings of 640 bytes and four queues of 768, and not much beside them."""
    radio, time = _Still(), VirtualTime()
    gc.collect()
    before = gc.mem_alloc()
    peripheral = Peripheral(radio, time)
    gc.collect()
    taken = gc.mem_alloc() - before
    print("four links take %d bytes of a heap of 64 bits" % taken)
    assert 4 * (640 + 768) < taken < 4 * (640 + 768) + 5_000
    assert peripheral.state == OFF
