"""The cloud on the bench: what may be ordered, which fault counts, and a cloud key that says what has really happened.

With a broker in a process of its own and a car that is the firmware's own link.
"""

import asyncio
import contextlib
import re
import tempfile
from pathlib import Path

import pytest
from cloud_car import CloudCar, at_broker
from latchkey_tools.cloud import failure, words
from latchkey_tools.cloud.broker import Broker
from latchkey_tools.phone import words as phone_words
from latchkey_tools.phone.keyring import Keyring
from latchkey_tools.phone.problem import NotPaired, Problem
from latchkey_tools.phone.refusal import Refused
from latchkey_tools.simulator import broker_process, certificates, cloud_key, handset_words
from latchkey_tools.simulator import cloud_words as told
from latchkey_tools.simulator.broker import Meeting
from latchkey_tools.simulator.broker_process import HOST, BrokerProcess, free_port
from latchkey_tools.simulator.certificates import CA, CAR, TOOLS, Certificates
from latchkey_tools.simulator.cloud import Cloud, commands
from latchkey_tools.simulator.cloud_faults import DOWN, OK, SLOW, FaultProxy
from latchkey_tools.simulator.cloud_key import CloudKey
from latchkey_tools.simulator.orders import OrderError

_FOLDER = tempfile.TemporaryDirectory(prefix="latchkey-cloud-")
_VIN = "LATCHKEY123456789"


def folder():
    return Path(tempfile.mkdtemp(dir=_FOLDER.name))


class _Shown:
    """The certificates as the car at a broker wants them."""

    def __init__(self, made):
        self._made = made

    def bytes(self, name):
        if name == "client.key":
            return certificates.der_of_key(self._made.key(CAR))
        return certificates.der_of(self._made.pem(CA if name == "ca" else CAR))


@contextlib.asynccontextmanager
async def broker():
    """process, certificates, how the tools meet it."""
    where = folder()
    made = Certificates(where)
    process = BrokerProcess(broker_process.kind(), made, where, lambda: None, lambda text: None)
    await process.start(free_port(0))
    tools = Broker(HOST, process.port, True, *(str(path) for path in (made.pem(CA), made.pem(TOOLS), made.key(TOOLS))))
    try:
        yield process, made, tools
    finally:
        await process.stop()


class _Page:
    """A page's cloud key, and what a person does with it."""

    def __init__(self, tools, car):
        self.keyring = Keyring(folder(), "cloud")
        self.screens = []
        self.key = CloudKey(self.keyring, tools, self._changed)
        self._car = car

    def _changed(self):
        shown = self.key.snapshot(self._car.vin)
        self.screens.append((shown["state"], shown["text"]))

    async def press(self, do):
        """State and sentence in the end."""
        self.key.press(self._car.vin, "", do)
        async with asyncio.timeout(30):
            while self.key.doing:
                await asyncio.sleep(0.01)
        return self.screens[-1]


def test_a_cloud_key_asks_and_says_what_has_happened(monkeypatch):
    monkeypatch.setattr(cloud_key, "_MOVES_S", 4.0)
    car = CloudCar()

    async def story():
        async with broker() as (process, made, tools):
            page = _Page(tools, car)
            assert await page.press("lock") == told.NOT_YET
            page.keyring.pin(car.vin, car.point)
            with at_broker(car, process.port, _Shown(made)):
                car.enrol(page.key._private)
                assert await page.press("unlock") == told.MOVED[False]
                assert await page.press("lock") == told.MOVED[True]
                state, text = await page.press("status")
                assert state == told.DONE and "signed answer: locked" in text
            assert (handset_words.WORKING, "Connecting…") in page.screens
            await asyncio.sleep(0.3)
            state, text = await page.press("unlock")
            assert state == told.REFUSED and "not connected to the broker" in text and "Cards and phones" in text
            await process.stop()
            state, text = await page.press("lock")
            assert state == told.REFUSED and "broker cannot be reached" in text
            await page.key.close()

    try:
        asyncio.run(story())
    finally:
        car.close()
    assert car.moves() == ["unlock", "lock"]


def test_a_key_that_the_car_does_not_know_and_one_that_gives_up(monkeypatch):
    monkeypatch.setattr(cloud_key, "ANSWER_S", 0.5)
    car = CloudCar()

    async def story():
        async with broker() as (process, made, tools):
            page = _Page(tools, car)
            page.keyring.pin(car.vin, car.point)
            with at_broker(car, process.port, _Shown(made)):
                state, text = await page.press("unlock")
                assert state == told.REFUSED and "No answer from the car" in text
                page.key.press(car.vin, "", "lock")
                await asyncio.sleep(0.05)
                page.key.stop()
                await asyncio.sleep(0.05)
                assert page.screens[-1] == told.STOPPED and not page.key.doing
            await page.key.close()

    try:
        asyncio.run(story())
    finally:
        car.close()
    assert car.moves() == []


