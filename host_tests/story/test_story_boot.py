"""What a reset does, and does not do: nothing moves by itself, and the list of keys is what flash holds of it."""

from fakes.bench import Bench, Time, codes
from fakes.bench_cards import key_card


def test_nothing_moves_and_nothing_is_decided_at_boot():
    for ticks_at_reset in (0, 1, 700):  # the ESP32 counts from zero, which is no time at which anything happened
        bench = Bench(time=Time(ticks_at_reset))
        bench.enrol(key_card(1), codes.OWNER)

        async def story(bench=bench):
            await bench.pass_ms(5_000)
            assert bench.rows() == []
            assert bench.bolt.pulses == []

        bench.run(story())
