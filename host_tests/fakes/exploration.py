"""Visits every reachable state of a world and lets every possible event happen in each of them."""

import os

from latchkey.core import arbiter, lock
from latchkey.core.facts import UNKNOWN, YES

from fakes.arbiter_world import TIMER


def explore(name, world):
    """Depth first over all states; the world checks its invariants at every step. Returns (states, transitions)."""
    start = world.save()
    seen = {start}
    waiting = [start]
    transitions = 0
    while waiting:
        state = waiting.pop()
        world.restore(state)
        for event in world.events():
            world.restore(state)
            world.do(event)
            transitions += 1
            after = world.save()
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    tell("%s: %d states, %d transitions" % (name, len(seen), transitions))
    return seen, transitions


def tell(line):
    """Say what was seen: on the screen, and in the file EXPLORED, because pytest keeps the screen to itself."""
    print(line)
    path = os.getenv("EXPLORED")
    if path:
        with open(path, "a") as file:
            file.write(line + "\n")


def settles(world):
    """Left alone with its own timers, the machine comes to rest: nothing stays in flight for ever."""
    for _ in range(12):
        a = world.arbiter
        if a.lock.motor == lock.STILL and not a.lock.in_flight() and not a.lock.queued and not a.lock.tries:
            return True
        for timer in (arbiter.AFTER_PULSE, arbiter.AFTER_HALT, arbiter.MOVE):
            if (world.running >> timer) & 1:
                world.do((TIMER, timer, 0))
                break
        else:
            return False
    return False


def reset_moves_nothing(world, state):
    """A controller that restarts in this state drives nothing when it reads its sensors, and knows what they show."""
    world.restore(state)
    bolt = world.arbiter.lock.bolt
    fresh = type(world)(world.sources, world.readings, drive_asks=world.drive_asks)
    fresh.arbiter.crash.line = UNKNOWN
    readings = (("bolt", bolt), ("door", state[4][0]), ("ignition", state[4][1]), ("speed", state[4][2]))
    for kind, value in readings + (("crash", state[2][3] == YES),):
        if kind in world.readings and (value or kind == "crash"):
            fresh.do((kind, value, 0))
            if fresh.arbiter.motor_effect in (lock.PULSE_LOCK, lock.PULSE_UNLOCK, lock.HALT):
                return False
    expected = {1: lock.LOCKED, 2: lock.UNLOCKED}.get(bolt, lock.UNKNOWN)
    return fresh.arbiter.lock.state == expected
