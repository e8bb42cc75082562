"""A session from CONNECT to its end, over a stream in memory and in virtual time."""

import asyncio

from fakes import session_world as w
from fakes.memory_stream import MemoryStream
from fakes.session_world import SessionWorld
from latchkey.core import governor
from latchkey.net import mqtt_outbox, net_error
from latchkey.net.mqtt_outbox import ACKNOWLEDGEMENT, UPKEEP
from latchkey.net.mqtt_session import CLOSED, READY
from latchkey.net.mqtt_settings import MqttSettings
from latchkey.net.net_error import NetError
from latchkey.protocol import mqtt_writer
from latchkey.protocol.mqtt import TOO_LONG, MqttError

_MINUTE = 60_000
_SUBSCRIBED = b"\x82\x17\0\x01\0\x12latchkey/X/command\x01", b"\x82\x15\0\x02\0\x10latchkey/all/set\0"


def _raises(code, call):
    try:
        call()
    except NetError as error:
        assert error.code == code, error.code
        return
    raise AssertionError("it did not fail")


def test_the_kinds_are_the_governor_s():
    assert (mqtt_outbox.UPKEEP, mqtt_outbox.ACKNOWLEDGEMENT) == (governor.UPKEEP, governor.ACKNOWLEDGEMENT)


def test_it_connects_and_subscribes_one_topic_after_the_other():
    world = SessionWorld()
    buffer = bytearray(200)
    length = mqtt_writer.connect(buffer, b"latchkeyabc123def", 60, b"latchkey/X/online", b"0")
    assert world.connect == bytes(buffer[:length]) + _SUBSCRIBED[0] + _SUBSCRIBED[1]
    assert world.asked == [(UPKEEP, length), (UPKEEP, 25), (UPKEEP, 23)]


def test_a_refusal_has_the_broker_s_code():
    for code in range(1, 6):
        world = SessionWorld(ready=False)
        world.stream.say(bytes((0x20, 2, 0, code)))
        assert world.refused() == 20 + code
        assert world.session.state == CLOSED
        assert net_error.stands_until_changed(20 + code) == (code in (2, 4, 5))


def test_a_topic_that_is_refused_is_told():
    world = SessionWorld(ready=False)
    world.stream.say(w.CONNACK + b"\x90\x03\0\x01\x80")
    assert world.refused() == net_error.NOT_SUBSCRIBED


def test_a_broker_that_says_nothing_ends_the_opening_in_time():
    for said in (b"", w.CONNACK, w.CONNACK + w.SUBACKS[0], w.CONNACK[:3]):
        world = SessionWorld(ready=False)
        world.stream.say(said)
        assert world.refused() == net_error.TIMEOUT
        assert 10_000 <= world.time.elapsed_ms <= 10_020


def test_hands_are_shaken_within_the_same_limit():
    world = SessionWorld(ready=False)
    world.stream.shaking = True
    world.stream.say(w.CONNACK)
    assert world.refused() == net_error.TIMEOUT
    assert world.stream.waiting == 4


def test_what_cannot_be_sent_or_may_not_be_ends_it_before_anything_is_said():
    for client_id in (b"", b"a#b", b"a\0", b"\xff"):
        world = SessionWorld(MqttSettings(client_id, 60, ()), ready=False)
        assert world.refused() == net_error.BAD_SETTINGS
        assert world.stream.heard() == b""
    world = SessionWorld(ready=False)
    world.permits = False
    assert world.refused() == net_error.NOT_PERMITTED
    assert world.stream.heard() == b""


def test_the_password_is_gone_from_memory_as_soon_as_it_is_sent():
    settings = MqttSettings(b"latchkeyabc123def", 60, (), username=b"me", password=b"open sesame")
    world = SessionWorld(settings)
    assert b"open sesame" in world.connect
    assert b"sesame" not in bytes(world.session._outbox._out)
    for shaking in (True, False):
        world = SessionWorld(settings, ready=False)
        world.stream.shaking = shaking
        world.stream.takes = 0
        assert world.refused() == net_error.TIMEOUT
        assert b"sesame" not in bytes(world.session._outbox._out)


