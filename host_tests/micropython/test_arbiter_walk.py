"""A seeded walk through the arbiter's world under MicroPython: every invariant checked at every step."""

import random

from fakes.arbiter_world import BOLT, CRASH, DOOR, IGNITION, SPEED, SUPPLY, World
from fakes.results import tell
from fakes.scale import LONG, SHORT
from latchkey.core import codes
from latchkey.core.codes import CABIN, CLOUD, KEYCARD, PHONE

_STEPS = 10_000_000 if LONG else 20_000 if SHORT else 1_000_000
_LATCH_ASKS = ((PHONE, codes.OPEN_TRUNK), (PHONE, codes.OPEN_FRUNK), (CLOUD, codes.OPEN_CHARGE_PORT))
_DRIVE_ASKS = ((KEYCARD, codes.AUTHORISE_DRIVE), (CLOUD, codes.REVOKE_DRIVE))


def _walk(readings, steps, seed):
    random.seed(seed)
    sources = (CLOUD, PHONE, KEYCARD, CABIN)
    world = World(sources, readings, None, _DRIVE_ASKS, relock=True, silent_bolt=True, latch_asks=_LATCH_ASKS)
    accepted = 0
    for _ in range(steps):
        events = world.events()
        verdict = world.do(events[random.getrandbits(16) % len(events)])
        accepted += verdict >= 0 and codes.is_accepted(verdict)
    assert world.latch_verdicts == {codes.ACCEPTED, codes.MOVING, codes.NOT_WIRED, codes.NOT_PERMITTED}
    tell("F3", "walk of %d steps" % steps)
    return accepted


def test_walk_with_every_wire():
    assert _walk((BOLT, DOOR, IGNITION, SPEED, SUPPLY, CRASH), _STEPS, 20211119) > _STEPS // 100


def test_walk_without_a_bolt_sensor():
    assert _walk((DOOR, IGNITION, CRASH), _STEPS // 4, 7) > _STEPS // 400
