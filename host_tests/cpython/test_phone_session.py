"""The phone on a PC against the firmware's own protocol, message by message, with and without somebody in between."""

import pytest
from fakes.phone import parsed
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from latchkey.core import codes
from latchkey.protocol import vehicle_command_order as orders
from latchkey.protocol.vehicle_command_reply import Path
from latchkey_tools.phone import request, seal, words
from latchkey_tools.phone.exchange import Exchange
from latchkey_tools.phone.problem import NotGenuine, NotPaired, Problem, WrongVehicle
from latchkey_tools.phone.refusal import Refused
from phone_bench import (
    OTHER_PHONE,
    OTHER_VEHICLE,
    PHONE,
    SLOT,
    VEHICLE,
    VIN,
    Bench,
    NoAnswer,
    key64,
    world,
)
from phone_world import World
from tesla_fleet_api.tesla.vehicle.proto.errors_pb2 import GenericError_E
from tesla_fleet_api.tesla.vehicle.proto.universal_message_pb2 import MessageFault_E, RoutableMessage
from tesla_fleet_api.tesla.vehicle.proto.vcsec_pb2 import (
    CommandStatus,
    FromVCSECMessage,
    OperationStatus_E,
    SignedMessage_information_E,
    SignedMessage_status,
    WhitelistOperation_information_E,
)

_VEHICLE_KEY = seal.point_of(VEHICLE)


def _refusal(bench, asked):
    with pytest.raises(Refused) as raised:
        bench.ask(asked)
    return raised.value.kind, raised.value.number


# What works


def test_every_command_reaches_the_vehicle_as_this_key():
    bench = Bench()
    for asked, action in (
        (request.UNLOCK, codes.UNLOCK),
        (request.LOCK, codes.LOCK),
        (request.DRIVE, codes.AUTHORISE_DRIVE),
        (request.WAKE, codes.WAKE),
        (request.TRUNK, codes.OPEN_TRUNK),
        (request.FRUNK, codes.OPEN_FRUNK),
        (request.CHARGE_PORT, codes.OPEN_CHARGE_PORT),
    ):
        bench.ask(asked)
        assert bench.world.done[-1] == (action, SLOT)
    assert len(bench.world.done) == 7
    assert len(bench.sent) == 8  # one handshake for all of them
    assert len({message for message in bench.sent}) == 8


def test_either_of_the_two_replies_will_do():
    for missing in (0, 1):
        bench = Bench()
        bench.ask(None)
        replies = iter(range(2))
        bench.between = lambda message, replies=replies, missing=missing: [] if next(replies) == missing else [message]
        bench.ask(request.UNLOCK)


def test_status_and_keys():
    bench = Bench()
    bench.world.enrol(31, key64(OTHER_PHONE), codes.DRIVER)
    assert bench.ask(request.STATUS).vehicleStatus.vehicleLockState == 1
    bench.ask(request.UNLOCK)
    assert bench.ask(request.STATUS).vehicleStatus.vehicleLockState == 0
    told = bench.ask(request.KEY_LIST).whitelistInfo
    assert (told.numberOfEntries, told.slotMask) == (2, 1 << 31 | 1 << SLOT)
    assert [entry.publicKeySHA1.hex() for entry in told.whitelistEntries] == [
        seal.short_id(seal.point_of(key)) for key in (PHONE, OTHER_PHONE)
    ]
    entry = bench.ask(request.entry_in(31)).whitelistEntryInfo
    assert (entry.slot, entry.keyRole, entry.publicKey.PublicKeyRaw) == (31, 3, seal.point_of(OTHER_PHONE))
    assert bench.ask(request.entry_of(seal.point_of(PHONE))).whitelistEntryInfo.slot == SLOT
    assert _refusal(bench, request.entry_in(0)) == ("key list", 12)


def test_a_key_in_slot_0_is_asked_for_by_its_slot():
    bench = Bench()
    bench.world.enrol(0, key64(OTHER_PHONE))
    assert bench.ask(request.entry_in(0)).whitelistEntryInfo.publicKey.PublicKeyRaw == seal.point_of(OTHER_PHONE)


