"""The whole application and its journal: what a day at the car leaves in the flash, and that nothing secret is told."""

import os
from struct import unpack

from fakes.bench import Bench, codes
from fakes.bench_aes_cards import enrolled_aes_card, key_of
from fakes.bench_cards import Clone, key_card, tag
from fakes.bench_pairing import ask_unsigned, car, enrol_phone, pair
from fakes.bench_phone import STATUS, UNLOCK, BenchPhone
from fakes.results import tell
from latchkey.crypto.mac import hmac_sha256
from latchkey.storage import chain as rows
from latchkey.storage.chain import next_key

_KEY = bytes(range(32))


async def _ask(bench, line):
    """What the console answers about the journal, as words."""
    bench.journal.clear()
    bench.type(line)
    for _ in range(200):
        await bench.pass_ms(100)
        if bench.journal and bench.journal[-1].split()[0] in ("end", "begun"):
            break
    return [line.split() for line in bench.journal]


async def _read(bench):
    """{place: row} as the console tells them, and the last line."""
    *lines, last = await _ask(bench, "journal read")
    found = {}
    for line in lines:
        if line[0] == "file":
            place = int(line[1], 16)
        else:
            data = bytes.fromhex(line[1])
            for at in range(0, len(data), rows.ROW_LEN):
                found[place] = data[at : at + rows.ROW_LEN]
                place += 1
    return found, last


def _proved(found, first):
    key = _KEY
    for place in range(first, max(found) + 1):
        row = found[place]
        if hmac_sha256(key, row[:24])[:16] != row[24:] or unpack(">I", row[:4])[0] != place:
            return False
        key = next_key(key)
    return True


def test_a_day_at_the_car_is_in_the_journal_and_outlives_the_power():
    bench = Bench()
    owner = bench.enrol(key_card(1), codes.OWNER)

    async def first_day():
        await bench.pass_ms(4_000)
        assert bench.status()["journal"]["state"] == "recording" and bench.status()["journal"]["found"] == "new"
        answer = await _ask(bench, "journal begin " + _KEY.hex())
        assert answer == [["begun", "3"]]
        await bench.tap(owner)
        await bench.tap(tag())
        await bench.pass_ms(5_000)
        found, last = await _read(bench)
        told = [(row[16], row[17], row[18], row[19]) for place, row in sorted(found.items()) if place > 3]
        assert told[:2] == [
            (rows.DECISION, codes.KEYCARD, codes.UNLOCK, codes.ACCEPTED),
            (rows.DECISION, codes.KEYCARD, codes.AUTHORISE_DRIVE, codes.ACCEPTED),
        ]
        assert told[2:] == [(rows.COUNTED, codes.KEYCARD, 0, codes.NOT_A_KEY)]
        assert _proved(found, 3)
        assert found[4][20:24].hex() == owner.short_id
        assert last == ["end", "7", found[6][24:32].hex()]
        assert bench.status()["journal"]["head"] == "6:" + found[6][24:32].hex()
        return found

    async def second_day():
        await bench.pass_ms(4_000)
        assert bench.status()["journal"]["found"] == "cut"
        return (await _read(bench))[0]

    before = bench.run(first_day())
    after = bench.run(second_day())
    assert [after[place] for place in sorted(before)] == [before[place] for place in sorted(before)]
    assert max(after) == 7 and after[7][16] == rows.BOOT and _proved(after, 3)


def test_reading_goes_on_in_small_pieces_beside_a_tap():
    bench = Bench()
    owner = bench.enrol(key_card(1), codes.OWNER)

    async def story():
        await bench.pass_ms(4_000)
        bench.type("journal read")
        assert (await bench.tap(owner))[0] == codes.ACCEPTED
        assert bench.journal[-1].startswith("end")

    bench.run(story())


def test_a_journal_that_cannot_be_written_is_shown_and_opens_all_the_same():
    bench = Bench()
    owner = bench.enrol(key_card(1), codes.OWNER)
    with open(bench.disk.mount() + "/journal", "wb") as file:  # where its folder should be
        file.write(b"in the way")

    async def story():
        await bench.pass_ms(4_000)
        assert bench.status()["journal"] == {"state": "failing", "found": "", "head": ""}
        assert (await bench.tap(owner))[0] == codes.ACCEPTED
        assert (await _ask(bench, "journal read"))[-1] == ["end", "0"]
        bench.type("journal begin " + _KEY.hex())
        await bench.pass_ms(200)
        assert bench.errors == ["journal: it is being written, or cannot be: try again"]

    bench.run(story())


def test_whoever_holds_the_cable_and_types_nonsense_is_told_what_is_right():
    bench = Bench()

    async def story():
        await bench.pass_ms(4_000)
        for line in ("journal", "journal erase", "journal begin", "journal begin 1234"):
            bench.forget()
            bench.type(line)
            await bench.pass_ms(200)
            assert len(bench.errors) == 1 and bench.errors[0].startswith("journal: "), line
            assert "1234" not in bench.errors[0]

    bench.run(story())