def test_messages_are_handed_over_and_acknowledged():
    world = SessionWorld()
    world.stream.say(w.publish(b"one") + w.publish(b"two", qos=1, packet_id=7) + w.publish(b"", retain=True))
    world.stream.say(w.publish(b"four", qos=1, dup=True, retain=True, packet_id=8, topic=b"other"))
    assert world.turns(200) == w.puback(7) + w.puback(8)
    assert world.got == [
        (w.TOPIC, b"one", False, False),
        (w.TOPIC, b"two", False, False),
        (w.TOPIC, b"", True, False),
        (b"other", b"four", True, True),
    ]
    assert world.asked[3:] == [(ACKNOWLEDGEMENT, 4)] * 2


def test_messages_may_come_before_their_topic_is_acknowledged():
    world = SessionWorld(ready=False)
    world.stream.say(w.CONNACK + w.publish(b"early", qos=1, retain=True) + w.SUBACKS[0] + w.SUBACKS[1])
    world.open()
    assert world.got == [(w.TOPIC, b"early", True, False)]


def test_a_broker_that_cuts_its_packets_anywhere_is_understood():
    for gives in (1, 2, 3, 7):
        world = SessionWorld(ready=False)
        world.stream.gives = gives
        world.stream.say(w.CONNACK + w.SUBACKS[0] + w.publish(b"x" * 40, qos=1) + w.SUBACKS[1])
        world.open()
        assert world.got == [(w.TOPIC, b"x" * 40, False, False)]
        assert world.turns(1_000)[-4:] == w.puback(1)


def test_ten_messages_a_second_are_read_and_the_rest_stays_in_the_socket():
    world = SessionWorld()
    message = w.publish(b"x" * 200)
    world.stream.endless = message * 4
    before = world.stream.read_len
    for second in range(1, 13):
        world.turns(1_000)
        assert 10 * second - 1 <= len(world.got) <= 10 * second + 11
        assert world.stream.read_len - before <= len(message) * (len(world.got) + 1) + 512
    assert world.stream.longest_read == 512


def test_small_packets_count_as_large_ones_do():
    world = SessionWorld()
    world.stream.endless = w.publish(b"", topic=b"t") * 100
    world.session.step()
    assert len(world.got) == 1
    world.turns(10_000)
    assert 100 <= len(world.got) <= 111


def test_what_is_too_long_is_refused_by_what_it_declares():
    for head in (b"\x30\xff\xff\xff\x7f", b"\x30\x81\x10", b"\x30\xff\xff\x7f"):
        world = SessionWorld()
        world.stream.say(head + bytes(3_000))
        _raises(net_error.TOO_LONG, world.session.step)
        assert world.stream.closed and world.stream.waiting >= 3_000 - 512


def test_what_a_broker_does_not_send_ends_the_session():
    for packet in (
        w.CONNACK,
        w.SUBACKS[1],
        w.PINGRESP,
        w.puback(1),
        b"\x34\x06\0\x01t\0\x01x",
        b"\x50\x02\0\x01",
        w.PINGREQ,
        b"\x82\x06\0\x01\0\x01t\0",
        b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0",
        b"\0\0",
        b"\xf0\0",
        b"\x30\x03\0\0x",
    ):
        world = SessionWorld()
        world.stream.say(packet)
        _raises(net_error.BAD_PACKET, lambda world=world: world.turns(100))
        assert world.stream.closed and world.session.state == CLOSED
        _raises(net_error.CLOSED, world.session.step)


def test_nothing_comes_before_connack_and_no_topic_is_acknowledged_before_its_turn():
    for said in (
        w.publish(b"x"),
        w.PINGRESP,
        w.SUBACKS[0],
        w.CONNACK + w.SUBACKS[1],
        w.CONNACK + w.SUBACKS[0] + w.SUBACKS[0],
        w.CONNACK + w.CONNACK,
    ):
        world = SessionWorld(ready=False)
        world.stream.say(said)
        assert world.refused() == net_error.BAD_PACKET


def test_a_topic_is_not_acknowledged_before_it_is_subscribed_to():
    world = SessionWorld(ready=False)
    stream = world.stream

    async def hurried():
        task = asyncio.create_task(world.session.open(stream, world.settings))
        stream.say(w.CONNACK)
        await asyncio.sleep_ms(100)
        stream.takes = 1  # what is owed for a message is on its way, so the second topic has to wait
        stream.say(w.publish(b"x", qos=1) + w.SUBACKS[0] + w.SUBACKS[1])
        await task

    assert world.refused(hurried()) == net_error.BAD_PACKET


