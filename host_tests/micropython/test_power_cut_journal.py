"""The power fails at every write and erase of the journal, in four torn ways each, and every byte of it is flipped.

After the next boot the journal goes on. What had been written before is there and proved by the first key, no number is
used twice, and the boot's row says that the last one was cut off. Nothing that is done to the files keeps it from that.
"""

import os

import vfs
from fakes.flash import VARIANTS, Flash, Power
from fakes.marks import Marks
from fakes.results import tell
from fakes.scale import LONG, SHORT
from latchkey.crypto.mac import hmac_sha256
from latchkey.storage import chain as rows
from latchkey.storage.chain import Chain, key_id, next_key

_BLOCKS = ((512, 48),) if SHORT else ((512, 48), (4096, 32))
_FIRST_KEY = rows.sha256(bytes(32))
_OWN_KEY = bytes([7]) * 32
_mounted = []


class Car:
    """One boot from `data` and mark `values`, both of which it goes on changing."""

    def __init__(self, data, values, block_size):
        self.block_size = block_size
        self.power = Power()
        self.flash = Flash(self.power, data, block_size)
        self.marks = Marks(values, self.power)
        if _mounted:
            vfs.umount("/flash")
            _mounted.clear()
        vfs.mount(vfs.VfsLfs2(self.flash), "/flash")
        _mounted.append(self.flash)
        self.chain = Chain("/flash/journal", self.marks, bytes)

    def reboot(self):
        return Car(self.flash.data, self.marks.values, self.block_size)

    def snapshot(self):
        return bytes(self.flash.data), dict(self.marks.values)

    def load(self):
        """True where there was power until the boot was written."""
        try:
            self.chain.load(0)
            self.write()
            return True
        except OSError:
            return False

    def write(self):
        while self.chain.pending:
            for _ in self.chain.flush_steps():
                pass

    def decide(self, count):
        for number in range(count):
            self.chain.put(rows.DECISION, number, 0, 4, 1, 2, 0, b"abcd")

    def read(self):
        """All rows as {number at its place: row}."""
        found = {}
        for name in self.chain.files():
            with open(self.chain.folder + "/" + name, "rb") as file:
                data = file.read()
            assert len(data) % rows.ROW_LEN == 0, "LittleFS keeps the old file or the new one"
            for at in range(0, len(data), rows.ROW_LEN):
                number = int(name, 16) + at // rows.ROW_LEN
                assert number not in found, "used twice"
                found[number] = data[at : at + rows.ROW_LEN]
        return found


class Keys:
    """The keys of all rows of a chain, computed once."""

    def __init__(self, first_key, first):
        self._keys = [first_key]
        self._first = first

    def prove(self, number, row):
        while len(self._keys) <= number - self._first:
            self._keys.append(next_key(self._keys[-1]))
        code = hmac_sha256(self._keys[number - self._first], row[:24])[:16]
        return code == row[24:] and int.from_bytes(row[:4], "big") == number


def _image(block_size, block_count):
    data = bytearray(b"\xff" * (block_size * block_count))
    vfs.VfsLfs2.mkfs(Flash(Power(), data, block_size))
    return data


def _one(car):
    car.decide(1)
    car.write()


def _eleven(car):
    car.decide(11)
    car.write()


