"""Trunk, frunk and charge port: who may open them, when they stay shut, and what their coils are spared."""

from fakes.authority import LATCH_MS, LATCHES, Authority, Coil, Keys, Outputs
from fakes.virtual_time import VirtualTime
from latchkey.core import codes
from latchkey.core.codes import CABIN, CLOUD, CRASH, KEYCARD, OPEN_CHARGE_PORT, OPEN_FRUNK, OPEN_TRUNK, PHONE, TIMER
from latchkey.core.facts import NO, YES
from latchkey.core.request import NOBODY
from latchkey.credentials import entries
from latchkey.credentials.entries import ACTIVE
from latchkey.drivers.actuator import LATCH_REST_MS, Latch

_OWNER_CARD, _OWNER, _SERVICE, _CHARGER, _FLEET = range(5)


def _keys():
    return Keys(
        {
            _OWNER_CARD: [codes.OWNER, ACTIVE, 1, entries.KEYCARD],
            _OWNER: [codes.OWNER, ACTIVE, 1, entries.PHONE],
            _SERVICE: [codes.SERVICE, ACTIVE, 1, entries.PHONE],
            _CHARGER: [codes.CHARGING_MANAGER, ACTIVE, 1, entries.PHONE],
            _FLEET: [codes.FLEET_MANAGER, ACTIVE, 1, entries.CLOUD_KEY],
        }
    )


def _car(latches=LATCHES, outputs=None):
    """A controller that has booted and knows neither speed nor ignition."""
    car = Authority(outputs or Outputs(), _keys(), latches=latches)
    car.vehicle.sense_crash(False)
    car.vehicle.sense_bolt(codes.AT_LOCKED)
    car.vehicle.sense_door(NO)
    return car


def _parked(latches=LATCHES):
    car = _car(latches)
    car.vehicle.sense_ignition(NO)
    car.vehicle.sense_speed(NO)
    return car


def _opened(car):
    return [action for _, _, action in car.outputs.released()]


# The coil


def _latch(pulse_ms=LATCH_MS, clock=None):
    clock = clock or VirtualTime()
    coil = Coil(clock)
    return clock, coil, Latch(coil, pulse_ms, clock)


def test_a_pulse_ends_by_itself_and_then_the_coil_rests():
    for pulse_ms in (1, 300, 1_000):
        clock, coil, latch = _latch(pulse_ms)
        assert coil.stops == 1 and coil.driven == []
        assert latch.open()
        for wait_ms in (0, pulse_ms - 1, 1, LATCH_REST_MS - 1):
            clock.advance(wait_ms)
            latch.tick(clock.ticks_ms())
            assert not latch.open(), wait_ms
        clock.advance(1)
        assert latch.open()
        assert coil.driven == [[0, pulse_ms], [pulse_ms + 1_000, 2 * pulse_ms + 1_000]]


def test_a_pulse_outside_1_to_1000_ms_stops_at_boot():
    for pulse_ms in (-1, 0, 1_001, 60_000):
        try:
            _latch(pulse_ms)
        except ValueError:
            continue
        raise AssertionError(pulse_ms)


def test_asked_again_and_again_a_coil_is_driven_for_a_quarter_of_the_time_at_most():
    clock, coil, latch = _latch()
    for _ in range(6_000):  # a minute, right through the wrap of the ticks
        latch.open()
        clock.advance(10)
    assert len(coil.driven) == 47 and len(coil.driven) * LATCH_MS < 60_000 // 4


def test_a_latch_not_used_for_days_opens():
    """Ticks wrap after 12.4 days and their differences lie after 6.2: no moment of long ago may count."""
    for days in (7, 13):
        car = _parked()
        assert car.ask(PHONE, _OWNER, OPEN_TRUNK) == codes.ACCEPTED
        for _ in range(days * 24):
            car.clock.advance(3_600_000)
            car.vehicle.tick()
        assert car.ask(PHONE, _OWNER, OPEN_TRUNK) == codes.ACCEPTED, days
        assert _opened(car) == [OPEN_TRUNK, OPEN_TRUNK]


class _Freezing(VirtualTime):
    """The clock of a chip that stands still for 80 ms, as while flash is erased, after the n-th reading."""

    freeze_at = -1

    def ticks_ms(self):
        now = VirtualTime.ticks_ms(self)
        self.freeze_at -= 1
        if self.freeze_at == 0:
            self.advance(80)
        return now


def test_no_freeze_of_the_chip_shortens_the_rest():
    for n in range(1, 8):
        clock, coil, latch = _latch(clock=_Freezing())
        clock.freeze_at = n
        while len(coil.driven) < 3:
            latch.open()
            clock.advance(5)
        for (_, end), (start, _) in zip(coil.driven, coil.driven[1:]):
            assert start >= end + LATCH_REST_MS, (n, coil.driven)
        assert clock.freeze_at <= 0


# The decision


