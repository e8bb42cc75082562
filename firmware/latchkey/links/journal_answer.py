"""What the console answers about the journal; loaded when somebody asks.

    journal read [FILE]    every file with rows from that one on: `journal file NAME LENGTH`, then `journal rows HEX`,
                           four rows of 40 bytes at a time, and at last `journal end NUMBER HEAD`: the next row's
                           number, and of the last one's code 8 bytes
    journal begin KEY      begin a chain with this first key, 64 hex digits, which whoever sends it must keep to be able
                           to verify: `journal begun NUMBER`, of its first row; or why not, within 12 s, the most that
                           it waits for a time at which something may be written

Rows are given as they lie in the flash; what they prove, whoever has the key finds out. No key is ever told.
"""

from micropython import const

from latchkey.links import recorder as recording
from latchkey.storage.chain import BEGUN, CLEAN, NEXT_KEY, key_id

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable, Generator

    from latchkey.links.recorder import Recorder
    from latchkey.storage.chain import Chain

_PIECE_LEN = const(160)
_KEY_LEN = const(32)


def answer_steps(
    recorder: "Recorder", asked: "list[str]", write: "Callable[[str], None]"
) -> "Generator[None, None, None]":
    """Carry out one command, given as its words; a line or none in each turn."""
    if len(asked) == 3 and asked[1] == "begin":
        return _begin_steps(recorder, asked[2], write)
    if 2 <= len(asked) <= 3 and asked[1] == "read":
        return _read_steps(recorder.chain, asked[2] if len(asked) == 3 else "", write)
    return _refuse_steps("it is `journal read` or `journal begin KEY`", write)


def _read_steps(chain: "Chain", first: str, write: "Callable[[str], None]") -> "Generator[None, None, None]":
    try:
        names = chain.files()
    except OSError:
        names = []
    for name in names:
        if name >= first:
            yield from _file_steps(chain.folder + "/" + name, name, write)
    write("journal end %d %s" % (chain.number, chain.head.hex()))


def _file_steps(path: str, name: str, write: "Callable[[str], None]") -> "Generator[None, None, None]":
    """Opened anew for each piece: meanwhile it may be written to, or deleted."""
    at = 0
    while True:
        try:
            with open(path, "rb") as file:
                length = file.seek(0, 2)
                file.seek(at)
                piece = file.read(_PIECE_LEN)
        except OSError:
            return
        if not at:
            write("journal file %s %d" % (name, length))
        if piece:
            write("journal rows " + piece.hex())
        yield
        at += len(piece)
        if len(piece) < _PIECE_LEN:
            return


def _begin_steps(recorder: "Recorder", text: str, write: "Callable[[str], None]") -> "Generator[None, None, None]":
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _KEY_LEN:
        yield from _refuse_steps("a key has 64 hex digits", write)  # and nothing of it is told
        return
    begun: "list[int]" = []
    steps = _change_steps(recorder, key, begun)
    if not recorder.take(steps):
        yield from _refuse_steps("it is being written, or cannot be: try again", write)
        return
    while not begun and not recorder.drop(steps):
        yield
    if begun:
        write("journal begun %d" % begun[0])
    elif recorder.state == recording.FAILING:
        yield from _refuse_steps("flash refused the write: try again", write)
    else:
        yield from _refuse_steps("nothing may be written now (motor, supply): no chain is begun, try later", write)


def _change_steps(recorder: "Recorder", key: bytes, begun: "list[int]") -> "Generator[None, None, None]":
    """End the chain with a row that says so, and begin the next one; begun: gets the number of its first row.

    raises: OSError.
    """
    chain = recorder.chain
    chain.put(NEXT_KEY, 0, 0, 0, -1, 0, 0, key_id(key))
    yield from recorder.flush_steps()
    chain.use(key)
    begun.append(chain.number)  # whatever becomes of the row: it waits
    chain.put(BEGUN, 0, 0, 0, -1, 0, CLEAN, key_id(key))
    yield from recorder.flush_steps()


def _refuse_steps(why: str, write: "Callable[[str], None]") -> "Generator[None, None, None]":
    write("error journal: " + why)
    yield
