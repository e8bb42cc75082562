"""Flash that refuses, as whoever changes the list sees it: a refusal that changes nothing, in RAM and flash alike.

Each single operation of real flash: micropython/test_registry_faults.py. Here what every kind of change says of it.
"""

from fakes.failing_files import NO_MEMORY, RAISES, FailingFiles
from fakes.marks import Marks
from fakes.scratch import fresh_folder, remove
from latchkey.core import codes
from latchkey.credentials import entries
from latchkey.credentials import registry as reg
from latchkey.credentials.registry import Registry
from latchkey.crypto.digest import sha256
from latchkey.storage import records
from latchkey.storage.records import Record

_UID = b"\x04\x11\x22\x33\x44\x55\x66"
_WINDOW = (848_880_000, 848_890_000, 0)


def _key(n):
    return (n + 1).to_bytes(4, "big") * 16


class _Car:
    """Keys 0 and 1: owners' cards; 2: a driver's phone; 3: an AES card, pending; 4: a guest with a window."""

    def __init__(self):
        self.folder = fresh_folder()
        self.marks = Marks()
        keys = self.boot()
        assert keys.add(_key(0), codes.OWNER) == 0 and keys.add(_key(1), codes.OWNER) == 1
        assert keys.add_phone(_key(2), codes.DRIVER, b"k" * 16, 9) == 2
        name = entries.card_name(_UID)
        assert _run(keys.add_steps(name, codes.DRIVER, entries.AES_CARD, b"a" * 16, entries.PENDING)) == 3
        assert keys.add(_key(4), codes.GUEST) == 4 and keys.limit(4, _WINDOW) == codes.ACCEPTED

    def boot(self):
        self.registry = Registry(Record(self.folder + "/keys"), self.marks, 64)
        self.registry.load()
        return self.registry

    def damage(self, at):
        """Turn a bit of the body in both copies, after the boot."""
        for copy in ("a", "b"):
            with open(self.folder + "/keys." + copy, "r+b") as file:
                file.seek(12 + at)
                byte = file.read(1)[0]
                file.seek(12 + at)
                file.write(bytes((byte ^ 1,)))

    def shown(self):
        keys = self.registry
        return keys.generation, keys.pending_cards, [_entry(keys, number) for number in range(keys.count)]

    def end(self):
        remove(self.folder)


def _entry(keys, number):
    shown = (keys.kind(number), keys.role(number), keys.condition(number), keys.pace(number), keys.slot_of(number))
    return shown + (keys.entry_generation(number), keys.window_of(number))


def _run(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


_CHANGES = (
    lambda keys: _run(keys.revoke_steps(2)),
    lambda keys: _run(keys.settle_steps(3)),
    lambda keys: _run(keys.pace_steps(3, 20)),
    lambda keys: _run(keys.suspend_steps(2, True)),
    lambda keys: _run(keys.limit_steps(4, (848_880_000, 848_900_000, 1))),
    lambda keys: _run(keys.limit_steps(4, None)),
    lambda keys: _run(keys.limit_steps(3, _WINDOW)),
)


def test_a_change_that_flash_refuses_changes_nothing_and_can_be_made_later():
    for change in _CHANGES:
        for way, fault in ((RAISES, records.IO_FAILED), (NO_MEMORY, records.NO_MEMORY)):
            car = _Car()
            before = car.shown()
            real = car.registry._record.change_steps
            car.registry._record.change_steps = _refused(real, way)
            assert change(car.registry) == codes.STORAGE_FAILED
            assert car.shown() == before and car.registry.fault == fault
            car.boot()
            assert car.shown() == before
            assert change(car.registry) == codes.ACCEPTED
            after = car.shown()
            assert after != before
            car.boot()
            assert car.shown() == after
            car.end()


def _refused(change_steps, way):
    """As it is, but flash takes nothing from its first step to its last."""

    def steps(offset, piece):
        with FailingFiles(1, way, True):
            yield from change_steps(offset, piece)

    return steps


def test_a_settled_card_may_be_settled_again_and_no_other_counts_as_less_pending():
    car = _Car()
    assert car.registry.pending_cards == 1
    for _ in range(2):
        assert _run(car.registry.settle_steps(3)) == codes.ACCEPTED
        assert car.registry.pending_cards == 0
    car.end()


def test_a_card_that_cannot_be_read_gets_no_limit():
    for number in (1, 3):
        car = _Car()
        car.damage(entries.offset_of(number) + entries.LEAD_LEN + 5)
        assert _run(car.registry.pace_steps(number, 20)) == codes.STORAGE_FAILED
        assert car.registry.pace(number) == 0 and car.registry.fault == records.BROKEN
        car.end()


def test_a_phone_whose_key_cannot_be_read_has_no_secret():
    car = _Car()
    car.damage(entries.offset_of(2) + entries.LEAD_LEN + 5)
    k = bytearray(16)
    assert not car.registry.secret(2, k) and not any(k) and car.registry.form(2) == 0
    car.end()


def test_what_gave_way_is_erased_or_tried_again_at_the_next_boot():
    """Older firmware, which sees no entry with a limit, has enrolled its key again; the limited entry gives way."""
    owner, name = entries.entry(codes.OWNER, 1, _key(0)), _key(1)
    limited = entries.entry(codes.GUEST, 2, name, version=entries.WINDOWED)
    again = entries.entry(codes.DRIVER, 3, name)
    body = entries.header() + owner + limited + again
    folder, marks, at, tried = fresh_folder(), Marks(), 0, 0
    while True:
        at += 1
        for copy in ("a", "b"):
            with open(folder + "/keys." + copy, "wb") as file:
                file.write(_sealed(3, body))
        marks.values.clear()
        with FailingFiles(at, RAISES, True) as files:
            keys = Registry(Record(folder + "/keys"), marks, 8)
            keys.load()
        if keys.state == reg.READY:
            assert (keys.find(name), keys.role(2), keys.condition(1)) == (2, codes.DRIVER, reg.ABSENT)
            tried += keys.fault == records.IO_FAILED
        else:
            assert keys.state == reg.UNREADABLE and keys.fault and keys.count == 0
        if files.count < at:
            break
        keys = Registry(Record(folder + "/keys"), marks, 8)
        assert keys.load() == reg.READY and keys.revoke(2) == codes.ACCEPTED
        keys = Registry(Record(folder + "/keys"), marks, 8)
        assert keys.load() == reg.READY
        assert keys.condition(1) == reg.ABSENT and keys.condition(2) == reg.REVOKED
    assert tried > 2
    remove(folder)


def _sealed(generation, body):
    whole = b"LKR1" + generation.to_bytes(4, "big") + len(body).to_bytes(4, "big") + body
    return whole + sha256(whole)
