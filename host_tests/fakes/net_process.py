"""Starts net_client.py under MicroPython or CPython.

    result = run(MICROPYTHON, do="fail", port=1883, times=200, …)         # opens a session so many times
    with started(CPYTHON, do="stay", port=1883, ms=3_000, …) as client:   # opens one and keeps it
        client.ready(); client.result()

Orders: ca, certificate, key (files), identity, psk (hex); server_name, client_id, topics, will, keep_alive_s;
connect_ms, open_ms.
Of "fail": times; stay_ms: keep each session so long; cancel_ms: cancel each after 0 to so many ms; abreast: how many
at once, 8 unless told.
Of "stay": ms in all; publish: [topic, text, QoS, retain] each; keeps: how many of the messages are in the result.
Of "resolve": port of the name server, servers, host, times.
"""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

MICROPYTHON, CPYTHON = "micropython", "cpython"
BOTH = (MICROPYTHON, CPYTHON)
_CLIENT = Path(__file__).with_name("net_client.py")
_HEAP = "256k"
_PATIENCE_S = 120


def _words(interpreter):
    if interpreter == CPYTHON:
        return [sys.executable]
    asked = os.environ.get("MICROPYTHON") or str(Path(sys.executable).parent / "micropython")
    return [asked, "-X", "heapsize=" + _HEAP]


class NetProcess:
    def __init__(self, interpreter, **order):
        words = [*_words(interpreter), str(_CLIENT)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def ready(self):
        """Waits until the session is open."""
        assert json.loads(self.process.stdout.readline()) == {"ready": True}

    def result(self):
        lines = self.process.communicate(timeout=_PATIENCE_S)[0].splitlines()
        assert self.process.returncode == 0, lines
        return json.loads(lines[-1])

    def kill(self):
        self.process.kill()
        self.process.communicate()


@contextlib.contextmanager
def started(interpreter, **order):
    client = NetProcess(interpreter, **order)
    try:
        yield client
    finally:
        client.kill()


def run(interpreter, **order):
    with started(interpreter, **order) as client:
        return client.result()


def tls(certificates, client="client"):
    """Orders for TLS: whom to believe, and who one is, "" for nobody."""
    files = {"ca": certificates.der("ca")}
    if client:
        files |= {"certificate": certificates.der(client), "key": certificates.der(client + ".key")}
    return files
