"""`latchkey journal`: what the kept key proves, and that each way of tampering with the files is found and named.

The files are written by the firmware's own chain; the cable is a TCP port at which its own console answers.
"""

import contextlib
import csv
import json
import os
import random
import shutil
import socket
import tempfile
import threading
import time
from pathlib import Path

import pytest
from fakes.bench_process import bench
from fakes.marks import Marks
from latchkey.core import codes, words
from latchkey.links.journal_answer import answer_steps
from latchkey.storage import chain as firmware
from latchkey.storage.chain import Chain
from latchkey_tools import cli
from latchkey_tools.journal import proof, rows
from latchkey_tools.journal.files import Journal
from latchkey_tools.journal.keys import Keys
from latchkey_tools.journal.words import sentence

_KEY = bytes(range(32))
_FIRST = 3  # row with which the chain under _KEY begins: begun, boot and the end of that chain stand before
_LAST = _FIRST + 41


class Car:
    """A journal's folder with one chain under _KEY: a boot, 40 decisions, three more boots with one each."""

    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="latchkey-"))
        self.folder = self.home / "journal"
        self.marks = Marks()
        self.begun = -1
        self.state = 1
        self.chain = chain = self.boot()
        self.begin(_KEY)
        for number in range(35):
            self.decide(chain, number)
        for _ in range(3):
            chain = self.boot()
            self.decide(chain, 100)
        self.chain = chain

    def boot(self):
        chain = Chain(str(self.folder), self.marks, bytes)
        chain.load(0)
        self.write(chain)
        return chain

    def decide(self, chain, uptime_s):
        chain.put(rows.DECISION, uptime_s, 0, codes.KEYCARD, 2, codes.UNLOCK, codes.ACCEPTED, b"\xab\xcd\xef\x01")
        self.write(chain)

    def write(self, chain):
        while chain.pending:
            for _ in chain.flush_steps():
                pass

    # As a recorder, for the console

    def take(self, steps):
        for _ in steps:
            pass
        return True

    def drop(self, steps):
        return True

    def flush_steps(self):
        while self.chain.pending:
            yield from self.chain.flush_steps()

    def begin(self, key):
        said = []
        for _ in answer_steps(self, ["journal", "begin", key.hex()], said.append):
            pass
        self.begun = int(said[-1].split()[-1])

    # What somebody may do to it

    def files(self):
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    def newest(self):
        return max(name for name in self.files() if name != "state")

    def remove(self):
        shutil.rmtree(self.home)


@pytest.fixture
def car():
    car = Car()
    yield car
    car.remove()


def _report(files, heads=(), chains=((_KEY, _FIRST),)):
    return proof.verify(Journal.of_files(files), [proof.Chain(*chain) for chain in chains], heads)


def _changed(files, place, at, value):
    """The files with one byte of a row changed; at: offset in the row."""
    name = max(name for name in files if name != "state" and int(name, 16) <= place)
    data = bytearray(files[name])
    data[(place - int(name, 16)) * rows.ROW_LEN + at] ^= value
    return {**files, name: bytes(data)}


def _only_row(files):
    (name,) = [name for name in files if name != "state"]
    return name, files[name]


def test_what_the_controller_wrote_is_verified_and_what_was_before_the_key_is_not(car):
    report = _report(car.files())
    assert not report.wrong
    assert report.count(proof.VERIFIED) == 42 and report.count(proof.UNVERIFIED) == 3
    assert report.told == [
        "3 rows are older than the first kept key: read, not verified.",
        "3 boots came after the supply had been cut, the last at row 43: before each, decisions that were yet to "
        "be written, of its last seconds as a rule, and the refusals of 10 minutes or more, may be missing; how many "
        "is not known.",
    ]
    assert _report(car.files(), chains=((_KEY, None),)).proofs == report.proofs, "its first row tells where it begins"


