"""The outer message of the vehicle-command protocol, RoutableMessage, as it comes to the vehicle.

Facts: universal_message.proto, signatures.proto. Fields come in any order, those of replies are passed over. Nothing
here is authenticated yet: the payload is not looked into, and whoever sent this may claim any key.

Views lie in the message and are valid as long as it is.
"""

from micropython import const

from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol.protobuf import WRONG_TYPE, ProtobufError, Reader

# Kinds of payload
NO_PAYLOAD = const(0)  # or one that only replies have
PAYLOAD = const(1)
HANDSHAKE = const(2)

NO_DOMAIN = const(-1)
NO_HANDLE = const(-1)

_TO = const(6)
_FROM = const(7)
_PAYLOAD = const(10)
_SIGNATURE = const(13)
_HANDSHAKE = const(14)
_SESSION_INFO = const(15)
_UUID = const(51)
_FLAGS = const(52)

_EMPTY = memoryview(b"")


class Envelope:
    """One message, read. domain: to whom, NO_DOMAIN if to none. address: 16 bytes or empty; uuid: 16 bytes or empty.

    signature: 0 for an unsigned message, else its type, -1 for one that is signed in no known way. key: the public key
    that a handshake or a signature names, as sent; handle: the handle it names instead.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.clear()

    def clear(self) -> None:
        """Let go of the message."""
        self.domain = NO_DOMAIN
        self.address = _EMPTY
        self.uuid = _EMPTY
        self.flags = 0
        self.kind = NO_PAYLOAD
        self.payload = _EMPTY
        self.key = _EMPTY
        self.handle = NO_HANDLE
        self._clear_signature(0)

    def read(self, message: memoryview) -> None:
        """raises: ProtobufError for what is no such message."""
        self.clear()
        reader = self._reader
        reader.begin(message)
        while True:
            field = reader.next()
            if not field:
                return
            if field == _TO:
                self._read_to()
            elif field == _FROM:
                self._read_from()
            elif field == _PAYLOAD:
                self.kind = PAYLOAD
                self.payload = reader.bytes()
            elif field == _HANDSHAKE:
                self.kind = HANDSHAKE
                self._read_handshake()
            elif field == _SESSION_INFO:
                self.kind = NO_PAYLOAD
            elif field == _SIGNATURE:
                self._read_signature()
            elif field == _UUID:
                self.uuid = _of_16(reader.bytes())
            elif field == _FLAGS:
                self.flags = reader.number()

    def _clear_signature(self, signature: int) -> None:
        """A signature of one type takes the place of another that stood before it."""
        self.signature = signature
        self.epoch = _EMPTY
        self.nonce = _EMPTY
        self.counter = 0
        self.expires_at = 0
        self.tag = _EMPTY

    def _read_to(self) -> None:
        reader = self._reader
        reader.enter()
        while reader.next():
            if reader.field == 1:
                self.domain = reader.number()
            elif reader.field == 2:
                self.domain = NO_DOMAIN

    def _read_from(self) -> None:
        reader = self._reader
        reader.enter()
        while reader.next():
            if reader.field == 1:
                self.address = _EMPTY
            elif reader.field == 2:
                self.address = _of_16(reader.bytes())

    def _read_handshake(self) -> None:
        reader = self._reader
        reader.enter()
        while reader.next():
            if reader.field == 1:
                self.key = reader.bytes()

    def _read_signature(self) -> None:
        reader = self._reader
        if not self.signature:
            self.signature = -1
        reader.enter()
        while reader.next():
            if reader.field == 1:
                self._read_signer()
            elif reader.field == numbers.AES_GCM:
                self._read_aes_gcm()
            elif reader.field == numbers.HMAC:
                self._read_hmac()
            elif reader.field in (numbers.SESSION_INFO, numbers.AES_GCM_RESPONSE):
                self._clear_signature(-1)

    def _read_signer(self) -> None:
        reader = self._reader
        reader.enter()
        while reader.next():
            if reader.field == 1:
                self.key = reader.bytes()
                self.handle = NO_HANDLE
            elif reader.field == 3:
                self.handle = reader.number()
                self.key = _EMPTY

    def _read_aes_gcm(self) -> None:
        reader = self._reader
        self._clear_signature(numbers.AES_GCM)
        reader.enter()
        while reader.next():
            if reader.field == 1:
                self.epoch = reader.bytes()
            elif reader.field == 2:
                self.nonce = reader.bytes()
            elif reader.field == 3:
                self.counter = reader.number()
            elif reader.field == 4:
                self.expires_at = reader.fixed32()
            elif reader.field == 5:
                self.tag = reader.bytes()

    def _read_hmac(self) -> None:
        reader = self._reader
        self._clear_signature(numbers.HMAC)
        reader.enter()
        while reader.next():
            if reader.field == 1:
                self.epoch = reader.bytes()
            elif reader.field == 2:
                self.counter = reader.number()
            elif reader.field == 3:
                self.expires_at = reader.fixed32()
            elif reader.field == 4:
                self.tag = reader.bytes()


def _of_16(data: memoryview) -> memoryview:
    """An address or a uuid: 16 bytes, or none. No client knows what to do with another length."""
    if len(data) not in (0, 16):
        raise ProtobufError(WRONG_TYPE)
    return data
