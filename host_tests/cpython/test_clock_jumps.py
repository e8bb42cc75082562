"""Whatever is said of the time, and whenever: owners and drivers get in, revoked keys never do, guests in their window.

The real vehicle and the real list of keys; hypothesis draws the jumps. 2000 to 2136 is what fits the words for it.
"""

from fakes.authority import Authority, Outputs
from fakes.marks import Marks
from fakes.registry_in_folder import ListInFolder
from fakes.scale import LONG
from hypothesis import given, settings
from hypothesis import strategies as st
from latchkey.core import codes
from latchkey.credentials.registry import ACTIVE

_FROM = 848_880_000  # 2026-11-25
_WINDOW_S = 3_600
_OWNER, _DRIVER, _GUEST, _REVOKED, _LATE = range(5)
_NOBODY = -1
_YEARS = 365 * 86_400
_SENSIBLE = (60 * 14_140_800, (1 << 32) - 1_000_000)  # for an owner and the console
_EXAMPLES = 10_000 if LONG else 150

_TIMES = st.one_of(
    st.integers(_FROM - 7_200, _FROM + 7_200),
    st.integers(_FROM - 10 * _YEARS, _FROM + 10 * _YEARS),
    st.integers(0, (1 << 32) - 1),
)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("told"), st.sampled_from((_OWNER, _DRIVER, _GUEST, _REVOKED, _NOBODY)), _TIMES),
        st.tuples(st.just("passed"), st.integers(1, 20_000), st.just(0)),
        st.tuples(st.just("reset"), st.just(0), st.just(0)),
    ),
    max_size=12,
)


def _keys(marks):
    """Phones, so that asking moves no bolt; the last guest may come while the time is not known."""
    keys = ListInFolder(marks)
    registry = keys.registry
    assert registry.add(bytes([99]) * 64, codes.OWNER) == 0  # a card makes the list claimed
    for n, role in enumerate((codes.OWNER, codes.DRIVER, codes.GUEST, codes.DRIVER, codes.GUEST)):
        assert registry.add_phone(bytes([n + 1]) * 64, role, bytes(16)) == n + 1
    assert registry.limit(1 + _GUEST, (_FROM, _FROM + _WINDOW_S, 0)) == codes.ACCEPTED
    assert registry.limit(1 + _LATE, (_FROM, _FROM + _WINDOW_S, 1)) == codes.ACCEPTED
    assert registry.revoke(1 + _REVOKED) == codes.ACCEPTED
    return keys


class World:
    """The vehicle, and beside it what a person would say of its clock: `latest`, the least it can be, and `known`."""

    def __init__(self):
        self.marks = Marks()
        self.keys = _keys(self.marks)
        self.outputs = Outputs()
        self.boot()

    def boot(self):
        self.car = Authority(self.outputs, self.keys.reboot(), marks=self.marks)

    def ask(self, who, action=codes.WAKE, argument=0):
        self.car.asking.argument = argument
        if who == _NOBODY:
            return self.car.ask(codes.CABIN, _NOBODY, action, 0)
        return self.car.ask(codes.PHONE, 1 + who, action)

    def pass_s(self, seconds):
        """Seconds in which nobody comes; the vehicle counts them itself."""
        self.outputs.clock.advance(1_000 * seconds)
        self.car.vehicle.tick()

    def look(self):
        now, known = self.car.vehicle.now_min, self.car.vehicle.wall.known
        assert self.ask(_OWNER) == self.ask(_DRIVER) == codes.ACCEPTED
        assert self.ask(_REVOKED) == codes.REVOKED
        inside = _FROM // 60 <= now < (_FROM + _WINDOW_S) // 60
        over = -1 - now >= (_FROM + _WINDOW_S) // 60
        unset = codes.OUTSIDE_WINDOW if over else codes.CLOCK_UNSET
        allowed = codes.OUTSIDE_WINDOW if over else codes.ACCEPTED
        agreed = codes.ACCEPTED if inside else codes.OUTSIDE_WINDOW
        assert known == (now >= 0)
        assert self.ask(_GUEST) == (agreed if known else unset)
        assert self.ask(_LATE) == (agreed if known else allowed)


@settings(max_examples=_EXAMPLES, deadline=None, database=None, derandomize=True)
@given(_STEPS)
def test_no_jump_of_the_clock_shuts_an_owner_out_or_lets_a_revoked_key_in(steps):
    world = World()
    with world.keys:
        world.look()
        for what, who, value in steps:
            before = world.car.vehicle.now_min
            if what == "told":
                verdict = world.ask(who, codes.SET_CLOCK, value)
                after = world.car.vehicle.now_min
                if who in (_GUEST, _REVOKED):
                    assert not codes.is_accepted(verdict) and after == before
                elif not codes.is_accepted(verdict):
                    assert verdict == codes.CLOCK_BACK and after == before
                elif before >= 0 and who == _DRIVER:
                    assert after >= before - 5
                elif who in (_OWNER, _NOBODY) and _SENSIBLE[0] <= value <= _SENSIBLE[1]:
                    assert codes.is_accepted(verdict) and after == value // 60
            elif what == "passed":
                world.pass_s(who)
                assert world.car.vehicle.now_min >= before if before >= 0 else world.car.vehicle.now_min == before
            else:
                world.boot()
                assert world.car.vehicle.now_min < 0
            world.look()


def test_the_clock_decides_about_guests_alone():
    """Every other key is recognised without a look at it: the list says so before any time is asked for."""
    with _keys(Marks()) as keys:
        for number in range(keys.registry.count):
            active = keys.registry.condition(number) == ACTIVE
            assert keys.registry.is_windowed(number) == (active and keys.registry.role(number) == codes.GUEST)
