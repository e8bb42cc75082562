"""What a phone and a vehicle have agreed on: the shared key, the vehicle's epoch and clock, the phone's counter.

Messages come out as bytes and go in as parsed RoutableMessages; nothing here waits or sends. Facts: protocol.md of
teslamotors/vehicle-command.

Believed is only what the owner of the vehicle's key has vouched for: session info by its tag, which covers the uuid of
the question, and answers by encryption, which covers the question's tag and the number of the answer. A plain answer to
a signed question is believed only where the request allows it. The vehicle's key is compared with the one that was
pinned when the phone was paired; before that, with the vehicle's name where the controller made that from its key.

Not protected against: whoever has the key file; relays.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf.message import DecodeError
from tesla_fleet_api.tesla.vehicle.proto.signatures_pb2 import (
    AES_GCM_Personalized_Signature_Data,
    KeyIdentity,
    Session_Info_Status,
    SessionInfo,
    SignatureData,
)
from tesla_fleet_api.tesla.vehicle.proto.universal_message_pb2 import (
    Destination,
    Domain,
    Flags,
    RoutableMessage,
    SessionInfoRequest,
)

from latchkey_tools.phone import seal
from latchkey_tools.phone.problem import NotGenuine, WrongVehicle
from latchkey_tools.phone.refusal import Refused

DOMAIN = Domain.DOMAIN_VEHICLE_SECURITY
_LIFETIME_S = 10  # of a message; the vehicle takes 60 at most
_ENCRYPT_ANSWER = 1 << Flags.FLAG_ENCRYPT_RESPONSE
_ID_LEN = 16  # of addresses, uuids, epochs
_LAST_COUNTER = 0xFFFFFFFF


@dataclass
class Sent:
    """A message that waits for its answer. tag: its signature, empty for an unsigned one."""

    data: bytes
    uuid: bytes
    tag: bytes = b""
    answers: set[int] = field(default_factory=set)  # numbers of the answers that have come


class Session:
    """One phone key and one vehicle. After adopt(): `vehicle_key`, its public key of 65 bytes, and `enrolled`.

    vin: empty to take it from the vehicle's key. pinned: the public key it must have; expected: its short id; empty for
    any. seconds: a clock that never goes back.
    """

    def __init__(
        self,
        private: ec.EllipticCurvePrivateKey,
        vin: str = "",
        pinned: bytes = b"",
        expected: str = "",
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.vin = vin
        self.vehicle_key = b""
        self.enrolled = False
        self.address = os.urandom(_ID_LEN)
        self.point = seal.point_of(private)
        self._private = private
        self._pinned = pinned
        self._expected = expected
        self._seconds = seconds
        self._key = b""
        self._epoch = b""
        self._counter = 0
        self._zero_s = 0.0  # when the vehicle's clock stood at 0, by this one

    @property
    def ready(self) -> bool:
        """True when a message can be signed."""
        return self.enrolled and bool(self._epoch)

    def handshake(self) -> Sent:
        """Ask the vehicle for session info."""
        message = self._addressed()
        message.session_info_request.CopyFrom(SessionInfoRequest(public_key=self.point))
        return self._sent(message)

    def plain(self, payload: bytes) -> Sent:
        """A request that nothing vouches for."""
        message = self._addressed()
        message.protobuf_message_as_bytes = payload
        return self._sent(message)

    def signed(self, payload: bytes) -> Sent:
        """A request that asks for an encrypted answer. Only when `ready`."""
        if self._counter >= _LAST_COUNTER:
            raise Refused("fault", 6)
        self._counter += 1
        expires_at = int(self._seconds() - self._zero_s) + _LIFETIME_S
        nonce = os.urandom(seal.NONCE_LEN)
        metadata = seal.command_metadata(self.vin, DOMAIN, self._epoch, expires_at, self._counter, _ENCRYPT_ANSWER)
        text, tag = seal.seal(self._key, nonce, metadata, payload)
        message = self._addressed()
        message.flags = _ENCRYPT_ANSWER
        message.protobuf_message_as_bytes = text
        signature = AES_GCM_Personalized_Signature_Data(
            epoch=self._epoch, nonce=nonce, counter=self._counter, expires_at=expires_at, tag=tag
        )
        message.signature_data.CopyFrom(
            SignatureData(signer_identity=KeyIdentity(public_key=self.point), AES_GCM_Personalized_data=signature)
        )
        return self._sent(message, tag)

    def adopt(self, reply: RoutableMessage, sent: Sent) -> None:
        """Take session info that answers `sent`. Raises NotGenuine, WrongVehicle."""
        info = SessionInfo()
        try:
            info.ParseFromString(reply.session_info)
            key = self._key if info.publicKey == self.vehicle_key else seal.agree(self._private, info.publicKey)
        except (DecodeError, ValueError):
            raise NotGenuine
        vin = self.vin or seal.vin_of(info.publicKey)
        tag = reply.signature_data.session_info_tag.tag
        if len(info.epoch) != _ID_LEN or not seal.vouches(key, vin, sent.uuid, reply.session_info, tag):
            raise NotGenuine
        self._compare(vin, info.publicKey)
        self._counter = max(self._counter, info.counter) if info.epoch == self._epoch else info.counter
        self.vin, self.vehicle_key, self._key, self._epoch = vin, info.publicKey, key, info.epoch
        self._zero_s = self._seconds() - info.clock_time
        self.enrolled = info.status == Session_Info_Status.SESSION_INFO_STATUS_OK

    def text(self, reply: RoutableMessage, sent: Sent, must_be_sealed: bool = True) -> bytes | None:
        """The payload of an answer; None for one that has come before. Raises NotGenuine."""
        payload = reply.protobuf_message_as_bytes
        is_sealed = reply.signature_data.HasField("AES_GCM_Response_data")
        if not sent.tag or not (is_sealed or must_be_sealed):
            return payload
        sealed = reply.signature_data.AES_GCM_Response_data
        if sealed.counter in sent.answers:
            return None
        metadata = seal.reply_metadata(
            self.vin,
            reply.from_destination.domain,
            sealed.counter,
            reply.flags,
            sent.tag,
            reply.signedMessageStatus.signed_message_fault,
        )
        text = seal.unseal(self._key, sealed.nonce, metadata, payload, sealed.tag)
        if text is None:
            raise NotGenuine
        sent.answers.add(sealed.counter)
        return text

    def _compare(self, vin: str, point: bytes) -> None:
        """Is it the vehicle that is meant? It has proved that it owns this key."""
        expected = self._pinned or self.vehicle_key
        if expected and point != expected:
            raise WrongVehicle(
                f"This is not the vehicle that this phone was paired with: its key is {seal.short_id(point)} and was "
                f"{seal.short_id(expected)}; if you know that its controller was replaced, take it out of the key's "
                ".json file (~/.config/latchkey) and pair anew."
            )
        named = not seal.names_its_key(vin) or vin == seal.vin_of(point)
        if not named or self._expected not in ("", seal.short_id(point)):
            raise WrongVehicle(
                f"Something here calls itself {vin} and has another key than that vehicle ({seal.short_id(point)}): do "
                "not use it, and check the name given with `--vin`."
            )

    def _addressed(self) -> RoutableMessage:
        return RoutableMessage(
            to_destination=Destination(domain=DOMAIN),
            from_destination=Destination(routing_address=self.address),
            uuid=os.urandom(_ID_LEN),
        )

    def _sent(self, message: RoutableMessage, tag: bytes = b"") -> Sent:
        return Sent(message.SerializeToString(), message.uuid, tag)
