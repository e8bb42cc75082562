"""What other locks and access controllers got wrong in the field, replayed on the authority. Each names its source.

Time is virtual and passes in the ticks of 5 ms that main gives; the car answers by hand, reading by reading.
"""

from fakes.authority import Authority, Keys, Outputs
from latchkey.core import codes
from latchkey.core.codes import (
    AT_LOCKED,
    AT_UNLOCKED,
    BETWEEN,
    CABIN,
    CLOUD,
    CRASH,
    KEYCARD,
    LOCK,
    NO_ROLE,
    PHONE,
    TIMER,
    UNLOCK,
)
from latchkey.core.facts import NO, YES
from latchkey.core.intent import DOOR
from latchkey.core.remote import UNLOCK_ALLOWED
from latchkey.core.request import NOBODY
from latchkey.credentials import entries
from latchkey.credentials.entries import ACTIVE, REVOKED
from latchkey.drivers.indicator import signal_of

_OWNER = 0
_DRIVER = 1
_FLEET = 2
_CHARGER = 3


def _keys():
    roles = (codes.OWNER, codes.DRIVER, codes.FLEET_MANAGER, codes.CHARGING_MANAGER)
    kinds = (entries.KEYCARD, entries.PHONE, entries.CLOUD_KEY, entries.PHONE)
    return Keys({number: [role, ACTIVE, 1, kinds[number]] for number, role in enumerate(roles)})


def _parked(bolt=AT_LOCKED, outputs=None, registry=None, relock=False, bolt_fitted=True):
    """A controller that has just booted in a parked car and has read every wire once."""
    car = Authority(outputs or Outputs(), registry or _keys(), bolt_fitted, relock=relock)
    car.vehicle.sense_button(False)
    car.vehicle.sense_crash(False)
    car.vehicle.sense_bolt(bolt)
    car.vehicle.sense_door(NO)
    car.vehicle.sense_ignition(NO)
    car.vehicle.sense_speed(NO)
    return car


def _pulses(car):
    return [name for _, _, name in car.outputs.pulses()]


def _travel(car, position):
    """The bolt leaves its end, and arrives 300 ms after the pulse began."""
    car.pass_ms(60)
    car.vehicle.sense_bolt(BETWEEN)
    car.pass_ms(240)
    car.vehicle.sense_bolt(position)


# State told before it was so


def test_no_state_is_told_before_the_bolt_has_moved():
    """connectedhomeip #41597: LockState was set when the command came, not when the bolt had moved."""
    car = _parked()
    assert car.ask(PHONE, _DRIVER, UNLOCK) == codes.ACCEPTED
    for _ in range(59):
        car.pass_ms(5)
        assert car.lock_state() == "unlocking"
    car.vehicle.sense_bolt(BETWEEN)
    assert car.lock_state() == "unlocking"
    car.vehicle.sense_bolt(AT_UNLOCKED)
    assert car.lock_state() == "unlocked" and car.vehicle.arbiter.lock.confirmed()


def test_an_obstructed_bolt_is_never_shown_as_locked():
    """home-assistant/core #51276 and #179738: the app showed locked while the bolt had met an obstacle."""
    car = _parked(AT_UNLOCKED)
    assert car.ask(KEYCARD, _OWNER, LOCK) == codes.ACCEPTED
    car.pass_ms(100)
    car.vehicle.sense_bolt(BETWEEN)
    told = []
    for _ in range(1_000):
        car.pass_ms(5)
        if not told or told[-1] != car.lock_state():
            told.append(car.lock_state())
    assert told == ["locking", "jammed"] and _pulses(car) == ["lock", "lock"]


def test_without_a_sensor_the_state_is_called_unconfirmed():
    """home-assistant/core #54939: an assumed state was shown like a sensed one."""
    car = _parked(bolt_fitted=False)
    assert car.ask(KEYCARD, _OWNER, LOCK) == codes.ACCEPTED
    car.pass_ms(3_000)
    assert car.lock_state() == "locked" and not car.vehicle.arbiter.lock.confirmed()
    assert _pulses(car) == ["lock"], "no retry: nothing says that it failed"


def test_a_silent_sensor_ends_in_unknown_and_not_in_unlocking_for_ever():
    """HomeKey-ESP32 #26 and #74: the state stayed 'unlocking' when the confirmation never came."""
    car = _parked()
    car.ask(KEYCARD, _OWNER, UNLOCK)
    car.vehicle.sense_bolt(codes.UNKNOWN)
    car.pass_ms(1_495)
    assert car.lock_state() == "unlocking"
    car.pass_ms(5)
    assert car.lock_state() == "unknown" and _pulses(car) == ["unlock"]
    assert car.ask(KEYCARD, _OWNER, UNLOCK) == codes.ACCEPTED, "and the next tap is obeyed"


