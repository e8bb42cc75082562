"""Damaged frames at the whole responder, behind its frames and before the vehicle: nothing raises, moves, or grows.

Seeds are everything that a phone says: greetings, old commands in both forms and both domains, looks, wishes to be
added in both envelopes, while enrolment is closed and while an owner holds it open. It does not fit into the heap that
the parsers are fuzzed in: fuzz/ has those one by one.
"""

import random

from fakes.link_world import GCM, HMAC, LOCK, STATUS, UNLOCK, LinkWorld, add_key, card_key, legacy, remove_key
from fakes.mutation import below, growth, mutated
from fakes.phone import Phone
from fakes.scale import LONG, SHORT
from latchkey.core import codes
from latchkey.protocol.vehicle_command_frame import Frame

_ROUNDS = 1_000_000 if LONG else 1_000 if SHORT else 20_000


class _Client:
    """Somebody on a link who does not get tired; replies are looked at and thrown away."""

    connected = True

    def __init__(self):
        self.source = codes.PHONE
        self.serial = 0
        self.proven = False
        self.credential = -1
        self.generation = 0
        self.replies = 0

    def send(self, frame):
        assert 2 < len(frame) < 640 and frame[0] << 8 | frame[1] == len(frame) - 2
        self.replies += 1
        return True


class _Fuzz:
    def __init__(self):
        self.world = LinkWorld()
        self.responder = self.world.reception.responder
        self.owner = self.world.phone(1, codes.OWNER)
        self.stranger = self.world.phone(66)
        self.clients = [_Client() for _ in range(3)]
        self.frames = [Frame() for _ in range(3)]
        self.sensible = self.rubbish = self.pinned = 0
        self.seeds = [bytes(seed) for seed in self._seeds()]
        assert self.world.moved() == 3  # as the seeds were taken, before they became old
        self.world.pass_ms(65_000)
        self.world.press()
        self.state = self.world.moved(), self.world.registry.generation

    def _seeds(self):
        owner, stranger = self.owner, self.stranger
        owner.connect()
        for payload, form, flags in (
            (UNLOCK, GCM, 2),
            (LOCK, HMAC, 0),
            (b"\x22\x02\x28\x01", GCM, 0),
            (STATUS, HMAC, 2),
            (b"\x0a\x02\x08\x05", GCM, 2),
            (remove_key(stranger.key), GCM, 2),
            (add_key(stranger.key, codes.DRIVER), GCM, 0),
        ):
            self.world.pass_ms(2_000)
            assert owner.handshake() == 0
            owner.flags = flags
            message = owner.signed(payload, form)
            assert owner.ask(message)
            yield message
        for phone in (owner, stranger):
            for domain in (2, 3):
                phone.domain = domain
                yield Phone.handshake(phone)
            phone.domain = 2
            yield phone.unsigned(STATUS)
            yield phone.unsigned(b"\x0a\x04\x08\x06\x20\x00")
            for role in (codes.DRIVER, codes.OWNER):
                yield phone.unsigned(add_key(phone.key, role))
                yield legacy(add_key(phone.key, role, 1))
        owner.line.disconnect()

    def one(self, number):
        world = self.world
        if number % 500 == 0:
            self._let_time_pass(number)
        who = below(3)
        client, frame = self.clients[who], self.frames[who]
        seed = self.seeds[below(len(self.seeds))]
        message = mutated(seed) if number % 8 else seed
        framed = bytearray((len(message) >> 8 & 3, len(message) & 0xFF)) + message
        if below(8) == 0:
            framed = mutated(framed)
        frame.begin(framed, below(2) * 2_000)
        while frame.next():
            if self.responder.handle(client, frame.message):
                self.sensible += 1
            else:
                self.rubbish += 1
            assert not client.proven
        self.pinned += world.vehicle.custody.enrolment.state == 4
        world.clock.advance(5)
        world.vehicle.tick()
        self.responder.work(False)
        while self.responder.computes:  # a stranger is answered before the heap is looked at
            self.responder.work(True)
        assert (world.moved(), world.registry.generation) == self.state

    def _let_time_pass(self, number):
        """Connections change, and every other time an owner opens enrolment."""
        world = self.world
        for client in self.clients:
            client.serial += 1
        world.clock.advance(95_000)
        world.vehicle.tick()
        world.vehicle.tick()
        if number // 500 & 1:
            world.tap(card_key(0), held=True)


def test_damaged_frames_at_the_whole_responder():
    random.seed(213)
    fuzz = _Fuzz()
    for number in range(500):
        fuzz.one(number)  # the arithmetic of curves is loaded, the first strangers have been answered
    assert growth(fuzz.one, _ROUNDS) <= 512
    assert fuzz.sensible > _ROUNDS // 8 and fuzz.rubbish > _ROUNDS // 8
    assert fuzz.pinned > _ROUNDS // 100
    replies = sum([client.replies for client in fuzz.clients])
    assert replies > _ROUNDS // 8
    fuzz.world.step(3)
    fuzz.owner.connect()
    assert fuzz.owner.handshake() == 0
    assert fuzz.owner.command(b"\x10\x1e") == "done"
    fuzz.world.close()
