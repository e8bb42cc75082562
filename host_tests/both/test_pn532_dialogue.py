"""One command, its ACK, its answer: every order, delay and damage in which they can arrive over a serial port."""

import asyncio

from fakes.scripted import scripted
from fakes.uart import ScriptedUart
from fakes.virtual_time import VirtualTime
from latchkey.drivers import pn532_error
from latchkey.drivers.pn532_dialogue import Dialogue
from latchkey.drivers.pn532_error import Pn532Error
from latchkey.drivers.pn532_uart import Uart

_ACK = bytes.fromhex("0000ff00ff00")
_NACK = bytes.fromhex("0000ffff0000")
_ERROR = bytes.fromhex("0000ff01ff7f8100")
_ASK = bytes.fromhex("0000ff02fed4022a00")  # GetFirmwareVersion
_ANSWER = bytes.fromhex("0000ff06fad50332010607e800")
_DAMAGED = _ANSWER[:8] + b"\x33" + _ANSWER[9:]
_VERSION = bytes.fromhex("32010607")
_FIELD_OFF = bytes.fromhex("0000ff04fcd4320100f900")
_FIELD_ANSWER = bytes.fromhex("0000ff02fed533f800")


class _Wire:
    """A dialogue with a scripted chip, in virtual time."""

    def __init__(self, takes=None):
        self.time = VirtualTime()
        if takes is None:
            self.port, transport = scripted(self.time)
        else:
            self.port = ScriptedUart(self.time, takes)
            transport = Uart(self.port)
        self.dialogue = Dialogue(transport, self.time)

    def ask(self, command=b"\x02", timeout_ms=200, meanwhile=None):
        """Returns (answer, None) or (None, error code), and checks that the whole script was used up."""

        async def question():
            self.dialogue.command[: len(command)] = command
            try:
                count = await self.dialogue.ask(len(command), timeout_ms, meanwhile)
            except Pn532Error as error:
                return None, error.code
            return bytes(self.dialogue.answer[self.dialogue.offset : self.dialogue.offset + count]), None

        result = self.time.run(question(), 5_000)
        assert self.port.done()
        return result


def test_ack_and_answer_in_one_burst():
    wire = _Wire()
    wire.port.expect(_ASK, (1, _ACK + _ANSWER))
    assert wire.ask() == (_VERSION, None)


def test_ack_and_answer_byte_by_byte():
    wire = _Wire()
    stream = _ACK + _ANSWER
    wire.port.expect(_ASK, *((5 * at, stream[at : at + 1]) for at in range(len(stream))))
    assert wire.ask() == (_VERSION, None)


def test_the_longest_delays_that_are_documented():
    wire = _Wire()
    wire.port.expect(_ASK, (15, _ACK), (15 + 190, _ANSWER))
    assert wire.ask() == (_VERSION, None)


def test_garbage_before_between_and_after():
    for garbage in (b"\x00" * 20, b"\xff\xff", b"U\x00\xff\x13", b"\xaa" * 400, b"\x00\xff\x06\xfa"):
        wire = _Wire()
        wire.port.expect(_ASK, (1, garbage), (2, _ACK), (3, garbage), (4, _ANSWER + garbage))
        assert wire.ask() == (_VERSION, None)
        wire.port.expect(_ASK, (1, _ACK + _ANSWER))
        assert wire.ask() == (_VERSION, None)


def test_what_lies_there_before_the_command_does_not_matter():
    wire = _Wire()
    wire.port.say(_ANSWER * 40 + _ACK + _ANSWER)
    wire.port.expect(_ASK, (1, _ACK + bytes.fromhex("0000ff06fad503444444441800")))
    assert wire.ask() == (b"\x44\x44\x44\x44", None)


def test_no_ack():
    wire = _Wire()
    wire.port.expect(_ASK)
    assert wire.ask() == (None, pn532_error.NO_ACK)
    assert 100 <= wire.time.elapsed_ms <= 102


def test_an_answer_without_ack_is_an_older_one():
    wire = _Wire()
    wire.port.expect(_ASK, (1, _ANSWER))
    assert wire.ask() == (None, pn532_error.NO_ACK)


def test_no_answer():
    wire = _Wire()
    wire.port.expect(_ASK, (1, _ACK))
    assert wire.ask() == (None, pn532_error.TIMEOUT)
    assert 200 <= wire.time.elapsed_ms <= 205


