"""The phone page's cryptography and messages against vectors, in the browser that runs them.

Vectors: vehicle-command.md §9 (protocol.md of teslamotors/vehicle-command; recordings of tesla-fleet-api 1.5.0).
"""

import pytest
from fakes import vehicle_command_vectors as vectors
from fakes.page_session import PageSession
from fakes.phone import parsed
from fakes.phone_page import browser, phone, run, static_host
from latchkey.credentials.identity import name_of
from latchkey.crypto import p256
from latchkey.crypto.mac import hmac_sha256

pytestmark = pytest.mark.browser

_UNLOCK, _LOCK, _STATUS = b"\x10\x00", b"\x10\x01", b"\x0a\x00"
_EPOCH_FAULT = 15
_ENVELOPE = ((6,), (7,), (12,), (13,), (13, 5), (13, 6), (13, 9))


def test_vectors():
    """One page for all of it; each part begins a session of its own."""

    async def story(host):
        async with browser() as chromium, phone(chromium, host.url, None) as page:
            for part in (
                names_and_ids,
                shared_keys,
                metadata,
                names_that_were_drawn_from_a_key,
                recorded_conversation,
                recorded_stranger,
            ):
                await part(page)

    with static_host() as host:
        run(story(host))


async def names_and_ids(page):
    script = """async ({ vins, keys }) => {
      const { localName, keyId } = await import("./identity.js");
      const bytes = (digits) => Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
      return [...await Promise.all(vins.map(localName)), ...await Promise.all(keys.map((key) => keyId(bytes(key))))];
    }"""
    vins = ["5YJS0000000000000", "5YJ3E1EA1KF000000", vectors.VIN.decode()]
    keys = ["04" + vectors.CLIENT.hex(), "04" + vectors.VEHICLE.hex()]
    found = await page.evaluate(script, {"vins": vins, "keys": keys})
    assert found == ["S1a87a5a75f3df858C", "Sa6bab0d54ffaecf1C", "Sade9a822faa374f8C", "3fb59233", "04b5fead"]


async def shared_keys(page):
    """K itself never comes out; what it seals and signs tells whether it is right. The second X begins with a zero."""
    await PageSession(page).begin(vectors.VIN.decode(), vectors.CLIENT_PRIVATE)
    script = """async ({ d, own, peer, metadata, plaintext, info, tag }) => {
      const { SharedKey } = await import("./shared_key.js");
      const { hex } = await import("./bytes.js");
      const { bytes, privateKey } = window.drive;
      const key = await SharedKey.agree(await privateKey(d, own), bytes("04" + peer));
      const sealed = await key.seal(new Uint8Array(12).map((_, at) => at), bytes(metadata), bytes(plaintext));
      const signed = await key.signedSessionInfo(new Uint8Array(0), bytes(info), bytes(tag));
      return [hex(sealed.ciphertext), hex(sealed.tag), signed, key._sealing.extractable, key._sessionInfo.extractable];
    }"""
    private = "5260f8d6113875d86f8ee8fea340df1ffb40c658b5455e8c33d797c53a41afd3"
    peer = (
        "07fb60b65b94e0de4a954c53be10003d9e69918dedfda5f4e9efb9ebd8c5bd67"
        "2a53991c4068865d5fb44f97f6cecf8398f261dd1d7bc69be676afdc8ffacbcc"
    )
    unlock = "000105010102021135594a333031323334353637383941424303104c463f9cc0d3d26906e982ed224adde6"
    unlock += "040400000a5f050400000007070400000002ff"
    for d, other, k, sealed in (
        (vectors.CLIENT_PRIVATE.hex(), vectors.VEHICLE.hex(), vectors.K, ["095c", "fb2c706e06e0a7ddf7f339d1faa0fb74"]),
        (private, peer, bytes.fromhex("0db468f9045e01c1798c54e52d7f408f"), None),
    ):
        about = {"d": d, "own": p256.public(bytes.fromhex(d)).hex(), "peer": other, "metadata": unlock}
        about.update(plaintext="1000", info="00", tag=hmac_sha256(hmac_sha256(k, b"session info"), b"\x00").hex())
        found = await page.evaluate(script, about)
        assert sealed is None or found[:2] == sealed
        assert found[2:] == [True, False, False]


async def metadata(page):
    script = """async (digits) => {
      const { ofCommand, ofReply, ofSessionInfo } = await import("./metadata.js");
      const { hex } = await import("./bytes.js");
      const bytes = (digits) => Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
      const [epoch, uuid, requestHash] = digits.map(bytes);
      const vin = "5YJ30123456789ABC";
      return [
        ofCommand({ vin: "testVIN", domain: 2, epoch, expiresAt: 0xe74, counter: 0x53a, flags: 0 }),
        ofSessionInfo({ vin, challenge: uuid }),
        ofReply({ vin, domain: 2, counter: 1, flags: 0, requestHash, fault: 0 }),
      ].map(hex);
    }"""
    request_hash = "05fb2c706e06e0a7ddf7f339d1faa0fb74"
    about = ["aada928a4f215f55f9e6e45e66b6521e", "1588d5a30eabc6f8fc9a951b11f6fd11", request_hash]
    assert await page.evaluate(script, about) == [
        "00010501010202077465737456494e0310aada928a4f215f55f9e6e45e66b6521e040400000e7405040000053aff",
        "000106021135594a333031323334353637383941424306101588d5a30eabc6f8fc9a951b11f6fd11ff",
        "000109010102021135594a3330313233343536373839414243050400000001070400000000081105fb2c706e06e0a7ddf7f339d1faa0fb74"
        "090400000000ff",
    ]


