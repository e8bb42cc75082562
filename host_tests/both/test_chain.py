"""The journal in flash: what is written can be read and checked with the first key alone, and goes on after a boot."""

import os
from struct import unpack

from fakes.marks import Marks
from fakes.scratch import fresh_folder, remove
from latchkey.crypto.mac import hmac_sha256
from latchkey.storage import chain as rows
from latchkey.storage.chain import Chain, key_id, next_key

_K0 = bytes(range(32))


def _random(count):
    return _K0[:count]


class Flash:
    """A folder, the marks beside it, and one boot after the other."""

    def __init__(self):
        self.parent = fresh_folder()
        self.folder = self.parent + "/journal"
        self.marks = Marks()

    def boot(self, *decisions):
        """A boot with so many rows, each flush with one; returns its chain."""
        chain = Chain(self.folder, self.marks, _random)
        chain.load(0)
        write(chain)
        for number in decisions:
            decide(chain, number)
            write(chain)
        return chain

    def end(self):
        remove(self.folder)
        remove(self.parent)

    def rows(self):
        """All rows in flash, oldest first."""
        whole = b""
        for name in sorted(os.listdir(self.folder)):
            if name != "state":
                whole += contents(self.folder + "/" + name)
        return [whole[at : at + rows.ROW_LEN] for at in range(0, len(whole), rows.ROW_LEN)]

    def last(self):
        """The path of the newest file with rows."""
        return self.folder + "/" + sorted([n for n in os.listdir(self.folder) if n != "state"])[-1]


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def replace(path, data):
    with open(path, "wb") as file:
        file.write(data)


def decide(chain, number):
    chain.put(rows.DECISION, number, 0, 4, 7, 2, 0, b"\x01\x02\x03\x04")


def write(chain):
    while chain.pending:
        for _ in chain.flush_steps():
            pass


def begin(chain, key):
    """As links/journal_answer; returns the number of the new chain's first row."""
    chain.put(rows.NEXT_KEY, 0, 0, 0, -1, 0, 0, key_id(key))
    write(chain)
    chain.use(key)
    chain.put(rows.BEGUN, 0, 0, 0, -1, 0, rows.CLEAN, key_id(key))
    write(chain)
    return chain.number - 1


def kinds(whole):
    return [row[16] for row in whole]


def genuine(whole, key, first):
    """Which rows the first key proves to be at their place, counted from row number `first` on."""
    proved = []
    for number, row in enumerate(whole):
        code = hmac_sha256(key, row[:24])[:16]
        proved.append(code == row[24:] and unpack(">I", row[:4])[0] == first + number)
        key = next_key(key)
    return proved


def test_a_blank_controller_begins_a_chain_and_every_row_is_proved_by_its_first_key():
    flash = Flash()
    chain = flash.boot(10, 20, 30)
    whole = flash.rows()
    assert chain.found == rows.NEW and chain.number == 5 and chain.boot == 1
    assert kinds(whole) == [rows.BEGUN, rows.BOOT, rows.DECISION, rows.DECISION, rows.DECISION]
    key = rows.sha256(_K0)
    assert genuine(whole, key, 0) == [True] * 5
    assert whole[0][20:24] == key_id(key)
    assert (
        whole[4]
        == b"\x00\x00\x00\x04\x00\x00\x00\x01\x00\x00\x00\x1e\x00\x00\x00\x07\x03\x04\x02\x00\x01\x02\x03\x04"
        + (whole[4][24:])
    )
    assert chain.head == whole[4][24:32]
    flash.end()


def test_the_key_in_flash_is_that_of_the_next_row_alone():
    flash = Flash()
    flash.boot(10, 20)
    state = contents(flash.folder + "/state")
    key = rows.sha256(_K0)
    for _ in range(4):
        assert key not in state
        key = next_key(key)
    assert key in state and len(state) == 52
    flash.end()


