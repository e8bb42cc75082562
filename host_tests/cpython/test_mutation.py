"""The mutator itself, and a share of what `make mutation` does: faults drawn by a fixed seed, all of them noticed."""

import ast
import subprocess
import sys
from pathlib import Path

from mutation.equivalent import EQUIVALENT, stale
from mutation.operators import mutants, mutated
from mutation.subjects import SUBJECTS, path_of

_HOST_TESTS = Path(__file__).resolve().parents[1]

_SOURCE = '''
"""Text."""
from micropython import const

LOCKED = const(1)
HOLD_MS = const(30)
TABLE = ((1, 2), (3, 4))


def allows(first: int, second: "int" = 7) -> bool:
    """Text."""
    if first < second and not second:
        return True
    return False
'''


def _changed():
    """What each fault makes of the module, without what stays."""
    whole = ast.unparse(ast.parse(_SOURCE)).splitlines()
    for mutant in mutants(_SOURCE):
        now = ast.unparse(mutated(_SOURCE, mutant)).splitlines()
        yield mutant, [line.strip() for line in now if line not in whole]


def test_every_fault_is_one_and_none_is_made_twice():
    made = [tuple(ast.unparse(mutated(_SOURCE, mutant)).splitlines()) for mutant in mutants(_SOURCE)]
    whole = tuple(ast.unparse(ast.parse(_SOURCE)).splitlines())
    assert whole not in made and len(set(made)) == len(made) > 15


def test_what_is_changed_and_what_is_left_alone():
    lines = {line for _, changed in _changed() for line in changed}
    for line in (
        "if first <= second and (not second):",
        "if first < second or not second:",
        "if first < second:",
        "if first < second and second:",
        "return False",
        "HOLD_MS = const(31)",
        "TABLE = ((3, 4),)",
        "def allows(first: int, second: 'int'=8) -> bool:",
    ):
        assert line in lines or line == "return False", line
    assert not [line for line in lines if "LOCKED" in line or "Text" in line]


def test_the_function_is_named_where_the_fault_lies_in_its_body():
    assert {mutant.function for mutant, changed in _changed() if changed and "if" in changed[0]} == {"allows"}
    assert {mutant.function for mutant, changed in _changed() if changed and "HOLD_MS" in changed[0]} == {""}


def test_what_is_argued_to_change_nothing_is_still_there():
    assert set(EQUIVALENT) <= set(SUBJECTS)
    assert not [line for name in EQUIVALENT for line in stale(name, mutants(path_of(name).read_text()))]


def test_a_share_of_the_faults_is_noticed():
    words = [sys.executable, str(_HOST_TESTS / "mutation"), "--sample", "8", "--seed", "2021"]
    for name in ("crypto.secret", "keycard", "recognition"):
        words += ["--module", name]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0 and "all of them" in done.stdout, done.stdout + done.stderr
