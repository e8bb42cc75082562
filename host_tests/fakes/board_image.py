"""A MicroPython image as micropython.org has them, in form: loader, table of partitions, filling, program."""

import struct

CHIPS = {"esp32": (0, 0x1000), "esp32s3": (9, 0), "esp32c3": (5, 0)}  # number in the image's head, loader's address
NVS, PHY, FACTORY, VFS = (
    (1, 2, 0x9000, 0x6000),
    (1, 1, 0xF000, 0x1000),
    (0, 0, 0x10000, 0x1F0000),
    (1, 0x81, 0x200000, 0x200000),
)
TABLE = (("nvs", NVS), ("phy_init", PHY), ("factory", FACTORY), ("vfs", VFS))


def head(chip):
    """Of an image without segments: head, extended head."""
    extended = struct.pack("<B3sHBHH4sB", 0xEE, b"", CHIPS[chip][0], 0, 0, 0xFFFF, b"", 0)
    return struct.pack("<BBBBI", 0xE9, 0, 2, 0x20, 0x40080000) + extended


def table(rows=TABLE):
    packed = b""
    for label, (kind, subtype, offset, size) in rows:
        packed += struct.pack("<HBBII16sI", 0x50AA, kind, subtype, offset, size, label.encode(), 0)
    return packed.ljust(0xC00, b"\xff")


def image(chip="esp32", rows=TABLE, program=b"MicroPython v1.26.1", length=20_000):
    """The bytes of the file."""
    offset = CHIPS[chip][1]
    data = bytearray(b"\xff" * (0x10000 - offset))
    data[: len(head(chip))] = head(chip)
    data[0x8000 - offset : 0x8000 - offset + 0xC00] = table(rows)
    return bytes(data) + head(chip) + (program * (length // len(program) + 1))[:length]
