"""The shared key K of one enrolled key, made ready: signs session info, opens commands, seals replies.

Facts: protocol.md. Commands are AES-GCM under K with the SHA-256 of the metadata as additional data, or HMAC-SHA256
under HMAC(K, "authenticated command") over metadata and payload. Session info is HMAC under HMAC(K, "session info").
"""

from micropython import const

from latchkey.crypto.digest import sha256
from latchkey.crypto.gcm import TAG, Gcm
from latchkey.crypto.mac import Hmac, hmac_sha256
from latchkey.crypto.secret import equal

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.protocol.vehicle_command_envelope import Envelope

_SESSION_INFO = b"session info"
_COMMAND = b"authenticated command"


class Peer:
    """What K is good for, until wipe(). `slot`: whose."""

    def __init__(self, slot: int, key: "bytearray | memoryview") -> None:
        """key: K, 16 bytes, not kept."""
        self.slot = slot
        self._gcm = Gcm(key)
        self._command = Hmac(hmac_sha256(key, _COMMAND))
        self._session_info = Hmac(hmac_sha256(key, _SESSION_INFO))

    def sign_session_info(self, metadata: memoryview, info: memoryview) -> bytes:
        """The tag over serialised session info, 32 bytes."""
        return self._session_info.mac(metadata, info)

    def open_gcm(self, envelope: "Envelope", metadata: memoryview, text: memoryview) -> bool:
        """Decrypt text where it stands if the envelope's nonce (12 bytes) and tag are right for it."""
        if len(envelope.tag) != TAG:
            return False
        return self._gcm.open(envelope.nonce, sha256(metadata), text, envelope.tag)

    def check_hmac(self, envelope: "Envelope", metadata: memoryview, text: memoryview) -> bool:
        """True when the envelope's tag is right for the text, which is not encrypted in this form."""
        return equal(envelope.tag, self._command.mac(metadata, text))

    def seal(self, nonce: bytearray, metadata: memoryview, text: memoryview, tag: bytearray) -> None:
        """Encrypt a reply where it stands; nonce: 12 fresh bytes; tag: 16 bytes to be filled."""
        self._gcm.seal(nonce, sha256(metadata), text, tag)

    def wipe(self) -> None:
        """Forget the key."""
        self._gcm.wipe()
        self._command.wipe()
        self._session_info.wipe()
