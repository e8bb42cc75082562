"""The PN532 model: what the driver is measured with has to be right itself, so frames stand here as literal bytes.

Hex strings are from the frame tables of UM0701-02 and from logs of libnfc and nfcpy, not from the model.
"""

from fakes.scale import LONG
from pn532_model import Card, Pn532Model, Tag

ACK = bytes.fromhex("0000ff00ff00")
NACK = bytes.fromhex("0000ffff0000")
ERROR = bytes.fromhex("0000ff01ff7f8100")
WAKE = bytes.fromhex("5555000000000000000000000000000000")
SAM = bytes.fromhex("0000ff05fbd4140114010200")
SAM_DONE = bytes.fromhex("0000ff02fed5151600")
VERSION = bytes.fromhex("0000ff02fed4022a00")
VERSION_IS = bytes.fromhex("0000ff06fad50332010607e800")


class Echo(Card):
    """An ISO 14443-4 card that answers with what it was asked, or with so many bytes as the first two say."""

    def __init__(self, uid: bytes, delay_ms: int = 5) -> None:
        self.uid = uid
        self.delay_ms = delay_ms
        self.asked = []
        self.activations = 0

    def activated(self) -> None:
        self.activations += 1

    def transceive(self, apdu: bytes) -> tuple:
        self.asked.append(apdu)
        if apdu[:1] == b"\xaa":
            return bytes(apdu[1] << 8 | apdu[2]), self.delay_ms
        return apdu + b"\x90\x00", self.delay_ms


class Late(Echo):
    """A card whose answer comes from elsewhere, when it comes."""

    def __init__(self, uid: bytes) -> None:
        super().__init__(uid)
        self.answer = None

    def transceive(self, apdu: bytes) -> None:
        self.asked.append(apdu)

    def late_answer(self) -> tuple:
        return self.answer


class Host:
    """The other end of the line, with a clock of its own that wraps as MicroPython's does."""

    def __init__(self, *cards: Card, start_ms: int = 0x3FFFFF00) -> None:
        self.chip = Pn532Model()
        self.now_ms = start_ms
        self.chip.tick(self.now_ms)
        for card in cards:
            self.chip.put(card)

    def wait(self, ms: int) -> bytes:
        self.now_ms = (self.now_ms + ms) & 0x3FFFFFFF
        self.chip.tick(self.now_ms)
        return self.chip.take()

    def send(self, data: bytes, ms: int = 1000) -> bytes:
        self.chip.feed(data)
        return self.wait(ms)

    def start(self) -> "Host":
        assert self.send(WAKE + SAM) == ACK + SAM_DONE
        assert self.ask("3205ff0100") == "33"
        return self

    def ask(self, command: str, ms: int = 1000) -> str:
        """Send D4 and a command, check ACK and frame, give the answer without D5 as hex."""
        out = self.send(packed(b"\xd4" + bytes.fromhex(command)), ms)
        assert out[:6] == ACK, out
        return unpacked(out[6:])[1:].hex() if out[6:] != ERROR else "error"


def packed(payload: bytes) -> bytes:
    size = len(payload)
    if size < 256:
        head = bytes([size, -size & 255])
    else:
        head = bytes([255, 255, size >> 8, size & 255, -((size >> 8) + (size & 255)) & 255])
    return b"\x00\x00\xff" + head + payload + bytes([-sum(payload) & 255, 0])


def unpacked(data: bytes) -> bytes:
    assert data[:3] == b"\x00\x00\xff" and data[-1] == 0
    offset, size = 5, data[3]
    if data[3:5] == b"\xff\xff":
        offset, size = 8, data[5] << 8 | data[6]
        assert sum(data[5:8]) & 255 == 0
    else:
        assert (data[3] + data[4]) & 255 == 0
    assert len(data) == offset + size + 2 and sum(data[offset:-1]) & 255 == 0
    return data[offset:-2]


PLASTIC = bytes.fromhex("047368a2c72280")
ATS = "0578779102"
LISTED = "4b01010044200704" + "7368a2c72280" + ATS


