"""A list of keys in a folder of this computer, for tests that need neither flash nor a loss of power.

with ListInFolder(Marks()) as keys:
    keys.registry.add(key, codes.OWNER)
    again = keys.reboot()
"""

from latchkey.credentials.registry import Registry
from latchkey.storage.records import Record

from fakes.scratch import fresh_folder, remove


class ListInFolder:
    """marks: fakes.marks.Marks. body: what the list says from the start, b"" for a blank one."""

    def __init__(self, marks, body=b"", capacity=128):
        self.folder = fresh_folder()
        self._marks = marks
        self._capacity = capacity
        if body:
            for _ in Record(self.folder + "/keys").change_steps(0, body):
                pass
        self.registry = self.reboot()

    def reboot(self):
        """The list as the next boot finds it."""
        registry = Registry(Record(self.folder + "/keys"), self._marks, self._capacity)
        registry.load()
        return registry

    def __enter__(self):
        return self

    def __exit__(self, *error):
        remove(self.folder)
