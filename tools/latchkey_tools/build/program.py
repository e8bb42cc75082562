"""All source files together: what a name, or an attribute of a module, stands for in the end.

Imports are followed from file to file. A name that is bound once at the top of a module as `NAME = const(number)` is a
constant; its value may be reckoned from others. A shipped module that shipped files use as a value, not just to reach
what is in it, is open: whoever holds it may look up anything, so nothing may be missing from it. A test that holds a
module and looks up what is not there any more fails and says so.
"""

import ast
import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from latchkey_tools.build.scopes import Binding, Scope
from latchkey_tools.build.sources import BuildError, Source

Number = int | bool

_OPERATIONS: dict[type[ast.AST], Callable[..., int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
}


class Module(NamedTuple):
    """The name or attribute is one of the program's modules."""

    name: str


class Member(NamedTuple):
    """It is what `module` calls `name`: a function, a class, a variable or a constant."""

    module: str
    name: str


Meaning = Module | Member | None


class Program:
    """`shipped`: the files whose constants may be taken out. `others`: files that use them, compiled with them."""

    def __init__(self, shipped: Iterable[Source], others: Iterable[Source] = ()) -> None:
        self.shipped = {source.name: source for source in shipped}
        self.sources = {**self.shipped, **{source.name: source for source in others}}
        self.scopes = {name: source.scope for name, source in self.sources.items()}
        self._packages = {".".join(parts[:end]) for parts in map(_parts, self.sources) for end in range(len(parts) + 1)}
        self._numbers: dict[Member, Number | None] = {}
        self.open = {found.name for found in self._values() if isinstance(found, Module)}

    def parsed_again(self, names: Mapping[str, str] | None = None, without: Collection[str] = ()) -> "Program":
        """The program with all changes made so far, for the next ones. names: new ones for modules."""
        shipped = [source for name, source in self.shipped.items() if name not in without]
        others = [source for name, source in self.sources.items() if name not in self.shipped]
        names = names or {}
        return Program(
            [source.parsed_again(names.get(source.name, source.name)) for source in shipped],
            [source.parsed_again(source.name) for source in others],
        )

    def meaning(self, source: Source, scope: Scope, node: ast.AST) -> Meaning:
        """Of a Name or Attribute as it is read in this scope; None where that cannot be known."""
        if isinstance(node, ast.Name):
            owner = scope.owner(node.id)
            if owner is None:
                return None
            if owner.outer is None:
                return self.member(source.name, node.id)
            return self.meaning_of_import(source, _sole(owner, node.id))
        if isinstance(node, ast.Attribute):
            found = self.meaning(source, scope, node.value)
            return self.member(found.name, node.attr) if isinstance(found, Module) else None
        return None

    def member(self, module: str, name: str) -> Meaning:
        """What a module has under a name; a Member that does not exist where it has nothing."""
        scope = self.scopes.get(module)
        if scope is not None and name in scope.bindings:
            found = self.meaning_of_import(self.sources[module], _sole(scope, name))
            return found or Member(module, name)
        if f"{module}.{name}" in self.sources:
            return Module(f"{module}.{name}")
        return Member(module, name)

    def number(self, meaning: Meaning) -> Number | None:
        """The value of a constant, None for everything else."""
        if not isinstance(meaning, Member):
            return None
        if meaning not in self._numbers:
            self._numbers[meaning] = None  # one that is reckoned from itself has no value
            self._numbers[meaning] = self._defined(meaning)
        return self._numbers[meaning]

    def definition(self, member: Member) -> ast.Assign | None:
        """The statement `NAME = const(…)` that makes a constant."""
        scope = self.scopes.get(member.module)
        bindings = scope.bindings.get(member.name, []) if scope else []
        for binding in bindings:
            for statement in self.sources[member.module].tree.body:
                if isinstance(statement, ast.Assign) and binding.node in statement.targets and _is_const(statement):
                    if len(bindings) > 1 or len(statement.targets) > 1:
                        where = self.sources[member.module].where(statement)
                        raise BuildError(f"{where}: {member.name} is a constant and gets another value elsewhere")
                    return statement
        return None

    def reads(self, source: Source) -> Iterator[tuple[Scope, ast.Name | ast.Attribute]]:
        """Every name and attribute that a file reads or writes through a module, with its scope."""
        for scope in self.scopes[source.name].walk():
            for name in scope.uses:
                yield scope, name
            for attribute in scope.attributes:
                yield scope, attribute

    def _values(self) -> Iterator[Meaning]:
        """What is read as it stands and not only to reach an attribute of it."""
        for source in self.shipped.values():
            reached = {
                id(attribute.value) for scope in self.scopes[source.name].walk() for attribute in scope.attributes
            }
            for scope, node in self.reads(source):
                if id(node) not in reached:
                    yield self.meaning(source, scope, node)

    def meaning_of_import(self, source: Source, binding: Binding | None) -> Meaning:
        """What an import reaches in the end; None for one of MicroPython's own, and for what is no import."""
        if binding is None or binding.alias is None:
            return None
        alias = binding.alias
        if isinstance(binding.node, ast.Import):
            name = alias.name if alias.asname else alias.name.split(".")[0]
            return Module(name) if name in self._packages else None
        assert isinstance(binding.node, ast.ImportFrom)  # nothing else has an alias
        module = self.absolute(source, binding.node)
        if module == source.name and f"{module}.{alias.name}" in self.sources:
            return Module(f"{module}.{alias.name}")  # a package that imports what lies in it
        return self.member(module, alias.name) if module in self._packages else None

    @staticmethod
    def absolute(source: Source, node: ast.ImportFrom) -> str:
        """The module that `from … import` names, dots at its beginning reckoned from the file that it stands in."""
        if not node.level:
            return node.module or ""
        package = source.name if source.package else source.name.rpartition(".")[0]
        for _ in range(node.level - 1):
            package = package.rpartition(".")[0]
        return f"{package}.{node.module}" if node.module else package

    def _defined(self, member: Member) -> Number | None:
        statement = self.definition(member)
        if statement is None:
            return None
        assert isinstance(statement.value, ast.Call)  # _is_const has looked
        return self._reckoned(self.sources[member.module], self.scopes[member.module], statement.value.args[0])

    def _reckoned(self, source: Source, scope: Scope, node: ast.expr) -> Number | None:
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, (int, bool)) else None
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self.number(self.meaning(source, scope, node))
        if not isinstance(node, (ast.BinOp, ast.UnaryOp)):
            return None
        operands = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.operand]
        values = [self._reckoned(source, scope, operand) for operand in operands]
        operation = _OPERATIONS.get(type(node.op))
        return None if operation is None or None in values else operation(*values)


def _parts(name: str) -> list[str]:
    return name.split(".")


def _sole(scope: Scope, name: str) -> Binding | None:
    bindings = scope.bindings.get(name, [])
    return bindings[0] if len(bindings) == 1 else None


def _is_const(statement: ast.Assign) -> bool:
    call = statement.value
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "const"
        and len(call.args) == 1
        and isinstance(statement.targets[0], ast.Name)
    )
