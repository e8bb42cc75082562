"""A full house: 1,000 cards of both families, 32 phones and cloud keys, 32 guests with windows. Flat, bounded, mended.

Everything is on the file system of this PC but the last tests, which use LittleFS2 on flash in RAM. Times are CPU time
of this PC; memory is that of a 64-bit heap.
"""

import gc
import os
import time

from fakes.marks import Marks
from fakes.registry_in_folder import ListInFolder
from fakes.registry_on_flash import Car, blank_image, unmount
from fakes.scale import LONG, SHORT
from latchkey.core import codes
from latchkey.credentials import entries
from latchkey.credentials.registry import READY, UNREADABLE
from latchkey.credentials.windows import MOST, block_of
from latchkey.crypto.digest import sha256
from latchkey.storage import records
from latchkey.storage.records import Record

_CARDS = 1_000
_FROM = 848_880_000
_FROM_MIN = _FROM // 60
_PHONES = range(_CARDS, _CARDS + entries.SLOTS)
_ALL = _CARDS + entries.SLOTS


def _uid(n):
    return b"\x04" + n.to_bytes(6, "big")


def _key(n):
    """Every third card is an AES card."""
    return entries.card_name(_uid(n)) if n < _CARDS and n % 3 == 2 else (n + 1).to_bytes(4, "big") * 16


def _entry(n):
    if n in _PHONES:
        slot = n - _CARDS
        kind, role = (entries.CLOUD_KEY, codes.FLEET_MANAGER) if slot >= 28 else (entries.PHONE, codes.DRIVER)
        return entries.entry(role, 1, _key(n), kind, entries.tail(_key(n), bytes(16), slot, 9))
    if n % 3 == 2:
        return entries.entry(codes.DRIVER, 1, _key(n), entries.AES_CARD, entries.tail(_key(n), b"k" * 16, 0, 0))
    if 2 <= n < 2 + 3 * MOST and n % 3 == 0:  # guests with windows
        lead = entries.lead(codes.GUEST, entries.ACTIVE, 1, entries.KEYCARD, entries.WINDOWED)
        return lead + _key(n) + bytes(entries.TAIL_LEN)
    return entries.entry(codes.OWNER if n < 2 else codes.DRIVER, 1, _key(n))


_GUESTS = [n for n in range(2, 2 + 3 * MOST) if n % 3 == 0]


def _body():
    body = bytearray(entries.header())
    for n in range(_ALL):
        body.extend(_entry(n))
    for n in _GUESTS:
        body.extend(block_of(n, sha256(_key(n))[:16], _FROM, _FROM + 3_600, 0))
    return body


def _seconds(find, wanted, rounds):
    """CPU time of looking all of them up that many times, the best of three."""
    best = 1e9
    for _ in range(3):
        gc.collect()
        started = time.clock()
        for _ in range(rounds):
            for one in wanted:
                find(one)
        best = min(best, time.clock() - started)
    assert best > 0.05, "too short to measure"
    return best


def test_everybody_is_found_and_the_memory_is_known():
    with ListInFolder(Marks(), _body(), 1_088) as keys:
        keys.registry = None
        gc.collect()
        before = gc.mem_alloc()
        registry = keys.reboot()
        gc.collect()
        print("%d entries: %d bytes of a 64-bit heap" % (registry.count, gc.mem_alloc() - before))
        assert gc.mem_alloc() - before <= 56_000
        assert registry.state == READY and registry.count == _ALL + MOST and registry.owners() == 2
        for n in range(_ALL):
            assert registry.find(_key(n)) == n
            assert registry.slot_of(n) == (n - _CARDS if n in _PHONES else -1)
        assert [n for n in range(registry.count) if registry.is_windowed(n)] == _GUESTS
        for n in _GUESTS:
            assert registry.window_verdict(n, _FROM_MIN) == codes.ACCEPTED
            assert registry.window_verdict(n, _FROM_MIN + 60) == codes.OUTSIDE_WINDOW


