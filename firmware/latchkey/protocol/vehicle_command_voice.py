"""Everything that the vehicle says in the vehicle-command protocol: replies are built, encrypted and kept to be sent.

Facts: protocol.md; vehicle-command.md sections 0, 2.7 and 3.5, found by running the clients. To an accepted command
there are two replies, commandStatus and an empty payload: some clients wait for the one, some for the other. A request
that asks for encrypted replies gets them, all but faults. Each is bound to the request's tag and numbered, so it
answers this request and no other.
"""

from micropython import const

from latchkey.crypto.gcm import NONCE, TAG
from latchkey.crypto.secret import wipe
from latchkey.protocol import vehicle_command_answer as answers
from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol import vehicle_command_reply as reply
from latchkey.protocol.protobuf_writer import Writer
from latchkey.protocol.vehicle_command_metadata import Metadata
from latchkey.protocol.vehicle_command_peer import Peer
from latchkey.protocol.vehicle_command_reply import Outbox, Path
from latchkey.protocol.vehicle_command_sessions import Sessions

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.protocol.vehicle_command_envelope import Envelope
    from latchkey.protocol.vehicle_command_sessions import Keys

_ENCRYPT_RESPONSE = const(2)  # in flags
_SHORT_HASH = const(17)  # of a request, in replies of the security domain: its type and 16 bytes of its tag
_LONGEST = const(384)  # payload: a list of 32 keys has 269 bytes
_NOBODY = const(-1)
_NO_ID = b""

_REPAIRABLE = (
    numbers.INVALID_SIGNATURE,
    numbers.INVALID_TOKEN_OR_COUNTER,
    numbers.INCORRECT_EPOCH,
    numbers.TIME_EXPIRED,
    numbers.TIME_TO_LIVE_TOO_LONG,
)


