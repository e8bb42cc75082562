"""The power fails at every write and erase of an enrolment and of a revocation, under the whole application.

Whatever was torn, the next boot shows the list before or after the change, never less, and what was told as done stays.
"""

from fakes.bench import Bench, codes
from fakes.bench_cards import key_card
from fakes.bench_disk import new_disk
from fakes.flash import VARIANTS
from fakes.marks import Marks
from fakes.scale import LONG

_ROUNDS = VARIANTS if LONG else VARIANTS[1:3]
_STEP = 1 if LONG else 2


def _car(cut_after, variant):
    """A claimed controller with two owners and a driver, whose power fails at a certain operation of the next run."""
    bench = Bench(disk=new_disk(512, 32))
    cards = [bench.enrol(key_card(n + 1), role) for n, role in enumerate((codes.OWNER, codes.OWNER, codes.DRIVER))]
    bench.disk.power.cut(cut_after, variant)
    bench.marks = Marks(bench.marks.values, bench.disk.power)
    return bench, cards


async def _enrol(bench, cards, new):
    bench.wires["button"].level = 1
    await bench.pass_ms(100)
    await bench.tap(cards[0])
    bench.wires["button"].level = 0
    await bench.pass_ms(100)
    await bench.tap(new)
    return await bench.tap(cards[0], 700, 1_500)


async def _revoke(bench, cards, new):
    bench.forget()
    bench.type("revoke 2")
    await bench.pass_ms(1_500)
    return bench.verdicts()


async def _look(bench, cards, new):
    """Which keys open the car now: (first owner, driver, new card)."""
    assert bench.status()["registry"] == "ready", bench.status()
    opens = []
    for card in (cards[0], cards[2], new):
        found = await bench.tap(card, 500, 600)
        assert found[0] in (codes.ACCEPTED, codes.UNKNOWN_KEY, codes.REVOKED)
        opens.append(found[0] == codes.ACCEPTED)
    return opens


def _try(change, before, after, done):
    """Cut at one operation after the other, until the change comes through; returns how many operations it has."""
    new = key_card(9)
    number = 1
    outcomes = set()
    while True:
        for variant in _ROUNDS:
            bench, cards = _car(number, variant)
            power = bench.disk.power
            told = bench.run(change(bench, cards, new))
            bench.marks = Marks(bench.marks.values)
            opens = bench.run(_look(bench, cards, new))
            assert opens in (before, after), (number, variant, opens)
            assert opens == after or done not in told, (number, variant, told)
            outcomes.add(opens == after)
        if power.count < power.cut_at:
            assert outcomes == {True, False}
            return number
        number += _STEP


def test_an_enrolment_is_there_or_not_wherever_the_power_fails():
    assert _try(_enrol, [True, True, False], [True, True, True], codes.ENROLLED) > 10


def test_a_revocation_told_as_done_stays_wherever_the_power_fails():
    # Told are "asked" and "done", both as ACCEPTED: only the second one counts, so it is looked for by number.
    async def revoke(bench, cards, new):
        told = await _revoke(bench, cards, new)
        return ["done"] if told[1:] == [codes.ACCEPTED] else []

    assert _try(revoke, [True, True, False], [True, False, False], "done") > 10
