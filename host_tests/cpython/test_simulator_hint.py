"""The hint line leads a newcomer from a blank controller to a revoked family key, and never points at a closed door."""

from hypothesis import given
from hypothesis import strategies as st
from latchkey_tools.simulator.feed import Feed
from latchkey_tools.simulator.hint import STEPS, Phones, hint

RUNNING = {"state": "running", "message": ""}
CLAIMED = {"claimed": True, "enrolment": "closed", "lock": "locked", "registry": "ready"}
BLANK = {"claimed": False, "enrolment": "closed", "lock": "locked", "registry": "blank"}


def test_the_way_of_a_newcomer():
    way = [
        (BLANK, False, set(), 1, "Hold the cabin button"),
        (BLANK, True, set(), 1, "Keep holding"),
        ({**BLANK, "enrolment": "claim"}, False, set(), 2, "Owner 1"),
        ({**CLAIMED, "enrolment": "claim-second"}, False, set(), 3, "Owner 2"),
        (CLAIMED, False, set(), 4, "unlock"),
        (CLAIMED, False, {"unlocked"}, 5, "Stranger"),
        (CLAIMED, False, {"unlocked", "refused"}, 6, "Enrol the Family card"),
        ({**CLAIMED, "enrolment": "open"}, True, {"unlocked", "refused"}, 6, "Family"),
        ({**CLAIMED, "enrolment": "pinned", "pinned": "ab12cd34"}, True, {"unlocked"}, 6, "Release the button"),
        ({**CLAIMED, "enrolment": "pinned", "pinned": "ab12cd34"}, False, {"unlocked"}, 6, "Family is pinned"),
        (CLAIMED, False, {"unlocked", "refused", "enrolled"}, 7, "Revoke"),
        (CLAIMED, False, {"unlocked", "refused", "enrolled", "revoked"}, 0, "seen it all"),
    ]
    for status, button, seen, step, word in way:
        got = hint(RUNNING, status, button, seen, {"ab12cd34": "Family"})
        assert (got["step"], word in got["text"]) == (step, True), got


def test_the_way_goes_on_with_a_phone_where_there_is_one():
    done = {"unlocked", "refused", "enrolled", "revoked"}
    names = {"ab12cd34": "Family", "3c5ccdcd": "Phone 1"}
    opened, pinned = {**CLAIMED, "enrolment": "open"}, {**CLAIMED, "enrolment": "pinned", "pinned": "3c5ccdcd"}
    way = [
        (CLAIMED, False, set(), "", 4, "unlock"),
        (CLAIMED, False, done - {"enrolled", "revoked"}, "", 6, "Enrol the Family card"),
        (opened, False, done - {"enrolled", "revoked"}, "", 6, "Family"),
        (CLAIMED, False, done, "", 8, "Make Phone 1 a key"),
        (opened, True, done, "", 8, "press Pair on Phone 1"),
        (opened, True, done, "Phone 2", 8, "Phone 2 shows its key in a moment"),
        (opened, False, {"unlocked"}, "Phone 1", 8, "Phone 1 shows its key"),
        (pinned, True, done, "Phone 1", 8, "Release the button"),
        (pinned, False, {"unlocked"}, "Phone 1", 8, "Phone 1 is pinned. Tap Owner 1"),
        ({**pinned, "pinned": "ab12cd34"}, False, {"unlocked"}, "", 6, "Family is pinned"),
        ({**CLAIMED, "enrolment": "writing"}, False, done, "Phone 1", 8, "flash"),
        ({**BLANK, "enrolment": "claim"}, False, set(), "Phone 1", 2, "Owner 1"),
        (CLAIMED, False, done | {"paired"}, "", 9, "Unlock with Phone 1"),
        (opened, False, done | {"paired"}, "", 6, "Family"),
        (CLAIMED, False, done | {"paired", "unlocked by phone"}, "", 0, "seen it all"),
    ]
    for status, button, seen, pairing, step, word in way:
        got = hint(RUNNING, status, button, seen, names, Phones(frozenset({"3c5ccdcd"}), pairing))
        assert (got["step"], got["of"], word in got["text"]) == (step, 9, True), got


def test_trouble_comes_before_the_next_step():
    assert "reader does not answer" in hint(RUNNING, {**BLANK, "reader": "fault"}, False, set(), {})["text"]
    assert "power is off" in hint({"state": "off", "message": ""}, None, False, set(), {})["text"]
    crashed = {"state": "crashed", "message": "The firmware ended (exit code 1: too fast)."}
    assert "too fast" in hint(crashed, CLAIMED, False, set(), {})["text"]
    assert "jam" in hint(RUNNING, {**CLAIMED, "lock": "jammed"}, False, set(), {})["text"]
    assert "erase" in hint(RUNNING, {**BLANK, "registry": "unreadable"}, False, set(), {})["text"]


def test_what_the_feed_has_seen():
    feed = Feed()
    feed.add({"source": "keycard", "action": "unlock", "accepted": False, "verdict": 30}, 1)
    assert feed.seen == {"refused"}
    feed.add({"source": "cabin", "action": "unlock", "accepted": True, "verdict": 0}, 1)
    assert feed.seen == {"refused"}
    feed.add({"source": "keycard", "action": "unlock", "accepted": True, "verdict": 0}, 1)
    feed.look({"keys": [{"role": "owner", "state": "active"}] * 2})
    assert feed.seen == {"refused", "unlocked"}
    feed.look({"keys": [{"role": "owner", "state": "active"}] * 2 + [{"role": "driver", "state": "revoked"}]})
    assert feed.seen == {"refused", "unlocked", "enrolled", "revoked"}
    assert [verdict["source"] for verdict in feed.newest_first()] == ["keycard", "cabin", "keycard"]


def test_a_phone_is_no_card_to_the_feed():
    feed = Feed()
    owners = [{"role": "owner", "state": "active", "kind": "keycard"}] * 2
    feed.look({"keys": [*owners, {"role": "driver", "state": "revoked", "kind": "phone"}]})
    assert feed.seen == set()
    feed.look({"keys": [*owners, {"role": "driver", "state": "active", "kind": "phone"}]})
    assert feed.seen == {"paired"}
    feed.add({"source": "phone", "action": "unlock", "accepted": False, "verdict": 30}, 1)
    feed.add({"source": "phone", "action": "lock", "accepted": True, "verdict": 0}, 1)
    assert feed.seen == {"paired"}
    feed.add({"source": "phone", "action": "unlock", "accepted": True, "verdict": 0}, 1)
    assert feed.seen == {"paired", "unlocked by phone"}


_ANYTHING = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.none(), max_size=2)
_STATUS = st.dictionaries(
    st.sampled_from(["claimed", "enrolment", "lock", "registry", "keys", "pinned"]),
    _ANYTHING | st.sampled_from(["closed", "claim", "open", "pinned", "jammed", "unreadable"]),
)


@given(
    st.sampled_from(["running", "starting", "off", "crashed", "stopped"]),
    st.none() | _STATUS,
    st.booleans(),
    st.sampled_from([None, Phones(), Phones(frozenset({"open"}), "Phone 1")]),
)
def test_whatever_the_firmware_reports_there_is_a_sentence(process, status, button, phones):
    feed = Feed()
    feed.look(status or {})
    got = hint({"state": process, "message": "It ended."}, status, button, feed.seen, {}, phones)
    assert got["text"] and 0 <= got["step"] <= got["of"] == (9 if phones else STEPS)
