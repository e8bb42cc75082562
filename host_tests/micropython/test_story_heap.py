"""The whole application and its heap: what is left after boot, and that taps take nothing of it for good."""

import gc

from fakes.bench import Bench, codes
from fakes.bench_cards import key_card
from fakes.scale import LONG


def test_a_hundred_taps_leave_the_heap_as_it_was():
    taps = 300 if LONG else 100
    bench = Bench()
    owner = bench.enrol(key_card(1), codes.OWNER)
    driver = bench.enrol(key_card(2, gauss=True), codes.DRIVER)
    free = []

    def measure():
        bench.forget()
        bench.bolt.pulses.clear()
        gc.collect()
        free.append(gc.mem_free())

    async def story():
        measure()
        for number in range(taps):
            card = (owner, driver)[number & 1]
            assert codes.ACCEPTED in await bench.tap(card, 500, 600)
            if number % 9 == 8:
                await bench.pass_ms(15_000)  # the motor may run ten times in 20 s
                measure()

    bench.run(story(), taps * 4_000)
    print("heap free: %d after boot, %d after %d taps" % (free[0], free[-1], taps))
    assert free[-1] >= min(free[1:4]) - 512, free
