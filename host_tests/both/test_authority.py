"""Stories of the authority that the reference model found: resets, crash lines, ignition keys, clocks that stand."""

from fakes.authority import Authority, Keys, Outputs
from fakes.virtual_time import VirtualTime
from latchkey.core import codes
from latchkey.core.codes import AT_LOCKED, AT_UNLOCKED, CABIN, CLOUD, KEYCARD, LOCK, UNLOCK
from latchkey.core.facts import NO, YES
from latchkey.core.remote import FORBIDDEN
from latchkey.core.request import NOBODY
from latchkey.credentials.registry import ACTIVE

_OWNER = 0
_GUEST = 1
_FLEET = 2


def _keys():
    roles = (codes.OWNER, codes.GUEST, codes.FLEET_MANAGER)
    return Keys({number: [role, ACTIVE, 1] for number, role in enumerate(roles)})


def _car(outputs=None, bolt=AT_LOCKED):
    """A controller that has just booted in a parked car and has read all its wires once."""
    car = Authority(outputs or Outputs(), _keys())
    car.vehicle.sense_button(False)
    car.vehicle.sense_crash(False)
    car.vehicle.sense_bolt(bolt)
    car.vehicle.sense_door(NO)
    car.vehicle.sense_ignition(NO)
    car.vehicle.sense_speed(NO)
    return car


def test_the_first_reading_of_the_button_after_power_on_is_no_press():
    for uptime_ms in (0, 30, 999):  # of the ESP32's ticks, which begin at 0 with each power-on
        clock = VirtualTime()
        clock.advance(5_000 + uptime_ms)
        assert clock.ticks_ms() == uptime_ms
        car = Authority(Outputs(clock), _keys())
        car.vehicle.sense_button(False)
        assert car.outputs.pulses() == [] and car.log(0) == []


def test_a_crash_line_that_is_active_at_boot_moves_nothing_and_is_reported_as_stuck():
    car = Authority(Outputs(), _keys())
    car.vehicle.sense_bolt(AT_LOCKED)
    car.vehicle.sense_crash(True)
    car.pass_ms(59_995)
    assert car.lock_state() == "locked" and car.outputs.pulses() == [] and car.log(0) == []
    assert not car.vehicle.arbiter.crash.stuck
    car.pass_ms(5)
    assert car.vehicle.arbiter.crash.stuck
    car.vehicle.sense_crash(False)
    assert not car.vehicle.arbiter.crash.stuck
    car.vehicle.sense_crash(True)
    assert len(car.outputs.unlock.driven) == 1, "an edge is a crash"


def test_an_ignition_switched_off_just_before_the_crash_is_no_ignition_cycle_after_it():
    car = _car()
    car.vehicle.sense_ignition(YES)
    car.vehicle.sense_ignition(NO)
    car.pass_ms(1_000)
    car.vehicle.sense_crash(True)
    car.vehicle.sense_bolt(AT_UNLOCKED)
    car.pass_ms(100)
    car.vehicle.sense_crash(False)
    car.pass_ms(600_000, 500)
    assert car.ask(CLOUD, _FLEET, LOCK) == codes.CRASHED
    car.vehicle.sense_ignition(YES)
    car.vehicle.sense_ignition(NO)
    car.pass_ms(2_995)
    assert car.ask(CLOUD, _FLEET, LOCK) == codes.CRASHED
    car.pass_ms(5)
    assert car.ask(CLOUD, _FLEET, LOCK) == codes.ACCEPTED


def test_a_button_found_held_after_a_reset_is_no_press():
    car = _car()
    car.vehicle._button_read = False  # as if this were the first reading
    car.vehicle.sense_button(True)
    car.pass_ms(300)
    car.vehicle.sense_button(False)
    assert car.log(0) == [] and not car.outputs.pulses()
    car.vehicle.sense_button(True)
    car.pass_ms(300)
    car.vehicle.sense_button(False)
    assert car.log(0)[0][0] == CABIN


