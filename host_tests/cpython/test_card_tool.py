"""`latchkey card`: blank cards get their keys on a simulated reader, wherever they were pulled away, and open a car."""

import argparse
import asyncio
import contextlib
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.aes_card_vectors import AUTHENTICATIONS, COMMANDS
from fakes.bench import Bench, codes
from fakes.bench_cards import key_card
from latchkey_tools.aes_cards import SoftwareAesCard, diversified
from latchkey_tools.card import arguments, commands, making, run, site
from latchkey_tools.card.host import Listed
from latchkey_tools.card.session import CardSession, Refused
from latchkey_tools.models.pn532_model import Card, Tag
from latchkey_tools.phone.problem import Problem
from latchkey_tools.pn532_server import ReaderField

UID = bytes.fromhex("04958CAA5C5E80")
_SITE_KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
_FACTORY_KEY = bytes(16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "site.key"
    path.write_text(_SITE_KEY.hex() + "\n")
    path.chmod(0o600)
    return tmp_path


@contextlib.contextmanager
def _reader(card: Card) -> Iterator[str]:
    """A simulated reader with this card on it, in a thread of its own; where it listens."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    field = ReaderField(port=0)

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(field.start())
        field.put(card)
        ready.set()
        loop.run_forever()
        loop.run_until_complete(field.stop())

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    try:
        yield f"tcp:127.0.0.1:{field.port}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _run(*typed: str) -> tuple[int, dict, str]:
    out, err = io.StringIO(), io.StringIO()
    parser = argparse.ArgumentParser()
    arguments.add_arguments(parser)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run.main(parser.parse_args([*typed, "--json"]))
    return code, json.loads(out.getvalue() or "{}"), out.getvalue() + err.getvalue()


def _make(card: Card, folder: Path, *more: str) -> tuple[int, dict, str]:
    with _reader(card) as port:
        return _run("make", "--site", str(folder / "site.key"), "--reader", port, *more)


def _blank() -> list[tuple[str, SoftwareAesCard]]:
    return [
        ("NTAG 424 DNA", SoftwareAesCard(UID)),
        ("DESFire", SoftwareAesCard(UID, names=(), desfire=True)),
        ("DESFire", SoftwareAesCard(UID, names=(b"\xf0latchkey", b"\x01\x02\x03"), desfire=True)),
    ]


def test_a_site_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "site.key"
    assert _run("site", str(path))[1]["new"] is True
    key = site.read(path)
    assert len(key) == 16 and path.stat().st_mode & 0o077 == 0
    assert _run("site", str(path))[1]["new"] is False and site.read(path) == key


def test_what_is_no_site_key_is_said(folder: Path) -> None:
    path = folder / "site.key"
    for text, name in (("", "no_site_key"), ("00" * 16, "no_site_key"), ("12" * 15, "no_site_key")):
        path.write_text(text)
        code, told, _ = _run("make", "--site", str(path), "--reader", "tcp:127.0.0.1:1")
        assert (code, told["error"]["name"]) == (2, name)
    path.write_text("12" * 16)
    path.chmod(0o644)
    assert _run("make", "--site", str(path), "--reader", "tcp:127.0.0.1:1")[1]["error"]["name"] == "others_can_read"
    told = _run("make", "--site", str(folder / "none"), "--reader", "tcp:127.0.0.1:1")[1]
    assert told["error"]["name"] == "no_file" and "latchkey card site" in told["error"]["text"]


def test_a_blank_card_gets_the_key_that_is_derived_for_it_alone(folder: Path) -> None:
    for kind, card in _blank():
        code, told, said = _make(card, folder)
        assert (code, told["uid"], told["kind"], told["new"]) == (0, UID.hex().upper(), kind, True), said
        assert card.keys[0] == diversified(_SITE_KEY, UID + b"latchkey") and card.versions[0] == 1
        assert card.keys[1] == _FACTORY_KEY  # for the locator
        assert card.keys[0].hex() not in said.lower() and _SITE_KEY.hex() not in said.lower()
        assert _make(card, folder)[1]["new"] is False
        assert card.wrong_in_all == 0


class _Straight:
    """As Host, without a reader between."""

    def __init__(self, card: SoftwareAesCard) -> None:
        self._card = card
        card.activated()

    def transceive(self, apdu: bytes) -> bytes:
        answer = self._card.transceive(apdu)[0]
        if not answer:
            raise Problem("card gone", "Gone.")
        return answer


def _made(card: SoftwareAesCard) -> making.Made:
    return making.make(_Straight(card), Listed(card.uid, True), _SITE_KEY)


def test_wherever_it_is_pulled_away_laying_it_down_again_finishes_it() -> None:
    for make in (lambda: SoftwareAesCard(UID), lambda: SoftwareAesCard(UID, names=(), desfire=True)):
        seen = set()
        for moment in range(1, 99):
            card = make()
            card.tear_at = moment
            try:
                _made(card)
                break
            except Problem as problem:
                assert problem.kind == "card gone"
            card.tear_at = 0
            seen.add(_made(card).new)
            assert card.keys[0] == diversified(_SITE_KEY, UID + b"latchkey") and card.wrong_in_all == 0
        assert moment > 14 and seen == {True, False}


def test_cards_that_cannot_be_made_are_refused_in_words_and_left_alone(folder: Path) -> None:
    foreign = SoftwareAesCard(UID, key=b"\x01" * 16)
    foreign.versions[0] = 9
    for card, name in (
        (SoftwareAesCard(UID, hidden=True), "hidden"),
        (SoftwareAesCard(UID, lrp=True), "card_unfit"),
        (foreign, "other_key"),
        (SoftwareAesCard(UID, names=(b"\xf0garage", b"\x01\x02\x03"), desfire=True), "occupied"),
        (SoftwareAesCard(UID, names=()), "refused"),
        (Tag(UID), "not_a_card"),
    ):
        keys = list(getattr(card, "keys", ()))
        code, told, said = _make(card, folder)
        assert (code, told["error"]["name"]) == (1, name), said
        assert list(getattr(card, "keys", ())) == keys


def test_no_reader_and_no_card_are_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, told, _ = _run("make", "--site", str(folder / "site.key"), "--reader", "tcp:127.0.0.1:1")
    assert (code, told["error"]["name"]) == (2, "no_reader")
    monkeypatch.setattr(commands, "_CARD_S", 0.2)
    card = SoftwareAesCard(UID)
    card.sak = 0
    with _reader(card) as port:
        assert _run("make", "--site", str(folder / "site.key"), "--reader", port)[1]["error"]["name"] == "not_a_card"


def test_a_made_card_opens_a_car_that_was_told_its_key() -> None:
    bench, card = Bench(), SoftwareAesCard(UID)
    bench.enrol(key_card(1), codes.OWNER)
    session, key = CardSession(_Straight(card)), site.card_key(_SITE_KEY, UID)
    session.select(bytes.fromhex("d2760000850101"))
    session.authenticate(0, _FACTORY_KEY)
    session.change_key(1, b"\x22" * 16, 7, _FACTORY_KEY)
    session.change_key(0, key, 1)
    assert (card.keys[:2], card.versions[:2]) == ([key, b"\x22" * 16], [1, 7])
    with pytest.raises(Refused):
        session.authenticate(0, _FACTORY_KEY)

    async def story() -> None:
        bench.type(f"card {UID.hex()} {key.hex()} driver")
        await bench.pass_ms(1_500)
        assert bench.verdicts() == [codes.ACCEPTED, codes.ENROLLED]
        assert codes.is_accepted((await bench.tap(card))[0])

    bench.run(story())


class _Scripted:
    """A card that has been heard before: says these answers, and notes what it is asked."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.heard: list[bytes] = []

    def transceive(self, apdu: bytes) -> bytes:
        self.heard.append(apdu)
        return self.answers.pop(0)


def test_authentications_as_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """AN12196 tables 14 and 19."""
    for vector in AUTHENTICATIONS:
        card = _Scripted(vector.first + b"\x91\xaf", vector.third + b"\x91\x00")
        session = CardSession(card)
        monkeypatch.setattr("secrets.token_bytes", lambda length, drawn=vector.rnd_a: drawn)
        session.authenticate(vector.number, vector.key)
        assert card.heard[1] == b"\x90\xaf\x00\x00\x20" + vector.second + b"\x00"
        assert (session._ti, session._enc_key, session._mac_key) == (vector.ti, vector.enc_key, vector.mac_key)


def test_changes_of_keys_as_published() -> None:
    """AN12196 tables 25 and 26: of another key, and of the one that has proved itself."""
    other, own = (one for one in COMMANDS if one.ins == 0xC4)
    for vector, old in ((other, bytes(16)), (own, None)):
        card = _Scripted((vector.answer or b"") + b"\x91\x00")
        session = CardSession(card)
        session._enc_key, session._mac_key, session._ti = vector.enc_key, vector.mac_key, vector.ti
        session._count = vector.count
        session.change_key(vector.header[0], vector.data[:16], vector.data[16], old)
        assert card.heard == [vector.apdu]


class _Controller:
    """In place of the cable: says what a controller would."""

    said: list[tuple[str, str]] = []
    asked: list[str] = []

    def __init__(self, port: str) -> None:
        self.port = port

    def __enter__(self) -> "_Controller":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def status(self) -> dict:
        return {}

    def write(self, line: str) -> None:
        self.asked.append(line)

    def lines(self, for_s: float) -> Iterator[tuple[str, str]]:
        yield from self.said

    def silence(self) -> Exception:
        return commands.Problem("no answer", "Nothing.")


def _verdict(verdict: int, action: str = "enrol key") -> tuple[str, str]:
    row = {"action": action, "verdict": verdict, "credential": 4, "accepted": verdict < 10, "text": "why"}
    return "verdict", json.dumps(row)


def test_the_controller_gets_the_cards_own_key_and_says_its_number(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "Cable", _Controller)
    given = ("enter", UID.hex(), "--site", str(folder / "site.key"), "--role", "driver", "--port", "x")
    for said, ending in (
        ([("status", "{}"), _verdict(0), _verdict(5)], (0, 4)),
        ([_verdict(0), _verdict(63)], (1, "refused")),
        ([("error", "not a card")], (1, "refused")),
        ([], (1, "no_answer")),
    ):
        _Controller.said, _Controller.asked = said, []
        code, told, text = _run(*given)
        assert (code, told.get("number") or told["error"]["name"]) == ending
        own = diversified(_SITE_KEY, UID + b"latchkey").hex()
        assert _Controller.asked == [f"card {UID.hex()} {own} driver"]
        assert own not in text and _SITE_KEY.hex() not in text
    assert _run("enter", "0495", *given[2:])[1]["error"]["name"] == "no_uid"


def test_a_limit_is_told_changed_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "Cable", _Controller)
    for words, said, ending in (
        ((), [("limit", "3 196")], (0, 196)),
        (("250",), [_verdict(0, "limit a card's answers"), ("limit", "3 252")], (0, 252)),
        (("off",), [("limit", "3 0")], (0, 0)),
        (("250",), [_verdict(66, "limit a card's answers")], (1, "refused")),
        (("soon",), [], (2, "no_limit")),
        (("1001",), [], (2, "no_limit")),
    ):
        _Controller.said, _Controller.asked = said, []
        code, told, _ = _run("limit", "3", *words, "--port", "x")
        assert (code, told["limit_ms"] if code == 0 else told["error"]["name"]) == ending
        assert _Controller.asked == ([] if code == 2 else [" ".join(("limit", "3", *words))])