def test_lookup_is_flat_with_both_families_and_windows():
    one = bytearray(entries.header())
    one.extend(_entry(0))
    one.extend(_entry(2))
    with ListInFolder(Marks(), _body(), 1_088) as many, ListInFolder(Marks(), one) as few:
        big, small = many.registry, few.registry
        aes = [n for n in range(_CARDS) if n % 3 == 2]
        plain = [n for n in range(_CARDS) if n % 3 != 2]
        for name, find, find_one, wanted, rounds in (
            ("a key card", big.find, small.find, [_key(n) for n in plain], 10),
            ("an AES card", big.find_aes_card, small.find_aes_card, [_uid(n) for n in aes], 20),
        ):
            ratio = 9.0
            for _ in range(5):  # other programs disturb a measurement upwards, seldom five in a row
                if ratio > 1.2:
                    alone = _seconds(find_one, wanted[:1] * len(wanted), rounds)
                    ratio = min(ratio, _seconds(find, wanted, rounds) / alone)
            print("lookup of %s: %d entries / 2 entries = %.2f" % (name, big.count, ratio))
            assert ratio <= 1.2


def test_flipped_bits_anywhere_in_the_large_list_are_found_and_mended():
    with ListInFolder(Marks(), _body(), 1_088) as keys:
        path = keys.folder + "/keys."
        length = os.stat(path + "a")[6]
        flips = 4_000 if LONG else 4 if SHORT else 24
        for n in range(flips):
            at, bit = (n * 7_919 + 13) * 31 % length, n % 8
            name = "ab"[n % 2]
            _flip(path + name, at, bit)
            registry = keys.reboot()
            assert registry.state == READY and registry.count == _ALL + MOST, (at, bit)
            assert registry.window_verdict(_GUESTS[n % MOST], _FROM_MIN) == codes.ACCEPTED
            for copy in "ab":
                _flip(path + copy, at, bit)
            assert keys.reboot().state == UNREADABLE, (at, bit)  # and never blank
            for copy in "ab":
                _flip(path + copy, at, bit)
        print("%d flipped bits in %d bytes: found in both copies, mended in one" % (flips, length))


def _flip(path, at, bit):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes((byte ^ 1 << bit,)))


def _on_flash(blocks):
    """A car whose flash of so many blocks of 4 KB holds the large list."""
    car = Car(blank_image(4_096, blocks), {}, 4_096, 1_088)
    for _ in Record("/flash/keys").change_steps(0, _body()):
        pass
    assert car.registry.load() == READY
    return car


def test_a_full_disk_refuses_each_change_of_the_large_list_and_loses_nothing():
    car = _on_flash(80)  # three copies of 26 blocks do not fit when there is something else
    try:
        with open("/flash/ballast", "wb") as ballast:
            while True:
                ballast.write(bytes(1_024))
                ballast.flush()
    except OSError as error:
        assert error.args[0] == 28
    for change in (
        lambda registry: registry.add(b"\xee" * 64, codes.DRIVER),
        lambda registry: -registry.revoke(5),
        lambda registry: -registry.suspend(5, True),
        lambda registry: -registry.limit(_GUESTS[0], (_FROM, _FROM + 7_200, 0)),
        lambda registry: -registry.limit(_GUESTS[0], None),
    ):
        verdict = change(car.registry)
        assert (verdict, car.registry.fault) == (-codes.STORAGE_FAILED, records.NO_ROOM), (verdict, car.registry.fault)
    for again in (car, car.reboot()):
        assert again is car or again.registry.load() == READY
        registry = again.registry
        assert registry.count == _ALL + MOST and registry.condition(5) == entries.ACTIVE
        assert registry.window_of(_GUESTS[0]) == (_FROM_MIN, _FROM_MIN + 60, 0)
    os.remove("/flash/ballast")
    assert registry.revoke(5) == codes.ACCEPTED
    unmount()
