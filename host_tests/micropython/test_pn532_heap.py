"""What the reader takes from the heap: frames nothing, an exchange the same for one byte as for 250, faults nothing."""

import asyncio
import gc

import micropython
from fakes.reader_bench import Bench
from latchkey.drivers.pn532 import Pn532
from latchkey.drivers.pn532_frame import ACK, ACK_FRAME, DATA, ERROR, HEAD, NONE, TAIL, Decoder, seal
from test_reader_health import random_faults

_GARBAGE = b"\x55\x00\xff\x13\x00\x00"


def _answer(data):
    buffer = bytearray(HEAD + 2 + len(data) + TAIL)
    buffer[HEAD : HEAD + 2] = b"\xd5\x41"
    buffer[HEAD + 2 : HEAD + 2 + len(data)] = data
    return bytes(buffer[seal(buffer, 2 + len(data)) :])


def test_frames_are_made_and_found_without_heap():
    buffer = bytearray(HEAD + 265 + TAIL)
    decoder = Decoder()
    stream = (
        _GARBAGE + ACK_FRAME + _GARBAGE + _answer(bytes(240)) + bytes.fromhex("0000ff01ff7f8100") + b"\x00\xff\xc8\x38"
    )
    decoder.feed(stream)
    kinds = [0, 0, 0, 0]
    micropython.heap_lock()
    try:
        short = seal(buffer, 20)
        long = seal(buffer, 265)
        for at in range(4):
            kinds[at] = decoder.next()
        decoder.give_up()
        after = decoder.next()
        decoder.clear()
        decoder.filled(0)
    finally:
        micropython.heap_unlock()
    assert (short, long) == (3, 0)
    assert kinds == [ACK, DATA, ERROR, NONE]
    assert after == NONE
    assert decoder.length == 241


class _Loopback:
    """A transport that has the ACK and the answer ready at once, in buffers made beforehand."""

    def __init__(self, answer):
        self._answer = memoryview(ACK_FRAME + answer)
        self._ready = False

    async def wake(self):
        pass

    async def send(self, frame):
        self._ready = True

    def receive(self, decoder):
        if not self._ready:
            return 0
        self._ready = False
        return decoder.feed(self._answer)


def _heap_of_exchange(size):
    """Bytes that one exchange of an APDU and an answer of `size` bytes each takes from the heap."""
    chip = Pn532(_Loopback(_answer(bytes(1 + size))))
    apdu = bytearray(size)
    answer = bytearray(size)
    taken = []

    async def exchange():
        await chip.exchange(apdu, answer, 1_000)  # what is made only once is made now
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        count = await chip.exchange(apdu, answer, 1_000)
        after = gc.mem_alloc()
        gc.enable()
        assert count == size
        taken.append(after - before)

    asyncio.run(exchange())
    return taken[0]


def test_an_exchange_takes_no_heap_for_its_bytes():
    least = _heap_of_exchange(1)
    assert least > 0
    for size in (16, 65, 86, 250):
        assert _heap_of_exchange(size) <= least
    assert least <= 2_048


def test_faults_leave_nothing_on_the_heap():
    bench = Bench()
    bench.run(random_faults(bench, 200), 1_000_000)
    gc.collect()
    before = gc.mem_alloc()
    bench.run(random_faults(bench, 500), 1_000_000)
    gc.collect()
    assert gc.mem_alloc() - before <= 1_024
