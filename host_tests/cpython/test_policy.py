"""The table role x action x source, cell by cell, against the same rights written as sets of words.

Asked of the table itself, and of a whole authority in a parked car with every part that a board can have.
"""

from fakes.authority import LATCHES, Authority, Keys, Outputs
from latchkey.core import codes, facts, policy
from latchkey.core.codes import CABIN, CLOUD, CRASH, KEYCARD, PHONE, TIMER
from latchkey.core.crash import Crash
from latchkey.core.facts import NO, Facts
from latchkey.core.remote import FORBIDDEN, UNLOCK_ALLOWED, Remote
from latchkey.core.request import NOBODY, Request
from latchkey.credentials import entries
from latchkey.credentials.entries import ACTIVE
from latchkey.credentials.recognition import _SOURCE_OF_KIND, WARRANT, claim, warrant
from reference_roles import BOXES, EVERYTHING, MAY, may

_SOURCES = (TIMER, CLOUD, PHONE, KEYCARD, CABIN, CRASH)
_ROLES = range(codes.NO_ROLE, codes.GUEST + 1)  # 7 is nobody's
_ACTIONS = range(codes.LOCK, codes.SET_CLOCK + 1)  # PACE_KEY stands in no row: the console alone knows it
_KINDS = {KEYCARD: entries.KEYCARD, PHONE: entries.PHONE, CLOUD: entries.CLOUD_KEY}


def _cells():
    return [(source, role, action) for source in _SOURCES for role in _ROLES for action in _ACTIONS]


def test_every_cell_of_the_table():
    assert set(_ACTIONS) == EVERYTHING
    for source, role, action in _cells():
        expected = codes.ACCEPTED if may(source, role, action) else codes.NOT_PERMITTED
        assert policy.permission(source, role, action) == expected, (source, role, action)
    for source in _SOURCES:
        for role in _ROLES:
            assert policy.permission(source, role, 0) == policy.permission(source, role, 99) == codes.NO_RULE


def test_every_role_can_do_something_and_no_cloud_opens_a_box():
    permitted = [cell for cell in _cells() if may(*cell)]
    assert {role for _, role, _ in permitted} == {codes.NO_ROLE, *MAY}
    assert {action for _, _, action in permitted} == EVERYTHING
    assert {source for source, _, action in permitted if action in BOXES} == {PHONE}


def test_every_cell_of_the_authority():
    """Roles and links of each kind of credential. What changes the list of keys or a switch has tests of its own."""
    moved = 0
    for source, role, action in _cells():
        if action >= codes.OPEN_ENROLMENT:
            continue
        verdict, car = _ask(source, role, action)
        allowed = may(source, role, action) and source != TIMER  # the timer asks from within, and has no link
        assert verdict == (codes.ACCEPTED if allowed else codes.NOT_PERMITTED), (source, role, action, verdict)
        touched = len(car.outputs.pulses()) + len(car.outputs.released()) + car.outputs.drive.level
        assert touched == (allowed and action not in (codes.WAKE, codes.REVOKE_DRIVE))
        moved += touched
    assert moved == 16 + 4 + 6 + 10, "bolt by cards and phones, by cloud and cabin; driving; boxes"


def _ask(source, role, action):
    """The verdict on one request in a parked car whose sensor shows nothing, and the car."""
    credential = NOBODY if source == CABIN and role == codes.NO_ROLE else 0
    keys = Keys({0: [role, ACTIVE, 1, _KINDS.get(source, entries.KEYCARD)]})
    car = Authority(Outputs(), keys, latches=LATCHES)
    car.vehicle.remote.set(UNLOCK_ALLOWED, True)
    car.vehicle.sense_crash(False)
    car.vehicle.sense_door(NO)
    car.vehicle.sense_ignition(NO)
    car.vehicle.sense_speed(NO)
    return car.ask(source, credential, action), car


def test_what_opens_is_warranted_by_the_same_rows():
    """The second look at who opens names the same roles and links as the table does."""
    opening = (codes.UNLOCK, *BOXES)
    for source, role, action in _cells():
        kind = next((kind for kind, of in enumerate(_SOURCE_OF_KIND) if of == source), entries.PHONE)
        if not kind and role != codes.NO_ROLE:
            continue  # a press has none
        credential = 0 if kind else NOBODY
        registry = Keys({0: [role, ACTIVE, 1, kind]} if kind else {})
        request = Request(source)
        request.credential, request.action = credential, action
        request.generation = registry.entry_generation(credential)
        remote = Remote(Facts())
        remote.restore(UNLOCK_ALLOWED)
        given = warrant(registry, request, remote, -1)
        allowed = action in opening and may(source, role, action)
        assert given == (WARRANT + action if allowed else 0), (source, role, action)


