"""The phone page's session against the firmware's protocol, and against a vehicle that lies, in the browser.

The vehicle is the firmware's own protocol behind a byte pipe (phone_world.py); whoever stands in between is the test.
"""

import random

import pytest
from fakes.page_session import PageSession
from fakes.phone import parsed, text
from fakes.phone_page import browser, phone, run, static_host
from latchkey.core import codes
from latchkey.credentials.identity import name_of
from latchkey.crypto import p256
from latchkey.crypto.digest import sha1
from phone_world import World

pytestmark = pytest.mark.browser

_UNLOCK, _LOCK, _STATUS, _KEY_LIST = b"\x10\x00", b"\x10\x01", b"\x0a\x00", b"\x0a\x02\x08\x05"
_VEHICLE = ((1 << 255) + 12345).to_bytes(32, "big")
_OTHER_VEHICLE = ((1 << 255) + 54321).to_bytes(32, "big")
_PHONE = ((1 << 254) + 67890).to_bytes(32, "big")
_VIN = "LATCHKEY000000001"  # it has a 0, so no controller has drawn it from its key
_SLOT = 3
_EPOCH_FAULT, _COUNTER_FAULT = 15, 6
_ENVELOPE = ((6,), (7,), (12,), (13,), (13, 5), (13, 6), (13, 9))


def test_session():
    """One page for all of it; each part begins a session of its own."""

    async def story(host):
        async with browser() as chromium, phone(chromium, host.url, None) as page:
            for part in (
                a_command_and_its_two_replies,
                a_vehicle_that_starts_anew,
                no_turned_bit_passes,
                replies_count_once_and_for_their_command,
                an_answer_without_proof_is_none,
                session_info_of_another_moment_repairs_nothing,
                another_car,
                points_that_are_none,
                rubbish,
                frames_in_any_pieces,
            ):
                await part(page)

    with static_host() as host:
        run(story(host))


class _Met:
    """A page's session with a World that has this phone in its list, after the handshake."""

    def __init__(self, page, enrolled=True):
        self.world = World(_VIN.encode(), _VEHICLE, 1000)
        self.line = self.world.connection()
        self.session = PageSession(page)
        self._enrolled = enrolled

    async def begin(self, **options):
        await self.session.begin(_VIN, _PHONE, **options)
        if self._enrolled:
            self.world.enrol(_SLOT, self.session.key)

    async def meet(self, **options):
        await self.begin(**options)
        (info,) = self.exchange(await self.session.greet())
        assert await self.session.receive(info) == {"kind": "session", "enrolled": self._enrolled}
        return self

    def exchange(self, message):
        """The replies of the vehicle, without their length."""
        return [bytes(chunk[2:]) for chunk in self.line.write(len(message).to_bytes(2, "big") + message)]


async def a_command_and_its_two_replies(page):
    met = await _Met(page).meet()
    first, second = met.exchange(await met.session.command(_UNLOCK))
    assert met.world.done == [(codes.UNLOCK, _SLOT)]
    assert await met.session.receive(first) == {"kind": "answer", "payload": b"\x22\x04\x12\x02\x08\x01"}
    assert await met.session.receive(second) == {"kind": "answer", "payload": b""}
    (status,) = met.exchange(await met.session.command(_STATUS))
    assert (await met.session.receive(status))["payload"][:1] == b"\x0a"
    met.world.keys.now += 3_000
    await met.session.later(3_000_000)
    assert len(met.exchange(await met.session.command(_UNLOCK))) == 2  # its clock goes on with the car's
    await met.session.command(_UNLOCK)  # never arrives, and its number is not used again
    (info,) = met.exchange(await met.session.greet())
    await met.session.receive(info)
    assert parsed(await met.session.command(_UNLOCK), messages=_ENVELOPE)[(13, 5, 3)] == 5