def test_a_key_is_removed():
    bench = Bench()
    bench.world.enrol(5, key64(OTHER_PHONE), codes.DRIVER)
    bench.ask(request.remove(seal.point_of(OTHER_PHONE)))
    assert set(bench.world.keys.slots) == {SLOT}
    assert _refusal(bench, request.remove(seal.point_of(OTHER_PHONE))) == ("key list", 12)


def test_a_removal_that_is_answered_later_is_answered_plainly():
    class Slow(World):
        def _change(self, order):
            way = Path()
            way.copy(self.dialogue.voice.path)
            del self.keys.slots[self.keys.find(self.dialogue.order.key)]
            self.dialogue.voice.later_key_change(way, 0)

    bench = Bench(world(kind=Slow))
    bench.world.enrol(5, key64(OTHER_PHONE))
    bench.ask(request.remove(seal.point_of(OTHER_PHONE)))
    assert set(bench.world.keys.slots) == {SLOT}


def test_a_handshake_tells_the_vehicles_key_and_clock():
    bench = Bench()
    bench.world.keys.now = 1_234
    bench.ask(None)
    assert bench.session.vehicle_key == _VEHICLE_KEY and bench.session.ready
    assert bench.world.done == [] and len(bench.sent) == 1


def test_the_name_follows_from_the_key_where_it_is_not_known():
    bench = Bench(vin="")
    bench.ask(request.UNLOCK)
    assert bench.session.vin == VIN
    with pytest.raises(NotGenuine):
        Bench(world(vin="5YJ30123456789ABC"), vin="").ask(None)


def test_a_name_that_says_nothing_of_the_key_is_taken_as_it_is():
    bench = Bench(world(vin="5YJ30123456789ABC"), vin="5YJ30123456789ABC")
    bench.ask(request.UNLOCK)
    assert bench.world.done == [(codes.UNLOCK, SLOT)]


# Repair


def test_a_restart_of_the_vehicle_is_repaired_with_one_more_message():
    bench = Bench()
    bench.ask(request.UNLOCK)
    bench.world.keys.now = 2
    bench.world.boot()
    bench.ask(request.LOCK)
    assert bench.world.done == [(codes.UNLOCK, SLOT), (codes.LOCK, SLOT)]
    assert len(bench.sent) == 4  # handshake, unlock, lock refused, lock
    assert bench.world.sessions.counter(2, SLOT) == 1


def test_another_program_with_the_same_key_has_used_up_counters():
    bench = Bench()
    bench.ask(request.UNLOCK)
    other = Bench(bench.world, enrolled=False)
    for _ in range(5):
        other.ask(request.WAKE)
    bench.ask(request.LOCK)
    assert bench.world.done[-1] == (codes.LOCK, SLOT)
    assert len(bench.sent) == 4
    assert bench.world.sessions.counter(2, SLOT) == 7


def test_clocks_that_went_apart_are_brought_together():
    for vehicle_s, phone_s in ((3_600, 0), (0, 100), (100_000, 7)):
        bench = Bench()
        bench.ask(None)
        bench.world.keys.now += vehicle_s
        bench.clock.now += phone_s
        bench.ask(request.UNLOCK)
        assert bench.world.done == [(codes.UNLOCK, SLOT)]
        assert len(bench.sent) == 3


def test_clocks_that_go_together_need_no_repair():
    bench = Bench()
    bench.ask(None)
    for _ in range(3):
        bench.world.keys.now += 1_000
        bench.clock.now += 1_000
        bench.ask(request.UNLOCK)
    assert len(bench.sent) == 4


