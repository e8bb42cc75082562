"""What a phone can ask of the vehicle, as payloads of the published protocol, and which answer ends the asking."""

from dataclasses import dataclass

from tesla_fleet_api.tesla.vehicle.proto.vcsec_pb2 import (
    ClosureMoveRequest,
    ClosureMoveType_E,
    CommandStatus,
    FromVCSECMessage,
    InformationRequest,
    InformationRequestType,
    KeyFormFactor,
    KeyMetadata,
    OperationStatus_E,
    PermissionChange,
    PublicKey,
    RKEAction_E,
    UnsignedMessage,
    WhitelistOperation,
)

from latchkey_tools.phone.refusal import Refused

_COMMAND = ""  # an empty payload will do
_CHANGE = "commandStatus"


@dataclass(frozen=True)
class Request:
    """payload: serialised UnsignedMessage. answer: a field of FromVCSECMessage. signed: else plain.

    sealed: only an encrypted answer to a signed request is believed. What the vehicle answers later, when it has
    written, it answers plainly: whoever asks for such a thing has to look afterwards.
    """

    payload: bytes
    answer: str = _COMMAND
    signed: bool = True
    sealed: bool = True

    def ended_by(self, reply: FromVCSECMessage) -> bool:
        """True when this is the answer, False when another must follow. Raises Refused."""
        given = reply.WhichOneof("sub_message")
        if given == "nominalError" and reply.nominalError.genericError:
            raise Refused("declined", reply.nominalError.genericError)
        if given == "commandStatus":
            return self._ended_by_status(reply.commandStatus)
        return given == self.answer or (given is None and self.answer == _COMMAND)

    def _ended_by_status(self, status: CommandStatus) -> bool:
        failed = status.operationStatus == OperationStatus_E.OPERATIONSTATUS_ERROR
        change = status.whitelistOperationStatus
        if change.whitelistOperationInformation:
            raise Refused("key list", change.whitelistOperationInformation)
        if status.signedMessageStatus.signedMessageInformation:
            raise Refused("signature", status.signedMessageStatus.signedMessageInformation)
        if failed or change.operationStatus == OperationStatus_E.OPERATIONSTATUS_ERROR:
            about_a_key = status.HasField("whitelistOperationStatus")
            raise Refused("key list" if about_a_key else "declined", 1)
        if status.operationStatus == OperationStatus_E.OPERATIONSTATUS_WAIT:
            return False
        if self.answer == _CHANGE:
            return status.HasField("whitelistOperationStatus")
        return self.answer == _COMMAND


def _command(**fields: object) -> Request:
    return Request(UnsignedMessage(**fields).SerializeToString())  # type: ignore[arg-type]


def _move(**closures: ClosureMoveType_E) -> Request:
    return _command(closureMoveRequest=ClosureMoveRequest(**closures))  # type: ignore[arg-type]


UNLOCK = _command(RKEAction=RKEAction_E.RKE_ACTION_UNLOCK)
LOCK = _command(RKEAction=RKEAction_E.RKE_ACTION_LOCK)
DRIVE = _command(RKEAction=RKEAction_E.RKE_ACTION_REMOTE_DRIVE)
WAKE = _command(RKEAction=RKEAction_E.RKE_ACTION_WAKE_VEHICLE)
TRUNK = _move(rearTrunk=ClosureMoveType_E.CLOSURE_MOVE_TYPE_MOVE)
FRUNK = _move(frontTrunk=ClosureMoveType_E.CLOSURE_MOVE_TYPE_MOVE)
CHARGE_PORT = _move(chargePort=ClosureMoveType_E.CLOSURE_MOVE_TYPE_OPEN)


def _information(kind: InformationRequestType, answer: str, **which: object) -> Request:
    asked = InformationRequest(informationRequestType=kind, **which)  # type: ignore[arg-type]
    return Request(UnsignedMessage(InformationRequest=asked).SerializeToString(), answer)


def _own(number: int) -> Request:
    """What the published protocol does not have: field 1,000 of UnsignedMessage, in it the number as field 1."""
    return Request(_OWN_TAG + bytes((2, 0x08, number)))


