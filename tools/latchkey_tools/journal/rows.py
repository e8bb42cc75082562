"""One row of the journal: 24 bytes and the first 16 of their HMAC-SHA256 (firmware/latchkey/storage/chain.py)."""

import hashlib
import hmac
import struct
from dataclasses import dataclass

ROW_LEN = 40
BODY_LEN = 24
HEAD_LEN = 8
_BODY = struct.Struct(">IIIHhBBBB4s")

BEGUN, BOOT, DECISION, COUNTED, LOST, ENDED, NEXT_KEY = range(1, 8)
CLEAN, CUT, DAMAGED, STATE_LOST, NEW = range(5)
OTHERS = 0xFF  # a verdict: of refusals for which there was no group

KINDS = ",begun,boot,decision,counted,lost,ended,next key"


@dataclass(frozen=True)
class Row:
    """place: the number that its place in the files gives it; `number` is what the row itself says."""

    place: int
    number: int
    boot: int
    uptime_s: int
    count: int
    credential: int
    kind: int
    source: int
    action: int
    verdict: int
    key_id: str
    body: bytes
    code: bytes

    @classmethod
    def parse(cls, place: int, data: bytes) -> "Row":
        """data: 40 bytes."""
        number, boot, uptime_s, count, credential, kind, source, action, verdict, key_id = _BODY.unpack(data[:BODY_LEN])
        told = (number, boot, uptime_s, count, credential, kind, source, action, verdict, key_id.hex())
        return cls(place, *told, data[:BODY_LEN], data[BODY_LEN:])

    def is_proved_by(self, key: bytes) -> bool:
        """key: of this place."""
        code = hmac.new(key, self.body, hashlib.sha256).digest()[: ROW_LEN - BODY_LEN]
        return self.number == self.place and hmac.compare_digest(code, self.code)

    @property
    def head(self) -> str:
        """As phones and the cloud are told it."""
        return f"{self.place}:{self.code[:HEAD_LEN].hex()}"


def next_key(key: bytes) -> bytes:
    """Of the row after the one that `key` proves."""
    return hashlib.sha256(b"latchkey journal" + key).digest()


def key_id(key: bytes) -> str:
    """What a chain's first key is called: 8 hex digits."""
    return hashlib.sha256(b"latchkey journal id" + key).digest()[:4].hex()
