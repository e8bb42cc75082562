"""Commands, ACKs and answers as `test_pn532` and `test_pn532_dialogue` have them on a serial line, on SPI and I2C."""

import test_pn532
import test_pn532_dialogue
from fakes.scripted import usual

# What only a serial line has, or only one on which a frame can come in pieces.
_SERIAL = (
    "test_start_wakes_sets_up_and_leaves_the_field_off",
    "test_a_babbling_line_ends_in_time_and_lets_others_run",
    "test_ack_and_answer_byte_by_byte",
    "test_what_lies_there_before_the_command_does_not_matter",
)
_NOT_ON = {
    # The second command goes out in the other order of bits, and the chip is woken by a pause that idlers never end.
    "spi": ("test_the_first_command_may_get_lost", "test_other_work_lets_others_run"),
    # This chip keeps a frame until it has been read whole, and noise has no end.
    "i2c keeps": ("test_garbage_before_between_and_after",),
}


def _all_on(kind, module):
    left_out = _SERIAL + _NOT_ON[kind]
    tests = [name for name in sorted(dir(module)) if name.startswith("test_") and name not in left_out]
    assert len(tests) >= 20
    usual(kind)
    try:
        for name in tests:
            getattr(module, name)()
    finally:
        usual("uart")


def test_commands_on_spi():
    _all_on("spi", test_pn532)


def test_commands_on_i2c():
    _all_on("i2c keeps", test_pn532)


def test_dialogues_on_spi():
    _all_on("spi", test_pn532_dialogue)


def test_dialogues_on_i2c():
    _all_on("i2c keeps", test_pn532_dialogue)
