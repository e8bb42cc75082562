"""Small faults put into a module's source, one at a time: what a test that tests must notice.

    comparison      < becomes <= and >=, == becomes !=, in becomes not in, and so on
    logic           `and` for `or`, a condition left out, `not` left out, a branch taken when it should not be
    number          an integer one more and one less; True for False; + for -, & for |, << for >>
    return          0 (which is ACCEPTED), or 99, in place of what is returned
    removal         an assignment, a call, a return, a raise or a break that is not there; a row missing in a table

What is left alone: annotations, text, what only the type checker reads, `yield` (where others get their turn), and the
numbers of an enumeration, whose value is a name. A module constant counts as a quantity by the words in its name.
"""

import ast
import copy
from collections.abc import Callable, Iterator
from typing import NamedTuple

_COMPARISONS: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_QUANTITIES = {
    "MS",
    "S",
    "KMH",
    "MV",
    "LEN",
    "LIMIT",
    "TRIES",
    "OFTEN",
    "MOST",
    "LIFETIME",
    "CEILING",
    "HOLDS",
    "GAINS",
}
_QUANTITIES |= {"COSTS", "LEAVES", "PAYS", "PHONE", "REMOTE", "STEP", "ROOM"}

_ZEROS = ("ACCEPTED", "GENUINE")  # names of 0, as far as anything returns them

Way = tuple[str, Callable[[ast.AST], "ast.AST | None"]]  # in words; gives the node that takes its place, None: nothing


class Mutant(NamedTuple):
    """One fault. node, way: where in ast.walk() of the module, and which of the ways there; function: the outermost
    one in whose body it lies, "" where it takes effect while the module is loaded."""

    node: int
    way: int
    line: int
    function: str
    words: str
    before: str


def mutants(source: str) -> list[Mutant]:
    """All faults of a module, in the order of its nodes: always the same ones for the same source."""
    tree = ast.parse(source)
    left_alone, functions = _left_alone(tree), _functions(tree)
    found = []
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in left_alone:
            continue
        function = functions.get(id(node), "")
        for way, (words, _) in enumerate(_ways(node)):
            if function or words != "removed":  # a name that is missing breaks everything, and shows nothing
                found.append(Mutant(number, way, getattr(node, "lineno", 0), function, words, _text(node)))
    return found


def mutated(source: str, mutant: Mutant) -> ast.Module:
    """The module with one fault."""
    tree = ast.parse(source)
    node = list(ast.walk(tree))[mutant.node]
    _, make = _ways(node)[mutant.way]
    _put(tree, node, make(copy.deepcopy(node)))
    return ast.fix_missing_locations(tree)


def _put(tree: ast.Module, old: ast.AST, new: "ast.AST | None") -> None:
    """Put `new` where `old` is; in place of a statement that goes there is `pass`."""
    if new is None:
        new = ast.copy_location(ast.Pass(), old)
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
                return
            if isinstance(value, list):
                for at, item in enumerate(value):
                    if item is old:
                        value[at] = new
                        return
    raise ValueError("not in this tree")


def _text(node: ast.AST) -> str:
    return ast.unparse(node).splitlines()[0][:100]


# What is left alone


def _left_alone(tree: ast.Module) -> set[int]:
    found: set[int] = set()
    for node in ast.walk(tree):
        parts = list(_aside(node))
        for part in parts:
            found.update(id(inner) for inner in ast.walk(part))
        if parts and isinstance(node, ast.If):
            found.add(id(node))
    return found


def _aside(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield node
    elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        yield node.test
        yield from (statement for statement in node.body)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield from (part for part in (node.returns, *node.decorator_list) if part is not None)
    elif isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation is not None:
        yield node.annotation
    elif isinstance(node, ast.Assign) and _is_name_of_a_number(node):
        yield node


def _is_name_of_a_number(node: ast.Assign) -> bool:
    """`LOCKED = const(1)`: another number would be another name for the same thing."""
    target, value = node.targets[0], node.value
    if not isinstance(target, ast.Name) or not target.id.isupper():
        return False
    called = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "const"
    plain = isinstance(value, (ast.Constant, ast.UnaryOp, ast.Name))
    return (called or plain) and not _QUANTITIES & set(target.id.split("_"))


def _functions(tree: ast.Module) -> dict[int, str]:
    """Node -> outermost function or method whose body it is in."""
    found: dict[int, str] = {}

    def enter(body: list[ast.stmt], prefix: str) -> None:
        for statement in body:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for inner in statement.body:
                    for node in ast.walk(inner):
                        found[id(node)] = prefix + statement.name
            elif isinstance(statement, ast.ClassDef):
                enter(statement.body, prefix + statement.name + ".")

    enter(tree.body, "")
    return found


# Ways to go wrong


def _ways(node: ast.AST) -> list[Way]:
    if isinstance(node, ast.Compare):
        return _of_comparison(node)
    if isinstance(node, ast.BoolOp):
        return _of_logic(node)
    if isinstance(node, ast.UnaryOp):
        return _of_unary(node)
    if isinstance(node, (ast.If, ast.While, ast.IfExp)):
        return _of_branch(node)
    if isinstance(node, ast.Constant):
        return _of_constant(node)
    if isinstance(node, (ast.BinOp, ast.AugAssign)):
        return _of_arithmetic(node)
    if isinstance(node, ast.Return):
        return _of_return(node)
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Expr, ast.Raise, ast.Break, ast.Continue)):
        return _of_statement(node)
    return []