def test_wakes_only_by_the_preamble_and_loses_what_follows_it_too_closely() -> None:
    host = Host()
    assert host.send(SAM) == b""
    assert host.send(bytes.fromhex("555500") + SAM[:9]) == b""
    host = Host()
    host.chip.feed(bytes.fromhex("5555"))
    host.wait(1)
    assert host.send(SAM) == ACK + SAM_DONE


def test_nothing_is_obeyed_before_sam_configuration() -> None:
    host = Host()
    assert host.send(WAKE + VERSION) == b""
    assert host.send(SAM) == ACK + SAM_DONE
    assert host.send(VERSION) == ACK + VERSION_IS


def test_ack_comes_before_the_answer_and_each_has_its_time() -> None:
    host = Host(Echo(PLASTIC)).start()
    host.chip.feed(packed(bytes.fromhex("d44a0100")))
    assert host.wait(1) == b""
    assert host.wait(1) == ACK
    assert host.wait(5) == b""
    waited = 0
    out = b""
    while not out:
        out = host.wait(1)
        waited += 1
    assert unpacked(out)[1:].hex() == LISTED
    assert 5 <= waited <= 20


def test_wait_ms_leads_from_event_to_event() -> None:
    host = Host().start()
    assert host.chip.wait_ms() is None
    host.chip.feed(VERSION)
    out = b""
    steps = 0
    while host.chip.wait_ms() is not None:
        out += host.wait(host.chip.wait_ms())
        steps += 1
    assert out == ACK + VERSION_IS and steps < 6


def test_frames_are_found_in_garbage_and_damaged_ones_get_no_ack() -> None:
    host = Host().start()
    assert host.send(bytes.fromhex("ff0000ff13aa0000ff") + VERSION) == ACK + VERSION_IS
    damaged = VERSION[:-2] + b"\x2b\x00"
    assert host.send(damaged) == b""
    for i in range(len(VERSION)):
        host.chip.feed(VERSION[i : i + 1])
        host.wait(1)
    assert host.wait(50)[-len(VERSION_IS) :] == VERSION_IS
    assert host.send(bytes.fromhex("0000ffffff0002fed4022a00")) == ACK + VERSION_IS


def test_a_longer_preamble_and_a_missing_postamble_are_fine() -> None:
    host = Host().start()
    assert host.send(bytes(9) + VERSION[:-1]) == ACK + VERSION_IS


def test_unknown_and_malformed_commands_get_the_error_frame() -> None:
    host = Host().start()
    for command in ("18", "02aa", "4a", "4a0300", "32", "3201", "3205ff01", "1200ff", "0008", "40", "1009"):
        assert host.ask(command) == "error", command
    assert host.send(packed(b"\xd5\x02")) == ACK + ERROR


def test_nack_repeats_the_last_answer_and_ack_aborts() -> None:
    host = Host().start()
    host.send(VERSION)
    assert host.send(NACK) == VERSION_IS
    assert host.ask("3205ff01ff") == "33"
    assert host.send(packed(b"\xd4\x4a\x01\x00"), 5000) == ACK
    assert host.send(ACK) == b""
    host.chip.put(Echo(PLASTIC))
    assert host.wait(1000) == b""


def test_a_new_command_aborts_the_old_one() -> None:
    host = Host().start()
    host.ask("3205ff01ff")
    assert host.send(packed(b"\xd4\x4a\x01\x00"), 100) == ACK
    assert host.send(VERSION) == ACK + VERSION_IS


def test_an_empty_field_is_reported_after_as_many_tries_as_were_asked_for() -> None:
    for retries, least, most in ((0, 6, 14), (1, 12, 20), (9, 60, 68)):
        host = Host().start()
        host.ask("3205ff01" + bytes([retries]).hex())
        host.chip.feed(packed(b"\xd4\x4a\x01\x00"))
        waited = 0
        out = b""
        while len(out) <= len(ACK):
            out += host.wait(1)
            waited += 1
        assert unpacked(out[6:]) == b"\xd5\x4b\x00"
        assert least <= waited <= most, (retries, waited)


def test_endless_retries_find_a_card_that_comes_later() -> None:
    host = Host().start()
    host.ask("3205ff01ff")
    assert host.send(packed(b"\xd4\x4a\x01\x00"), 60_000) == ACK
    host.chip.put(Echo(PLASTIC))
    assert unpacked(host.wait(30))[1:].hex() == LISTED


