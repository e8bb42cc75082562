"""Imports that nothing needs any more are dropped: of constants that were put in, of names used in annotations only.

Dropping the last import of a module means that it is not loaded there. That is harmless where loading it does nothing
but define: such a module is called quiet. Names in __all__ are meant for others and stay; __all__ itself goes, because
nothing imports everything.
"""

import ast
from collections.abc import Iterator

from latchkey_tools.build.constants import is_inlined
from latchkey_tools.build.program import Member, Module, Program
from latchkey_tools.build.scopes import Binding, Scope, is_for_types
from latchkey_tools.build.sources import Source


def prune(program: Program, gone: set[int]) -> None:
    """Change the imports of all files, after constants.inline(). gone: what that returned."""
    taken = {name: set(_exported(source)) for name, source in program.sources.items()}
    for source in program.sources.values():
        for module, name in _taken(program, source):
            taken.setdefault(module, set()).add(name)
    quiet: dict[str, bool] = {}
    for source in program.sources.values():
        file = _File(program, source, gone, taken[source.name], quiet)
        for scope in program.scopes[source.name].walk():
            for statement, aliases in _imports(scope).items():
                _rewrite(
                    source, statement, aliases, [alias for alias in aliases if file.needs(scope, statement, alias)]
                )
        statement_all = _all_of(source)
        if statement_all is not None and file.is_pruned:
            source.drop(statement_all)


def _is_quiet(program: Program, module: str, known: dict[str, bool]) -> bool:
    """Loading it only defines: its statements are definitions, imports of the like, and assignments."""
    if module not in known:
        known[module] = True  # while it is being asked: two that import each other are quiet if the rest of them is
        source = program.sources.get(module)
        known[module] = source is not None and all(
            _defines(program, source, statement, known) for statement in source.tree.body
        )
    return known[module]


def _defines(program: Program, source: Source, statement: ast.stmt, known: dict[str, bool]) -> bool:
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        modules = [_module_of(program, source, statement, alias) for alias in statement.names]
        return all(_is_quiet(program, module, known) for module in modules if module)
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    return isinstance(statement, definitions) or is_for_types(statement)


class _File:
    """One file, and which of its imports are needed."""

    def __init__(
        self, program: Program, source: Source, gone: set[int], taken: set[str], quiet: dict[str, bool]
    ) -> None:
        """taken: names that others take from here. quiet: of the modules asked so far."""
        self._quiet = quiet
        self._program = program
        self._source = source
        top = program.scopes[source.name]
        self._used = {(id(top), name) for name in taken}
        for scope in top.walk():
            for use in scope.uses:
                owner = scope.owner(use.id)
                if owner is not None and id(use) not in gone:
                    self._used.add((id(owner), use.id))
        self.is_pruned = source.name in program.shipped and source.name not in program.open

    def needs(self, scope: Scope, statement: ast.stmt, alias: ast.alias) -> bool:
        meaning = self._program.meaning_of_import(self._source, Binding(statement, alias))
        if isinstance(meaning, Member) and is_inlined(self._program, meaning):
            return self._source.name in self._program.open
        name = alias.asname or alias.name.split(".")[0]
        if not self.is_pruned or (id(scope), name) in self._used:
            return True
        if isinstance(statement, ast.ImportFrom) and statement.module == "micropython":
            return False
        module = _module_of(self._program, self._source, statement, alias)
        return not module or not _is_quiet(self._program, module, self._quiet)


def _module_of(program: Program, source: Source, statement: ast.stmt, alias: ast.alias) -> str:
    """The module of the program that an import reaches in the end; empty for one of MicroPython's."""
    meaning = program.meaning_of_import(source, Binding(statement, alias))
    if meaning is None:
        return ""
    return meaning.module if isinstance(meaning, Member) else meaning.name


def _taken(program: Program, source: Source) -> Iterator[tuple[str, str]]:
    """(module, name) of what a file takes from others as it is written there, imports not followed."""
    for scope, node in program.reads(source):
        if isinstance(node, ast.Attribute):
            meaning = program.meaning(source, scope, node.value)
            if isinstance(meaning, Module):
                yield meaning.name, node.attr
    for scope in program.scopes[source.name].walk():
        for statement, aliases in _imports(scope).items():
            if isinstance(statement, ast.ImportFrom):
                for alias in aliases:
                    yield program.absolute(source, statement), alias.name


def _imports(scope: Scope) -> dict[ast.stmt, list[ast.alias]]:
    found: dict[ast.stmt, list[ast.alias]] = {}
    for bindings in scope.bindings.values():
        for binding in bindings:
            if binding.alias is not None:
                assert isinstance(binding.node, ast.stmt)  # an import is one
                found.setdefault(binding.node, []).append(binding.alias)
    return found


def _exported(source: Source) -> list[str]:
    statement = _all_of(source)
    return list(ast.literal_eval(statement.value)) if statement is not None else []


def _all_of(source: Source) -> ast.Assign | None:
    for statement in source.tree.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            return statement
    return None


def _rewrite(source: Source, statement: ast.stmt, aliases: list[ast.alias], kept: list[ast.alias]) -> None:
    if len(kept) == len(aliases):
        return
    if not kept:
        source.drop(statement)
        return
    names = ", ".join(f"{alias.name} as {alias.asname}" if alias.asname else alias.name for alias in kept)
    if isinstance(statement, ast.ImportFrom):
        source.replace(statement, f"from {'.' * statement.level}{statement.module or ''} import {names}")
    else:
        source.replace(statement, f"import {names}")
