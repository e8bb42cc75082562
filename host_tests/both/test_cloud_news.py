"""What is worth telling: in which order, one by one or as a number, and what becomes of it where there is no room."""

import json

from fakes.authority import Authority, Keys, Outputs
from latchkey.core import codes, governor
from latchkey.core.governor import DETAILED, MAXIMUM, NORMAL, SPARSE, Governor
from latchkey.core.request import Request
from latchkey.links.cloud_news import News

_ROWS = 64  # that the journal holds
_SWITCHED = ["forbid remote control", "allow remote control", "allow remote unlock"]


class _Inputs:
    supply_mv = 12_600


class _Link:
    connects = 3
    retained = 0


class _World:
    """A vehicle, what would be told of it, and a governor that permits everything unless `permits` says less."""

    def __init__(self):
        self.outputs = Outputs()
        self.clock = self.outputs.clock
        self.vehicle = Authority(self.outputs, Keys({})).vehicle
        self.vehicle.sense_bolt(codes.AT_LOCKED)
        self.vehicle.sense_door(1)
        self.news = News(self.vehicle, _Inputs, [])
        self.governor = Governor()
        self.permits = range(governor.KINDS)
        self.news.begin()

    def pass_s(self, seconds):
        for _ in range(seconds):
            self.clock.advance(1_000)
            self.vehicle.tick()

    def once(self):
        """The next piece, (name, payload); None for nothing to say, "refused" for no room."""
        item = self.news.next(self.governor, _Link)
        if item is None:
            return None
        if item.kind not in self.permits:
            self.news.refused(item, self.governor)
            return "refused"
        self.news.told(item, self.governor)
        payload = json.loads(item.payload)
        assert (item.qos, item.retain) == ((1, True) if item.name in (b"online", b"state") else (0, False))
        return item.name.decode(), payload

    def all(self):
        """All there is to say now."""
        found = []
        while True:
            piece = self.once()
            if piece is None:
                return found
            found.append(piece)
            assert len(found) < 500

    def events(self):
        return [piece[1] for piece in self.all() if piece[0] == "event"]

    def stranger(self, verdict=codes.UNKNOWN_KEY):
        self.vehicle.refuse(Request(codes.KEYCARD), verdict)

    def button(self, action=codes.LOCK):
        request = Request(codes.CABIN)
        request.action = action
        return self.vehicle.request(request)


def test_first_that_it_is_there_then_the_state():
    world = _World()
    online, state = world.all()
    assert online == ("online", 1)
    assert state[0] == "state" and state[1]["lock"] == "locked" and state[1]["confirmed"] is True
    assert (state[1]["by"], state[1]["key"], state[1]["action"], state[1]["verdict"]) == ("", "", "", "")
    assert world.all() == []


def test_a_hundred_changes_are_one_message():
    world = _World()
    world.all()
    for number in range(100):
        world.vehicle.sense_door(1 + number % 2)
    assert [piece[0] for piece in world.all()] == ["state"]


def test_a_state_goes_before_what_happened_and_says_who_did_it():
    world = _World()
    world.all()
    assert world.button(codes.UNLOCK) == codes.ACCEPTED
    for _ in range(200):  # more refusals than the journal has rows: who did it is known all the same
        world.stranger()
    told = world.all()
    assert [piece[0] for piece in told] == ["state", "event"]
    state = told[0][1]
    assert (state["by"], state["action"], state["verdict"], state["lock"]) == (
        "cabin",
        "unlock",
        "accepted",
        "unlocking",
    )


def test_a_state_never_says_more_than_the_sensor_does():
    world = _World()
    world.all()
    world.button(codes.UNLOCK)
    assert world.all()[0][1]["lock"] == "unlocking"
    world.vehicle.sense_bolt(codes.AT_UNLOCKED)
    world.pass_s(1)
    state = world.all()[0][1]
    assert state["lock"] == "unlocked" and state["confirmed"] is True
    world.vehicle.sense_bolt(codes.BETWEEN)
    world.pass_s(2)
    assert world.all()[0][1]["lock"] != "unlocked"


def test_refusals_are_one_number_a_minute():
    world = _World()
    world.all()
    for _ in range(4_312):
        world.stranger()
    [told] = world.events()
    assert (told["refused"], told["verdict"]) == (4_312, "a key, but not of this vehicle")
    for second in range(59):
        world.stranger(codes.WRONG_ANSWER)
        assert world.events() == [], second
        world.pass_s(1)
    world.pass_s(1)
    [told] = world.events()
    assert told["refused"] == 59
    world.pass_s(50)
    assert world.events() == []


def test_what_is_accepted_is_told_one_by_one_in_order():
    world = _World()
    world.all()
    for action in (codes.FORBID_REMOTE, codes.ALLOW_REMOTE, codes.ALLOW_REMOTE_UNLOCK):
        world.button(action)
        world.stranger()
    told = world.events()
    assert [event.get("action") for event in told[:3]] == _SWITCHED
    assert told[3]["refused"] == 3 and len(told) == 4