def test_listing_again_without_release_fails_every_other_time() -> None:
    host = Host(Echo(PLASTIC)).start()
    seen = [host.ask("4a0100") != "4b00" for _ in range(6)]
    assert seen == [True, False, True, False, True, False]
    host.ask("3205ff0105")
    seen = [host.ask("4a0100") != "4b00" for _ in range(4)]
    assert seen == [True, False, True, False]


def test_release_or_a_dark_field_lets_a_card_be_listed_again() -> None:
    host = Host(Echo(PLASTIC)).start()
    for command, answer in (("5200", "5300"), ("5201", "5300"), ("320100", "33")):
        assert host.ask("4a0100") == LISTED
        assert host.ask(command) == answer
    assert host.ask("4a0100") == LISTED


def test_a_halted_card_is_silent_until_the_field_was_dark() -> None:
    host = Host(Echo(PLASTIC)).start()
    assert host.ask("4a0100") == LISTED
    assert host.ask("4401") == "4500"
    assert host.ask("4a0100") == "4b00"
    assert host.ask("4a0100") == "4b00"
    host.ask("320100")
    assert host.ask("4a0100") == LISTED


def test_select_wakes_a_halted_card_which_then_falls_back_to_halt() -> None:
    card = Echo(PLASTIC)
    host = Host(card).start()
    host.ask("4a0100")
    host.ask("4401")
    assert host.ask("400100a4") == "4101"
    assert host.ask("5401") == "5500"
    assert card.activations == 2
    assert host.ask("400100a4") == "410000a49000"
    assert host.ask("4a0100") == "4b00"
    assert host.ask("4a0100") == "4b00"


def test_halting_one_of_two_cards_shows_the_other() -> None:
    bank, key = Echo(b"\x08\x01\x02\x03"), Echo(PLASTIC)
    host = Host(bank, key).start()
    assert host.ask("4a0100") == "4b0101004420" + "0408010203" + ATS
    host.ask("4401")
    assert host.ask("4a0100") == LISTED
    assert host.ask("4001aa0002") == "41000000"
    assert key.asked and not bank.asked


def test_two_targets_at_once_and_a_tag_among_them() -> None:
    host = Host(Tag(b"\x04\x11\x22\x33\x44\x55\x66"), Echo(PLASTIC)).start()
    assert host.ask("4a0200") == "4b02" + "010044000704112233445566" + "020044200704" + "7368a2c72280" + ATS
    assert host.ask("4002b0") == "4100b09000"
    assert host.ask("40013004") == "4101"
    assert host.ask("4003b0") == "4127"
    assert host.ask("04") == "0527" + "0102" + "01000010" + "02000010" + "80"


def test_listing_for_one_uid_passes_over_the_others() -> None:
    host = Host(Tag(b"\x04\x11\x22\x33\x44\x55\x66"), Echo(PLASTIC)).start()
    assert host.ask("4a0100" + PLASTIC.hex()) == LISTED


def test_without_automatic_rats_no_ats_is_reported() -> None:
    host = Host(Echo(PLASTIC)).start()
    assert host.ask("1204") == "13"
    assert host.ask("4a0100") == "4b01010044200704" + "7368a2c72280"


def test_a_long_answer_comes_as_an_extended_frame_and_in_parts_over_262() -> None:
    host = Host(Echo(PLASTIC)).start()
    host.ask("4a0100")
    for size in (252, 253, 262):
        out = host.ask("4001aa" + bytes([size >> 8, size & 255]).hex())
        assert out == "4100" + "00" * size
    assert host.ask("4001aa010a") == "4140" + "00" * 262
    assert host.ask("4001") == "4100" + "00" * 4
    assert host.ask("4001") == "4113"


