"""Which name means what: the scopes of one file, what each of them binds, and who asks for it.

As in Python's reference, section 4.2: a name belongs to the function that binds it, else to the nearest function around
it that does, else to the module; the names of a class body are seen in that body alone. What stands under
`if TYPE_CHECKING:` and in annotations is for the type checker: MicroPython evaluates neither.
"""

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
Import = ast.Import | ast.ImportFrom


class Binding(NamedTuple):
    """One place where a scope gives a name a value. `alias` is set for an import."""

    node: ast.AST
    alias: ast.alias | None = None


class Scope:
    """`node`: the module, class, function or comprehension. `uses`: the names read in it, annotations left out."""

    def __init__(self, node: ast.AST, outer: "Scope | None") -> None:
        self.node = node
        self.outer = outer
        self.inner: list[Scope] = []
        self.bindings: dict[str, list[Binding]] = {}
        self.uses: list[ast.Name] = []
        self.attributes: list[ast.Attribute] = []
        self.calls: list[ast.Call] = []
        self.declarations: list[ast.Global | ast.Nonlocal] = []
        self._elsewhere: dict[str, bool] = {}  # declared here: True global, False nonlocal
        if outer is not None:
            outer.inner.append(self)

    @property
    def module(self) -> "Scope":
        return self if self.outer is None else self.outer.module

    def bind(self, name: str, node: ast.AST, alias: ast.alias | None = None) -> None:
        owner = self
        if name in self._elsewhere and self.outer is not None:
            owner = self.module if self._elsewhere[name] else self.outer.owner(name) or self
        owner.bindings.setdefault(name, []).append(Binding(node, alias))

    def declare(self, statement: ast.Global | ast.Nonlocal) -> None:
        self.declarations.append(statement)
        self._elsewhere.update(dict.fromkeys(statement.names, isinstance(statement, ast.Global)))

    def owner(self, name: str) -> "Scope | None":
        """The scope whose name it is, None for a builtin."""
        if self._elsewhere.get(name):
            return self.module.owner(name)
        scope: Scope | None = self
        while scope is not None:
            if name in scope.bindings and (scope is self or not isinstance(scope.node, ast.ClassDef)):
                return scope
            scope = scope.outer
        return None

    def walk(self) -> "Iterator[Scope]":
        """This scope and all inside it."""
        yield self
        for scope in self.inner:
            yield from scope.walk()


def scopes(tree: ast.Module) -> Scope:
    """The module's scope, with all the others inside."""
    top = Scope(tree, None)
    reader = _Reader(top)
    for statement in tree.body:
        reader.visit(statement)
    return top


def is_for_types(node: ast.AST) -> bool:
    """`if TYPE_CHECKING:`, which is `if False:` once constants have been put in."""
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "False")


class _Reader(ast.NodeVisitor):
    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def visit_If(self, node: ast.If) -> None:
        if is_for_types(node):
            self.visit(node.test)
        else:
            self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._scope.bind(node.name, node)
        for decorator in node.decorator_list:
            self.visit(decorator)
        self._function(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._function(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._scope.bind(node.name, node)
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        self._inside(node, node.body)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        arguments = node.args
        for default in (*arguments.defaults, *arguments.kw_defaults):
            if default is not None:
                self.visit(default)
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        self._inside(
            node, [node.body] if isinstance(node, ast.Lambda) else node.body, [one.arg for one in named if one]
        )

    def _inside(self, node: ast.AST, body: Sequence[ast.AST], arguments: Sequence[str] = ()) -> None:
        outer, self._scope = self._scope, Scope(node, self._scope)
        for argument in arguments:
            self._scope.bind(argument, node)
        for declaration in _declarations(body):
            self._scope.declare(declaration)
        for part in body:
            self.visit(part)
        self._scope = outer

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.visit(node.generators[0].iter)
        outer, self._scope = self._scope, Scope(node, self._scope)
        for number, generator in enumerate(node.generators):
            self.visit(generator.target)
            if number:
                self.visit(generator.iter)
            for condition in generator.ifs:
                self.visit(condition)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.visit(part)
        self._scope = outer

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        scope = self._scope
        while isinstance(scope.node, _COMPREHENSIONS) and scope.outer is not None:
            scope = scope.outer
        scope.bind(node.target.id, node)
        self.visit(node.value)

    def visit_Import(self, node: Import) -> None:
        for alias in node.names:
            self._scope.bind(alias.asname or alias.name.split(".")[0], node, alias)

    visit_ImportFrom = visit_Import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._scope.bind(node.name, node)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._scope.uses.append(node)
        else:
            self._scope.bind(node.id, node)

    def visit_Call(self, node: ast.Call) -> None:
        self._scope.calls.append(node)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._scope.attributes.append(node)
        self.generic_visit(node)


def _declarations(body: Sequence[ast.AST]) -> Iterator[ast.Global | ast.Nonlocal]:
    """`global` and `nonlocal` anywhere in a function, but not in the functions and classes inside it."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            yield node
        elif not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))