def _over_the_edge(car):
    """A file of the ring is full, and the oldest one goes."""
    for _ in range(2 * car.chain._segment_rows // 10):
        car.decide(10)
        car.write()


def _begin(car):
    car.chain.put(rows.NEXT_KEY, 5, 0, 0, -1, 0, 0, key_id(_OWN_KEY))
    car.write()
    car.chain.use(_OWN_KEY)
    car.chain.put(rows.BEGUN, 5, 0, 0, -1, 0, 0, key_id(_OWN_KEY))
    car.write()


def _prepared(block_size, block_count):
    """Two boots, and a ring in which the oldest file has been deleted."""
    car = Car(_image(block_size, block_count), {}, block_size)
    assert car.load()
    for _ in range(8):
        _over_the_edge(car)
    car = car.reboot()
    assert car.load()
    _eleven(car)
    assert min(car.read()) > 0
    return car.snapshot()


class Drill:
    def __init__(self, block_size, snapshot):
        self.cuts = self.gone = 0
        self.block_size = block_size
        self.snapshot = snapshot
        self.keys = Keys(_FIRST_KEY, 0)
        car = self.car()
        self.before = car.read()
        car.chain.load(0)
        self.number = car.chain.number

    def car(self):
        return Car(bytearray(self.snapshot[0]), dict(self.snapshot[1]), self.block_size)

    def every_cut(self, change):
        """Cut a boot followed by a change at every operation; judge the boot after it."""
        for variant in VARIANTS:
            after = 1
            while True:
                car = self.car()
                car.power.cut(after, variant)
                done = 0
                try:
                    if car.load():
                        done = 1
                        change(car)
                        done = 2
                except OSError:
                    pass
                if not car.power.gone:
                    assert done == 2
                    break
                self.judge(car, done)
                after += 1

    def judge(self, car, done):
        self.cuts += 1
        written = car.chain.number
        after = car.reboot()
        assert after.load(), "the journal goes on"
        found = after.read()
        number = after.chain.number
        assert after.chain.found == rows.CUT, after.chain.found
        assert number > written or number > self.number
        assert max(found) == number - 1 and len(found) == number - min(found), "no hole"
        boots = [row for row in found.values() if row[16] == rows.BOOT]
        assert any(row[19] == rows.CUT for row in boots)
        begun = [n for n, row in found.items() if row[16] == rows.NEXT_KEY]
        own = Keys(_OWN_KEY, begun[0] + 1) if begun else None
        chained = own is not None and own.prove(number - 1, found[number - 1])
        for at, row in found.items():
            keys = own if chained and at > begun[0] else self.keys
            assert keys.prove(at, row), (at, number)
        lost = [n for n in self.before if n not in found and n >= min(found)]
        assert not lost and all(found[n] == row for n, row in self.before.items() if n in found)
        if done == 2 and begun:
            assert chained, "what was told as begun is in force"
        self.gone += number == written + 1


def test_cut_at_every_write_and_erase():
    for block_size, block_count in _BLOCKS:
        drill = Drill(block_size, _prepared(block_size, block_count))
        for change in (_one, _eleven, _begin) + ((_over_the_edge,) if LONG or block_size == 512 else ()):
            cuts = drill.cuts
            drill.every_cut(change)
            assert drill.cuts > cuts + 20
        words = "journal, %d-byte blocks: %d cuts, 0 rows lost that were written, 0 numbers used twice"
        tell("F1", words % (block_size, drill.cuts))


def test_the_first_boot_is_cut_everywhere():
    image = _image(512, 48)
    cuts = 0
    for variant in VARIANTS:
        after = 1
        while True:
            car = Car(bytearray(image), {}, 512)
            car.power.cut(after, variant)
            car.load()
            if not car.power.gone:
                break
            again = car.reboot()
            assert again.load() and again.chain.number >= 2
            assert max(again.read()) == again.chain.number - 1
            cuts += 1
            after += 1
    assert cuts > 20


def test_every_operation_fails_once_and_the_rows_wait():
    """Reads included: an error is not a cut, the program goes on.

    Where a read fails LittleFS may take what its cache holds for what it has read (lfs.c, lfs_bd_read), until it is
    mounted anew; then nothing more can be written in this boot, and it is the next one's turn.
    """
    snapshot = _prepared(512, 48)
    keys = Keys(_FIRST_KEY, 0)
    operation = failed = waited = 0
    while True:
        operation += 1
        car = Car(bytearray(snapshot[0]), dict(snapshot[1]), 512)
        assert car.load()
        car.flash.fail_at = car.flash.operations + operation
        car.decide(3)
        before = car.chain.number
        try:
            car.write()
        except OSError:
            failed += 1
        if car.flash.operations < car.flash.fail_at:
            break
        car.decide(1)
        try:
            car.write()
            assert car.chain.number == before + 4
            waited += 1
        except OSError:
            pass
        written = car.chain.number
        car = car.reboot()
        assert car.load() and car.chain.number > written
        found = car.read()
        assert all(keys.prove(number, row) for number, row in found.items())
        assert len(found) == car.chain.number - min(found)
    assert failed > 10 and waited > operation * 2 // 3, (operation, failed, waited)
    words = "journal: %d operations failed, one after the other; %d writes did, %d came through all the same"
    tell("F2", words % (operation, failed, waited))


def test_every_byte_flipped_is_found_or_changes_nothing():
    """Of the newest file and the state: the journal goes on, says so where it notices, and the key finds the row."""
    snapshot = _prepared(512, 48)
    keys = Keys(_FIRST_KEY, 0)
    car = Car(bytearray(snapshot[0]), dict(snapshot[1]), 512)
    flips = 0
    names = (car.chain.files()[-1], "state")
    for name in names:
        path = "/flash/journal/" + name
        length = os.stat(path)[6]
        for at in range(0, length, 7 if SHORT else 1):
            for bit in range(8) if LONG else (at % 8,):
                flips += 1
                car = Car(bytearray(snapshot[0]), dict(snapshot[1]), 512)
                before = car.read()
                with open(path, "rb") as file:
                    data = bytearray(file.read())
                data[at] ^= 1 << bit
                with open(path, "wb") as file:
                    file.write(data)
                assert car.load()
                found = car.read()
                last = max(before)
                bad = [n for n in found if n <= last and not keys.prove(n, found[n])]
                if name == "state":
                    assert (
                        not bad and car.chain.found == rows.STATE_LOST and min(n for n in found if n > last) > last + 1
                    )
                else:
                    assert bad == [int(name, 16) + at // rows.ROW_LEN]
                    assert all(keys.prove(n, row) for n, row in found.items() if n > last)
    tell("F2", "journal: %d bits turned in its newest file and state, all found" % flips)


def test_a_full_disk_costs_the_oldest_rows_and_nothing_else():
    snapshot = _prepared(512, 48)
    car = Car(bytearray(snapshot[0]), dict(snapshot[1]), 512)
    assert car.load()
    keys = Keys(_FIRST_KEY, 0)
    with open("/flash/other", "wb") as file:
        try:
            while True:
                file.write(bytes(64))
                file.flush()
        except OSError:
            pass
    oldest = min(car.read())
    for _ in range(4 * car.chain._segment_rows):
        car.decide(1)
        for _ in range(6):
            try:
                car.write()
                break
            except OSError:
                pass
        assert not car.chain.pending, "after a few tries there is room"
    found = car.read()
    assert min(found) > oldest
    assert all(keys.prove(number, row) for number, row in found.items())
