"""The phones of the simulator's page: what a press does, what the screen says, and that no place at the car is held for
longer than it is used. In virtual time, on the firmware's own protocol, without a radio and without the page.
"""

import asyncio
import atexit
import re
import stat
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from fakes.phone_range import Range
from fakes.virtual_time import VirtualTime
from latchkey.core import codes
from latchkey_tools.phone import pairing, seal, vehicle, words
from latchkey_tools.phone import run as phone_run
from latchkey_tools.phone.keyring import Keyring
from latchkey_tools.phone.problem import NotPaired, Problem
from latchkey_tools.phone.refusal import Refused
from latchkey_tools.simulator import handset_words as told
from latchkey_tools.simulator.handset import HOLD_S, Handset
from latchkey_tools.simulator.orders import OrderError
from latchkey_tools.simulator.phones import Phones
from phone_bench import OTHER_VEHICLE, VEHICLE, VIN, world
from phone_world import World

_NAME = seal.local_name(VIN)
_KEY_ID = seal.short_id(seal.point_of(VEHICLE))
_FOLDERS = tempfile.TemporaryDirectory(prefix="latchkey-")
atexit.register(_FOLDERS.cleanup)


class _AtOnce(ThreadPoolExecutor):
    """Threads know no virtual time."""

    def submit(self, work, *arguments, **options):
        done = Future()
        done.set_result(work(*arguments, **options))
        return done


class _Stuck(World):
    """Its bolt does not move."""

    @property
    def locked(self):
        return True

    @locked.setter
    def locked(self, value):
        pass


class _Pocket:
    """Phones beside one car. screens: what the first one showed, one after the other, each once."""

    def __init__(self, car=None, enrolled=True, count=1):
        self.car = car or world()
        self.near = Range(self.car, _NAME)
        self.folder = Path(tempfile.mkdtemp(dir=_FOLDERS.name))
        self.time = VirtualTime()
        self.screens = []
        self._enrolled = enrolled
        self._count = count

    def live(self, story):
        """story(handset, …) is a coroutine."""

        async def whole():
            asyncio.get_running_loop().set_default_executor(_AtOnce())
            handsets = []
            for number in range(1, 1 + self._count):
                handset = Handset(
                    f"Phone {number}", Keyring(self.folder, f"phone-{number}"), lambda: self._look(handsets)
                )
                if self._enrolled:
                    self.car.enrol(number, handset.point[1:])
                handsets.append(handset)
            try:
                return await story(*handsets)
            finally:
                for handset in handsets:
                    await handset.close()

        with self.near.bleak():
            return self.time.run(whole())

    def _look(self, handsets):
        shown = handsets[0].snapshot(VIN)
        if self.screens[-1:] != [(shown["state"], shown["text"])]:
            self.screens.append((shown["state"], shown["text"]))

    async def pressed(self, handset, do, other=None, vin=VIN, key_id=_KEY_ID):
        """Press and wait for the end; gives state and sentence."""
        handset.press(vin, key_id, do, other)
        while handset.doing:
            await asyncio.sleep(0.01)
        shown = handset.snapshot(vin)
        return shown["state"], shown["text"]


def test_a_press_is_a_signed_command_and_the_bolt_is_looked_at():
    pocket = _Pocket()

    async def story(phone):
        assert await pocket.pressed(phone, "unlock") == (told.DONE, "Unlocked.")
        assert await pocket.pressed(phone, "lock") == (told.DONE, "Locked.")
        for do in ("drive", "trunk", "frunk", "charge_port"):
            assert (await pocket.pressed(phone, do))[0] == told.DONE

    pocket.live(story)
    actions = (
        codes.UNLOCK,
        codes.LOCK,
        codes.AUTHORISE_DRIVE,
        codes.OPEN_TRUNK,
        codes.OPEN_FRUNK,
        codes.OPEN_CHARGE_PORT,
    )
    assert pocket.car.done == [(action, 1) for action in actions]
    assert pocket.near.links == 1


def test_the_link_is_held_for_a_while_and_then_given_back():
    pocket = _Pocket()

    async def story(phone):
        await pocket.pressed(phone, "unlock")
        await asyncio.sleep(HOLD_S - 1)
        assert pocket.near.connected and phone.snapshot(VIN)["linked"]
        await pocket.pressed(phone, "lock")
        await asyncio.sleep(HOLD_S - 1)
        assert pocket.near.connected
        await asyncio.sleep(2)
        assert not pocket.near.connected and not phone.snapshot(VIN)["linked"]
        await pocket.pressed(phone, "unlock")

    pocket.live(story)
    assert pocket.near.links == 2


def test_a_stranger_is_told_what_to_do_and_keeps_no_place():
    pocket = _Pocket(enrolled=False)

    async def story(phone):
        assert (phone.snapshot(VIN)["state"], phone.snapshot(VIN)["is_key"]) == (told.STRANGER, False)
        state, text = await pocket.pressed(phone, "unlock")
        assert state == told.REFUSED and "press Pair" in text
        await asyncio.sleep(0.1)
        assert not pocket.near.connected

    pocket.live(story)
    assert pocket.car.done == []