def test_after_a_failure_the_next_command_begins_with_an_abort():
    wire = _Wire()
    wire.port.expect(_ASK, (1, _ACK))
    wire.ask()
    wire.port.expect(_ACK)
    wire.port.expect(_ASK, (1, _ACK + _ANSWER))
    assert wire.ask() == (_VERSION, None)


def test_after_success_there_is_no_abort():
    wire = _Wire()
    for _ in range(3):
        wire.port.expect(_ASK, (1, _ACK + _ANSWER))
        assert wire.ask() == (_VERSION, None)
    assert wire.port.written == _ASK * 3


def test_the_answer_to_an_aborted_command_comes_late():
    for after_ms in (0, 4, 6, 7, 8, 12):
        wire = _Wire()
        wire.port.expect(_ASK, (1, _ACK), (205 + after_ms, _ANSWER))
        assert wire.ask() == (None, pn532_error.TIMEOUT)
        wire.port.expect(_ACK)
        wire.port.expect(_FIELD_OFF, (3, _ACK), (20, _FIELD_ANSWER))
        assert wire.ask(b"\x32\x01\x00") == (b"", None)


def test_a_late_answer_of_the_same_kind_counts_only_after_its_own_ack():
    wire = _Wire()
    wire.port.expect(_ASK, (1, _ACK), (210, _ANSWER))
    assert wire.ask() == (None, pn532_error.TIMEOUT)
    wire.port.expect(_ACK)
    wire.port.expect(_ASK, (8, _ACK + bytes.fromhex("0000ff06fad503444444441800")))
    assert wire.ask() == (b"\x44\x44\x44\x44", None)


def test_a_cancelled_command_is_aborted():
    wire = _Wire()
    wire.port.expect(_ASK, (1, _ACK), (150, _ANSWER))

    async def cancel():
        wire.dialogue.command[0] = 2
        task = asyncio.create_task(wire.dialogue.ask(1, 200))
        await asyncio.sleep_ms(50)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return True

    assert wire.time.run(cancel())
    wire.port.expect(_ACK)
    wire.port.expect(_ASK, (1, _ACK + _ANSWER))
    assert wire.ask() == (_VERSION, None)


def test_an_error_frame_refuses_with_and_without_ack():
    wire = _Wire()
    wire.port.expect(_ASK, (1, _ACK), (2, _ERROR))
    assert wire.ask() == (None, pn532_error.REJECTED)
    wire.port.expect(_ASK, (1, _ACK + _ANSWER))  # and the chip is idle again: nothing to abort
    assert wire.ask() == (_VERSION, None)
    wire.port.expect(_ASK, (1, _ERROR))
    assert wire.ask() == (None, pn532_error.REJECTED)


def test_a_damaged_answer_is_asked_for_again_once():
    wire = _Wire()
    wire.port.expect(_ASK, (1, _ACK), (2, _DAMAGED))
    wire.port.expect(_NACK, (2, _ANSWER))
    assert wire.ask() == (_VERSION, None)
    wire.port.expect(_ASK, (1, _ACK), (2, _DAMAGED))
    wire.port.expect(_NACK, (2, _DAMAGED))
    assert wire.ask() == (None, pn532_error.DAMAGED)
    wire.port.expect(_ACK)
    wire.port.expect(_ASK, (1, _ACK), (2, _DAMAGED))
    wire.port.expect(_NACK)
    assert wire.ask() == (None, pn532_error.DAMAGED)


def test_half_an_answer_is_asked_for_again_once():
    for cut in range(6, len(_ANSWER) - 1):
        wire = _Wire()
        wire.port.expect(_ASK, (1, _ACK), (2, _ANSWER[:cut]))
        wire.port.expect(_NACK, (2, _ANSWER))
        assert wire.ask() == (_VERSION, None)


def test_garbage_is_no_reason_to_disturb_the_chip_at_work():
    wire = _Wire()
    wire.port.expect(_ASK, (1, _ACK + b"\x00\xff\x13\x55"), (180, _ANSWER))
    assert wire.ask() == (_VERSION, None)
    assert wire.port.written == _ASK


def test_answers_to_other_commands_are_passed_over():
    wire = _Wire()
    wire.port.expect(_ASK, (1, _ACK), (2, _FIELD_ANSWER), (3, _ACK), (4, _ANSWER))
    assert wire.ask() == (_VERSION, None)