def test_a_wrong_signature_is_repaired_by_a_fresh_session():
    bench = Bench()
    bench.ask(None)
    right = bench.world.keys.slots[SLOT]
    bench.world.keys.slots[SLOT] = (right[0], bytes(16))
    bench.world.sessions.forget(SLOT)

    def mended(message):
        bench.world.keys.slots[SLOT] = right
        bench.world.sessions.forget(SLOT)
        return []  # session info under the wrong key

    bench.between = mended
    with pytest.raises(NoAnswer):
        bench.ask(request.UNLOCK)
    bench.between = lambda message: [message]
    bench.ask(request.UNLOCK)
    assert bench.world.done == [(codes.UNLOCK, SLOT)]


def test_a_vehicle_that_starts_anew_each_time_is_given_up():
    bench = Bench()
    bench.ask(None)

    def restart(message):
        bench.world.boot()
        return [message]

    bench.between = restart
    bench.world.boot()
    assert _refusal(bench, request.UNLOCK) == ("fault", 15)
    assert len(bench.sent) == 1 + 4
    assert bench.world.done == []


def test_busy_is_asked_again_after_a_pause_and_not_for_ever():
    bench = Bench()
    bench.world.verdicts[codes.UNLOCK] = codes.BUSY
    assert _refusal(bench, request.UNLOCK) == ("fault", 1)
    assert bench.pauses == [0, 0, 1, 1, 1]

    def free(message):
        bench.world.verdicts.clear()
        return [message]

    bench.between = free
    bench.ask(request.UNLOCK)
    assert bench.world.done == [(codes.UNLOCK, SLOT)]


def test_a_fault_that_session_info_would_mend_but_comes_without_it_leads_to_a_handshake():
    bench = Bench()
    bench.ask(None)
    bench.world.boot()

    def without_info(message):
        reply = RoutableMessage.FromString(message)
        if reply.signedMessageStatus.signed_message_fault:
            reply.ClearField("session_info")
        return [reply.SerializeToString()]

    bench.between = without_info
    bench.ask(request.UNLOCK)
    assert bench.world.done == [(codes.UNLOCK, SLOT)]
    assert len(bench.sent) == 4  # handshake, unlock refused, handshake, unlock


def test_no_counter_is_used_twice_though_a_message_was_held_back():
    bench = Bench()
    bench.ask(None)
    numbers = []
    for _ in range(3):
        held_back = parsed(bench.session.signed(request.UNLOCK.payload).data, messages=((13,), (13, 5)))
        numbers.append(held_back[(13, 5, 3)])
        bench.ask(None)  # the vehicle says that it has heard none
    assert numbers == [1, 2, 3]


def test_a_counter_at_its_end_is_not_used():
    bench = Bench()
    bench.ask(None)
    bench.session._counter = 0xFFFFFFFF
    assert _refusal(bench, request.UNLOCK) == ("fault", 6)
    assert bench.world.done == []


# Whom not to believe


def test_a_vehicle_whose_key_has_changed_is_refused_and_told_nothing():
    for bench in (
        Bench(world(OTHER_VEHICLE, "5YJ30123456789ABC"), vin="5YJ30123456789ABC", pinned=_VEHICLE_KEY),
        Bench(world(OTHER_VEHICLE, VIN), pinned=_VEHICLE_KEY),
        Bench(world(OTHER_VEHICLE, VIN)),  # its name gives it away
        Bench(expected="00000000"),
    ):
        with pytest.raises(WrongVehicle):
            bench.ask(request.UNLOCK)
        assert len(bench.sent) == 1 and not bench.session.ready
    assert seal.short_id(_VEHICLE_KEY) != seal.short_id(seal.point_of(OTHER_VEHICLE))


def test_the_key_cannot_change_within_a_session():
    bench = Bench(world(vin="5YJ30123456789ABC"), vin="5YJ30123456789ABC")
    bench.ask(request.UNLOCK)
    other = world(OTHER_VEHICLE, "5YJ30123456789ABC")
    other.enrol(SLOT, key64(PHONE))
    bench.world, bench.connection = other, other.connection()
    with pytest.raises(Problem) as raised:
        bench.ask(request.UNLOCK)
    assert isinstance(raised.value, NotGenuine | WrongVehicle)
    assert other.done == []


