"""The whole authority of the firmware against the reference model: same requests, same car, same moment.

Steps are decoded from one string of bytes, which hypothesis makes fast and shrinks well. Time jumps from one moment at
which anything is due (for either of the two) to the next, so no deadline is ever passed late; one test ticks every 5 ms
instead, as main does. In two of the tests sensors show anything at any time, in two a simulated car closes the loop.
"""

from itertools import pairwise

from fakes.authority import BOOT_MS, LATCHES, Authority, Keys, Outputs
from fakes.results import tell
from fakes.scale import LONG, SHORT
from fakes.virtual_time import VirtualTime
from hypothesis import given, settings
from hypothesis import strategies as st
from latchkey.core import arbiter as timers
from latchkey.core import codes, crash, words
from latchkey.core import remote as switches
from latchkey.core.codes import CABIN, CLOUD, CRASH, KEYCARD, LOCK, PHONE, TIMER, UNLOCK
from latchkey.core.facts import NO, YES
from latchkey.core.request import NOBODY
from latchkey.credentials import key_list as keys
from latchkey.credentials.entries import ABSENT, ACTIVE, CLOUD_KEY, REVOKED, SUSPENDED
from latchkey.credentials.entries import KEYCARD as CARD_KIND
from latchkey.credentials.entries import PHONE as PHONE_KIND
from motor_car import MotorCar
from reference_model import HOLD, MINUTE, Reference

EXAMPLES, STEPS = (100_000, 100) if LONG else (300, 50) if SHORT else (2_000, 50)
STEP_LEN, HEAD_LEN = 3, 2
BYTES = HEAD_LEN + STEPS * STEP_LEN

OWNER, DRIVER, GUEST, SERVICE, FLEET, MONITOR, CHARGING, SLEEPER, STRANGER = range(9)
ROLES = (codes.OWNER, codes.DRIVER, codes.GUEST, codes.SERVICE, codes.FLEET_MANAGER, codes.VEHICLE_MONITOR)
ROLES = ROLES + (codes.CHARGING_MANAGER, codes.OWNER)
# One of each role and kind: numbers 0 to 8 are cards, 10 to 18 phones, 20 to 28 cloud keys.
KIND_OF = {KEYCARD: CARD_KIND, PHONE: PHONE_KIND, CLOUD: CLOUD_KEY}


def fits(source, role):
    """The number of the credential of this role that may come over the link of this source."""
    return role + 10 * (KIND_OF[source] - 1)


# Kinds of steps.
ASK, PASS, BOLT, DOOR, IGNITION, SPEED, SUPPLY, CRASH_LINE, BUTTON, SETTING, KEY, BOOT = range(12)

