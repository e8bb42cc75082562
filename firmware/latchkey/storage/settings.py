"""What the owner has set: names and values as text, in one record, so that a power cut tears nothing.

Read when a link begins and then forgotten: passwords and keys do not lie about in the heap. A name that is not known is
refused, as is a value too long; what a value means, whoever uses it finds out, and says so.

Not protected against: somebody who reads the flash. Only flash encryption helps there.
"""

import json

from micropython import const

from latchkey.storage import records
from latchkey.storage.records import RecordError

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Generator

    from latchkey.storage.records import Record

NAMES = (
    "broker",  # mqtts://HOST:PORT, or mqtt:// without TLS; none: no cloud
    "user",
    "password",
    "ca",  # certificates and key: DER, in base64
    "certificate",
    "key",
    "psk_identity",
    "psk",  # in hexadecimal
    "dns",  # an address; none: as the network says
    "wifi",  # a network's name; none: no Wi-Fi
    "wifi_password",
    "reconnect_percent",  # of the waits between connections: 100 in a fleet, less for a broker of one's own
)

LONGEST = const(1_400)  # one value
_MOST = const(5_000)  # all of it
_CHUNK_LEN = const(512)

# Why a change is refused
NO_SUCH_NAME = const(1)
TOO_LONG = const(2)
STORAGE_FAILED = const(3)
DAMAGED = const(4)

_WORDS = ("", "no such setting", "too long", "flash refused the write; nothing changed", "the settings cannot be read")


class SettingsError(Exception):
    """A change that did not happen; `code` says why, str() says it in words."""

    def __init__(self, code: int) -> None:
        super().__init__(_WORDS[code])
        self.code = code


class Settings:
    """generation: changes with every change. tried: values that count instead of what is kept, until the next boot."""

    def __init__(self, record: "Record | None") -> None:
        """record: None where there is no file system; then nothing is set."""
        self.generation = 0
        self.tried: "dict[str, str]" = {}
        self._record = record
        self._found = records.EMPTY if record is None else record.load(0)

    def read(self) -> "dict[str, str]":
        """All that is set or tried, "" for what is tried without. raises: SettingsError(DAMAGED), MemoryError."""
        values = _values(self._text())
        values.update(self.tried)
        return values

    def change_steps(self, name: str, value: str) -> "Generator[None, None, bool]":
        """Set a name to a value, "" for none; as below."""
        return (yield from self.store_steps({name: value}))

    def store_steps(self, changes: "dict[str, str]") -> "Generator[None, None, bool]":
        """Set several names at once, all or none; run it to its end between other work. True when anything changed.

        What cannot be read any more is begun anew. raises: SettingsError, MemoryError; then nothing changed.
        """
        for name in changes:
            if name not in NAMES:
                raise SettingsError(NO_SUCH_NAME)
        kept = b""
        values: "dict[str, str]" = {}
        try:
            kept = self._text()
            values = _values(kept)
        except SettingsError:
            pass
        changed = False
        for name, value in changes.items():
            if len(value) > LONGEST:
                raise SettingsError(TOO_LONG)
            if values.get(name, "") != value:
                changed = True
                values[name] = value
                if not value:
                    del values[name]
        if not changed:
            return False
        text = json.dumps(values)
        if len(text) > _MOST:
            raise SettingsError(TOO_LONG)
        if self._record is None:
            raise SettingsError(STORAGE_FAILED)
        left = b" " * (len(kept) - len(text))  # a record does not shrink, and JSON does not mind blanks
        try:
            yield from self._record.change_steps(0, text.encode() + left)
        except RecordError:
            raise SettingsError(STORAGE_FAILED)
        self._found = records.INTACT
        self.generation += 1
        return True

    def _text(self) -> bytes:
        """The whole record, none where nothing was ever set. raises: SettingsError(DAMAGED), MemoryError."""
        if self._record is None or self._found == records.EMPTY:
            return b""
        text = bytearray()
        chunk = bytearray(_CHUNK_LEN)
        try:
            if self._found != records.INTACT:
                raise SettingsError(DAMAGED)
            for count in self._record.body(chunk):
                text.extend(memoryview(chunk)[:count])
        except RecordError:
            raise SettingsError(DAMAGED)
        return bytes(text)


def _values(text: bytes) -> "dict[str, str]":
    """raises: SettingsError(DAMAGED), MemoryError."""
    try:
        return json.loads(text) if text else {}
    except ValueError:
        raise SettingsError(DAMAGED)
