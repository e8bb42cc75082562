"""EV2 secure messaging against what the cards' maker has published, and against answers that were tampered with."""

from fakes.aes_card_vectors import AUTHENTICATIONS, COMMAND_VECTORS, COMMANDS, DERIVATIONS, GET_CARD_UID
from latchkey.crypto.aes import Block
from latchkey.crypto.mac import cmac
from latchkey.protocol import aes_card_error
from latchkey.protocol.aes_card_channel import Channel
from latchkey.protocol.aes_card_error import AesCardError

_KEY_AT_START = bytearray(16)


def _refusal(action, *arguments):
    try:
        action(*arguments)
    except AesCardError as error:
        return error.code
    return 0


def _channel(command):
    """A channel in the state in which this command was given. The session keys are put in: nobody publishes RndA."""
    channel = Channel()
    channel.start(_KEY_AT_START, _KEY_AT_START, _KEY_AT_START, command.ti)
    channel._enc_key[:] = command.enc_key
    channel._mac_key[:] = command.mac_key
    channel._count = command.count
    return channel


def _sealed(command):
    channel = _channel(command)
    data = bytes(channel.seal(command.ins, command.header, command.data, command.full))
    return channel, b"\x90" + bytes((command.ins, 0, 0, len(data))) + data + b"\x00"


def test_session_keys():
    for vector in AUTHENTICATIONS + DERIVATIONS:
        channel = Channel()
        channel.start(bytearray(vector.key), bytearray(vector.rnd_a), bytearray(vector.rnd_b), bytes(4))
        assert channel._enc_key == vector.enc_key
        assert channel._mac_key == vector.mac_key


def test_initialisation_vectors_of_commands():
    """A block of plain text that equals the vector is encrypted as a block of zeros."""
    for enc_key, ti, count, vector in COMMAND_VECTORS:
        channel = Channel()
        channel.start(_KEY_AT_START, _KEY_AT_START, _KEY_AT_START, ti)
        channel._enc_key[:] = enc_key
        channel._count = count
        sealed = bytes(channel.seal(0x5F, b"", vector, True)[:16])
        zero = bytearray(16)
        Block(enc_key).encrypt(zero, zero)
        assert sealed == zero


def test_published_commands():
    assert len(COMMANDS) == 6
    for command in COMMANDS:
        assert _sealed(command)[1] == command.apdu


def test_published_answers():
    for number, command in enumerate(COMMANDS):
        if command.answer is None:
            continue
        channel = _sealed(command)[0]
        assert bytes(channel.unseal(command.answer, number == GET_CARD_UID)) == command.plain
        assert channel.is_open


def test_any_flipped_bit_of_an_answer_is_found_and_ends_the_session():
    for command in (COMMANDS[3], COMMANDS[GET_CARD_UID]):
        for bit in range(8 * len(command.answer)):
            channel = _sealed(command)[0]
            answer = bytearray(command.answer)
            answer[bit // 8] ^= 1 << bit % 8
            assert _refusal(channel.unseal, answer, False) == aes_card_error.WRONG_ANSWER
            assert not channel.is_open
            assert channel._enc_key == channel._mac_key == bytes(16)
            assert _refusal(channel.seal, 0x51, b"") == aes_card_error.OUT_OF_TURN


def test_an_answer_counts_once():
    command = COMMANDS[3]
    channel = _sealed(command)[0]
    channel.unseal(command.answer)
    channel.seal(command.ins, command.header, command.data, True)
    assert _refusal(channel.unseal, command.answer) == aes_card_error.WRONG_ANSWER


def test_lengths_that_no_card_sends():
    for length in (0, 7, 73, 200):
        channel = _sealed(COMMANDS[3])[0]
        assert _refusal(channel.unseal, bytes(length)) == aes_card_error.CARD_ERROR
    channel = _sealed(COMMANDS[GET_CARD_UID])[0]
    assert _refusal(channel.unseal, bytes(15 + 8), True) == aes_card_error.CARD_ERROR


def _answered_in_full(plain):
    """Seal as the card would: its answers differ from commands in one constant, so that is what is undone here."""
    channel = Channel()
    channel.start(_KEY_AT_START, _KEY_AT_START, _KEY_AT_START, b"\x01\x02\x03\x04")
    enc_key, mac_key = bytes(channel._enc_key), bytes(channel._mac_key)
    channel.seal(0x51, b"")
    chain = bytearray(b"\x5a\xa5\x01\x02\x03\x04\x01\x00" + bytes(8))
    cipher = Block(enc_key)
    cipher.encrypt(chain, chain)
    out = b""
    for start in range(0, len(plain), 16):
        for at in range(16):
            chain[at] ^= plain[start + at]
        cipher.encrypt(chain, chain)
        out += bytes(chain)
    code = cmac(mac_key, b"\x00\x01\x00\x01\x02\x03\x04" + out)
    return channel, out + bytes(code[at] for at in range(1, 16, 2))


def test_padding_of_an_answer():
    for plain, data in (
        (b"\x80" + bytes(15), b""),
        (bytes(range(1, 16)) + b"\x80", bytes(range(1, 16))),
        (b"\x80" * 16, b"\x80" * 15),
        (bytes(16) + b"\x80" + bytes(15), bytes(16)),
        (bytes(range(47)) + b"\x80", bytes(range(47))),
    ):
        channel, answer = _answered_in_full(plain)
        assert bytes(channel.unseal(answer, True)) == data
    for plain in (bytes(16), bytes(15) + b"\x01", b"\x80" + bytes(14) + b"\x81"):
        channel, answer = _answered_in_full(plain)
        assert _refusal(channel.unseal, answer, True) == aes_card_error.CARD_ERROR
        assert not channel.is_open


def test_too_much_and_too_often():
    channel = Channel()
    assert _refusal(channel.seal, 0x51, b"") == aes_card_error.OUT_OF_TURN
    assert _refusal(channel.unseal, bytes(8)) == aes_card_error.OUT_OF_TURN
    channel.start(_KEY_AT_START, _KEY_AT_START, _KEY_AT_START, bytes(4))
    assert len(channel.seal(0x8D, b"", bytes(64))) == 72
    assert len(channel.seal(0x8D, b"", bytes(63), True)) == 72
    assert _refusal(channel.seal, 0x8D, b"", bytes(65)) == aes_card_error.OUT_OF_TURN
    assert _refusal(channel.seal, 0x8D, b"\x01", bytes(64)) == aes_card_error.OUT_OF_TURN
    assert _refusal(channel.seal, 0x8D, b"", bytes(64), True) == aes_card_error.OUT_OF_TURN
    channel._count = 0xFFFF
    assert _refusal(channel.seal, 0x51, b"") == aes_card_error.OUT_OF_TURN


def test_nothing_secret_is_left_behind():
    channel = _sealed(COMMANDS[4])[0]
    channel.end()
    for buffer in (channel._enc_key, channel._mac_key, channel._buffer, channel._code, channel._chain):
        assert buffer == bytes(len(buffer))
