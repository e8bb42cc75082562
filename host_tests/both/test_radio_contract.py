"""The simulated `bluetooth` keeps the contract of the ESP32's; here over the fake that stories use.

cpython/test_radio_air.py takes the same cases over the air, with a firmware in a process of its own.
"""

from fakes import radio_cases
from fakes.radio import Radio
from fakes.radio_probe import Probe
from latchkey.chip.unix.attributes import UUID

_WANTS_DELAY = "case_what_is_meant_for_one_client_does_not_reach_the_next"


class _World:
    def __init__(self, eager=False):
        self._radio = Radio(eager)
        self._probe = Probe(self._radio)

    def call(self, *words, **named):
        try:
            return self._probe.call(*words, **named)
        except Exception as error:
            return "!" + type(error).__name__

    def events(self, _):
        self.poll()
        events = list(self._probe.events)
        self._probe.events.clear()
        return events

    def poll(self):
        if not self._probe.waiting:
            self._radio.poll()

    def scan(self):
        return self._radio.advertising

    def connect(self, confirms=True):
        return _Phone(self, self._radio, self._radio.connect(confirms))

    def fail_connect(self):
        self._radio.fail_connect()


class _Phone:
    """As the phones of the air, which wait for their answers."""

    def __init__(self, world, radio, phone):
        self._poll = world.poll
        self._radio = radio
        self._phone = phone
        self.address = phone.address
        self.exchange_mtu = phone.exchange_mtu
        self.confirm = phone.confirm
        self.disconnect = phone.disconnect

    def write(self, uuid, data):
        self._phone.write(self._radio.handle(uuid), data)
        return self._answer()[0]

    def read(self, uuid):
        self._phone.read(self._radio.handle(uuid))
        return self._answer()

    def subscribe(self, uuid, indications):
        return self._phone.subscribe(self._radio.handle(uuid), indications)

    def heard(self, _):
        uuids = {self._radio.handle(uuid): uuid for uuid in ("fff3", "fff4")}
        heard = [(uuids[handle], data) for _, handle, data in self._phone.heard]
        self._phone.heard.clear()
        return heard

    def ended(self):
        self._poll()
        return not self._phone.connected

    def name(self):
        return self._radio.name

    def _answer(self):
        self._poll()
        assert len(self._phone.answers) == 1
        return self._phone.answers.pop()


def _cases():
    return sorted(name for name in dir(radio_cases) if name.startswith("case_"))


def test_the_contract_holds_over_the_fake():
    _hold(False)


def test_the_contract_holds_when_events_come_at_once():
    _hold(True)


def _hold(eager):
    for name in _cases():
        try:
            if not (eager and name == _WANTS_DELAY):
                getattr(radio_cases, name)(_World(eager))
        except Exception:
            print("in", name)
            raise
    assert len(_cases()) > 25


def test_an_eager_radio_answers_from_within_the_call():
    world = _World(eager=True)
    handles = world.call("probe_register")
    world.call("gap_advertise", 20_000)
    world.connect()
    ble, seen = world._radio.BLE(), []

    def handler(event, data):
        seen.append(event)
        if event == radio_cases.DONE and seen.count(event) < 3:
            ble.gatts_indicate(0, handles[4], b"next")
        seen.append(-event)

    ble.irq(handler)
    ble.gatts_indicate(0, handles[4], b"first")
    done = radio_cases.DONE
    assert seen == [done, -done] * 3  # never one within another


def test_a_poll_delivers_a_bounded_number_of_events():
    world = _World()
    handles = world.call("probe_register")
    world.call("gap_advertise", 20_000)
    phone = world._radio.connect()
    phone.write_chunks(handles[0], bytes(400), 10)
    assert [len(world.events(0)) for _ in range(4)] == [16, 16, 9, 0]


def test_a_radio_that_breaks_down_ends_its_connections():
    world = _World()
    world.call("probe_register")
    world.call("gap_advertise", 20_000)
    phone = world.connect()
    world.events(1)
    world._radio.break_down()
    assert world.events(1) == [(radio_cases.DISCONNECT, (0, 1, phone.address))]
    assert world.call("active") is False
    assert world.call("gap_advertise", 20_000) == "!OSError"
    world._radio.out_of_order = True
    assert world.call("active", True) == "!OSError"
    world._radio.out_of_order = False
    assert world.call("active", True) is True


def test_uuids_are_what_they_say():
    tail = "-b2d1-43f0-9b88-960cebf8b91e"
    assert repr(UUID(0x2A00)) == "UUID(0x2a00)"
    assert repr(UUID("00000211" + tail)) == "UUID('00000211" + tail + "')"
    assert UUID("00000211" + tail.upper()) == UUID("00000211" + tail)
    assert UUID(0x2A00) == UUID(b"\x00\x2a") == UUID(UUID(0x2A00))
    assert UUID(bytes(reversed(range(16)))).text == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    for wrong in (-1, 0x10000, "2a0", "00000211", b"123"):
        try:
            UUID(wrong)
        except ValueError:
            continue
        raise AssertionError(wrong)


def test_a_table_that_is_none_is_refused():
    world = _World()
    world.call("active", True)
    service = UUID(0xFFF0)
    for table in (
        ((service,),),
        ((0xFFF0, ()),),
        ((service, ((service,),)),),
        ((service, ((service, 2, ((service,),)),)),),
    ):
        assert world.call("gatts_register_services", table) == "!ValueError", table