def test_it_goes_on_after_a_boot_and_says_how_the_last_one_ended():
    flash = Flash()
    flash.boot(10)
    chain = flash.boot(10)
    assert (chain.found, chain.boot, chain.number) == (rows.CUT, 2, 5)
    chain.put(rows.ENDED, 99, 0, 0, -1, 0, 0, bytes(4))
    write(chain)
    chain = flash.boot()
    assert (chain.found, chain.boot, chain.number) == (rows.CLEAN, 3, 7)
    whole = flash.rows()
    assert genuine(whole, rows.sha256(_K0), 0) == [True] * 7
    assert [(row[19], unpack(">H", row[12:14])[0]) for row in whole if row[16] == rows.BOOT] == [
        (rows.NEW, 0),
        (rows.CUT, 0xFFFF),
        (rows.CLEAN, 0),
    ]
    flash.end()


def test_rows_that_are_ahead_of_the_state_are_taken_up():
    """The power failed between the two."""
    flash = Flash()
    flash.boot(10)
    state = contents(flash.folder + "/state")
    chain = Chain(flash.folder, flash.marks, _random)
    chain.load(0)
    decide(chain, 1)
    decide(chain, 2)
    write(chain)
    replace(flash.folder + "/state", state)
    chain = flash.boot(3)
    assert chain.found == rows.CUT and chain.number == 8
    assert genuine(flash.rows(), rows.sha256(_K0), 0) == [True] * 8
    flash.end()


def test_missing_torn_and_false_rows_are_told_and_no_number_comes_back():
    for change, number in ((_cut_a_row, 4), (_tear, 4), (_empty, 4), (_falsify, 4)):
        flash = Flash()
        flash.boot(10)
        before = contents(flash.folder + "/state")
        flash.boot()
        if change is _falsify:
            replace(flash.folder + "/state", before)
        change(flash)
        chain = Chain(flash.folder, flash.marks, _random)
        chain.load(0)
        assert chain.found == rows.DAMAGED and chain.number == number, change
        write(chain)
        row = contents(flash.last())[-rows.ROW_LEN :]
        assert row[16] == rows.BOOT and row[19] == rows.DAMAGED and unpack(">I", row[:4])[0] == number
        chain = flash.boot()
        assert chain.found == rows.CUT, "it is told once"
        flash.end()


def _cut_a_row(flash):
    replace(flash.last(), contents(flash.last())[: -rows.ROW_LEN])


def _tear(flash):
    replace(flash.last(), contents(flash.last())[:-1])


def _empty(flash):
    os.remove(flash.last())


def _falsify(flash):
    data = bytearray(contents(flash.last()))
    data[-1] ^= 1
    replace(flash.last(), data)


def test_without_its_state_it_begins_anew_beyond_every_number_that_can_have_been_used():
    for state in (None, b"", bytes(52), b"LKJ1" + bytes(48)):
        flash = Flash()
        flash.boot(10, 20)
        if state is None:
            os.remove(flash.folder + "/state")
        else:
            replace(flash.folder + "/state", state)
        chain = flash.boot()
        assert chain.found == rows.STATE_LOST and chain.number == 4 + 65_536 + 2, chain.number
        remove(flash.folder)
        chain = flash.boot()
        assert chain.found == rows.STATE_LOST and chain.number == (4 + 65_536) + 65_536 + 2
        assert kinds(flash.rows()) == [rows.BEGUN, rows.BOOT]
        flash.end()


def test_a_new_key_ends_one_chain_and_begins_the_next():
    flash = Flash()
    chain = flash.boot(10)
    own = bytes([9]) * 32
    first = begin(chain, own)
    decide(chain, 20)
    write(chain)
    whole = flash.rows()
    assert kinds(whole)[-3:] == [rows.NEXT_KEY, rows.BEGUN, rows.DECISION] and first == 4
    assert whole[3][20:24] == whole[4][20:24] == key_id(own)
    assert genuine(whole[:4], rows.sha256(_K0), 0) == [True] * 4
    assert genuine(whole[4:], own, 4) == [True] * 2
    assert own not in contents(flash.folder + "/state")
    chain = flash.boot(30)
    assert genuine(flash.rows()[4:], own, 4) == [True] * 4
    flash.end()


