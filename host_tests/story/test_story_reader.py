"""A reader that fails under the whole application: the vehicle goes on, says so, and the next tap works.

After a fault is over a tap is decided within 3 s; while it lasts the vehicle's own loop is never held up for more than
20 ms. A faulty or hostile reader can refuse to work, and cannot open.
"""

from fakes.bench import Bench, SlowArithmetic, codes
from fakes.bench_cards import key_card
from fakes.scale import LONG
from pn532_model import FAULTS

_PATIENCE_MS = 3_000
_LONGEST_TURN_MS = 20
# Taps go on meanwhile (a damaged answer is asked for again), or the card is to blame and not the reader.
_HARMLESS = ("bad_checksum", "garbage_before", "garbage_after", "slow", "status")
_STATUS_CRC = 0x02


def _bench(reset_wired=True):
    bench = Bench(reset_wired=reset_wired)
    return bench, bench.enrol(key_card(1), codes.OWNER)


async def _decided(bench, card, within_ms):
    """A tap, until the vehicle has been asked and has accepted."""
    bench.forget()
    bench.model.put(card)
    await _accepted(bench, within_ms)
    bench.model.take_away(card)
    await bench.pass_ms(900)


async def _accepted(bench, within_ms):
    began = bench.time.elapsed_ms
    while not [verdict for verdict in bench.verdicts() if codes.is_accepted(verdict)]:
        assert bench.time.elapsed_ms - began <= within_ms, (bench.rows(), bench.status()["reader"])
        await bench.pass_ms(20)


def test_after_every_lasting_fault_a_tap_works_within_three_seconds_and_the_fault_is_reported():
    for reset_wired in (True, False):
        for fault in FAULTS if reset_wired or LONG else ("hang", "no_ack", "no_answer"):
            bench, owner = _bench(reset_wired)

            async def story(bench=bench, owner=owner, fault=fault, reset_wired=reset_wired):
                await _decided(bench, owner, _PATIENCE_MS)
                for lasting_ms in (150, 1_000, 4_000):
                    bench.model.fault(fault, -1, _STATUS_CRC)
                    await bench.pass_ms(lasting_ms)
                    if lasting_ms == 4_000 and fault not in _HARMLESS:
                        cured = fault == "hang" and reset_wired
                        assert bench.status()["reader"] == ("ready" if cured else "fault"), (fault, reset_wired)
                    bench.model.clear_faults()
                    await _decided(bench, owner, _PATIENCE_MS)
                    assert bench.status()["reader"] == "ready"
                assert bench.chip.longest_turn_ms <= _LONGEST_TURN_MS

            with SlowArithmetic(bench.time, 1):
                bench.run(story())


def test_the_light_blinks_amber_while_the_reader_is_at_fault():
    bench, owner = _bench(reset_wired=False)

    async def story():
        bench.model.fault("dead", -1)
        await bench.pass_ms(4_000)
        bench.forget()
        await bench.pass_ms(10_000)
        assert bench.blinks()[0] == 3
        assert 4 <= bench.blinks()[1] <= 6
        bench.model.clear_faults()
        await _decided(bench, owner, _PATIENCE_MS)
        bench.forget()
        await bench.pass_ms(10_000)
        assert bench.blinks() == (0, 0)

    bench.run(story())


def test_a_hang_is_cured_by_the_reset_pin_while_the_card_waits():
    bench, owner = _bench()

    async def story():
        for after_ms in (0, 60, 130, 270):
            await bench.pass_ms(2_000 + after_ms)
            bench.model.fault("hang", -1)
            await _decided(bench, owner, _PATIENCE_MS)

    bench.run(story())