def test_a_hand_on_the_bolt_is_noticed():
    """nuki_hub #764: a lock turned by hand stayed as it was in the app. Here it also outweighs the cloud for 30 s."""
    car = _parked()
    car.vehicle.sense_bolt(BETWEEN)
    assert car.lock_state() == "unknown"
    car.vehicle.sense_bolt(AT_UNLOCKED)
    assert car.lock_state() == "unlocked" and _pulses(car) == []
    assert car.ask(CLOUD, _FLEET, LOCK) == codes.HELD
    car.pass_ms(30_000)
    assert car.ask(CLOUD, _FLEET, LOCK) == codes.ACCEPTED


# Jam


def test_a_jam_is_told_and_the_next_request_recovers_from_it():
    """nuki_hub #163 and #165, HomeKey-ESP32 #38: a jam was not shown, or shown for ever."""
    car = _parked()
    car.ask(KEYCARD, _OWNER, UNLOCK)
    car.pass_ms(1_495)
    assert not car.vehicle.jammed
    car.pass_ms(1_505)
    assert car.vehicle.jammed and car.lock_state() == "jammed" and _pulses(car) == ["unlock", "unlock"]
    car.pass_ms(60_000)
    assert car.vehicle.jammed and len(_pulses(car)) == 2, "not tried for ever"
    assert car.ask(KEYCARD, _OWNER, UNLOCK) == codes.ACCEPTED
    assert not car.vehicle.jammed
    _travel(car, AT_UNLOCKED)
    assert car.lock_state() == "unlocked"


def test_a_jam_that_a_hand_removes_is_over():
    """nuki_hub #165: 'jammed' stayed after somebody had freed the bolt."""
    car = _parked()
    car.ask(KEYCARD, _OWNER, UNLOCK)
    car.pass_ms(3_100)
    assert car.vehicle.jammed
    car.vehicle.sense_bolt(AT_UNLOCKED)
    assert not car.vehicle.jammed and car.lock_state() == "unlocked"


# Relock


def _unlocked_with_relock(source=KEYCARD, credential=_OWNER):
    car = _parked(relock=True)
    assert car.ask(source, credential, UNLOCK) == codes.ACCEPTED
    _travel(car, AT_UNLOCKED)
    return car


def test_the_relock_timer_leaves_a_locked_lock_alone():
    """connectedhomeip #24766: the auto-relock timer fired on a door that had been locked meanwhile."""
    car = _unlocked_with_relock()
    car.pass_ms(10_000)
    assert car.ask(KEYCARD, _OWNER, LOCK) == codes.ACCEPTED
    _travel(car, AT_LOCKED)
    car.pass_ms(120_000)
    assert _pulses(car) == ["unlock", "lock"]
    assert [row for row in car.log(0) if row[0] == TIMER] == []


def test_a_later_unlock_is_not_cut_short_by_the_relock_timer_of_an_earlier_one():
    """connectedhomeip #38090: UnlockWithTimeout was overwritten by the ordinary relock timer."""
    car = _unlocked_with_relock()
    car.pass_ms(40_000)
    assert car.ask(PHONE, _DRIVER, UNLOCK) == codes.ALREADY  # at 40.3 s: the time runs anew
    car.pass_ms(44_995)
    assert car.lock_state() == "unlocked" and _pulses(car) == ["unlock"]
    car.pass_ms(5)
    assert car.lock_state() == "locking" and car.log(2) == [(TIMER, NOBODY, LOCK, codes.ACCEPTED)]


def test_relock_needs_a_door_that_stayed_closed_and_a_sensor_that_says_unlocked():
    """connectedhomeip #24766 again: a relock never shuts out whoever has just got out."""
    car = _unlocked_with_relock()
    car.vehicle.sense_door(YES)
    car.vehicle.sense_door(NO)
    car.pass_ms(120_000)
    assert _pulses(car) == ["unlock"]
    car = _parked(relock=True, bolt_fitted=False)
    car.ask(KEYCARD, _OWNER, UNLOCK)
    car.pass_ms(120_000)
    assert _pulses(car) == ["unlock"]


# Power cuts, resets, repetitions


def _tap(car, number=_OWNER):
    return car.ask(KEYCARD, number, car.vehicle.meaning_of_tap(number, DOOR, True))