def test_what_finds_no_room_is_counted_in_a_row():
    flash = Flash()
    chain = flash.boot()
    for number in range(rows.PENDING + 5):
        decide(chain, number)
    write(chain)
    whole = flash.rows()
    assert kinds(whole)[-1] == rows.LOST and unpack(">H", whole[-1][12:14])[0] == 5
    assert genuine(whole, rows.sha256(_K0), 0) == [True] * len(whole)
    flash.end()


def test_rows_put_while_others_are_written_follow_them():
    flash = Flash()
    chain = flash.boot()
    for number in range(3):
        decide(chain, number)
    for step, _ in enumerate(chain.flush_steps()):
        decide(chain, 10 + step)
    assert chain.pending == 4
    write(chain)
    uptimes = [unpack(">I", row[8:12])[0] for row in flash.rows()[2:]]
    assert uptimes == [0, 1, 2, 10, 11, 12, 13]
    assert genuine(flash.rows(), rows.sha256(_K0), 0) == [True] * 9
    flash.end()


def test_the_ring_has_a_ceiling_and_the_oldest_rows_go():
    flash = Flash()
    chain = flash.boot()
    chain._segment_rows, chain._segments = 10, 3
    for number in range(100):
        decide(chain, number)
        write(chain)
    whole = flash.rows()
    first = unpack(">I", whole[0][:4])[0]
    key = rows.sha256(_K0)
    for _ in range(first):
        key = next_key(key)
    assert 20 <= len(whole) <= 30 and genuine(whole, key, first) == [True] * len(whole)
    assert len(os.listdir(flash.folder)) == 4
    flash.end()


def test_a_folder_that_cannot_be_made_is_an_os_error():
    chain = Chain("build/no-such-folder/journal", Marks(), _random)
    try:
        chain.load(0)
        raise AssertionError("loaded")
    except OSError:
        assert chain.found == -1


class _Refusing:
    """In place of open(): what is written to a file whose name ends so fails, `after` it was written or before."""

    def __init__(self, ending, number, after=False, short=False):
        self.ending = ending
        self.number = number
        self.after = after
        self.short = short

    def __enter__(self):
        rows.open = self.open
        return self

    def __exit__(self, *error):
        rows.open = open

    def open(self, path, mode):
        file = open(path, mode)
        if mode == "rb" or not path.endswith(self.ending):
            return file
        return _RefusingFile(file, self)


class _RefusingFile:
    def __init__(self, file, how):
        self._file = file
        self._how = how

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()
        if self._how.after:
            raise OSError(self._how.number)

    def seek(self, *to):
        return self._file.seek(*to)

    def write(self, data):
        if self._how.short:
            return len(data) - 1
        if not self._how.after:
            raise OSError(self._how.number)
        return self._file.write(data)


def _fails(chain):
    try:
        write(chain)
    except OSError as error:
        return error.args[0]
    return 0


def test_rows_that_flash_refuses_wait_and_come_once():
    for how, written in (
        (_Refusing("00000000", 5), 0),
        (_Refusing("00000000", 5, after=True), 1),
        (_Refusing("00000000", 5, short=True), 0),
    ):
        flash = Flash()
        chain = flash.boot(10)
        decide(chain, 20)
        with how:
            assert _fails(chain) == 5
        assert chain.pending == 1 and len(flash.rows()) == 3 + written
        decide(chain, 30)
        write(chain)
        assert genuine(flash.rows(), rows.sha256(_K0), 0) == [True] * 5
        assert chain.head == flash.rows()[-1][24:32]
        assert flash.boot().found == rows.CUT
        flash.end()


def test_on_a_full_disk_the_oldest_file_goes_but_never_the_newest_two():
    flash = Flash()
    chain = flash.boot()
    chain._segment_rows = 2
    for number in range(6):
        decide(chain, number)
        write(chain)
    for left in (3, 2, 2, 2):
        decide(chain, 9)
        with _Refusing("", 28):
            assert _fails(chain) == 28
        lengths = [os.stat(chain.folder + "/" + name)[6] for name in chain.files()]
        assert len([length for length in lengths if length]) == left and lengths[-1] == 0
    write(chain)
    assert chain.number == 12
    flash.end()


