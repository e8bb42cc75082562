"""A phone is lost: who can remove it, what it can still do then, and what becomes of its place in the list."""

from fakes.bench_cards import key_card
from fakes.bench_disk import contents
from fakes.bench_gestures import open_enrolment
from fakes.bench_pairing import car, enrol_phone, pair, row_of
from fakes.bench_phone import LOCK, STATUS, UNLOCK, BenchPhone, add_key, remove_key
from latchkey.core import codes
from latchkey.protocol import vehicle_command_numbers as numbers

_DONE = ("keys", numbers.KEY_LIST_CHANGED)
_NO_PERMISSION = ("keys", numbers.NO_PERMISSION_TO_REMOVE)
_KEY_LIST = b"\x0a\x02\x08\x05"
_UNKNOWN = ("fault", numbers.UNKNOWN_KEY_ID)
_WRITTEN_MS = 1_000


def _card_key(card):
    return bytes(card.public[1:])


async def _present(*phones):
    for phone in phones:
        await phone.connect()
        assert await phone.handshake() == 0


async def _remove(phone, key):
    return await phone.command(remove_key(key), _WRITTEN_MS)


async def _is_a_stranger(bench, phone):
    """On the link on which it had signed, at once, and on a new one."""
    for _ in range(2):
        for payload in (UNLOCK, LOCK, STATUS, _KEY_LIST):
            assert await phone.command(payload) == _UNKNOWN
        assert phone.outcome(await phone.ask(phone.unsigned(_KEY_LIST))) == ("fault", numbers.INSUFFICIENT_PRIVILEGES)
        assert await phone.handshake() == 1
        phone.line.disconnect()
        await bench.pass_ms(4_000)
        await phone.connect()


def test_an_owner_s_phone_removes_a_lost_one_and_it_is_a_stranger_at_once():
    bench, _ = car()
    owner, lost = enrol_phone(bench, 1, codes.OWNER), enrol_phone(bench, 2, codes.DRIVER)

    async def story():
        await _present(owner, lost)
        assert await lost.command(UNLOCK) == "done"
        assert await lost.command(_KEY_LIST) is not None
        await bench.pass_ms(1_500)
        bench.forget()
        assert await _remove(owner, lost.key) == _DONE
        assert owner.said[-1] == b"\x22\x0a\x1a\x08\x12\x06\x0a\x04" + owner.key_id  # by whom
        assert bench.verdicts() == [codes.ACCEPTED, codes.ACCEPTED]  # asked, and done
        assert row_of(bench, lost) == ("phone", -1, "driver", "revoked")
        bench.forget()
        lost.said.clear()
        assert await owner.command(LOCK) == "done"
        await bench.pass_ms(1_500)
        assert lost.frames() == [] and lost.said == []  # nobody tells it what the lock does
        assert bench.pulses() == ["lock"]
        await _is_a_stranger(bench, lost)
        assert bench.pulses() == ["lock"]

    async def afterwards():
        await lost.connect()
        assert await lost.handshake() == 1 and await lost.command(UNLOCK) == _UNKNOWN

    bench.run(story())
    bench.run(afterwards())


def test_what_became_of_a_removal_cannot_be_forged():
    """Whoever holds the message back must not be able to say that the phone is gone: the answer is sealed."""
    bench, _ = car()
    owner = enrol_phone(bench, 1, codes.OWNER)
    others = [enrol_phone(bench, number, codes.DRIVER) for number in (2, 3)]

    async def story():
        await _present(owner)
        for owner.flags, other in zip((2, 0), others):
            (reply,) = await owner.ask(owner.signed(remove_key(other.key)), _WRITTEN_MS)
            assert ((13, 9) in reply) == (owner.flags == 2)
            assert owner.outcome([reply]) == _DONE
            await owner.handshake()

    bench.run(story())


def test_a_phone_that_is_removed_while_it_waits_for_an_answer_gets_none():
    bench, card = car()
    owner = enrol_phone(bench, 1, codes.OWNER)
    new = BenchPhone(bench, 2)

    async def story():
        await _present(owner)
        await open_enrolment(bench, card)
        await owner.handshake()
        assert await owner.command(add_key(new.key, codes.DRIVER)) is None
        bench.type("revoke 1")
        await bench.pass_ms(_WRITTEN_MS)
        await bench.tap(card)
        await bench.pass_ms(_WRITTEN_MS)
        assert row_of(bench, new) == ("phone", 0, "driver", "active")  # the card has confirmed it
        assert owner.frames() == []

    bench.run(story())


def test_the_console_removes_a_lost_phone_as_well():
    bench, _ = car()
    lost = enrol_phone(bench, 1, codes.OWNER)

    async def story():
        await _present(lost)
        bench.type("revoke 1")
        await bench.pass_ms(_WRITTEN_MS)
        assert row_of(bench, lost) == ("phone", -1, "owner", "revoked")
        await _is_a_stranger(bench, lost)
        assert bench.pulses() == []

    bench.run(story())


