"""Durable small integers in a file of the host, as esp32.NVS keeps them beside the file system."""

import json
import os


class Marks:
    """get() and set(); a change is written beside the old file and renamed over it, so it is never torn."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            with open(path) as file:
                self._values: "dict[str, int]" = json.load(file)
        except OSError:
            self._values = {}

    def get(self, name: str) -> "int | None":
        return self._values.get(name)

    def set(self, name: str, value: int) -> None:
        """raises: OSError."""
        self._values[name] = value
        with open(self._path + ".new", "w") as file:
            json.dump(self._values, file)
        os.rename(self._path + ".new", self._path)
