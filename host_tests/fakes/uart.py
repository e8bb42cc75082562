"""Serial ports with something at the other end: a script, or a model of the chip. Strict where machine.UART is not.

Both have any(), readinto() and write() and nothing else, so a driver that calls more fails. Bytes need time on the
line, and one that was read is gone.
"""


class ScriptedUart:
    """Expects given bytes from the host, and answers each with given bytes, in order.

        port = ScriptedUart(time)
        port.expect(b"...", (2, b"..."), (30, b"..."))     # 2 ms after the command this, 30 ms after it that

    A byte that is not expected raises at once. done() tells whether everything expected has come.
    """

    def __init__(self, time, takes=1000):
        self._time = time
        self._takes = takes  # how many bytes a single write() accepts
        self._script = []
        self._waiting = []  # (due_ms, bytes)
        self.written = b""
        self._heard = b""

    def expect(self, command, *answers):
        self._script.append((command, answers))

    def say(self, data, after_ms=0):
        """Let bytes arrive that nobody asked for."""
        self._waiting.append((self._time.elapsed_ms + after_ms, bytes(data)))
        self._waiting.sort(key=_due)

    def done(self):
        return not self._script and not self._heard

    def write(self, data):
        taken = bytes(data)[: self._takes]
        self.written += taken
        self._heard += taken
        while self._script and self._heard.startswith(self._script[0][0]):
            command, answers = self._script.pop(0)
            self._heard = self._heard[len(command) :]
            for after_ms, answer in answers:
                self.say(answer, after_ms)
        expected = self._script[0][0] if self._script else b""
        if not expected.startswith(self._heard):
            raise AssertionError("sent %s instead of %s" % (self._heard.hex(), expected.hex()))
        return len(taken)

    def any(self):
        count = 0
        for due, data in self._waiting:
            if due > self._time.elapsed_ms:
                break
            count += len(data)
        return count

    def readinto(self, buffer):
        count = _allowed(len(buffer), self.any())
        data = b"".join([data for due, data in self._waiting if due <= self._time.elapsed_ms])
        later = [(due, data) for due, data in self._waiting if due > self._time.elapsed_ms]
        buffer[:count] = data[:count]
        rest = [(0, data[count:])] if len(data) > count else []
        self._waiting = rest + later
        return count


class ModelUart:
    """A model of the chip (tools/latchkey_tools/models) at the other end, driven by virtual time."""

    def __init__(self, time, chip):
        self._time = time
        self._chip = chip
        self._received = b""
        self.cut = False  # the cable is pulled
        self.mangle = None  # what the line does to a piece of bytes from the chip

    def write(self, data):
        if self.cut:
            return len(data)
        self._chip.tick(self._time.elapsed_ms)
        self._chip.feed(bytes(data))
        return len(data)

    def any(self):
        self._chip.tick(self._time.elapsed_ms)
        arrived = self._chip.take()
        if not self.cut:
            self._received += self.mangle(arrived) if self.mangle else arrived
        return len(self._received)

    def readinto(self, buffer):
        count = _allowed(len(buffer), len(self._received))
        buffer[:count] = self._received[:count]
        self._received = self._received[count:]
        return count


class ResetPin:
    """The chip's reset line, low while it is held."""

    def __init__(self, chip):
        self._chip = chip
        self.pulses = 0

    def value(self, level):
        self.pulses += level == 0
        self._chip.reset(level == 0)


def _allowed(wanted, waiting):
    """How many bytes a readinto() gets; fails where a real port with a timeout would wait for the rest."""
    if not 0 < wanted <= waiting:
        raise AssertionError("readinto() for %d bytes when there are %d" % (wanted, waiting))
    return wanted


def _due(piece):
    return piece[0]