def test_what_cannot_be_removed_and_by_whom():
    bench, card = car()
    owner, driver = enrol_phone(bench, 1, codes.OWNER), enrol_phone(bench, 2, codes.DRIVER)
    service, fleet = enrol_phone(bench, 3, codes.SERVICE), enrol_phone(bench, 4, codes.FLEET_MANAGER)
    stranger = BenchPhone(bench, 5)

    async def story():
        await _present(owner, driver, service)
        for phone, key, answer in (
            (owner, owner.key, ("keys", numbers.CANNOT_REMOVE_ONESELF)),
            (owner, stranger.key, ("keys", numbers.NOT_ON_LIST)),
            (owner, _card_key(card), _NO_PERMISSION),  # the last owner's card, though there is an owner's phone
            (driver, service.key, _NO_PERMISSION),
            (driver, driver.key, _NO_PERMISSION),
            (driver, stranger.key, _NO_PERMISSION),  # and is not told who is in the list
            (service, driver.key, _NO_PERMISSION),
        ):
            await phone.handshake()
            assert await _remove(phone, key) == answer, answer
        unsigned = owner.unsigned(remove_key(driver.key))
        assert owner.outcome(await owner.ask(unsigned)) == ("fault", numbers.INSUFFICIENT_PRIVILEGES)
        service.line.disconnect()
        await _present(fleet)
        assert await _remove(fleet, driver.key) == _NO_PERMISSION
        assert {key["state"] for key in bench.status()["keys"]} == {"active"}
        await owner.handshake()
        assert await _remove(owner, driver.key) == _DONE
        assert await _remove(owner, driver.key) == ("keys", numbers.NOT_ON_LIST)  # not any more

    bench.run(story())


def test_an_owner_s_phone_removes_cards_but_never_the_last_owner_s():
    bench, card = car()
    second, guest = bench.enrol(key_card(2), codes.OWNER), bench.enrol(key_card(3), codes.GUEST)
    owner = enrol_phone(bench, 1, codes.OWNER)

    async def story():
        await _present(owner)
        assert await _remove(owner, _card_key(guest)) == _DONE
        assert await _remove(owner, _card_key(card)) == _DONE
        assert await _remove(owner, _card_key(second)) == _NO_PERMISSION
        assert await bench.tap(card) == [codes.REVOKED] and await bench.tap(guest) == [codes.REVOKED]
        assert codes.ACCEPTED in await bench.tap(second)

    bench.run(story())


def test_two_owners_phones_that_remove_one_another_leave_one():
    bench, _ = car()
    first, second = enrol_phone(bench, 1, codes.OWNER), enrol_phone(bench, 2, codes.OWNER)

    async def story():
        await _present(first, second)
        first.write(first.signed(remove_key(second.key)))
        second.write(second.signed(remove_key(first.key)))
        await bench.pass_ms(_WRITTEN_MS)
        found = [first.outcome(first.frames()), second.outcome(second.frames())]
        assert _DONE in found and found.count(_DONE) == 1
        states = [key["state"] for key in bench.status()["keys"]]
        assert sorted(states) == ["active", "active", "revoked"]

    bench.run(story())


def test_a_free_slot_is_given_again_and_nothing_of_the_old_key_is_left_in_it():
    bench, card = car()
    owner, lost = enrol_phone(bench, 1, codes.OWNER), enrol_phone(bench, 2, codes.DRIVER)
    new = BenchPhone(bench, 3)
    old = []

    async def story():
        await _present(owner, lost)
        lost.lifetime = 60
        for payload in (UNLOCK, LOCK, UNLOCK, LOCK, UNLOCK):
            old.append(bytes(lost.signed(payload)))
            assert lost.outcome(await lost.ask(old[-1], 1_000)) == "done"
        await owner.handshake()
        assert await _remove(owner, lost.key) == _DONE
        await new.connect()
        assert await pair(bench, card, new) == _DONE
        assert row_of(bench, new)[:2] == ("phone", 1)  # the slot that has become free
        for message in old:
            assert lost.outcome(await lost.ask(message)) == _UNKNOWN
        assert await new.handshake() == 0 and new.counter >= 5
        assert await new.command(LOCK) == "done"
        new.line.disconnect()
        await bench.pass_ms(1_500)

    async def comes_back():
        assert await lost.handshake() == 1
        assert await pair(bench, card, lost) == _DONE
        assert row_of(bench, lost)[:2] == ("phone", 2)
        bench.forget()
        for message in old:  # within their minute, for the same key, in another slot
            lost.write(message)
            await bench.pass_ms(100)
            (reply,) = lost.frames()
            assert reply[(12, 2)] == numbers.INVALID_TOKEN_OR_COUNTER
        assert bench.pulses() == []
        assert await lost.handshake() == 0 and await lost.command(UNLOCK) == "done"

    async def both():
        await story()
        await comes_back()

    bench.run(both())


def test_the_secret_of_a_removed_phone_is_gone_from_the_list():
    bench, _ = car()
    owner, lost = enrol_phone(bench, 1, codes.OWNER), enrol_phone(bench, 2, codes.DRIVER)
    path = bench.disk.mount() + "/keys"
    assert lost.k in contents(path + ".a") and lost.k in contents(path + ".b")

    async def story():
        await _present(owner)
        assert await _remove(owner, lost.key) == _DONE

    bench.run(story())
    path = bench.disk.mount() + "/keys"
    for copy in (".a", ".b"):
        assert lost.k not in contents(path + copy) and owner.k in contents(path + copy)
