"""The API of the simulator: what it takes, what it turns away and how, and who may ask at all."""

import contextlib
import http.client
import json
import re
import tempfile
from pathlib import Path

from fakes.bench_process import bench
from hypothesis import given
from hypothesis import strategies as st
from latchkey_tools.cards import MADE
from latchkey_tools.models.pn532_model import FAULTS
from latchkey_tools.simulator import orders
from latchkey_tools.simulator.orders import OrderError
from latchkey_tools.simulator.server import PAGE

_CHECKS = {
    "car": orders.car,
    "faults": orders.faults,
    "card": orders.card,
    "phone": orders.phone,
    "cloud": orders.cloud,
    "keys": orders.keys,
    "reset": orders.reset,
}


def refusal(check, body):
    try:
        check(body)
    except OrderError as error:
        return str(error)
    return ""


def test_every_order_of_the_design_is_taken():
    for name, body in (
        ("car", {"button": True, "speed": 50, "ignition": True, "doors": False, "supply": 8_500}),
        ("car", {"close": "charge_port"}),
        ("car", {"crash": True, "jam": True, "hand": "locked", "unplug": {"speed": True, "door": False}}),
        ("faults", {"reader": "dead", "power_cut": {"write": 3, "variant": "half"}}),
        ("faults", {"reader": "none", "power": "off"}),
        ("card", {"put": ["Owner 1", "Bank card"], "take_away": ["Family"], "tap": "Stranger"}),
        ("card", {"make": "hidden"}),
        ("phone", {"name": "Phone 1", "do": "charge_port"}),
        ("phone", {"name": "Phone 1", "do": "pair", "range": True}),
        ("phone", {"name": "Phone 2", "range": False}),
        ("phone", {"name": "Phone 1", "do": "remove", "which": "Phone 2"}),
        ("faults", {"cloud": "half-open"}),
        ("cloud", {"do": "enrol"}),
        ("cloud", {"remote": True, "remote_unlock": False}),
        ("keys", {"revoke": 0}),
        ("keys", {"suspend": 3, "time": "now"}),
        ("keys", {"admit": 3, "guest": 4, "hours": 2}),
        ("reset", {"confirm": "erase everything"}),
    ):
        assert _CHECKS[name](body) == body


def test_the_page_and_the_model_know_every_fault_by_the_same_name():
    offered = re.findall(r'<option value="(\w+)"', (PAGE / "index.html").read_text().partition("reader-fault")[2])
    assert offered[: len(orders.READER_FAULTS) + 1] == ["none", *orders.READER_FAULTS]
    assert set(orders.READER_FAULTS) <= set(FAULTS)


def test_the_page_offers_every_kind_of_card_that_can_be_made():
    offered = re.findall(r'<option value="(\w+)"', (PAGE / "index.html").read_text().partition("new-card")[2])
    assert offered[: len(MADE)] == list(MADE)


