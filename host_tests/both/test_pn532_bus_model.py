"""The model of the chip on a bus: what the transports are measured with has to be right itself, so bytes stand here.

SPI bytes are written as they are on the line, first bit first: 80 is the chip's 01, 40 its 02, C0 its 03.
"""

from pn532_model.i2c import Pn532I2c
from pn532_model.spi import Pn532Spi, mirrored

_ACK = bytes.fromhex("0000ff00ff00")
_SAM = bytes.fromhex("0000ff05fbd4140114010200")
_SAM_DONE = bytes.fromhex("0000ff02fed5151600")
_VERSION = bytes.fromhex("0000ff02fed4022a00")
_VERSION_IS = bytes.fromhex("0000ff06fad50332010607e800")
_NACK = bytes.fromhex("0000ffff0000")
_POWER_DOWN = bytes.fromhex("0000ff03fdd416f02600")


def _mirror(data):
    return bytes([mirrored(byte) for byte in data])


class _Spi:
    """A host that only moves wires."""

    def __init__(self):
        self.chip = Pn532Spi()
        self.now_ms = 0

    def wait(self, ms):
        self.now_ms += ms
        self.chip.tick(self.now_ms)

    def move(self, data, held_ms=0):
        """One select; the bytes that come back, all in the order of the line."""
        self.chip.select(0)
        self.wait(held_ms)
        out = bytes([self.chip.clock(byte) for byte in data])
        self.chip.select(1)
        return out

    def status(self):
        return self.move(b"\x40\x00")[1]

    def tell(self, frame, held_ms=0):
        self.move(b"\x80" + _mirror(frame), held_ms)

    def read(self, count):
        return _mirror(self.move(b"\xc0" + bytes(count))[1:])

    def start(self):
        self.tell(_SAM, 2)
        self.wait(1)
        assert self.read(6) == _ACK
        self.wait(1)
        assert self.read(9) == _SAM_DONE
        return self


class _I2c:
    """A host that only moves wires; what is not acknowledged raises."""

    def __init__(self, keeps=False):
        self.chip = Pn532I2c(keeps)
        self.now_ms = 0

    def wait(self, ms):
        self.now_ms += ms
        self.chip.tick(self.now_ms)

    def address(self, byte):
        if not self.chip.start(byte):
            self.chip.stop()
            raise OSError(5)

    def tell(self, frame):
        self.address(0x48)
        assert all([self.chip.write(byte) for byte in frame])
        self.chip.stop()

    def read(self, count):
        self.address(0x49)
        out = bytes([self.chip.read() for _ in range(count)])
        self.chip.stop()
        return out

    def start(self):
        assert not self.chip.start(0x48)
        self.chip.stop()
        self.wait(1)
        self.tell(_SAM)
        self.wait(1)
        assert self.read(7) == b"\x01" + _ACK
        self.wait(1)
        assert self.read(10) == b"\x01" + _SAM_DONE
        return self


def test_spi_a_command_its_status_and_its_answer():
    host = _Spi().start()
    assert host.status() == 0x00
    host.tell(_VERSION)
    assert host.status() == 0x00
    host.wait(1)
    assert [host.status() for _ in range(3)] == [0x80] * 3
    assert host.read(8) == _ACK + b"\x00\x00"
    assert host.status() == 0x00
    host.wait(1)
    assert host.status() == 0x80
    assert host.read(13) == _VERSION_IS
    assert host.status() == 0x00 and host.read(4) == bytes(4)


def test_spi_sleeps_until_select_was_low_for_two_milliseconds():
    for held_ms in (0, 1):
        host = _Spi()
        host.tell(_SAM, held_ms)
        host.wait(5)
        assert host.status() == 0x00
    host = _Spi().start()
    host.tell(_POWER_DOWN)
    host.wait(10)
    host.tell(_SAM)
    host.wait(10)
    assert host.status() == 0x00
    host.start()


def test_spi_understands_no_other_order_of_bits():
    host = _Spi().start()
    host.move(b"\x01" + _VERSION)
    host.wait(5)
    assert host.status() == 0x00 and host.move(b"\x02\x00")[1] == 0x00


def test_spi_a_second_read_does_not_go_on_where_the_first_ended():
    host = _Spi().start()
    host.tell(_VERSION)
    host.wait(1)
    host.read(6)
    host.wait(1)
    assert host.read(5) == _VERSION_IS[:5]
    assert host.status() == 0x00
    host.tell(_NACK)
    host.wait(1)
    assert host.read(13) == _VERSION_IS


