"""Constants are put in where they are used, in the module itself and in others, and their names are dropped.

`codes.BUSY` and BUSY become 10 everywhere, which the compiler cannot do across files: each public constant takes an
entry in its module's dictionary and an interned string, each import of it another entry, each use a search. Tables of
constants become true constants too, which the compiler stores ready made.

Refused: a constant that is written to or bound twice, and looking up names of a module by getattr() and its kind.
"""

import ast

from latchkey_tools.build.program import Member, Module, Program
from latchkey_tools.build.scopes import Scope
from latchkey_tools.build.sources import BuildError, Source

_BY_NAME = ("getattr", "setattr", "hasattr", "delattr", "vars", "dir")


def inline(program: Program) -> set[int]:
    """Change all files. Returns id() of the nodes that are gone: they need no name and no import any more."""
    wrong = [line for source in program.shipped.values() for line in _unprovable(program, source)]
    wrong += [line for source in program.sources.values() for line in _written(program, source)]
    if wrong:
        raise BuildError("\n".join(wrong))
    gone: set[int] = set()
    for source in program.sources.values():
        _put_in(program, source, gone)
    kept = _looked_up_from_outside(program)
    for source in program.shipped.values():
        _drop(program, source, kept, gone)
    return gone


def is_inlined(program: Program, member: Member) -> bool:
    """A constant of a shipped module."""
    return member.module in program.shipped and program.number(member) is not None


def _put_in(program: Program, source: Source, gone: set[int]) -> None:
    strings = [node for node in ast.walk(source.tree) if isinstance(node, ast.JoinedStr)]
    inside_strings = {id(node) for string in strings for node in ast.walk(string)}
    for scope, node in program.reads(source):
        meaning = program.meaning(source, scope, node)
        if not isinstance(meaning, Member) or not is_inlined(program, meaning):
            continue
        if id(node) in inside_strings:  # Python 3.11 does not know where such a name stands
            raise BuildError(f"{source.where(node)}: {ast.unparse(node)} stands in an f-string; write %d")
        number = program.number(meaning)
        source.replace(node, f"({number})" if isinstance(number, int) and number < 0 else str(number))
        gone.update(id(part) for part in ast.walk(node))


def _drop(program: Program, source: Source, kept: set[Member], gone: set[int]) -> None:
    for name in program.scopes[source.name].bindings:
        member = Member(source.name, name)
        if is_inlined(program, member) and member not in kept:
            statement = program.definition(member)
            assert statement is not None  # it has a number
            source.drop(statement)
            gone.update(id(part) for part in ast.walk(statement))


def _looked_up_from_outside(program: Program) -> set[Member]:
    """Constants of open modules, their own and those they import."""
    found = (program.member(module, name) for module in program.open for name in program.scopes[module].bindings)
    return {member for member in found if isinstance(member, Member)}


def _written(program: Program, source: Source) -> list[str]:
    """Writes to a constant through its module."""
    wrong = []
    for scope, node in program.reads(source):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            meaning = program.meaning(source, scope, node)
            if isinstance(meaning, Member) and is_inlined(program, meaning):
                wrong.append(f"{source.where(node)}: writes to the constant {ast.unparse(node)}")
    return wrong


def _unprovable(program: Program, source: Source) -> list[str]:
    """Looking up names of a module by strings, names that a module has not, and imports of everything."""
    wrong = []
    for scope, node in program.reads(source):
        if isinstance(node, ast.Attribute) and _is_missing(program, source, scope, node):
            wrong.append(f"{source.where(node)}: there is no {ast.unparse(node)}")
    for scope in program.scopes[source.name].walk():
        for call in scope.calls:
            by_name = call.args and isinstance(call.func, ast.Name) and call.func.id in _BY_NAME
            if by_name and isinstance(program.meaning(source, scope, call.args[0]), Module):
                wrong.append(f"{source.where(call)}: {ast.unparse(call)} looks up a name of a module")
        for binding in (binding for bindings in scope.bindings.values() for binding in bindings):
            if binding.alias is not None and binding.alias.name == "*":
                wrong.append(f"{source.where(binding.node)}: imports everything")
    return wrong


def _is_missing(program: Program, source: Source, scope: Scope, node: ast.Attribute) -> bool:
    meaning = program.meaning(source, scope, node)
    if not isinstance(meaning, Member) or meaning.module not in program.sources:
        return False
    return meaning.name not in program.scopes[meaning.module].bindings and not meaning.name.startswith("__")