def test_every_byte_that_is_changed_is_found_and_its_row_is_named(car):
    files = car.files()
    for place in (_FIRST, 20, _LAST):
        for at in range(rows.ROW_LEN):
            report = _report(_changed(files, place, at, 1 << at % 8))
            assert report.wrong and report.proofs[place] != proof.VERIFIED, (place, at)
    report = _report(_changed(files, 20, 19, 1))
    assert report.wrong == ["Row 20 is not what was written: changed, moved or made up."]
    assert [place for place, found in report.proofs.items() if found == proof.FALSE] == [20]


def test_rows_that_change_places_or_come_twice_are_found(car):
    name, data = _only_row(car.files())
    row = [data[at : at + 40] for at in range(0, len(data), 40)]
    row[10], row[11] = row[11], row[10]
    assert _report({name: b"".join(row)}).wrong == [
        "Rows 10 to 11 are not what was written: changed, moved or made up."
    ]
    row[12] = row[20]
    assert _report({name: b"".join(row)}).proofs[12] == proof.FALSE


def test_rows_taken_out_of_the_middle_are_found(car):
    files = car.files()
    name, data = _only_row(files)
    assert "not what was written" in _report({name: data[: 10 * 40] + data[13 * 40 :]}).wrong[0]
    report = _report({name: data[: 10 * 40], "%08x" % 13: data[13 * 40 :]})
    assert report.wrong == ["Rows 10 to 12 are missing."]


def test_rows_cut_off_at_the_end_are_found_by_state_console_and_head(car):
    files = car.files()
    name, data = _only_row(files)
    shorter = {name: data[: -2 * 40]}
    assert not _report(shorter).wrong, "nothing that is left tells"
    assert _report({**files, **shorter}).wrong == ["Rows 43 to 44 are missing at the end."]
    journal = Journal.of_files(shorter)
    journal.following = 45
    assert proof.verify(journal, [proof.Chain(_KEY, _FIRST)], []).wrong
    head = Journal.of_files(files).rows[-1].head
    assert _report(shorter, [head]).wrong == [
        "Row 44 was there when its head was kept, and is missing: the end was cut off."
    ]
    assert not _report(files, [head]).wrong
    other = head[:-1] + ("0" if head[-1] != "0" else "1")
    assert "was written anew" in _report(files, [other]).wrong[0]


def test_a_row_torn_at_the_end_is_found(car):
    name, data = _only_row(car.files())
    assert _report({name: data[:-1]}).wrong[0] == f"File {name} ends in the middle of row 44."


def test_the_ring_has_gone_round_and_the_rest_is_verified(car):
    _, data = _only_row(car.files())
    report = _report({"%08x" % 30: data[30 * 40 :]}, ["20:0011223344556677"])
    assert not report.wrong and report.count(proof.VERIFIED) == 15
    assert "older than what is kept" in report.told[0]


def test_whoever_has_the_flash_can_go_on_and_not_go_back(car):
    """The thief has the key of the next row: he adds one, which nobody finds; an earlier one he cannot make."""
    files = car.files()
    journal = Journal.of_files(files)
    key = journal.state.key
    name, data = _only_row(files)
    body = bytearray(data[-40:-16])
    for place, found in ((45, proof.VERIFIED), (44, proof.FALSE)):
        body[:4] = place.to_bytes(4, "big")
        made = bytes(body) + firmware.hmac_sha256(key, body)[:16]
        whole = data[: place * 40] + made
        assert _report({name: whole}).proofs[place] == found


def test_a_state_that_was_put_there_is_found(car):
    files = car.files()
    state = bytearray(files["state"])
    state[20] ^= 1
    state[44:] = firmware.sha256(state[:44])[:8]
    assert _report({**files, "state": bytes(state)}).wrong == [
        "The key in the file `state` is not the one that comes next: it was put there."
    ]
    state[20] ^= 1
    assert _report({**files, "state": bytes(state)}).wrong == [
        "The file `state` is damaged: the controller will begin a new chain."
    ]


def test_a_controller_that_found_its_journal_damaged_has_said_so(car):
    path = car.folder / car.newest()
    path.write_bytes(path.read_bytes()[:-40])
    car.boot()
    report = _report(car.files())
    assert "Row 44 is missing." in report.wrong
    assert "At boot 5 (row 45) the controller itself found rows missing." in report.wrong