class _Way(FaultProxy):
    """Notes what it is switched to."""

    def __init__(self):
        super().__init__(HOST, 1)
        self.switched = []

    async def switch(self, mode):
        await asyncio.sleep(0.01)
        self.switched.append(mode)


def _cloud(way, tell=lambda line: True):
    tools = Broker(HOST, 1, False)
    return Cloud(Meeting("Mosquitto", "", tools, {}, way), None, "no key here", lambda vin: [vin], tell, lambda: None)


def test_of_faults_that_follow_each_other_fast_the_newest_counts():
    way = _Way()

    async def story():
        cloud = _cloud(way)
        for fault in (DOWN, OK, SLOW, DOWN, OK, SLOW):
            cloud.break_(fault)
        assert cloud.snapshot()["fault"] == SLOW
        await asyncio.sleep(0.1)
        await cloud.close()

    asyncio.run(story())
    assert way.switched[-1] == SLOW and len(way.switched) <= 2


def test_a_flood_wants_to_know_the_car_and_ends_with_the_next_fault():
    way = _Way()

    async def story():
        cloud = _cloud(way)
        with pytest.raises(OrderError, match="which car it is"):
            cloud.break_("flood")
        assert cloud.snapshot()["fault"] == OK
        cloud.look({"vin": _VIN, "vehicle_key": "01234567"})
        cloud.look({"vin": None})
        cloud.break_("flood")
        await asyncio.sleep(0.05)
        assert cloud._flooding is not None and cloud.snapshot()["fault"] == "flood"
        cloud.break_(OK)
        await asyncio.sleep(0.05)
        assert cloud._flooding is None
        cloud.break_("flood")
        await asyncio.sleep(0.05)
        await cloud.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(story())
    assert way.switched == [OK, OK, OK]


def test_orders_that_cannot_be_are_refused_with_a_sentence():
    lines = []

    def refusal(cloud, order):
        with pytest.raises(OrderError) as raised:
            cloud.order(order)
        return raised.value.status, str(raised.value)

    cloud = _cloud(_Way(), lambda line: lines.append(line) or True)
    assert refusal(cloud, {"do": "lock", "remote": True}) == (409, "no key here")
    assert lines == [], "an order is taken whole or not at all"
    cloud.order({"remote": False, "remote_unlock": True})
    assert lines == ["set remote off", "set remote_unlock on"]
    deaf = _cloud(_Way(), lambda line: False)
    assert refusal(deaf, {"remote": True}) == (409, "The firmware is not running: nobody can switch that.")


def test_what_to_type_has_everything_that_is_needed():
    tools = Broker(HOST, 8883, True, "/a b/ca.pem", "/x/tools.pem", "/x/tools.key")
    enrol, ask = commands(Meeting("Mosquitto", "", tools), "http://127.0.0.1:8080/", _VIN)
    assert enrol == f"tools/latchkey cloud enrol {_VIN} --simulator http://127.0.0.1:8080"
    assert ask == (
        f"tools/latchkey cloud status {_VIN} --broker mqtts://127.0.0.1:8883 --ca '/a b/ca.pem' --cert /x/tools.pem "
        "--key /x/tools.key"
    )


def test_no_sentence_sends_a_person_at_the_page_to_a_command():
    problems = [NotPaired(), Problem("no answer", "`latchkey`"), Problem("car offline", "The car is away.")]
    problems += [Problem(kind, f"{kind}.") for kind in (failure.NO_BROKER, failure.LOST, failure.NOT_LET_IN)]
    kinds = (("fault", phone_words.FAULTS), ("declined", phone_words.DECLINED), ("key list", phone_words.KEY_LIST))
    for kind, sentences in (*kinds, ("signature", phone_words.SIGNATURE)):
        problems += [Refused(kind, number) for number in (*sentences, 99)]
    for problem in problems:
        state, text = told.of(problem)
        assert state == told.REFUSED and "`" not in text and text[-1] == ".", (problem.kind, problem.number, text)


def test_what_takes_time_has_words_on_the_page():
    used = re.findall(r'during\("([^"]+)"', Path(cloud_key.__file__).read_text())
    assert len(used) >= 3
    for text in used:
        assert text in handset_words.UNDER_WAY, text
    assert words.retold(Problem("x", "this phone")).args == ("this key",)
