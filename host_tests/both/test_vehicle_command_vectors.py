"""The vehicle-command protocol, byte for byte: published vectors, and recorded exchanges with an unmodified client.

Origin: protocol.md and the Go tests of teslamotors/vehicle-command (sessions, signatures, metadata), values computed
beside them with CPython's cryptography package, and the exchanges in fakes/vehicle_command_vectors.py. Where a reply is
encrypted its nonce is taken from the recording; everything else comes out by itself.
"""

from fakes.phone import Keys, parsed
from fakes.vehicle_command_vectors import (
    CLIENT,
    CLIENT_PRIVATE,
    EPOCH,
    EXCHANGES,
    FROM_VEHICLE,
    SECOND_EPOCH,
    TO_VEHICLE,
    VEHICLE,
    VEHICLE_PRIVATE,
    VIN,
    K,
)
from latchkey.credentials.entries import short_id
from latchkey.credentials.identity import shared_key
from latchkey.crypto import p256
from latchkey.crypto.digest import sha256
from latchkey.crypto.gcm import Gcm
from latchkey.protocol import vehicle_command_answer as answers
from latchkey.protocol import vehicle_command_identity as identity
from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol import vehicle_command_order as orders
from latchkey.protocol.protobuf import Reader
from latchkey.protocol.vehicle_command import Dialogue
from latchkey.protocol.vehicle_command_envelope import Envelope
from latchkey.protocol.vehicle_command_metadata import Metadata
from latchkey.protocol.vehicle_command_peer import Peer
from latchkey.protocol.vehicle_command_reply import Path
from latchkey.protocol.vehicle_command_sessions import Sessions

_SLOT = 7


class _RecordedKeys(Keys):
    """Epochs and nonces are those of a recording."""

    def __init__(self, epoch, now):
        super().__init__(VIN, VEHICLE)
        self._epoch = epoch
        self.now = 0
        self.boot_to = now

    def fill(self, out):
        out[:] = self._epoch[: len(out)]


class _RecordedSessions(Sessions):
    def fill_nonce(self, out12):
        out12[:] = self.nonces.pop(0)


def _recorded(name, epoch=EPOCH, now=2650, counter=0, enrolled=True):
    """A dialogue as it stood before an exchange; returns it with the client's and the vehicle's messages."""
    keys = _RecordedKeys(epoch, now)
    sessions = _RecordedSessions(keys)
    keys.now = now
    if enrolled:
        keys.enrol(_SLOT, CLIENT, K)
    sessions.accept(numbers.VEHICLE_SECURITY, _SLOT, counter)
    sent = [bytearray(data) for direction, data in EXCHANGES[name] if direction == TO_VEHICLE]
    answered = [data for direction, data in EXCHANGES[name] if direction == FROM_VEHICLE]
    sessions.nonces = [found[(13, 9, 1)] for found in map(parsed, answered) if (13, 9, 1) in found]
    return Dialogue(keys, sessions), sent, answered


def _out(dialogue):
    out = dialogue.voice.out
    return [bytes(out.message(index)) for index in range(out.count)]


def _handle(dialogue, message):
    return dialogue.handle(memoryview(message))


def test_names_and_ids():
    assert identity.local_name(b"5YJS0000000000000") == "S1a87a5a75f3df858C"
    assert identity.local_name(b"5YJ3E1EA1KF000000") == "Sa6bab0d54ffaecf1C"
    assert identity.local_name(VIN) == "Sade9a822faa374f8C"
    assert short_id(CLIENT).hex() == "3fb59233"
    assert short_id(VEHICLE).hex() == "04b5fead"


def test_key_agreement():
    shared = p256.shared(VEHICLE_PRIVATE, CLIENT)
    assert shared == p256.shared(CLIENT_PRIVATE, VEHICLE)
    assert shared.hex() == "6b9a2844b300e6a85e4474f70b31b23de2d8f7d3e594784cdfe8318031442f8b"
    k = bytearray(16)
    shared_key(shared, k)
    assert k == K


