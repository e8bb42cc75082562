"""The result of a command, on stdout: for people, or as one JSON object for other programs."""

import json
import sys
from typing import Any

from latchkey_tools.phone.problem import Problem


class Output:
    """command: what was typed behind program. Nothing but results goes to stdout; what is under way goes to stderr."""

    def __init__(self, command: str, as_json: bool, program: str = "latchkey phone") -> None:
        self._program = program
        self._command = command
        self._json = as_json

    def result(self, text: str, **facts: Any) -> None:
        """Done: text for people, facts for programs."""
        self._write({"ok": True, "command": self._command, **facts}) if self._json else print(text, flush=True)

    def problem(self, problem: Problem) -> None:
        """Not done."""
        if self._json:
            self._write({"ok": False, "command": self._command, "error": problem.as_json()})
        else:
            print(f"{self._program}: {problem}", file=sys.stderr, flush=True)

    def _write(self, content: dict[str, Any]) -> None:
        print(json.dumps(content, ensure_ascii=False), flush=True)