def test_a_long_command_is_chained_and_reaches_the_card_in_one_piece() -> None:
    card = Echo(PLASTIC)
    host = Host(card).start()
    host.ask("4a0100")
    assert host.ask("4041" + "01" * 262) == "4100"
    assert host.ask("4041" + "02" * 262) == "4100"
    assert host.ask("4001" + "03" * 10)[:4] == "4140"
    assert card.asked == [b"\x01" * 262 + b"\x02" * 262 + b"\x03" * 10]
    assert host.send(b"\x00\x00\xff\xff\xff\x01\x0a\xf5" + b"\xd4" * 266 + b"\x00\x00") == b""
    assert host.send(VERSION) == ACK + VERSION_IS


def test_a_card_that_leaves_gives_status_01_before_and_in_the_middle_of_an_exchange() -> None:
    card = Echo(PLASTIC, delay_ms=200)
    host = Host(card).start()
    host.ask("4a0100")
    host.chip.feed(packed(bytes.fromhex("d44001b0")))
    host.wait(100)
    host.chip.take_away(card)
    assert unpacked(host.wait(500))[1:] == b"\x41\x01"
    assert host.ask("4001b0") == "4101"
    host.chip.put(card)
    assert host.ask("4001b0") == "4101"  # it is back, but not activated
    assert host.ask("4a0100") == LISTED


def test_the_card_takes_its_time_and_an_abort_ends_the_wait() -> None:
    host = Host(Echo(PLASTIC, delay_ms=200)).start()
    host.ask("4a0100")
    assert host.send(packed(bytes.fromhex("d44001b0")), 190) == ACK
    assert unpacked(host.wait(30)) == bytes.fromhex("d54100b09000")
    assert host.send(packed(bytes.fromhex("d44001b0")), 50) == ACK
    assert host.send(ACK) == b""


def test_an_answer_from_elsewhere_may_come_late_or_never() -> None:
    card = Late(PLASTIC)
    host = Host(card).start()
    host.ask("4a0100")
    assert host.send(packed(bytes.fromhex("d44001b0")), 700) == ACK
    card.answer = (b"\x6a\x82", 0)
    assert unpacked(host.wait(10)) == bytes.fromhex("d541006a82")
    card.answer = None
    assert host.send(packed(bytes.fromhex("d44001b1")), 4000) == ACK
    assert unpacked(host.wait(2000)) == b"\xd5\x41\x01"


def test_presence_is_told_by_diagnose() -> None:
    card = Echo(PLASTIC)
    host = Host(card).start()
    assert host.ask("0006") == "0101"
    host.ask("4a0100")
    assert host.ask("0006") == "0100"
    host.chip.take_away(card)
    assert host.ask("0006") == "0101"
    assert host.ask("00001122") == "01001122"


def test_a_dark_field_stops_cards_and_the_chip_forgets_on_reset() -> None:
    host = Host(Echo(PLASTIC)).start()
    host.ask("4a0100")
    host.ask("320100")
    assert host.ask("4001b0") == "4101"
    host.chip.reset(True)
    assert host.send(WAKE + SAM) == b""
    host.chip.reset(False)
    assert host.send(VERSION) == b""
    assert host.send(WAKE + SAM) == ACK + SAM_DONE
    assert host.ask("4001b0") == "4127"


def test_power_down_sleeps_after_its_answer_and_wakes_only_by_what_was_named() -> None:
    host = Host().start()
    assert host.ask("16f0") == "1700"
    assert host.send(VERSION) == b""
    assert host.send(WAKE + SAM) == ACK + SAM_DONE
    assert host.ask("1620") == "1700"
    assert host.send(WAKE + SAM) == b""
    host.chip.reset(True)
    host.chip.reset(False)
    assert host.send(WAKE + SAM) == ACK + SAM_DONE


def test_registers_keep_what_was_written() -> None:
    host = Host().start()
    assert host.ask("08633d00630512") == "09"
    assert host.ask("066305633d") == "071200"


def test_the_baud_rate_changes_after_the_hosts_ack_and_survives_the_host() -> None:
    host = Host().start()
    host.chip.host_baud = 115200
    assert host.ask("1007") == "11"
    assert host.send(VERSION) == ACK + VERSION_IS  # no ACK from the host yet: still the old rate
    assert host.ask("1007") == "11"
    host.send(ACK)
    assert host.send(VERSION) == b""
    host.chip.host_baud = 921600
    assert host.send(VERSION) == ACK + VERSION_IS