def test_a_journal_that_lost_its_state_or_was_deleted_says_that_it_is_another_chain(car):
    (car.folder / "state").unlink()
    car.boot()
    wrong = _report(car.files()).wrong
    assert "had lost its key and went on at" in wrong[0] and "deleted it" in wrong[1]
    shutil.rmtree(car.folder)
    car.marks.values.clear()
    car.boot()
    assert _report(car.files()).wrong == ["There is no row of the kept chain."]


def test_a_key_that_was_announced_and_given_up_leaves_the_chain_before_it_whole(car):
    """The supply fell between the two, and whoever had asked was told to try later."""
    car.chain.put(rows.NEXT_KEY, 0, 0, 0, -1, 0, 0, bytes.fromhex(rows.key_id(bytes(32))))
    car.write(car.chain)
    car.decide(car.chain, 200)
    report = _report(car.files(), chains=((_KEY, _FIRST), (bytes(32), None)))
    assert not report.wrong and report.count(proof.VERIFIED) == 44


def test_a_second_key_goes_on_from_the_first_and_one_that_is_not_kept_is_told(car):
    own = bytes([7]) * 32
    car.begin(own)
    car.decide(car.chain, 7)
    files = car.files()
    assert not _report(files, chains=((_KEY, _FIRST), (own, car.begun))).wrong
    assert _report(files).wrong == [
        f"Rows {car.begun} to {car.begun + 1} are under a key that is not kept here: another key was begun over USB."
    ]


def test_a_key_that_was_announced_and_not_taken_up_changes_nothing(car):
    own = bytes([7]) * 32
    car.chain.put(rows.NEXT_KEY, 0, 0, 0, -1, 0, 0, firmware.key_id(own))
    car.write(car.chain)
    assert not _report(car.files(), chains=((_KEY, _FIRST), (own, None))).wrong
    car.decide(car.chain, 7)
    report = _report(car.files(), chains=((_KEY, _FIRST), (own, None)))
    assert not report.wrong and report.proofs[_LAST + 2] == proof.VERIFIED


def test_another_cars_key_proves_nothing(car):
    report = _report(car.files(), chains=((bytes(32), _FIRST),))
    assert report.count(proof.VERIFIED) == 0 and report.wrong[0].startswith("No row is proved by the kept key")


def test_any_mixture_of_changes_is_found():
    car = Car()
    files = car.files()
    name, data = _only_row(files)
    whole = [data[at : at + 40] for at in range(0, len(data), 40)]
    chance = random.Random(1)
    for _ in range(300):
        changed = list(whole)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(_FIRST, len(changed))
            what = chance.randrange(4)
            if what == 0:
                del changed[at]
            elif what == 1:
                changed.insert(at, changed[chance.randrange(len(changed))])
            elif what == 2:
                other = chance.randrange(_FIRST, len(changed))
                changed[at], changed[other] = changed[other], changed[at]
            else:
                row = bytearray(changed[at])
                row[chance.randrange(40)] ^= 1 << chance.randrange(8)
                changed[at] = bytes(row)
        if changed != whole:
            assert _report({**files, name: b"".join(changed)}).wrong
    car.remove()


def test_every_kind_of_row_has_words():
    def row(kind, **fields):
        told = {"boot": 4, "uptime_s": 5, "count": 6, "credential": -1, "source": 0, "action": 0, "verdict": 0}
        told.update(fields)
        key_id = told.pop("key_id", "00000000")
        return rows.Row(place=1, number=1, kind=kind, key_id=key_id, body=b"", code=b"", **told)

    assert sentence(row(rows.DECISION, source=4, action=2, credential=3, key_id="abcdef01")) == (
        "keycard abcdef01 (number 3): unlock: accepted"
    )
    assert sentence(row(rows.COUNTED, source=3, verdict=30)) == "6 times phone: a key, but not of this vehicle"
    assert sentence(row(rows.COUNTED, verdict=0xFF)) == "6 times somebody: of other kinds"
    assert sentence(row(rows.BOOT, verdict=rows.CLEAN)) == "boot 4: the last one ended on purpose"
    assert sentence(row(rows.BOOT, verdict=99)) == "boot 4: unknown ending 99"
    for kind in range(1, 9):
        assert sentence(row(kind))
    assert sentence(row(rows.DECISION, action=200, source=100)) == "100: 200: accepted"
    assert len(words.ENDINGS.split(",")) == 6