def test_key_agreement_with_a_zero_in_front():
    private = bytes.fromhex("5260f8d6113875d86f8ee8fea340df1ffb40c658b5455e8c33d797c53a41afd3")
    peer = bytearray.fromhex(
        "07fb60b65b94e0de4a954c53be10003d9e69918dedfda5f4e9efb9ebd8c5bd67"
        "2a53991c4068865d5fb44f97f6cecf8398f261dd1d7bc69be676afdc8ffacbcc"
    )
    k = bytearray(16)
    shared_key(p256.shared(private, peer), k)
    assert k.hex() == "0db468f9045e01c1798c54e52d7f408f"
    peer[0] ^= 1
    assert not p256.on_curve(peer)
    assert not p256.on_curve(bytes(64))


def test_metadata():
    epoch = bytes.fromhex("aada928a4f215f55f9e6e45e66b6521e")
    built = Metadata(b"testVIN").command(numbers.AES_GCM, 2, epoch, 0x0E74, 0x053A, 0)
    assert built.hex() == (
        "00010501010202077465737456494e0310aada928a4f215f55f9e6e45e66b6521e040400000e7405040000053aff"
    )
    assert sha256(built).hex() == "abab04d804499813382efd74a06791ce2de777439603246dfbaa8392ca05868e"


def test_session_info_of_the_protocol_s_description():
    uuid = bytes.fromhex("1588d5a30eabc6f8fc9a951b11f6fd11")
    metadata = Metadata(VIN).session_info(uuid)
    assert metadata.hex() == ("000106021135594a333031323334353637383941424306101588d5a30eabc6f8fc9a951b11f6fd11ff")
    info = bytes.fromhex(
        "0806124104c7a1f47138486aa4729971494878d33b1a24e39571f748a6e16c5955b3d877d3a6aaa0e955166474af5d32c410f439a22341"
        "37ad1bb085fd4e8813c958f11d971a104c463f9cc0d3d26906e982ed224adde6255a0a0000"
    )
    tag = Peer(0, bytearray(K)).sign_session_info(metadata, memoryview(info))
    assert tag.hex() == "996c1fe38331be138f8039c194b14db2198846ed7d8251e6749284d7b32ea002"


def test_gcm_command_of_the_protocol_s_description():
    metadata = Metadata(VIN).command(numbers.AES_GCM, numbers.INFOTAINMENT, EPOCH, 2655, 7, 0)
    assert sha256(metadata).hex() == "c33b227adc93c60b7a5738237e678e6996987ab316b4a5fff737cf86cb07764f"


def test_gcm_command_of_the_go_tests():
    """Its signer has a form that was given up since, so the envelope names no key; everything else is as today."""
    message = bytes.fromhex(
        "320208023a0208025259296d587d130d34d74d6d5c628c73c1f8ef99cc4ae1c95b97671474980ccc7946a90a2f7971a5c837b96c9cc1e8"
        "075d1aab92bc8557b7fdf2dcf9ddbb90e236246db699788e585e8b0ea84752e0090cc80c4384d27ca6fcdd216a470a061204bb0ca3712a"
        "3d0a10eaabe301b4b4a1243118a40825220115120c45d29af664e2ff8fd49218b718ffffffff0f2550c300002a106d846705ba5c143f94"
        "257275a2ca701f"
    )
    envelope = Envelope(Reader())
    envelope.read(memoryview(message))
    assert envelope.domain == 2 and not len(envelope.address) and not len(envelope.key)
    assert envelope.counter == 0xFFFFFFFF and envelope.expires_at == 50_000 and envelope.flags == 0
    metadata = Metadata(b"testvin").command(
        envelope.signature, 2, envelope.epoch, envelope.expires_at, envelope.counter, 0
    )
    text = bytearray(envelope.payload)
    peer = Peer(0, bytearray.fromhex("f0ac26da59d0e00a40014e4231e79040"))
    assert peer.open_gcm(envelope, metadata, memoryview(text))
    assert text.hex() == (
        "82014a2a480a430a41044b96809e66821b4553ff2b427a52d50843a2f718fd56f2ad93d46a8b1db74dd6190f20b6b82e85a8eac40e867b"
        "9a0cf74f364f03e9946e25ceee9934b19cb603120102ca01090a077465737476696e"
    )
    dialogue, _, _ = _recorded("unlock")
    assert _handle(dialogue, message) == orders.NOTHING
    assert parsed(_out(dialogue)[0])[(12, 2)] == numbers.UNKNOWN_KEY_ID