def test_a_car_parked_for_any_number_of_days_still_unlocks():
    """Ticks wrap after 12.4 days and their differences lie after 6.2: no moment of long ago may count."""
    for days in (0.5, 5, 6.3, 9, 12, 12.5, 13, 30):
        car = _car()
        car.vehicle.sense_bolt(codes.AT_LOCKED)
        assert car.ask(KEYCARD, _OWNER, UNLOCK) == codes.ACCEPTED
        car.pass_ms(3_000)
        car.vehicle.sense_bolt(codes.AT_LOCKED)
        car.pass_ms(2_000)
        before = len(car.outputs.pulses())
        for _ in range(int(days * 24)):
            car.clock.advance(3_600_000)
            car.vehicle.tick()
        assert car.ask(KEYCARD, _OWNER, UNLOCK) == codes.ACCEPTED
        assert len(car.outputs.pulses()) == before + 1
        assert car.motor.refused == 0


def test_while_a_crash_tries_to_open_a_press_asks_to_open():
    car = _car()
    car.vehicle.sense_crash(True)
    assert car.outputs.unlock.driven and car.lock_state() == "crash-open"
    car.vehicle.sense_button(True)
    car.pass_ms(100)
    car.vehicle.sense_button(False)
    assert car.log(1) == [(CABIN, NOBODY, UNLOCK, codes.JOINED)]


def test_a_key_turned_before_the_tap_is_driving_and_gives_two_minutes_when_turned_back():
    car = _car()
    car.vehicle.sense_ignition(YES)  # nobody has authorised: the starter stays dead
    assert car.drive_state() == "denied" and car.outputs.drive.level == 0
    assert car.ask(KEYCARD, _OWNER, codes.AUTHORISE_DRIVE) == codes.ACCEPTED
    assert car.drive_state() == "driving" and car.outputs.drive.level == 1
    car.pass_ms(119_000, 500)
    car.vehicle.sense_ignition(NO)
    assert car.drive_state() == "authorised"
    car.pass_ms(119_995)
    assert car.drive_state() == "authorised" and car.outputs.drive.level == 1
    car.pass_ms(5)
    assert car.drive_state() == "denied" and car.outputs.drive.level == 0


def test_a_revocation_takes_effect_the_moment_the_car_is_parked():
    car = _car()
    car.vehicle.sense_ignition(YES)
    car.ask(KEYCARD, _OWNER, codes.AUTHORISE_DRIVE)
    assert car.ask(CLOUD, _FLEET, codes.REVOKE_DRIVE) == codes.ACCEPTED  # standing, engine on
    assert car.drive_state() == "driving" and car.outputs.drive.level == 1
    car.vehicle.sense_speed(YES)
    assert car.ask(CLOUD, _FLEET, codes.REVOKE_DRIVE) == codes.MOVING
    car.vehicle.sense_ignition(NO)  # rolls to the kerb without engine
    assert car.outputs.drive.level == 1
    car.vehicle.sense_speed(NO)
    assert car.drive_state() == "denied" and car.outputs.drive.level == 0
    assert car.ask(KEYCARD, _GUEST, codes.AUTHORISE_DRIVE) == codes.DRIVE_REVOKED


def test_an_engine_found_running_that_rolls_out_is_denied_at_standstill():
    car = Authority(Outputs(), _keys())
    car.outputs.drive.level = 1  # as the last boot left it
    car.vehicle.sense_ignition(YES)
    car.vehicle.sense_speed(YES)
    assert car.drive_state() == "driving"
    car.vehicle.sense_ignition(NO)
    assert car.outputs.drive.level == 1
    car.vehicle.sense_speed(NO)
    assert car.drive_state() == "denied" and car.outputs.drive.level == 0