async def a_vehicle_that_starts_anew(page):
    met = await _Met(page).meet()
    met.world.boot()
    met.world.keys.now = 77_000
    (fault,) = met.exchange(await met.session.command(_UNLOCK))
    assert await met.session.receive(fault) == {"kind": "fault", "fault": _EPOCH_FAULT, "repaired": True}
    assert met.world.done == []
    assert len(met.exchange(await met.session.command(_UNLOCK))) == 2
    assert met.world.done == [(codes.UNLOCK, _SLOT)]
    met.world.sessions.accept(2, _SLOT, 1_000)  # another tab has used the key meanwhile
    (fault,) = met.exchange(await met.session.command(_UNLOCK))
    assert await met.session.receive(fault) == {"kind": "fault", "fault": _COUNTER_FAULT, "repaired": True}
    assert len(met.exchange(await met.session.command(_UNLOCK))) == 2


async def no_turned_bit_passes(page):
    """Of a handshake's answer and of a command's, whole messages, bit by bit: nothing is believed but the truth."""
    met = _Met(page)
    await met.begin()
    (info,) = met.exchange(await met.session.greet())
    counts = await met.session.turned(info)
    assert sum(counts.values()) == 8 * len(info) and set(counts) <= {"nothing", "forged"}, counts
    assert (await met.session.receive(info))["kind"] == "session"
    reply, _ = met.exchange(await met.session.command(_UNLOCK))
    counts = await met.session.turned(reply)
    assert sum(counts.values()) == 8 * len(reply) and set(counts) <= {"nothing", "forged"}, counts
    assert (await met.session.receive(reply))["kind"] == "answer"


async def replies_count_once_and_for_their_command(page):
    met = await _Met(page).meet()
    first, second = met.exchange(await met.session.command(_UNLOCK))
    assert await met.session.heard([second, first, second]) == ["answer", "nothing", "nothing"]
    earlier = met.exchange(await met.session.command(_UNLOCK))
    await met.session.command(_LOCK)
    assert await met.session.heard(earlier) == ["nothing", "nothing"]
    # Carried over into the present request by whoever can write its uuid, they fail by their proof.
    message = await met.session.command(_LOCK)
    before, now = (parsed(one, messages=_ENVELOPE) for one in (earlier[0], message))
    moved = earlier[0].replace(before[(50,)], now[(51,)])
    assert await met.session.heard([moved]) == ["forged"]


async def an_answer_without_proof_is_none(page):
    """Somebody in between keeps the command for himself and says that all is well."""
    met = await _Met(page).meet()
    fields = parsed(await met.session.command(_UNLOCK), messages=_ENVELOPE)
    envelope = b"\x32\x12\x12\x10" + fields[(7, 2)] + b"\x3a\x02\x08\x02"
    behind = b"\x92\x03\x10" + fields[(51,)]
    assert await met.session.heard([envelope + b"\x52\x06\x22\x04\x12\x02\x08\x01" + behind]) == ["forged"]
    assert await met.session.heard([envelope + b"\x52\x00" + behind]) == ["forged"]
    assert await met.session.heard([b"\x32\x02\x08\x00\x3a\x02\x08\x02\x52\x04\x0a\x02\x10\x01"]) == ["news"]
    fault = await met.session.receive(envelope + b"\x62\x04\x08\x02\x10\x0f" + behind)
    assert fault == {"kind": "fault", "fault": _EPOCH_FAULT, "repaired": False}
    assert len(met.exchange(await met.session.command(_UNLOCK))) == 2  # which has changed nothing


async def session_info_of_another_moment_repairs_nothing(page):
    """Genuine session info, recorded at a handshake, comes with a forged fault: it answers another uuid."""
    met = _Met(page)
    await met.begin()
    message = await met.session.greet()
    (info,) = met.exchange(message)
    await met.session.receive(info)
    met.world.boot()
    later = parsed(await met.session.command(_UNLOCK), messages=_ENVELOPE)
    recorded = info.replace(parsed(message, messages=_ENVELOPE)[(51,)], later[(51,)])
    assert await met.session.receive(recorded[:-19] + b"\x62\x04\x08\x02\x10\x0f" + recorded[-19:]) == {
        "kind": "fault",
        "fault": _EPOCH_FAULT,
        "repaired": False,
    }
    assert (await met.session.receive(recorded))["kind"] == "forged"


