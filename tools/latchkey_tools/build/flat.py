"""Modules lie side by side, without packages: latchkey.core.lock becomes core_lock.

A package is a module of its own, with a dictionary that has an entry for everything in it, and its name and path stand
once more in those of each of its modules. Imports are rewritten to bind what they bound; packages that only hold others
are left out. Where a name is put together for __import__(), its beginning is rewritten: "latchkey.chip." is "chip_".
"""

import ast
from collections.abc import Iterator

from latchkey_tools.build.program import Program
from latchkey_tools.build.scopes import is_for_types
from latchkey_tools.build.sources import BuildError, Source

_ROOT = "latchkey"


def flatten(program: Program) -> Program:
    """The program with all changes made so far, and with other names for its modules. Raises BuildError."""
    for source in program.sources.values():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Import) and any(_is_ours(alias.name) for alias in node.names):
                source.replace(node, "; ".join(_imports(source, node)))
            elif isinstance(node, ast.ImportFrom) and not node.level and _is_ours(str(node.module)):
                source.replace(node, "; ".join(_imports_from(program, node)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in program.shipped:
                source.replace(node, repr(flat(node.value)))
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "__import__":
                _rewrite_call(source, node)
    hollow = {name for name, source in program.shipped.items() if source.package and _is_hollow(source)}
    names = {name: flat(name) for name in program.shipped if name not in hollow}
    others = program.sources.keys() - program.shipped.keys()
    if len(set(names.values()) - others) < len(names):
        raise BuildError(f"two modules would have one name: {', '.join(sorted(names.values()))}")
    return program.parsed_again(names, hollow)


def flat(module: str) -> str:
    """The name that a module is shipped under."""
    return module.removeprefix(_ROOT + ".").replace(".", "_")


def _is_ours(name: str) -> bool:
    return name == _ROOT or name.startswith(_ROOT + ".")


def _imports(source: Source, node: ast.Import) -> Iterator[str]:
    for alias in node.names:
        if not _is_ours(alias.name):
            yield "import " + ast.unparse(alias)
        elif alias.asname is None:
            raise BuildError(f"{source.where(node)}: import {alias.name} binds a package, and there will be none")
        else:
            yield f"import {flat(alias.name)} as {alias.asname}"


def _imports_from(program: Program, node: ast.ImportFrom) -> Iterator[str]:
    names = [alias for alias in node.names if f"{node.module}.{alias.name}" not in program.shipped]
    if names:
        yield f"from {flat(str(node.module))} import {', '.join(ast.unparse(alias) for alias in names)}"
    for alias in node.names:
        if alias not in names:
            module, bound = flat(f"{node.module}.{alias.name}"), alias.asname or alias.name
            yield f"import {module}" if module == bound else f"import {module} as {bound}"


def _rewrite_call(source: Source, call: ast.Call) -> None:
    """`__import__("latchkey.chip." + name)`"""
    for node in ast.walk(call.args[0]):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_ours(node.value):
            source.replace(node, repr(flat(node.value)))


def _is_hollow(source: Source) -> bool:
    """Nothing in it but its docstring, and what is for the type checker."""
    return all(is_for_types(statement) or isinstance(statement, ast.Expr) for statement in source.tree.body)
