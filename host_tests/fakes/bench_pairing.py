"""How a phone becomes a key of the bench's car, what it is told of that, and phones that are keys from the start."""

import asyncio
import gc

from latchkey.credentials.identity import Identity
from latchkey.credentials.registry import Registry
from latchkey.crypto.entropy import Entropy
from latchkey.storage.records import Record

from fakes.bench import Bench, codes
from fakes.bench_cards import key_card
from fakes.bench_gestures import open_enrolment
from fakes.bench_phone import BenchPhone, add_key, legacy

SHOWN_MS = 100  # until a key that showed itself is on the console
WRITTEN_MS = 1_500  # until a confirmed one is in the list and everybody was told


def car(**settings):
    """A car with a radio and one owner's card."""
    bench = Bench(air=True, **settings)
    return bench, bench.enrol(key_card(1), codes.OWNER)


def identity_of(bench):
    """The vehicle's own name and key, made if nobody has made them yet."""
    identity = Identity(Record(bench.disk.mount() + "/identity"), bench.marks)
    identity.load()
    for _ in identity.make_steps(Entropy(bench.random).fill):
        pass
    return identity


def enrol_phone(bench, number, role, kind=BenchPhone, **settings):
    """A phone whose key stands in the list, as if it had been paired long ago; returns it. kind: of BenchPhone."""
    phone = kind(bench, number, **settings)
    phone.meet(identity_of(bench))
    registry = Registry(Record(bench.disk.mount() + "/keys"), bench.marks, 320)
    registry.load()
    if registry.add_phone(phone.key, role, phone.k, 9) < 0:
        raise AssertionError("not enrolled")
    gc.collect()
    return phone


def row_of(bench, phone):
    """(kind, slot, role, state) of a phone's key as the console tells it, None where it is not in the list."""
    for row in bench.status()["keys"]:
        if row["id"] == phone.key_id.hex():
            return row["kind"], row["slot"], row["role"], row["state"]
    return None


async def confirm(bench, owner, held=False):
    """The owner's card once more; held: with the button. Returns the verdicts."""
    found = await (open_enrolment(bench, owner) if held else bench.tap(owner))
    await bench.pass_ms(WRITTEN_MS)
    return found + bench.verdicts()[len(found) :]


async def pair(bench, owner, phone, role=codes.DRIVER, held=False):
    """Pair a phone that is connected, in Python's envelope; returns what it is told at the end."""
    assert await open_enrolment(bench, owner) == [codes.ACCEPTED]
    assert await phone.ask(phone.unsigned(add_key(phone.key, role)), SHOWN_MS) == []
    assert bench.status()["pinned"] == phone.key_id.hex()
    await confirm(bench, owner, held)
    return phone.outcome(phone.frames())


async def ask_unsigned(phone, payload):
    """What a phone makes of the answer to something that it has not signed, None for silence."""
    return phone.outcome(await phone.ask(phone.unsigned(payload), SHOWN_MS))


def added(card):
    """What is told of a key that was added: information 0, and the short id of the card that allowed it."""
    return b"\x22\x0a\x1a\x08\x12\x06\x0a\x04" + bytes.fromhex(card.short_id)


def fill_slots(bench):
    """Fill the slots that are free with keys that nobody has, each of one byte again and again: 0, 1, 2, …"""
    registry = Registry(Record(bench.disk.mount() + "/keys"), bench.marks, 320)
    registry.load()
    number = 0
    while registry.add_phone(bytes((number,)) * 64, codes.DRIVER, bytes(16)) >= 0:
        number += 1
    gc.collect()


async def ask_older(phone, payload):
    """The same in the older envelope, which is answered to everybody on the link."""
    phone.write(legacy(payload))
    await asyncio.sleep_ms(SHOWN_MS)
    return phone.outcome(phone.frames())
