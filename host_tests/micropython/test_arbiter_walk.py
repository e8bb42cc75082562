"""A seeded walk through the arbiter's world under MicroPython: every invariant checked at every step."""

import random

from fakes.arbiter_world import BOLT, CRASH, DOOR, IGNITION, SPEED, SUPPLY, World
from fakes.scale import LONG, SHORT
from latchkey.core import codes
from latchkey.core.codes import CABIN, CLOUD, KEYCARD, PHONE

_STEPS = 10_000_000 if LONG else 20_000 if SHORT else 1_000_000
_DRIVE_ASKS = ((KEYCARD, codes.AUTHORISE_DRIVE), (CLOUD, codes.REVOKE_DRIVE))


def _walk(readings, steps, seed):
    random.seed(seed)
    world = World((CLOUD, PHONE, KEYCARD, CABIN), readings, drive_asks=_DRIVE_ASKS, relock=True, silent_bolt=True)
    accepted = 0
    for _ in range(steps):
        events = world.events()
        verdict = world.do(events[random.getrandbits(16) % len(events)])
        accepted += verdict >= 0 and codes.is_accepted(verdict)
    return accepted


def test_walk_with_every_wire():
    assert _walk((BOLT, DOOR, IGNITION, SPEED, SUPPLY, CRASH), _STEPS, 20211119) > _STEPS // 100


def test_walk_without_a_bolt_sensor():
    assert _walk((DOOR, IGNITION, CRASH), _STEPS // 4, 7) > _STEPS // 400