# On the command line


@contextlib.contextmanager
def _config(folder):
    before = os.environ.get("XDG_CONFIG_HOME")
    os.environ["XDG_CONFIG_HOME"] = str(folder)
    try:
        yield folder / "latchkey" / "car.journal"
    finally:
        if before is None:
            del os.environ["XDG_CONFIG_HOME"]
        else:
            os.environ["XDG_CONFIG_HOME"] = before


@contextlib.contextmanager
def _cable(recorder):
    """A TCP port at which the console's own code answers, between lines about other things."""

    def serve():
        with contextlib.suppress(OSError):
            while True:
                end, _ = server.accept()
                with end, end.makefile("rwb", buffering=0) as line:
                    while asked := line.readline().decode().split():
                        line.write(b'status {"uptime_s": 1}\nverdict {}\n')
                        for _ in answer_steps(recorder, asked, lambda text: line.write(text.encode() + b"\n")):
                            line.write(b"status {}\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"socket://127.0.0.1:{server.getsockname()[1]}"


def _files_of(car):
    return ["--files", str(car.folder)]


def test_a_key_is_begun_over_the_cable_and_then_everything_is_verified(car, capsys):
    with _config(car.home) as key_file, _cable(car) as port:
        assert cli.main(["journal", "begin", "--port", port]) == 0
        assert "From row 46 on" in capsys.readouterr().out
        kept = json.loads(key_file.read_text())
        assert kept["chains"][0]["first"] == 46 and key_file.stat().st_mode & 0o777 == 0o600
        car.decide(car.chain, 50)
        assert cli.main(["journal", "verify", "--port", port]) == 0
        told = capsys.readouterr().out
        assert told.startswith("2 rows are what the controller wrote") and "older than the first kept key" in told
        assert json.loads(key_file.read_text())["head"].startswith("47:")
        assert cli.main(["journal", "verify", *_files_of(car)]) == 0
        path = car.folder / car.newest()
        path.write_bytes(path.read_bytes()[:-40])
        shutil.copy(path, car.home)
        (car.folder / "state").unlink()
        capsys.readouterr()
        assert cli.main(["journal", "verify", *_files_of(car)]) == 1
        assert "Row 47 was there when its head was kept, and is missing" in capsys.readouterr().err
        assert kept["chains"][0]["key"] not in str(capsys.readouterr())


def test_reading_and_exporting_need_no_key(car, capsys):
    with _config(car.home), _cable(car) as port:
        assert cli.main(["journal", "read", "--port", port, "--last", "1"]) == 0
        told = capsys.readouterr().out
        assert "keycard abcdef01 (number 2): unlock: accepted" in told and told.startswith("?")
        for name in ("a.csv", "a.jsonl"):
            assert cli.main(["journal", "export", *_files_of(car), str(car.home / name)]) == 0
        with (car.home / "a.csv").open(newline="") as file:
            table = list(csv.DictReader(file))
        lines = [json.loads(line) for line in (car.home / "a.jsonl").read_text().splitlines()]
        assert len(table) == len(lines) == 45 and list(table[0]) == list(lines[0])
        assert lines[-2]["kind"] == "boot" and lines[-2]["count"] is None and table[-2]["count"] == ""
        assert table[-1]["key"] == lines[-1]["key"] == "abcdef01" and lines[-1]["proof"] == "not verified"
        capsys.readouterr()
        assert cli.main(["journal", "export", *_files_of(car), str(car.home / "a.csv")]) == 2
        assert "not written over" in capsys.readouterr().err
        assert cli.main(["journal", "export", *_files_of(car), str(car.home / "a.txt")]) == 2
        assert cli.main(["journal", "read", *_files_of(car), "--json", "--last", "2"]) == 0
        assert [row["number"] for row in json.loads(capsys.readouterr().out)["rows"]] == [43, 44]


def test_what_is_missing_is_said_in_a_sentence(car, capsys):
    with _config(car.home) as key_file:
        for typed, code, text in (
            (["verify", *_files_of(car)], 2, "`latchkey journal begin` makes one"),
            (["read", "--files", str(car.home / "nothing")], 2, "name the folder with the journal's files"),
            (["read", "--files", str(car.home)], 2, "holds no journal"),
            (["read", "--simulator", "http://127.0.0.1:9"], 2, "No simulator answers"),
            (["verify", *_files_of(car), "--name", "../x"], 2, "is no name for a key"),
        ):
            assert cli.main(["journal", *typed]) == code
            assert text in capsys.readouterr().err
        key_file.parent.mkdir(exist_ok=True)
        key_file.write_text("{}")
        key_file.chmod(0o644)
        assert cli.main(["journal", "verify", *_files_of(car)]) == 2
        assert "chmod 600" in capsys.readouterr().err
        key_file.chmod(0o600)
        assert cli.main(["journal", "verify", *_files_of(car)]) == 2
        assert "put it right or away" in capsys.readouterr().err
        with pytest.raises(SystemExit):
            cli.main(["journal", "verify", "--head", "12"])
        assert "16 hex digits" in capsys.readouterr().err


def test_a_key_that_is_sent_is_kept_before_and_an_answer_that_got_lost_is_found_in_the_rows(car):
    with _config(car.home) as key_file:
        keys = Keys(key_file.parent, "car")
        own = bytes([5]) * 32
        keys.add(own)
        (wrong,) = _report(car.files(), chains=((own, None),)).wrong
        assert "never took up" in wrong
        car.begin(own)
        again = Keys(key_file.parent, "car")
        assert again.chains == [proof.Chain(own, None)]
        report = proof.verify(Journal.of_files(car.files()), again.chains, [])
        assert not report.wrong and report.count(proof.VERIFIED) == 1


def test_the_console_refuses_what_is_no_key_and_repeats_nothing_of_it(car):
    for asked in (["journal", "begin", "aa" * 31], ["journal", "begin", "zz" * 32], ["journal", "erase"], ["journal"]):
        said = []
        for _ in answer_steps(car, asked, said.append):
            pass
        assert len(said) == 1 and said[0].startswith("error journal: ") and "aaaa" not in said[0]


def test_the_simulated_controller_is_asked_over_its_usb_port(capsys):
    """The real firmware under MicroPython: begun, used, verified, and verified again after the supply was cut."""
    real = {"FIRMWARE": "", "MICROPYTHON": ""}  # the simulator's own choice
    with tempfile.TemporaryDirectory() as folder, _config(Path(folder)), bench(folder, **real) as simulator:
        simulator.wait(lambda state: _state_of(state) == "recording", "the journal records")
        where = ["--simulator", simulator.page]
        assert cli.main(["journal", "begin", *where]) == 0
        simulator.post("car", {"button": True})
        time.sleep(0.2)  # a press, not a spark
        simulator.post("car", {"button": False})
        simulator.wait(lambda state: _head_of(state).startswith("4:"), "the opening is in flash")
        capsys.readouterr()
        assert cli.main(["journal", "verify", *where]) == 0
        assert capsys.readouterr().out.startswith("2 rows are what the controller wrote")
        simulator.post("faults", {"power": "off"})
        simulator.running(2)
        simulator.wait(lambda state: _state_of(state) == "recording", "the journal goes on")
        assert cli.main(["journal", "verify", *where]) == 0
        assert cli.main(["journal", "read", *where, "--last", "2"]) == 0
        told = capsys.readouterr().out
        assert "cabin: unlock: accepted" in told and "boot 2 (power): the last one was cut off" in told


def _state_of(state):
    return (state["controller"] or {}).get("journal", {}).get("state")


def _head_of(state):
    return (state["controller"] or {}).get("journal", {}).get("head", "")
