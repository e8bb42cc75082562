"""APDUs of ISO 7816-4, short form: building commands, reading answers, and the two detours a card may ask for.

    case 1  CLA INS P1 P2                      case 3  CLA INS P1 P2 Lc data
    case 2  CLA INS P1 P2 Le                   case 4  CLA INS P1 P2 Lc data Le
    answer  data SW1 SW2                       Lc 1..255, Le 1..256 with 256 written as 00

61xx says that xx bytes wait to be fetched by GET RESPONSE; 6Cxx that Le should have been xx. Exchange takes both
detours, a bounded number of times, so that a protocol above it sees one command and one whole answer.

Extended lengths are not covered: no key protocol here needs them.
"""

from micropython import const

from latchkey.crypto.secret import wipe

# Iso7816Error codes.
BAD_LENGTH = const(1)  # command data over 255 bytes, or Le out of range
NO_STATUS = const(2)  # an answer too short to hold SW1SW2
TOO_LONG = const(3)  # more data than the answer buffer holds
TOO_OFTEN = const(4)  # 61xx or 6Cxx again and again

SUCCESS = const(0x9000)
NO_LE = const(0)  # for `le`: no answer data is expected
ANY_LE = const(256)  # for `le`: as much as there is

_LONGEST = const(261)  # case 4 with 255 bytes of data
_DETOURS = const(8)  # 256 bytes may come at a time; eight times that fits no buffer here
_GET_RESPONSE = b"\x00\xc0\x00\x00"
_MORE_DATA = const(0x61)
_WRONG_LE = const(0x6C)


class Iso7816Error(Exception):
    """An APDU is malformed; `code` says how."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Exchange:
    """One command and its whole answer, with the detours between them. Both buffers are reused.

        begin(…)  ->  send apdu()  ->  feed(what came back)  ->  True: status and answer() are there
                         ^--------------------'  False: once more

    in: longest_answer in bytes, without SW1SW2.
    """

    def __init__(self, longest_answer: int) -> None:
        self._command = bytearray(_LONGEST)
        self._command_view = memoryview(self._command)
        self._answer = bytearray(longest_answer)
        self._answer_view = memoryview(self._answer)
        self._length = 0
        self._le_at = 0  # where Le stands in the command; 0: it has none
        self._filled = 0
        self._detours = 0
        self.status = 0  # SW1SW2, once feed() has returned True

    def begin(self, header: bytes, data: "bytes | bytearray | memoryview" = b"", le: int = NO_LE) -> None:
        """Prepare a command: header CLA INS P1 P2, data 0..255 bytes (copied), le 0..256.

        raises: Iso7816Error(BAD_LENGTH).
        """
        if len(header) != 4 or len(data) > 255 or not NO_LE <= le <= ANY_LE:
            raise Iso7816Error(BAD_LENGTH)
        self._filled = 0
        self._detours = 0
        self._put(header, data, le)

    def apdu(self) -> memoryview:
        """The APDU to send now, valid until feed()."""
        return self._command_view[: self._length]

    def feed(self, part: "bytes | memoryview") -> bool:
        """Take what the card answered. True: this was all. False: send apdu() again, it has changed.

        raises: Iso7816Error(NO_STATUS, TOO_LONG, TOO_OFTEN).
        """
        end = len(part) - 2
        if end < 0:
            raise Iso7816Error(NO_STATUS)
        self.status = part[end] << 8 | part[end + 1]
        sw1 = part[end]
        if sw1 == _WRONG_LE and end == 0:
            return self._ask_again(part[1])
        self._keep(part, end)
        if sw1 != _MORE_DATA:
            return True
        self._count_detour()
        self._put(_GET_RESPONSE, b"", part[end + 1] or ANY_LE)
        return False

    def answer(self) -> memoryview:
        """The data of the whole answer, without SW1SW2, valid until begin()."""
        return self._answer_view[: self._filled]

    def wipe(self) -> None:
        """Forget command and answer."""
        wipe(self._command)
        wipe(self._answer)

    def _put(self, header: bytes, data: "bytes | bytearray | memoryview", le: int) -> None:
        command = self._command
        command[0:4] = header
        self._length = 4
        if data:
            command[4] = len(data)
            self._length = 5 + len(data)
            command[5 : self._length] = data
        self._le_at = self._length if le else 0
        if le:
            command[self._length] = le & 0xFF
            self._length += 1

    def _ask_again(self, le: int) -> bool:
        """6Cxx: the same command with another Le. Said of a command without one it is an answer like any other."""
        if not self._le_at:
            return True
        self._count_detour()
        self._command[self._le_at] = le
        return False

    def _keep(self, part: "bytes | memoryview", count: int) -> None:
        end = self._filled + count
        if end > len(self._answer):
            raise Iso7816Error(TOO_LONG)
        self._answer[self._filled : end] = part[:count]
        self._filled = end

    def _count_detour(self) -> None:
        self._detours += 1
        if self._detours > _DETOURS:
            raise Iso7816Error(TOO_OFTEN)