_OWN_TAG = b"\xc2\x3e"  # field 1,000, length-delimited; firmware/latchkey/protocol/vehicle_command_order.py
REVOKE_DRIVE = _own(1)
SUSPEND_GUESTS = _own(2)
ADMIT_GUESTS = _own(3)
FORBID_REMOTE = _own(4)
ALLOW_REMOTE = _own(5)
FORBID_REMOTE_UNLOCK = _own(6)
ALLOW_REMOTE_UNLOCK = _own(7)


def set_clock(seconds: int) -> Request:
    """It is so many seconds after 2000-01-01 UTC."""
    return _own_with(8, seconds)


def tell_key(number: int) -> Request:
    """Of the keys that are not revoked, cards among them, the first from this number on."""
    return _own_with(9, number)


def suspend(number: int, generation: int) -> Request:
    """generation: as the vehicle told it of this key. Look at the key afterwards: the answer is not sealed."""
    return _own_with(10, number, generation, changes=True)


def admit(number: int, generation: int) -> Request:
    return _own_with(11, number, generation, changes=True)


def limit(number: int, generation: int, from_s: int, until_s: int, flags: int) -> Request:
    """When a guest may come, in seconds since 2000; until_s 0: at any time."""
    return _own_with(12, number, generation, from_s, until_s, flags, changes=True)


def revoke(number: int, generation: int) -> Request:
    return _own_with(13, number, generation, changes=True)


def _own_with(number: int, *values: int, changes: bool = False) -> Request:
    """An order of this vehicle's own; its values are the fields from 2 on."""
    inner = b"".join(bytes((at << 3,)) + _varint(value) for at, value in enumerate((number, *values), 1))
    payload = _OWN_TAG + bytes((len(inner),)) + inner
    return Request(payload, _CHANGE, sealed=False) if changes else Request(payload)


def _varint(value: int) -> bytes:
    written = b""
    while value > 127:
        written += bytes((value & 127 | 128,))
        value >>= 7
    return written + bytes((value,))


STATUS = _information(InformationRequestType.INFORMATION_REQUEST_TYPE_GET_STATUS, "vehicleStatus")
KEY_LIST = _information(InformationRequestType.INFORMATION_REQUEST_TYPE_GET_WHITELIST_INFO, "whitelistInfo")

# Strangers are told only while enrolment is open, or where the owner lets everybody know.
KEY_LIST_FOR_STRANGERS = Request(KEY_LIST.payload, KEY_LIST.answer, signed=False)


def entry_in(slot: int) -> Request:
    """The key in a slot, 0 to 31."""
    kind = InformationRequestType.INFORMATION_REQUEST_TYPE_GET_WHITELIST_ENTRY_INFO
    return _information(kind, "whitelistEntryInfo", slot=slot)


def entry_of(point: bytes) -> Request:
    """The entry of a public key."""
    kind = InformationRequestType.INFORMATION_REQUEST_TYPE_GET_WHITELIST_ENTRY_INFO
    return _information(kind, "whitelistEntryInfo", publicKey=point)


def remove(point: bytes) -> Request:
    """Take a key away. Ask for its entry afterwards: the answer is not sealed."""
    change = WhitelistOperation(removePublicKeyFromWhitelist=PublicKey(PublicKeyRaw=point))
    return Request(UnsignedMessage(WhitelistOperation=change).SerializeToString(), _CHANGE, sealed=False)


PHONE, CLOUD_KEY = KeyFormFactor.KEY_FORM_FACTOR_BLE_DEVICE, KeyFormFactor.KEY_FORM_FACTOR_CLOUD_KEY


def show(point: bytes, role: int, form: KeyFormFactor = PHONE) -> Request:
    """Ask to be considered as a new key: nothing vouches for it but the person at the car."""
    change = WhitelistOperation(
        addKeyToWhitelistAndAddPermissions=PermissionChange(
            key=PublicKey(PublicKeyRaw=point),
            keyRole=role,  # type: ignore[arg-type]
        ),
        metadataForKey=KeyMetadata(keyFormFactor=form),
    )
    return Request(UnsignedMessage(WhitelistOperation=change).SerializeToString(), _CHANGE, signed=False)