def test_after_a_power_cut_in_mid_movement_a_tap_follows_the_sensor():
    """HomeKey-ESP32 #37: after a power cut the next tap toggled the remembered state, the wrong way round."""
    for shown, expected in ((AT_LOCKED, "unlock"), (AT_UNLOCKED, "lock"), (BETWEEN, "unlock"), (0, "unlock")):
        outputs = Outputs()
        car = _parked(AT_LOCKED, outputs)
        car.ask(KEYCARD, _OWNER, UNLOCK)
        car.pass_ms(150)
        outputs.unlock.stop()  # the supply is gone
        outputs.clock.advance(2_000)
        car = _parked(shown, outputs)
        car.pass_ms(5_000)
        assert _pulses(car) == ["unlock"], "a reset moves nothing"
        assert _tap(car) == codes.ACCEPTED
        assert _pulses(car) == ["unlock", expected], shown


def test_a_restart_never_moves_the_lock_whatever_its_wires_show():
    """home-assistant/core #177077: reloading the integration physically moved the lock."""
    for bolt in (AT_LOCKED, AT_UNLOCKED, BETWEEN, codes.UNKNOWN):
        for door in (NO, YES):
            for ignition in (NO, YES):
                for line in (False, True):
                    car = Authority(Outputs(), _keys(), relock=True)
                    car.vehicle.sense_button(False)
                    car.vehicle.sense_crash(line)
                    car.vehicle.sense_bolt(bolt)
                    car.vehicle.sense_door(door)
                    car.vehicle.sense_ignition(ignition)
                    car.pass_ms(200_000, 500)
                    assert _pulses(car) == [] and car.outputs.drive.level == 0


def test_a_request_that_comes_twice_moves_the_lock_once():
    """esp-rfid #128, Tasmota #10254, core #45016: a command delivered again was carried out again."""
    car = _parked()
    car.vehicle.remote.set(UNLOCK_ALLOWED, True)
    assert car.ask(CLOUD, _FLEET, UNLOCK) == codes.ACCEPTED
    assert car.ask(CLOUD, _FLEET, UNLOCK) == codes.JOINED
    _travel(car, AT_UNLOCKED)
    for _ in range(20):
        assert car.ask(CLOUD, _FLEET, UNLOCK) == codes.ALREADY
        car.pass_ms(1_000)
    assert _pulses(car) == ["unlock"] and car.vehicle.arbiter.heat.operations == 0


def test_a_remote_command_that_comes_late_does_not_undo_what_was_done_at_the_car():
    """ratgdo mqtt #11, traccar #5521: a queued command ran after somebody had acted on the spot."""
    car = _parked()
    car.ask(KEYCARD, _OWNER, UNLOCK)
    _travel(car, AT_UNLOCKED)
    car.vehicle.remote.set(UNLOCK_ALLOWED, True)
    assert car.ask(CLOUD, _FLEET, LOCK) == codes.HELD
    assert car.ask(CLOUD, _FLEET, UNLOCK) == codes.ALREADY, "not contrary"
    assert _pulses(car) == ["unlock"] and car.lock_state() == "unlocked"


def test_a_revocation_that_comes_late_never_stops_a_moving_car():
    """traccar #5297 and #2665: an immobilise command queued for hours was delivered on the road."""
    car = _parked()
    car.ask(KEYCARD, _OWNER, codes.AUTHORISE_DRIVE)
    car.vehicle.sense_ignition(YES)
    car.vehicle.sense_speed(YES)
    for _ in range(3):
        assert car.ask(CLOUD, _FLEET, codes.REVOKE_DRIVE) == codes.MOVING
        car.pass_ms(600_000, 1_000)
    assert car.outputs.drive.level == 1 and car.drive_state() == "driving"
    car.vehicle.sense_speed(NO)
    car.vehicle.sense_ignition(NO)
    assert car.drive_state() == "authorised", "what was refused is not kept for later"


# Rights


def test_a_role_that_may_charge_cannot_open():
    """esphome-tesla-ble #207 and PR #196: the role 'charging only' fell through to owner."""
    registry = _keys()
    registry.entries[9] = [codes.CHARGING_MANAGER, ACTIVE, 1, entries.KEYCARD]
    car = _parked(registry=registry)
    for action in (UNLOCK, LOCK, codes.AUTHORISE_DRIVE, codes.REVOKE_DRIVE, codes.REVOKE_KEY, codes.OPEN_TRUNK):
        assert car.ask(PHONE, _CHARGER, action) == codes.NOT_PERMITTED
        assert car.ask(KEYCARD, 9, action) == codes.NOT_PERMITTED
    assert _pulses(car) == []


