"""The cars' broker in an attacker's hands: what the gateway signs came from its trusted side, and nothing else opens.

He reads everything, and on both ways drops, keeps back, reorders, repeats, sends to the wrong car, damages and makes up
whatever needs no key. Beside him an owner orders now and then, cars start anew, connections break, and the gateway is
restarted. Cars answer as the firmware does. Every message that leaves the gateway is opened here with the car's key.
"""

import json

from fakes.scale import LONG, SHORT
from gateway_bench import PRIVATE, Bench
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from latchkey_tools.cloud import topics
from latchkey_tools.gateway.caller import LIFE_S
from latchkey_tools.phone import request, seal
from tesla_fleet_api.tesla.vehicle.proto.signatures_pb2 import SessionInfo
from tesla_fleet_api.tesla.vehicle.proto.universal_message_pb2 import Destination, RoutableMessage

_STEPS = 100
_LIFETIME_S = 10  # of a signed message
_SLACK_S = 3.0  # a bolt's two tries
_COPIES = 4  # of one order that may be signed: the first, and a repair of each of three faults
_COMMANDS = {request.LOCK.payload: "lock", request.UNLOCK.payload: "unlock"}


class Attack:
    """orders: (when, what) of each car that the owner gave. at: how much of what left the gateway was looked at."""

    def __init__(self, unlock):
        self.bench = Bench(count=2, unlock=unlock)
        self.orders = [[] for _ in self.bench.cars]
        self.copies = {}
        self.moved = [0, 0]
        self.at = 0
        self.unlock = unlock

    # The owner, and chance

    def order(self, number):
        """LOCK or UNLOCK, retained one time in eight."""
        car, what, retained = number % 2, ("LOCK", "UNLOCK")[number // 2 % 2], number // 4 % 8 == 7
        self.bench.owner(what, car, retained)
        if not retained and (self.unlock or what == "LOCK"):
            self.orders[car].append((self.bench.now_s, what.lower()))

    def passes(self, number):
        self.bench.pass_s((0.2, 0.2, 1, 1, 3, 11, 31)[number % 7])

    def reboot(self, number):
        if number % 4 == 0:
            self.bench.cars[number // 4 % 2].boot()

    def breaks(self, number):
        """One of the connections, or the whole process."""
        core, now_s = self.bench.core, self.bench.now_s
        if number % 8 == 0:
            core.cars_down(now_s)
            core.cars_up(now_s)
        elif number % 8 == 1:
            core.owner_down(now_s)
            core.owner_up(now_s)
        elif number % 8 == 2:
            self.bench.restart()
        self.bench.collect()

    # The attacker

    def delivers(self, number):
        """The newest message, an older one, one to the other car, or a damaged one."""
        sent = self.bench.to_cars
        if not sent:
            return
        effect = sent[-1] if number % 2 else sent[number // 2 % len(sent)]
        car = self.bench.number(effect.topic) ^ (number // 16 % 4 == 3)
        message = _damaged(effect.payload, number) if number // 64 % 8 == 7 else effect.payload
        for reply in self.bench.cars[car].hear(message):
            if number // 4 % 2:
                self.bench.says(topics.REPLY, reply, car)

    def replies(self, number):
        """Something that a car has said some time, on this car's topic or on the other's."""
        car = number % 2
        said = self.bench.cars[car].said
        if said:
            reply = said[-1 - number // 4 % min(len(said), 16)]
            reply = _damaged(reply, number) if number // 64 % 4 == 3 else reply
            self.bench.says(topics.REPLY, reply, car ^ (number // 2 % 8 == 7))

    def forges(self, number):
        """An answer to the newest message, as good as it can be made without a key."""
        if not self.bench.to_cars:
            return
        asked, reply = RoutableMessage(), RoutableMessage()
        asked.ParseFromString(self.bench.to_cars[-1].payload)
        reply.to_destination.CopyFrom(asked.from_destination)
        reply.from_destination.CopyFrom(Destination(domain=2))
        reply.request_uuid = asked.uuid
        kind = number % 5
        if kind == 0:
            reply.signedMessageStatus.signed_message_fault = number // 5 % 29
            reply.signedMessageStatus.operation_status = 2
        elif kind == 1:
            car = self.bench.cars[self.bench.number(self.bench.to_cars[-1].topic)]
            key = seal.point_of(PRIVATE) if number // 5 % 8 == 7 else car.point
            info = SessionInfo(counter=number, publicKey=key, epoch=bytes(16), clock_time=number + 10_000)
            reply.session_info = info.SerializeToString()
            reply.signature_data.session_info_tag.tag = bytes(32)
        elif kind == 2:
            reply.protobuf_message_as_bytes = b""
        elif kind == 3:
            reply.signedMessageStatus.operation_status = 2
        else:
            reply.protobuf_message_as_bytes = b"\x22\x02\x08\x00"
            reply.signature_data.AES_GCM_Response_data.tag = bytes(16)
        self.bench.says(topics.REPLY, reply.SerializeToString(), self.bench.number(self.bench.to_cars[-1].topic))

    def claims(self, number):
        """Whatever a car could say of itself, and orders where orders come from on the other side."""
        car = self.bench.cars[number % 2]
        leaf = (topics.STATE, topics.ONLINE, topics.ONLINE, topics.EVENT, topics.DIAGNOSTIC, "set", "command")[
            number // 2 % 7
        ]
        said = (b"UNLOCK", b"0", b"1", b"", car.state(lock="unlocked", by="keycard"), b'{"uptime_s": 1}', b"\xff" * 9)
        self.bench.says(leaf, said[number // 14 % 7], car, retained=number % 3 == 0)
        self.bench.core.cars_heard(self.bench.core.topics.car(car.vin, "set"), b"UNLOCK", False, self.bench.now_s)
        self.bench.core.cars_heard("homeassistant/status", b"online", False, self.bench.now_s)
        self.bench.collect()

    # What must hold

    def check(self):
        bench = self.bench
        for effect in bench.to_cars[self.at :]:
            self._check_sent(bench.number(effect.topic), effect)
        self.at = len(bench.to_cars)
        for number, car in enumerate(bench.cars):
            moves = car.moves()
            for what in moves[self.moved[number] :]:
                longest_s = LIFE_S + _LIFETIME_S + _SLACK_S + 31  # one step of time
                assert self._orders(number, what, longest_s), f"{what} that nobody ordered"
            self.moved[number] = len(moves)
            for order in ("lock", "unlock"):
                given = sum(what == order for _, what in self.orders[number])
                assert moves.count(order) <= _COPIES * given

    def _check_sent(self, car, effect):
        message = RoutableMessage()
        message.ParseFromString(effect.payload)
        assert effect.topic == topics.topic(self.bench.cars[car].vin, topics.COMMAND)
        if message.WhichOneof("payload") == "session_info_request":
            assert not message.HasField("signature_data")
            return
        signature = message.signature_data.AES_GCM_Personalized_data
        key = seal.agree(PRIVATE, self.bench.cars[car].point)
        metadata = seal.command_metadata(
            self.bench.cars[car].vin, 2, signature.epoch, signature.expires_at, signature.counter, message.flags
        )
        text = seal.unseal(key, signature.nonce, metadata, message.protobuf_message_as_bytes, signature.tag)
        what = _COMMANDS[text]
        orders = self._orders(car, what, LIFE_S)
        assert orders, f"signed {what}, which nobody ordered"
        copies = self.copies.setdefault((car, what), [])
        copies.append(self.bench.now_s)
        lately = [when for when in copies if self.bench.now_s - when <= LIFE_S]
        assert len(lately) <= _COPIES * len(self._orders(car, what, 2 * LIFE_S))
        uptime_s = self.bench.cars[car].world.vehicle.uptime_s
        assert signature.expires_at <= uptime_s + _LIFETIME_S + 1

    def _orders(self, car, what, within_s):
        now_s = self.bench.now_s
        return [when for when, order in self.orders[car] if order == what and now_s - when <= within_s]


def _damaged(message, number):
    """One bit is another; or the end is missing."""
    if number // 512 % 4 == 3:
        return message[: number % len(message)]
    at = number % len(message)
    return message[:at] + bytes((message[at] ^ (1 << number % 8),)) + message[at + 1 :]


_MOVES = (
    "order",
    "order",
    "passes",
    "delivers",
    "delivers",
    "delivers",
    "replies",
    "forges",
    "claims",
    "breaks",
    "reboot",
)
_EXAMPLES = 2_500 if LONG else 6 if SHORT else 30


@settings(max_examples=_EXAMPLES)
@given(st.booleans(), st.lists(st.tuples(st.sampled_from(_MOVES), st.integers(0, 4_095)), min_size=20, max_size=_STEPS))
def test_nothing_is_signed_and_nothing_opens_that_the_owner_did_not_order(unlock, steps):
    attack = Attack(unlock)
    try:
        for move, number in steps:
            getattr(attack, move)(number)
            attack.check()
        attack.passes(3)
        attack.check()
    finally:
        attack.bench.close()


def test_the_attack_can_do_what_an_honest_broker_does():
    """Else it would show nothing: what the attacker lets pass is carried out, and he can make an order be repeated."""
    attack = Attack(True)
    bench = attack.bench
    attack.order(2)
    while bench.fresh:
        effect = bench.fresh.pop(0)
        bench.deliver(effect.payload, 0)
    bench.pass_s(1)
    attack.check()
    assert bench.cars[0].moves() == ["unlock"]
    attack.order(0)
    for _ in range(3 * _COPIES):
        attack.forges(5 * 11)  # a fault that means: not now
        bench.pass_s(1.2)
        attack.check()
    assert len(attack.copies[(0, "lock")]) == _COPIES
    bench.close()


def test_a_recorded_unlock_opens_once_and_never_again():
    """Kept back, repeated, or after a restart of the car."""
    attack = Attack(True)
    bench = attack.bench
    attack.order(2)
    bench.run()
    recorded = bench.to_cars[-1]
    attack.order(0)
    bench.run()
    assert bench.cars[0].moves() == ["unlock", "lock"]
    for happens in (lambda: None, lambda: bench.pass_s(31), bench.cars[0].boot):
        happens()
        for effect in (recorded, *bench.to_cars):
            bench.cars[0].hear(effect.payload)
            bench.cars[1].hear(effect.payload)
        bench.pass_s(2)
        assert bench.cars[0].moves() == ["unlock", "lock"] and bench.cars[1].moves() == []
    bench.close()


def test_an_unlock_that_is_kept_back_is_too_old():
    attack = Attack(True)
    bench = attack.bench
    attack.order(0)
    bench.run()  # a session
    bench.fresh.clear()
    attack.order(2)
    (kept,) = bench.fresh
    bench.pass_s(_LIFETIME_S + 2)
    bench.cars[0].hear(kept.payload)
    bench.pass_s(2)
    assert bench.cars[0].moves() == []
    bench.close()


def test_the_attackers_forgeries_are_messages():
    """They are read as answers to the message that they forge, and end or repeat it, as a fault would."""
    attack = Attack(True)
    for kind in range(5):
        attack.order(2)
        before = len(attack.bench.notes)
        attack.forges(5 * 7 + kind)
        attack.bench.pass_s(0.2)
        attack.check()
        assert kind == 2 or kind == 4 or len(attack.bench.notes) > before
        attack.bench.pass_s(31)
    assert json.loads(attack.bench.kept("sensors"))["order"].startswith("unlock: not done")
    attack.bench.close()


def test_what_is_no_message_at_all_changes_nothing():
    bench = Bench(unlock=True)
    bench.owner("UNLOCK")
    for rubbish in (b"", b"\x00", b"\xff" * 40, b"\x0a\x02\x08", bytes(2_000)):
        bench.says(topics.REPLY, rubbish)
    try:
        RoutableMessage().ParseFromString(b"\xff" * 40)
    except DecodeError:
        pass
    bench.run()
    assert bench.shown() == "UNLOCKED"
    bench.close()
