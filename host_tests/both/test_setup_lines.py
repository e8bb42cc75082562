"""What the console answers while a controller is set up: values tried before they are kept, a name, and what runs."""

import json

from fakes.bench_disk import new_disk
from fakes.marks import Marks
from latchkey.core import lock
from latchkey.credentials import entries
from latchkey.credentials.identity import Identity
from latchkey.links.setup_lines import answer_steps
from latchkey.storage.records import Record
from latchkey.storage.settings import Settings

_VIN = "5YJ3E7EB1KF000316"


class _Fill:
    """Different each time, as a generator that works."""

    def __init__(self):
        self.count = 0

    def __call__(self, buf):
        self.count += 1
        for at in range(len(buf)):
            buf[at] = (at * 7 + self.count * 31) & 0xFF


class _Motor:
    motor = lock.STILL


class _Arbiter:
    lock = _Motor


class _Registry:
    def __init__(self):
        self.kinds = []

    @property
    def count(self):
        return len(self.kinds)

    def kind(self, number):
        return self.kinds[number][0]

    def condition(self, number):
        return self.kinds[number][1]


class _Custody:
    identity = None


class Controller:
    """As far as setting up needs one; its flash outlives boot()."""

    def __init__(self):
        self.disk = new_disk()
        self.marks = Marks()
        self.arbiter = _Arbiter
        self.generator = None
        self.refused = 3
        self.reset_cause = "watchdog"
        self.registry = _Registry()
        self.boot()

    def boot(self):
        self.disk.cut_power()
        folder = self.disk.mount()
        self.settings = Settings(Record(folder + "/settings"))
        self.custody = _Custody()
        self.custody.identity = Identity(Record(folder + "/identity"), self.marks)
        self.custody.identity.load()
        self.folder = folder

    def have_a_key(self):
        for _ in self.custody.identity.make_steps(_Fill()):
            pass

    def ask(self, line):
        """The one answer to a line."""
        answers = []
        for _ in answer_steps(line.split(), self.settings, self, (self, None, self.folder), answers.append):
            pass
        assert len(answers) == 1, answers
        return answers[0]

    def give(self, name, value):
        return self.ask(("try %s %s" % (name, value.encode().hex())).strip())


def test_what_is_tried_counts_at_once_and_is_gone_after_a_boot():
    controller = Controller()
    assert controller.give("wifi", "My  home ") == "tried wifi 9"
    assert controller.give("broker", "mqtts://192.0.2.1") == "tried broker 17"
    generation = controller.settings.generation
    assert controller.ask("try") == "tried all 2" and controller.settings.generation == generation + 1
    assert controller.settings.read() == {"wifi": "My  home ", "broker": "mqtts://192.0.2.1"}
    written = controller.disk.written
    controller.boot()
    assert controller.settings.read() == {} and controller.disk.written == written


def test_what_is_kept_is_kept_all_at_once_and_what_is_dropped_never_was():
    controller = Controller()
    controller.give("user", "before")
    assert controller.ask("keep") == "stored all"
    controller.give("user", "")
    controller.give("password", "secret")
    controller.give("wifi", "x")
    assert controller.ask("drop") == "tried none 0" and controller.settings.read() == {"user": "before"}
    controller.give("user", "")
    controller.give("password", "secret")
    assert controller.ask("keep") == "stored all"
    controller.boot()
    assert controller.settings.read() == {"password": "secret"} and controller.settings.tried == {}


def test_a_long_value_comes_in_pieces_and_one_that_is_too_long_is_refused():
    controller = Controller()
    assert controller.give("ca", "A" * 300) == "tried ca 300"
    assert controller.give("ca+", "B" * 300) == "tried ca 600"
    assert controller.settings.tried["ca"] == "A" * 300 + "B" * 300
    assert controller.give("ca+", "B" * 801) == "error try: too long" and len(controller.settings.tried["ca"]) == 600
    assert controller.give("ca", "C") == "tried ca 1"
    for name in ("ca", "certificate", "key", "password"):
        controller.give(name, "x" * 1_400)
    assert controller.ask("keep") == "error keep: too long" and controller.settings.generation == 0


def test_what_makes_no_sense_is_refused_and_never_repeated():
    controller = Controller()
    for line in ("try pin 00", "try ca zz", "try ca 123", "try wifi ff", "keep it not"):
        answer = controller.ask(line)
        assert answer.startswith("error try: ") or line.startswith("keep"), answer
        assert "zz" not in answer and "123" not in answer
    assert controller.settings.tried == {}
    controller.settings = None
    assert controller.ask("keep").startswith("error keep: ")


def test_settings_are_told_without_secrets():
    controller = Controller()
    for name, value in (("broker", "mqtts://a"), ("password", "swordfish"), ("key", "S" * 90), ("wifi", "net")):
        controller.give(name, value)
    controller.ask("keep")
    told = json.loads(controller.ask("settings")[9:])
    assert told == {"broker": "mqtts://a", "password": 9, "key": 90, "wifi": "net"}


def test_a_name_is_taken_while_nobody_knows_another_and_counts_after_a_boot():
    controller = Controller()
    assert controller.ask("vin " + _VIN) == "error vin: the vehicle has no key yet"
    controller.have_a_key()
    before = bytes(controller.custody.identity.public_key)
    for wrong in ("5YJ3E7EB1KF00031", _VIN.lower(), "5YJ3E7EB1KF00031I", _VIN + "0"):
        assert controller.ask("vin " + wrong).startswith("error vin: it has 17")
    controller.registry.kinds = [(entries.KEYCARD, entries.ACTIVE), (entries.PHONE, entries.SUSPENDED)]
    assert controller.ask("vin " + _VIN).startswith("error vin: phones")
    controller.registry.kinds[1] = (entries.PHONE, entries.REVOKED)
    assert controller.ask("vin " + _VIN) == "stored vin"
    assert controller.custody.identity.vin[:8] == b"LATCHKEY"
    controller.boot()
    assert controller.custody.identity.vin == _VIN.encode()
    assert bytes(controller.custody.identity.public_key) == before
    written = controller.disk.written
    assert controller.ask("vin " + _VIN) == "stored vin" and controller.disk.written == written


def test_it_waits_for_the_motor_before_flash_is_written():
    controller = Controller()
    controller.give("user", "x")
    _Motor.motor = lock.STILL + 1
    answers = []
    steps = answer_steps(["keep"], controller.settings, controller, None, answers.append)
    for _ in range(50):
        next(steps)
    assert not answers
    _Motor.motor = lock.STILL
    for _ in steps:
        pass
    assert answers == ["stored all"]


def test_what_runs_here():
    told = json.loads(Controller().ask("about")[6:])
    assert told["reset_cause"] == "watchdog" and told["network"] == "none" and told["refused"] == 3
    assert told["random_stuck"] is False and told["application"] == "" and len(told["micropython"].split(".")) == 3
    assert told["flash_free"] >= -1