def test_unlock_with_hmac():
    metadata = Metadata(VIN).command(numbers.HMAC, 2, EPOCH, 2655, 7, 0)
    assert metadata.hex() == (
        "000108010102021135594a333031323334353637383941424303104c463f9cc0d3d26906e982ed224adde6040400000a5f050400000007ff"
    )
    envelope = Envelope(Reader())
    envelope.tag = memoryview(bytes.fromhex("48469506544f0a1d1f2ef05993ba040fb12968d885a8e8dbcfc4abb9901dbfdf"))
    peer = Peer(0, bytearray(K))
    assert peer.check_hmac(envelope, metadata, memoryview(b"\x10\x00"))
    assert not peer.check_hmac(envelope, metadata, memoryview(b"\x10\x01"))


def test_unlock_with_gcm_and_its_two_replies():
    metadata = Metadata(VIN)
    request = metadata.command(numbers.AES_GCM, 2, EPOCH, 2655, 7, 2)
    assert sha256(request).hex() == "c1fa3617a637c4bde516152b7b937e94c8cc366f294b4f24362c2e57249cda5c"
    request_hash = bytes.fromhex("05fb2c706e06e0a7ddf7f339d1faa0fb74")
    first = metadata.response(2, 1, request_hash)
    assert first.hex() == (
        "000109010102021135594a3330313233343536373839414243050400000001070400000000081105fb2c706e06e0a7ddf7f339d1faa0fb74"
        "090400000000ff"
    )
    second = metadata.response(2, 2, request_hash)
    assert sha256(second).hex() == "f0445d99d76f2d00959d2e873d26ce89dfb28eb120398cff86f46f9e9c950968"
    tag = bytearray(16)
    Peer(0, bytearray(K)).seal(bytearray(b"\xf2" * 12), second, memoryview(bytearray()), tag)
    assert tag.hex() == "daadad17649354d2a6781206c3f4b311"


def test_counters_of_the_reference_s_window_vectors():
    """Strictly increasing takes, of the published cases, those with a new highest counter and no other."""
    for counter, accepted in (
        (101, True),
        (103, True),
        (500, True),
        (98, False),
        (99, False),
        (3, False),
        (100, False),
    ):
        sessions = Sessions(_RecordedKeys(EPOCH, 0))
        sessions.accept(2, 0, 100)
        assert (counter > sessions.counter(2, 0)) == accepted


def test_recorded_handshake():
    dialogue, sent, answered = _recorded("handshake", counter=6)
    assert _handle(dialogue, sent[0]) == orders.NOTHING
    assert _out(dialogue) == answered


def test_recorded_unlock_encrypted():
    dialogue, sent, answered = _recorded("unlock", counter=6)
    assert _handle(dialogue, sent[0]) == orders.UNLOCK
    assert dialogue.slot == _SLOT
    dialogue.voice.accept()
    assert _out(dialogue) == answered


def test_recorded_unlock_plain():
    dialogue, sent, answered = _recorded("unlock_plain_twostep", now=90007)
    assert _handle(dialogue, sent[0]) == orders.NOTHING
    assert _out(dialogue) == answered[:1]
    assert _handle(dialogue, sent[1]) == orders.UNLOCK
    dialogue.voice._peer = None  # the responder of this recording did not encrypt
    dialogue.voice.accept()
    assert _out(dialogue) == answered[1:]