def test_after_a_reset_a_parked_car_that_is_denied_cannot_be_started():
    outputs = Outputs()
    car = _car(outputs)
    car.ask(KEYCARD, _OWNER, codes.AUTHORISE_DRIVE)
    assert outputs.drive.level == 1
    car = Authority(outputs, _keys())
    assert outputs.drive.level == 1, "the reset itself changes nothing"
    car.vehicle.sense_speed(NO)
    assert outputs.drive.level == 1, "nothing is known of the ignition"
    car.vehicle.sense_ignition(NO)
    assert car.drive_state() == "denied" and outputs.drive.level == 0


def test_whoever_is_authorised_with_the_key_turned_after_a_reset_can_start():
    car = Authority(Outputs(), _keys())  # reset while the starter was denied
    car.vehicle.sense_ignition(YES)
    assert car.drive_state() == "driving" and car.outputs.drive.level == 0
    assert codes.is_accepted(car.ask(KEYCARD, _OWNER, codes.AUTHORISE_DRIVE))
    assert car.outputs.drive.level == 1


def test_with_remote_control_off_the_cloud_cannot_revoke_driving():
    car = _car()
    car.ask(KEYCARD, _OWNER, codes.AUTHORISE_DRIVE)
    car.vehicle.remote.set(FORBIDDEN, True)
    assert car.ask(CLOUD, _FLEET, codes.REVOKE_DRIVE) == codes.REMOTE_OFF
    assert car.ask(KEYCARD, _OWNER, codes.REVOKE_DRIVE) == codes.ACCEPTED


def test_what_a_crash_drove_during_the_pause_is_not_counted_after_it():
    car = _car()
    for _ in range(5):
        car.ask(KEYCARD, _OWNER, UNLOCK)  # jammed: two pulses each
        car.pass_ms(3_005)
    assert car.vehicle.arbiter.heat.pausing and len(car.outputs.unlock.driven) == 10
    car.pass_ms(23_000)
    car.vehicle.sense_crash(True)
    car.pass_ms(7_000)
    assert len(car.outputs.unlock.driven) == 13, "a crash drives a resting motor"
    assert not car.vehicle.arbiter.heat.pausing and car.vehicle.arbiter.heat.operations == 0
    assert car.ask(KEYCARD, _OWNER, UNLOCK) == codes.ACCEPTED
    car.pass_ms(19_995)  # what the crash drove is 20 s old by now
    assert car.vehicle.arbiter.heat.operations == 2
    car.pass_ms(2_000)
    assert car.vehicle.arbiter.heat.operations == 0


class _Freezing(VirtualTime):
    """The clock of a chip that stands still for 80 ms, as while flash is erased, after the n-th reading."""

    freeze_at = -1

    def ticks_ms(self):
        now = VirtualTime.ticks_ms(self)
        self.freeze_at -= 1
        if self.freeze_at == 0:
            self.advance(80)
        return now


def test_no_freeze_at_any_instant_loses_a_pulse_or_shortens_the_dead_time():
    survived = 0
    for n in range(1, 450):
        car = Authority(Outputs(_Freezing()), _keys(), bolt_fitted=False)  # no sensor, so no retry hides a lost pulse
        car.clock.freeze_at = n
        assert car.ask(KEYCARD, _OWNER, LOCK) == codes.ACCEPTED
        car.pass_ms(100)
        assert car.ask(KEYCARD, _OWNER, UNLOCK) == codes.QUEUED
        car.pass_ms(1_000)
        assert car.ask(KEYCARD, _OWNER, LOCK) == codes.ACCEPTED
        car.pass_ms(1_000)
        pulses = car.outputs.pulses()
        assert [name for _, _, name in pulses] == ["lock", "unlock", "lock"], (n, pulses)
        assert car.motor.refused == 0 and car.lock_state() == "locked"
        assert pulses[1][0] - pulses[0][1] >= 200 and pulses[2][0] - pulses[1][1] >= 200, (n, pulses)
        survived += car.clock.freeze_at < 0
    assert survived > 400, "most of these freezes happened"