def test_a_new_command_drops_what_was_not_read():
    for host in (_Spi().start(), _I2c().start()):
        host.tell(_VERSION)
        host.wait(5)
        host.tell(_VERSION)
        host.wait(5)
        assert _ACK in host.read(7)
        assert _VERSION_IS in host.read(14)
        assert host.chip.irq() == 1


def test_i2c_every_read_begins_with_the_status():
    host = _I2c().start()
    assert host.read(3) == b"\x00\xff\xff"
    host.tell(_VERSION)
    assert host.read(1) == b"\x00"
    host.wait(1)
    assert [host.read(1) for _ in range(3)] == [b"\x01"] * 3
    assert host.read(9) == b"\x01" + _ACK + b"\xff\xff"
    host.wait(1)
    assert host.read(14) == b"\x01" + _VERSION_IS


def test_i2c_what_was_read_in_part_comes_again_after_a_nack_or_by_itself():
    for keeps in (False, True):
        host = _I2c(keeps).start()
        host.tell(_VERSION)
        host.wait(1)
        host.read(7)
        host.wait(1)
        assert host.read(6) == b"\x01" + _VERSION_IS[:5]
        assert host.read(1) == bytes([keeps])
        host.tell(_NACK)
        host.wait(1)
        assert host.read(14) == b"\x01" + _VERSION_IS


def test_i2c_knows_its_address_only_and_holds_the_clock():
    host = _I2c().start()
    assert not host.chip.start(0x4A)
    assert host.chip.start(0x48) and 100 <= host.chip.stretch_us <= 440
    host.chip.stop()


def test_i2c_the_first_address_wakes_it():
    host = _I2c().start()
    host.tell(_POWER_DOWN)
    host.wait(10)
    host.start()


def test_the_interrupt_line_is_low_while_a_frame_waits():
    for host, read in ((_Spi().start(), 6), (_I2c().start(), 7)):
        levels = [host.chip.irq()]
        host.tell(_VERSION)
        host.wait(1)
        levels.append(host.chip.irq())
        host.read(read)
        levels.append(host.chip.irq())
        host.wait(1)
        levels.append(host.chip.irq())
        assert levels == [1, 0, 1, 0]
        host.chip.reset(True)
        assert host.chip.irq() == 1


def test_faults_of_a_bus():
    spi = _Spi().start()
    for fault, status, frame in (("stuck_low", 0x00, 0x00), ("shorted", 0x00, 0x00), ("stuck_high", 0xFF, 0xFF)):
        spi.chip.fault(fault, -1)
        assert (spi.status(), spi.read(1)[0]) == (status, frame)
        spi.chip.clear_faults()
    spi.chip.fault("stuck_low")
    spi.chip.reset(True)
    spi.chip.reset(False)
    spi.start()
    i2c = _I2c().start()
    i2c.chip.fault("nack", 2)
    assert [i2c.chip.start(0x49) for _ in range(3)] == [False, False, True]
    i2c.chip.fault("shorted", -1)
    assert i2c.chip.is_hung()
    i2c.chip.clear_faults()
    i2c.chip.fault("stretch", 1, 9_000)
    assert i2c.chip.start(0x49) and i2c.chip.stretch_us == 9_000
    i2c.chip.stop()
    for host, head in ((spi, b""), (i2c, b"\x01")):
        for fault in ("lost_byte", "garbage", "reset_in_frame"):
            host.tell(_VERSION)
            host.wait(1)
            host.chip.fault(fault)
            out = host.read(6 + len(head))
            assert out != head + _ACK, fault
            host.chip.clear_faults()
            if fault == "reset_in_frame":
                assert host.chip.chip.is_asleep()
                host.wait(5)
                host.start()


def test_a_status_that_is_stuck():
    for host, status in ((_Spi().start(), 0x80), (_I2c().start(), 0x01)):
        ask = host.status if status == 0x80 else lambda host=host: host.read(1)[0]
        host.chip.fault("stuck_ready", -1)
        assert ask() == status and len(set(host.read(30))) > 10
        host.chip.clear_faults()
        host.tell(_VERSION)
        host.wait(1)
        host.chip.fault("never_ready", -1)
        assert ask() == 0x00
        host.chip.clear_faults()
        assert ask() == status


def test_a_held_reset_silences_the_chip_in_the_middle():
    host = _Spi().start()
    host.tell(_VERSION)
    host.wait(1)
    host.chip.select(0)
    host.chip.clock(0xC0)
    host.chip.reset(True)
    assert [host.chip.clock(0) for _ in range(4)] == [0] * 4
    host.chip.select(1)