def test_one_fault_at_any_command_of_a_tap_costs_time_and_no_tap():
    commands = range(1, 21 if LONG else 10, 1 if LONG else 2)
    for fault in FAULTS:
        if fault == "dead":
            continue  # lasts by its nature
        bench, owner = _bench()

        async def story(bench=bench, owner=owner, fault=fault):
            for number in commands:
                start = sum(bench.model.commands.values())
                bench.forget()
                bench.model.put(owner)
                while sum(bench.model.commands.values()) < start + number:
                    await bench.pass_ms(2)
                bench.model.fault(fault, 1, _STATUS_CRC)
                await _accepted(bench, _PATIENCE_MS)
                bench.model.clear_faults()
                bench.model.take_away(owner)
                await bench.pass_ms(900 if number % 8 else 20_000)  # the motor may run ten times in 20 s

        bench.run(story())


def test_a_cable_pulled_out_is_reported_and_forgiven():
    bench, owner = _bench(reset_wired=False)

    async def story():
        bench.ports[0].cut = True
        await bench.pass_ms(4_000)
        assert bench.status()["reader"] == "fault"
        bench.forget()
        assert (await bench.press(300)) == [codes.ACCEPTED]  # the rest of the vehicle does not mind
        bench.ports[0].cut = False
        await _decided(bench, owner, _PATIENCE_MS)

    bench.run(story())


def test_a_reader_that_fails_leaves_the_other_one_working():
    bench = Bench(places=(1, 2))
    owner = bench.enrol(key_card(1), codes.OWNER)

    async def story():
        bench.models[1].fault("dead", -1)
        await bench.pass_ms(4_000)
        assert await bench.tap(owner) == [codes.ACCEPTED]  # the door's reader moves the bolt and permits no driving
        assert bench.pulses() == ["unlock"]
        bench.models[1].clear_faults()
        await bench.pass_ms(2_000)
        bench.forget()
        bench.models[1].put(owner)
        await bench.pass_ms(700)
        assert [row["action"] for row in bench.rows()] == ["authorise drive"]

    bench.run(story())


class Liar:
    """A reader that confirms every command and answers with a sound frame full of whatever it likes."""

    def __init__(self, seed):
        self._state = seed
        self._out = b""

    def _random(self, below):
        self._state = (self._state * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        return (self._state >> 8) % below

    def write(self, data):
        data = bytes(data)
        at = data.find(b"\x00\xff")
        if at >= 0 and len(data) > at + 5:
            body = bytes([0xD5, (data[at + 5] + 1) & 0xFF]) + self._body(data[at + 5])
            head = bytes([len(body), -len(body) & 0xFF])
            self._out += b"\x00\x00\xff\x00\xff\x00\x00\x00\xff" + head + body + bytes([-sum(body) & 0xFF, 0])
        return len(data)

    def _body(self, command):
        noise = bytes([self._random(256) for _ in range(self._random(90))])
        if command == 0x4A and self._random(3):
            return b"\x01\x01\x00\x48\x20\x04" + bytes([self._random(256) for _ in range(4)])
        if command == 0x40 and self._random(4):
            status = b"\x90\x00" if self._random(2) else b"\x69\x85"
            return b"\x00" + (b"\x04" + noise + bytes(64))[: self._random(2) * 65] + status
        return noise

    def any(self):
        return len(self._out)

    def readinto(self, buffer):
        count = min(len(buffer), len(self._out))
        buffer[:count] = self._out[:count]
        self._out = self._out[count:]
        return count


def test_a_reader_that_lies_opens_nothing_and_holds_up_nobody():
    for seed in range(10 if LONG else 2):
        bench = Bench()
        bench.enrol(key_card(1), codes.OWNER)
        bench.replace_port(Liar(seed + 1))

        async def story(bench=bench):
            await bench.pass_ms(60_000 if LONG else 20_000)
            assert bench.bolt.pulses == []
            assert not [row for row in bench.rows() if row["accepted"]]
            assert bench.chip.longest_turn_ms <= _LONGEST_TURN_MS
            await bench.press(300)
            assert [name for _, name in bench.bolt.pulses] == ["unlock"]  # the button still works

        bench.run(story())
