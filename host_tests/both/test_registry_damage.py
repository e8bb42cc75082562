"""Damaged copies of the list: each single flipped bit, each shortened file, and lists that are whole but senseless."""

import os

from fakes.marks import Marks
from fakes.results import tell
from fakes.scale import LONG
from fakes.scratch import fresh_folder, remove
from latchkey.core import codes
from latchkey.credentials import entries
from latchkey.credentials import registry as reg
from latchkey.credentials.registry import Registry
from latchkey.crypto.digest import sha256
from latchkey.storage import records
from latchkey.storage.records import Record

_MARKS = {"claimed": 1, "generation": 2}


def _key(n):
    return (n + 1).to_bytes(4, "big") * 16


def _body(*blocks):
    return entries.header() + b"".join(blocks)


def _phone(n, slot, role=codes.DRIVER, kind=entries.PHONE):
    return entries.entry(role, 2, _key(n), kind, entries.tail(_key(n), bytes((n,)) * 16, slot, 6))


def _sealed(generation, body):
    """A sealed file, put together without the code under test."""
    whole = b"LKR1" + generation.to_bytes(4, "big") + len(body).to_bytes(4, "big") + body
    return whole + sha256(whole)


_GOOD = _sealed(
    2, _body(entries.entry(codes.OWNER, 1, _key(0)), entries.entry(codes.DRIVER, 2, _key(1)))
)  # as the registry writes it: see test_the_format_is_what_is_documented


class _Place:
    def __init__(self):
        self.folder = fresh_folder()

    def put(self, name, data):
        path = self.folder + "/keys." + name
        try:
            os.remove(path)  # many file systems flush a file that is cut to nothing and written again: slow
        except OSError:
            pass
        with open(path, "wb") as file:
            file.write(data)

    def get(self, name):
        with open(self.folder + "/keys." + name, "rb") as file:
            return file.read()

    def load(self, values=None):
        registry = Registry(Record(self.folder + "/keys"), Marks(dict(_MARKS if values is None else values)), 4)
        registry.load()
        return registry

    def end(self):
        remove(self.folder)


def test_the_format_is_what_is_documented():
    place = _Place()
    registry = place.load({})
    assert registry.add(_key(0), codes.OWNER) == 0
    assert registry.add(_key(1), codes.DRIVER) == 1
    assert place.get("a") == place.get("b") == _GOOD
    assert len(_GOOD) == 12 + 3 * 96 + 32
    place.end()


def test_each_flipped_bit_in_one_copy_is_mended_from_the_twin():
    place = _Place()
    flips = 0
    for name, twin in (("a", "b"), ("b", "a")) if LONG else (("a", "b"),):
        place.put(twin, _GOOD)
        for at in range(len(_GOOD)):
            for bit in range(8):
                bad = bytearray(_GOOD)
                bad[at] ^= 1 << bit
                place.put(name, bad)
                registry = place.load()
                assert registry.state == reg.READY and registry.count == 2
                assert place.get(name) == _GOOD == place.get(twin)
                flips += 1
    tell("F2", "%d flipped bits in one copy mended" % flips)
    place.end()


def test_each_flipped_bit_in_both_copies_reads_unreadable():
    place = _Place()
    flips = 0
    for at in range(len(_GOOD)):
        for bit in range(8):
            bad = bytearray(_GOOD)
            bad[at] ^= 1 << bit
            place.put("a", bad)
            place.put("b", bad)
            registry = place.load(_MARKS if bit & 1 else {})  # without marks the files alone tell that it was claimed
            assert registry.state == reg.UNREADABLE and registry.fault
            assert registry.find(_key(0)) == -1
            assert place.get("a") == bad, "nothing is written over what might yet be rescued"
            flips += 1
    tell("F2", "%d flipped bits in both copies found" % flips)
    place.end()


def test_a_shortened_or_lengthened_copy_is_mended():
    place = _Place()
    for bad in [_GOOD[:length] for length in range(len(_GOOD))] + [_GOOD + b"\x00", _GOOD + _GOOD]:
        place.put("a", bad)
        place.put("b", _GOOD)
        assert place.load().state == reg.READY
        assert place.get("a") == _GOOD
    place.end()


