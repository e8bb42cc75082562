"""What a phone may know: anyone the lock and the closures; keys and changes only whoever has signed on this link."""

from fakes.bench_disk import contents, replace
from fakes.bench_gestures import open_enrolment
from fakes.bench_pairing import ask_unsigned, car, enrol_phone, fill_slots
from fakes.bench_phone import LOCK, STATUS, UNLOCK, BenchPhone, remove_key
from fakes.phone import HMAC, parsed
from latchkey.core import codes
from latchkey.protocol import vehicle_command_numbers as numbers

_KEY_LIST = b"\x0a\x02\x08\x05"
_ENTRY_IN_SLOT_0 = b"\x0a\x04\x08\x06\x20\x00"
_REFUSED = ("fault", numbers.INSUFFICIENT_PRIVILEGES)
_SETTLED_MS = 1_500
_CLOSURES = (1, 2, 3, 4, 5, 6, 7)  # numbers of the fields of ClosureStatuses that this vehicle fills
_UNKNOWN, _OPEN = 3, 1


def _entry_of(phone):
    """GET_WHITELIST_ENTRY_INFO by short id, and by the key itself."""
    by_id = b"\x0a\x0a\x08\x06\x12\x06\x0a\x04" + phone.key_id
    return by_id, b"\x0a\x45\x08\x06\x1a\x41" + phone.point


async def _reads_keys(phone):
    """Whether it is told of the list, and of each entry, when it asks without a signature."""
    found = []
    for payload in (_KEY_LIST, _ENTRY_IN_SLOT_0) + _entry_of(phone):
        answer = await ask_unsigned(phone, payload)
        assert answer is not None
        found.append(answer != _REFUSED)
    assert len(set(found)) == 1
    return found[0]


def _status(payload):
    return parsed(payload, messages=((1,), (1, 1)))


def test_anyone_may_see_the_lock_and_the_closures_and_nothing_else():
    bench, owner = car()

    async def story():
        stranger = await BenchPhone(bench, 1).connect()
        for flags in (0, 2):
            stranger.flags = flags
            assert await ask_unsigned(stranger, STATUS) == ("status", 1)
        told = _status(stranger.said[-1])
        assert told[(1, 3)] == 1 and (1, 4) not in told  # awake; whether somebody is in it is nobody's business
        assert [told.get((1, 1, field), 0) for field in _CLOSURES] == [0, 0, 0, 0, _UNKNOWN, _UNKNOWN, _UNKNOWN]
        assert set(told) == {(1,), (1, 1), (1, 2), (1, 3), (1, 1, 5), (1, 1, 6), (1, 1, 7)}
        bench.wires["door"].level = 1
        await bench.tap(owner)
        assert await ask_unsigned(stranger, STATUS) == ("status", 0)
        assert _status(stranger.said[-1])[(1, 1, 1)] == _OPEN
        assert not await _reads_keys(stranger)

    bench.run(story())


def test_nothing_that_is_not_signed_does_anything():
    bench, _ = car()
    owner = enrol_phone(bench, 1, codes.OWNER)

    async def story():
        await owner.connect()
        await owner.handshake()
        closures = [b"\x22\x02" + bytes((field << 3, move)) for field in (1, 5, 6, 7) for move in (1, 3)]
        rke = [b"\x10" + bytes((action,)) for action in (0, 1, 20, 29, 30)]
        changes = [remove_key(owner.key), b"\x82\x01\x03\x80\x01\x01"]
        for payload in closures + rke + changes + [b"", b"\x50\x01"]:
            assert await ask_unsigned(owner, payload) == _REFUSED, payload
            await bench.pass_ms(250)
        owner.domain = 3
        assert await ask_unsigned(owner, b"\x12\x02\x0a\x00") == _REFUSED
        assert bench.pulses() == []
        assert bench.status()["drive"] == "denied" and bench.status()["lock"] == "locked"

    bench.run(story())


def test_keys_are_told_to_whoever_has_signed_on_this_link_and_to_no_other_link():
    bench, _ = car()
    guest = enrol_phone(bench, 1, codes.GUEST)

    async def story():
        await guest.connect()
        assert not await _reads_keys(guest)
        assert await guest.handshake() == 0
        assert not await _reads_keys(guest)  # to name a key is no proof of it
        first = guest.line
        assert await guest.command(UNLOCK) == "done"
        assert await _reads_keys(guest)
        other = await BenchPhone(bench, 2).connect()
        assert not await _reads_keys(other)
        await guest.connect()
        assert first.connected and not await _reads_keys(guest)
        guest.line.disconnect()
        await bench.pass_ms(100)
        await guest.connect()  # perhaps into the place of the link that had the right
        first.disconnect()
        await bench.pass_ms(100)
        await other.connect()
        assert not await _reads_keys(other) and not await _reads_keys(guest)

    bench.run(story())