def test_nothing_is_warranted_for_a_key_that_does_not_count():
    registry = Keys({0: [codes.OWNER, ACTIVE, 7, entries.KEYCARD], 1: [codes.FLEET_MANAGER, ACTIVE, 7]})
    remote = Remote(Facts())
    request = Request(KEYCARD)
    request.credential, request.generation, request.action = 0, 7, codes.UNLOCK
    assert warrant(registry, request, remote, -1) == WARRANT + codes.UNLOCK
    request.generation = 6
    assert warrant(registry, request, remote, -1) == 0, "stale"
    request.generation = 7
    request.source = PHONE
    assert warrant(registry, request, remote, -1) == 0, "a card by a phone's way"
    request.source = KEYCARD
    registry.is_windowed = lambda number: True
    for verdict in (codes.OUTSIDE_WINDOW, codes.ACCEPTED):
        registry.window_verdict = lambda number, now_min, verdict=verdict: verdict
        assert (warrant(registry, request, remote, -1) == 0) == (verdict != codes.ACCEPTED), "a guest's time"
    del registry.is_windowed
    registry.set(0, entries.SUSPENDED)
    request.generation = registry.entry_generation(0)
    assert warrant(registry, request, remote, -1) == 0, "suspended"
    for source, number in ((CABIN, 99), (CABIN, 0), (KEYCARD, NOBODY), (PHONE, 0)):
        request.source, request.credential, request.generation = source, number, registry.entry_generation(number)
        assert warrant(registry, request, remote, -1) == 0, (source, number)
    request.source, request.credential, request.generation = CLOUD, 1, 7
    for switches in (0, FORBIDDEN, FORBIDDEN | UNLOCK_ALLOWED):
        remote.restore(switches)
        assert warrant(registry, request, remote, -1) == 0, "the cloud may not unlock"
    remote.restore(UNLOCK_ALLOWED)
    assert warrant(registry, request, remote, -1) == WARRANT + codes.UNLOCK


def test_a_press_has_no_generation_that_could_be_stale():
    request = Request(CABIN)
    request.generation, request.action = 5, codes.UNLOCK
    assert warrant(Keys({}), request, Remote(Facts()), -1) == WARRANT + codes.UNLOCK


def test_a_claim_names_key_generation_and_short_id():
    registry, request, name = Keys({3: [codes.OWNER, ACTIVE, 9]}), Request(KEYCARD), bytearray(range(64))
    claim(registry, request, 3, name)
    assert (request.credential, request.generation) == (3, 9)
    assert bytes(request.key_id) == entries.short_id(name) != bytes(4)


def test_what_the_owner_has_switched_off_the_interlocks_refuse_by_themselves():
    seen, crash = Facts(), Crash()
    seen.drive_fitted, seen.blind_remote_unlock = True, True
    assert policy.interlock(seen, crash, 0, CLOUD, codes.UNLOCK) == codes.ACCEPTED
    seen.blind_remote_unlock = False
    assert policy.interlock(seen, crash, 0, CLOUD, codes.UNLOCK) == codes.MOVING
    seen.remote_allowed = False
    for action in (codes.LOCK, codes.UNLOCK):
        assert policy.interlock(seen, crash, 0, CLOUD, action) == codes.REMOTE_OFF
        assert policy.interlock(seen, crash, 0, PHONE, action) == codes.ACCEPTED
    for action in (codes.AUTHORISE_DRIVE, codes.REVOKE_DRIVE):
        assert policy.drive_interlock(seen, False, CLOUD, codes.FLEET_MANAGER, action) == codes.REMOTE_OFF


def test_after_a_revocation_owner_and_driver_may_drive_and_nobody_else():
    seen = Facts()
    seen.drive_fitted = True
    for role in (codes.OWNER, codes.DRIVER, codes.GUEST, codes.SERVICE):
        told = policy.drive_interlock(seen, True, KEYCARD, role, codes.AUTHORISE_DRIVE)
        assert told == (codes.ACCEPTED if role in (codes.OWNER, codes.DRIVER) else codes.DRIVE_REVOKED)


def test_what_no_board_has_said_is_not_there():
    """A latch or relay that was never fitted is refused by name, whoever asks."""
    assert (facts.MOVING_KMH, facts.LOW_SUPPLY_MV) == (5, 9_000)
    for action in BOXES:
        assert policy.latch_interlock(Facts(), action) == codes.NOT_WIRED
    assert policy.latch_interlock(Facts(), 0) == codes.NOT_WIRED
    assert policy.drive_interlock(Facts(), False, KEYCARD, codes.OWNER, codes.AUTHORISE_DRIVE) == codes.NOT_WIRED
