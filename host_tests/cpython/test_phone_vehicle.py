"""The phone's link on bleak and what it does when links break, stay silent or never come to be. In virtual time."""

import io

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError
from fakes.phone_range import FROM_VEHICLE, Range
from fakes.virtual_time import VirtualTime
from latchkey.core import codes
from latchkey_tools.phone import link, request, seal
from latchkey_tools.phone.problem import CannotStart, Problem
from latchkey_tools.phone.progress import Progress
from latchkey_tools.phone.session import Session
from latchkey_tools.phone.vehicle import ANSWER_S, SCAN_S, Vehicle
from phone_bench import PHONE, SLOT, VIN, key64, world
from phone_world import World

_NAME = seal.local_name(VIN)
_UNLOCKED = (codes.UNLOCK, SLOT)


class _Phone:
    """near: what is in range. told: what a person reads meanwhile. after: virtual seconds that it took."""

    def __init__(self, near=None, **options):
        self.near = near or Range(world(), _NAME, **options)
        self.near.world.enrol(SLOT, key64(PHONE))
        self.told = io.StringIO()
        self.after = 0.0
        self._time = VirtualTime()

    def do(self, story):
        """story(vehicle) is a coroutine."""

        async def whole():
            session = Session(PHONE, VIN, seconds=lambda: self._time.elapsed_ms / 1000)
            async with Vehicle(session, _NAME, Progress(self.told)) as vehicle:
                return await story(vehicle)

        with self.near.bleak():
            try:
                return self._time.run(whole())
            finally:
                self.after = self._time.elapsed_ms / 1000

    def ask(self, *asked):
        async def story(vehicle):
            return [await vehicle.ask(one) for one in asked]

        return self.do(story)

    def problem(self, asked=request.UNLOCK):
        with pytest.raises(Problem) as raised:
            self.ask(asked)
        return raised.value


def test_one_link_serves_several_requests():
    phone = _Phone()
    phone.ask(request.UNLOCK, request.STATUS, request.LOCK)
    assert phone.near.world.done == [_UNLOCKED, (codes.LOCK, SLOT)]
    assert phone.near.links == 1 and phone.told.getvalue() == ""
    assert not phone.near.connected, "its place is another phone's"


def test_the_place_is_given_back_whatever_went_wrong():
    for change in ({"silent": True}, {"tables": (FROM_VEHICLE,)}):
        phone = _Phone()
        vars(phone.near).update(change)
        phone.problem()
        assert phone.near.links and not phone.near.connected


@pytest.mark.parametrize("room", [1, 20, 23, 182, 509])
def test_chunks_are_as_long_as_the_connection_takes(room):
    phone = _Phone(room=room)
    phone.ask(request.UNLOCK)
    assert phone.near.world.done == [_UNLOCKED]
    longest = max(phone.near.written)
    assert longest == max(room, 20) or (room > 180 and longest < 200)


def test_a_link_that_breaks_in_the_middle_is_made_again_once():
    for after in range(4):
        phone = _Phone(room=60)
        phone.near.drops = [after]
        phone.ask(request.UNLOCK)
        assert phone.near.world.done[-1] == _UNLOCKED and phone.near.links == 2
        assert "trying once more" in phone.told.getvalue()


def test_a_link_that_breaks_again_is_given_up_and_says_what_may_have_happened():
    phone = _Phone()
    phone.near.drops = [0, 0]
    problem = phone.problem()
    assert problem.kind == "no connection" and phone.near.world.done == []
    for drops, refuses in (([1, 0], 0), ([1], 1)):
        phone = _Phone()
        phone.near.drops = drops

        def refuse(chunk, phone=phone, refuses=refuses):
            phone.near.refuses = refuses
            return [chunk]

        phone.near.change = refuse
        problem = phone.problem()
        assert problem.kind == "no answer" and "may have done it" in str(problem)


def test_a_vehicle_that_has_driven_off_in_the_middle_may_have_done_it():
    phone = _Phone()
    phone.near.drops = [1]

    def drive_off(chunk):
        phone.near.heard = False
        return [chunk]

    phone.near.change = drive_off
    assert phone.problem().kind == "no answer"


def test_a_vehicle_that_hangs_up_between_two_requests_is_called_again():
    phone = _Phone()

    async def story(vehicle):
        await vehicle.ask(request.UNLOCK)
        phone.near.hang_up()
        await vehicle.ask(request.LOCK)

    phone.do(story)
    assert phone.near.world.done == [_UNLOCKED, (codes.LOCK, SLOT)] and phone.near.links == 2


