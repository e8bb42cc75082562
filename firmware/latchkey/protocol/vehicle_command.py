"""The vehicle's side of the vehicle-command protocol, without a link: a message in, an order out, its replies out.

    bytes   -> vehicle_command_frame     whole messages, where the link is a byte pipe
               vehicle_command_envelope  who asks, what signature, which payload
               vehicle_command_check     genuine, fresh, meant for this vehicle? Else a fault is answered here
               vehicle_command_order     what is wanted
    order   -> the caller asks the vehicle, and says here what became of it
               vehicle_command_voice     replies in their envelope, encrypted if that was asked for
    replies -> the caller sends them

Facts: protocol.md and the protobuf files of teslamotors/vehicle-command; what its clients need beyond those was found
by running them: two replies to each accepted command, an empty payload that is there, the uuid repeated, a second
domain that answers. K of every enrolled key is stored, so nothing here computes on elliptic curves.

There is no authority in here. `slot` says which key has proved itself; what it may do the vehicle decides, now.
Not protected against: relays, and whoever has got hold of a phone's key.
"""

from micropython import const

from latchkey.crypto.secret import wipe
from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol import vehicle_command_order as orders
from latchkey.protocol.protobuf import ProtobufError, Reader
from latchkey.protocol.vehicle_command_check import LIFETIME_S, NOBODY, Check
from latchkey.protocol.vehicle_command_envelope import HANDSHAKE, NO_PAYLOAD, Envelope
from latchkey.protocol.vehicle_command_metadata import Metadata
from latchkey.protocol.vehicle_command_order import Order
from latchkey.protocol.vehicle_command_sessions import Sessions
from latchkey.protocol.vehicle_command_voice import Voice

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.protocol.vehicle_command_sessions import Keys

_OLDER_ENVELOPE = const(0x0A)  # first byte: a field whose number the present envelope reserves


class Dialogue:
    """handle() a message, say what became of its order by a method of `voice`, send what is in `voice.out`.

    One Dialogue serves any number of links, one message at a time. After handle(): `order` has the details of what is
    wanted; `slot` is the key that has proved itself by the message's tag, NOBODY for an unsigned one; `voice.path` is
    the way back; `fault` is what was answered by itself to a message that does not pass, else 0. All that is gone with
    the next handle().
    """

    def __init__(self, keys: "Keys", sessions: Sessions, limit: int = 512) -> None:
        """sessions: shared with every other Dialogue. limit: the longest message that links let in, in bytes."""
        self.slot = NOBODY
        self.fault = 0
        self.sessions = sessions
        reader = Reader()
        metadata = Metadata(keys.vin)
        self.order = Order(reader)
        self.voice = Voice(keys, sessions, metadata)
        self._envelope = Envelope(reader)
        self._check = Check(keys, sessions, metadata)
        self._text = bytearray(limit)  # the payload, decrypted

    @property
    def claimed(self) -> int:
        """The slot whose key the message names, proved or not; NOBODY for a stranger's or none."""
        return self._check.slot

    def limit_lifetime(self, seconds: int) -> None:
        """No message may be good for longer than this, 60 s at most: where something between can hold it back."""
        self._check.lifetime_s = min(seconds, LIFETIME_S)

    @property
    def key(self) -> bytearray:
        """The 64 bytes of the key that the message names; means something while `claimed` is a slot."""
        return self._check.key

    def handle(self, message: memoryview) -> int:
        """Take one message; returns what kind of order it is (vehicle_command_order).

        NOTHING: it needs no decision. Rubbish, or it is answered already. Nothing that a peer sends raises.
        """
        self.clear()
        try:
            if len(message) and message[0] == _OLDER_ENVELOPE:
                self.voice.path.set(numbers.VEHICLE_SECURITY, b"", b"")
                return self._expect_key(self.order.read_older(message))
            self._envelope.read(message)
            return self._route()
        except ProtobufError:
            return orders.NOTHING
        finally:
            self._envelope.clear()

    def clear(self) -> None:
        """Forget the message and its replies."""
        self.voice.clear()
        self.order.clear()
        self._check.clear()
        self.slot = NOBODY
        self.fault = 0
        wipe(self._text)

    def _route(self) -> int:
        envelope = self._envelope
        domain = envelope.domain
        if envelope.kind == NO_PAYLOAD:
            return orders.NOTHING  # somebody's reply: answering it would go on for ever
        known = domain == numbers.VEHICLE_SECURITY or domain == numbers.INFOTAINMENT
        self.voice.path.set(domain if known else numbers.VEHICLE_SECURITY, envelope.address, envelope.uuid)
        if not known:
            return self._refuse(numbers.INVALID_DOMAINS)
        if envelope.kind == HANDSHAKE:
            return self._greet()
        if len(envelope.payload) > len(self._text):
            return self._refuse(numbers.REQUEST_TOO_LONG)
        text = memoryview(self._text)[: len(envelope.payload)]
        text[:] = envelope.payload
        return self._signed(text) if envelope.signature else self._unsigned(text)

    def _greet(self) -> int:
        """A handshake. An enrolled key is answered at once; for a stranger's the tag would need elliptic curves."""
        fault = self._check.find(self._envelope.key)
        if fault == numbers.UNKNOWN_KEY_ID and self.order.take_key(self._envelope.key):
            self.order.kind = orders.STRANGER
            return orders.STRANGER
        peer = self._check.peer
        if fault or peer is None:
            return self._refuse(fault)
        self.voice.session_info(peer, self._check.slot)
        return orders.NOTHING

    def _signed(self, text: memoryview) -> int:
        envelope = self._envelope
        fault = self._check.verify(envelope, text)
        if fault:
            return self._refuse(fault)
        self.slot = self._check.slot
        self.voice.answer_to(envelope, self._check.peer)
        if envelope.domain == numbers.INFOTAINMENT:
            self.voice.unavailable()
            return orders.NOTHING
        try:
            kind = self.order.read(text)
        except ProtobufError:
            return self._refuse(numbers.DECODING)
        if kind == orders.UNKNOWN:
            return self._refuse(numbers.INVALID_COMMAND)
        return self._expect_key(kind)

    def _unsigned(self, text: memoryview) -> int:
        """What may be asked without a signature: to look, and to be considered as a new key."""
        if self._envelope.domain != numbers.VEHICLE_SECURITY:
            return self._refuse(numbers.INSUFFICIENT_PRIVILEGES)
        kind = self.order.read(text)
        if kind == orders.ADD_KEY:
            self.order.kind = orders.SHOW_KEY
            return self._expect_key(orders.SHOW_KEY)
        if kind == orders.STATUS or kind == orders.KEY_LIST or kind == orders.KEY_ENTRY:
            return kind
        return self._refuse(numbers.INSUFFICIENT_PRIVILEGES)

    def _expect_key(self, kind: int) -> int:
        """Orders that are about a key need one."""
        about_a_key = kind == orders.ADD_KEY or kind == orders.REMOVE_KEY or kind == orders.SHOW_KEY
        if about_a_key and not self.order.has_key:
            self.order.clear()
            self.voice.key_change(numbers.INVALID_PUBLIC_KEY)
            return orders.NOTHING
        return kind

    def _refuse(self, fault: int) -> int:
        self.fault = fault
        self.order.clear()
        self.voice.refuse(fault, self._check.peer, self._check.slot)
        return orders.NOTHING
