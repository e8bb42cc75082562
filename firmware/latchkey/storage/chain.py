"""The journal that outlives a loss of power: rows in a ring of files, each under a key that is gone once it is used.

A row has 40 bytes, integers big-endian:

    offset  bytes
    0       4    number: one more than the last row's; never used twice, and of a hole in the numbers a row tells
    4       8    boot, uptime in s
    12      2    how many: refusals, rows that were lost, rows that may be missing (none, or 0xFFFF: not known)
    14      2    credential, 0xFFFF for none
    16      4    kind (below), source, action, verdict
    20      4    short id of a key
    24      16   HMAC-SHA256 of these 24 bytes, its first half

The key of row n + 1 is SHA-256 of "latchkey journal" and the key of row n, and then key n is forgotten (forward-secure
codes: Schneier and Kelsey, "Secure Audit Logs to Support Computer Forensics", 1999). Whoever has the first key of a
chain checks all of it; whoever takes the flash can add rows and cannot change those before. FOLDER/state has the next
key; every other file has as its name the number of its first row and holds the rows from there on. Rows are written
before the state: a cut in between leaves rows that the older key still proves.

Not protected against: rows cut off at the end together with the state, by somebody who kept an earlier copy of both
(a kept head shows it); earlier keys in old blocks of the flash, which LittleFS erases only when it needs them.
"""

import os
from struct import pack, pack_into, unpack

from micropython import const

from latchkey.crypto.digest import sha256
from latchkey.crypto.mac import hmac_sha256
from latchkey.crypto.secret import equal, wipe

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable, Generator

    from latchkey.credentials.key_list import Marks

# Kinds of rows
BEGUN = const(1)  # a chain: verdict as of BOOT; the short id is its first key's
BOOT = const(2)  # verdict: how the last boot's rows were found; how many may be missing; source: cause of the reset
DECISION = const(3)  # accepted
COUNTED = const(4)  # so many with this source and verdict since the last row like it
LOST = const(5)  # so many decisions there was no room for
ENDED = const(6)  # on purpose: nothing is missing
NEXT_KEY = const(7)  # the last row of its chain; the short id is the next one's first key's

# How the last boot's rows were found
CLEAN = const(0)
CUT = const(1)  # no row says that it ended: the supply was cut, or it crashed
DAMAGED = const(2)  # rows are missing, torn or not genuine
STATE_LOST = const(3)  # the key is gone: a new chain begins
NEW = const(4)  # there was no journal

PENDING = const(16)  # rows that may wait in RAM; how many more found no room there, RAM alone knows
UNKNOWN = const(0xFFFF)  # how many may be missing: nothing bounds what is decided while nothing can be written
HEAD_LEN = const(8)  # bytes of the last row's code that are given out
ROW_LEN = const(40)

_BODY = ">IIIHhBBBB4s"
_BODY_LEN = const(24)
_KEY_LEN = const(32)
_STATE = b"LKJ1"
_STATE_LEN = const(52)
_CHECK_LEN = const(8)

_SEGMENT_ROWS = const(102)  # what fits a block of 4 KB
_CEILING = const(98_304)  # bytes: 24 such files, or an eighth of a small disk
_NUMBERS = const(0x3F000000)  # a small int on the ESP32; what names a later row is not ours
_STAY = const(3)  # files, also where the disk is full: two with rows and the one to be begun
_JUMP = const(65_536)  # with the state lost: more rows than one boot writes, so that no number comes back
_LAG = const(128)  # rows that the state may be behind: eight writes in a row that it missed, and their keys in one step
_MARK = "journal"  # the number at the last boot

_EIO = const(5)
_ENOSPC = const(28)