def test_faults_strike_as_often_as_they_were_told_to() -> None:
    host = Host().start()
    host.chip.fault("no_ack", 2)
    assert [host.send(VERSION) for _ in range(3)] == [b"", b"", ACK + VERSION_IS]
    host.chip.fault("no_answer")
    assert host.send(VERSION) == ACK
    assert host.send(NACK) == VERSION_IS
    host.chip.fault("bad_checksum")
    out = host.send(VERSION)
    assert out[:6] == ACK and out != ACK + VERSION_IS and len(out) == 19
    assert host.send(NACK) == VERSION_IS
    host.chip.fault("partial")
    assert host.send(VERSION) == ACK + VERSION_IS[:6]
    host.chip.fault("garbage_before")
    host.chip.fault("garbage_after")
    out = host.send(VERSION)
    assert ACK + VERSION_IS in out and not out.startswith(ACK) and not out.endswith(VERSION_IS)
    assert host.send(VERSION) == ACK + VERSION_IS


def test_slow_bytes_come_one_by_one() -> None:
    host = Host().start()
    host.chip.fault("slow")
    pieces = [host.send(VERSION, 3)] + [host.wait(1) for _ in range(80)]
    pieces = [piece for piece in pieces if piece]
    assert b"".join(pieces) == ACK + VERSION_IS and len(pieces) == 14


def test_a_card_error_is_given_as_it_was_asked_for() -> None:
    host = Host(Echo(PLASTIC)).start()
    host.ask("4a0100")
    for status in (0x02, 0x0B, 0x13, 0x29):
        host.chip.fault("status", 1, status)
        assert host.ask("4001b0") == "41" + bytes([status]).hex()
        assert host.ask("4001b0") == "4100b09000"


def test_a_hung_chip_needs_its_reset_pin_and_a_dead_one_more() -> None:
    host = Host().start()
    host.chip.fault("hang", -1)
    assert host.send(WAKE + SAM) == b"" and host.chip.wait_ms() is None
    host.chip.reset(True)
    host.chip.reset(False)
    assert host.send(WAKE + SAM) == ACK + SAM_DONE
    host.chip.fault("dead", -1)
    host.chip.reset(True)
    host.chip.reset(False)
    assert host.send(WAKE + SAM) == b""
    host.chip.clear_faults()
    assert host.send(WAKE + SAM) == ACK + SAM_DONE


def test_noise_and_mutated_commands_never_stop_the_chip() -> None:
    seeds = [VERSION, SAM, NACK, ACK, packed(b"\xd4\x4a\x01\x00"), packed(b"\xd4\x40\x01\xaa\x01\x20")]
    seeds += [packed(b"\xd4" + bytes([code]) + bytes([code] * (code % 5))) for code in range(256)]
    seeds += [packed(b"\xd4\x32\x05\xff\x01\x00"), packed(b"\xd4\x52\x00"), packed(b"\xd4\x40\x41" + bytes(260))]
    host = Host(Echo(PLASTIC)).start()
    state = 1
    turns = 500_000 if LONG else 20_000
    for turn in range(turns):
        if turn % 8 == 0:  # some command has put the chip to sleep, or turned a frame into the start of a long one
            host.chip.reset(True)
            host.chip.reset(False)
            assert host.send(WAKE + SAM) == ACK + SAM_DONE, turn
            assert host.send(VERSION) == ACK + VERSION_IS, turn
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        noisy = bytearray(seeds[(state >> 10) % len(seeds)])
        if state & 0x20000:
            noisy[(state >> 8) % len(noisy)] ^= (state >> 16) & 255
        host.send(bytes(noisy), 1 + (state >> 20) % 40)
    assert sum(host.chip.commands.values()) > turns // 2
    assert len(host.chip.commands) > 200


def test_a_clock_that_goes_back_is_refused_and_so_is_an_unknown_fault() -> None:
    host = Host(start_ms=1000)
    for wrong in (lambda: host.chip.tick(999), lambda: host.chip.fault("gremlins")):
        try:
            wrong()
        except ValueError:
            continue
        raise AssertionError("accepted")
