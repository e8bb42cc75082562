"""The longest stretch of our own code without giving way, for each task: prints task, microseconds, turns, doing what.

A whole life on the bench in virtual time: claim, taps, an enrolment, a stranger, a revocation, a reader with all its
faults, first with few cards and then with 300; phones that pair, command, ask and are removed, beside 31 others.
MICROPYPATH names the compiled firmware, host_tests and the models. The
same life is led several times; of each turn the shortest time counts, and of each task the longest turn.
"""

import gc

from fakes.bench import Bench, codes
from fakes.bench_cards import key_card
from fakes.bench_disk import new_disk
from fakes.bench_gestures import claim, enrol
from fakes.bench_meter import Meter
from fakes.bench_pairing import car, enrol_phone, pair
from fakes.bench_phone import LOCK, STATUS, UNLOCK, BenchPhone, remove_key
from pn532_model import FAULTS

_LIVES = 3
_STRANGERS = 299
_PHONES = 30
_KEY_LIST = b"\x0a\x02\x08\x05"


def _measured(bench, story):
    meter = Meter()
    port = bench.ports[0]
    meter.leave_out(port, ("any", "readinto", "write"))
    for output in bench.bolt.outputs.values():
        meter.leave_out(output, ("pulse", "stop"))
    with meter:
        bench.run(story(bench, meter))
    return meter


async def _few_cards(bench, meter):
    first, second, third, stranger = [key_card(number) for number in (1, 2, 3, 4)]
    meter.doing = "claim"
    await claim(bench, first, second)
    meter.doing = "tap"
    for card in (first, second, first, stranger):
        await bench.tap(card, 1_000, 1_500)
    meter.doing = "enrolment"
    await enrol(bench, first, third)
    await bench.pass_ms(1_000)
    meter.doing = "revocation"
    bench.type("revoke 2")
    await bench.pass_ms(1_000)
    for fault in FAULTS:
        meter.doing = "reader fault: " + fault
        bench.model.fault(fault, -1, 2)
        await bench.tap(first, 500, 500)
        bench.model.clear_faults()
        await bench.tap(first, 700, 1_500)


async def _many_cards(bench, meter):
    card = key_card(1)
    meter.doing = "list of 300"
    await bench.pass_ms(2_000)
    meter.doing = "tap, list of 300"
    for _ in range(3):
        await bench.tap(card, 1_000, 1_500)
    meter.doing = "revocation, list of 300"
    bench.type("revoke 7")
    await bench.pass_ms(3_000)


async def _phones(bench, meter):
    # What is the radio's is not ours: it delivers events from within the chip's poll(), and takes orders.
    meter.leave_out(bench.chip, ("poll",))
    meter.leave_out(bench.radio.BLE(), ("gatts_indicate", "gap_advertise"))
    owner = key_card(1)
    first, second, stranger = (BenchPhone(bench, number) for number in (101, 102, 103))
    meter.doing = "a stranger's handshake"
    await (await stranger.connect()).handshake()
    meter.doing = "pairing"
    for phone in (first, second):
        await phone.connect()
        await pair(bench, owner, phone, codes.OWNER, True)
        phone.lifetime = 40
    meter.doing = "handshake"
    await first.handshake()
    for payload in (UNLOCK, LOCK, STATUS, _KEY_LIST):
        meter.doing = "signed command " + payload.hex()
        await first.command(payload)
        await bench.pass_ms(1_500)
    meter.doing = "removal"
    await first.command(remove_key(second.key))
    await bench.pass_ms(2_000)


def _life():
    yield _measured(Bench(), _few_cards)
    bench = Bench(disk=new_disk(512, 208))
    bench.enrol_strangers(_STRANGERS)
    bench.enrol(key_card(1), codes.OWNER)
    yield _measured(bench, _many_cards)
    bench, _ = car(disk=new_disk(512, 128))
    for number in range(2, 2 + _PHONES):
        enrol_phone(bench, number, codes.DRIVER)
    yield _measured(bench, _phones)


def _least(best, new):
    """Of each turn the shorter time, in place. The same life has the same turns."""
    for name, turns in new.turns.items():
        known = best.turns[name]
        if len(known) != len(turns):
            raise ValueError("%s: %d turns, then %d" % (name, len(known), len(turns)))
        for at in range(len(turns)):
            known[at] = min(known[at], turns[at])


def _doing(phases, turn):
    return [doing for first, doing in phases if first <= turn][-1]


def main():
    best = list(_life())
    for _ in range(_LIVES - 1):
        for known, new in zip(best, _life()):
            _least(known, new)
        gc.collect()
    for name in ("vehicle", "nfc", "ble", "console"):
        found = []
        for meter in [one for one in best if name in one.turns]:
            turns = meter.turns[name]
            longest = max(turns)
            found.append((longest, _doing(meter.phases[name], list(turns).index(longest))))
        longest, doing = max(found)
        print("%s\t%d\t%d\t%s" % (name, longest, sum(meter.count(name) for meter in best), doing))


main()
