"""The abuse drill in virtual time, see fakes/drill.py: arguments KIND TRIES SEED, KIND one of crowd.KINDS or `all`.

Prints how many tries, how many of them served; then in ms: middle, 99th percentile and longest of the phone's waits,
of an undisturbed tap, of a tap among the crowd; the longest time without an advertisement, and without a connectable
one. MICROPYPATH names the compiled firmware, host_tests and the models.
"""

import sys

from fakes.crowd import KINDS
from fakes.drill import Drill, late, middle

_IDLE_TAPS = 40


def main():
    kind, tries, seed = sys.argv[-3:]
    drill = Drill(int(seed))
    drill.run(KINDS if kind == "all" else (kind,), int(tries), _IDLE_TAPS)
    found = [drill.tries, len(drill.waits_ms)]
    for values in (drill.waits_ms, drill.idle_ms, drill.taps_ms):
        found += [middle(values), late(values), max(values)] if values else [0, 0, 0]
    print("\t".join([str(number) for number in found + [drill.air.silent_ms, drill.air.closed_ms]]))


main()
