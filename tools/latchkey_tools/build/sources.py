"""One source file: its text, its syntax tree with its scopes, and the changes made to the text.

Changes keep every line where it is. Positions are those of Python's syntax tree: line from 1, column in bytes from 0.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from latchkey_tools.build.scopes import scopes


class BuildError(Exception):
    """Something that the build cannot prove to be harmless. The message says where and what, one per line."""


class Change(NamedTuple):
    """text[begin:end] becomes `put`, all in bytes."""

    begin: int
    end: int
    put: bytes


class Source:
    """`name`: the module's, with dots. `path`: for messages. `package`: it is an __init__.py."""

    def __init__(self, name: str, path: Path, text: str, package: bool = False) -> None:
        self.name = name
        self.path = path
        self.package = package
        self.tree = ast.parse(text, str(path))
        self.scope = scopes(self.tree)
        self._text = text.encode()
        self._begins = [0]
        for line in self._text.splitlines(keepends=True):
            self._begins.append(self._begins[-1] + len(line))
        self._changes: list[Change] = []
        self._dropped: list[ast.stmt] = []

    def parsed_again(self, name: str) -> "Source":
        """The file with its changes, for the next ones, as a module of this name."""
        if name == self.name and not self._changes and not self._dropped:
            return self
        return Source(name, self.path, self.rendered(), self.package)

    def where(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}"

    def replace(self, node: ast.AST, put: str) -> None:
        """Put other text, without line breaks, in the place of a node; the lines that it took stay."""
        self._changes.append(self._change(node, put))

    def rename(self, node: ast.AST, old: str, new: str) -> None:
        """Put a new name where a Name, an Attribute or a definition has the old one."""
        begin, end = self._span(node)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            begin = self._text.index(b"def", begin) + len(b"def")
            begin = self._text.index(old.encode(), begin)
        else:
            begin = end - len(old.encode())
        end = begin + len(old.encode())
        if self._text[begin:end].decode() != old:
            raise BuildError(f"{self.where(node)}: {old} cannot be renamed here")
        self._changes.append(Change(begin, end, new.encode()))

    def drop(self, statement: ast.stmt) -> None:
        """Take a statement out; where nothing else stands in its block, `pass` does."""
        self._dropped.append(statement)

    def rendered(self) -> str:
        """The text with all changes. A change inside a larger one is lost with what it would have changed."""
        out: list[bytes] = []
        at = 0
        for change in sorted([*self._changes, *self._drops()], key=lambda change: (change.begin, -change.end)):
            if change.begin < at:
                continue
            out += [self._text[at : change.begin], change.put]
            at = change.end
        return b"".join([*out, self._text[at:]]).decode()

    def _drops(self) -> Iterator[Change]:
        if not self._dropped:
            return
        gone = set(self._dropped)
        kept = {id(block[0]) for block in _blocks(self.tree) if gone.issuperset(block)}
        for statement in self._dropped:
            yield self._change(statement, "pass" if id(statement) in kept else "")

    def _change(self, node: ast.AST, put: str) -> Change:
        begin, end = self._span(node)
        return Change(begin, end, put.encode() + b"\n" * self._text.count(b"\n", begin, end))

    def _span(self, node: ast.AST) -> tuple[int, int]:
        begin = self._begins[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        end = self._begins[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
        return begin, end


def _blocks(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """Every block of statements inside another statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module):
            continue
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block:
                yield block