def test_what_is_wrong_is_named():
    for name, body, word in (
        ("car", {}, "at least one of"),
        ("car", [], "JSON object"),
        ("car", {"buttons": True}, "'buttons'"),
        ("car", {"button": 1}, "button must be true or false"),
        ("car", {"speed": True}, "speed must be a whole number"),
        ("car", {"speed": 301}, "0 to 300 km/h"),
        ("car", {"speed": 1.5}, "speed"),
        ("car", {"supply": -1}, "supply"),
        ("car", {"hand": "open"}, "locked, unlocked"),
        ("car", {"close": "hood"}, "close must be one of: trunk, frunk, charge_port."),
        ("car", {"close": True}, "close must be one of"),
        ("car", {"close": ["trunk"]}, "close must be one of"),
        ("car", {"unplug": {"horn": True}}, "'horn'"),
        ("car", {"unplug": {"speed": 1}}, "unplug.speed"),
        ("faults", {"reader": "sulks"}, "reader must be one of"),
        ("faults", {"power_cut": {"write": 0, "variant": "half"}}, "write"),
        ("faults", {"power_cut": {"write": 1}}, "power_cut must be"),
        ("faults", {"cloud": "asleep"}, "cloud must be one of: ok, down, half-open, slow, garbage, reset, flood."),
        ("cloud", {"do": "pair"}, "do must be one of: enrol, lock, unlock"),
        ("cloud", {"remote": "on"}, "remote must be true or false"),
        ("card", {"put": "Owner 1"}, "list"),
        ("card", {"put": []}, "list"),
        ("card", {"tap": ""}, "name of a card"),
        ("card", {"make": "metal"}, "make must be one of: plastic, gauss, aes"),
        ("phone", {"do": "unlock"}, "Say which phone"),
        ("phone", {"name": "Phone 1"}, "Say which phone and what"),
        ("phone", {"name": 1, "do": "unlock"}, "name must be the name of a phone"),
        ("phone", {"name": "Phone 1", "do": "explode"}, "do must be one of: pair, unlock"),
        ("phone", {"name": "Phone 1", "range": "far"}, "range must be true or false"),
        ("phone", {"name": "Phone 1", "do": "remove"}, "say which"),
        ("phone", {"name": "Phone 1", "do": "lock", "which": "Phone 2"}, "only then"),
        ("keys", {"revoke": "all"}, "revoke"),
        ("keys", {"guest": 3}, "0 hours for always"),
        ("keys", {"hours": 3}, "0 hours for always"),
        ("keys", {"guest": 3, "hours": 9_999}, "hours must be"),
        ("keys", {"time": "noon"}, "time must be one of: now."),
        ("reset", {"confirm": True}, "erase everything"),
    ):
        assert word in refusal(_CHECKS[name], body), (name, body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
_FIELDS = st.sampled_from(
    ["button", "speed", "unplug", "reader", "power_cut", "put", "tap", "revoke", "confirm", "hand", "name", "do"]
)


@given(st.sampled_from(sorted(_CHECKS)), _JSON | st.dictionaries(_FIELDS, _JSON, max_size=3))
def test_no_body_raises_anything_but_a_sentence(name, body):
    said = refusal(_CHECKS[name], body)
    assert not said or (said[-1] in ".}" and "\n" not in said)


def test_the_api_over_http():
    """One simulator for all of it: starting one takes a second."""
    with tempfile.TemporaryDirectory() as folder, bench(Path(folder)) as simulator:
        simulator.running()
        orders_are_carried_out(simulator)
        orders_are_refused(simulator)
        strangers_are_turned_away(simulator)
        the_page_is_served(simulator)
        events_arrive(simulator)


def orders_are_carried_out(simulator):
    assert simulator.post("car", {"speed": 30, "supply": 11_000})["car"]["speed"] == 30
    assert simulator.post("car", {"speed": 0, "supply": 12_600})["car"]["supply"] == 12_600
    simulator.post("car", {"speed": 295})
    simulator.wait(lambda state: state["car"]["latches"] == {"trunk": "open", "frunk": "shut", "charge_port": "open"})
    assert simulator.post("car", {"speed": 0, "close": "trunk"})["car"]["latches"]["trunk"] == "shut"
    assert simulator.post("car", {"close": "charge_port"})["car"]["violations"] == []
    cards = simulator.post("card", {"put": ["Owner 1", "Bank card"]})["cards"]
    assert [card["name"] for card in cards if card["in_field"]] == ["Owner 1", "Bank card"]
    cards = simulator.post("card", {"take_away": ["Owner 1", "Bank card"]})["cards"]
    assert not any(card["in_field"] for card in cards)
    assert simulator.post("faults", {"reader": "dead"})["reader"]["fault"] == "dead"
    assert simulator.post("faults", {"reader": "none"})["reader"]["fault"] == "none"
    simulator.post("keys", {"revoke": 5})
    assert simulator.wait(lambda state: state["verdicts"])["verdicts"][0]["text"] == "no such key"
    assert simulator.state()["phones_here"]["phones"] == [], "there is no radio"
    simulator.post("cloud", {"remote": False, "remote_unlock": True})
    said = ("set remote to 3 characters", "set remote_unlock to 2 characters")
    simulator.wait(lambda state: set(said) <= {line["text"] for line in simulator.request("GET", "/api/log")[1]})
    simulator.post("card", {"tap": "Family"})
    assert simulator.wait(lambda state: not any(card["in_field"] for card in state["cards"]), "the hand lets go")


def orders_are_refused(simulator):
    for path, body, status, word in (
        ("car", {"doors": True}, 409, "unlock first"),
        ("car", {"hand": "unlocked", "button": "yes"}, 400, "button"),
        ("card", {"tap": "Aunt"}, 404, "'Aunt'"),
        ("car", "{", 400, "not JSON"),
        ("car", "[" * 4_000, 400, "JSON"),
        ("car", json.dumps({"unplug": {"speed": True}}) + " " * 5_000, 413, "4096"),
        ("phone", {"name": "Phone 1", "do": "unlock"}, 409, "RADIO=none"),
        ("faults", {"reader": "dead", "cloud": "down"}, 409, "BROKER=none"),
        ("cloud", {"do": "lock", "remote": True}, 409, "BROKER=none"),
        ("horn", {"on": True}, 405, "Method"),
    ):
        got, answer, _ = simulator.request("POST", "/api/" + path, body)
        assert (got, word in answer["error"]) == (status, True), (path, got, answer)
    assert simulator.request("POST", "/api/car", {"jam": True}, {"Content-Type": "text/plain"})[0] == 415
    assert simulator.request("PUT", "/api/car", {"jam": True})[0] == 405
    assert simulator.request("GET", "/api/car")[0] in (404, 405)
    state = simulator.state()
    assert state["car"]["bolt"] == "locked" and not state["car"]["jam"], "a refused order changed something"
    assert (state["reader"]["fault"], state["cloud_here"]["fault"]) == ("none", "ok")


def strangers_are_turned_away(simulator):
    own = f"127.0.0.1:{simulator.port}"
    for headers in (
        {"Host": "evil.example"},
        {"Host": f"evil.example:{simulator.port}"},
        {"Host": "127.0.0.1"},
        {"Host": own, "Origin": "http://evil.example"},
        {"Host": own, "Origin": "null"},
        {"Host": own, "Origin": "http://127.0.0.1:1"},
        {"Host": own, "Sec-Fetch-Site": "cross-site"},
        {"Host": own, "Sec-Fetch-Site": "same-site"},
    ):
        assert simulator.request("POST", "/api/car", {"jam": True}, headers)[0] == 403, headers
        assert simulator.request("GET", "/api/state", None, headers)[0] == 403, headers
    assert not simulator.state()["car"]["jam"]
    for origin in (f"http://{own}", f"http://localhost:{simulator.port}"):
        assert simulator.request("POST", "/api/car", {"jam": False}, {"Origin": origin})[0] == 200


def the_page_is_served(simulator):
    status, body, headers = simulator.request("GET", "/")
    assert status == 200 and b"<title>Latchkey simulator</title>" in body
    assert "default-src 'self'" in headers["content-security-policy"]
    assert b"http://" not in body and b"https://" not in body, "the page must not load anything from elsewhere"
    assert simulator.request("GET", "/../server.py")[0] == 404
    # A link from elsewhere may lead to the page; only the API is for the page alone.
    assert simulator.request("GET", "/", None, {"Sec-Fetch-Site": "cross-site"})[0] == 200


def events_arrive(simulator):
    connection = http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", "/api/events")
        stream = connection.getresponse()
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert next_event(stream)[0] == "log"
        kind, state = next_event(stream)
        assert kind == "state" and state["car"]["bolt"] == "locked"
        simulator.post("car", {"button": True})
        missing = {"signal", "driven", "unlocked"}
        while missing:  # ends with the connection's time limit at the latest
            kind, data = next_event(stream)
            if (kind, data) == ("signal", {"name": "light_green", "level": 1}):
                missing.discard("signal")
            elif kind == "state" and data["car"]["driven"] == ["unlock"]:
                missing.discard("driven")
            elif kind == "state" and data["car"]["bolt"] == "unlocked":
                missing.discard("unlocked")
    simulator.post("car", {"button": False})


def next_event(stream):
    kind = stream.readline().decode().removeprefix("event: ").strip()
    data = json.loads(stream.readline().decode().removeprefix("data: "))
    assert stream.readline() == b"\n"
    return kind, data
