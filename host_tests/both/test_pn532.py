"""The commands that a PN532 is given, byte by byte, and what is made of its answers."""

from fakes.scripted import scripted
from fakes.virtual_time import VirtualTime
from latchkey.drivers import pn532_error
from latchkey.drivers.pn532 import Pn532
from latchkey.drivers.pn532_error import CardError, Pn532Error
from latchkey.drivers.pn532_listing import Card

_ACK = bytes.fromhex("0000ff00ff00")
_WAKE = b"\x55\x55" + bytes(14)
_IPHONE = "4b01010004200408d698330578807002"


def _frame(text, tfi):
    body = bytes([tfi]) + bytes.fromhex(text)
    size = len(body)
    if size > 255:
        head = bytes([0xFF, 0xFF, size >> 8, size & 0xFF, -(size >> 8) - size & 0xFF])
    else:
        head = bytes([size, -size & 0xFF])
    return b"\x00\x00\xff" + head + body + bytes([-sum(body) & 0xFF, 0])


class _Chip:
    """A Pn532 with a script for a chip."""

    def __init__(self):
        self.time = VirtualTime()
        self.port, transport = scripted(self.time)
        self.chip = Pn532(transport, self.time)

    def script(self, *turns):
        """Each turn: (command, answer), both in hex from their code on; answer "7f" is the error frame."""
        for command, answer in turns:
            self.port.expect(_frame(command, 0xD4), (1, _ACK), (3, self._answer(answer)))
        return self

    def _answer(self, answer):
        return bytes.fromhex("0000ff01ff7f8100") if answer == "7f" else _frame(answer, 0xD5)

    def run(self, coroutine):
        """The coroutine's result, ("card", status) or ("reader", code); the script must be used up."""
        try:
            result = self.time.run(coroutine, 20_000)
        except CardError as error:
            result = ("card", error.status)
        except Pn532Error as error:
            result = ("reader", error.code)
        assert self.port.done()
        return result


_START = (
    ("1401" + "1401", "15"),
    ("02", "0332010607"),
    ("1214", "13"),
    ("3202000b0a", "33"),
    ("3205ff0102", "33"),
    ("320100", "33"),
)


def _started(turns=_START, wake=_WAKE):
    chip = _Chip()
    chip.port.expect(wake)
    return chip.script(*turns)


def test_start_wakes_sets_up_and_leaves_the_field_off():
    chip = _started()
    assert chip.run(chip.chip.start()) is None
    assert chip.chip.firmware == bytes.fromhex("32010607")
    assert chip.port.written.startswith(_WAKE + _frame("14011401", 0xD4))


def test_start_takes_any_revision():
    for version in ("0332010407", "0333020407", "0307010003", "03", "033201060700"):
        chip = _started(_START[:1] + (("02", version),) + _START[2:])
        assert chip.run(chip.chip.start()) is None
        assert chip.chip.firmware == bytes.fromhex(version[2:])


def test_start_does_without_the_commands_that_repeat_defaults():
    chip = _started(_START[:2] + (("1214", "7f"), ("3202000b0a", "7f")) + _START[4:])
    assert chip.run(chip.chip.start()) is None


def test_start_does_not_do_without_the_limit_of_retries():
    chip = _started(_START[:4] + (("3205ff0102", "7f"),))
    assert chip.run(chip.chip.start()) == ("reader", pn532_error.REJECTED)


def test_the_first_command_may_get_lost():
    chip = _Chip()
    chip.port.expect(_WAKE)
    chip.port.expect(_frame("14011401", 0xD4))
    chip.port.expect(_ACK)  # the abort
    chip.script(*_START)
    assert chip.run(chip.chip.start()) is None
    chip = _Chip()
    chip.port.expect(_WAKE)
    chip.port.expect(_frame("14011401", 0xD4))
    chip.port.expect(_ACK)
    chip.port.expect(_frame("14011401", 0xD4))
    assert chip.run(chip.chip.start()) == ("reader", pn532_error.NO_ACK)


def test_field():
    chip = _Chip().script(("320101", "33"))
    assert chip.run(chip.chip.field(True)) is None
    chip.script(("320100", "33"))
    assert chip.run(chip.chip.field(False)) is None


def test_list_empty_and_not():
    chip = _Chip().script(("4a0100", "4b00"))
    card = Card()
    assert chip.run(chip.chip.list(card)) is False
    chip.script(("4a0100", _IPHONE))
    assert chip.run(chip.chip.list(card)) is True
    assert card.uid.hex() == "08d69833"


def test_a_listing_ends_although_the_chip_goes_on():
    chip = _Chip()
    chip.port.expect(_frame("4a0100", 0xD4), (1, _ACK))
    assert chip.run(chip.chip.list(Card())) == ("reader", pn532_error.TIMEOUT)
    assert chip.time.elapsed_ms <= 410


def test_a_malformed_listing_is_a_reader_fault():
    chip = _Chip().script(("4a0100", "4b0101"))
    assert chip.run(chip.chip.list(Card())) == ("reader", pn532_error.BAD_ANSWER)


