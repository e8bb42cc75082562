"""The cloud link's settings: what the owner may write, what is made of it, and what is said of what makes no sense."""

import binascii

from fakes.cloud_network import CloudNetwork
from fakes.scratch import fresh_folder, remove
from latchkey.links import cloud_settings
from latchkey.links.cloud_settings import ALL_TOPIC, WrongSetting
from latchkey.net.net_error import BAD_SETTINGS, NO_PSK, NetError
from latchkey.storage.records import Record
from latchkey.storage.settings import Settings

_VIN = b"LATCHKEYABC123DEF"
_CA = "Y2E="  # "ca"


def _read(**values):
    """What the link gets."""
    folder = fresh_folder()
    try:
        settings = Settings(Record(folder + "/settings"))
        for name, value in values.items():
            for _ in settings.change_steps(name, value):
                pass
        return cloud_settings.read(settings, CloudNetwork(None))
    finally:
        remove(folder)


def _complaint(**values):
    try:
        _read(**values)
    except WrongSetting as error:
        return str(error)
    except NetError as error:
        return error.code
    raise AssertionError("taken: " + str(values))


def test_without_a_broker_there_is_no_cloud():
    assert _read() is None
    assert _read(user="x", ca=_CA, reconnect_percent="nonsense") is None


def test_a_broker_s_address():
    for broker, host, port, secured in (
        ("mqtts://broker.example.com", "broker.example.com", 8883, True),
        ("mqtts://192.0.2.1:443", "192.0.2.1", 443, True),
        ("mqtt://broker", "broker", 1883, False),
        ("mqtt://broker:1", "broker", 1, False),
        ("mqtt://broker:65535", "broker", 65_535, False),
        ("mqtt://broker:", "broker", 1883, False),
    ):
        chosen = _read(broker=broker, ca=_CA)
        assert (chosen.host, chosen.port, chosen.tls is not None) == (host, port, secured)


def test_what_is_no_address():
    for broker in (
        "broker.example.com",
        "http://broker",
        "MQTTS://broker",
        "mqtts://",
        "mqtts://:8883",
        "mqtts://broker:0",
        "mqtts://broker:65536",
        "mqtts://broker:88a",
        "mqtts://broker:8883/path",
        "mqtts://[::1]:8883",
    ):
        assert _complaint(broker=broker, ca=_CA) == "broker must be mqtts://HOST:PORT"


def test_the_session_is_this_vehicle_s():
    """Exact topics below its VIN, a name of [a-z0-9], a retained last will that says it is away."""
    mqtt = _read(broker="mqtt://broker", user="me", password="secret").mqtt(_VIN)
    assert mqtt.client_id == b"latchkeyabc123def"
    assert mqtt.topics == ((b"latchkey/" + _VIN + b"/command", 1), (b"latchkey/" + _VIN + b"/set", 0), (ALL_TOPIC, 0))
    assert (mqtt.will_topic, mqtt.will_payload) == (b"latchkey/" + _VIN + b"/online", b"0")
    assert (mqtt.username, mqtt.password) == (b"me", b"secret")
    assert not [topic for topic, _ in mqtt.topics if b"+" in topic or b"#" in topic]


def test_with_tls_somebody_must_be_believed():
    assert _complaint(broker="mqtts://broker") == BAD_SETTINGS
    assert _complaint(broker="mqtts://broker", ca=_base64(b"wrong")) == BAD_SETTINGS
    assert _complaint(broker="mqtts://broker", ca="!") in (BAD_SETTINGS, "ca must be DER in base64")
    assert _read(broker="mqtts://broker", ca=_CA, certificate="eA==", key="eA==").tls is not None


def test_a_shared_key_is_hexadecimal_and_long_enough():
    for psk in ("0", "z" * 32):
        assert _complaint(broker="mqtts://broker", psk=psk) == "psk must be hexadecimal"
    assert _complaint(broker="mqtts://broker", psk="00" * 15) == "psk must be 16 bytes or more"
    assert _complaint(broker="mqtts://broker", psk="00" * 16, psk_identity="car") == NO_PSK  # this network has none


def test_how_long_to_wait():
    assert _read(broker="mqtt://b").wait_percent == 100
    for percent in ("1", "50", "100"):
        assert _read(broker="mqtt://b", reconnect_percent=percent).wait_percent == int(percent)
    for percent in ("0", "101", "-1", "1.5", "all"):
        assert _complaint(broker="mqtt://b", reconnect_percent=percent) == "reconnect_percent must be 1 to 100"


def test_name_servers_are_addresses_and_the_network_s_where_none_is_set():
    assert _read(broker="mqtt://b").name_servers == ()
    assert _read(broker="mqtt://b", dns="192.0.2.53").name_servers == (b"\xc0\x00\x02\x35",)
    for dns in ("dns.example.com", "1.2.3", "1.2.3.256", "::1"):
        assert _complaint(broker="mqtt://b", dns=dns) == "dns must be an address, like 192.0.2.1"


def test_no_complaint_repeats_a_secret():
    for values in ({"psk": "deadbeef"}, {"psk": "not hex, but secret"}, {"key": "#secret#", "ca": _CA}):
        try:
            _read(broker="mqtts://broker", **values)
        except (WrongSetting, NetError) as error:
            for secret in ("deadbeef", "secret"):
                assert secret not in str(error)


def _base64(data):
    return binascii.b2a_base64(data).strip().decode()
