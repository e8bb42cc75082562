"""What the reader does on a serial line it does on SPI and I2C: the tests of `test_reader`, and those of its health.

Left out are the tests of health that reach into the serial line itself; `test_reader_bus_faults` has their like.
"""

import random

import test_reader
import test_reader_health
from fakes.buses import KINDS
from fakes.scale import LONG
from fakes.scripted import usual

_SERIAL = (
    "test_a_line_that_damages_every_answer_and_its_repetition",
    "test_the_slowest_way_up_the_ladder",
    "test_without_a_reader_the_card_reader_is_reported_and_no_time_is_wasted",
)
# Minutes of virtual time, or a thousand rounds: once more on a bus only in the long run.
_LENGTHY = (
    "test_a_card_that_stays_is_one_tap",
    "test_a_phone_that_stays_is_one_tap_although_its_uid_changes",
    "test_a_sticker_beneath_the_reader_hides_no_key",
    "test_an_empty_field_is_polled_at_the_pace_that_was_asked_for",
    "test_random_faults",
)


def _tests(module):
    names = [name for name in dir(module) if name.startswith("test_") and name not in _SERIAL]
    return [getattr(module, name) for name in sorted(names) if LONG or name not in _LENGTHY]


def _all_on(kind, module):
    random.seed(532)
    tests = _tests(module)
    assert len(tests) >= 8
    usual(kind)
    try:
        for test in tests:
            test()
    finally:
        usual("uart")


def test_cards_on_spi():
    _all_on("spi", test_reader)


def test_cards_on_i2c():
    _all_on("i2c", test_reader)


def test_cards_with_the_interrupt_line_and_on_other_ports():
    for kind in KINDS if LONG else ("i2c irq",):
        _all_on(kind, test_reader)


def test_health_on_spi():
    _all_on("spi irq", test_reader_health)


def test_health_on_i2c():
    _all_on("i2c", test_reader_health)


def test_health_on_ports_and_chips_of_other_habits():
    for kind in KINDS if LONG else ("spi lsb",):
        _all_on(kind, test_reader_health)