async def names_that_were_drawn_from_a_key(page):
    """As the firmware draws them, so that a typed VIN is enough to tell the car from another."""
    script = """async ([vin, key]) => {
      const { mayBeCalled } = await import("./identity.js");
      return mayBeCalled(vin, Uint8Array.from(key.match(/../g), (pair) => parseInt(pair, 16)));
    }"""
    for key, other in ((vectors.VEHICLE, vectors.CLIENT), (vectors.CLIENT, vectors.VEHICLE)):
        assert await page.evaluate(script, [name_of(key).decode(), "04" + key.hex()])
        assert not await page.evaluate(script, [name_of(key).decode(), "04" + other.hex()])
        assert await page.evaluate(script, [vectors.VIN.decode(), "04" + other.hex()])  # not drawn from a key


# What the unmodified client of others said, byte by byte, and what it was told


class _Recorded:
    def __init__(self, page, lifetime_s=30):
        self.session = PageSession(page)
        self.lifetime_s = lifetime_s

    async def begin(self, name):
        address = parsed(_said(name)[0], messages=_ENVELOPE)[(7, 2)]
        randoms = [address]
        await self.session.begin(
            vectors.VIN.decode(), vectors.CLIENT_PRIVATE, lifetime_s=self.lifetime_s, randoms=randoms
        )

    async def hear(self, name, exchange=0):
        """Outcomes of what the vehicle said after the n-th message."""
        return [await self.session.receive(reply) for reply in _heard(name)[exchange]]

    async def says(self, name, exchange=0, payload=None):
        """The page says the same as the recorded client, given the same random numbers."""
        message = _said(name)[exchange]
        fields = parsed(message, messages=_ENVELOPE)
        if payload is None:
            assert await self.session.greet([fields[(51,)]]) == message
        else:
            assert await self.session.command(payload, [fields[(13, 5, 2)], fields[(51,)]]) == message


def _said(name):
    return [message for way, message in vectors.EXCHANGES[name] if way == vectors.TO_VEHICLE]


def _heard(name):
    """Replies to each message."""
    replies = []
    for way, message in vectors.EXCHANGES[name]:
        if way == vectors.TO_VEHICLE:
            replies.append([])
        else:
            replies[-1].append(message)
    return replies


async def recorded_conversation(page):
    """Handshake, unlock, status, frunk; a new epoch; a counter that was used before (11 commands in one session)."""
    recorded = _Recorded(page)
    await recorded.begin("handshake")
    await recorded.says("handshake")
    assert await recorded.hear("handshake") == [{"kind": "session", "enrolled": True}]
    await recorded.says("unlock", payload=_UNLOCK)
    first, second = await recorded.hear("unlock")
    assert first["kind"] == second["kind"] == "answer"
    assert first["payload"][:2] == b"\x22\x04" and second["payload"] == b""
    await recorded.session.command(_UNLOCK)  # counter 8 was not recorded
    await recorded.says("status_encrypted", payload=_STATUS)
    (status,) = await recorded.hear("status_encrypted")
    assert status["payload"][:1] == b"\x0a"
    await recorded.says("frunk", payload=b"\x22\x02\x30\x01")
    assert [outcome["kind"] for outcome in await recorded.hear("frunk")] == ["answer", "answer"]
    await recorded.session.command(_UNLOCK)  # nor was 11
    await recorded.says("epoch_resync", payload=_LOCK)
    assert await recorded.hear("epoch_resync") == [{"kind": "fault", "fault": _EPOCH_FAULT, "repaired": True}]
    await recorded.says("epoch_resync", 1, _LOCK)
    assert [outcome["kind"] for outcome in await recorded.hear("epoch_resync", 1)] == ["answer", "answer"]


async def recorded_stranger(page):
    recorded = _Recorded(page)
    await recorded.begin("handshake_unknown")
    await recorded.says("handshake_unknown")
    assert await recorded.hear("handshake_unknown") == [{"kind": "session", "enrolled": False}]
    uuid = parsed(_said("pair_wait")[0], messages=_ENVELOPE)[(51,)]
    payload = parsed(_said("pair_wait")[0], messages=_ENVELOPE)[(10,)]
    assert await recorded.session.ask(payload, [uuid]) == _said("pair_wait")[0]
    assert await recorded.hear("pair_wait") == [{"kind": "answer", "payload": b"\x22\x02\x08\x01"}]