def test_a_vehicle_that_does_not_answer_costs_two_deadlines():
    phone = _Phone()
    phone.near.silent = True
    assert phone.problem().kind == "no connection"
    assert 2 * ANSWER_S <= phone.after < 2 * ANSWER_S + 1
    assert phone.near.links == 2


def test_a_vehicle_that_is_not_in_range_is_looked_for_once():
    phone = _Phone()
    phone.near.heard = False
    problem = phone.problem()
    assert problem.kind == "out of range" and _NAME in str(problem)
    assert SCAN_S <= phone.after < SCAN_S + 1
    assert "Looking for the vehicle (up to 10 s)" in phone.told.getvalue()


def test_a_vehicle_that_does_not_take_the_call():
    phone = _Phone()
    phone.near.refuses = 1
    phone.ask(request.UNLOCK)
    assert phone.near.world.done == [_UNLOCKED]
    phone = _Phone()
    phone.near.refuses = 2
    assert phone.problem().kind == "no connection"


def test_a_device_that_has_only_the_name_of_a_vehicle():
    phone = _Phone()
    phone.near.tables = (FROM_VEHICLE,)
    assert phone.problem().kind == "no vehicle"


def test_other_vehicles_in_range_are_left_alone():
    phone = _Phone(Range(world(), "S0123456789abcdefC", _NAME))
    phone.ask(request.UNLOCK)
    assert phone.near.world.done == [_UNLOCKED]


def test_a_stuck_bluetooth_does_not_hang_the_phone():
    phone = _Phone()

    class Stuck(World):
        def connection(self):
            return _Swallows()

    class _Swallows:
        def write(self, data):
            return []

    phone.near.world.__class__ = Stuck
    assert phone.problem().kind == "no connection"
    assert phone.after < 60


def test_news_are_noticed_and_other_messages_are_not():
    phone = _Phone()
    voice = phone.near.world.dialogue.voice

    async def story(vehicle):
        await vehicle.ask(request.STATUS)
        voice.broadcast_wait()
        phone.near.deliver(phone.near.world.sent())
        nothing = await vehicle.news(3)
        voice.broadcast_status(phone.near.world._status())
        phone.near.deliver(phone.near.world.sent())
        return nothing, await vehicle.news(3)

    assert phone.do(story) == (False, True)


def test_vehicles_in_range_are_listed_the_nearest_first():
    near = Range(world(), "S0123456789abcdefC", _NAME, "kettle", "S0123C")
    with near.bleak():
        found = VirtualTime().run(link.heard(2))
    assert [told.local_name for _, told in found] == ["S0123456789abcdefC", _NAME]


def test_what_keeps_bluetooth_from_working_is_told():
    reasons = BleakBluetoothNotAvailableReason
    for error, word in (
        (BleakBluetoothNotAvailableError("x", reasons.NO_BLUETOOTH), "no Bluetooth adapter"),
        (BleakBluetoothNotAvailableError("x", reasons.NO_BLE_CENTRAL_ROLE), "no Bluetooth LE"),
        (BleakBluetoothNotAvailableError("x", reasons.POWERED_OFF), "switched off"),
        (BleakBluetoothNotAvailableError("x", reasons.DENIED_BY_USER), "may not use"),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", []), "bluetoothd"),
        (BleakDBusError("org.bluez.Error.NotReady", []), "switched off"),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", []), "may not use"),
        (BleakDBusError("org.bluez.Error.InProgress", ["busy"]), "InProgress"),
        (BleakError("adapter 'hci7' not found"), "hci7"),
        (FileNotFoundError(2, "no socket"), "--simulator"),
        (EOFError(), "--simulator"),
    ):
        phone = _Phone()
        phone.near.scanning = error
        problem = phone.problem()
        assert isinstance(problem, CannotStart) and problem.exit_code == 2
        assert word in str(problem) and str(problem).endswith("."), str(problem)


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_what_is_under_way_counts_down_on_one_line():
    phone = _Phone()
    phone.told = _Terminal()
    phone.near.heard = False
    phone.problem()
    shown = phone.told.getvalue()
    assert "Looking for the vehicle … 9 s" in shown and "… 1 s" in shown
    assert "\n" not in shown and shown.endswith("\r")
