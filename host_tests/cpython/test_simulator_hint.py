"""The hint line leads a newcomer from a blank controller to a revoked family key, and never points at a closed door."""

from hypothesis import given
from hypothesis import strategies as st
from latchkey_tools.simulator.feed import Feed
from latchkey_tools.simulator.hint import STEPS, hint

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


_ANYTHING = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.none(), max_size=2)
_STATUS = st.dictionaries(
    st.sampled_from(["claimed", "enrolment", "lock", "registry", "keys", "pinned"]),
    _ANYTHING | st.sampled_from(["closed", "claim", "open", "pinned", "jammed", "unreadable"]),
)


@given(st.sampled_from(["running", "starting", "off", "crashed", "stopped"]), st.none() | _STATUS, st.booleans())
def test_whatever_the_firmware_reports_there_is_a_sentence(process, status, button):
    feed = Feed()
    feed.look(status or {})
    got = hint({"state": process, "message": "It ended."}, status, button, feed.seen, {})
    assert got["text"] and 0 <= got["step"] <= STEPS