def test_a_full_list_is_told_whole_in_pieces_of_20_bytes():
    bench, _ = car()
    phone = enrol_phone(bench, 1, codes.VEHICLE_MONITOR, chunk=18, mtu=0)
    fill_slots(bench)

    async def story():
        await phone.connect()
        assert await phone.handshake() == 0
        await phone.command(_KEY_LIST, 500)
        told = parsed(phone.said[-1], messages=((16,),))
        assert (told[(16, 1)], told[(16, 3)]) == (32, 0xFFFFFFFF)
        assert phone.said[-1].count(b"\x12\x06\x0a\x04") == 32 and phone.key_id in phone.said[-1]
        assert max([len(data) for _, _, data in phone.line.heard]) == 20
        await phone.command(b"\x0a\x04\x08\x06\x20\x1f", 500)
        told = parsed(phone.said[-1], messages=((17,), (17, 2)))
        assert (told[(17, 6)], told[(17, 2, 1)]) == (31, b"\x04" + bytes((30,)) * 64)
        assert await phone.command(b"\x0a\x04\x08\x06\x20\x20") == ("keys", numbers.NOT_ON_LIST)

    bench.run(story())


def test_a_signature_that_is_wrong_or_a_cloud_key_s_gives_no_right():
    bench, _ = car()
    owner = enrol_phone(bench, 1, codes.OWNER)
    fleet = enrol_phone(bench, 2, codes.FLEET_MANAGER)

    async def story():
        for phone, form, k in (
            (owner, 5, bytes(16)),
            (owner, HMAC, bytes(16)),
            (fleet, 5, fleet.k),
            (fleet, HMAC, fleet.k),
        ):
            await phone.connect()
            assert await phone.handshake() == 0
            phone.k, kept = k, phone.k
            for payload in (UNLOCK, _KEY_LIST):
                (reply,) = await phone.ask(phone.signed(payload, form))
                assert (reply[(12, 2)] == numbers.INVALID_SIGNATURE) == (phone is owner)
            assert not await _reads_keys(phone)
            assert await bench.press(300) == [codes.ACCEPTED]
            await bench.pass_ms(_SETTLED_MS)
            assert phone.frames() == []
            phone.k = kept
            phone.line.disconnect()
            await bench.pass_ms(20_000)

    bench.run(story())


def test_while_an_owner_holds_enrolment_open_anyone_may_read_the_keys():
    bench, owner = car()
    guest = enrol_phone(bench, 1, codes.GUEST)

    async def story():
        await open_enrolment(bench, owner)
        stranger = await BenchPhone(bench, 2).connect()
        assert await ask_unsigned(stranger, _entry_of(guest)[0]) is not None
        assert parsed(stranger.said[-1], messages=((17,),))[(17, 7)] == codes.GUEST
        await bench.tap(owner)
        assert bench.status()["enrolment"] == "closed"
        assert not await _reads_keys(stranger)

    bench.run(story())


def test_every_change_is_told_unasked_to_those_who_have_signed():
    bench, owner = car()
    guest, silent = enrol_phone(bench, 1, codes.GUEST), enrol_phone(bench, 2, codes.OWNER)

    async def story():
        stranger = await BenchPhone(bench, 3).connect()
        for phone in (guest, silent):
            await phone.connect()
            assert await phone.handshake() == 0
        assert await ask_unsigned(stranger, STATUS) == ("status", 1)
        assert await guest.command(b"\x10\x1e") == "done"  # wake
        for locked, door, happens in (
            (0, 0, lambda: bench.tap(owner)),
            (1, 0, lambda: bench.tap(owner)),
            (0, 0, lambda: bench.press(300)),
            (0, 1, lambda: _open_door(bench, 1)),
            (0, 0, lambda: _open_door(bench, 0)),
        ):
            await happens()
            await bench.pass_ms(_SETTLED_MS)
            told = guest.frames()
            assert len(told) == 1, told
            # to all, from the domain of the doors, and neither signed nor the answer to anything
            assert set(told[0]) == {(6,), (6, 1), (7,), (7, 1), (10,)} and (told[0][(6, 1)], told[0][(7, 1)]) == (0, 2)
            status = _status(told[0][(10,)])
            assert (status.get((1, 2), 0), status.get((1, 1, 1), 0)) == (locked, door)
        assert await ask_unsigned(stranger, STATUS) == ("status", 0)
        assert silent.frames() == [] and stranger.frames() == []
        await silent.handshake()
        assert await silent.command(LOCK) == "done"
        await bench.pass_ms(_SETTLED_MS)
        assert len(guest.frames()) == 1 and len(silent.frames()) == 1 and stranger.frames() == []

    bench.run(story())


async def _open_door(bench, level):
    bench.wires["door"].level = level


def test_with_an_older_list_of_keys_no_phone_counts_for_anything():
    """One that was removed stands in it again, and neither opens the car nor learns what it does."""
    bench, owner = car()
    lost = enrol_phone(bench, 1, codes.OWNER)
    path = bench.disk.mount() + "/keys"
    older = contents(path + ".a")

    async def removed():
        bench.type("revoke 1")
        await bench.pass_ms(1_000)
        assert bench.status()["keys"][1]["state"] == "revoked"

    async def back():
        assert bench.status()["registry"] == "older"
        await lost.connect()
        await lost.handshake()
        assert await lost.command(UNLOCK) == ("fault", numbers.INACTIVE_KEY)
        assert await lost.command(_KEY_LIST) == _REFUSED
        assert not await _reads_keys(lost)
        assert codes.ACCEPTED in await bench.tap(owner)
        await bench.pass_ms(_SETTLED_MS)
        assert bench.bolt.at == "unlocked" and lost.frames() == []

    bench.run(removed())
    path = bench.disk.mount() + "/keys"
    for copy in (".a", ".b"):
        replace(path + copy, older)
    bench.run(back())
