"""Do the tests test? Puts one small fault after the other into what decides and verifies, and runs the fitting tests.

    python host_tests/mutation [--module WORD]… [--sample N] [--seed N] [--list]

--module WORD   only modules in whose names WORD stands
--sample N      of each module N faults, drawn by --seed, in place of all
--list          say which modules there are and how many faults each has, and end

Prints for each module how many faults there were and how many were noticed, then every one that was not. What changes
nothing that anybody could see stands in equivalent.py, with the reason. Exit status 1 when a module is below 95 %, or
when equivalent.py names what is not there any more.
"""

import argparse
import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_HERE = Path(__file__).resolve().parent
os.environ.setdefault("LATCHKEY_SCALE", "short")
sys.path.insert(0, str(_HERE.parent))
sys.path[:] = [path for path in sys.path if path != str(_HERE)]  # or `operator` and ours would be one step apart

import conftest  # noqa: E402, F401  puts the firmware on the path
from hypothesis import Phase, settings  # noqa: E402

settings.register_profile("mutation", settings.get_profile("ci"), phases=[Phase.generate], print_blob=False)
settings.load_profile("mutation")  # a failure is enough: what the smallest one is nobody wants to know
for _folder in ("both", "cpython", "story"):
    sys.path.insert(0, str(_HERE.parent / _folder))

from mutation.equivalent import reason_for  # noqa: E402
from mutation.operators import Mutant, mutants  # noqa: E402
from mutation.report import Row, report  # noqa: E402
from mutation.subjects import SUBJECTS, fitting, path_of  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", action="append", default=[], metavar="WORD")
    parser.add_argument("--sample", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--alone", default="", help=argparse.SUPPRESS)  # one module, in a process of its own
    options = parser.parse_args()
    if options.alone:
        return _alone(options.alone, options.sample, options.seed)
    chosen = [name for name in SUBJECTS if not options.module or any(word in name for word in options.module)]
    if not chosen:
        parser.error("no module has that in its name; there are: " + ", ".join(SUBJECTS))
    if options.list:
        for name in chosen:
            print(f"{name:<44}{len(mutants(path_of(name).read_text())):>6}")
        return 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = list(pool.map(lambda name: _row(name, options), chosen))
    return report(rows, bool(options.sample))


def drawn(module: str, found: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """`count` of them, the same ones for the same seed; all of them for 0."""
    if not count or count >= len(found):
        return found
    return random.Random(f"{seed} {module}").sample(found, count)


def _row(module: str, options: argparse.Namespace) -> Row:
    """One module, tried in a process of its own."""
    words = [
        sys.executable,
        str(_HERE),
        "--alone",
        module,
        "--sample",
        str(options.sample),
        "--seed",
        str(options.seed),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    row = Row(module, [], done.stderr.strip() or done.stdout)
    if not done.returncode:
        row = Row(module, json.loads(done.stdout.splitlines()[-1]), "")
    print(f"{module}: {row.killed} of {len(row.told)} noticed", flush=True)
    return row


def _alone(module: str, sample: int, seed: int) -> int:
    """Try the faults of one module; prints what became of each, as JSON."""
    from mutation.trial import Trial

    trial = Trial(module, fitting(module))
    told = []
    for mutant in drawn(module, trial.mutants, sample, seed):
        reason = reason_for(module, mutant)
        outcome, by = trial.run(mutant)
        told.append([outcome, by, reason, mutant.line, mutant.function, mutant.words, mutant.before])
        print(f"{module}:{mutant.line} {outcome} {by}", file=sys.stderr, flush=True)
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
