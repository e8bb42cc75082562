"""Puts the application onto a board, so that a cut at any moment leaves one that starts, or can be flashed again.

Only what differs is sent, by SHA-256 made on the board; what the running application has as well is copied there. The
new folder is filled and compared before main.py, which says what runs, is replaced in one step. Nothing is ever opened
but boot.py, board.py, main.py and folders whose names begin with app_: keys, settings and journal are not looked at.
"""

import errno
import json
from base64 import b64encode

from latchkey_tools.flash.application import FOLDER, Application
from latchkey_tools.flash.progress import Progress
from latchkey_tools.flash.repl import BoardError, Repl
from latchkey_tools.phone.problem import Problem

_CHUNK_LEN = 768  # bytes at once: 1 KB as base64, which a full heap still has in one piece
_BLOCK_LEN = 4096
_SPARE_BLOCKS = 8  # what the file system needs for itself, and the controller for its first records

_LOOK = """
import os, hashlib, binascii
def _h(p):
    h = hashlib.sha256()
    b = bytearray(512)
    with open(p, "rb") as f:
        while True:
            n = f.readinto(b)
            if not n:
                break
            h.update(memoryview(b)[:n])
    return binascii.hexlify(h.digest()).decode()
def _l():
    for e in os.ilistdir("/"):
        if e[1] == 0x4000 and e[0].startswith("app_"):
            print('"/%s": "",' % e[0])
            for i in os.ilistdir("/" + e[0]):
                p = "/%s/%s" % (e[0], i[0])
                print('"%s": "%s",' % (p, _h(p)))
        elif e[0] in ("boot.py", "board.py", "main.py"):
            print('"/%s": "%s",' % (e[0], _h("/" + e[0])))
"""
_TOOLS = """
from binascii import a2b_base64 as _a
def _c(s, d):
    b = bytearray(512)
    with open(s, "rb") as f, open(d, "wb") as g:
        while True:
            n = f.readinto(b)
            if not n:
                break
            g.write(memoryview(b)[:n])
def _r(d):
    for e in os.ilistdir(d):
        os.remove(d + "/" + e[0])
    os.rmdir(d)
"""


class Installer:
    """written, copied: how many files were sent, and how many the board had already."""

    def __init__(self, repl: Repl, application: Application, progress: Progress) -> None:
        self.written = 0
        self.copied = 0
        self._repl = repl
        self._application = application
        self._progress = progress
        self._there: dict[str, str] = {}

    def install(self) -> bool:
        """False where everything is as it should be already. raises: Problem."""
        try:
            return self._install()
        except BoardError as error:
            if error.number == errno.ENOSPC:
                raise _full()
            raise Problem(
                "board refused",
                f"The board's file system refuses ({error}): repeat the command. If it happens again, its flash is "
                "worn out or damaged.",
            )

    def _install(self) -> bool:
        self._repl.run(_LOOK)
        self._repl.run(_TOOLS)
        self._there = self._look()
        wanted = self._application.digests()
        missing = [path for path in wanted if self._there.get(path) != wanted[path]]
        running = self._running()
        self._drop({running, self._application.folder})
        if not missing:
            self._drop({self._application.folder})
            return False
        self._check_room(missing)
        self._fill(missing, running)
        self._replace_root(missing)
        self._compare(wanted)
        self._drop({self._application.folder})
        return True

    def _look(self) -> dict[str, str]:
        """Path -> sum of what lies there and is ours; a folder has none."""
        found: dict[str, str] = json.loads("{" + self._repl.run("_l()").strip().rstrip(",") + "}")
        return found

    def _running(self) -> str:
        """The folder that main.py names, empty where it is not ours."""
        if "/main.py" not in self._there:
            return ""
        text = self._repl.run('with open("/main.py") as f:\n    print(f.read(600))')
        _, found, rest = text.partition(f'"/{FOLDER}')
        return FOLDER + rest[:8] if found else ""

    def _drop(self, but: set[str]) -> None:
        """Remove folders of ours, except those."""
        for path in [path for path, digest in self._there.items() if not digest and path[1:] not in but]:
            self._repl.run(f"_r({path!r})")
            self._there = {one: digest for one, digest in self._there.items() if not (one + "/").startswith(path + "/")}

    def _check_room(self, missing: list[str]) -> None:
        contents = self._application.paths()
        blocks = sum(-(-len(contents[path]) // _BLOCK_LEN) for path in missing) + _SPARE_BLOCKS
        unit, free = json.loads(self._repl.run("s = os.statvfs('/')\nprint([s[0], s[3]])"))
        if blocks * _BLOCK_LEN > unit * free:
            raise _full(blocks * _BLOCK_LEN, unit * free)

    def _fill(self, missing: list[str], running: str) -> None:
        folder = "/" + self._application.folder
        if folder not in self._there:
            self._repl.run(f"os.mkdir({folder!r})")
        contents, wanted = self._application.paths(), self._application.digests()
        inside = [path for path in missing if path.startswith(folder + "/")]
        total = sum(len(contents[path]) for path in inside)
        done = 0
        for path in inside:
            before = f"/{running}/{path.rsplit('/', 1)[1]}"
            if self._there.get(before) == wanted[path]:
                self._repl.run(f"_c({before!r}, {path!r})")
                self.copied += 1
            else:
                self._send(path, contents[path], wanted[path])
            done += len(contents[path])
            self._progress.part(done, total, path)

    def _replace_root(self, missing: list[str]) -> None:
        contents, wanted = self._application.paths(), self._application.digests()
        if "/main.py" in missing and "/main.py" in self._there and not self._running():
            self._repl.run("os.rename('/main.py', '/main.py.old')")  # somebody's own program
        for name in self._application.root:
            path = "/" + name
            if path in missing:
                self._send(path + ".new", contents[path], wanted[path])
                self._repl.run(f"os.rename({path + '.new'!r}, {path!r})")

    def _send(self, path: str, content: bytes, digest: str) -> None:
        """Write a file and compare what arrived."""
        self._repl.run(f"_f = open({path!r}, 'wb')")
        for at in range(0, len(content), _CHUNK_LEN):
            piece = b64encode(content[at : at + _CHUNK_LEN])
            self._repl.run(f"_f.write(_a({piece!r}))")
        if self._repl.run(f"_f.close()\nprint(_h({path!r}))").strip() != digest:
            raise _differs(path)
        self.written += 1

    def _compare(self, wanted: dict[str, str]) -> None:
        self._there = self._look()
        for path, digest in wanted.items():
            if self._there.get(path) != digest:
                raise _differs(path)


def _full(wanted: int = 0, free: int = 0) -> Problem:
    numbers = f" ({wanted // 1024} KB wanted, {free // 1024} KB free)" if wanted else ""
    return Problem(
        "full flash",
        f"There is no room left on the board{numbers}: remove files that are not Latchkey's (`mpremote fs ls`, "
        "`mpremote fs rm`), or take a board with more flash. The application that was there still runs.",
    )


def _differs(path: str) -> Problem:
    return Problem(
        "not written",
        f"{path} reads back differently from what was sent: repeat the command, with another cable if that happens.",
    )
