"""Becoming a key: what the phone does while a person at the car does, or does not do, his part. In virtual time."""

import asyncio
import atexit
import contextlib
import io
import json
import stat
import tempfile
from pathlib import Path

import pytest
from fakes.phone_range import Range
from fakes.virtual_time import VirtualTime
from latchkey.core import codes
from latchkey.protocol import vehicle_command_order as orders
from latchkey_tools import cli
from latchkey_tools.phone import joining, seal
from latchkey_tools.phone.desk import Desk
from latchkey_tools.phone.keyring import Keyring
from latchkey_tools.phone.output import Output
from latchkey_tools.phone.place import Place
from latchkey_tools.phone.problem import CannotStart, NotGenuine, NotPaired, Problem, WrongVehicle
from latchkey_tools.phone.refusal import Refused
from latchkey_tools.phone.session import Session
from phone_bench import OTHER_VEHICLE, VEHICLE, VIN, key64, world
from phone_world import World

_NAME = seal.local_name(VIN)
_VEHICLE_KEY = seal.point_of(VEHICLE)
_FOLDERS = tempfile.TemporaryDirectory(prefix="latchkey-")
atexit.register(_FOLDERS.cleanup)


class _Car(World):
    """Takes a key only while `open`; strangers get the list of keys only then. shows: how often a key was shown."""

    open = False
    refusal = 5
    shows = 0

    def answer(self, order):
        voice = self.dialogue.voice
        if order == orders.SHOW_KEY:
            self.shows += 1
        if self.open or self.dialogue.slot >= 0 or order not in (orders.SHOW_KEY, orders.KEY_LIST):
            super().answer(order)
        elif order == orders.SHOW_KEY:
            voice.key_change(self.refusal)
        else:
            voice.refuse(7)


