"""A stream of net/connection.py without a network: what the broker says is put in, what the session says is taken out.

Strict: nothing may be read or written once it is closed, and nothing read while hands are being shaken.
"""

from latchkey.net.net_error import NetError


class MemoryStream:
    """takes: bytes that one write() takes. gives: bytes that one read_into() gives. fails: code of the next error.

    endless: what the broker says over and over once it has said all else. read_len: bytes read.
    """

    def __init__(self, takes=10_000, gives=10_000):
        self.shaking = False
        self.takes = takes
        self.gives = gives
        self.fails = 0
        self.closed = False
        self.endless = b""
        self.read_len = 0
        self.longest_read = 0
        self._incoming = b""
        self._outgoing = b""

    def say(self, data):
        """The broker says this."""
        self._incoming += data

    def heard(self):
        """What the session has said since this was last asked."""
        said, self._outgoing = self._outgoing, b""
        return said

    @property
    def waiting(self):
        """Bytes that the session has not read."""
        return len(self._incoming)

    def read_into(self, view):
        self._check()
        assert not self.shaking
        if not self._incoming:
            self._incoming = self.endless
        count = min(self.gives, len(view), len(self._incoming))
        view[:count] = self._incoming[:count]
        self._incoming = self._incoming[count:]
        self.read_len += count
        self.longest_read = max(self.longest_read, count)
        return count

    def write(self, data):
        self._check()
        assert len(data)
        if self.shaking:
            return 0
        count = min(self.takes, len(data))
        self._outgoing += bytes(data[:count])
        return count

    def close(self):
        self.closed = True

    def _check(self):
        assert not self.closed
        if self.fails:
            raise NetError(self.fails)
