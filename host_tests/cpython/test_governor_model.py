"""Random lives of a governor: whatever is asked, in whatever order and after whatever jumps of the clock.

A witness keeps a list of all that was granted and adds it up anew. For the lock it keeps allowances of its own, as if
nothing else existed; what those hold must be granted.
"""

import random
from collections import deque

from fakes.scale import LONG
from hypothesis import given, settings
from hypothesis import strategies as st
from latchkey.core import governor as g
from latchkey.core.governor import Governor

_HOUR = 3_600
_DAY = 86_400
_KINDS = range(g.KINDS)
_OWN = {g.LOCK_STATE, g.VEHICLE_STATE, g.EVENT, g.DIAGNOSTIC}
_HUSHED = {g.VEHICLE_STATE, g.EVENT, g.DIAGNOSTIC}
_STEPS_S = (0, 0, 0, 1, 1, 7, 30, 90, 300, 899, 1_800, 3_600, 20_000, 86_400, 315_576_000)
_SIZES = (0, 2, 40, 100, 250, 400, 900, 1_500, 2_100, 5_000, 20_000)
_RECORD_LEN = 29


class Window:
    """The sum of what was granted in the last span, both ends included."""

    def __init__(self, span_s, most):
        self._span_s = span_s
        self._most = most
        self._entries = deque()
        self.total = 0

    def add(self, now_s, amount):
        self._entries.append((now_s, amount))
        self.total += amount
        while now_s - self._entries[0][0] > self._span_s:
            self.total -= self._entries.popleft()[1]
        assert self.total <= self._most, (self.total, self._most)


class Reserve:
    """What the lock's state would have if nothing else were ever sent, and no more than others have to leave it."""

    def __init__(self, holds, gain, cost):
        self._holds = self._level = holds
        self._gain = gain
        self._cost = cost  # None: its size

    def pass_time(self, passed_s):
        self._level = min(self._holds, self._level + passed_s * self._gain)

    def has(self, size):
        return self._level >= (self._cost or size)

    def take(self, size):
        self._level = max(0, self._level - (self._cost or size))


class Witness:
    """A governor, asked; and what must be true of its answers."""

    def __init__(self):
        self.governor = Governor(_RECORD_LEN)
        self.now_s = 0
        self.granted = [0] * g.KINDS
        self._own = (Window(_HOUR, 60), Window(_DAY, 480))
        self._replies = Window(_HOUR, 20)
        self._reconnects = Window(_HOUR, 30)
        self._bytes = (Window(_HOUR, 65_536), Window(_DAY, 524_288))
        self._reserves = (
            Reserve(8 * 90, 1, 90),
            Reserve(76 * 300, 1, 300),
            Reserve(3_600, 13, None),
            Reserve(35_600, 4, None),
        )
        self._quiet_until_s = 0
        self._verbose = (g.NORMAL, 0)

    def pass_time(self, passed_s):
        self.now_s += passed_s
        for reserve in self._reserves:
            reserve.pass_time(passed_s)
        self.check_settings()

    def ask(self, kind, size):
        whole = size + _RECORD_LEN
        due = kind == g.LOCK_STATE and all(reserve.has(whole) for reserve in self._reserves)
        granted = self.governor.may(kind, size, self.now_s)
        assert granted or not due, "the lock's state is starved"
        assert not (granted and kind in _HUSHED and self.now_s < self._quiet_until_s), "not quiet"
        if granted:
            self._add(kind, whole)
        return granted

    def _add(self, kind, whole):
        self.granted[kind] += 1
        for window in self._bytes:
            window.add(self.now_s, whole)
        if kind in _OWN:
            for window in self._own:
                window.add(self.now_s, 1)
        elif kind == g.REPLY:
            self._replies.add(self.now_s, 1)
        elif kind == g.RECONNECT:
            self._reconnects.add(self.now_s, 1)
        if kind == g.LOCK_STATE:
            for reserve in self._reserves:
                reserve.take(whole)

    def hush(self, for_s):
        self.governor.set_quiet(for_s, self.now_s)
        self._quiet_until_s = self.now_s + min(for_s, _DAY)
        self.check_settings()

    def tell(self, level, for_s):
        self.governor.set_verbosity(level, for_s, self.now_s)
        self._verbose = (min(level, g.MAXIMUM), self.now_s + min(for_s, _HOUR))
        self.check_settings()

    def check_settings(self):
        level, until_s = self._verbose
        assert self.governor.verbosity(self.now_s) == (level if self.now_s < until_s else g.NORMAL)
        assert self.governor.is_quiet(self.now_s) == (self.now_s < self._quiet_until_s)

    def do(self, what, which):
        """One step of a life, out of two bytes."""
        kind, size = which % g.KINDS, _SIZES[which // g.KINDS % len(_SIZES)]
        if what < 60:
            self.pass_time(_STEPS_S[what % len(_STEPS_S)])
        elif what < 160:
            self.ask(kind, size)
        elif what < 240:
            for _ in range(60):  # as much as there is, or as much as any ceiling of a number allows
                if not self.ask(kind, size):
                    break
        elif what < 248:
            self.tell(which % 6, _STEPS_S[which % len(_STEPS_S)])
        else:
            self.hush(_STEPS_S[which % len(_STEPS_S)])


@settings(max_examples=20_000 if LONG else 400)
@given(st.binary(min_size=100, max_size=600))
def test_the_ceilings_hold_and_the_lock_is_heard(life):
    witness = Witness()
    for what, which in zip(life[::2], life[1::2], strict=False):
        witness.do(what, which)
    witness.pass_time(_DAY)
    assert not witness.governor.is_quiet(witness.now_s)
    assert witness.governor.verbosity(witness.now_s) == g.NORMAL
    for kind in reversed(_KINDS):
        assert witness.ask(kind, 100), "a day later there is room for each again"


@settings(max_examples=5_000 if LONG else 50)
@given(st.integers(0, 2**32 - 1))
def test_everyone_asks_all_the_time_in_any_order(seed):
    """Nothing is ever left over: the ceilings are approached as closely as they can be."""
    chance = random.Random(seed)
    witness = Witness()
    order = list(_KINDS)
    for _ in range(150):
        witness.pass_time(chance.choice((1, 2, 5, 11, 30, 100, 700)))
        chance.shuffle(order)
        for kind in order:
            while witness.ask(kind, 150):
                pass
    assert witness.granted[g.LOCK_STATE] >= 8
    assert sum(witness.granted[kind] for kind in _OWN) >= 60


@settings(max_examples=2_000 if LONG else 200)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("lost"), st.binary(min_size=4, max_size=4)),
            st.tuples(st.just("held"), st.integers(0, 2_000)),
        ),
        max_size=40,
    )
)
def test_every_wait_is_within_its_bounds(life):
    """After the boot 10 s at most, then 300, 600 and 900; 300 again once a session has lasted ten minutes."""
    governor = Governor()
    longest_s = 10
    now_s = 0
    for what, value in life:
        if what == "lost":
            delay_ms = governor.reconnect_delay_ms(lambda buffer, drawn=value: buffer.__setitem__(slice(0, 4), drawn))
            assert 0 <= delay_ms <= longest_s * 1_000
            share = int.from_bytes(value, "big") / 2**32
            assert abs(delay_ms - share * longest_s * 1_000) <= 1
            longest_s = {10: 300, 300: 600}.get(longest_s, 900)
        else:
            governor.connected(now_s)
            now_s += value
            if governor.connected_long(now_s):
                longest_s = 300
            assert governor.connected_long(now_s) == (value >= 600)
