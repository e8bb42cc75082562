"""Pulses of the ESP32's remote-control unit: they end by themselves, can be cut, and never make it panic."""

from fakes import esp32_world
from fakes.virtual_time import VirtualTime
from latchkey.chip.esp32 import pulses
from latchkey.drivers.actuator import LockMotor

try:
    from micropython import heap_lock, heap_unlock
except ImportError:  # CPython

    def heap_lock():
        pass

    heap_unlock = heap_lock


class _Clock(VirtualTime):
    """on_sleep: called before each ms that is slept."""

    on_sleep = None

    def sleep_ms(self, ms):
        if self.on_sleep is not None:
            self.on_sleep()
        self.advance(ms)


def _pulses(*pins):
    time = _Clock()
    world = esp32_world.fresh(time)
    pulses.time = time
    return time, world, [pulses.Pulse(n, pin, 500) for n, pin in enumerate(pins)]


def _high_ms(time, world, pin, for_ms):
    """How many of the next ms the pin is high, and when it was so last."""
    high = last = 0
    for ms in range(for_ms):
        if world.pad(pin):
            high, last = high + 1, ms
        time.advance(1)
    return high, last


def test_a_pulse_is_as_long_as_asked_and_nobody_ends_it():
    for ms in (1, 20, 104, 105, 300, 500, 999, 1_000):
        time, world, (pulse,) = _pulses(26)
        assert world.pad(26) == 0
        pulse.pulse(ms)
        high, last = _high_ms(time, world, 26, 1_500)
        assert (high, last) == (ms, ms - 1), (ms, high, last)  # no gap in it, none after it


def test_no_duration_is_longer_than_its_15_bits_and_all_of_them_fit_into_one_channel():
    for ms in range(1, 1_001):
        _, _, (pulse,) = _pulses(26)
        pulse._prepare(ms)
        assert len(pulse._durations) == len(pulse._highs) <= 10
        assert sum(pulse._durations) == ms * 80_000 // 255
        assert min(pulse._durations) >= 1 and max(pulse._durations) <= 32_767


def test_the_usual_pulse_is_begun_without_the_heap():
    _, _, (pulse,) = _pulses(26)
    asked = [None, None]

    class Rmt:
        def write_pulses(self, durations, highs):
            asked[0], asked[1] = durations, highs

    pulse._rmt = Rmt()
    heap_lock()
    try:
        pulse.pulse(500)
    finally:
        heap_unlock()
    assert (len(asked[0]), asked[1]) == (5, (True,) * 5)


def test_stop_ends_a_pulse_at_once_and_stop_at_rest_does_nothing():
    time, world, (pulse,) = _pulses(26)
    pulse.stop()
    assert world.owners[26] is pulse._rmt
    pulse.pulse(500)
    time.advance(100)
    assert world.pad(26) == 1
    pulse.stop()
    assert _high_ms(time, world, 26, 1_000) == (0, 0)


def test_after_a_cut_the_next_pulse_is_whole_and_begins_when_the_rmt_has_run_out():
    for again_after_ms, waits_ms in ((0, 400), (300, 100), (399, 1), (400, 0), (5_000, 0)):
        time, world, (pulse,) = _pulses(26)
        pulse.pulse(500)
        time.advance(100)
        pulse.stop()
        time.advance(again_after_ms)
        before = time.elapsed_ms
        pulse.pulse(300)
        assert abs(time.elapsed_ms - before - waits_ms) <= 1, (again_after_ms, time.elapsed_ms - before)
        assert _high_ms(time, world, 26, 1_000) == (300, 299)


def test_an_rmt_that_never_ends_leaves_the_output_off():
    time, world, (pulse,) = _pulses(26)
    pulse.pulse(500)
    pulse.stop()
    pulse._rmt._parts = ((32_767, True),) * 1_000
    pulse.pulse(500)
    assert world.pad(26) == 0
    assert _high_ms(time, world, 26, 2_000) == (0, 0)


def test_the_motor_reverses_and_both_directions_are_never_high():
    """Every pair of reversals, however close: the driver and these pulses together keep the dead time."""
    for first_ms in (1, 5, 100, 250, 499):
        for second_ms in (1, 5, 100, 250, 499, 700):
            time, world, (lock, unlock) = _pulses(26, 27)
            motor = LockMotor(lock, unlock, 500, time)
            judge = _Judge(world)
            time.on_sleep = judge.look
            plan = [(0, motor.lock), (first_ms, motor.halt), (first_ms + 201, motor.unlock)]
            plan += [(first_ms + 201 + second_ms, motor.halt), (first_ms + 402 + second_ms, motor.lock)]
            for due, act in plan:
                while time.elapsed_ms < due:
                    judge.look()
                    time.advance(1)
                act()
            for _ in range(1_500):
                judge.look()
                time.advance(1)
            assert judge.quiet >= 600


class _Judge:
    """Never both ways; 200 ms between one way and the other; none longer than it was asked for."""

    def __init__(self, world):
        self.quiet = 1_000
        self._world = world
        self._way = 0
        self._length = 0

    def look(self):
        lock, unlock = self._world.pad(26), self._world.pad(27)
        assert not (lock and unlock)
        here = 1 if lock else 2 if unlock else 0
        if not here:
            self.quiet += 1
            self._length = 0
            return
        assert here == self._way or self.quiet >= 199, self.quiet
        self._way, self.quiet, self._length = here, 0, self._length + 1
        assert self._length <= 500