# Who asks: mostly those who may, so that something moves; all others as well.
LOCALS = [(s, fits(s, c)) for s in (KEYCARD, PHONE) for c in (OWNER, DRIVER)] + [(CABIN, NOBODY)]
USUAL = 3 * LOCALS + 9 * [(CLOUD, fits(CLOUD, FLEET))]
USUAL += 3 * [(s, fits(s, c)) for s, c in ((PHONE, GUEST), (KEYCARD, GUEST), (PHONE, SERVICE))]
EVERYBODY = [(s, NOBODY) for s in (TIMER, CLOUD, PHONE, KEYCARD, CABIN, CRASH)]
EVERYBODY += [(s, fits(s, c)) for s in (CLOUD, PHONE, KEYCARD) for c in range(9)]
EVERYBODY += [(s, c) for s in (TIMER, CLOUD, PHONE, KEYCARD, CABIN, CRASH) for c in (0, 1, 4, 10, 11, 14, 20, 21, 24)]
FAR = 14 * [(CLOUD, fits(CLOUD, FLEET))] + [(KEYCARD, OWNER), (PHONE, fits(PHONE, DRIVER))]
WHAT = 6 * [LOCK, UNLOCK] + 2 * [codes.AUTHORISE_DRIVE, codes.REVOKE_DRIVE]
WHAT = WHAT + [*LATCHES, codes.WAKE, codes.SUSPEND_GUESTS, codes.ADMIT_GUESTS, 0, 99]
BOXES = [(PHONE, fits(PHONE, c)) for c in (OWNER, DRIVER, GUEST, CHARGING)] + [(CLOUD, fits(CLOUD, FLEET))]
# Around every limit that the design names, from both sides.
SPANS = [5, 30, 100, 195, 200, 205, 300, 495, 500, 505, 695, 700, 705, 1_000, 1_495, 1_500, 1_505, 2_995, 3_000, 3_005]
SPANS += [7_000, 10_000, 15_000, 19_995, 20_000, 20_005, 29_995, 30_000, 30_005, 45_000, 60_000, 120_000, 600_000]
BRISK = 4 * [705, 705, 900, 1_505] + [195, 500, 3_000, 12_000, 19_000, 28_000, 29_995, 30_000]
SLOW = [30, 1_000, 1_995, 2_995, 3_000, 3_005, 57_000, 59_995, 60_000, 300_000, 539_000, 540_000, 599_995, 600_000]
RESTS = [5, 100, 295, 300, 305, 695, 700, 705, 995, 1_000, 1_005, 1_295, 1_300, 1_305]
POSITIONS = 3 * [codes.AT_LOCKED, codes.AT_UNLOCKED] + [codes.BETWEEN, codes.UNKNOWN]

# Every limit is reached in some mood. Who asks, for what, how long nothing happens; of 256 steps, how many of a kind:
# requests, pauses, then bolt, door, ignition, speed, supply, crash line, button, settings, keys, boots.
MOODS = (
    (USUAL + USUAL + EVERYBODY, WHAT, SPANS, (110, 60, 30, 7, 12, 9, 5, 6, 9, 2, 3, 3)),  # anything at any time
    (USUAL, [LOCK, UNLOCK], BRISK, (130, 105, 8, 0, 0, 0, 1, 6, 4, 0, 1, 1)),  # the motor grows hot
    (FAR, [LOCK, UNLOCK], BRISK, (130, 110, 8, 0, 0, 0, 1, 1, 4, 0, 1, 1)),  # by the cloud
    (USUAL, [LOCK, LOCK, UNLOCK], SLOW, (90, 70, 20, 4, 44, 4, 2, 14, 4, 1, 2, 1)),  # after a crash
    (USUAL, [UNLOCK, UNLOCK, LOCK], SLOW + 4 * [15_000, 44_995], (90, 84, 30, 36, 4, 2, 2, 1, 3, 2, 1, 1)),  # relock
    (BOXES + USUAL, 4 * LATCHES + (UNLOCK, LOCK), RESTS, (130, 96, 2, 2, 7, 8, 3, 2, 2, 1, 2, 1)),  # trunks open
)
KINDS = [[kind for kind, share in enumerate(mood[3]) for _ in range(share)] for mood in MOODS]


def fresh_keys(state=keys.READY):
    return Keys(
        {
            n + 10 * (kind - 1): [role, SUSPENDED if n == SLEEPER else ACTIVE, 1, kind]
            for n, role in enumerate(ROLES)
            for kind in KIND_OF.values()
        },
        state,
    )