def test_recorded_status():
    dialogue, sent, answered = _recorded("status_encrypted", counter=6)
    assert _handle(dialogue, sent[0]) == orders.STATUS
    now = answers.Status()
    now.lock, now.sleep, now.presence = answers.LOCKED, answers.AWAKE, 1
    dialogue.voice.status(now)
    assert _out(dialogue) == answered


def test_recorded_frunk():
    dialogue, sent, answered = _recorded("frunk", counter=6)
    assert _handle(dialogue, sent[0]) == orders.OPEN_FRUNK
    dialogue.voice.accept()
    assert _out(dialogue) == answered


def test_recorded_resynchronisation_after_a_reboot():
    dialogue, sent, answered = _recorded("epoch_resync", SECOND_EPOCH, 90000)
    assert _handle(dialogue, sent[0]) == orders.NOTHING
    assert dialogue.slot == -1
    assert _out(dialogue) == answered[:1]
    assert _handle(dialogue, sent[1]) == orders.LOCK
    dialogue.voice.accept()
    assert _out(dialogue) == answered[1:]


def test_recorded_resynchronisation_of_the_counter():
    dialogue, sent, answered = _recorded("counter_resync", SECOND_EPOCH, 90000, counter=1)
    assert _handle(dialogue, sent[0]) == orders.NOTHING
    assert _out(dialogue) == answered[:1]
    assert _handle(dialogue, sent[1]) == orders.UNLOCK
    dialogue.voice.accept()
    assert _out(dialogue) == answered[1:]


def test_recorded_expiry():
    dialogue, sent, answered = _recorded("expired", SECOND_EPOCH, 90000, counter=2)
    assert _handle(dialogue, sent[0]) == orders.NOTHING
    assert _out(dialogue) == answered


def test_recorded_handshake_of_a_stranger():
    dialogue, sent, answered = _recorded("handshake_unknown", now=90007, enrolled=False)
    assert _handle(dialogue, sent[0]) == orders.STRANGER
    assert dialogue.order.key == CLIENT and dialogue.slot == -1 and _out(dialogue) == []
    path = Path()
    path.copy(dialogue.voice.path)
    dialogue.handle(memoryview(b""))
    dialogue.voice.introduce(path, bytearray(K))
    assert _out(dialogue) == answered


def test_recorded_request_to_be_paired():
    dialogue, sent, answered = _recorded("pair_wait", enrolled=False)
    assert _handle(dialogue, sent[0]) == orders.SHOW_KEY
    order = dialogue.order
    assert (order.key, order.role, order.form) == (CLIENT, 3, 9)
    assert dialogue.slot == -1 and _out(dialogue) == []
    path = Path()
    path.copy(dialogue.voice.path)
    dialogue.voice.later_key_change(path, numbers.KEY_LIST_CHANGED, b"\x01\x02\x03\x04")
    found = parsed(_out(dialogue)[0])
    recorded = parsed(answered[0])
    assert [found[field] for field in ((6,), (7,), (50,))] == [recorded[field] for field in ((6,), (7,), (50,))]
    assert found[(10,)].hex() == "220a1a0812060a0401020304"


def test_the_other_recorded_messages_are_understood():
    for name in ("unlock_onestep_enc1", "unlock_onestep_enc0"):
        dialogue, sent, answered = _recorded(name, now=90000)
        assert _handle(dialogue, sent[0]) == orders.NOTHING
        assert _out(dialogue) == answered[:1]
        assert _handle(dialogue, sent[1]) == orders.UNLOCK


def test_gcm_opens_what_the_client_sealed():
    message = parsed(EXCHANGES["status_encrypted"][0][1], messages=((13,), (13, 5)))
    metadata = Metadata(VIN).command(
        numbers.AES_GCM, 2, message[(13, 5, 1)], message[(13, 5, 4)], message[(13, 5, 3)], message[(52,)]
    )
    text = bytearray(message[(10,)])
    assert Gcm(K).open(message[(13, 5, 2)], sha256(metadata), text, message[(13, 5, 5)])
    assert text == b"\x0a\x00"
