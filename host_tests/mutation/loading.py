"""Imports a module with other code than its file has. Nothing on disk is touched."""

import importlib.abc
import importlib.machinery
import importlib.util
from collections.abc import Sequence
from types import CodeType, ModuleType


class Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """On sys.meta_path it finds one module, and gives it the code that it was made with."""

    def __init__(self, name: str, code: CodeType) -> None:
        self._name, self._code = name, code

    def find_spec(
        self, name: str, path: "Sequence[str] | None", target: "ModuleType | None" = None
    ) -> "importlib.machinery.ModuleSpec | None":
        return importlib.util.spec_from_loader(name, self) if name == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self._code.co_filename
        exec(self._code, vars(module))
