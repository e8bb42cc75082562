"""The phone's protocol against the published schema: what Google's protobuf writes is understood, and the other way.

The schema is the one inside tesla-fleet-api, generated from teslamotors/vehicle-command.
"""

from fakes.phone import Keys, Phone
from hypothesis import given, settings
from hypothesis import strategies as st
from latchkey.protocol import vehicle_command_answer as answers
from latchkey.protocol import vehicle_command_order as orders
from latchkey.protocol.protobuf import Reader
from latchkey.protocol.protobuf_writer import Writer
from latchkey.protocol.vehicle_command import Dialogue
from latchkey.protocol.vehicle_command_envelope import Envelope
from latchkey.protocol.vehicle_command_order import Order
from latchkey.protocol.vehicle_command_sessions import Sessions
from tesla_fleet_api.tesla.vehicle.proto import car_server_pb2, vcsec_pb2
from tesla_fleet_api.tesla.vehicle.proto.keys_pb2 import Role
from tesla_fleet_api.tesla.vehicle.proto.signatures_pb2 import SessionInfo
from tesla_fleet_api.tesla.vehicle.proto.universal_message_pb2 import RoutableMessage

_U32 = st.integers(0, (1 << 32) - 1)
_KEYS = st.binary(min_size=64, max_size=64)
_IDS = st.binary(min_size=4, max_size=4)
_SIXTEEN = st.binary(min_size=16, max_size=16)


def _said(write, *arguments):
    """What an answer is to a client."""
    buffer = bytearray(400)
    writer = Writer(buffer)
    write(writer, *arguments)
    return vcsec_pb2.FromVCSECMessage.FromString(bytes(buffer[: writer.length]))


def _order(message):
    order = Order(Reader())
    order.read(message.SerializeToString())
    return order


@given(
    lock=st.sampled_from(vcsec_pb2.VehicleLockState_E.values()),
    closures=st.lists(st.sampled_from(vcsec_pb2.ClosureState_E.values()), min_size=7, max_size=7),
)
def test_status(lock, closures):
    now = answers.Status()
    now.lock = lock
    now.closures[:] = bytes(closures)
    told = _said(answers.status, now).vehicleStatus
    assert (told.vehicleLockState, told.vehicleSleepStatus, told.userPresence) == (lock, 1, 0)
    found = told.closureStatuses
    assert closures == [
        found.frontDriverDoor,
        found.frontPassengerDoor,
        found.rearDriverDoor,
        found.rearPassengerDoor,
        found.rearTrunk,
        found.frontTrunk,
        found.chargePort,
    ]


@given(slots=st.sets(st.integers(0, 31)), name=_IDS)
def test_key_list(slots, name):
    told = _said(answers.key_list, [(slot, name) for slot in sorted(slots)]).whitelistInfo
    assert told.numberOfEntries == len(slots)
    assert [entry.publicKeySHA1 for entry in told.whitelistEntries] == [name] * len(slots)
    assert told.slotMask == sum(1 << slot for slot in slots)


@given(slot=st.integers(0, 31), key=_KEYS, name=_IDS, role=st.sampled_from(Role.values()), form=st.integers(0, 9))
def test_key_entry(slot, key, name, role, form):
    told = _said(answers.key_entry, slot, key, name, role, form).whitelistEntryInfo
    assert (told.slot, told.keyRole, told.metadataForKey.keyFormFactor) == (slot, role, form)
    assert (told.keyId.publicKeySHA1, told.publicKey.PublicKeyRaw) == (name, b"\x04" + key)


def test_command_status():
    accepted = _said(answers.accepted, 300).commandStatus
    assert accepted.operationStatus == 0 and accepted.signedMessageStatus.counter == 300
    assert _said(answers.wait).commandStatus.operationStatus == 1
    added = _said(answers.key_change, 0, b"abcd").commandStatus
    assert added.operationStatus == 0 and added.whitelistOperationStatus.signerOfOperation.publicKeySHA1 == b"abcd"
    for information in range(1, 29):
        refused = _said(answers.key_change, information, b"").commandStatus
        assert refused.operationStatus == 2 and refused.whitelistOperationStatus.operationStatus == 2
        assert refused.whitelistOperationStatus.whitelistOperationInformation == information
    for error in range(1, 8):
        assert _said(answers.declined, error).nominalError.genericError == error


def test_the_car_server_s_only_word():
    buffer = bytearray(40)
    writer = Writer(buffer)
    answers.unavailable(writer)
    told = car_server_pb2.Response.FromString(bytes(buffer[: writer.length])).actionStatus
    assert told.result == car_server_pb2.OPERATIONSTATUS_ERROR
    assert told.result_reason.plain_text == "not available"


@given(counter=_U32, key=_KEYS, epoch=_SIXTEEN, clock=_U32, enrolled=st.booleans())
def test_session_info(counter, key, epoch, clock, enrolled):
    buffer = bytearray(120)
    writer = Writer(buffer)
    answers.session_info(writer, counter, key, bytearray(epoch), clock, enrolled)
    assert writer.length <= 100  # the smallest room that a client keeps for it
    assert SessionInfo.FromString(bytes(buffer[: writer.length])) == SessionInfo(
        counter=counter, publicKey=b"\x04" + key, epoch=epoch, clock_time=clock, status=0 if enrolled else 1
    )


def test_every_action_of_the_schema():
    known = {"UNLOCK": 1, "LOCK": 2, "REMOTE_DRIVE": 3, "AUTO_SECURE_VEHICLE": 2, "WAKE_VEHICLE": 4}
    for name, number in vcsec_pb2.RKEAction_E.items():
        kind = _order(vcsec_pb2.UnsignedMessage(RKEAction=number)).kind
        assert kind == known.get(name.removeprefix("RKE_ACTION_"), orders.UNKNOWN), name