def test_deselect_takes_any_status_and_even_refusal():
    for answer in ("4500", "4501", "4527", "45", "7f"):
        chip = _Chip().script(("4400", answer))
        assert chip.run(chip.chip.deselect()) is None


def _exchange(chip, apdu, size=300, timeout_ms=1_000):
    """What exchange() gives: the answer in hex, or who failed how."""
    buffer = bytearray(size)
    result = chip.run(chip.chip.exchange(bytes.fromhex(apdu), buffer, timeout_ms))
    return result if isinstance(result, tuple) else buffer[:result].hex()


def test_exchange():
    chip = _Chip().script(("4001" + "00a404000a" + "7465736c614c6f676963", "41009000"))
    assert _exchange(chip, "00a404000a7465736c614c6f676963") == "9000"


def test_exchange_uses_the_number_that_the_listing_gave():
    chip = _Chip().script(("4a0100", _IPHONE.replace("4b0101", "4b0102")))
    chip.run(chip.chip.list(Card()))
    chip.script(("4002" + "8004000000", "41009000"))
    assert _exchange(chip, "8004000000") == "9000"


def test_exchange_ignores_the_nad_bit_of_the_status():
    chip = _Chip().script(("4001" + "aa", "41809000"))
    assert _exchange(chip, "aa") == "9000"


def test_exchange_at_the_borders_of_frames_and_of_chaining():
    for size in (251, 252, 253, 261, 262):
        data = "5a" * size
        chip = _Chip().script(("4001" + data, "4100" + data))
        assert _exchange(chip, data) == data


def test_exchange_chains_what_is_too_long():
    for size in (263, 524, 525, 1000):
        data = "".join(["%02x" % (at & 0xFF) for at in range(size)])
        parts = [data[at : at + 524] for at in range(0, len(data), 524)]
        chip = _Chip()
        for part in parts[:-1]:
            chip.script(("4041" + part, "4100"))
        chip.script(("4001" + parts[-1], "4100" + "9000"))
        assert _exchange(chip, data) == "9000"


def test_exchange_collects_a_chained_answer():
    part = "ab" * 262
    chip = _Chip().script(("4001" + "aa", "4140" + part), ("4001", "4140" + part), ("4001", "4100" + "9000"))
    assert _exchange(chip, "aa", 600) == part + part + "9000"
    chip = _Chip().script(("4001" + "aa", "41c0" + "11"), ("4001", "4140"), ("4001", "4180" + "22"))
    assert _exchange(chip, "aa") == "1122"


def test_exchange_refuses_what_does_not_fit_the_buffer():
    chip = _Chip().script(("4001" + "aa", "4100" + "bb" * 20))
    assert _exchange(chip, "aa", 20) == "bb" * 20
    chip = _Chip().script(("4001" + "aa", "4100" + "bb" * 21))
    assert _exchange(chip, "aa", 20) == ("card", 0x07)
    chip = _Chip().script(("4001" + "aa", "4140" + "bb" * 20), ("4001", "4100bb"))
    assert _exchange(chip, "aa", 20) == ("card", 0x07)


def test_every_status_is_an_error_of_the_card():
    for status in range(1, 64):
        for upper in (0x00, 0x40, 0x80, 0xC0):
            chip = _Chip().script(("4001" + "aa", "41%02x" % (status | upper)))
            assert _exchange(chip, "aa") == ("card", status)


def test_which_statuses_mean_that_the_card_has_left():
    gone = [status for status in range(1, 64) if CardError(status).is_gone()]
    assert gone == [0x01, 0x0A, 0x27, 0x29, 0x2B]


def test_an_error_while_chaining_ends_the_exchange():
    chip = _Chip().script(("4041" + "cc" * 262, "4101"))
    assert _exchange(chip, "cc" * 300) == ("card", 0x01)
    chip = _Chip().script(("4001" + "aa", "4140" + "bb"), ("4001", "4102"))
    assert _exchange(chip, "aa") == ("card", 0x02)


def test_an_answer_without_status_is_a_reader_fault():
    chip = _Chip().script(("4001" + "aa", "41"))
    assert _exchange(chip, "aa") == ("reader", pn532_error.BAD_ANSWER)


def test_an_error_frame_is_a_reader_fault():
    chip = _Chip().script(("4001" + "aa", "7f"))
    assert _exchange(chip, "aa") == ("reader", pn532_error.REJECTED)


def test_the_time_limit_is_for_the_whole_exchange():
    chip = _Chip()
    chip.port.expect(_frame("4001" + "aa", 0xD4), (1, _ACK), (200, _frame("4140bb", 0xD5)))
    chip.port.expect(_frame("4001", 0xD4), (1, _ACK), (200, _frame("4140bb", 0xD5)))
    chip.port.expect(_frame("4001", 0xD4), (1, _ACK))
    assert _exchange(chip, "aa", 300, 500) == ("reader", pn532_error.TIMEOUT)
    assert 500 <= chip.time.elapsed_ms <= 510
