"""What lies between a card's answer and the pulse, counted: prints cards, tap, then the numbers named in _HEADER.

Under MicroPython on the bench, in virtual time; MICROPYPATH names the compiled firmware, host_tests and the models. The
same counters as in story/test_story_budget.py, and beside them each time that the reader's own task gives way. A card's
first tap is the one whose shared secret nobody has prepared.
"""

from fakes.bench import Bench, codes
from fakes.bench_cards import Acting
from fakes.bench_counters import PROOF, CountedBlocks, Counters
from fakes.bench_disk import new_disk
from fakes.bench_meter import Meter

_TAPS = 4
_HEADER = ("curve", "blocks", "opened", "flash", "awaits")


def _spent(cards):
    bench = Bench(disk=new_disk(512, 208 if cards > 1 else 32))
    if cards > 1:
        bench.enrol_strangers(cards - 1)
    meter = Meter()
    counters = Counters(bench, lambda: meter.count("nfc"))
    card = bench.enrol(Acting(1, {PROOF: counters.ask}), codes.OWNER)

    async def story():
        await bench.pass_ms(1_000)  # the vehicle's key pair is there
        for _ in range(_TAPS):
            if codes.ACCEPTED not in await bench.tap(card, 1_000, 2_000):
                raise ValueError("a tap was not accepted")

    with CountedBlocks(), meter:
        bench.run(story())
    if len(counters.spent) != _TAPS:
        raise ValueError("%d taps, %d pulses" % (_TAPS, len(counters.spent)))
    return counters.spent


def _most(rows):
    """Of each number the largest."""
    return [max(numbers) for numbers in zip(*rows)]


def main():
    for cards in (1, 300):
        first, *later = [(one.curve, one.blocks, one.opened, one.flash, one.turns) for one in _spent(cards)]
        for tap, numbers in (("first", first), ("later", _most(later))):
            print("\t".join([str(cards), tap] + [str(number) for number in numbers]))


main()
