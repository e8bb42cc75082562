"""A name server on the loopback, as a thread: answers, waits first, says nothing, or lies.

with name_server() as server:
    server.port; server.delay_s = 2.0; server.mode = "silent"; server.asked
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

MODES = ("honest", "silent", "unknown", "forged", "garbage")
_ADDRESS = b"\x7f\0\0\x01"


class NameServer:
    """mode: one of MODES. delay_s: before each answer. address: 4 bytes, of every name. asked: queries so far."""

    def __init__(self) -> None:
        self.mode = "honest"
        self.delay_s = 0.0
        self.address = _ADDRESS
        self.asked = 0
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self.port = int(self._sock.getsockname()[1])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
        self._thread.join(5)

    def _run(self) -> None:
        while True:
            try:
                query, peer = self._sock.recvfrom(512)
            except OSError:
                return
            if not query:
                return  # shut down
            self.asked += 1
            if self.delay_s:
                threading.Timer(self.delay_s, self._answer, (query, peer)).start()
            else:
                self._answer(query, peer)

    def _answer(self, query: bytes, peer: tuple[str, int]) -> None:
        """RFC 1035 section 4.1: the question once more, and one A record for it."""
        record = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04" + self.address
        good = query[:2] + b"\x81\x80\0\x01\0\x01\0\0\0\0" + query[12:] + record
        answers = {
            "honest": [good],
            "silent": [],
            "unknown": [query[:2] + b"\x81\x83\0\x01\0\0\0\0\0\0" + query[12:]],
            "forged": [bytes((number, query[1])) + good[2:] for number in range(256) if number != query[0]],
            "garbage": [bytes([time.monotonic_ns() % 256]) * 500, b"", good[:20]],
        }[self.mode]
        with contextlib.suppress(OSError):
            for answer in answers:
                self._sock.sendto(answer, peer)


@contextlib.contextmanager
def name_server() -> Iterator[NameServer]:
    server = NameServer()
    try:
        yield server
    finally:
        server.stop()