def test_becoming_a_key_is_told_step_by_step():
    pocket = _Pocket(enrolled=False)

    async def story(phone):
        phone.press(VIN, _KEY_ID, "pair")
        while pocket.car.shown is None or phone.snapshot(VIN)["state"] != told.SHOWING:
            await asyncio.sleep(0.1)
        assert pocket.car.shown[0] == phone.point[1:] and phone.short_id in phone.snapshot(VIN)["text"]
        pocket.near.deliver(pocket.car.confirm(4))
        while phone.doing:
            await asyncio.sleep(0.1)
        assert phone.snapshot(VIN)["is_key"]
        assert await pocket.pressed(phone, "pair") == (
            told.DONE,
            "This phone was already a key of the car: driver, slot 4.",
        )

    pocket.live(story)
    states = [state for state, _ in pocket.screens]
    assert [state for at, state in enumerate(states) if states[at - 1 : at] != [state]][:4] == [
        told.WORKING,
        told.ASKING,
        told.SHOWING,
        told.DONE,
    ]
    assert (told.DONE, "This phone is now a key of the car: driver, slot 4.") in pocket.screens
    for path in pocket.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert Keyring(pocket.folder, "phone-1").vehicles == {VIN: seal.point_of(VEHICLE)}


def test_a_key_is_known_as_one_after_the_next_start():
    pocket = _Pocket()

    async def pair(phone):
        await pocket.pressed(phone, "pair")

    async def later(phone):
        assert phone.snapshot(VIN)["state"] == told.READY and phone.last_vin == VIN

    pocket.live(pair)
    pocket.live(later)


def test_out_of_range_it_hears_nothing_and_its_link_is_gone():
    pocket = _Pocket()

    async def story(phone):
        await pocket.pressed(phone, "unlock")
        phone.carry(False)
        await asyncio.sleep(0.1)
        assert not pocket.near.connected and phone.snapshot(VIN)["state"] == told.AWAY
        state, text = await pocket.pressed(phone, "lock")
        assert state == told.AWAY and "not heard" in text
        phone.carry(True)
        assert phone.snapshot(VIN)["state"] == told.READY

    pocket.live(story)
    assert pocket.car.done == [(codes.UNLOCK, 1)]


def test_whoever_comes_into_range_while_it_listens_is_heard():
    pocket = _Pocket()

    async def story(phone):
        phone.carry(False)
        phone.press(VIN, _KEY_ID, "unlock")
        await asyncio.sleep(2)
        assert phone.doing == "unlock"
        phone.carry(True)
        while phone.doing:
            await asyncio.sleep(0.1)
        assert phone.snapshot(VIN)["text"] == "Unlocked."

    pocket.live(story)


@pytest.mark.parametrize("carried", [False, True])
def test_broken_off_at_any_moment_it_holds_no_place_and_works_again(carried):
    busy = 0
    for turns in range(40):
        pocket = _Pocket()
        pocket.near.drops = [0] * (turns % 2)

        async def story(phone, turns=turns, pocket=pocket):
            phone.press(VIN, _KEY_ID, "unlock")
            for _ in range(turns):
                await asyncio.sleep(0)
            was_busy, was_done = bool(phone.doing), bool(pocket.car.done)
            phone.carry(False) if carried else phone.stop()
            await asyncio.sleep(3)
            assert not phone.doing
            state = phone.snapshot(VIN)["state"]
            if state == told.DONE:
                assert was_done and was_busy >= carried, "it was done before it was broken off"
            else:
                assert state == (told.AWAY if carried else told.REFUSED) and bool(pocket.car.done) == was_done
            assert not pocket.near.connected or (state == told.DONE and not carried)
            phone.carry(True)
            assert (await pocket.pressed(phone, "lock"))[1] == "Locked."
            return was_busy

        busy += pocket.live(story)
    assert 15 < busy < 40, "moments before and after the end of the order"


def test_broken_off_while_the_link_is_made_it_leaves_none_behind():
    pocket = _Pocket()
    pocket.near.delay_s = 2

    async def story(phone):
        phone.press(VIN, _KEY_ID, "unlock")
        await asyncio.sleep(1)
        assert pocket.near.connected and phone.snapshot(VIN)["text"] == "Connecting…"
        phone.stop()
        await asyncio.sleep(0.1)
        assert not pocket.near.connected and phone.snapshot(VIN)["state"] == told.REFUSED

    pocket.live(story)


def test_what_nobody_has_foreseen_does_not_end_the_phone():
    pocket = _Pocket()

    async def story(phone):
        pocket.near.scanning = RuntimeError("on fire")
        state, text = await pocket.pressed(phone, "unlock")
        assert state == told.REFUSED and "RuntimeError" in text
        pocket.near.scanning = None
        assert (await pocket.pressed(phone, "unlock"))[0] == told.DONE

    pocket.live(story)


