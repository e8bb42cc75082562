"""One reader needs one workspace of the curve, whenever a card comes: 5 KB in one piece, found while booting.

A second one would be asked of a heap that has been in use for a while. On a PC, 40 KB were free after twenty taps and
no 5 KB of them in one piece: the tap failed, and the link started again.
"""

from fakes.bench import Bench, SlowArithmetic, codes
from fakes.bench_cards import key_card
from fakes.bench_gestures import claim, claimed, open_enrolment
from latchkey.crypto import p256, p256_engine, p256_workspace


class Counted(p256_workspace.Workspace):
    """Counts how many have been made."""

    made = 0

    def __init__(self):
        Counted.made += 1
        super().__init__()


def _made(bench, story, step_ms):
    """How many workspaces a story makes on an engine that has kept one; the last story may have died with another."""
    p256.variant()
    workspace = p256_engine.Workspace
    p256._engine._spare[:] = [workspace()]
    p256_engine.Workspace = Counted
    Counted.made = 0
    try:
        with SlowArithmetic(bench.time, step_ms):
            bench.run(story)
    finally:
        p256_engine.Workspace = workspace
    return Counted.made


def test_taps_while_the_next_key_pair_is_being_made_take_its_workspace():
    bench, first, second = claimed()
    accepted = []

    async def story():
        await bench.pass_ms(2_000)
        for number in range(15):
            card = key_card(50 + number) if number % 3 == 2 else (first, second)[number & 1]
            accepted.extend(await bench.tap(card, 800, 450 + 50 * number))
            await bench.pass_ms(6_000 if number % 5 == 4 else 0)

    assert _made(bench, story(), 3) == 0
    assert accepted.count(codes.ACCEPTED) >= 10 and accepted.count(codes.UNKNOWN_KEY) == 5, accepted


def test_a_new_card_that_is_checked_while_the_next_key_pair_is_being_made():
    bench, first, _ = claimed()

    async def story():
        await bench.pass_ms(2_000)
        assert await open_enrolment(bench, first) == [codes.ACCEPTED]
        assert await bench.tap(key_card(9)) == [codes.KEY_PINNED]

    assert _made(bench, story(), 3) == 0


def test_a_pair_that_was_given_up_for_a_tap_is_made_when_there_is_time():
    bench = Bench()

    async def story():
        await bench.pass_ms(2_000)
        await claim(bench, key_card(1), key_card(2))
        for _ in range(3):
            await bench.tap(key_card(1), 700, 500)
        await bench.pass_ms(10_000)
        before = p256.operations()
        await bench.pass_ms(5_000)
        assert p256.operations() == before  # nothing is left to do
        await bench.tap(key_card(1), 200, 0)
        assert p256.operations() == before  # for this card there was nothing left to compute: it was ready

    assert _made(bench, story(), 3) == 0