def test_a_key_without_rights_has_none():
    """revk #89: a fob just provisioned, with no rights set, opened a door."""
    registry = _keys()
    car = _parked(registry=registry)
    kinds = {PHONE: entries.PHONE, CLOUD: entries.CLOUD_KEY}
    for source in (CRASH, CABIN, KEYCARD, PHONE, CLOUD, TIMER):
        registry.entries[9] = [NO_ROLE, ACTIVE, 1, kinds.get(source, entries.KEYCARD)]
        for action in range(codes.LOCK, codes.REVOKE_KEY + 1):
            if source == CABIN or (source == TIMER and action == LOCK):
                continue  # sources without credential: nothing that proves a key speaks for them
            assert car.ask(source, 9, action) == codes.NOT_PERMITTED, (source, action)
    assert _pulses(car) == []


def test_a_proof_made_before_a_revocation_is_worth_nothing_after_it():
    """connectedhomeip #38222: what counts is the moment of the decision, not that of an earlier step."""
    car = _parked()
    generation = car.vehicle.registry.entry_generation(_DRIVER)
    car.vehicle.registry.set(_DRIVER, REVOKED)
    assert car.ask(PHONE, _DRIVER, UNLOCK, generation) == codes.REVOKED
    car.vehicle.registry.set(_DRIVER, ACTIVE)
    assert car.ask(PHONE, _DRIVER, UNLOCK, generation) == codes.STALE
    assert _pulses(car) == []


def test_every_refusal_has_a_light_of_its_own_and_not_that_of_success():
    """revk #180: thirty taps in a row, because nothing told the user why the first was refused."""
    done = signal_of(codes.ACCEPTED)
    for verdict in range(codes.BUSY, codes.STORAGE_FAILED + 1):
        signal = signal_of(verdict)
        assert signal != done and signal >> 4 & 15 > 0  # so many flashes


# Crash


def _crash_while_locking(car):
    assert car.ask(KEYCARD, _OWNER, LOCK) == codes.ACCEPTED
    car.pass_ms(100)
    car.vehicle.sense_crash(True)


def test_a_crash_in_the_middle_of_locking_opens():
    """BMW F22 crash function: unlock first, then all operating points disabled, because shorts could lock again."""
    car = _parked(AT_UNLOCKED)
    _crash_while_locking(car)
    car.pass_ms(195)
    assert len(_pulses(car)) == 1, "dead time"
    car.pass_ms(5)
    pulses = car.outputs.pulses()
    assert [name for _, _, name in pulses] == ["lock", "unlock"]
    assert pulses[0][1] == pulses[0][0] + 100 and pulses[1][0] == pulses[0][1] + 200


def test_after_a_crash_nothing_short_of_a_hand_locks_again():
    """The same source: whatever asks to lock in the first minute, whoever it is, is refused."""
    car = _parked(AT_UNLOCKED)
    _crash_while_locking(car)
    _travel(car, AT_UNLOCKED)
    assert car.lock_state() == "crash-open"
    for source, credential in ((KEYCARD, _OWNER), (CABIN, NOBODY), (PHONE, _DRIVER)):
        assert car.ask(source, credential, LOCK) == codes.CRASHED
    assert car.ask(CLOUD, _FLEET, LOCK) == codes.HELD
    car.vehicle.sense_crash(False)
    car.pass_ms(60_000, 10)
    assert car.ask(PHONE, _DRIVER, LOCK) == codes.CRASHED
    assert car.ask(CLOUD, _FLEET, LOCK) == codes.CRASHED
    assert car.ask(KEYCARD, _OWNER, LOCK) == codes.ACCEPTED


def test_a_lock_asked_in_the_same_tick_as_the_crash_loses_in_either_order():
    """The two orders in which one tick may see both: the vehicle ends open."""
    for crash_first in (True, False):
        car = _parked(AT_UNLOCKED)
        if crash_first:
            car.vehicle.sense_crash(True)
            assert car.ask(KEYCARD, _OWNER, LOCK) == codes.CRASHED
        else:
            assert car.ask(KEYCARD, _OWNER, LOCK) == codes.ACCEPTED
            car.vehicle.sense_crash(True)
        car.pass_ms(1_000)
        assert _pulses(car)[-1] == "unlock" and car.vehicle.arbiter.lock.wants() != LOCK