class _Story:
    """One phone, its files, one car. told: what a person reads; result: what a program gets."""

    def __init__(self, car=None, names=(_NAME,)):
        self.car = car or world(kind=_Car)
        self.near = Range(self.car, *names)
        self.folder = Path(tempfile.mkdtemp(dir=_FOLDERS.name))
        self.time = VirtualTime()
        self.told = ""
        self.result = {}

    def pair(self, *at_the_car, words=("--vin", VIN), place=None):
        """at_the_car: coroutines that go on meanwhile."""
        told, out = io.StringIO(), io.StringIO()
        chosen = cli.parser().parse_args(["phone", "pair", "--json", *words])

        async def whole():
            others = [asyncio.create_task(one) for one in at_the_car]
            try:
                await joining.pair(desk)
            finally:
                for one in others:
                    one.cancel()

        with (
            self.near.bleak(),
            contextlib.redirect_stderr(told),
            contextlib.redirect_stdout(out),
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setenv("XDG_CONFIG_HOME", str(self.folder))
            desk = Desk(chosen, place or Place(), Output("pair", True))
            try:
                self.time.run(whole())
            finally:
                self.told = told.getvalue()
        self.result = json.loads(out.getvalue())
        return self.result

    def problem(self, *at_the_car, **options):
        with pytest.raises(Problem) as raised:
            self.pair(*at_the_car, **options)
        return raised.value

    @property
    def after_s(self):
        return self.time.elapsed_ms / 1000

    @property
    def keyring(self):
        return Keyring(self.folder / "latchkey")

    async def open_enrolment(self, after_s):
        await asyncio.sleep(after_s)
        self.car.open = True

    async def confirm(self, after_s, slot=0, role=None):
        """The owner's card once more."""
        await asyncio.sleep(after_s)
        chunks = self.car.confirm(slot)
        self.car.roles[slot] = role or self.car.roles[slot]
        self.near.deliver(chunks)

    async def refuse(self, after_s, information):
        await asyncio.sleep(after_s)
        self.car.dialogue.voice.later_key_change(self.car.shown_path, information)
        self.near.deliver(self.car.sent())


def test_enrolment_that_is_open_already():
    story = _Story()
    story.car.open = True
    result = story.pair(story.confirm(10))
    assert result["new"] and (result["vin"], result["role"], result["slot"]) == (VIN, "driver", 0)
    assert result["vehicle_key"] == seal.short_id(_VEHICLE_KEY)
    assert story.car.shows == 1 and story.after_s < 11
    own = seal.short_id(seal.point_of(story.keyring.private()))
    assert result["id"] == own and f"See that it shows {own}" in story.told
    assert seal.short_id(_VEHICLE_KEY) in story.told and VIN in story.told
    assert "hold the cabin button, until" not in story.told


def test_the_vehicle_and_its_key_are_kept_and_nobody_else_may_read_the_files():
    story = _Story()
    story.car.open = True
    story.pair(story.confirm(1))
    ring = story.keyring
    assert ring.vehicles == {VIN: _VEHICLE_KEY} and ring.default == VIN
    for path in (ring.key_file, ring.vehicles_file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(ring.key_file.parent.stat().st_mode) == 0o700
    assert story.car.keys.slots[0][0] == seal.point_of(ring.private())[1:]


def test_the_phone_waits_until_enrolment_is_open_and_shows_its_key_but_twice():
    story = _Story()
    result = story.pair(story.open_enrolment(30), story.confirm(50))
    assert result["new"]
    assert story.car.shows == 2, "a key that shows itself makes the light at the car flash"
    assert "hold the cabin button, until" in story.told and "See that it shows" in story.told
    assert story.told.count("At the car:") == 1


def test_the_role_is_asked_for_and_what_was_given_is_told():
    for role, number in (("owner", 2), ("driver", 3), ("guest", 8), ("charging-manager", 6), ("vehicle-monitor", 5)):
        story = _Story()
        story.car.open = True
        story.pair(story.confirm(2), words=("--vin", VIN, "--role", role))
        assert story.car.shown[1:] == (number, 3)
        assert story.result["role"] == role.replace("-", " ")
    story = _Story()
    story.car.open = True
    story.pair(story.confirm(2, role=codes.DRIVER), words=("--vin", VIN, "--role", "owner"))
    assert story.result["role"] == "driver"


def test_nobody_opens_enrolment():
    story = _Story()
    problem = story.problem()
    assert problem.kind == "nobody came" and 88 < story.after_s < 95
    assert story.keyring.vehicles == {}


def test_nobody_confirms():
    story = _Story()
    story.car.open = True
    assert story.problem().kind == "nobody came"
    assert 88 < story.after_s < 95
    story = _Story()
    story.car.open = True
    problem = story.problem(story.refuse(31, 25))
    assert isinstance(problem, Refused) and problem.number == 25


def test_every_other_refusal_ends_it():
    for number in (1, 4, 6, 19, 20, 24):
        story = _Story()
        story.car.refusal = number
        problem = story.problem()
        assert (problem.kind, problem.number) == ("key list", number) and story.after_s < 2
        assert story.car.shows == 1


def test_a_link_that_breaks_while_the_owner_fetches_the_card():
    story = _Story()
    story.car.open = True

    async def break_off():
        await asyncio.sleep(5)
        story.near.hang_up()

    assert story.pair(break_off(), story.confirm(20))["new"]
    assert story.car.shows == 2 and story.near.links == 2


def test_the_answer_gets_lost_with_the_link():
    story = _Story()
    story.car.open = True

    async def confirm_into_nothing():
        await asyncio.sleep(5)
        story.car.confirm(4)
        story.near.hang_up()

    assert story.pair(confirm_into_nothing())["slot"] == 4


def test_a_lie_about_success_is_found_out():
    story = _Story()
    story.car.open = True
    assert isinstance(story.problem(story.refuse(5, 0)), NotPaired)
    assert story.keyring.vehicles == {}


def test_a_phone_that_is_a_key_already():
    story = _Story()
    story.car.open = True
    story.pair(story.confirm(1))
    story.keyring.vehicles_file.unlink()
    result = story.pair()
    assert not result["new"] and story.car.shows == 1
    assert story.keyring.vehicles == {VIN: _VEHICLE_KEY}


def test_a_phone_that_was_removed_pairs_again_with_the_same_key():
    story = _Story()
    story.car.open = True
    first = story.pair(story.confirm(1))["id"]
    story.car.keys.slots.clear()
    story.car.sessions.forget(0)
    assert story.pair(story.confirm(1))["id"] == first


def test_the_vehicle_is_found_without_its_name():
    story = _Story()
    story.car.open = True
    result = story.pair(story.confirm(8), words=())
    assert result["vin"] == VIN and story.keyring.vehicles == {VIN: _VEHICLE_KEY}
    story.car.keys.slots.clear()
    assert story.pair(story.confirm(8), words=())["vin"] == VIN


def test_a_vehicle_that_does_not_prove_itself_to_strangers_is_known_at_the_end():
    story = _Story()
    story.car.open = True
    story.car.to_all = False
    result = story.pair(story.confirm(8), words=())
    assert result["vin"] == VIN
    assert "Vehicle     " not in story.told


def test_a_name_that_does_not_follow_from_the_key_must_be_given():
    vin = "5YJ30123456789ABC"
    story = _Story(world(vin=vin, kind=_Car), [seal.local_name(vin)])
    assert story.problem(words=()).kind == "no name"
    story.car.open = True
    assert story.pair(story.confirm(1), words=("--vin", vin.lower()))["vin"] == vin


def test_several_vehicles_in_range():
    story = _Story(names=[_NAME, "S0123456789abcdefC"])
    problem = story.problem(words=())
    assert problem.kind == "several vehicles" and "--vin" in str(problem)
    story.near.heard = False
    assert story.problem(words=()).kind == "out of range"


def test_somebody_in_between_with_a_key_of_his_own():
    story = _Story(world(OTHER_VEHICLE, VIN, kind=_Car))
    story.car.open = True
    assert isinstance(story.problem(story.confirm(1)), WrongVehicle)
    story = _Story(world(OTHER_VEHICLE, seal.vin_of(seal.point_of(OTHER_VEHICLE)), kind=_Car))
    story.car.open = True
    assert isinstance(story.problem(story.confirm(1), words=()), WrongVehicle), "it uses another vehicle's name"
    for vin in (VIN, "5YJ30123456789ABC"):
        story = _Story(world(vin=vin, kind=_Car), [seal.local_name(vin)])
        story.car.open = True
        place = Place(("127.0.0.1", 1), vin, "00000000")
        assert isinstance(story.problem(story.confirm(1), words=(), place=place), WrongVehicle)
        assert story.keyring.vehicles == {}


def test_the_simulator_says_which_vehicle_it_is():
    story = _Story()
    story.car.open = True
    place = Place(("127.0.0.1", 1), VIN, seal.short_id(_VEHICLE_KEY))
    assert story.pair(story.confirm(1), words=(), place=place)["vin"] == VIN


def test_a_vehicle_whose_key_has_changed_is_not_pinned_again():
    story = _Story()
    story.car.open = True
    vin = "5YJ30123456789ABC"
    story = _Story(world(vin=vin, kind=_Car), [seal.local_name(vin)])
    story.car.open = True
    story.pair(story.confirm(1), words=("--vin", vin))
    other = world(OTHER_VEHICLE, vin, kind=_Car)
    other.open = True
    story.near.world = story.car = other
    problem = story.problem(story.confirm(1), words=("--vin", vin))
    assert isinstance(problem, WrongVehicle)
    for point in (_VEHICLE_KEY, seal.point_of(OTHER_VEHICLE)):
        assert seal.short_id(point) in str(problem)
    assert story.keyring.vehicles == {vin: _VEHICLE_KEY} and other.shows == 0


def test_two_vehicles_with_one_key():
    story = _Story()
    story.car.open = True
    story.pair(story.confirm(1))
    vin = seal.vin_of(seal.point_of(OTHER_VEHICLE))
    story.near = Range(world(OTHER_VEHICLE, vin, kind=_Car), seal.local_name(vin))
    story.car = story.near.world
    story.car.open = True
    story.pair(story.confirm(1), words=("--vin", vin))
    assert set(story.keyring.vehicles) == {VIN, vin} and story.keyring.default == vin
    assert len(list(story.folder.glob("latchkey/*.pem"))) == 1


def test_names_that_cannot_be():
    for vin in ("LATCHKEY", "LATCHKEY00000000!", "LATCHKEY0000000é1", "x" * 18):
        with pytest.raises(CannotStart):
            _Story().pair(words=("--vin", vin))


def test_nothing_secret_is_told():
    story = _Story()
    story.car.open = True
    story.pair(story.confirm(1))
    private = story.keyring.private()
    session = Session(private, VIN)
    shared = seal.agree(private, _VEHICLE_KEY).hex()
    number = f"{private.private_numbers().private_value:064x}"
    said = story.told + json.dumps(story.result)
    assert shared not in said and number not in said and key64(private).hex()[:16] not in said
    assert session.address.hex() not in said


def test_not_genuine_answers_end_it():
    story = _Story(world(chunk=500, kind=_Car))
    story.near.change = lambda chunk: [chunk[:60] + bytes([chunk[60] ^ 1]) + chunk[61:]]
    assert isinstance(story.problem(), NotGenuine)