def test_connack_may_not_come_before_connect_is_sent():
    world = SessionWorld(ready=False)
    world.stream.takes = 0
    world.stream.say(w.CONNACK)
    assert world.refused() == net_error.BAD_PACKET


def test_a_ping_goes_before_three_quarters_of_the_keep_alive_are_over():
    world = SessionWorld()
    for _ in range(20):
        assert world.turns(44_000) == b""
        assert world.turns(1_040) == w.PINGREQ
        world.stream.say(w.PINGRESP)
    assert world.asked[3:] == [(UPKEEP, 2)] * 20


def test_a_ping_has_one_answer():
    world = SessionWorld()
    assert world.turns(45_040) == w.PINGREQ
    world.stream.say(w.PINGRESP)
    world.turns(100)
    world.stream.say(w.PINGRESP)
    _raises(net_error.BAD_PACKET, lambda: world.turns(100))


def test_a_ping_asks_also_where_only_this_side_speaks():
    world = SessionWorld()
    for _ in range(9):
        world.session.publish(b"t", b"x", 0)
        assert w.PINGREQ not in world.turns(5_000)
    world.session.publish(b"t", b"x", 0)
    assert w.PINGREQ in world.turns(1_000)


def test_a_broker_that_is_half_open_is_noticed():
    world = SessionWorld()
    assert world.refused(world.session.run()) == net_error.SILENT
    assert 90_000 <= world.time.elapsed_ms <= 90_200
    assert world.stream.heard() == w.PINGREQ


def test_bytes_without_a_packet_are_no_sign_of_life():
    world = SessionWorld()
    message = w.publish(b"x" * 1_000)

    def drip():
        for at in range(1_000):
            world.stream.say(message[at : at + 1])
            world.turns(1_000)

    _raises(net_error.SILENT, drip)
    assert 89_000 <= world.time.elapsed_ms <= 92_000 and not world.got


def test_a_flood_is_life_and_the_session_goes_on():
    world = SessionWorld()
    got = [0]

    def count(*_):
        got[0] += 1

    world.session._on_message = count
    world.stream.endless = w.publish(b"x" * 400)
    world.turns(300_000)
    assert world.session.state == READY and not world.stream.closed
    assert 3_000 <= got[0] <= 3_011


def test_a_broker_that_reads_nothing_is_noticed():
    world = SessionWorld()
    world.stream.takes = 0
    assert world.session.publish(b"t", b"x", 0)
    world.stream.endless = w.publish(b"x")
    _raises(net_error.SILENT, lambda: world.turns(_MINUTE))
    assert 29_900 <= world.time.elapsed_ms <= 30_200


def test_a_publish_is_sent_whole_before_there_is_room_for_the_next():
    world = SessionWorld()
    world.stream.takes = 5
    assert world.session.publish(b"t", b"0123456789", 0, retain=True)
    assert not world.session.has_room(0) and not world.session.publish(b"t", b"x", 1)
    assert world.turns(60) == b"\x31\x0d\0\x01t0123456789"
    assert world.session.has_room(0)


def test_one_publish_of_qos_1_is_in_flight():
    world = SessionWorld()
    assert world.session.publish(b"t", b"a", 1)
    assert world.turns(20) == b"\x32\x06\0\x01t\0\x01a"
    assert not world.session.has_room(1) and world.session.has_room(0)
    world.stream.say(w.puback(1))
    world.turns(40)
    assert world.session.publish(b"t", b"b", 1)
    assert world.turns(20) == b"\x32\x06\0\x01t\0\x02b"


def test_it_is_sent_once_more_and_then_given_up():
    world = SessionWorld()
    world.session.publish(b"t", b"a", 1)
    assert world.turns(14_900) == b"\x32\x06\0\x01t\0\x01a"
    world.permits = False
    assert world.turns(500) == b""
    world.permits = True
    assert world.turns(1_000) == b"\x3a\x06\0\x01t\0\x01a"
    assert world.asked[-1] == (UPKEEP, 8)
    assert world.turns(14_000) == b"" and not world.session.has_room(1)
    assert world.turns(2_000) == b"" and world.session.has_room(1)
    assert world.session.given_up == 1
    world.stream.say(w.puback(1))  # late
    assert world.session.publish(b"t", b"b", 1)
    world.turns(100)
    assert not world.session.has_room(1)
    world.stream.say(w.puback(2))
    world.turns(100)
    assert world.session.has_room(1)