def test_phones_are_told_the_head_once_they_have_signed():
    bench, _ = car()
    phone = enrol_phone(bench, 1, codes.DRIVER)

    async def story():
        await phone.connect()
        assert await phone.handshake() == 0 and await phone.command(UNLOCK) == "done"
        await bench.pass_ms(4_000)
        head = bench.vehicle.journal.head
        assert len(head) == 8
        assert (await phone.command(STATUS))[0] == "status" and head in phone.said[-1]
        stranger = await BenchPhone(bench, 2).connect()
        assert (await ask_unsigned(stranger, STATUS))[0] == "status" and head not in stranger.said[-1]

    bench.run(story())


# Nothing secret


def _contents(path):
    with open(path, "rb") as file:
        return file.read()


def _body_of(folder, name):
    """What a record holds: see storage/sealed."""
    return _contents(folder + "/" + name + ".a")[12:-32]


def _pieces(key):
    """How a key, or a good part of it, might be written."""
    for part in (bytes(key[:8]), bytes(key[-8:])):
        yield part
        yield part.hex().encode()
        yield part.hex().upper().encode()
        yield repr(part)[2:-1].encode()


class _Ears:
    """Everything that leaves the controller, besides what is encrypted on its way."""

    def __init__(self, bench):
        self.heard = bytearray()
        self._bench = bench
        self._told = bench._heard
        bench._heard = self._listen

    def _listen(self, kind, words):
        self.heard.extend(words.encode())
        self._told(kind, words)

    def finish(self, folder):
        """And what lies in the journal, without the key of the next row; what was printed; what the cloud was told."""
        for name in os.listdir(folder + "/journal"):
            if name != "state":
                self.heard.extend(_contents(folder + "/journal/" + name))
        for failure in self._bench.failures:
            self.heard.extend(str(failure).encode())
        for message in self._bench.broker.said if self._bench.broker is not None else ():
            self.heard.extend(repr(message).encode())
        return bytes(self.heard)


def test_no_key_that_is_in_play_is_ever_told():
    """A life with all that keys are made, used and refused for; then every key is looked for in all that was told."""
    bench, owner = car(net=True)
    phone = enrol_phone(bench, 1, codes.OWNER)
    aes = enrolled_aes_card(bench, 7, codes.DRIVER)
    ears = _Ears(bench)
    own = b"\x5a" + bytes(range(100, 131))
    made_elsewhere = bytes(range(60, 76))
    password = "correct-horse-battery"

    async def story():
        await bench.pass_ms(4_000)
        await _ask(bench, "journal begin " + own.hex())
        await phone.connect()
        await phone.handshake()
        for _ in range(3):
            await phone.command(UNLOCK)
            await bench.tap(owner)
            await bench.tap(aes)
        for card in (tag(), Clone(3, owner), key_card(9)):
            await bench.tap(card)
        stranger = await BenchPhone(bench, 4).connect()
        await stranger.command(UNLOCK)
        assert await pair(bench, owner, stranger) == ("keys", 0)
        for line in (
            "card 04010203040506 %s driver" % made_elsewhere.hex(),
            "card 04010203040506 %s nonsense" % made_elsewhere.hex(),
            "set password " + password,
            "set pasword " + password,
            "set psk " + made_elsewhere.hex(),
            "journal begin " + own.hex()[:-1],
            "journal " + own.hex(),
            "revoke 1",
        ):
            bench.type(line)
            await bench.pass_ms(1_500)
        bench.chip.random.stuck = True
        bench.disk.full = True
        bench.type("set user x")
        await bench.tap(owner)
        await bench.pass_ms(2_000)
        bench.disk.full = False
        found, _ = await _read(bench)
        assert len(found) > 10
        return (bytes(bench.vehicle.custody.identity.public_key), stranger)

    public, stranger = bench.run(story())
    folder = bench.disk.mount()
    identity = _body_of(folder, "identity")
    private = identity[identity.index(public) - 32 : identity.index(public)]
    secrets = [private, phone.k, stranger.k, key_of(7), made_elsewhere, password.encode(), _contents(folder + "/seed")]
    secrets.append(_contents(folder + "/journal/state")[12:44])
    key = own
    for _ in range(64):
        secrets.append(key)
        key = next_key(key)
    told = ears.finish(folder)
    assert len(told) > 10_000 and owner.short_id.encode() in told
    for number, secret in enumerate(secrets):
        assert len(secret) >= 16
        for piece in _pieces(secret):
            assert piece not in told, (number, told[max(0, told.index(piece) - 60) :][:120])
    words = "%d bytes told by console, journal, cloud and exceptions; none of %d keys among them"
    tell("F18", words % (len(told), len(secrets)))


def test_the_search_finds_what_is_there():
    """Or the test above would pass for nothing."""
    for secret in (b"correct-horse-battery", bytes(range(16))):
        for piece in _pieces(secret):
            assert piece in b"x" + bytes(secret) + secret.hex().encode() + secret.hex().upper().encode() + (
                repr(secret).encode() + repr(secret[-8:]).encode()
            )