def test_rot_is_not_sealed_anew_by_a_change():
    for name in ("a", "b"):
        place = _Place()
        place.put("a", _GOOD)
        place.put("b", _GOOD)
        registry = place.load()
        bad = bytearray(_GOOD)
        bad[12 + 2 * 96 + 20] ^= 4  # in the key of entry 1
        place.put(name, bad)
        done = registry.add(_key(2), codes.GUEST)
        assert done in (2, -codes.STORAGE_FAILED)
        if done < 0:  # the copy to start from was the rotten one; it has been mended by now
            assert registry.add(_key(2), codes.GUEST) == 2
        again = place.load({"claimed": 1, "generation": 3})
        assert again.state == reg.READY and again.find(_key(1)) == 1 and again.find(_key(2)) == 2
        place.end()


def test_whole_but_senseless_lists_are_refused():
    owner = entries.entry(codes.OWNER, 1, _key(0))
    senseless = (
        b"",
        entries.header(),
        _body(owner)[:-1],
        _body(owner, owner),
        b"KEYS\x02\xc1" + bytes(90) + owner,
        b"KEYS\x01\x00" + bytes(90) + owner,
        _body(entries.entry(codes.FLEET_MANAGER, 1, _key(0))),
        _body(entries.entry(7, 1, _key(0))),
        _body(entries.entry(codes.OWNER, 0, _key(0))),
        _body(entries.entry(codes.OWNER, 3, _key(0))),
        _body(entries.lead(codes.OWNER, 0, 1) + owner[8:]),
        _body(entries.lead(codes.OWNER, 4, 1) + owner[8:]),
        _body(owner, _phone(1, 32)),
        _body(owner, _phone(1, 5), _phone(2, 5)),
        _body(owner, _phone(1, 0, role=codes.FLEET_MANAGER)),
        _body(owner, _phone(1, 0, kind=entries.CLOUD_KEY)),
        _body(owner, *[entries.entry(codes.DRIVER, 2, _key(n)) for n in range(1, 5)]),  # five, and room for four
    )
    place = _Place()
    for body in senseless:
        place.put("a", _sealed(2, body))
        place.put("b", _sealed(2, body))
        registry = place.load()
        assert registry.state == reg.UNREADABLE and registry.fault == records.MALFORMED, body
        assert registry.count == 0 and registry.owners() == 0 and registry.find(_key(0)) == -1
    place.end()


def test_a_generation_out_of_range_is_no_record():
    place = _Place()
    for generation in (0, 1 << 30, (1 << 32) - 1):
        place.put("a", _sealed(generation, _GOOD[12:-32]))
        place.put("b", _GOOD)
        assert place.load().generation == 2
        assert place.get("a") == _GOOD
    place.end()


def test_a_phone_is_written_as_documented_and_forgotten_when_it_is_revoked():
    place = _Place()
    registry = place.load({})
    assert registry.add(_key(0), codes.OWNER) == 0
    assert registry.add_phone(_key(1), codes.DRIVER, b"\x01" * 16, 6) == 1
    assert place.get("a") == _sealed(2, _body(entries.entry(codes.OWNER, 1, _key(0)), _phone(1, 0)))
    assert registry.revoke(1) == codes.ACCEPTED
    gone = entries.lead(codes.DRIVER, entries.REVOKED, 3, entries.PHONE) + _key(1) + bytes(24)
    assert place.get("a") == place.get("b") == _sealed(3, _body(entries.entry(codes.OWNER, 1, _key(0)), gone))
    place.end()


def test_a_secret_that_has_rotted_in_one_copy_is_read_from_the_other():
    place = _Place()
    good = _sealed(2, _body(entries.entry(codes.OWNER, 1, _key(0)), _phone(1, 3)))
    k_at = 12 + 2 * 96 + 72
    for flipped in range(k_at, k_at + 24):
        rotten = good[:flipped] + bytes((good[flipped] ^ 0x10,)) + good[flipped + 1 :]
        for copies in ((rotten, good), (good, rotten), (rotten, rotten)):
            place.put("a", good)
            place.put("b", good)
            registry = place.load()
            assert registry.state == reg.READY and registry.slot_of(1) == 3
            place.put("a", copies[0])  # after it was loaded
            place.put("b", copies[1])
            k = bytearray(16)
            whole = copies != (rotten, rotten)
            assert registry.secret(1, k) == whole
            assert bytes(k) == (b"\x01" * 16 if whole else bytes(16)) and registry.form(1) == (6 if whole else 0)
    place.end()
