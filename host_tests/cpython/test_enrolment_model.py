"""Long random lives of a controller: enrolment on the real registry, with reboots and a witness."""

from fakes.enrolment_world import NOT_WRITTEN, Book, World, events, key_of
from fakes.marks import Marks
from fakes.scale import LONG
from fakes.scratch import fresh_folder, remove
from hypothesis import given, settings
from hypothesis import strategies as st
from latchkey.core import codes
from latchkey.credentials import registry as reg
from latchkey.credentials.registry import Registry
from latchkey.storage.records import Record

_KEYS = 4
_REBOOT = (100, 0, 0)
_EVENTS = [*events(_KEYS), _REBOOT]


class RealBook(Book):
    """Book's questions asked of a Registry on files; the Book beneath says what the answer must be."""

    def __init__(self, folder):
        super().__init__([0] * _KEYS)
        self._folder = folder
        self._marks = Marks()
        self.boot()

    def boot(self):
        self.registry = Registry(Record(self._folder + "/keys"), self._marks, _KEYS)
        self.registry.load()
        self.check()

    def check(self):
        blank = super().is_blank()
        assert self.registry.state == (reg.BLANK if blank else reg.READY)
        assert self.registry.owners() == super().owners()
        for k, held in enumerate(self.entries):
            number = self.registry.find(key_of(k))
            assert (number >= 0) == bool(held)
            if held:
                assert self.registry.role(number) == abs(held)
                assert self.registry.condition(number) == (reg.ACTIVE if held > 0 else reg.REVOKED)

    def number(self, k):
        return self.registry.find(key_of(k))

    def add(self, k, role):
        super().add(k, role)
        assert self.registry.add(key_of(k), role) >= 0
        self.check()

    def revoke(self, k):
        before = self.entries[k]
        super().revoke(k)
        verdict = self.registry.revoke(self.number(k))
        if before > 0 and self.entries[k] == before:
            assert verdict == codes.LAST_OWNER
        else:
            assert verdict == (codes.NO_SUCH_KEY, codes.ACCEPTED, codes.ALREADY)[(before > 0) - (before < 0)]
        self.check()


@settings(max_examples=2000 if LONG else 100)
@given(st.lists(st.sampled_from(_EVENTS), min_size=100, max_size=200))
def test_random_lives_on_the_real_registry(life):
    folder = fresh_folder()
    try:
        world = World(RealBook(folder))
        for event in life:
            if event == _REBOOT:
                world.do((NOT_WRITTEN, 0, 0))
                world.book.boot()
                world = World(world.book)
            else:
                world.do(event)
    finally:
        remove(folder)
