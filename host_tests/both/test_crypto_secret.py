"""Comparison and wiping: every position, every bit, every kind of buffer; the plain loops are held to the same."""

from latchkey.crypto import secret, secret_plain


def test_equal_sees_every_bit_of_every_byte():
    reference = bytes(range(200, 248))
    other = bytearray(reference)
    assert secret.equal(reference, other)
    for index in range(len(other)):
        for bit in range(8):
            other[index] ^= 1 << bit
            assert not secret.equal(reference, other)
            assert secret_plain.difference(reference, other, len(other)) == 1 << bit
            other[index] ^= 1 << bit
    assert secret_plain.difference(reference, other, len(other)) == 0


def test_lengths_must_agree():
    assert secret.equal(b"", b"")
    assert not secret.equal(b"", b"\x00")
    assert not secret.equal(b"\x00\x00", b"\x00")
    assert not secret.equal(b"abc", b"abcd")


def test_views_are_compared_where_they_lie():
    answer = memoryview(bytearray(b"....challenge...."))[4:13]
    assert secret.equal(answer, b"challenge")
    assert not secret.equal(answer[1:], b"challenge"[:-1])


def test_wipe_overwrites_the_view_and_nothing_beyond():
    for wipe in (secret.wipe, lambda buffer: secret_plain.fill_zero(buffer, len(buffer))):
        buffer = bytearray(b"\xff" * 40)
        wipe(memoryview(buffer)[3:37])
        assert bytes(buffer) == b"\xff" * 3 + bytes(34) + b"\xff" * 3
        wipe(buffer)
        assert bytes(buffer) == bytes(40)
        wipe(bytearray())
