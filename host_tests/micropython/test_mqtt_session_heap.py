"""A session that has nothing to do takes nothing from the heap, however long it stands."""

import micropython
from fakes.session_world import SessionWorld


class _Quiet:
    """A stream on which nothing comes, and on which everything goes."""

    shaking = False

    def read_into(self, view):
        return 0

    def write(self, data):
        return len(data)

    def close(self):
        pass


def test_an_idle_turn_allocates_nothing():
    world = SessionWorld()
    session = world.session
    session._stream = _Quiet()
    turns = 0
    micropython.heap_lock()
    try:
        while turns < 2_000:  # 40 s, before the first ping is due
            session.step()
            world.time.elapsed_ms += 20
            turns += 1
    finally:
        micropython.heap_unlock()
    assert turns == 2_000 and not session._pings
