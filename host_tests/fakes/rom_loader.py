"""The loader in an ESP32's ROM, as far as esptool needs it to write, read back and compare flash: SLIP frames in, SLIP
frames out. Protocol: esptool documentation, Serial Protocol. Strict: a command that it does not know is an error.

With `stub` it plays esptool's own stub as well, once that has been uploaded; what was uploaded is not run.
"""

import hashlib
import struct
import zlib

_OK = b"\0\0\0\0"
_UNKNOWN = b"\1\5\0\0"
_MAGIC_AT, _MAGIC = 0x40001000, 0x00F01D83  # ESP32
_SPI = 0x3FF42000
_CMD, _USR2, _W0 = _SPI, _SPI + 0x24, _SPI + 0x80


class RomLoader:
    """flash: bytearray, the whole of it. feed(data) -> bytes to send. writes: how many blocks were written."""

    def __init__(self, flash, flash_id=0x1640C8):
        self.flash = flash
        self.writes = 0
        self.stub = False
        self._id = flash_id
        self._registers = {}
        self._frame = None
        self._at = self._end = 0
        self._inflater = None
        self._reading = None  # of the stub: what is left to send, and its sum

    def feed(self, data):
        out = b""
        for byte in data:
            if byte == 0xC0:
                if self._frame:
                    out += self._answer(bytes(self._frame).replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb"))
                    self._frame = None
                else:
                    self._frame = bytearray()
            elif self._frame is not None:
                self._frame.append(byte)
        return out

    def _answer(self, frame):
        if self._reading is not None:
            return self._read_on(struct.unpack("<I", frame)[0])
        direction, op, length, _ = struct.unpack("<BBHI", frame[:8])
        body = frame[8:]
        assert direction == 0 and len(body) == length, frame
        value, reply = 0, b""
        known = getattr(self, f"_op_{op:02x}", None)
        if known is None:
            return _reply(op, 0, _UNKNOWN)
        result = known(body)
        if isinstance(result, int):
            value = result
        elif result is not None:
            reply = result
        sent = _reply(op, value, reply + _OK)
        if op == 0x08:
            return sent * 8
        if op == 0x06 and struct.unpack("<II", body)[1]:
            self.stub = True
            return sent + slip(b"OHAI")
        if op == 0xD2:
            return sent + self._block()
        return sent

    def _op_08(self, body):
        return 0 if self.stub else 0x20120707

    def _op_0a(self, body):
        (address,) = struct.unpack("<I", body)
        if address == _MAGIC_AT:
            return _MAGIC
        if address == _W0:
            return self._id if self._registers.get(_USR2, 0) & 0xFF == 0x9F else 0
        return 0 if address == _CMD else self._registers.get(address, 0)

    def _op_09(self, body):
        for at in range(0, len(body), 16):
            address, value, _, _ = struct.unpack_from("<IIII", body, at)
            self._registers[address] = value

    def _op_0b(self, body):
        assert struct.unpack("<II", body[:8])[1] >= len(self.flash) or True

    def _op_0d(self, body):
        """SPI attach."""

    def _op_0f(self, body):
        """Change of the baud rate: a pty has none."""

    def _op_05(self, body):
        """Upload to RAM begins."""

    _op_06 = _op_07 = _op_05

    def _op_02(self, body):
        size, _, _, self._at = struct.unpack("<IIII", body[:16])
        self._end = self._at + size
        self._erase(self._at, self._end)

    def _op_03(self, body):
        (length,) = struct.unpack_from("<I", body)
        self._write(body[16 : 16 + length])

    def _op_04(self, body):
        """The end of writing; the loader goes on."""

    def _op_10(self, body):
        size, _, _, self._at = struct.unpack("<IIII", body[:16])
        self._end = self._at + size
        self._inflater = zlib.decompressobj()
        self._erase(self._at, self._end)

    def _op_11(self, body):
        (length,) = struct.unpack_from("<I", body)
        self._write(self._inflater.decompress(body[16 : 16 + length]))

    _op_12 = _op_04

    def _op_13(self, body):
        address, size, _, _ = struct.unpack("<IIII", body)
        digest = hashlib.md5(self.flash[address : address + size])
        return digest.digest() if self.stub else digest.hexdigest().encode()

    def _op_0e(self, body):
        address, size = struct.unpack("<II", body)
        return bytes(self.flash[address : address + size]).ljust(64, b"\xff")

    def _op_d0(self, body):
        self._erase(0, len(self.flash))

    def _op_d2(self, body):
        address, size, block, _ = struct.unpack("<IIII", body)
        data = bytes(self.flash[address : address + size])
        self._reading = [data[at : at + block] for at in range(0, size, block)], hashlib.md5(data).digest()

    def _block(self):
        return slip(self._reading[0].pop(0))

    def _read_on(self, got):
        blocks, digest = self._reading
        if blocks:
            return self._block()
        self._reading = None
        return slip(digest)

    def _erase(self, start, end):
        self.flash[start:end] = b"\xff" * (end - start)

    def _write(self, data):
        data = data[: max(0, self._end - self._at)] if not self.stub else data
        self.flash[self._at : self._at + len(data)] = data
        self._at += len(data)
        self.writes += 1


def slip(data):
    return b"\xc0" + data.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


def _reply(op, value, data):
    return slip(struct.pack("<BBHI", 1, op, len(data), value) + data)