class Voice:
    """The answers to one request; `path` is the way back, to be copied where an answer comes later.

    Replies stay in `out` until clear(). The methods of the first group answer the order of the request that
    Dialogue.handle() took last; those of the second begin anew.
    """

    def __init__(self, keys: "Keys", sessions: Sessions, metadata: Metadata) -> None:
        self.path = Path()
        self.out = Outbox()
        self.once = False  # accept() with one reply, on a link that has few of them
        self._keys = keys
        self._sessions = sessions
        self._metadata = metadata
        self._payload = bytearray(_LONGEST)
        self._payload_view = memoryview(self._payload)
        self._writer = Writer(self._payload)
        self._nonce = bytearray(NONCE)
        self._tag = bytearray(TAG)
        self._peer: "Peer | None" = None  # to encrypt with
        self._counter = 0  # of the request
        self._sealed = 0  # replies encrypted so far

    def clear(self) -> None:
        """Forget the request and its replies."""
        self.out.clear()
        self._peer = None
        self._sealed = 0
        wipe(self._payload)

    def answer_to(self, envelope: "Envelope", peer: "Peer | None") -> None:
        """The request is genuine: answer it under its counter, and encrypted if it asks for that."""
        self._counter = envelope.counter
        if envelope.flags & _ENCRYPT_RESPONSE:
            whole = bytes((envelope.signature,)) + envelope.tag
            self.path.hash = whole[:_SHORT_HASH] if envelope.domain == numbers.VEHICLE_SECURITY else whole
            self._encrypt_for(peer)

    # Answers to an order

    def accept(self) -> None:
        """The command is carried out, or will be. Two replies: some clients wait for the one, some for the other."""
        answers.accepted(self._begin_payload(), self._counter)
        self._end_payload()
        if not self.once:
            self._begin_payload()
            self._end_payload()

    def decline(self, error: int) -> None:
        """The vehicle will not: a nominalError of vehicle_command_numbers. Clients do not try again."""
        answers.declined(self._begin_payload(), error)
        self._end_payload()

    def refuse(self, fault: int, peer: "Peer | None" = None, slot: int = _NOBODY) -> None:
        """A signed_message_fault of vehicle_command_numbers; by its number a client knows whether to try again.

        peer, slot: who is to get fresh session info with those faults that can be mended by it.
        """
        writer = self.out.begin(self.path)
        reply.write_fault(writer, fault)
        if fault in _REPAIRABLE and peer is not None:
            self._write_session_info(writer, peer, slot)
        self.out.end(self.path)

    def unavailable(self) -> None:
        """Answer any command of the infotainment domain."""
        answers.unavailable(self._begin_payload())
        self._end_payload()

    def session_info(self, peer: Peer, slot: int) -> None:
        """Answer a handshake: counter, epoch and clock, and a tag by which the client knows this vehicle."""
        writer = self.out.begin(self.path)
        self._write_session_info(writer, peer, slot)
        self.out.end(self.path)

    def status(self, now: answers.Status) -> None:
        """Answer STATUS."""
        answers.status(self._begin_payload(), now)
        self._end_payload()

    def key_list(self, keys: "list[tuple[int, bytes]]") -> None:
        """Answer KEY_LIST. keys: (slot 0 to 31, id of 4 bytes) of each."""
        answers.key_list(self._begin_payload(), keys)
        self._end_payload()

    def key_entry(self, slot: int, key64: "bytes | bytearray", key_id: bytes, role: int, form: int) -> None:
        """Answer KEY_ENTRY."""
        answers.key_entry(self._begin_payload(), slot, key64, key_id, role, form)
        self._end_payload()

    def own_key(self, values: "tuple[int, ...]") -> None:
        """Answer TELL_KEY."""
        answers.own_key(self._begin_payload(), values)
        self._end_payload()

    def key_change(self, information: int, signer_id: bytes = _NO_ID) -> None:
        """Answer ADD_KEY, REMOVE_KEY, CHANGE_KEY, SHOW_KEY, or a KEY_ENTRY that does not exist.

        information: of vehicle_command_numbers, from KEY_LIST_CHANGED on. signer_id: 4 bytes of who allowed it.
        """
        answers.key_change(self._begin_payload(), information, signer_id)
        self._end_payload()

    # Later, or unasked

    def introduce(self, path: Path, k: "bytearray | memoryview") -> None:
        """Answer STRANGER: prove to him that this is the vehicle, and that he is not enrolled.

        k: the K of both keys, 16 bytes, for which elliptic curves are needed; not kept.
        """
        self._begin_anew(path)
        peer = Peer(_NOBODY, k)
        try:
            self.session_info(peer, _NOBODY)
        finally:
            peer.wipe()

    def later_key_change(self, path: Path, information: int, signer_id: bytes = _NO_ID) -> None:
        """What became of a change whose way back was kept; nothing is said if the key that asked is gone."""
        self._begin_anew(path)
        if path.slot != reply.NO_SLOT:
            self._encrypt_for(self._sessions.peer(path.slot))
        if self._peer is not None or path.slot == reply.NO_SLOT:
            self.key_change(information, signer_id)

    def later_refusal(self, path: Path, fault: int) -> None:
        """What became of a STRANGER who cannot be told more."""
        self._begin_anew(path)
        self.refuse(fault)

    def broadcast_wait(self) -> None:
        """To whoever has shown a key in the older envelope, which has no address: an owner must confirm it."""
        self._to_all()
        answers.wait(self._begin_payload())
        self._end_payload()

    def broadcast_status(self, now: answers.Status) -> None:
        """The state has changed."""
        self._to_all()
        self.status(now)

    def _encrypt_for(self, peer: "Peer | None") -> None:
        self._peer = peer
        self.path.slot = reply.NO_SLOT if peer is None else peer.slot

    def _begin_anew(self, path: Path) -> None:
        self.clear()
        self.path.copy(path)

    def _to_all(self) -> None:
        self.clear()
        self.path.set(numbers.VEHICLE_SECURITY, b"", b"")

    # Writing

    def _write_session_info(self, writer: Writer, peer: Peer, slot: int) -> None:
        sessions, domain = self._sessions, self.path.domain
        inner = self._writer
        inner.begin()
        answers.session_info(
            inner,
            sessions.counter(domain, slot) if slot != _NOBODY else 0,
            self._keys.public_key,
            sessions.epoch(domain),
            sessions.clock_s(domain),
            slot != _NOBODY,
        )
        info = self._payload_view[: inner.length]
        tag = peer.sign_session_info(self._metadata.session_info(self.path.uuid), info)
        reply.write_session_info(writer, info, tag)

    def _begin_payload(self) -> Writer:
        self._writer.begin()
        return self._writer

    def _end_payload(self) -> None:
        """Send what was written since _begin_payload(), encrypted if the request wants that."""
        payload = self._payload_view[: self._writer.length]
        if self._peer is not None:
            self._sealed += 1
            self._sessions.fill_nonce(self._nonce)
            metadata = self._metadata.response(self.path.domain, self._sealed, self.path.hash)
            self._peer.seal(self._nonce, metadata, payload, self._tag)
        writer = self.out.begin(self.path)
        reply.write_payload(writer, payload)
        if self._peer is not None:
            reply.write_seal(writer, self._nonce, self._sealed, self._tag)
        self.out.end(self.path)
