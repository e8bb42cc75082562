"""Packets a client sends, byte for byte as the sections of the OASIS standard (MQTT 3.1.1, 29 October 2014) say."""

from latchkey.protocol import mqtt, mqtt_writer
from latchkey.protocol.mqtt import MqttError

_VIN = b"LATCHKEY012345678"
_COMMAND = b"latchkey/" + _VIN + b"/command"


def _code(function, *arguments):
    """The error that a call ends in."""
    try:
        function(*arguments)
    except MqttError as error:
        return error.code
    raise AssertionError("accepted")


def _written(function, *arguments):
    """The packet; what lies behind it in the buffer is as it was."""
    buffer = bytearray(b"\xa5" * 600)
    length = function(buffer, *arguments)
    assert buffer[length:] == b"\xa5" * (600 - length)
    return bytes(buffer[:length])


def _string(data):
    return bytes((len(data) >> 8, len(data) & 0xFF)) + data


def test_connect_has_the_fields_of_section_3_1_in_their_order():
    expected = (
        bytes.fromhex("10 2d")  # section 3.1.1
        + bytes.fromhex("00 04 4d515454 04")  # 3.1.2.1 "MQTT", 3.1.2.2 level 4
        + bytes.fromhex("ee 001e")  # 3.1.2.3 user, password, will retained with QoS 1, clean session; keep alive 30 s
        + _string(b"car")
        + _string(b"online/car")
        + _string(b"0")
        + _string(b"user")
        + _string(b"pass\x00\xffw")
    )
    packet = _written(mqtt_writer.connect, b"car", 30, b"online/car", b"0", b"user", b"pass\x00\xffw")
    assert packet.hex() == expected.hex()
    assert packet[1] == len(packet) - 2


def test_connect_leaves_out_what_there_is_not():
    assert _written(mqtt_writer.connect, b"car", 300).hex() == "100f00044d51545404" + "02012c" + "0003636172"
    assert _written(mqtt_writer.connect, b"car", 300, b"", b"0").hex() == "100f00044d51545404" + "02012c" + "0003636172"
    with_will = _written(mqtt_writer.connect, b"car", 300, b"t")
    assert with_will.hex() == "101400044d51545404" + "2e012c" + "0003636172" + "000174" + "0000"
    with_user = _written(mqtt_writer.connect, b"car", 300, b"", b"", b"u")
    assert with_user.hex() == "101200044d51545404" + "82012c" + "0003636172" + "000175"


def test_connect_as_mosquitto_took_it():
    """Accepted by Mosquitto 2.0.11 with CONNACK 20020000."""
    packet = _written(mqtt_writer.connect, _VIN, 30, b"latchkey/" + _VIN + b"/online", b"0", b"user", b"pass")
    assert packet.hex() == (
        "104f00044d51545404ee001e00114c415443484b45593031323334353637380021"
        "6c617463686b65792f4c415443484b45593031323334353637382f6f6e6c696e65"
        "000130000475736572000470617373"
    )


def test_a_password_needs_a_user():
    """MQTT-3.1.2-22."""
    assert _code(mqtt_writer.connect, bytearray(200), b"car", 30, b"", b"", b"", b"secret") == mqtt.MALFORMED


def test_keep_alive_is_never_off():
    for keep_alive_s in (0, -1, 65_536):
        assert _code(mqtt_writer.connect, bytearray(200), b"car", keep_alive_s) == mqtt.MALFORMED
    assert _written(mqtt_writer.connect, b"car", 65_535)[10:12] == b"\xff\xff"


def test_subscribe_as_section_3_8_says():
    assert _written(mqtt_writer.subscribe, 10, b"a/b", 1).hex() == "8208000a0003612f6201"
    assert _written(mqtt_writer.subscribe, 0xFFFE, b"a/b", 0).hex() == "8208fffe0003612f6200"
    for qos in (2, 3, 4, -1):
        assert _code(mqtt_writer.subscribe, bytearray(99), 10, b"a/b", qos) == mqtt.MALFORMED


def test_publish_as_section_3_3_says():
    assert _written(mqtt_writer.publish, b"a/b", b"hello", 0, False).hex() == "300a0003612f6268656c6c6f"
    assert _written(mqtt_writer.publish, b"a/b", b"", 0, True).hex() == "31050003612f62"
    assert _written(mqtt_writer.publish, b"a/b", b"hi", 1, False, 10).hex() == "32090003612f62000a6869"
    assert _written(mqtt_writer.publish, b"a/b", b"hi", 1, True, 0x1234, True).hex() == "3b090003612f6212346869"
    assert _written(mqtt_writer.publish, b"a/b", bytearray(b"hi"), 0, False).hex() == "30070003612f626869"
    assert _written(mqtt_writer.publish, b"a/b", memoryview(b"ohio")[1:3], 0, False).hex() == "30070003612f626869"


def test_publish_to_mosquitto():
    """Acknowledged by Mosquitto 2.0.11 with 40020007, and sent on with an identifier of its own."""
    packet = _written(mqtt_writer.publish, _COMMAND, b"hello", 1, False, 7)
    assert packet.hex() == (
        "322b00226c617463686b65792f4c415443484b45593031323334353637382f636f6d6d616e64000768656c6c6f"
    )


def test_what_publish_refuses():
    buffer = bytearray(99)
    for qos, packet_id, dup in ((2, 1, False), (3, 1, False), (-1, 1, False), (1, 0, False), (1, 65_536, False)):
        assert _code(mqtt_writer.publish, buffer, b"a", b"b", qos, False, packet_id, dup) == mqtt.MALFORMED
    assert _code(mqtt_writer.publish, buffer, b"a", b"b", 0, False, 0, True) == mqtt.MALFORMED  # MQTT-3.3.1-2


