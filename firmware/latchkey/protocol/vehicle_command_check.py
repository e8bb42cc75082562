"""Is a signed message of the vehicle-command protocol genuine, fresh and meant for this vehicle?

Facts: the published Verifier, protocol.md; the order of the checks is that of vehicle-command.md section 3.8. Up to the
tag everything in a message is a claim and may only refuse; the counter rises when the tag was right, before anything is
done. The vehicle's VIN and its present epoch enter the tag whatever the message says, so a message for another vehicle
or of an earlier boot cannot pass. A message that never expires, which the reference takes, is refused.
"""

from micropython import const

from latchkey.crypto.gcm import NONCE
from latchkey.crypto.secret import equal
from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol.vehicle_command_envelope import NO_HANDLE, Envelope
from latchkey.protocol.vehicle_command_metadata import Metadata
from latchkey.protocol.vehicle_command_sessions import SLOTS, Sessions

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.protocol.vehicle_command_peer import Peer
    from latchkey.protocol.vehicle_command_sessions import Keys

GENUINE = const(0)
NOBODY = const(-1)

LIFETIME_S = const(60)  # no message may be good for longer


class Check:
    """`slot`, `peer`: whom the last message claims to come from, once that is an enrolled key; else NOBODY and None.

    `key`: the 64 bytes of the key that it named last. lifetime_s: how long a message may be good for, at most.
    """

    def __init__(self, keys: "Keys", sessions: Sessions, metadata: Metadata) -> None:
        self.slot = NOBODY
        self.peer: "Peer | None" = None
        self._keys = keys
        self._sessions = sessions
        self._metadata = metadata
        self.key = bytearray(numbers.KEY_LEN)
        self.lifetime_s = LIFETIME_S

    def clear(self) -> None:
        self.slot = NOBODY
        self.peer = None

    def find(self, point: memoryview) -> int:
        """Whose key is this, 04 X Y as sent? Sets slot and peer. Returns GENUINE or a fault.

        GENUINE here means only that the key is enrolled: nobody has proved yet that he has it.
        """
        self.clear()
        if len(point) != numbers.POINT_LEN or point[0] != numbers.UNCOMPRESSED:
            return numbers.BAD_PARAMETER
        self.key[:] = point[1:]
        slot = self._keys.find(self.key)
        if not 0 <= slot < SLOTS:
            return numbers.UNKNOWN_KEY_ID
        self.peer = self._sessions.peer(slot)
        if self.peer is None:
            return numbers.INTERNAL  # K cannot be read
        self.slot = slot
        return GENUINE

    def verify(self, envelope: Envelope, text: memoryview) -> int:
        """Check a signed envelope whose payload has been copied to text, and decrypt it there.

        Returns GENUINE, and then the counter is spent, or the fault.
        """
        self.clear()
        if envelope.signature != numbers.AES_GCM and envelope.signature != numbers.HMAC:
            return numbers.BAD_PARAMETER
        if envelope.handle != NO_HANDLE:
            return numbers.INVALID_KEY_HANDLE  # this vehicle has given out none
        if not len(envelope.key):
            return numbers.UNKNOWN_KEY_ID
        fault = self.find(envelope.key) or self._staleness(envelope)
        if fault:
            return fault
        if not self._is_signed(envelope, text):
            return numbers.INVALID_SIGNATURE
        self._sessions.accept(envelope.domain, self.slot, envelope.counter)
        return GENUINE

    def _staleness(self, envelope: Envelope) -> int:
        sessions, domain = self._sessions, envelope.domain
        if len(envelope.epoch) and not equal(envelope.epoch, sessions.epoch(domain)):
            return numbers.INCORRECT_EPOCH
        if envelope.signature == numbers.AES_GCM and len(envelope.nonce) != NONCE:
            return numbers.IV_INCORRECT_LENGTH
        now = sessions.clock_s(domain)
        if not envelope.expires_at or envelope.expires_at < now:
            return numbers.TIME_EXPIRED
        if envelope.expires_at > now + self.lifetime_s:
            return numbers.TIME_TO_LIVE_TOO_LONG
        if envelope.counter <= sessions.counter(domain, self.slot):
            return numbers.INVALID_TOKEN_OR_COUNTER
        return GENUINE

    def _is_signed(self, envelope: Envelope, text: memoryview) -> bool:
        peer = self.peer
        if peer is None:
            return False
        metadata = self._metadata.command(
            envelope.signature,
            envelope.domain,
            self._sessions.epoch(envelope.domain),
            envelope.expires_at,
            envelope.counter,
            envelope.flags,
        )
        if envelope.signature == numbers.AES_GCM:
            return peer.open_gcm(envelope, metadata, text)
        return peer.check_hmac(envelope, metadata, text)