def test_a_state_that_is_not_written_is_written_with_the_next_row_or_made_up_for_at_the_next_boot():
    for how in (_Refusing("state", 28), _Refusing("state", 28, short=True)):
        flash = Flash()
        chain = flash.boot(10)
        decide(chain, 20)
        with how:
            assert _fails(chain) == 28
        assert chain.number == 4 and not chain.pending
        for _ in range(2):  # the second time there is nothing to do
            for _ in chain.flush_steps():
                pass
        assert flash.boot().found == rows.CUT and len(flash.rows()) == 5
        flash.end()


def test_a_new_key_that_flash_refuses_leaves_the_old_one_in_force():
    flash = Flash()
    chain = flash.boot(10)
    with _Refusing("state", 28):
        try:
            chain.use(bytes([9]) * 32)
            raise AssertionError("used")
        except OSError:
            pass
    decide(chain, 20)
    write(chain)
    assert genuine(flash.rows(), rows.sha256(_K0), 0) == [True] * 4
    flash.end()


def test_a_file_that_had_just_been_begun_when_the_power_failed_is_gone_on_with():
    flash = Flash()
    chain = flash.boot(10)
    replace(flash.folder + "/00000003", b"")
    replace(flash.folder + "/notes.txt", b"somebody else's")
    replace(flash.folder + "/zzzzzzzz", b"somebody else's")
    again = Chain(flash.folder, flash.marks, _random)
    again.load(0)
    assert again.found == rows.CUT and again.head == chain.head
    write(again)
    assert contents(flash.folder + "/00000003")[16] == rows.BOOT
    flash.end()


def test_nothing_but_empty_files_is_a_journal_of_which_rows_are_missing():
    flash = Flash()
    flash.boot(10)
    replace(flash.last(), b"")
    chain = flash.boot()
    assert chain.found == rows.DAMAGED and chain.number == 4
    flash.end()


def test_rows_far_ahead_of_the_state_are_not_followed():
    """A name that nobody here has given, or a state of long ago: a new chain begins beyond them."""
    flash = Flash()
    flash.boot(10)
    replace(flash.folder + "/00010000", bytes(rows.ROW_LEN))
    chain = flash.boot()
    assert chain.found == rows.STATE_LOST and chain.number == 0x10001 + 65_536 + 2
    flash.end()


def _lagging(count):
    """A journal whose state missed so many rows; (chain as loaded, keys that loading it made)."""
    flash = Flash()
    chain = flash.boot()
    state = contents(flash.folder + "/state")
    for number in range(count):
        decide(chain, number)
        if chain.pending == rows.PENDING or number == count - 1:
            write(chain)
    replace(flash.folder + "/state", state)
    made = []
    rows.next_key = lambda key: made.append(1) or next_key(key)
    try:
        again = Chain(flash.folder, flash.marks, _random)
        again.load(0)
    finally:
        rows.next_key = next_key
    flash.end()
    return again, len(made)


def test_a_state_that_missed_much_is_no_long_step_at_the_boot():
    chain, keys = _lagging(128)
    assert chain.found == rows.CUT and keys == 128
    chain, keys = _lagging(129)
    assert chain.found == rows.STATE_LOST and not keys


def test_a_state_that_a_full_disk_refuses_makes_room_as_well():
    flash = Flash()
    chain = flash.boot()
    chain._segment_rows = 2
    for number in range(8):
        decide(chain, number)
        write(chain)
    decide(chain, 9)
    oldest = chain.files()[0]
    with _Refusing("state", 28):
        assert _fails(chain) == 28
    assert not chain.pending and not chain.kept and oldest not in chain.files()
    flash.end()


def test_a_mark_that_cannot_be_set_keeps_nothing_from_being_written():
    flash = Flash()
    flash.marks.limit = 0
    chain = flash.boot(10)
    assert chain.number == 3 and not chain.pending
    flash.end()