def test_our_own_echo_is_passed_over():
    wire = _Wire()
    wire.port.expect(_ASK, (0, _ASK), (2, _ACK + _ANSWER))
    assert wire.ask() == (_VERSION, None)


def test_a_babbling_line_ends_in_time_and_lets_others_run():
    for noise, expected in (
        (b"\xaa", pn532_error.NO_ACK),
        (_FIELD_ANSWER, pn532_error.NO_ACK),
        (_ACK, pn532_error.TIMEOUT),
        (b"\x00\xff", pn532_error.TIMEOUT),  # 00 ff 00 ff is an ACK, too
    ):
        wire = _Wire()
        wire.port.expect(_ASK, *((at, noise * 20) for at in range(320)))
        others = []

        async def bystander(others=others):
            while True:
                others.append(1)
                await asyncio.sleep_ms(1)

        async def both(wire=wire, bystander=bystander):
            task = asyncio.create_task(bystander())
            try:
                wire.dialogue.command[0] = 2
                await wire.dialogue.ask(1, 200)
            except Pn532Error as error:
                return error.code
            finally:
                task.cancel()

        code = wire.time.run(both(), 5_000)
        assert code == expected
        assert wire.time.elapsed_ms <= 310
        assert len(others) >= 90


def test_other_work_is_done_while_the_chip_works():
    wire = _Wire()
    wire.port.expect(_ASK, (3, _ACK), (60, _ANSWER))
    steps = []

    def work():
        for step in range(20):
            steps.append(step)
            wire.time.advance(1)
            yield

    assert wire.ask(meanwhile=work()) == (_VERSION, None)
    assert steps == list(range(20))
    assert wire.time.elapsed_ms <= 62


def test_other_work_lets_others_run():
    wire = _Wire()
    wire.port.expect(_ASK, (3, _ACK), (60, _ANSWER))
    order = []

    def work():
        for _ in range(20):
            order.append("work")
            wire.time.advance(1)
            yield

    async def bystander():
        while order.count("work") < 20:
            order.append("other")
            await asyncio.sleep_ms(0)

    async def both():
        task = asyncio.create_task(bystander())
        wire.dialogue.command[0] = 2
        await wire.dialogue.ask(1, 200, work())
        await task

    wire.time.run(both(), 5_000)
    assert order.count("work") == 20
    for at in range(len(order) - 1):
        assert order[at : at + 2] != ["work", "work"]


def test_other_work_that_takes_too_long_does_not_lose_the_answer():
    wire = _Wire()
    wire.port.expect(_ASK, (1, _ACK), (5, _ANSWER))

    def work():
        yield
        wire.time.advance(500)
        yield

    assert wire.ask(meanwhile=work()) == (_VERSION, None)


def test_a_port_that_takes_little_at_a_time():
    wire = _Wire(takes=3)
    wire.port.expect(_ASK, (1, _ACK + _ANSWER))
    assert wire.ask() == (_VERSION, None)


def test_a_port_that_takes_nothing():
    wire = _Wire(takes=0)
    assert wire.ask() == (None, pn532_error.BUS)
    assert wire.time.elapsed_ms <= 60


class _BrokenPort:
    def __init__(self, name):
        self._name = name

    def _fail(self, name, result):
        if name == self._name:
            raise OSError(5)
        return result

    def any(self):
        return self._fail("any", 1)

    def readinto(self, buffer):
        return self._fail("readinto", None)

    def write(self, data):
        return self._fail("write", len(data))


def test_a_broken_port_is_a_reader_fault():
    for name in ("any", "readinto", "write"):
        wire = _Wire()
        wire.dialogue = Dialogue(Uart(_BrokenPort(name)), wire.time)
        assert wire.ask() == (None, pn532_error.BUS)


def test_the_longest_command_fits_and_no_longer_one():
    wire = _Wire()
    wire.port.expect(bytes.fromhex("0000ffffff0109f6d4") + bytes(264) + b"\x2c\x00", (1, _ACK + _ERROR))
    assert wire.ask(bytes(264)) == (None, pn532_error.REJECTED)

    async def too_long():
        try:
            await wire.dialogue.ask(265, 10)
        except Pn532Error as error:
            return error.code

    assert wire.time.run(too_long()) == pn532_error.TOO_LONG