class Chain:
    """number: of the next row. boot: this one's. head: of the last row's code, 8 bytes. pending: rows not written yet.

    kept: the state in flash is that in RAM. found: see above, -1 until load().
    """

    def __init__(self, folder: str, marks: "Marks", random: "Callable[[int], bytes]") -> None:
        """random(n): n bytes, for a chain whose first key nobody has asked for."""
        self.folder = folder
        self.number = 0
        self.boot = 0
        self.head = b""
        self.pending = 0
        self.kept = False
        self.found = -1
        self._marks = marks
        self._random = random
        self._key = bytearray(_KEY_LEN)
        self._first = -1  # number of the row with which the file in use begins, -1 for a file to be begun
        self._rows = bytearray(PENDING * _BODY_LEN)
        self._last = b""  # row in flash, when its end was looked for
        self._unsure = False  # whether what was being written is in flash
        self._marked = False
        self._lost = 0
        self._segments = 0
        self._segment_rows = 0

    def load(self, cause: int) -> None:
        """Find the end of the journal and note the boot. cause: of the reset, see core/words.

        raises: OSError where there is no place for one.
        """
        try:
            os.mkdir(self.folder)
        except OSError:
            pass  # it is there, or what follows fails
        about = os.statvfs(self.folder)
        ceiling = min(_CEILING, about[1] * about[2] // 8)
        length = min(_SEGMENT_ROWS * ROW_LEN, max(about[0], ceiling // 4))  # of one file
        self._segment_rows = length // ROW_LEN
        self._segments = max(2, ceiling // length)
        end = self._end()
        found = self._resume(end) if self._read_state() else self._anew(end)
        self.boot += 1
        self.found = found
        if found >= STATE_LOST:
            self.put(BEGUN, 0, 0, 0, -1, 0, found, key_id(self._key))
        self.put(BOOT, 0, 0 if found == CLEAN or found == NEW else UNKNOWN, cause, -1, 0, found, bytes(4))

    def put(
        self,
        kind: int,
        uptime_s: int,
        count: int,
        source: int,
        credential: int,
        action: int,
        verdict: int,
        short_id: "bytes | bytearray",
    ) -> None:
        """Let a row wait for the next flush(). Without room it is lost, and that becomes a row."""
        if self.pending == PENDING:
            self._lost = min(self._lost + 1, 0xFFFF)
            return
        at = self.pending * _BODY_LEN
        pack_into(
            _BODY, self._rows, at, 0, self.boot, uptime_s, count, credential, kind, source, action, verdict, short_id
        )
        self.pending += 1

    def flush_steps(self) -> "Generator[None, None, None]":
        """Write the rows that wait; yields between pieces. raises: OSError; then they wait on, or the state does."""
        if self._unsure:
            self._recount()
        count = self.pending
        rows = bytearray(count * ROW_LEN)
        key = bytearray(self._key)
        for row in range(count):
            body = self._rows[row * _BODY_LEN : (row + 1) * _BODY_LEN]
            body[:4] = pack(">I", self.number + row)
            rows[row * ROW_LEN : (row + 1) * ROW_LEN] = body + hmac_sha256(key, body)[: ROW_LEN - _BODY_LEN]
            key[:] = next_key(key)
            yield
        if count:
            self._mark()
            self._append(rows)
            self._key[:] = key
            wipe(key)
            self.head = bytes(rows[_BODY_LEN - ROW_LEN :][:HEAD_LEN])
            self._written(count)
            yield
        if not self.kept:
            self._keep()
        if self._lost:
            lost, self._lost = self._lost, 0
            self.put(LOST, 0, lost, 0, -1, 0, 0, bytes(4))

    def use(self, key: bytes) -> None:
        """Go on with another chain, whose first key this is: 32 bytes. raises: OSError; then the old one goes on."""
        before = bytes(self._key)
        self._key[:] = key
        try:
            self._keep()
        except OSError:
            self._key[:] = before
            raise

    def _written(self, count: int) -> None:
        """So many of the rows that wait are in flash, and the key is that of the next."""
        self.number += count
        self.pending -= count
        self._rows[: self.pending * _BODY_LEN] = self._rows[count * _BODY_LEN : (count + self.pending) * _BODY_LEN]
        self.kept = False

    def _recount(self) -> None:
        """Flash has reported an error: rows that it took all the same wait no longer. raises: OSError."""
        count = self._end() - self.number
        if 0 < count <= self.pending:
            for _ in range(count):
                self._key[:] = next_key(self._key)
            self._written(count)
        else:
            self._first = -1
        self._unsure = False

    # Finding the end

    def files(self) -> "list[str]":
        """The files with rows, oldest first."""
        return sorted([name for name in os.listdir(self.folder) if _is_ours(name)])

    def _end(self) -> int:
        """The number after the last row in flash, 0 for none; sets head, and the file in use where that may go on."""
        end = 0
        for name in reversed(self.files()):
            path = self.folder + "/" + name
            length = os.stat(path)[6]
            rows = length // ROW_LEN
            if not end:
                end = int(name, 16) + rows
                self._first = -1 if length % ROW_LEN else int(name, 16)
            if rows:  # else the power failed when it had just been begun
                with open(path, "rb") as file:
                    file.seek((rows - 1) * ROW_LEN)
                    self._last = file.read(ROW_LEN)
                self.head = self._last[_BODY_LEN : _BODY_LEN + HEAD_LEN]
                break
        return end

    def _read_state(self) -> bool:
        """Take over number, boot and key as they were kept; False where they cannot be read."""
        try:
            with open(self.folder + "/state", "rb") as file:
                state = file.read(_STATE_LEN + 1)
        except OSError:
            return False
        sum_at = _STATE_LEN - _CHECK_LEN
        if len(state) != _STATE_LEN or state[:4] != _STATE or sha256(state[:sum_at])[:_CHECK_LEN] != state[sum_at:]:
            return False
        self.number, self.boot = unpack(">II", state[4:12])
        self._key[:] = state[12:sum_at]
        return self.number < _NUMBERS

    def _resume(self, end: int) -> int:
        """The state is there; rows may be ahead of it or missing."""
        ahead = end - self.number
        if ahead > _LAG:
            return self._anew(end)
        if ahead > 0:
            for _ in range(ahead - 1):
                self._key[:] = next_key(self._key)
            genuine = equal(hmac_sha256(self._key, self._last[:_BODY_LEN])[:16], self._last[_BODY_LEN:])
            self._key[:] = next_key(self._key)
            self.number = end
        else:
            genuine = ahead == 0
            self.kept = True
        if not genuine or (end and self._first < 0):
            self._first = -1
            return DAMAGED
        return CLEAN if self._last[16:17] == bytes((ENDED,)) else CUT

    def _anew(self, end: int) -> int:
        """There is no key to go on with."""
        floor = self._marks.get(_MARK)
        self._key[:] = sha256(self._random(_KEY_LEN))
        self._first = -1
        if not end and floor is None:
            return NEW
        self.number = max(end, floor or 0) + _JUMP
        return STATE_LOST

    # Writing

    def _append(self, rows: bytearray) -> None:
        """Add to the file in use, or begin one; on a full disk the oldest goes, and then it is for a later time."""
        try:
            if self._first < 0 or self.number - self._first + len(rows) // ROW_LEN > self._segment_rows:
                self._first = self.number
                for name in self.files()[: 1 - self._segments]:
                    os.remove(self.folder + "/" + name)
            with open(self.folder + "/%08x" % self._first, "ab") as file:
                if file.seek(0, 2) != (self.number - self._first) * ROW_LEN or file.write(rows) != len(rows):
                    raise OSError(_EIO)
        except OSError as error:
            self._unsure = True
            self._make_room(error)
            raise

    def _make_room(self, error: OSError) -> None:
        if error.args[0] == _ENOSPC:
            for name in self.files()[:-_STAY][:1]:
                os.remove(self.folder + "/" + name)

    def _mark(self) -> None:
        """Once in each boot, outside the file system."""
        if not self._marked:
            self._marked = True
            try:
                self._marks.set(_MARK, self.number)
            except OSError:
                pass  # the mark of an earlier boot stays; it counts only where the state is lost

    def _keep(self) -> None:
        """Put the state in the place of the older one: LittleFS commits the file as a whole, when it is closed."""
        state = _STATE + pack(">II", self.number, self.boot) + self._key
        try:
            with open(self.folder + "/state", "wb") as file:
                if file.write(state + sha256(state)[:_CHECK_LEN]) != _STATE_LEN:
                    raise OSError(_ENOSPC)
        except OSError as error:
            self._make_room(error)
            raise
        self.kept = True


def next_key(key: "bytes | bytearray") -> bytes:
    return sha256(b"latchkey journal", key)


def key_id(key: "bytes | bytearray") -> bytes:
    """What a chain's first key is called, 4 bytes."""
    return sha256(b"latchkey journal id", key)[:4]


def _is_ours(name: str) -> bool:
    try:
        return len(name) == 8 and int(name, 16) < _NUMBERS
    except ValueError:
        return False