def test_each_phone_opens_what_its_role_may_and_nothing_else_moves():
    for credential, may in ((_OWNER, LATCHES), (_SERVICE, ()), (_CHARGER, (OPEN_CHARGE_PORT,))):
        for action in LATCHES:
            car = _parked()
            before = car.vehicle.arbiter.hold, car.vehicle.arbiter.heat.operations, car.lock_state()
            verdict = car.ask(PHONE, credential, action)
            assert verdict == (codes.ACCEPTED if action in may else codes.NOT_PERMITTED), (credential, action)
            assert _opened(car) == ([action] if action in may else [])
            assert car.outputs.pulses() == []
            assert (car.vehicle.arbiter.hold, car.vehicle.arbiter.heat.operations, car.lock_state()) == before
            assert car.log(0) == [(PHONE, credential, action, verdict)]


def test_nobody_but_a_phone_opens_a_latch():
    car = _parked()
    for source, credential in ((KEYCARD, _OWNER_CARD), (CLOUD, _FLEET), (CABIN, NOBODY)):
        for action in LATCHES:
            assert car.ask(source, credential, action) == codes.NOT_PERMITTED
    for source, credential in ((PHONE, NOBODY), (TIMER, NOBODY), (CRASH, NOBODY), (PHONE, 99)):
        assert car.ask(source, credential, OPEN_TRUNK) == codes.UNKNOWN_KEY
    car.vehicle.registry.set(_OWNER, entries.REVOKED)
    assert car.ask(PHONE, _OWNER, OPEN_TRUNK) == codes.REVOKED
    assert _opened(car) == []


def test_what_the_board_has_no_latch_for_is_refused_by_name():
    car = _parked((OPEN_TRUNK,))
    assert car.ask(PHONE, _OWNER, OPEN_FRUNK) == codes.NOT_WIRED
    assert car.ask(PHONE, _OWNER, OPEN_CHARGE_PORT) == codes.NOT_WIRED
    assert car.ask(PHONE, _OWNER, OPEN_TRUNK) == codes.ACCEPTED
    assert _opened(car) == [OPEN_TRUNK]


def test_a_board_file_cannot_give_a_latch_another_meaning():
    car = _parked(())
    for action in (codes.UNLOCK, codes.REVOKE_DRIVE, codes.WAKE, 0):
        try:
            car.vehicle.fit_latch(action, Latch(Coil(car.clock), LATCH_MS, car.clock))
        except ValueError:
            continue
        raise AssertionError(action)
    assert car.vehicle.latches == {}


def test_a_moving_car_keeps_its_latches_shut():
    car = _parked()
    car.vehicle.sense_speed(YES)
    for action in LATCHES:
        assert car.ask(PHONE, _OWNER, action) == codes.MOVING
    car.vehicle.sense_speed(NO)
    car.vehicle.sense_ignition(YES)
    assert car.ask(PHONE, _OWNER, OPEN_TRUNK) == codes.ACCEPTED, "it stands, with the ignition on"
    blind = _car()
    assert blind.ask(PHONE, _OWNER, OPEN_TRUNK) == codes.ACCEPTED, "neither wire: the phone is at the car"
    blind.vehicle.sense_ignition(YES)
    assert blind.ask(PHONE, _OWNER, OPEN_FRUNK) == codes.MOVING, "ignition on, and nobody can say that it stands"
    assert _opened(car) + _opened(blind) == [OPEN_TRUNK, OPEN_TRUNK]


def test_neither_a_crash_nor_a_low_supply_keeps_a_latch_shut():
    car = _parked()
    car.vehicle.sense_supply(YES)
    assert car.ask(PHONE, _OWNER, OPEN_TRUNK) == codes.ACCEPTED
    car.vehicle.sense_crash(True)
    assert car.ask(PHONE, _OWNER, OPEN_FRUNK) == codes.ACCEPTED
    car.pass_ms(5_000)
    assert _opened(car) == [OPEN_TRUNK, OPEN_FRUNK], "each once: nobody senses whether it opened"


def test_a_second_request_is_busy_until_the_coil_has_rested_and_other_latches_are_not():
    car = _parked()
    assert car.ask(PHONE, _OWNER, OPEN_TRUNK) == codes.ACCEPTED
    assert car.ask(PHONE, _OWNER, OPEN_TRUNK) == codes.BUSY
    assert car.ask(PHONE, _OWNER, OPEN_FRUNK) == codes.ACCEPTED
    car.pass_ms(LATCH_MS + 995)
    assert car.ask(PHONE, _OWNER, OPEN_TRUNK) == codes.BUSY
    car.pass_ms(5)
    assert car.ask(PHONE, _OWNER, OPEN_TRUNK) == codes.ACCEPTED
    assert _opened(car) == [OPEN_TRUNK, OPEN_FRUNK, OPEN_TRUNK]
    assert [row[3] for row in car.log(0)][:2] == [codes.ACCEPTED, codes.BUSY]


def test_a_resting_latch_says_first_that_the_car_moves():
    car = _parked()
    car.ask(PHONE, _OWNER, OPEN_TRUNK)
    car.vehicle.sense_speed(YES)
    assert car.ask(PHONE, _OWNER, OPEN_TRUNK) == codes.MOVING


def test_a_restart_opens_nothing():
    car = _parked()
    car.ask(PHONE, _OWNER, OPEN_TRUNK)
    car.outputs.reset()
    again = _car(outputs=car.outputs)
    again.pass_ms(60_000, 100)
    assert _opened(again) == [OPEN_TRUNK]