def test_a_publish_beyond_its_bound_is_refused_and_harms_nothing():
    world = SessionWorld()
    for qos in (0, 1):
        try:
            world.session.publish(b"t", bytes(1_100), qos)
        except MqttError as error:
            assert error.code == TOO_LONG
        assert world.session.has_room(qos)
    assert world.turns(1_000) == b""


def test_acknowledgements_that_may_not_be_sent_are_sent_later():
    world = SessionWorld()
    world.permits = False
    for packet_id in range(1, 31):
        world.stream.say(w.publish(b"x", qos=1, packet_id=packet_id))
    assert world.turns(5_000) == b""
    assert len(world.got) == 30
    assert len(world.asked) - 3 <= 6
    world.permits = True
    assert world.turns(2_000) == b"".join(w.puback(packet_id) for packet_id in range(1, 21))


def test_a_ping_that_may_not_be_sent_is_asked_for_each_second():
    world = SessionWorld()
    world.permits = False
    assert world.turns(50_000) == b""
    assert 4 <= len(world.asked) - 3 <= 7
    world.permits = True
    assert world.turns(1_100) == w.PINGREQ


def test_what_was_published_goes_though_nothing_else_may():
    world = SessionWorld()
    world.turns(44_900)
    world.permits = False
    world.turns(1_000)
    assert world.session.publish(b"t", b"state", 1)
    assert world.turns(40) == b"\x32\x0a\0\x01t\0\x01state"


def test_an_answer_can_be_published_while_a_message_is_handled():
    world = SessionWorld()
    world.session._on_message = lambda *_: world.session.publish(b"reply", b"yes", 0)
    world.stream.say(w.publish(b"?"))
    assert world.turns(60) == b"\x30\x0a\0\x05replyyes"


def test_it_ends_in_good_order():
    world = SessionWorld()
    world.session.close()
    assert world.stream.heard() == w.DISCONNECT and world.stream.closed
    world.session.close()
    for spoilt in ("permits", "busy", "gone"):
        world = SessionWorld()
        if spoilt == "permits":
            world.permits = False
        elif spoilt == "busy":
            world.stream.takes = 0
            world.session.publish(b"t", b"x", 0)
        else:
            world.stream.fails = net_error.CLOSED
        world.session.close()
        assert world.stream.heard() == b"" and world.stream.closed and world.session.state == CLOSED


def test_nothing_is_published_without_a_session():
    world = SessionWorld(ready=False)
    assert not world.session.publish(b"t", b"x", 0) and not world.session.has_room(1)


def test_the_next_session_begins_anew():
    world = SessionWorld()
    world.session.publish(b"t", b"a", 1)
    world.stream.say(w.publish(b"x", qos=1) + b"\x30\x7f")
    world.turns(60)
    world.session.drop()
    world.stream = MemoryStream()
    world.stream.say(w.CONNACK + w.SUBACKS[0] + w.SUBACKS[1])
    world.open()
    assert world.stream.heard() == world.connect
    assert world.session.has_room(1)
    world.session.publish(b"t", b"b", 1)
    assert world.turns(_MINUTE // 2)[:8] == b"\x32\x06\0\x01t\0\x01b"


def test_whoever_cancels_it_finds_the_stream_closed():
    for opening in (True, False):
        world = SessionWorld(ready=not opening)
        session = world.session

        async def cancelled(world=world, session=session, opening=opening):
            task = asyncio.create_task(session.open(world.stream, world.settings) if opening else session.run())
            await asyncio.sleep_ms(500)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                return True

        assert world.time.run(cancelled())
        assert world.stream.closed and session.state == CLOSED


def test_an_error_of_whoever_handles_messages_ends_the_session_and_is_theirs():
    world = SessionWorld()

    def broken(*_):
        raise KeyError(1)

    world.session._on_message = broken
    world.stream.say(w.publish(b"x"))
    try:
        world.turns(20)
    except KeyError:
        assert world.stream.closed
        return
    raise AssertionError("it was swallowed")


def test_an_error_of_the_stream_is_passed_on():
    world = SessionWorld()
    world.stream.fails = net_error.CLOSED
    assert world.refused(world.session.run()) == net_error.CLOSED