def _of_comparison(node: ast.Compare) -> list[Way]:
    def other(at: int, operator: type) -> Callable[[ast.AST], ast.AST]:
        def make(copied: ast.AST) -> ast.AST:
            copied.ops[at] = operator()
            return copied

        return make

    return [
        (f"{type(old).__name__} -> {new.__name__}", other(at, new))
        for at, old in enumerate(node.ops)
        for new in _COMPARISONS[type(old)]
    ]


def _of_logic(node: ast.BoolOp) -> list[Way]:
    def swapped(copied: ast.AST) -> ast.AST:
        copied.op = ast.Or() if isinstance(copied.op, ast.And) else ast.And()
        return copied

    def without(at: int) -> Callable[[ast.AST], ast.AST]:
        def make(copied: ast.AST) -> ast.AST:
            del copied.values[at]
            return copied if len(copied.values) > 1 else copied.values[0]

        return make

    leaving = [(f"without condition {at + 1}", without(at)) for at in range(len(node.values))]
    return [("and <-> or", swapped), *leaving]


def _of_unary(node: ast.UnaryOp) -> list[Way]:
    if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        return []  # a negative number: its constant has ways of its own
    return [(f"without {type(node.op).__name__}", lambda copied: copied.operand)]


def _of_branch(node: "ast.If | ast.While | ast.IfExp") -> list[Way]:
    """The other branch. A comparison or a `not` alone is turned round by its own ways."""
    if isinstance(node.test, (ast.Compare, ast.Constant)) or (
        isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
    ):
        return []

    def other(copied: ast.AST) -> ast.AST:
        copied.test = ast.UnaryOp(ast.Not(), copied.test)
        return copied

    return [("the other branch", other)]


def _of_constant(node: ast.Constant) -> list[Way]:
    if node.value is True or node.value is False:
        return [
            (
                f"{node.value} -> {not node.value}",
                lambda copied: ast.copy_location(ast.Constant(not copied.value), copied),
            )
        ]
    if type(node.value) is not int:
        return []

    def moved(by: int) -> Callable[[ast.AST], ast.AST]:
        return lambda copied: ast.copy_location(ast.Constant(copied.value + by), copied)

    return [(f"{node.value} -> {node.value + by}", moved(by)) for by in (1, -1)]


def _of_arithmetic(node: "ast.BinOp | ast.AugAssign") -> list[Way]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant):
        return []  # text that is filled in
    ways: list[Way] = []
    new = _ARITHMETIC.get(type(node.op))
    if new is not None:

        def other(copied: ast.AST) -> ast.AST:
            copied.op = new()
            return copied

        ways.append((f"{type(node.op).__name__} -> {new.__name__}", other))
    if isinstance(node, ast.AugAssign):
        ways.append(("removed", lambda copied: None))
    return ways


def _of_return(node: ast.Return) -> list[Way]:
    def giving(value: int) -> Callable[[ast.AST], ast.AST]:
        def make(copied: ast.AST) -> ast.AST:
            copied.value = ast.Constant(value)
            return copied

        return make

    ways: list[Way] = [("removed", lambda copied: None)]
    if isinstance(node.value, ast.Constant) or node.value is None:
        return ways
    if not ast.unparse(node.value).endswith(_ZEROS):
        ways.append(("return 0", giving(0)))
    if isinstance(node.value, (ast.Name, ast.Attribute)):
        ways.append(("return 99", giving(99)))
    return ways


def _of_statement(node: ast.stmt) -> list[Way]:
    if isinstance(node, ast.Expr):
        if not isinstance(node.value, (ast.Call, ast.Await)):
            return []  # documentation, or a turn for others
    elif isinstance(node, ast.AnnAssign):
        if node.value is None:
            return []
    elif isinstance(node, ast.Assign):
        if isinstance(node.value, ast.Tuple) and len(node.value.elts) > 1:
            return _of_table(node)
        if "TYPE_CHECKING" in ast.unparse(node):
            return []
    return [("removed", lambda copied: None)]


def _of_table(node: ast.Assign) -> list[Way]:
    """One row after the other is missing."""

    def without(at: int) -> Callable[[ast.AST], ast.AST]:
        def make(copied: ast.AST) -> ast.AST:
            del copied.value.elts[at]
            return copied

        return make

    rows = node.value.elts
    if not all(isinstance(row, ast.Tuple) for row in rows):
        return [("removed", lambda copied: None)]
    return [(f"without row {at + 1}: {ast.unparse(row)}", without(at)) for at, row in enumerate(rows)]