def _flipped(message, bit):
    changed = bytearray(message)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _outcome(bench, asked):
    """What the phone made of it: an answer, the problem's class, or nothing."""
    try:
        return bench.ask(asked)
    except Problem as problem:
        return type(problem)
    except NoAnswer:
        return None


def test_no_bit_of_a_handshakes_answer_can_be_changed():
    bench = Bench()
    bench.ask(None)
    length = len(bench.heard[0])
    for bit in range(8 * length):
        attacked = Bench(bench.world, enrolled=False)
        attacked.between = lambda message, bit=bit: [_flipped(message, bit)]
        outcome = _outcome(attacked, None)
        assert outcome in (None, NotGenuine, Refused), (bit, outcome)
        assert not attacked.session.ready, bit


def test_no_bit_of_an_answer_can_be_changed():
    for asked in (request.STATUS, request.UNLOCK):
        bench = Bench()
        bench.ask(asked)
        length = len(bench.heard[1])
        outcomes = set()
        for bit in range(8 * length):
            attacked = Bench(bench.world, enrolled=False)
            attacked.ask(None)
            first = iter([True])
            # the second answer to a command, which says the same, is kept back
            attacked.between = lambda message, bit=bit, first=first: [_flipped(message, bit)] if next(first, 0) else []
            outcome = _outcome(attacked, asked)
            assert outcome in (None, NotGenuine, Refused), (bit, outcome)
            outcomes.add(outcome)
        assert NotGenuine in outcomes


def test_an_answer_in_plain_words_is_not_believed():
    done = FromVCSECMessage(
        commandStatus=CommandStatus(signedMessageStatus=SignedMessage_status(counter=1))
    ).SerializeToString()
    for text in (done, b""):
        bench = Bench()
        bench.ask(None)

        def plain(message, text=text):
            reply = RoutableMessage.FromString(message)
            reply.ClearField("signature_data")
            reply.protobuf_message_as_bytes = text
            return [reply.SerializeToString()]

        bench.between = plain
        with pytest.raises(NotGenuine):
            bench.ask(request.UNLOCK)


def test_answers_to_other_questions_are_passed_over_or_found_out():
    bench = Bench()
    locked = bench.ask(request.STATUS)
    recorded = bench.heard[-1]
    bench.ask(request.UNLOCK)
    bench.between = lambda message: [recorded]
    with pytest.raises(NoAnswer):
        bench.ask(request.STATUS)

    def renamed(message):
        old, new = RoutableMessage.FromString(recorded), RoutableMessage.FromString(message)
        old.request_uuid = new.request_uuid
        return [old.SerializeToString()]

    bench.between = renamed
    with pytest.raises(NotGenuine):
        bench.ask(request.STATUS)
    bench.between = lambda message: [recorded, message]
    assert bench.ask(request.STATUS) != locked


def test_an_answer_counts_once():
    bench = Bench()
    bench.ask(None)
    sent = bench.session.signed(request.UNLOCK.payload)
    (first, second) = (RoutableMessage.FromString(message) for message in bench._delivered(sent.data))
    assert bench.session.text(first, sent) and bench.session.text(second, sent) == b""
    assert bench.session.text(first, sent) is None and bench.session.text(second, sent) is None


def test_somebody_elses_messages_and_rubbish_are_passed_over():
    bench = Bench()

    def noise(message):
        reply = RoutableMessage.FromString(message)
        reply.to_destination.routing_address = bytes(16)
        broadcast = RoutableMessage.FromString(message)
        broadcast.to_destination.domain = 0
        return [b"", b"\xff" * 40, reply.SerializeToString(), broadcast.SerializeToString(), message]

    bench.between = noise
    bench.ask(request.UNLOCK)
    assert bench.world.done == [(codes.UNLOCK, SLOT)]


