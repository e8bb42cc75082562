"""Private names become short ones that many modules share: `_registry` of one class and `_harness` of another are `_a`.

Every distinct name is an interned string, which takes its characters and some ten bytes more for as long as the
firmware runs. A name is private when it begins with one underscore. Each gets one short name in the whole program, so
nobody need know of what class an object is; two of them may share it where no object and no module can have both: that
is, where no class with its bases, and no module's top, defines both. What is looked up by a string stays as it is, and
so do classes, whose names are printed.

In a traceback a function has its short name; file and line are those of the source.
"""

import ast
import itertools
import re
import string
from collections import defaultdict
from collections.abc import Iterable, Iterator

from latchkey_tools.build.program import Member, Program
from latchkey_tools.build.scopes import Scope
from latchkey_tools.build.sources import Source

_PRIVATE = re.compile(r"_[A-Za-z]\w*")
_WORD = re.compile(r"\w+")


def shorten(program: Program) -> dict[str, str]:
    """Rename in all files. Returns the short name of each private one."""
    groups = list(_groups(program))
    defined = {name for source in program.shipped.values() for name in _defined(program, source)}
    names = defined.difference(_untouchable(program))
    short = _coloured(names, groups, _free(program))
    for source in program.sources.values():
        for scope in program.scopes[source.name].walk():
            _rename(source, scope, short)
    return short


def _coloured(names: Iterable[str], groups: list[set[str]], free: Iterator[str]) -> dict[str, str]:
    """A short name for each, as few as a single pass finds; those of one group differ."""
    neighbours: defaultdict[str, set[str]] = defaultdict(set)
    for group in groups:
        for name in group:
            neighbours[name] |= group
    pool: list[str] = []
    short: dict[str, str] = {}
    for name in sorted(names, key=lambda name: (-len(neighbours[name]), name)):
        taken = {short[other] for other in neighbours[name] if other in short}
        chosen = next((one for one in pool if one not in taken), "")
        if not chosen:
            chosen = next(free)
            pool.append(chosen)
        short[name] = chosen
    return short


def _free(program: Program) -> Iterator[str]:
    """_a, _b … without the words that stand anywhere in the sources."""
    used = {word for source in program.sources.values() for word in _WORD.findall(source.rendered())}
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_letters, repeat=length):
            name = "_" + "".join(letters)
            if name not in used:
                yield name


def _groups(program: Program) -> Iterator[set[str]]:
    """Private names that meet in one namespace: of a class with its bases, of a module's top with its class bodies."""
    for source in program.sources.values():
        top = program.scopes[source.name]
        bodies = [scope for scope in top.walk() if isinstance(scope.node, ast.ClassDef)]
        yield _private(name for scope in (top, *bodies) for name in scope.bindings)
        for scope in bodies:
            yield _of_class(program, source, scope, set())


def _of_class(program: Program, source: Source, scope: Scope, seen: set[int]) -> set[str]:
    """Private names that objects of a class have, those of its bases among them."""
    assert isinstance(scope.node, ast.ClassDef) and scope.outer is not None  # _groups has looked
    seen.add(id(scope))
    names = set(scope.bindings) | {attribute.attr for attribute in _writes(scope)}
    for base in scope.node.bases:
        meaning = program.meaning(source, scope.outer, base)
        for owner, inner in _classes(program, meaning):
            if id(inner) not in seen:
                names |= _of_class(program, owner, inner, seen)
    return _private(names)


def _classes(program: Program, meaning: object) -> Iterator[tuple[Source, Scope]]:
    if isinstance(meaning, Member) and meaning.module in program.sources:
        for scope in program.scopes[meaning.module].inner:
            if isinstance(scope.node, ast.ClassDef) and scope.node.name == meaning.name:
                yield program.sources[meaning.module], scope


def _writes(scope: Scope) -> Iterator[ast.Attribute]:
    """`self._x = …` in the methods of a class."""
    for inner in scope.walk():
        for attribute in inner.attributes:
            if isinstance(attribute.ctx, ast.Store) and ast.unparse(attribute.value) == "self":
                yield attribute


def _defined(program: Program, source: Source) -> Iterator[str]:
    """Private names that a shipped file makes: at its top, in its class bodies, as attributes of its objects."""
    for scope in program.scopes[source.name].walk():
        if scope.outer is None or isinstance(scope.node, ast.ClassDef):
            yield from _private(scope.bindings)
        if isinstance(scope.node, ast.ClassDef):
            yield from _private(attribute.attr for attribute in _writes(scope))


def _untouchable(program: Program) -> set[str]:
    """Names of classes, names that a string may stand for, what is written where nobody sees of what class it is."""
    names: set[str] = set()
    for source in program.sources.values():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                names |= _private([node.value])
            elif isinstance(node, ast.ExceptHandler) and node.name:
                names.add(node.name)  # it has no place of its own in the tree
            elif isinstance(node, ast.JoinedStr):  # Python 3.11 does not know where these names stand
                names |= _private(_WORD.findall(ast.unparse(node)))
        for scope in program.scopes[source.name].walk():
            if isinstance(scope.node, ast.ClassDef) and any(_looks_up(inner) for inner in scope.walk()):
                names |= _of_class(program, source, scope, set())
            if source.name in program.shipped:
                names |= {attribute.attr for attribute in scope.attributes if _is_foreign(attribute)}
    return names


def _looks_up(scope: Scope) -> bool:
    """`getattr(x, name)`, where the name may be any."""
    return any(
        isinstance(call.func, ast.Name) and call.func.id in ("getattr", "setattr", "hasattr") for call in scope.calls
    )


def _is_foreign(attribute: ast.Attribute) -> bool:
    return isinstance(attribute.ctx, ast.Store) and ast.unparse(attribute.value) != "self"


def _private(names: Iterable[str]) -> set[str]:
    return {name for name in names if _PRIVATE.fullmatch(name)}


def _rename(source: Source, scope: Scope, short: dict[str, str]) -> None:
    """Everything in one scope, but not in those inside it."""
    for attribute in scope.attributes:
        if attribute.attr in short:
            source.rename(attribute, attribute.attr, short[attribute.attr])
    for name in scope.uses:
        owner = scope.owner(name.id)
        if name.id in short and owner is not None and _is_shared(owner):
            source.rename(name, name.id, short[name.id])
    for bound, bindings in scope.bindings.items():
        for binding in bindings:
            if binding.alias is not None:
                _rename_import(source, binding.alias, short if _is_shared(scope) else {}, short)
            elif bound in short and _is_shared(scope):
                source.rename(binding.node, bound, short[bound])
    for declaration in scope.declarations:
        names = ", ".join(short.get(name, name) for name in declaration.names)
        if isinstance(declaration, ast.Global) and names != ", ".join(declaration.names):
            source.replace(declaration, "global " + names)


def _rename_import(source: Source, alias: ast.alias, here: dict[str, str], there: dict[str, str]) -> None:
    """here: short names in this scope; there: in the module that is imported from."""
    bound = alias.asname or alias.name
    name, asname = there.get(alias.name, alias.name), here.get(bound, bound)
    if (name, asname) != (alias.name, bound):
        source.replace(alias, name if name == asname else f"{name} as {asname}")


def _is_shared(scope: Scope) -> bool:
    """Its names can be reached from elsewhere; those of a function cannot, and stay."""
    return scope.outer is None or isinstance(scope.node, ast.ClassDef)
