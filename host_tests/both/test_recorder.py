"""What goes to the journal in flash and when: soon after a movement, never during it, and refusals as numbers."""

from struct import unpack

from fakes.authority import Authority, Keys, Outputs
from fakes.marks import Marks
from fakes.scratch import fresh_folder, remove
from latchkey.core import codes
from latchkey.core.codes import ACCEPTED, CABIN, KEYCARD, LOCK, PHONE, UNLOCK
from latchkey.core.facts import NO, YES
from latchkey.core.request import Request
from latchkey.credentials import entries
from latchkey.links import recorder as recording
from latchkey.links.journal_answer import answer_steps
from latchkey.links.recorder import Recorder
from latchkey.storage import chain as rows
from latchkey.storage.chain import Chain

_OWNER = 3


class Car:
    """The real authority with its journal, in a parked and locked car. `writes`: elapsed ms at each flush."""

    def __init__(self, folder=None, marks=None, cause=""):
        self.folder = folder or fresh_folder()
        self.outputs = Outputs()
        self.authority = Authority(self.outputs, Keys({_OWNER: [codes.OWNER, entries.ACTIVE, 1]}))
        self.vehicle = self.authority.vehicle
        self.vehicle.sense_bolt(codes.AT_LOCKED)
        self.vehicle.sense_speed(NO)
        self.marks = marks or Marks()
        self.chain = Chain(self.folder + "/journal", self.marks, bytes)
        self.recorder = Recorder(self.vehicle, self.chain, self.outputs.clock, cause)
        self.writes = []
        self._append = self.chain._append
        self.chain._append = self._written
        self.full = False

    def _written(self, data):
        if self.full:
            raise OSError(28)
        self.writes.append(self.outputs.clock.elapsed_ms)
        self._append(data)

    def pass_ms(self, ms):
        for _ in range(ms // 50):
            self.authority.pass_ms(50, 50)
            self.recorder.step()

    def ask(self, action, credential=_OWNER, source=KEYCARD):
        return self.authority.ask(source, credential, action)

    def refuse(self, verdict, source=PHONE):
        self.vehicle.refuse(Request(source), verdict)
        self.recorder.step()

    def rows(self, kind):
        """(count, credential, source, action, verdict) of the rows of a kind."""
        return list(self._rows_of(kind))

    def number(self, kind):
        """How many rows of a kind there are, and what they count together."""
        number = total = 0
        for row in self._rows_of(kind):
            number += 1
            total += row[0]
        return number, total

    def _rows_of(self, kind):
        for name in self.chain.files():
            with open(self.chain.folder + "/" + name, "rb") as file:
                while True:
                    row = file.read(rows.ROW_LEN)
                    if not row:
                        break
                    if row[16] == kind:
                        count, credential, _, source, action, verdict = unpack(">HhBBBB", row[12:20])
                        yield count, credential, source, action, verdict

    def end(self):
        remove(self.folder)


def _started():
    car = Car()
    car.pass_ms(3_000)
    assert car.recorder.state == recording.RECORDING and len(car.writes) == 1
    car.writes.clear()
    return car


def test_nothing_is_written_in_the_first_moments_and_then_the_boot():
    car = Car()
    car.pass_ms(1_700)
    assert car.recorder.state == recording.STARTING and not car.writes
    car.pass_ms(1_300)
    assert car.rows(rows.BOOT) == [(0, -1, 0, 0, rows.NEW)] and car.chain.boot == 1
    car.end()


def test_an_opening_is_written_within_two_seconds_of_the_movement_and_not_during_it():
    car = _started()
    began = car.outputs.clock.elapsed_ms
    assert car.ask(UNLOCK) == ACCEPTED
    car.vehicle.sense_bolt(codes.AT_UNLOCKED)
    car.pass_ms(10_000)
    start, end, _ = car.outputs.pulses()[0]
    assert len(car.writes) == 1 and car.writes[0] >= start + 2_000 and car.writes[0] <= end + 200 + 2_000 + 100
    assert start == began
    assert car.rows(rows.DECISION) == [(0, _OWNER, KEYCARD, UNLOCK, ACCEPTED)]
    assert car.vehicle.journal.head == car.chain.head and car.vehicle.journal.head_number == car.chain.number - 1
    car.end()


def test_a_movement_that_is_tried_again_is_waited_for():
    """The bolt does not move: a second pulse comes after 1.5 s."""
    car = _started()
    car.ask(UNLOCK)
    car.pass_ms(10_000)
    pulses = car.outputs.pulses()
    assert len(pulses) == 2 and len(car.writes) == 1
    assert car.writes[0] >= pulses[1][0] + 2_000
    car.end()


def test_nothing_is_written_while_a_card_is_asked_or_the_supply_is_low():
    for hinder in (True, False):
        car = _started()
        assert car.ask(UNLOCK) == ACCEPTED
        car.vehicle.sense_bolt(codes.AT_UNLOCKED)
        if hinder:
            car.vehicle.attends = 1
        else:
            car.vehicle.sense_supply(YES)
        car.pass_ms(9_000 if hinder else 60_000)
        assert not car.writes and car.chain.pending == 1
        car.vehicle.attends = 0
        car.vehicle.sense_supply(NO)
        car.pass_ms(200)
        assert len(car.writes) == 1 and not car.chain.pending
        car.end()


def test_whoever_keeps_asking_does_not_keep_his_first_row_out_of_the_flash():
    car = _started()
    for _ in range(15):  # each of them grants something, and none moves the motor
        car.vehicle._note_own(CABIN, codes.OPEN_ENROLMENT, ACCEPTED)
        car.pass_ms(1_000)
    assert car.writes and car.writes[0] <= 3_000 + 11_500, car.writes
    car.end()


def test_a_card_that_is_held_there_for_ever_does_not_keep_the_journal_empty():
    car = _started()
    car.vehicle.attends = 1
    for second in range(60):
        car.vehicle._note_own(CABIN, UNLOCK, ACCEPTED)
        car.pass_ms(1_000)
        assert car.chain.pending <= 12 and not car.chain._lost, second
    assert 5 <= len(car.writes) <= 12, "each waits its 10 s; what comes in the middle of one follows at once"
    after = Car(car.folder, car.marks)
    after.vehicle.attends = 1
    after.pass_ms(9_000)
    assert not after.writes
    after.pass_ms(2_000)
    assert len(after.rows(rows.DECISION)) >= 48, len(after.rows(rows.DECISION))
    assert after.rows(rows.BOOT)[-1] == (0xFFFF, -1, 0, 0, rows.CUT), "how many, nobody knows"
    car.end()


def test_whoever_asks_for_a_chain_after_a_long_time_waits_for_the_card_as_well():
    car = _started()
    car.pass_ms(60_000)
    car.vehicle.attends = 1
    answer = answer_steps(car.recorder, ["journal", "begin", "55" * 32], [].append)
    next(answer)
    car.pass_ms(9_000)
    assert not car.writes
    car.pass_ms(2_000)
    assert car.writes
    car.end()


def test_a_state_that_flash_refuses_is_tried_again_without_a_new_decision():
    car = _started()
    keep = car.chain._keep

    def refuse():
        raise OSError(28)

    car.chain._keep = refuse
    assert car.ask(UNLOCK) == ACCEPTED
    car.vehicle.sense_bolt(codes.AT_UNLOCKED)
    car.pass_ms(10_000)
    assert car.recorder.state == recording.FAILING and not car.chain.pending
    car.chain._keep = keep
    car.pass_ms(70_000)
    assert car.recorder.state == recording.RECORDING
    assert len(car.rows(rows.DECISION)) == 1 and len(car.writes) == 1
    assert Car(car.folder, car.marks).chain._read_state()
    car.end()


def test_refusals_are_numbers_every_ten_minutes_at_most():
    car = _started()
    for second in range(1_800):
        for _ in range(3):
            car.refuse(codes.UNKNOWN_KEY)
        if second % 10 == 0:
            car.refuse(codes.WRONG_ANSWER, KEYCARD)
        car.pass_ms(1_000)
    assert len(car.writes) == 3, car.writes
    assert all(later - sooner >= 600_000 for sooner, later in zip(car.writes, car.writes[1:])), car.writes
    counted = car.rows(rows.COUNTED)
    assert {row[2:] for row in counted} == {(PHONE, 0, codes.UNKNOWN_KEY), (KEYCARD, 0, codes.WRONG_ANSWER)}
    car.pass_ms(700_000)
    counted = car.rows(rows.COUNTED)
    assert sum(row[0] for row in counted if row[2] == PHONE) == 5_400
    assert sum(row[0] for row in counted if row[2] == KEYCARD) == 180
    car.end()


def test_many_kinds_of_refusals_are_told_as_one_and_two_hundred_rows_a_day_are_the_most():
    car = _started()
    for _ in range(144):
        for verdict in range(10, 60):
            car.refuse(verdict)
        car.pass_ms(1_000)
        car.outputs.clock.advance(599_000)
        car.vehicle.tick()
    car.pass_ms(2_000)
    assert 100 < car.number(rows.COUNTED)[0] <= 200 + 16
    car.vehicle.uptime_s += 86_400
    car.pass_ms(20_000)
    assert car.number(rows.COUNTED)[1] == 144 * 50
    assert any(row[4] == 0xFF for row in car.rows(rows.COUNTED))
    car.end()


def test_what_changes_nothing_is_counted_as_well():
    car = _started()
    car.ask(LOCK)
    car.pass_ms(5_000)
    assert car.rows(rows.COUNTED) == [(1, -1, KEYCARD, 0, codes.ALREADY)] and not car.rows(rows.DECISION)
    car.end()


def test_a_day_of_decisions_has_a_ceiling_of_writes_and_loses_count_of_none():
    car = _started()
    asked = 0
    for _ in range(1_000):
        car.vehicle._note_own(CABIN, codes.OPEN_ENROLMENT, ACCEPTED)
        asked += 1
        car.pass_ms(2_500)
        car.outputs.clock.advance(83_900)
        car.vehicle.tick()
    assert len(car.writes) <= 48 + 180 + 1, len(car.writes)
    car.vehicle.uptime_s += 86_400
    car.pass_ms(20_000)
    assert car.number(rows.DECISION)[0] + car.number(rows.LOST)[1] + car.chain.pending == asked
    car.end()


def test_a_flash_that_is_full_holds_nobody_up_and_is_tried_again():
    car = _started()
    car.full = True
    for _ in range(3):
        assert car.ask(UNLOCK) == ACCEPTED
        car.vehicle.sense_bolt(codes.AT_UNLOCKED)
        car.pass_ms(5_000)
        assert car.ask(LOCK) == ACCEPTED
        car.vehicle.sense_bolt(codes.AT_LOCKED)
        car.pass_ms(30_000)
    assert car.recorder.state == recording.FAILING and not car.writes and car.chain.pending == 6
    car.full = False
    car.pass_ms(70_000)
    assert car.recorder.state == recording.RECORDING and len(car.rows(rows.DECISION)) == 6
    car.end()


def test_no_place_for_a_journal_is_shown_and_tried_again():
    car = Car(folder="build/no-such-folder")
    car.pass_ms(10_000)
    assert car.recorder.state == recording.FAILING
    assert car.ask(UNLOCK) == ACCEPTED


def test_an_end_on_purpose_writes_everything_at_once():
    car = _started()
    car.refuse(codes.UNKNOWN_KEY)
    car.vehicle._note_own(CABIN, codes.OPEN_ENROLMENT, ACCEPTED)
    car.recorder.end()
    assert car.rows(rows.ENDED) and car.rows(rows.COUNTED) and car.rows(rows.DECISION)
    car.full = True
    car.recorder.end()  # it holds up nobody who wants to sleep
    assert car.recorder.state == recording.FAILING
    after = Car(car.folder, car.marks, "watchdog")
    after.pass_ms(3_000)
    assert after.rows(rows.BOOT)[-1] == (0, -1, 3, 0, rows.CLEAN), "reset by the watchdog, and nothing missing"
    car.end()


def test_a_new_chain_is_begun_when_it_is_asked_for():
    car = _started()
    said = []
    answers = [answer_steps(car.recorder, ["journal", "begin", digits * 32], said.append) for digits in ("55", "66")]
    for answer in answers:
        next(answer)
    assert said == ["error journal: it is being written, or cannot be: try again"], "one at a time"
    car.pass_ms(3_000)
    for _ in answers[0]:
        pass
    assert said[1:] == ["journal begun 3"]
    assert car.rows(rows.NEXT_KEY) and len(car.rows(rows.BEGUN)) == 2


def _answered(car, answer, turns):
    """How many turns of 50 ms the answer takes."""
    for turn in range(turns):
        car.pass_ms(50)
        try:
            next(answer)
        except StopIteration:
            return turn
    raise AssertionError("the console is deaf")


_NOT_NOW = "error journal: nothing may be written now (motor, supply): no chain is begun, try later"


def test_a_new_chain_for_which_there_is_no_time_is_given_up():
    car = _started()
    said = []
    answer = answer_steps(car.recorder, ["journal", "begin", "55" * 32], said.append)
    next(answer)
    car.vehicle.sense_supply(YES)
    assert _answered(car, answer, 300) >= 200 and said == [_NOT_NOW]
    car.vehicle.sense_supply(NO)
    car.pass_ms(10_000)
    assert len(car.rows(rows.BEGUN)) == 1 and not car.rows(rows.NEXT_KEY), "nor later"
    answer = answer_steps(car.recorder, ["journal", "begin", "55" * 32], said.append)
    _answered(car, answer, 100)
    assert said[1:] == ["journal begun 3"]
    car.end()


def test_a_new_chain_that_was_announced_only_is_given_up_and_the_old_one_goes_on():
    car = _started()
    said = []
    answer = answer_steps(car.recorder, ["journal", "begin", "55" * 32], said.append)
    next(answer)
    car.pass_ms(50)  # its announcement waits
    car.vehicle.sense_supply(YES)
    _answered(car, answer, 300)
    car.vehicle.sense_supply(NO)
    car.pass_ms(10_000)
    assert said == [_NOT_NOW] and len(car.rows(rows.BEGUN)) == 1 and len(car.rows(rows.NEXT_KEY)) == 1
    after = Car(car.folder, car.marks)
    after.pass_ms(3_000)
    assert after.chain.found == rows.CUT, "under the old key"
    car.end()


def test_a_new_chain_that_a_recorder_begun_anew_has_forgotten_is_told():
    car = _started()
    said = []
    answer = answer_steps(car.recorder, ["journal", "begin", "55" * 32], said.append)
    next(answer)
    running = car.recorder.run()
    car.recorder.step = lambda: 1 // 0
    try:
        running.send(None)
        raise AssertionError("it goes on")
    except ZeroDivisionError:
        pass
    del car.recorder.step
    assert _answered(car, answer, 300) < 5 and said == [_NOT_NOW]
    car.end()


def test_a_new_chain_whose_first_row_waits_is_begun_all_the_same():
    car = _started()
    said = []
    answer = answer_steps(car.recorder, ["journal", "begin", "55" * 32], said.append)
    next(answer)
    use = car.chain.use

    def use_and_fail(key):
        use(key)
        car.full = True

    car.chain.use = use_and_fail
    _answered(car, answer, 300)
    assert said == ["journal begun 3"] and len(car.rows(rows.BEGUN)) == 1
    car.full = False
    car.pass_ms(70_000)
    assert len(car.rows(rows.BEGUN)) == 2
    car.end()


def test_a_new_chain_that_flash_refuses_is_told_and_the_old_one_goes_on():
    car = _started()
    said = []
    answer = answer_steps(car.recorder, ["journal", "begin", "55" * 32], said.append)
    next(answer)
    car.full = True
    car.pass_ms(3_000)
    for _ in answer:
        pass
    assert said == ["error journal: flash refused the write: try again"]
    car.full = False
    car.pass_ms(70_000)
    assert car.recorder.state == recording.RECORDING and len(car.rows(rows.BEGUN)) == 1
    car.end()