@given(st.data())
def test_whatever_comes_the_phone_believes_nothing_that_is_not_genuine(data):
    bench = Bench()
    bench.ask(None)
    bench.world.verdicts[codes.UNLOCK] = codes.MOVING  # nothing genuine says that it was done

    def spoilt(message):
        hurt = bytearray(message)
        for _ in range(data.draw(st.integers(0, 4))):
            at = data.draw(st.integers(0, max(0, len(hurt) - 1)))
            kind = data.draw(st.integers(0, 2))
            if kind == 0 and hurt:
                hurt[at] = data.draw(st.integers(0, 255))
            elif kind == 1:
                del hurt[at : at + data.draw(st.integers(1, 20))]
            else:
                hurt[at:at] = data.draw(st.binary(max_size=20))
        return [bytes(hurt), data.draw(st.binary(max_size=60))]

    bench.between = spoilt
    assert _outcome(bench, request.UNLOCK) in (None, NotGenuine, NotPaired, Refused)


def test_a_flood_of_lying_faults_ends():
    bench = Bench()
    bench.ask(None)

    def lie(message):
        reply = RoutableMessage.FromString(message)
        reply.Clear()
        genuine = RoutableMessage.FromString(message)
        reply.from_destination.CopyFrom(genuine.from_destination)
        reply.to_destination.CopyFrom(genuine.to_destination)
        reply.request_uuid = genuine.request_uuid
        reply.signedMessageStatus.signed_message_fault = 15
        return [reply.SerializeToString()]

    bench.between = lie
    assert _refusal(bench, request.UNLOCK) == ("fault", 15)
    assert len(bench.sent) == 1 + 4


# Refusals


def test_an_unknown_key_learns_that_from_the_vehicle_itself():
    bench = Bench(enrolled=False)
    with pytest.raises(NotPaired):
        bench.ask(request.UNLOCK)
    assert bench.session.vehicle_key == _VEHICLE_KEY and not bench.session.enrolled
    bench.world.to_all = False
    assert _refusal(bench, request.UNLOCK) == ("fault", 3)


def test_a_key_that_was_removed_meanwhile():
    bench = Bench()
    bench.ask(request.UNLOCK)
    del bench.world.keys.slots[SLOT]
    bench.world.sessions.forget(SLOT)
    assert _refusal(bench, request.LOCK) == ("fault", 3)


def test_a_drivers_key_may_not_remove_keys():
    bench = Bench()
    bench.world.roles[SLOT] = codes.DRIVER
    assert _refusal(bench, request.remove(seal.point_of(OTHER_PHONE))) == ("key list", 7)


class _Refusing(World):
    """Answers each unlock with one number."""

    say = None

    def answer(self, order):
        if order == orders.UNLOCK:
            self.say(self.dialogue.voice)
        else:
            super().answer(order)


_EVERY_ONE = (
    ("fault", MessageFault_E, words.FAULTS, lambda voice, number: voice.refuse(number)),
    ("declined", GenericError_E, words.DECLINED, lambda voice, number: voice.decline(number)),
    (
        "key list",
        WhitelistOperation_information_E,
        words.KEY_LIST,
        lambda voice, number: voice.key_change(number),
    ),
)


def test_every_refusal_of_the_protocol_arrives_and_has_a_sentence_of_its_own():
    for kind, numbers, sentences, say in _EVERY_ONE:
        known = [number for _, number in numbers.items() if number]
        assert sorted(sentences) == known
        for number in known:
            bench = Bench(world(kind=_Refusing))
            bench.world.say = lambda voice, say=say, number=number: say(voice, number)
            with pytest.raises(Refused) as raised:
                bench.ask(request.UNLOCK)
            refused = raised.value
            assert (refused.kind, refused.number, str(refused)) == (kind, number, sentences[number])
            assert refused.name and refused.name.isascii() and refused.name == refused.name.lower()
            assert len(bench.sent) <= 1 + 4 + 3


def test_sentences_say_what_to_do_in_one_sentence():
    for sentences in (words.FAULTS, words.DECLINED, words.KEY_LIST, words.SIGNATURE):
        for number, text in sentences.items():
            assert text[0].isupper() and text.endswith(".") and text.count(". ") == 0, (number, text)
            assert any(mark in text for mark in (":", ";")), f"{number}: where is the next step? {text}"
            assert len(text) < 240, (number, len(text))