def test_refusals_of_the_car_are_told_and_the_link_is_kept():
    pocket = _Pocket()
    pocket.car.verdicts[codes.OPEN_TRUNK] = codes.MOVING
    pocket.car.verdicts[codes.OPEN_FRUNK] = codes.NOT_WIRED

    async def story(phone):
        for do, word in (("trunk", "moving"), ("frunk", "no such output")):
            state, text = await pocket.pressed(phone, do)
            assert state == told.REFUSED and word in text
        assert pocket.near.connected

    pocket.live(story)


def test_a_bolt_that_does_not_move_is_not_called_moved():
    pocket = _Pocket(world(kind=_Stuck))

    async def story(phone):
        state, text = await pocket.pressed(phone, "unlock")
        assert state == told.REFUSED and "jammed" in text

    pocket.live(story)


def test_a_phone_removes_the_other_which_is_a_stranger_then():
    pocket = _Pocket(count=2)

    async def story(first, second):
        assert (await pocket.pressed(second, "unlock"))[0] == told.DONE
        assert await pocket.pressed(first, "remove", second) == (told.DONE, "Phone 2 is no key of this car any more.")
        state, text = await pocket.pressed(second, "lock")
        assert state == told.REFUSED and "does not know this phone" in text
        assert not second.snapshot(VIN)["is_key"]

    pocket.live(story)


def test_another_car_is_another_session():
    """As after an erase: the controller has a new key, and the phone was never paired with that one."""
    pocket = _Pocket()
    other = seal.point_of(OTHER_VEHICLE)

    async def story(phone):
        await pocket.pressed(phone, "pair")
        assert phone.snapshot(VIN)["is_key"] and not phone.snapshot(seal.vin_of(other))["is_key"]
        state, _ = await pocket.pressed(phone, "unlock", vin=seal.vin_of(other), key_id=seal.short_id(other))
        assert state == told.AWAY, "nothing on the air has that name"
        assert (await pocket.pressed(phone, "unlock"))[0] == told.DONE

    pocket.live(story)


def test_orders_that_cannot_be_are_refused_with_a_sentence():
    pocket = _Pocket(count=2)

    def refusal(phones, order):
        with pytest.raises(OrderError) as raised:
            phones.order(order)
        return raised.value.status, str(raised.value)

    async def story(*handsets):
        phones = Phones(list(handsets))
        assert refusal(phones, {"name": "Phone 1", "do": "unlock"})[0] == 409, "no car has said its name"
        phones.look({"vin": VIN, "vehicle_key": _KEY_ID})
        phones.look({"vin": None, "vehicle_key": 7})
        assert refusal(phones, {"name": "Phone 9", "do": "unlock"})[0] == 404
        assert refusal(phones, {"name": "Phone 1", "do": "remove", "which": "Aunt"})[0] == 404
        phones.order({"name": "Phone 1", "range": False, "do": "unlock"})
        status, text = refusal(phones, {"name": "Phone 1", "do": "lock", "range": True})
        assert status == 409 and "busy (unlock)" in text
        assert not handsets[0].near, "a refused order has changed nothing"
        assert phones.hint.pairing == ""
        phones.order({"name": "Phone 2", "do": "pair"})
        assert phones.hint.pairing == "Phone 2"
        phones.order({"name": "Phone 1", "do": "stop"})
        phones.order({"name": "Phone 2", "do": "stop"})
        await asyncio.sleep(3)
        assert [one["doing"] for one in phones.snapshot()["phones"]] == ["", ""]

    pocket.live(story)
    none = Phones([], "There is no radio.")
    assert refusal(none, {"name": "Phone 1", "do": "unlock"}) == (409, "There is no radio.")
    assert none.snapshot() == {"why": "There is no radio.", "phones": []} and none.hint is None


def test_no_sentence_sends_a_person_at_the_page_to_a_command():
    problems = [NotPaired(), vehicle.OutOfRange(_NAME), Problem("no answer", "`latchkey phone`")]
    kinds = (("fault", words.FAULTS), ("declined", words.DECLINED), ("key list", words.KEY_LIST))
    for kind, sentences in (*kinds, ("signature", words.SIGNATURE)):
        problems += [Refused(kind, number) for number in (*sentences, 99)]
    for problem in problems:
        state, text = told.of(problem)
        assert "`" not in text and text[-1] == ".", problem
        assert state == (told.AWAY if problem.kind == "out of range" else told.REFUSED)


def test_everything_that_the_client_does_has_words_on_the_page():
    folder = Path(phone_run.__file__).parent
    for module in (vehicle, pairing):
        for text in re.findall(r'during\("([^"]+)"', (folder / Path(module.__file__).name).read_text()):
            assert text in told.UNDER_WAY, text
    assert {"Waiting for the vehicle", "Waiting for the bolt"} <= set(told.UNDER_WAY)