async def another_car(page):
    """Another key than the pinned one, than the id in the address, than the one a drawn name stands for."""
    right = p256.public(_VEHICLE)
    wrong = p256.public(_OTHER_VEHICLE)
    for options, kind in (
        ({"vehicle_key": right}, "session"),
        ({"vehicle_key": wrong}, "forged"),
        ({"vehicle_id": sha1(b"\x04", right)[:4].hex()}, "session"),
        ({"vehicle_id": sha1(b"\x04", wrong)[:4].hex()}, "forged"),
    ):
        met = _Met(page)
        await met.begin(**options)
        (info,) = met.exchange(await met.session.greet())
        outcome = await met.session.receive(info)
        assert outcome["kind"] == kind and outcome.get("why") in (None, "another car")
    for private, kind in ((_VEHICLE, "session"), (_OTHER_VEHICLE, "forged")):
        world = World(name_of(right), private, 1000)
        session = PageSession(page)
        await session.begin(name_of(right).decode(), _PHONE)
        message = await session.greet()
        (chunk,) = world.connection().write(len(message).to_bytes(2, "big") + message)
        assert (await session.receive(bytes(chunk[2:])))["kind"] == kind


async def points_that_are_none(page):
    """A key that is no point of the curve, or none at all, is no key: nothing is agreed on with it."""
    met = _Met(page)
    await met.begin()
    (info,) = met.exchange(await met.session.greet())
    key = b"\x04" + p256.public(_VEHICLE)
    for point in (key[:64] + bytes((key[64] ^ 1,)), b"\x04" + bytes(64), b"\x02" + key[1:], bytes(65)):
        outcome = await met.session.receive(info.replace(key, point))
        assert outcome == {"kind": "forged", "why": "session info"}


async def rubbish(page):
    """2,000 messages, mutated from genuine ones: none is believed, none is too much."""
    met = await _Met(page).meet()
    (listed,) = met.exchange(await met.session.command(_KEY_LIST))
    replies = [listed, *met.exchange(await met.session.command(_UNLOCK))]
    chance = random.Random(6)
    mutated = []
    for _ in range(2_000):
        message = bytearray(chance.choice(replies))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(message))
            kind = chance.randrange(4)
            if kind == 0:
                message[at] = chance.randrange(256)
            elif kind == 1:
                del message[at : at + chance.randint(1, 20)]
            elif kind == 2:
                message[at:at] = chance.randbytes(chance.randint(1, 20))
            else:
                message[at:at] = text(0x52, chance.randbytes(9))
            message = message or bytearray(1)
        mutated.append(message)
    kinds = await met.session.heard(mutated)
    assert len(kinds) == 2_000 and "session" not in kinds
    payloads = {parsed(reply)[(10,)] for reply in replies[1:]}  # an unknown field more does not make it another
    believed = [bytes(one) for one, kind in zip(mutated, kinds) if kind == "answer"]
    assert len(believed) <= 2 and {parsed(one)[(10,)] for one in believed} <= payloads


async def frames_in_any_pieces(page):
    """Pieces of any length; what stands still for more than a second, or is too long to be true, is dropped."""
    script = """async (steps) => {
      const { Frames, frame } = await import("./frames.js");
      const { hex } = await import("./bytes.js");
      let now = 0;
      const frames = new Frames(() => now);
      const bytes = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
      const heard = steps.map(([ms, digits]) => ((now += ms), frames.take(bytes(digits)).map(hex)));
      return [heard, hex(frame(new Uint8Array(300))).slice(0, 6)];
    }"""
    heard, header = await page.evaluate(
        script,
        [
            [0, "0003aabbcc0001dd"],
            [10, "00"],
            [10, "02ee"],
            [1_000, "ff0000" + "0001"],
            [1, "99"],
            [1, "0005aabb"],
            [1_001, "0001cc"],
            [1, "0401aabb"],
            [1, "000177"],
        ],
    )
    assert heard == [["aabbcc", "dd"], [], [], ["eeff"], ["99"], [], ["cc"], [], ["77"]]
    assert header == "012c00"