def test_signature_information_of_the_older_kind_is_understood():
    known = [number for _, number in SignedMessage_information_E.items() if number]
    assert sorted(words.SIGNATURE) == known
    for number in known:
        status = SignedMessage_status(counter=1, signedMessageInformation=number)
        told = CommandStatus(operationStatus=OperationStatus_E.OPERATIONSTATUS_ERROR, signedMessageStatus=status)
        with pytest.raises(Refused) as raised:
            request.UNLOCK.ended_by(FromVCSECMessage(commandStatus=told))
        assert (raised.value.kind, raised.value.number) == ("signature", number)


def test_numbers_that_nobody_knows_yet_are_told_too():
    for kind, number in (("fault", 77), ("declined", 99), ("key list", 200), ("signature", 60)):
        refused = Refused(kind, number)
        assert f"{kind} {number}" in str(refused) and refused.as_json()["number"] == number


def test_an_error_without_a_number_is_a_refusal():
    error = OperationStatus_E.OPERATIONSTATUS_ERROR
    for told in (
        CommandStatus(operationStatus=error),
        CommandStatus(operationStatus=error, signedMessageStatus=SignedMessage_status(counter=1)),
    ):
        with pytest.raises(Refused):
            request.UNLOCK.ended_by(FromVCSECMessage(commandStatus=told))


def test_wait_means_wait():
    told = CommandStatus(operationStatus=OperationStatus_E.OPERATIONSTATUS_WAIT)
    assert not request.UNLOCK.ended_by(FromVCSECMessage(commandStatus=told))


def test_what_answers_one_question_does_not_answer_another():
    status = FromVCSECMessage()
    status.vehicleStatus.vehicleLockState = 1
    assert request.STATUS.ended_by(status)
    assert not request.KEY_LIST.ended_by(status) and not request.UNLOCK.ended_by(status)
    assert not request.STATUS.ended_by(FromVCSECMessage())
    accepted = FromVCSECMessage(commandStatus=CommandStatus(signedMessageStatus=SignedMessage_status(counter=1)))
    assert request.UNLOCK.ended_by(accepted)
    assert not request.remove(_VEHICLE_KEY).ended_by(accepted)


# What is sent


def test_messages_are_small_fresh_and_name_their_answers_way_back():
    bench = Bench()
    for asked in (request.UNLOCK, request.UNLOCK, request.remove(seal.point_of(OTHER_PHONE))):
        _outcome(bench, asked)
    uuids, nonces = set(), set()
    for message in bench.sent:
        told = parsed(message, messages=((6,), (7,), (13,), (13, 5)))
        assert told[(7, 2)] == bench.session.address and len(told[(51,)]) == 16 and told[(6, 1)] == 2
        uuids.add(told[(51,)])
        if (13, 5) in told:
            nonces.add(told[(13, 5, 2)])
            assert told[(52,)] == 2
        assert len(message) < 253  # one chunk, with its length, on a connection with an MTU of 256
    assert len(uuids) == 4 and len(nonces) == 3


def test_showing_a_key_is_not_signed_and_names_role_and_form():
    exchange = Exchange(Bench().session, request.show(seal.point_of(PHONE), 3))
    told = parsed(exchange.outgoing())
    inner = parsed(told[(10,)], messages=((16,), (16, 5), (16, 5, 1), (16, 6)))
    assert (13,) not in told
    assert inner[(16, 5, 1, 1)] == seal.point_of(PHONE) and inner[(16, 5, 4)] == 3 and inner[(16, 6, 1)] == 3


def test_decode_errors_do_not_come_out():
    bench = Bench()
    exchange = Exchange(bench.session, None)
    exchange.outgoing()
    exchange.take(b"\x0a\xff")
    with pytest.raises(DecodeError):
        RoutableMessage.FromString(b"\x0a\xff")