def test_every_closure_of_the_schema():
    known = {"rearTrunk": orders.OPEN_TRUNK, "frontTrunk": orders.OPEN_FRUNK, "chargePort": orders.OPEN_CHARGE_PORT}
    for name in vcsec_pb2.ClosureMoveRequest.DESCRIPTOR.fields_by_name:
        for move in vcsec_pb2.ClosureMoveType_E.values():
            request = vcsec_pb2.ClosureMoveRequest(**{name: move})
            kind = _order(vcsec_pb2.UnsignedMessage(closureMoveRequest=request)).kind
            assert kind == (known.get(name, orders.UNKNOWN) if move in (1, 3) else orders.UNKNOWN)


@given(key=_KEYS, role=st.sampled_from(Role.values()), form=st.sampled_from(vcsec_pb2.KeyFormFactor.values()))
def test_keys_to_be_added_and_removed(key, role, form):
    point = vcsec_pb2.PublicKey(PublicKeyRaw=b"\x04" + key)
    change = vcsec_pb2.WhitelistOperation(
        addKeyToWhitelistAndAddPermissions=vcsec_pb2.PermissionChange(key=point, keyRole=role),
        metadataForKey=vcsec_pb2.KeyMetadata(keyFormFactor=form),
    )
    order = _order(vcsec_pb2.UnsignedMessage(WhitelistOperation=change))
    assert (order.kind, order.key, order.role, order.form) == (orders.ADD_KEY, key, role, form)
    envelope = vcsec_pb2.ToVCSECMessage(
        signedMessage=vcsec_pb2.SignedMessage(
            protobufMessageAsBytes=vcsec_pb2.UnsignedMessage(WhitelistOperation=change).SerializeToString(),
            signatureType=vcsec_pb2.SIGNATURE_TYPE_PRESENT_KEY,
        )
    )
    assert order.read_older(memoryview(envelope.SerializeToString())) == orders.SHOW_KEY
    assert (order.key, order.role, order.form) == (key, role, form)
    removal = vcsec_pb2.WhitelistOperation(removePublicKeyFromWhitelist=point)
    order = _order(vcsec_pb2.UnsignedMessage(WhitelistOperation=removal))
    assert (order.kind, order.key) == (orders.REMOVE_KEY, key)


@given(
    address=_SIXTEEN, uuid=_SIXTEEN, epoch=_SIXTEEN, tag=_SIXTEEN, counter=_U32, expires=_U32, flags=_U32, key=_KEYS,
    payload=st.binary(max_size=200), nonce=st.binary(min_size=12, max_size=12), data=st.data(),
)  # fmt: skip
@settings(max_examples=100)
def test_envelopes_in_any_order_of_fields(
    address, uuid, epoch, tag, counter, expires, flags, key, payload, nonce, data
):
    theirs = RoutableMessage(protobuf_message_as_bytes=payload, uuid=uuid, flags=flags)
    theirs.to_destination.domain = 2
    theirs.from_destination.routing_address = address
    theirs.signature_data.signer_identity.public_key = b"\x04" + key
    signature = theirs.signature_data.AES_GCM_Personalized_data
    signature.epoch, signature.nonce, signature.tag = epoch, nonce, tag
    signature.counter, signature.expires_at = counter, expires
    pieces = [_only(theirs, field) for field, _ in theirs.ListFields()]
    message = b"".join(data.draw(st.permutations(pieces)))
    assert RoutableMessage.FromString(message) == theirs
    envelope = Envelope(Reader())
    envelope.read(memoryview(message))
    assert (envelope.domain, envelope.counter, envelope.expires_at, envelope.flags) == (2, counter, expires, flags)
    for ours, sent in (
        (envelope.address, address),
        (envelope.uuid, uuid),
        (envelope.epoch, epoch),
        (envelope.nonce, nonce),
        (envelope.tag, tag),
        (envelope.payload, payload),
        (envelope.key, b"\x04" + key),
    ):
        assert ours == sent


def _only(message, field):
    """One field of a message, serialised."""
    part = RoutableMessage()
    if field.message_type is None:
        setattr(part, field.name, getattr(message, field.name))
    else:
        getattr(part, field.name).CopyFrom(getattr(message, field.name))
    return part.SerializeToString()


@given(old=st.lists(st.integers(0, 9), min_size=1, max_size=50))
def test_no_sequence_of_old_messages_brings_anything_back(old):
    """Resynchronisation must not take back what was spent (RollBack, Rolling-PWN)."""
    keys, phone = Keys(), Phone()
    keys.enrol(4, phone.key, phone.k)
    dialogue = Dialogue(keys, Sessions(keys))
    keys.now += 500
    phone.synchronise(dialogue.sessions)
    spent = [bytes(phone.signed(bytes((0x10, number & 1)))) for number in range(10)]
    for message in spent:
        assert dialogue.handle(memoryview(bytearray(message))) != orders.NOTHING
    before = (dialogue.sessions.counter(2, 4), bytes(dialogue.sessions.epoch(2)))
    for number in old:
        assert dialogue.handle(memoryview(bytearray(spent[number]))) == orders.NOTHING
        assert (dialogue.sessions.counter(2, 4), bytes(dialogue.sessions.epoch(2))) == before
    assert dialogue.handle(memoryview(phone.signed(b"\x10\x00"))) == orders.UNLOCK
