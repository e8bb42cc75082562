"""The file with the first keys of a car's chains: NAME.journal in ~/.config/latchkey, readable by its owner alone.

    {"chains": [{"key": 64 hex digits, "first": number of its first row, or null}], "head": "NUMBER:HEX"}

Whoever has a key can make up rows from that chain's beginning on, so keep it away from the car. `head` is that of the
newest row when everything was verified last: it finds rows that are cut off later.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

from latchkey_tools.journal.proof import Chain
from latchkey_tools.phone.problem import CannotStart

HEAD = re.compile(r"\d{1,10}:[0-9a-f]{16}")


class Keys:
    """chains: oldest first. head: empty, or the one verified last. raises: CannotStart, with the file's name."""

    def __init__(self, folder: Path, name: str) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}", name):
            raise CannotStart(f"{name!r} is no name for a key: use letters, digits, dot, hyphen and underscore.")
        self.path = folder / f"{name}.journal"
        self.chains: list[Chain] = []
        self.head = ""
        if self.path.exists():
            self._read()

    def add(self, key: bytes) -> None:
        """Keep a key before it is sent: an answer may get lost, a key must not."""
        self.chains.append(Chain(key, None))
        self._write()

    def begun(self, first: int) -> None:
        """The key added last is in force from this row on."""
        self.chains[-1] = Chain(self.chains[-1].key, first)
        self._write()

    def verified(self, head: str) -> None:
        if head != self.head:
            self.head = head
            self._write()

    def _read(self) -> None:
        try:
            if os.name == "posix" and self.path.stat().st_mode & 0o077:
                raise CannotStart(f"Others may read {self.path}: say `chmod 600 {self.path}`.")
            content: Any = json.loads(self.path.read_text())
            for about in content["chains"]:
                key, first = bytes.fromhex(about["key"]), about["first"]
                if len(key) != 32 or not (first is None or isinstance(first, int)):
                    raise ValueError
                self.chains.append(Chain(key, first))
            self.head = content["head"]
            if self.head and not HEAD.fullmatch(self.head):
                raise ValueError
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CannotStart(f"{self.path} cannot be read ({type(error).__name__}): put it right or away.")

    def _write(self) -> None:
        content = {
            "chains": [{"key": chain.key.hex(), "first": chain.first} for chain in self.chains],
            "head": self.head,
        }
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(content, file, indent=1)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self.path)
        except OSError as error:
            raise CannotStart(
                f"{self.path} cannot be written ({error.strerror}): see to the folder and its permissions."
            )