class Pair:
    """The firmware and the model on one clock. Every difference between them is an AssertionError."""

    def __init__(self, bolt_fitted, drive_fitted, relock, registry_state=keys.READY, latches=LATCHES):
        self.board = bolt_fitted, drive_fitted, relock, latches
        self.outputs = Outputs()
        self.registry = fresh_keys(registry_state)
        self.mood = 0  # of MOODS
        self.car = None  # or a MotorCar, whose bolt the sensor then shows
        self.model = None
        self.crash_line = False
        self.boot()

    def boot(self):
        if self.model is not None:
            check_rate(self.model)
        self.outputs.reset()
        self.outputs.clock.advance(BOOT_MS)
        self.firmware = Authority(self.outputs, self.registry, *self.board)
        self.model = Reference(self.now(), *self.board, self.outputs.drive.level)
        self.firmware.vehicle.remote.set(switches.UNLOCK_ALLOWED, True)
        self.model.unlock_on = True
        self.logged = self.driven = 0
        self.driven_before = len(self.outputs.pulses())
        self.released_before = len(self.outputs.released())
        self.known_line = self.button_held = False

    def now(self):
        return self.outputs.clock.elapsed_ms

    # Steps

    def ask(self, source, credential, action, stale=False):
        generation = self.registry.entry_generation(credential) - (1 if stale else 0)
        verdict = self.recognise(source, credential, action, stale)
        if verdict:
            self.model.log.append((source, action, verdict))
        else:
            role = codes.NO_ROLE if credential == NOBODY else ROLES[credential % 10]
            self.model.uptime_s = self.firmware.vehicle.uptime_s
            verdict = self.model.request(source, role, action)
        got = self.firmware.ask(source, credential, action, generation)
        assert got == verdict, "%s, not %s" % (words.verdict_name(got), words.verdict_name(verdict))

    def recognise(self, source, credential, action, stale):
        """Who is asking, by the key list as it stands now: ACCEPTED or the reason to refuse."""
        if credential == NOBODY:
            return codes.ACCEPTED if source == CABIN else codes.UNKNOWN_KEY
        if self.registry.state == keys.UNREADABLE:
            return codes.NO_REGISTRY
        role, condition, _, kind = self.registry.entries.get(credential, (0, ABSENT, 0, 0))
        if condition != ACTIVE:
            return {REVOKED: codes.REVOKED, SUSPENDED: codes.SUSPENDED}.get(condition, codes.UNKNOWN_KEY)
        if KIND_OF.get(source) != kind:
            return codes.NOT_PERMITTED
        if stale:
            return codes.STALE
        opens = role == codes.OWNER and source == KEYCARD and action in (LOCK, UNLOCK)
        if self.registry.state == keys.OLDER and not opens:  # owner cards alone open, nothing else works
            return codes.OLD_REGISTRY
        return codes.ACCEPTED

    def crash(self, active):
        if not active or self.known_line:
            self.model.crash(active)
        self.known_line = True
        self.crash_line = active
        self.firmware.vehicle.sense_crash(active)

    def bolt(self, position):
        self.firmware.vehicle.sense_bolt(position)
        self.model.bolt(position)

    def pass_ms(self, ms):
        end = self.now() + ms
        while self.now() < end:
            self.pass_to(min(self.model.moments() + self.firmware_moments() + [end]))

    def tick_ms(self, ms):
        for _ in range(ms // 5):
            self.pass_to(self.now() + 5)

    def pass_to(self, following):
        if self.car is not None:
            following = min([following] + self.car.moments(self.now()))
        self.outputs.clock.advance(following - self.now())
        self.model.now = following
        if self.car is not None:
            self.bolt(self.car.sensed(following))  # which a board without sensor must ignore
        self.firmware.vehicle.tick()
        self.model.pass_time(following)
        self.compare()

    def firmware_moments(self):
        """When the firmware will do something by itself, by its own timers: not one of them must be missed."""
        vehicle, clock = self.firmware.vehicle, self.outputs.clock
        running = [timer for timer in range(timers.TIMERS) if vehicle.deadlines.running >> timer & 1]
        left = [clock.ticks_diff(vehicle.deadlines.due[timer], clock.ticks_ms()) for timer in running]
        return [self.now() + ms for ms in left if ms > 0]

    # The comparison

    def compare(self):
        firmware, model = self.firmware, self.model
        assert (firmware.lock_state(), firmware.drive_state()) == (model.lock_state(), model.drive_state())
        assert self.outputs.drive.level == model.relay, "the drive relay"
        self.compare_memory(firmware.vehicle.arbiter)
        assert firmware.motor.refused == 0, "the authority asked for a pulse that its own driver had to refuse"
        if firmware.vehicle.journal.count != self.logged or len(model.log) != self.logged:
            rows = [(source, action, verdict) for source, _, action, verdict in firmware.log(self.logged)]
            assert rows == model.log[self.logged :], "one row for each decision"
            self.logged = len(model.log)
        coils = len(self.outputs.lock.driven) + len(self.outputs.unlock.driven) - self.driven_before
        if coils != self.driven or len(model.pulses) != self.driven:
            begun = [(at, name) for at, _, name in self.outputs.pulses()[self.driven_before + self.driven :]]
            new = model.pulses[self.driven :]
            assert begun == [(at, "lock" if action == LOCK else "unlock") for at, action, _ in new]
            self.driven = len(model.pulses)
        released = self.outputs.released()[self.released_before :]
        assert [(at, action) for at, _, action in released] == sorted(model.released), "latches"

    def compare_memory(self, arbiter):
        """What either keeps in mind for later decisions, so that no limit has to be hit to the millisecond."""
        model, now = self.model, self.now()
        assert arbiter.hold == (model.act if model.act and now - model.act_at < HOLD else 0)
        assert arbiter.heat.operations == len(model.operations)
        assert arbiter.heat.remote == sum(1 for _, source in model.operations if source <= CLOUD)
        since = None if model.crash_at is None else now - model.crash_at
        assert (arbiter.crash.phase == crash.CLEAR) == (since is None)
        assert (arbiter.crash.phase == crash.FRESH) == (since is not None and since < MINUTE)


def check_pulses(pulses):
    """What must hold of any recording (reliability F19): ceiling, dead time, never both."""
    assert all(0 <= end - start <= 1_000 for start, end, _ in pulses)
    for before, after in pairwise(pulses):
        assert after[0] >= before[1] + 200, "dead time"


def check_latches(outputs):
    """Ceiling, and a rest of each coil; a reset forgets the rest, but is not over in less than a boot."""
    for coil in outputs.latches.values():
        assert all(0 <= end - start <= 1_000 for start, end in coil.driven)
        for (_, end), (start, _) in pairwise(coil.driven):
            assert start >= end + BOOT_MS, "rest"


def check_rate(model):
    """Ten operations in any 20 s of one boot, and then a rest: of those that no crash asked for."""
    check_starts([start for start, _, source in model.pulses if source != CRASH])


def check_starts(starts):
    assert all(later - first >= 20_000 for first, later in zip(starts, starts[10:], strict=False)), "eleven in 20 s"


def sense(pair, kind, level):
    """One reading of anything but the bolt; the same for the firmware and for the model."""
    vehicle, model = pair.firmware.vehicle, pair.model
    if kind == DOOR:
        vehicle.sense_door(level)
        model.door_is(level)
    elif kind == IGNITION:
        vehicle.sense_ignition(level)
        model.ignite(level)
    elif kind == SPEED:
        vehicle.sense_speed(level)
        model.speed(level)
    elif kind == SUPPLY:
        vehicle.sense_supply(level)
        model.low = level
    elif kind == CRASH_LINE:
        pair.crash(not pair.crash_line)
    else:
        pair.button_held = not pair.button_held
        vehicle.sense_button(pair.button_held)
        model.button(pair.button_held)


def park(pair):
    """Every mood but the first begins with a car of which all is known."""
    for kind in (DOOR, IGNITION, SPEED):
        sense(pair, kind, NO)
    pair.crash(False)


def step(pair, kind, a, b):
    """One step of a kind, from two bytes."""
    who, what, spans, _ = MOODS[pair.mood]
    if kind == ASK:
        source, credential = who[a % len(who)]
        pair.ask(source, credential, what[b % len(what)], stale=a > 250)
    elif kind == PASS:
        pair.pass_ms(spans[a % len(spans)])
    elif kind == BOLT:
        pair.bolt(POSITIONS[a % len(POSITIONS)])
    elif kind < SETTING:
        sense(pair, kind, YES if a & 1 else NO)
    elif kind == SETTING:
        facts, model = pair.firmware.vehicle.arbiter.facts, pair.model
        remote = pair.firmware.vehicle.remote
        model.remote_on, model.unlock_on = a & 3 != 0, a & 12 != 0
        remote.set(switches.FORBIDDEN, not model.remote_on)
        remote.set(switches.UNLOCK_ALLOWED, model.unlock_on)
        facts.blind_remote_unlock = model.blind = b & 1 == 0
    elif kind == KEY:
        pair.registry.set(a % len(ROLES) + 10 * (b // 8 % 3), REVOKED if b & 7 == 0 else ACTIVE)
    else:
        pair.boot()
    pair.compare()


def walk(data, make_pair, one_step, seen):
    """All steps of one example; what came of it is counted in `seen`."""
    pair = make_pair(data[0])
    pair.mood = data[1] % len(MOODS)
    if pair.mood:
        park(pair)
    for at in range(HEAD_LEN, len(data), STEP_LEN):
        one_step(pair, KINDS[pair.mood][data[at]], data[at + 1], data[at + 2])
    check_pulses(pair.outputs.pulses())
    check_latches(pair.outputs)
    check_rate(pair.model)
    seen["examples"] += 1
    seen["pulses"] += len(pair.outputs.pulses()) + len(pair.outputs.released())


def run(make_pair, one_step, examples):
    """As many examples as asked for, and not one less."""
    seen = {"examples": 0, "pulses": 0}

    @settings(max_examples=examples)
    @given(st.binary(min_size=BYTES, max_size=BYTES))
    def decide(data):
        walk(data, make_pair, one_step, seen)

    decide()
    assert seen["examples"] >= examples, "the volume that was promised"
    assert seen["pulses"] > 2 * examples, "most requests came to nothing"
    tell("F3", "%d examples of %d steps, %d pulses" % (seen["examples"], STEPS, seen["pulses"]))


def any_board(bits):
    state = keys.READY if bits & 0xF0 else (keys.OLDER if bits & 8 else keys.UNREADABLE)
    latches = (LATCHES, LATCHES, LATCHES[:1], ())[bits >> 6]
    return Pair(bits & 3 != 3, bits & 12 != 12, bits & 48 == 48, state, latches)


def test_every_decision_is_the_models():
    run(any_board, step, EXAMPLES)


def tick_step(pair, kind, a, b):
    if kind == PASS:
        pair.tick_ms(SPANS[a % 20])
    else:
        step(pair, kind, a, b)


def test_every_decision_is_the_models_in_ticks_of_5_ms():
    run(any_board, tick_step, EXAMPLES // 20)


def car_board(bits):
    """A board whose sensor, where it has one, shows a car's bolt."""
    pair = Pair(bits & 7 != 7, True, bits & 24 == 24)
    pair.car = MotorCar(pair.outputs, UNLOCK if bits & 32 else LOCK)
    pair.asked_since_trouble = False
    if pair.board[0]:
        pair.bolt(pair.car.sensed(pair.now()))
    return pair


def car_step(pair, kind, a, b):
    """As step(), but the bolt moves by motor, or by hand, or is jammed, or its sensor falls silent."""
    car, logged = pair.car, len(pair.model.log)
    if kind == BOLT:
        trouble = b % 8
        car.jammed, car.silent = trouble == 0, trouble == 1
        if trouble > 4:
            car.turn(pair.now(), (LOCK, UNLOCK)[a & 1])
        pair.asked_since_trouble = False
        pair.pass_to(pair.now() + 5)
    elif kind == PASS and b < 64:
        settle(pair)
    else:
        step(pair, kind, a, b)
        started = (codes.ACCEPTED, codes.QUEUED, codes.ALREADY)  # not JOINED: that movement may have begun in trouble
        asked = [act for _, act, verdict in pair.model.log[0 if kind == BOOT else logged :] if verdict in started]
        if kind == BOOT or car.jammed or car.silent:
            pair.asked_since_trouble = False
        elif LOCK in asked or UNLOCK in asked:
            pair.asked_since_trouble = True


def settle(pair):
    """Left alone for three tries of a crash, a sound car is what the last accepted request asked for."""
    decided = -1
    while decided < len(pair.model.log):  # the relock timer may ask once, a button held may tell once
        decided = len(pair.model.log)
        pair.pass_ms(5_000)
    if pair.asked_since_trouble:
        wishes = [act for _, act, verdict in pair.model.log if act in (LOCK, UNLOCK) and codes.is_accepted(verdict)]
        assert pair.car.position == wishes[-1], "accepted and not done"
        assert pair.firmware.lock_state() in (("locked",) if wishes[-1] == LOCK else ("unlocked", "crash-open"))
    state, sensed = pair.firmware.lock_state(), pair.car.sensed(pair.now())
    if pair.board[0]:
        assert state not in ("locking", "unlocking"), "in flight for ever"
        assert (state == "locked") <= (sensed == codes.AT_LOCKED), "said to be locked"
        assert (state == "unlocked") <= (sensed == codes.AT_UNLOCKED), "said to be unlocked"


def test_the_loop_closed_by_a_car_that_moves_jams_and_loses_its_sensor():
    run(car_board, car_step, EXAMPLES)


class Freezing(VirtualTime):
    """The clock of a chip that stands still for 80 ms at any reading, as while flash is erased. `when`: bytes."""

    when = b"\x00"
    read = 0

    def ticks_ms(self):
        now = VirtualTime.ticks_ms(self)
        self.read += 1
        if self.when[self.read % len(self.when)] > 250:
            self.advance(80)
        return now


def freezing_walk(data):
    """Requests, readings and resets on such a chip; returns the number of pulses."""
    clock = Freezing()
    clock.when = data
    crashes = data[0] & 2 == 2
    outputs, registry = Outputs(clock), fresh_keys()
    car = Authority(outputs, registry, data[0] & 1 == 0, True, True, LATCHES)
    car.vehicle.sense_crash(False)
    before = 0  # pulses of earlier boots
    for at in range(HEAD_LEN, len(data), STEP_LEN):
        kind, a, b = data[at : at + STEP_LEN]
        if kind < 130:
            car.ask(*USUAL[a % len(USUAL)], (LOCK, UNLOCK, codes.OPEN_TRUNK)[b % 3])
        elif kind < 200:
            car.pass_ms((5, 100, 250, 600, 900, 1_600)[a % 6], 5 + b % 7)
        elif kind < 235:
            car.vehicle.sense_bolt(POSITIONS[a % len(POSITIONS)])
        elif kind < 250:
            car.vehicle.sense_crash(kind & 1 == 1 and crashes)
        else:
            outputs.reset()
            clock.advance(BOOT_MS)
            check_starts([start for start, _, _ in outputs.pulses()[before:] if not crashes])
            before = len(outputs.pulses())
            car = Authority(outputs, registry, data[0] & 1 == 0, True, True, LATCHES)
            car.vehicle.sense_crash(False)
        assert car.motor.refused == 0
    check_pulses(outputs.pulses())
    check_latches(outputs)
    check_starts([start for start, _, _ in outputs.pulses()[before:] if not crashes])
    return len(outputs.pulses())


def test_a_chip_that_freezes_for_80_ms_at_any_instant_keeps_every_limit_of_the_motor():
    pulses = []

    @settings(max_examples=EXAMPLES // 2)
    @given(st.binary(min_size=BYTES, max_size=BYTES))
    def freeze(data):
        pulses.append(freezing_walk(data))

    freeze()
    assert len(pulses) >= EXAMPLES // 2 and sum(pulses) > 2 * len(pulses)
