"""A phone from its first press to its last: paired at the car, opens and locks it, is removed."""

from fakes.bench import Bench
from fakes.bench_cards import key_card
from fakes.bench_phone import LOCK, UNLOCK, BenchPhone, add_key
from latchkey.core import codes
from latchkey.protocol import vehicle_command_numbers as numbers


def _bench(**settings):
    bench = Bench(air=True, **settings)
    return bench, bench.enrol(key_card(1), codes.OWNER)


async def _open_enrolment(bench, owner):
    bench.wires["button"].level = 1
    await bench.pass_ms(100)
    assert await bench.tap(owner) == [codes.ACCEPTED]
    bench.wires["button"].level = 0
    await bench.pass_ms(100)


async def _pair(bench, owner, phone, role=codes.DRIVER):
    """Pair a phone that is connected; returns its answer."""
    await _open_enrolment(bench, owner)
    phone.write(phone.unsigned(add_key(phone.key, role)))
    await bench.pass_ms(100)
    assert bench.status()["pinned"] == phone.key_id.hex()
    assert phone.frames() == []
    await bench.tap(owner)
    await bench.pass_ms(1_500)
    return phone.outcome(phone.frames())


def test_a_phone_is_paired_opens_and_locks():
    bench, owner = _bench()

    async def story():
        phone = await BenchPhone(bench, 1).connect()
        assert await phone.handshake() == 1
        assert await _pair(bench, owner, phone) == ("keys", numbers.KEY_LIST_CHANGED)
        assert await phone.handshake() == 0
        bench.forget()
        assert await phone.command(UNLOCK) == "done"
        await bench.pass_ms(1_000)
        assert bench.pulses() == ["unlock"]
        row = bench.rows()[-1]
        assert (row["source"], row["id"], row["accepted"]) == ("phone", phone.key_id.hex(), True)
        assert await phone.command(LOCK) == "done"
        await bench.pass_ms(1_000)
        assert bench.pulses() == ["unlock", "lock"]
        (_, row) = bench.status()["keys"]
        assert (row["kind"], row["slot"], row["role"]) == ("phone", 0, "driver")

    bench.run(story())


def test_a_card_that_slips_while_it_opens_confirms_nothing():
    """Somebody outside is pinned within a moment, and the owner, the button still held, lays the card down anew."""
    bench, owner = _bench()

    async def story():
        thief = await BenchPhone(bench, 9).connect()
        bench.wires["button"].level = 1
        await bench.pass_ms(100)
        bench.forget()
        bench.model.put(owner)
        await bench.pass_ms(500)
        assert bench.verdicts() == [codes.ACCEPTED]
        thief.write(thief.unsigned(add_key(thief.key, codes.OWNER)))
        bench.model.take_away(owner)
        await bench.pass_ms(700)
        assert bench.status()["enrolment"] == "pinned"
        assert await bench.tap(owner) == [codes.BUSY]
        bench.wires["button"].level = 0
        await bench.pass_ms(31_000)
        assert bench.status()["key_count"] == 1 and bench.status()["enrolment"] == "closed"

    bench.run(story())
