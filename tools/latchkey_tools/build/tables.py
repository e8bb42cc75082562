"""Tables of small numbers become strings of bytes: a row of five takes 64 bytes as a tuple, and 5 in a string.

A table is a tuple of rows, at least four, all of one length, of numbers from 0 to 65,535, that its module does nothing
with but loop over its rows: `for state, on, guard in TABLE:`. The loop then runs over the places of the rows, and what
it reads of a row is read from its place. Tests that want the table get it as it was written.

A table that is used in any other way, or whose names in the loop live on or are changed, stays a tuple.
"""

import ast
from typing import NamedTuple

from latchkey_tools.build.program import Member, Program
from latchkey_tools.build.scopes import Scope
from latchkey_tools.build.sources import Source

_LEAST_ROWS = 4
_PLACE = "_at"


class _Loop(NamedTuple):
    """`for a, b in TABLE:`, the scope that it stands in, and its names in the order of the columns."""

    node: ast.For
    scope: Scope
    names: list[str]


class _Table:
    """`rows`: its numbers. `widths`: bytes of each column, 1 or 2."""

    def __init__(self, statement: ast.Assign, rows: list[list[int]]) -> None:
        self.statement = statement
        self.loops: list[_Loop] = []
        self._rows = rows
        self._widths = [1 if max(column) < 256 else 2 for column in zip(*rows, strict=True)]

    def is_walked(self, loop: _Loop) -> bool:
        return len(loop.names) == len(self._widths)

    def text(self) -> str:
        numbers = [(number, width) for row in self._rows for number, width in zip(row, self._widths, strict=True)]
        return repr(b"".join(number.to_bytes(width, "little") for number, width in numbers))

    def range(self) -> str:
        step = sum(self._widths)
        return f"range(0, {step * len(self._rows)}, {step})"

    def read(self, name: str, column: int) -> str:
        """The expression for a column of the row at hand."""
        offset = sum(self._widths[:column])
        if self._widths[column] == 1:
            return _item(name, offset)
        return f"({_item(name, offset)} | {_item(name, offset + 1)} << 8)"


def pack(program: Program) -> None:
    """Change all tables that can be changed, after constants have been put in."""
    for source in program.shipped.values():
        for name, table in _tables(program, source).items():
            _write(source, name, table)
            member = Member(source.name, name)
            for other in program.sources.values():
                if other.name not in program.shipped:
                    _give(program, other, member, ast.unparse(table.statement.value))


def _tables(program: Program, source: Source) -> dict[str, _Table]:
    top = program.scopes[source.name]
    found = {}
    for statement in source.tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name, rows = statement.targets[0].id, _rows(statement.value)
            if rows and len(top.bindings[name]) == 1 and source.name not in program.open:
                found[name] = _Table(statement, rows)
    for name in [name for name, table in found.items() if not _is_only_walked(program, source, name, table)]:
        del found[name]
    return found


def _rows(value: ast.expr) -> list[list[int]]:
    """The numbers of a table, nothing for whatever is none."""
    if not isinstance(value, ast.Tuple) or len(value.elts) < _LEAST_ROWS:
        return []
    rows = [[_number(item) for item in row.elts] for row in value.elts if isinstance(row, ast.Tuple)]
    good = [[number for number in row if number is not None and 0 <= number < 1 << 16] for row in rows]
    return good if good == rows and len(rows) == len(value.elts) and len({len(row) for row in rows}) == 1 else []


def _number(node: ast.expr) -> int | None:
    """Of digits and operators."""
    allowed = (ast.Constant, ast.BinOp, ast.BitOr, ast.LShift, ast.Add)
    if not all(isinstance(part, allowed) for part in ast.walk(node)):
        return None
    value = eval(ast.unparse(node), {"__builtins__": {}})
    return value if type(value) is int else None


def _is_only_walked(program: Program, source: Source, name: str, table: _Table) -> bool:
    """Nothing but loops read it, and they leave nothing behind. Fills table.loops."""
    member = Member(source.name, name)
    table.loops = [
        loop for loop in _loops(program, source) if program.meaning(source, loop.scope, loop.node.iter) == member
    ]
    walked = {id(loop.node.iter) for loop in table.loops}
    for other in program.shipped.values():
        for scope, node in program.reads(other):
            if program.meaning(other, scope, node) == member and id(node) not in walked:
                return False
    return all(table.is_walked(loop) and _is_closed(loop) for loop in table.loops)


def _loops(program: Program, source: Source) -> list[_Loop]:
    """All loops in functions whose target is a tuple of names."""
    found = []
    for scope in program.scopes[source.name].walk():
        if isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for node in _statements(scope.node):
                if isinstance(node, ast.For) and isinstance(node.target, ast.Tuple):
                    names = [item.id for item in node.target.elts if isinstance(item, ast.Name)]
                    if len(set(names)) == len(node.target.elts):
                        found.append(_Loop(node, scope, names))
    return found


def _statements(function: ast.AST) -> list[ast.AST]:
    """All nodes of a function, without those of functions and classes inside it."""
    found: list[ast.AST] = []
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.append(node)
            waiting.extend(ast.iter_child_nodes(node))
    return found


def _is_closed(loop: _Loop) -> bool:
    """Its names are bound by loops alone and read in its body alone."""
    body = _inside(loop.node)
    targets = {
        id(node)
        for other in _statements(loop.scope.node)
        if isinstance(other, ast.For)
        for node in ast.walk(other.target)
    }
    bound = {id(binding.node) for name in loop.names for binding in loop.scope.bindings[name]}
    read = {
        id(use) if scope is loop.scope else 0
        for scope in loop.scope.walk()
        for use in scope.uses
        if use.id in loop.names and scope.owner(use.id) is loop.scope
    }
    strings = any(isinstance(node, ast.JoinedStr) for node in ast.walk(loop.node))  # where names have no place
    return bound <= targets - body and read <= body and not strings and _PLACE not in loop.scope.bindings


def _inside(loop: ast.For) -> set[int]:
    return {id(node) for statement in loop.body for node in ast.walk(statement)}


def _write(source: Source, name: str, table: _Table) -> None:
    source.replace(table.statement.value, table.text())
    for loop in table.loops:
        source.replace(loop.node.target, _PLACE)
        source.replace(loop.node.iter, table.range())
        body = _inside(loop.node)
        for use in loop.scope.uses:
            if use.id in loop.names and id(use) in body:
                source.replace(use, table.read(name, loop.names.index(use.id)))


def _give(program: Program, source: Source, member: Member, text: str) -> None:
    """Put the table as it was written where a test reads it."""
    for scope, node in program.reads(source):
        if program.meaning(source, scope, node) == member:
            source.replace(node, text)


def _item(name: str, offset: int) -> str:
    return f"{name}[{_PLACE} + {offset}]" if offset else f"{name}[{_PLACE}]"