def test_the_short_packets():
    """Sections 3.4, 3.12 and 3.14."""
    assert _written(mqtt_writer.puback, 0x1234).hex() == "40021234"
    assert _written(mqtt_writer.pingreq).hex() == "c000"
    assert _written(mqtt_writer.disconnect).hex() == "e000"
    for packet_id in (0, 65_536, -1):
        assert _code(mqtt_writer.puback, bytearray(9), packet_id) == mqtt.MALFORMED


def test_remaining_lengths_of_one_and_two_bytes():
    """Section 2.2.3, table 2.4: 127 is the last of one byte, 16,383 the last of two."""
    assert _written(mqtt_writer.publish, b"a", bytes(124), 0, False)[:3].hex() == "307f00"
    assert _written(mqtt_writer.publish, b"a", bytes(125), 0, False)[:4].hex() == "30800100"
    buffer = bytearray(17_000)
    assert mqtt_writer.publish(buffer, b"a", bytes(16_380), 0, False) == 16_386
    assert buffer[:3].hex() == "30ff7f"
    assert _code(mqtt_writer.publish, buffer, b"a", bytes(16_381), 0, False) == mqtt.TOO_LONG


def test_a_buffer_that_is_just_large_enough():
    for function, arguments in (
        (mqtt_writer.connect, (b"car", 30, b"online/car", b"0", b"user", b"pass")),
        (mqtt_writer.subscribe, (1, b"a/b", 1)),
        (mqtt_writer.publish, (b"a/b", b"hello", 1, False, 9)),
        (mqtt_writer.publish, (b"a/b", bytes(200), 0, False)),
        (mqtt_writer.puback, (5,)),
        (mqtt_writer.pingreq, ()),
        (mqtt_writer.disconnect, ()),
    ):
        packet = _written(function, *arguments)
        exact = bytearray(len(packet))
        assert function(exact, *arguments) == len(packet)
        assert exact == packet
        view = memoryview(bytearray(len(packet)))
        assert function(view, *arguments) == len(packet)
        assert bytes(view) == packet
        small = bytearray(len(packet) - 1)
        assert _code(function, small, *arguments) == mqtt.TOO_LONG
        assert len(small) == len(packet) - 1, "a bytearray grows when too much is put into a slice of it"


def test_topics_and_client_identifiers_are_exact():
    """Sections 4.7.1 and 4.7.3: wildcards, nothing at all, U+0000; and what is longer than anything here."""
    buffer = bytearray(600)
    for topic, code in (
        (b"", mqtt.MALFORMED),
        (b"#", mqtt.MALFORMED),
        (b"latchkey/+/command", mqtt.MALFORMED),
        (b"a\x00b", mqtt.MALFORMED),
        (b"\xff", mqtt.MALFORMED),
        (bytes((0x61,)) * 129, mqtt.TOO_LONG),
    ):
        assert _code(mqtt_writer.publish, buffer, topic, b"x", 0, False) == code
        assert _code(mqtt_writer.subscribe, buffer, 1, topic, 0) == code
        assert _code(mqtt_writer.connect, buffer, topic, 30) == code
        if topic:
            assert _code(mqtt_writer.connect, buffer, b"car", 30, topic, b"0") == code
    longest = b"a" * 128
    assert mqtt_writer.publish(buffer, longest, b"x", 0, False) == 3 + 2 + 128 + 1


def test_a_user_name_may_be_an_address_and_must_be_text():
    name = b"me+car@example.com#1"
    assert name in _written(mqtt_writer.connect, b"car", 30, b"", b"", name)
    assert b"u" * 200 in _written(mqtt_writer.connect, b"car", 30, b"", b"", b"u" * 200)
    for name in (b"a\x00", b"\xc3"):
        assert _code(mqtt_writer.connect, bytearray(200), b"car", 30, b"", b"", name) == mqtt.MALFORMED


def test_well_formed_utf_8_and_nothing_else():
    """Section 1.5.3; the bounds of RFC 3629 section 4, table by table."""
    good = (
        "é",
        "Tür/Öffner",
        "日本",
        "\u0800",
        "\ud7ff",
        "\ue000",
        "\uffff",
        "\U00010000",
        "\U0010ffff",
        "\x01\x7f",
        "\x80\u07ff",
    )
    for text in good:
        mqtt.check_text(text.encode(), True)
    for data in (
        "80",  # a byte of the middle
        "bf61",
        "c3",  # cut off
        "c361",
        "e282",
        "e28261",
        "f09f98",
        "f09f9861",
        "c080",  # in more bytes than it needs
        "c1bf",
        "e08080",
        "e09fbf",
        "f0808080",
        "f08fbfbf",
        "eda080",  # a surrogate, MQTT-1.5.3-1
        "edbfbf",
        "f4908080",  # beyond U+10FFFF
        "f5808080",
        "fe",
        "ff",
        "6100",  # MQTT-1.5.3-2
        "c3c3a9",
        "e2c3a9",
        "e282c3a9",
    ):
        assert _code(mqtt.check_text, bytes.fromhex(data), True) == mqtt.MALFORMED, data
        assert _code(mqtt.check_text, b"ok" + bytes.fromhex(data), False) == mqtt.MALFORMED, data
        assert _code(mqtt.check_text, memoryview(bytes.fromhex(data)), True) == mqtt.MALFORMED, data
