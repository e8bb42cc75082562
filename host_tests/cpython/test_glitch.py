"""No single branch of the decision, taken the wrong way, lets anybody in. What it plays says mutation/glitch.py."""

import re
import subprocess
import sys
from pathlib import Path

from fakes.scale import LONG

_HOST_TESTS = Path(__file__).resolve().parents[1]


def _glitches(*options):
    words = [sys.executable, str(_HOST_TESTS / "mutation/glitch.py"), *options]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_no_single_branch_taken_the_wrong_way_opens_or_drives_both_ways_or_too_long():
    done = _glitches("--times", "40" if LONG else "1")
    print(done.stdout, done.stderr)
    told = re.search(r"glitches: (\d+) branches, (\d+) single faults, (\d+) that matter", done.stdout)
    assert told and int(told[1]) > 300 and int(told[2]) > 1_000, done.stdout + done.stderr
    assert done.returncode == 0 and told[3] == "0", done.stdout


def test_a_look_that_is_not_taken_a_second_time_would_be_noticed():
    """With the warrant granted to everybody, single branches open again: the scenes can see it."""
    done = _glitches("--times", "1", "--without-warrants", "--scene", "strangers")
    assert done.returncode == 1 and "a stranger gets in" in done.stdout, done.stdout + done.stderr