def test_more_than_the_journal_holds_is_not_lost_count_of():
    """And what was accepted among the rows that are gone is not told as refused."""
    world = _World()
    world.all()
    for _ in range(300):
        world.button(codes.FORBID_REMOTE)
        world.stranger()
        world.stranger()
    told = world.events()
    refused = [event["refused"] for event in told if "refused" in event]
    assert sum(refused) == 600
    assert len(told) - len(refused) <= _ROWS


def test_what_was_refused_while_nobody_listened_becomes_a_number():
    world = _World()
    world.all()
    for _ in range(100_000):
        world.stranger()
    world.button(codes.ALLOW_REMOTE_UNLOCK)
    world.news.begin()
    told = world.all()
    assert [piece[0] for piece in told] == ["online", "state", "event"]
    assert told[2][1]["refused"] == 100_000


def test_how_much_is_told_by_verbosity():
    for level, expected in ((SPARSE, 1), (NORMAL, 2), (DETAILED, 3), (MAXIMUM, 3)):
        world = _World()
        world.all()
        world.governor.set_verbosity(level, 600, 0)
        world.stranger()
        world.button(codes.FORBID_REMOTE)
        if level >= DETAILED:
            world.stranger()
        assert len(world.events()) == expected, level


def test_where_refusals_are_told_one_by_one_they_are_not_told_again_as_a_number():
    world = _World()
    world.all()
    world.governor.set_verbosity(DETAILED, 600, 0)
    for _ in range(20):
        world.stranger()
    assert len(world.events()) == 20
    world.pass_s(61)
    assert world.events() == []
    for _ in range(_ROWS + 36):
        world.stranger()
    told = world.events()
    assert len(told) == _ROWS + 1 and told[-1]["refused"] == 36


def test_a_state_that_finds_no_room_waits_and_is_then_what_holds():
    world = _World()
    world.all()
    world.permits = ()
    world.button(codes.UNLOCK)
    assert world.once() == "refused" and world.once() is None
    world.vehicle.sense_bolt(codes.AT_UNLOCKED)
    world.pass_s(9)
    assert world.once() is None
    world.permits = range(governor.KINDS)
    world.pass_s(1)
    told = world.all()
    assert told[0][1]["lock"] == "unlocked" and [piece[0] for piece in told].count("state") == 1


def test_without_room_for_the_rest_the_lock_is_told_of():
    world = _World()
    world.all()
    world.permits = (governor.LOCK_STATE,)
    world.vehicle.sense_door(2)
    assert world.once() == "refused"
    world.button(codes.UNLOCK)
    name, state = world.once()  # at once, though the rest waits
    assert name == "state" and state["lock"] in ("unlocking", "unlocked", "jammed") and state["doors_open"] is True


def test_an_event_that_finds_no_room_is_counted_and_told_of_as_a_number():
    world = _World()
    world.all()
    world.permits = (governor.LOCK_STATE, governor.VEHICLE_STATE, governor.DIAGNOSTIC)
    for _ in range(5):
        world.button(codes.CANCEL_ENROLMENT)  # the cabin may not: refused
        world.button(codes.FORBID_REMOTE)
        world.button(codes.ALLOW_REMOTE)
    for _ in range(40):
        world.once()
    assert world.governor.unsent(governor.EVENT) >= 10
    world.permits = range(governor.KINDS)
    world.pass_s(61)
    told = dict(world.all())
    assert told["event"]["refused"] == 5
    assert told["diagnostic"]["unsent"][governor.EVENT] >= 10
    assert world.governor.unsent(governor.EVENT) == 0


def test_diagnostics_come_by_verbosity_and_go_where_there_is_no_room():
    for level, every_s in ((SPARSE, 21_600), (NORMAL, 3_600), (DETAILED, 600), (MAXIMUM, 60)):
        world = _World()
        told = 0
        for _ in range(3 * every_s // 20 if every_s < 3_600 else 4_000):
            world.governor.set_verbosity(level, 3_600, world.vehicle.uptime_s)
            told += len([piece for piece in world.all() if piece[0] == "diagnostic"])
            world.clock.advance(20_000)
            world.vehicle.tick()
        passed_s = world.vehicle.uptime_s
        assert abs(told - (passed_s - 60) // every_s) <= 1, (level, told)
    world.permits = ()
    world.pass_s(60)
    assert world.once() == "refused" and world.governor.unsent(governor.DIAGNOSTIC) == 1


def test_a_diagnostic_says_how_the_controller_is():
    world = _World()
    world.pass_s(61)
    told = dict(world.all())["diagnostic"]
    assert told["uptime_s"] == 61 and told["supply_mv"] == 12_600 and told["connects"] == 3
    assert told["radio"] == "none" and told["reader"] == "" and len(told["unsent"]) == governor.KINDS


def test_quiet_leaves_the_state_of_the_lock():
    """News asks the governor of itself what it has; here by the governor's own rule."""
    world = _World()
    world.governor.set_quiet(600, 0)
    world.permits = [kind for kind in range(governor.KINDS) if Governor.may(world.governor, kind, 100, 1)]
    assert world.once() == ("online", 1)
    world.button(codes.UNLOCK)
    world.pass_s(61)
    told = [piece for piece in world.all() if piece != "refused"]
    assert [piece[0] for piece in told] == ["state"]
