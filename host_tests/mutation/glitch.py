"""Every single branch of what decides and drives, turned round: once at each time it is come to, and for good.

    python host_tests/mutation/glitch.py [--times N] [--scene WORD] [--without-warrants]

Fault injection makes a processor take the wrong branch. Here each condition of the modules below (`if`, `while`, what
stands between `and` and `or`, the choice of a conditional expression) goes through a function that can turn it round,
and the scenes of both/test_nobody_opens are played under each such fault. An exception ends its step, as a link that
fails starts again; a loop without end is a watchdog's. What is asked: does anybody get in who has no right to, is the
motor driven both ways at once, does a pulse outlast a second.

--times N       how many of the times at which a branch is come to, spread over the scene; 0: every one of them
--scene WORD    only the scenes with WORD in their names
--without-warrants
                everybody has a warrant: what the second look is good for
Exit status 1 where any of the three happens.
"""

import argparse
import ast
import os
import signal
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import NamedTuple

_HERE = Path(__file__).resolve().parent
sys.path[:] = [str(_HERE.parent), *[path for path in sys.path if path != str(_HERE)]]

import conftest  # noqa: E402, F401  puts the firmware on the path

sys.path.insert(0, str(_HERE.parent / "both"))

from mutation.loading import Loader  # noqa: E402

MODULES = (
    "core.arbiter",
    "core.crash",
    "core.deadlines",
    "core.drive",
    "core.facts",
    "core.heat",
    "core.intent",
    "core.lock",
    "core.policy",
    "core.remote",
    "credentials.recognition",
    "drivers.actuator",
    "vehicle",
)
_LONGEST_S = 1.0


class Branch(NamedTuple):
    module: str
    line: int
    condition: str


class Hung(BaseException):
    """A loop that does not end."""


class Fault:
    """Turns branch `at` round: for good where `when` is 0, else the `when`-th time that it is come to."""

    def __init__(self) -> None:
        self.at = -1
        self.when = 0
        self.met: dict[int, int] = {}

    def set(self, at: int, when: int) -> None:
        self.at, self.when, self.met = at, when, {}

    def turned(self, number: int, truth: object) -> object:
        met = self.met[number] = self.met.get(number, 0) + 1
        if number == self.at and self.when in (0, met):
            return not truth
        return truth


class _Turner(ast.NodeTransformer):
    """Puts every condition of a module through _turned(number, condition)."""

    def __init__(self, module: str, branches: list[Branch]) -> None:
        self._module, self._branches = module, branches

    def visit_If(self, node: ast.If) -> ast.AST:
        if "TYPE_CHECKING" not in ast.unparse(node.test):
            node.test = self._through(node.test)
        return self.generic_visit(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        node.test = self._through(node.test)
        return self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        node.test = self._through(node.test)
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """As a value: every operand but the last decides whether the next is looked at."""
        node.values[:-1] = [self._through(value) for value in node.values[:-1]]
        return self.generic_visit(node)

    def _through(self, test: ast.expr) -> ast.expr:
        if isinstance(test, ast.BoolOp):
            test.values = [self._through(value) for value in test.values]
            return test
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test.operand = self._through(test.operand)
            return test
        if isinstance(test, ast.Constant) or (isinstance(test, ast.Call) and ast.unparse(test.func) == "_turned"):
            return test
        self._branches.append(Branch(self._module, test.lineno, ast.unparse(test)))
        call = ast.Call(ast.Name("_turned", ast.Load()), [ast.Constant(len(self._branches) - 1), test], [])
        return ast.copy_location(call, test)


def load(fault: Fault) -> list[Branch]:
    """Have the modules imported with their branches in the hands of `fault`; returns these."""
    import builtins

    builtins._turned = fault.turned  # type: ignore[attr-defined]
    branches: list[Branch] = []
    for module in MODULES:
        path = _HERE.parents[1] / "firmware/latchkey" / (module.replace(".", "/") + ".py")
        tree = _Turner(module, branches).visit(ast.parse(path.read_text()))
        code: CodeType = compile(ast.fix_missing_locations(tree), str(path), "exec")
        sys.meta_path.insert(0, Loader("latchkey." + module, code))
    return branches


def _hung(number: int, frame: FrameType | None) -> None:
    raise Hung


def played(make: object) -> object:
    """One scene to its end, whatever happens on the way; returns it, None where not even the car can be built."""
    signal.setitimer(signal.ITIMER_VIRTUAL, _LONGEST_S)
    scene = None
    try:
        scene = make()  # type: ignore[operator]
        for step in scene.steps:
            try:
                step()
            except Exception:
                pass
    except (Exception, Hung):
        pass
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return scene


def moments(count: int, most: int) -> list[int]:
    """0 for good; of the `count` times at which a branch is come to the first, the last, and as many between.

    most: 0 for all of them, -1 for none.
    """
    if not count:
        return []
    if most < 0:
        return [0]
    if not most or count <= most:
        return list(range(count + 1))
    return [0, *sorted({1 + at * (count - 1) // (most - 1) for at in range(most)})] if most > 1 else [0, 1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3, metavar="N")
    parser.add_argument("--scene", default="", metavar="WORD")
    parser.add_argument("--without-warrants", action="store_true")
    options = parser.parse_args()
    fault = Fault()
    branches = load(fault)
    import test_nobody_opens as scenes
    from latchkey import vehicle

    if options.without_warrants:
        vehicle.warrant = lambda registry, request, remote, now_min: vehicle.WARRANT + request.action
    signal.signal(signal.SIGVTALRM, _hung)
    plays = (
        (scenes.strangers, lambda scene: scene.opened(), "a stranger gets in"),
        (scenes.without_the_right, lambda scene: scene.opened(), "opens without the right to"),
        (scenes.everybody_moves_it, lambda scene: 0, ""),
    )
    found: dict[tuple[int, str], list[int]] = {}
    faults = 0
    for make, opened, words in plays:
        if options.scene not in make.__name__:
            continue
        fault.set(-1, 0)
        played(make)
        met = dict(fault.met)
        for at in range(len(branches)):
            for when in moments(met.get(at, 0), options.times if words or options.times != 1 else -1):
                fault.set(at, when)
                scene = played(make)
                faults += 1
                if scene is None:
                    continue
                if opened(scene):
                    found.setdefault((at, words), []).append(when)
                if not scenes.electrically_sound(scene.outputs):
                    found.setdefault((at, "the motor's limits"), []).append(when)
    for (at, words), whens in sorted(found.items()):
        branch = branches[at]
        kinds = ("for good, " if 0 in whens else "") + f"{len([when for when in whens if when])} times once"
        print(f"{branch.module}:{branch.line}: {branch.condition}: {words} ({kinds})")
    print(f"glitches: {len(branches)} branches, {faults} single faults, {len(found)} that matter")
    return 1 if found else 0


if __name__ == "__main__":
    os.environ.setdefault("LATCHKEY_SCALE", "short")
    sys.exit(main())
