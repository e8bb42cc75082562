"""The metadata that a signature of the vehicle-command protocol covers beside the payload.

Facts: protocol.md "Metadata serialization"; signatures.proto, enum Tag. Items in the order of their tags, each tag,
length, value; integers of four bytes, big-endian; then FF. An item that does not apply is left out, and its absence is
covered like everything else: a flag that is taken away makes another string.
"""

from micropython import const

from latchkey.protocol import vehicle_command_numbers as numbers

_SIGNATURE_TYPE = const(0)
_DOMAIN = const(1)
_PERSONALIZATION = const(2)
_EPOCH = const(3)
_EXPIRES_AT = const(4)
_COUNTER = const(5)
_CHALLENGE = const(6)
_FLAGS = const(7)
_REQUEST_HASH = const(8)
_FAULT = const(9)
_END = const(255)

_LONGEST = const(128)  # a response with a hash of 33 bytes needs 85, a command 64


class Metadata:
    """Builds one string after the other in one buffer; what a method returns is valid until the next one is built."""

    def __init__(self, vin: bytes) -> None:
        self._vin = vin
        self._view = memoryview(bytearray(_LONGEST))
        self._length = 0

    def command(
        self,
        signature: int,
        domain: int,
        epoch: "bytes | bytearray",
        expires_at: int,
        counter: int,
        flags: int,
    ) -> memoryview:
        """Of a request with signature AES_GCM or HMAC. epoch: the vehicle's own, 16 bytes."""
        self._begin(signature)
        self._add(_DOMAIN, bytes((domain,)))
        self._add(_PERSONALIZATION, self._vin)
        self._add(_EPOCH, epoch)
        self._add_number(_EXPIRES_AT, expires_at)
        self._add_number(_COUNTER, counter)
        if flags:
            self._add_number(_FLAGS, flags)
        return self._end()

    def session_info(self, challenge: "bytes | bytearray | memoryview") -> memoryview:
        """Of session info; challenge: the uuid of the message that it answers."""
        self._begin(numbers.SESSION_INFO)
        self._add(_PERSONALIZATION, self._vin)
        self._add(_CHALLENGE, challenge)
        return self._end()

    def response(self, domain: int, counter: int, request_hash: "bytes | bytearray | memoryview") -> memoryview:
        """Of an encrypted reply from this domain; counter: which reply to that request, from 1.

        Encrypted replies of this vehicle have no flags and no fault, and both zeros are covered.
        """
        self._begin(numbers.AES_GCM_RESPONSE)
        self._add(_DOMAIN, bytes((domain,)))
        self._add(_PERSONALIZATION, self._vin)
        self._add_number(_COUNTER, counter)
        self._add_number(_FLAGS, 0)
        self._add(_REQUEST_HASH, request_hash)
        self._add_number(_FAULT, 0)
        return self._end()

    def _begin(self, signature: int) -> None:
        self._length = 0
        self._add(_SIGNATURE_TYPE, bytes((signature,)))

    def _add(self, tag: int, value: "bytes | bytearray | memoryview") -> None:
        start = self._length + 2
        self._view[start - 2] = tag
        self._view[start - 1] = len(value)
        self._length = start + len(value)
        self._view[start : self._length] = value

    def _add_number(self, tag: int, value: int) -> None:
        self._add(tag, value.to_bytes(4, "big"))

    def _end(self) -> memoryview:
        self._view[self._length] = _END
        return self._view[: self._length + 1]
