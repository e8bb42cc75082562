"""What owners do with a controller on the bench when keys come and go."""

from fakes.bench import Bench, codes
from fakes.bench_cards import key_card

PAST_CLAIM_MS = 5_300  # the button must be held for 5 s


async def claim(bench, *owners):
    assert await bench.press(PAST_CLAIM_MS) == [codes.ACCEPTED]
    found = []
    for owner in owners:
        found += await bench.tap(owner, 0, 1_000)
    return found


async def open_enrolment(bench, owner):
    """The owner's gesture: the button held while the card lies on the reader."""
    bench.wires["button"].level = 1
    await bench.pass_ms(100)
    found = await bench.tap(owner)
    bench.wires["button"].level = 0
    await bench.pass_ms(100)
    return found


async def enrol(bench, owner, new):
    """Open, show the new card, confirm; returns the verdicts of the confirmation."""
    assert await open_enrolment(bench, owner) == [codes.ACCEPTED]
    assert await bench.tap(new) == [codes.KEY_PINNED]
    return await bench.tap(owner, 700, 1_500)


def claimed():
    bench = Bench()
    return bench, bench.enrol(key_card(1), codes.OWNER), bench.enrol(key_card(2), codes.OWNER)


def roles(bench):
    return [(key["role"], key["state"]) for key in bench.status()["keys"]]
