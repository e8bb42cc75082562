"""A record on files that refuse: each operation fails, once or from then on, in each way: old or new stands whole."""

from fakes.failing_files import LATE, NO_MEMORY, RAISES, STOPS, WAYS, FailingFiles
from fakes.scratch import fresh_folder, remove
from latchkey.storage import records
from latchkey.storage.records import Record, RecordError

_OLD = b"old state, " * 60  # more than one chunk
_NEW = b"NEW" + _OLD[3:]


class _Place:
    def __init__(self):
        self.folder = fresh_folder()
        for _ in self.boot().change_steps(0, _OLD):
            pass

    def boot(self):
        record = Record(self.folder + "/keys")
        record.load(0)
        return record

    def end(self):
        remove(self.folder)


def _text(record):
    chunk, text = bytearray(100), b""
    for count in record.body(chunk):
        text += chunk[:count]
    return text


def _change(record):
    """ "" where it was made, else why not."""
    try:
        for _ in record.change_steps(0, b"NEW"):
            pass
    except RecordError as error:
        return error.code
    except MemoryError:
        return "memory"
    return ""


def _changes(ever):
    """((way, what failed), what came of it, the record, the record as the next boot finds it) for each operation."""
    for way in WAYS:
        at = 0
        while True:
            at += 1
            place = _Place()
            record = place.boot()
            with FailingFiles(at, way, ever) as files:
                said = _change(record)
            if files.count < at:
                place.end()
                assert at > 10 and said == ""
                break
            yield (way, files.failed), said, record, place.boot()
            place.end()


def test_whatever_fails_once_the_record_says_which_state_is_in_force_and_it_is_whole():
    seen = set()
    for way, said, record, after in _changes(False):
        text = _text(after)
        assert text == (_OLD if said else _NEW), (way, said)
        assert record.generation == after.generation == (1 if said else 2)
        assert not after.alone, "the twin is mended at the boot"
        seen.add((way, said))
    for expected in (
        ((RAISES, "open"), records.IO_FAILED),
        ((STOPS, "read"), records.BROKEN),
        ((NO_MEMORY, "write"), "memory"),
        ((LATE, "rename"), ""),
    ):
        assert expected in seen, (expected, seen)
    short = {said for way, said in seen if way == (STOPS, "write")}
    assert short == {records.NO_ROOM, ""}, "half of an empty piece is all of it"


def test_files_that_refuse_from_then_on_lose_neither_state():
    for way, said, _, after in _changes(True):
        assert _text(after) in ((_OLD, _NEW) if said else (_NEW,)), (way, said)


def test_a_copy_that_cannot_be_written_leaves_the_other_alone_until_the_next_boot():
    place = _Place()
    with open(place.folder + "/keys.b", "wb") as file:
        file.write(b"rot")
    for way in (RAISES, STOPS, NO_MEMORY):
        at, alone = 0, 0
        while True:
            at += 1
            with FailingFiles(at, way, True) as files:
                try:
                    record = place.boot()
                except MemoryError:
                    assert not alone, "what was read is not lost because its twin cannot be written"
                    continue
            if files.count < at:
                break
            alone += record.alone
            assert not record.alone or record.generation == 1
        assert alone > 3 and not record.alone
        with open(place.folder + "/keys.b", "wb") as file:
            file.write(b"rot")
    place.end()


def test_a_heap_too_full_to_settle_hides_no_failure_of_flash():
    place = _Place()
    record = place.boot()
    record.load = _full
    with FailingFiles(3, RAISES):
        assert _change(record) == records.IO_FAILED
    assert record.generation == 1 and _text(place.boot()) == _OLD
    place.end()


def _full(expected):
    raise MemoryError


def test_a_copy_that_cannot_be_opened_yields_nothing():
    place = _Place()
    record = place.boot()
    buf = bytearray(3)
    with FailingFiles(1, RAISES, True):
        assert not record.read(0, buf, False) and not record.read(0, buf, True)
        try:
            _text(record)
        except RecordError as error:
            assert error.code == records.IO_FAILED
        else:
            raise AssertionError("a body out of nothing")
    assert record.read(0, buf, False) and buf == _OLD[:3] and _text(record) == _OLD
    place.end()
